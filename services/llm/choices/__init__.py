"""What a person has chosen about answers: instructions, models for jobs, ratings, the filter."""
