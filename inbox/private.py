"""Folders and files that only their owner may read (POSIX; on Windows a person's profile is closed already).

The mode is set when a thing is made, so at no moment can others read it, whatever the umask allows. What was there
before keeps its rights: a person may have given them on purpose.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

FOLDER_MODE: Final = 0o700
FILE_MODE: Final = 0o600


def make_folder(folder: Path) -> None:
    """Make the folder, and those above it that are missing, all for the owner only. Raises OSError."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    try:
        folder.mkdir(mode=FOLDER_MODE)
    except FileExistsError:
        if not folder.is_dir():  # else somebody made it a moment ago
            raise


def make_file(path: Path) -> None:
    """Make an empty file, for a library that would make it readable for all; one that is there is left alone.

    Raises OSError.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, FILE_MODE)
    except FileExistsError:
        return
    os.close(descriptor)


def opener(path: str, flags: int) -> int:
    """For ``open(..., opener=...)``: a file that is made is the owner's only."""
    return os.open(path, flags, FILE_MODE)
