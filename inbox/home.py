"""Where an inbox lies when nobody says otherwise: the same for the window and for the command line."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def default_home() -> Path:
    """The folder of this person's inbox: ``POSTROOM_HOME``, or the system's place for a program's data."""
    return Path(os.environ.get("POSTROOM_HOME") or platformdirs.user_data_path("postroom", appauthor=False))
