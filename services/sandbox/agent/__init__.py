"""What runs inside a box: standard library only, and only the light part of it, for every box carries one."""
