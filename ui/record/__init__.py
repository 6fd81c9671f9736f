"""The record as seen: who did what, when, and whether every line is sound."""
