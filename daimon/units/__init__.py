"""Daimon as units of systemd: what they are, how they are written down, and what they run besides the services."""
