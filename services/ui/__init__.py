"""The ui service: view data in, HTML out; it keeps nothing between two requests."""
