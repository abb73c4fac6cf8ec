"""The services: independent processes that talk only on the bus."""
