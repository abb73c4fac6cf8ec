"""Turns: from a message through the model and the actions it calls to an answer."""
