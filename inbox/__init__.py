"""The post room itself: everything Postroom knows and does, without a window (no Qt in here)."""
