"""Doing plain commands with no language model: what was said, held against how people say it."""
