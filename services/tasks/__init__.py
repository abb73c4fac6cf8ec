"""The task list: the reference plug-in."""
