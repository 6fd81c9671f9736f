"""What the inbox file says of itself, apart from the tables: what makes them is slow to import, and seldom needed."""

from __future__ import annotations

from typing import Final

APPLICATION_ID: Final = 0x506F7374
""""Post": tells our file from any other SQLite file."""
VERSION: Final = 8
"""As many migrations as ``schema.py`` has."""
