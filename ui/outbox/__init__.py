"""The outbox as seen: what waits, leaves, went, or needs a person."""
