"""What Facebook's errors mean, by code and subcode and never by the HTTP status alone (facebook.md, section 4).

The network answers 400 to a throttled call, to a dead token and to a typing mistake alike; the number in the body says
which. ``error_user_msg`` is Facebook's own sentence for people and may be shown; ``message`` is for programmers.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NoReturn

from inbox.clock import Clock
from inbox.connectors.http import Reply, fail_by_status, host_of, retry_at
from inbox.errors import (
    BadReply,
    NotAllowed,
    NotFound,
    OutcomeUnknown,
    PostroomError,
    RateLimited,
    Rejected,
    SignInNeeded,
    Unavailable,
)
from inbox.model import Problem

log = logging.getLogger(__name__)

THROTTLED: Final = frozenset({4, 17, 32, 341, 613, *range(80000, 80015)})
REST: Final = timedelta(hours=1)
"""How long a throttled account rests when Facebook does not say: calling on would only lengthen the block."""
SAME_AGAIN: Final = 506
_SHOWN: Final = 300
_TOKEN: Final = {
    458: ("The app was removed from the Facebook account that allowed it", "Sign in again and allow it once more."),
    459: (
        "Facebook wants to check that person's account first",
        "Log in at facebook.com, follow it, then sign in here.",
    ),
    464: ("That person's account is not confirmed", "Log in at facebook.com, confirm it, then sign in here again."),
    460: ("The password on Facebook was changed, which ends all its tokens", "Sign in again with a new token."),
    463: ("The access token has run out", "Sign in again with a new token."),
    467: ("The access token is not valid any more", "Sign in again with a new token."),
    2069032: ("This is a person's token; what is needed is the Page's own", "Sign in again; Postroom fetches it."),
}
_UNDELIVERABLE: Final = {
    (10, 2018278): "The time to answer is over: 24 hours after the person's last message Facebook lets nobody write.",
    (551, None): "This person cannot be reached any more.",
    (230, None): "This person does not allow messages from the Page.",
}
_REFUSED: Final = {
    1609005: ("Facebook cannot open the link, so it refuses the post", "text"),
    1609008: ("Facebook does not take a link to itself here", "text"),
    1366046: ("Facebook takes pictures up to 4 MB, as JPG or PNG", "media"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Trouble:
    """One error as Facebook writes it. ``words``: its own sentence for people, where it has one."""

    code: int
    subcode: int | None = None
    transient: bool = False
    words: str = ""

    @property
    def number(self) -> str:
        """The number for whoever looks it up."""
        return f"#{self.code}" + (f"/{self.subcode}" if self.subcode else "")

    @property
    def too_much(self) -> bool:
        """Perhaps we asked for too much at once: fewer rows may do."""
        return self.code == 1

    @property
    def gone(self) -> bool:
        """There is no such thing, or none that this token may see."""
        return self.code == 100 and self.subcode == 33


class Told(PostroomError):
    """Never leaves the connector: Facebook said no, and the caller may know better what that means here."""

    def __init__(self, trouble: Trouble, error: PostroomError) -> None:
        super().__init__(error.detail, hint=error.hint, account=error.account, status=error.status)
        self.trouble = trouble
        self.error = error


def trouble_in(answer: Any) -> Trouble | None:
    """The error in an answer; None when it is none. Login pages have an envelope of their own."""
    if not isinstance(answer, Mapping):
        return None
    error = answer.get("error")
    if isinstance(error, Mapping):
        log.info("facebook: error %s/%s, trace %s", error.get("code"), error.get("error_subcode"),
                 str(error.get("fbtrace_id", ""))[:40])  # fmt: skip
        subcode = error.get("error_subcode", error.get("subcode"))  # the latter where a token is described
        return Trouble(
            code=_number(error.get("code")),
            subcode=_number(subcode) if subcode is not None else None,
            transient=error.get("is_transient") is True,
            words=" ".join(str(error.get("error_user_msg") or "").split())[:_SHOWN],
        )
    if "error_type" in answer and "error_message" in answer:
        return Trouble(code=190)  # a code or token that the login did not take
    return None


def error_for(
    trouble: Trouble, what: str, *, writing: bool, now: datetime, regain: timedelta | None = None, account: str = "",
    status: int | None = None,
) -> PostroomError:  # fmt: skip
    """Who has to act, and on what."""
    code, said = trouble.code, f" “{trouble.words}”" if trouble.words else ""
    detail = f"{what}: Facebook refused ({trouble.number}).{said}"
    if code in THROTTLED:
        words = "Facebook asks us to wait: too many calls for this Page or app"
        return RateLimited(words, retry_at=now + (regain or REST), account=account, status=status)
    if code in {102, 190} or trouble.subcode == 2069032:
        return _about_token(trouble, account, status)
    if code == 1705:
        return SignInNeeded(*_TOKEN[2069032][:1], hint=_TOKEN[2069032][1], account=account, status=status)
    undeliverable = _UNDELIVERABLE.get((code, trouble.subcode)) or _UNDELIVERABLE.get((code, None))
    if undeliverable:
        problem = Problem(words=trouble.words or undeliverable, where="reply_to")
        return Rejected(problems=(problem,), hint="Answer in another way.", account=account, status=status)
    if trouble.gone:
        return NotFound(
            f"{what}: it is not there any more, or not for this Page to see", account=account, status=status
        )
    if code == 368:
        return _blocked(trouble, now, account, status)
    known = _REFUSED.get(code) or _REFUSED.get(trouble.subcode or 0)
    if known:
        problem = Problem(words=trouble.words or f"{known[0]}.", where=known[1])
        return Rejected(problems=(problem,), account=account, status=status)
    if code in {3, 10} or 200 <= code <= 299:
        hint = (
            "Ask whoever administers the Page for the right to do this. A right that nobody used for 90 days has to "
            "be granted again."
        )
        return NotAllowed(detail, hint=hint, account=account, status=status)
    if code in {1, 2} or trouble.transient or (status or 0) >= 500:
        doubt: type[PostroomError] = OutcomeUnknown if writing else Unavailable
        return doubt(
            f"{what}: Facebook had trouble of its own ({trouble.number}).{said}", account=account, status=status
        )
    if writing:
        problem = Problem(words=trouble.words or f"Facebook refused this ({trouble.number}).")
        return Rejected(problems=(problem,), account=account, status=status)
    if code == 100:
        hint = "A right may be missing, such as pages_read_engagement or pages_read_user_content."
        return NotAllowed(detail, hint=hint, account=account, status=status)
    return BadReply(detail, account=account, status=status)


def judged(reply: Reply, what: str, *, writing: bool, clock: Clock, regain: timedelta | None, account: str) -> Any:
    """The JSON of an answer that is no error. Raises what names who has to act; Told where Facebook said why."""
    status = reply.status
    answer: Any = None
    if status < 300 or "json" in reply.content_type or "javascript" in reply.content_type:
        try:
            answer = reply.json(what)
        except BadReply:
            if writing and status < 300:
                raise OutcomeUnknown(f"{what}: the answer could not be read", account=account, status=status) from None
            if status < 400:
                raise
    trouble = trouble_in(answer)
    if trouble is not None:
        now = clock.now()
        raise Told(
            trouble,
            error_for(trouble, what, writing=writing, now=now, regain=regain, account=account, status=status),
        )
    if not 200 <= status < 300:
        _fail(reply, what, writing=writing, clock=clock, account=account)
    return answer


def _fail(reply: Reply, what: str, *, writing: bool, clock: Clock, account: str) -> NoReturn:
    """Judge an answer that is no error of Facebook's own: by its status."""
    status = reply.status
    if status == 429:
        wait = retry_at(reply.headers, clock)
        raise RateLimited(f"{host_of(reply.url)} asks us to wait", retry_at=wait, account=account, status=status)
    if status >= 500:
        doubt: type[PostroomError] = OutcomeUnknown if writing else Unavailable
        raise doubt(f"{host_of(reply.url)} answered with status {status}", account=account, status=status)
    if status == 404:  # Facebook says so in JSON: this is somebody's page in between
        raise Unavailable(f"{what} was answered with {reply.words()}", account=account, status=status)
    fail_by_status(reply, account=account, what=what)


def _about_token(trouble: Trouble, account: str, status: int | None) -> PostroomError:
    if trouble.subcode == 492:
        hint = "A new token does not help: an administrator of the Page has to give that person their role back."
        return NotAllowed("The person behind the token has no role on the Page any more", hint=hint, account=account)
    words, hint = _TOKEN.get(
        trouble.subcode or 0, ("Facebook does not accept the access token any more", "Sign in again with a new token.")
    )
    return SignInNeeded(words, hint=hint, account=account, status=status)


def _blocked(trouble: Trouble, now: datetime, account: str, status: int | None) -> PostroomError:
    if trouble.subcode == 1390008:
        words = "Facebook finds that the Page writes too fast"
        return RateLimited(words, retry_at=now + REST, account=account, status=status)
    if trouble.subcode == 4854002:
        hint = "Log in at facebook.com with the account behind the token, and do what it asks."
        return NotAllowed("Facebook wants that person to prove who they are", hint=hint, account=account, status=status)
    usual = "Facebook blocks this as a misuse" if trouble.subcode != 1404082 else "Facebook blocks repeated words"
    problem = Problem(words=trouble.words or f"{usual}. Wait before writing again, and write it differently.")
    return Rejected(problems=(problem,), account=account, status=status)


def _number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
