"""What comes in from the standard input: secrets, which are never arguments, and texts."""

from __future__ import annotations

import getpass
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

from inbox.command_line.answer import WrongUsage, file_trouble
from inbox.model import Field


def secrets(fields: Sequence[Field], *, from_standard_input: bool) -> dict[str, str]:
    """A value for each secret field: one line each of the standard input, or asked on the terminal without echo.

    An argument could be read by everybody on the machine (``ps``), an environment variable by every child process.
    """
    if not fields:
        return {}
    if from_standard_input:
        return {field.name: _line(field) for field in fields}
    if not sys.stdin.isatty():
        raise WrongUsage(
            f"{fields[0].label} is wanted and there is no terminal to ask on.",
            hint="Hand it in with --secret-stdin, such as from a password manager.",
        )
    return {field.name: _unechoed(field) for field in fields}


def _line(field: Field) -> str:
    try:
        line = sys.stdin.readline()
    except UnicodeDecodeError:
        raise WrongUsage(f"{field.label} on the standard input is not UTF-8.") from None
    found = line.removeprefix("\ufeff").rstrip("\r\n")
    if not found and field.required:
        raise WrongUsage(f"The standard input holds no line for: {field.label}.")
    return found


def _unechoed(field: Field) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return getpass.getpass(f"{field.label}{f' ({field.hint})' if field.hint else ''}: ")
        except getpass.GetPassWarning:
            raise WrongUsage(
                "This terminal cannot hide what is typed.", hint="Hand the secret in with --secret-stdin."
            ) from None
        except EOFError:
            raise WrongUsage(f"Nothing was typed for: {field.label}.") from None


def text(source: str | None) -> str:
    """The text of a file; of the standard input when the source is ``-`` or none."""
    try:
        if source in (None, "-"):
            if sys.stdin.isatty():
                sys.stderr.write("Write the text; end it with Ctrl+D (Windows: Ctrl+Z, Enter) on a line of its own.\n")
            return sys.stdin.read().removeprefix("\ufeff")
        return Path(str(source)).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise WrongUsage("The text is not UTF-8.", hint="Save it as UTF-8 and try again.") from None
    except OSError as error:
        raise file_trouble(error) from None
