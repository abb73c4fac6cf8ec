"""The gateway: the only HTTP listener; it turns requests into calls on the bus and the bus into pages and streams."""
