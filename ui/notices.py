"""An error -> what happened, what Postroom did, what you can do. The only place that words failures for the window."""

from __future__ import annotations

from dataclasses import dataclass

from inbox.errors import NotAllowed, Offline, PostroomError, Rejected, SignInNeeded, StoreError, Unavailable


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """Three parts, and how loud. ``action`` names a command that helps, if one does."""

    title: str
    words: str
    hint: str
    action: str = ""
    alarm: bool = True


def notice_for(error: BaseException) -> Notice:
    """The notice for an error that reached the window."""
    if isinstance(error, PostroomError):
        action = "accounts" if isinstance(error, SignInNeeded | NotAllowed) else ""
        words = "" if error.detail == error.title else error.detail
        calm = isinstance(error, Offline | Unavailable | Rejected)
        return Notice(title=error.title, words=words, hint=error.hint, action=action, alarm=not calm)
    return Notice(
        title="Something went wrong in Postroom itself",
        words=f"{type(error).__name__}: {error}",
        hint="Nothing was lost. The details are in the log; please report them.",
    )


def store_notice(error: StoreError) -> tuple[str, str]:
    """Title and text for the one dialog that is shown when the inbox cannot be opened."""
    return error.title, f"{error.detail}\n\n{error.hint}"
