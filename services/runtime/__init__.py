"""What every service stands on: bus, settings, logs and the run loop; no domain."""
