"""The window. Imports inbox; never a single network."""
