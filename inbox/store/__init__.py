"""The inbox on disk: one SQLite file. Knows no network and no window."""
