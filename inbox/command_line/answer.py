"""What a command gives back: the same content as values (for ``--json``) and as lines (for people)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from inbox.errors import PostroomError


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """``values`` go through ``output.plain``; ``lines`` hold strangers' words only after ``output.visible``.

    ``errors``: what did not work although the command ran, told on the error stream. ``code``: the exit code, when it
    does not follow from the errors.
    """

    values: Mapping[str, Any]
    lines: Sequence[str]
    errors: Sequence[PostroomError] = ()
    code: int | None = None


def error_values(error: PostroomError) -> dict[str, str]:
    """The error as ``--json`` says it."""
    return {"error": type(error).__name__, "title": error.title, "detail": error.detail, "hint": error.hint}


class WrongUsage(PostroomError):
    """The command line makes no sense as it stands."""

    title = "That is not how it is used"
    hint = "--help after a command explains it."


class FileTrouble(PostroomError):
    """A file that the command line names cannot be read or written."""

    title = "The file cannot be used"


def file_trouble(error: OSError) -> FileTrouble:
    """What the system says about a file, in words."""
    return FileTrouble(f"{error.filename or 'The file'}: {error.strerror or type(error).__name__}.")
