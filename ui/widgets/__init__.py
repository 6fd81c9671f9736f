"""Small parts used by several panes."""
