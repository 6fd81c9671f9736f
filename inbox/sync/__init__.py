"""Fetching: what (fetch), when (schedule), and which conversation a message belongs to (grouping)."""
