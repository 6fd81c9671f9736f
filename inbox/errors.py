"""What can go wrong, named by who has to act.

::

    PostroomError
    |- Offline             the machine waits: no way to the network at all
    |- Unavailable         the machine waits: the network answers, but not now (5xx, time-out, junk in front)
    |  '- RateLimited      the machine waits until ``retry_at``
    |- SignInNeeded        a person signs in again
    |- NotAllowed          a person asks an administrator
    |- OutOfBudget         a person tops up or waits
    |- ByHand              a person carries it over: this network has no way for a program
    |- CursorExpired       the machine starts over (upserting makes that harmless)
    |- Rejected            a person edits: the network refused what was sent
    |- OutcomeUnknown      the machine looks, then a person: it may or may not have happened
    |- BadReply            we mend the parser: the reply is not what the contract says
    |- NotFound            the network says that the thing asked for is not there
    |- StoreError          a person: the file is full, locked, damaged, read-only or from a newer version
    |  |- StoreLocked, StoreDamaged, StoreTooNew, StoreReadOnly, StoreFull
    '- Unsupported         a bug of ours: asked for something undeclared

No error holds a secret, or anything of a body that somebody may have written. ``str(error)`` is safe for a log.
"""

from __future__ import annotations

from datetime import datetime

from inbox.model import Problem


class PostroomError(Exception):
    """Base: a title a person understands, a hint what to do, and the account or channel it concerns."""

    title = "Something went wrong"
    hint = ""

    def __init__(
        self, detail: str = "", *, hint: str | None = None, account: str = "", status: int | None = None
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.account = account
        self.status = status
        if hint is not None:
            self.hint = hint


class Offline(PostroomError):
    title = "No connection"
    hint = "Postroom goes on by itself when the network returns."


class Unavailable(PostroomError):
    """The network is there but cannot serve us now. ``sent``: a request with a body may have reached it."""

    title = "The network does not answer properly"
    hint = "Postroom tries again by itself, a little later each time."

    def __init__(
        self,
        detail: str = "",
        *,
        retry_at: datetime | None = None,
        hint: str | None = None,
        account: str = "",
        status: int | None = None,
    ) -> None:
        super().__init__(detail, hint=hint, account=account, status=status)
        self.retry_at = retry_at


class RateLimited(Unavailable):
    title = "The network asks us to wait"


class SignInNeeded(PostroomError):
    title = "Sign in again"
    hint = "Open Accounts and sign in again; nothing is lost meanwhile."


class NotAllowed(PostroomError):
    title = "This account may not do that"
    hint = "Ask whoever administers it for more rights."


class OutOfBudget(PostroomError):
    title = "The budget for this network is used up"
    hint = "Raise the budget or wait for the next period."

    def __init__(
        self,
        detail: str = "",
        *,
        retry_at: datetime | None = None,
        hint: str | None = None,
        account: str = "",
        status: int | None = None,
    ) -> None:
        super().__init__(detail, hint=hint, account=account, status=status)
        self.retry_at = retry_at


class ByHand(PostroomError):
    """Nothing was sent, and nothing can be. ``url``: where a person carries the text to; ``text``: what to paste."""

    title = "This goes by hand"
    hint = "Copy the text, open the page, paste it there, and say when it is done."

    def __init__(self, detail: str = "", *, url: str, text: str, hint: str | None = None, account: str = "") -> None:
        super().__init__(detail, hint=hint, account=account)
        self.url = url
        self.text = text


class CursorExpired(PostroomError):
    title = "The reading mark is too old"
    hint = "Postroom reads again from the start."


class Rejected(PostroomError):
    """The network refused the content. ``problems`` says why, in words for the person who can edit it."""

    title = "The network refused this"
    hint = "Change it and send it again."

    def __init__(
        self,
        detail: str = "",
        *,
        problems: tuple[Problem, ...] = (),
        hint: str | None = None,
        account: str = "",
        status: int | None = None,
    ) -> None:
        super().__init__(detail or "; ".join(p.words for p in problems), hint=hint, account=account, status=status)
        self.problems = problems or (Problem(words=self.detail),)


class OutcomeUnknown(PostroomError):
    title = "It is not known whether this went out"
    hint = "Postroom looks for it before anything is sent again."


class BadReply(PostroomError):
    title = "The reply could not be read"
    hint = "Nothing was lost; the reply is looked at again at the next poll."


class NotFound(PostroomError):
    title = "It is not there any more"
    hint = "It may have been deleted at the network."


class StoreError(PostroomError):
    title = "The inbox file cannot be used"
    hint = "Nothing was deleted."


class StoreLocked(StoreError):
    title = "The inbox is open in another Postroom"
    hint = "Close the other one first, or use its window."


class StoreDamaged(StoreError):
    title = "The inbox file is damaged"
    hint = "Postroom did not touch it. Put back the newest copy from the backups folder beside it."


class StoreTooNew(StoreError):
    title = "The inbox file was made by a newer Postroom"
    hint = "Install the newer version; this one did not touch the file."


class StoreReadOnly(StoreError):
    title = "The inbox file cannot be written"
    hint = "Check the rights of the file and its folder, then start again."


class StoreFull(StoreError):
    title = "The disk is full"
    hint = "Free some space. Fetching and sending stopped; what is here is safe."


class Unsupported(PostroomError):
    title = "Not possible here"
