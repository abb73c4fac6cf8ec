"""The contract: every subject, message and right on the bus, and nothing that does IO."""
