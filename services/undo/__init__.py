"""Undo and redo: one line for a user and the model."""
