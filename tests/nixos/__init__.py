"""Units, module and flake: evaluated, verified, and booted under a real systemd."""
