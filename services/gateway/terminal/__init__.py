"""The screen of a terminal, and output as rows of text."""
