"""``python -m inbox``: Postroom without a window. The exit codes are explained in ``command_line/exits.py``."""

from __future__ import annotations

import io
import os
import sys

from inbox.command_line.main import main


def run() -> int:
    """Run with streams in UTF-8, whatever the system's own character set; a reader that went away is no fault."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and not stream.isatty():
            stream.reconfigure(encoding="utf-8")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:  # `| head`: nobody wants the rest (docs.python.org, signal, "Note on SIGPIPE")
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


sys.exit(run())
