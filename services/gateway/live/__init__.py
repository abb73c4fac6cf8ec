"""What an open page follows, and how it becomes changes to the page."""
