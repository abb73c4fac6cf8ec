"""Conversations as their events make them: read, named, marked, revised, brought in and given out."""
