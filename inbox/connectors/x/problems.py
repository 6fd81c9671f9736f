"""What X's refusals mean, by status and by the last part of their type (x.md section 7).

Errors come in four forms: a problem object, one with a list of parameters, a list of codes, and OAuth's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

from inbox.clock import Clock
from inbox.connectors.http import Reply, fail_by_status, retry_at
from inbox.errors import BadReply, NotAllowed, OutOfBudget, RateLimited, Rejected, SignInNeeded
from inbox.metering import Period, span
from inbox.model import Problem

TOP_UP: Final = "Buy credits at console.x.com, or raise the spending limit there. What is queued waits."
_LONGEST_WAIT: Final = timedelta(days=1)
_WINDOWS: Final = ("x-rate-limit", "x-user-limit-24hour", "x-app-limit-24hour")
_SHOWN: Final = 200
_CLOCK_OFF: Final = timedelta(minutes=4)


def type_of(problem: Any) -> str:
    """The last part of a problem's type: its address has changed with the network's name."""
    kind = str(problem.get("type") or "") if isinstance(problem, Mapping) else ""
    return kind.rstrip("/").rsplit("/", 1)[-1]


def problem_in(reply: Reply) -> Mapping[str, Any]:
    """The problem object of an answer; empty when it holds none."""
    try:
        found = reply.json("the refusal")
    except BadReply:
        return {}
    return found if isinstance(found, Mapping) else {}


def words_of(problem: Mapping[str, Any]) -> str:
    """What X says about it, in its own words."""
    errors = problem.get("errors")
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], Mapping) else {}
    words = problem.get("detail") or first.get("message") or first.get("detail") or problem.get("title") or ""
    return " ".join(str(words).split())[:_SHOWN]


def date_of(reply: Reply) -> datetime | None:
    """X's own time, from the Date header."""
    try:
        there = parsedate_to_datetime(reply.headers["date"])
    except (KeyError, ValueError):
        return None
    return there if there.tzinfo else there.replace(tzinfo=UTC)


def judge(reply: Reply, what: str, clock: Clock, *, account: str = "", writing: bool = False) -> None:
    """Return for 2xx; else raise the error that names who has to act."""
    status = reply.status
    if 200 <= status < 300:
        return
    problem = problem_in(reply)
    kind = type_of(problem)
    if status == 402:
        raise OutOfBudget("X: there are no credits left", hint=TOP_UP, account=account, status=status)
    if status == 429:
        _wait(reply, problem, kind, clock, account)
    if status == 401:
        raise SignInNeeded("X does not accept the sign-in", hint=_hint(reply, clock), account=account, status=status)
    if status == 403:
        _refuse(problem, kind, what, account, writing)
    if status == 400 and writing:
        words = words_of(problem) or "the request was not understood"
        raise Rejected(problems=(Problem(words=f"X: {words}"),), account=account, status=status)
    if status == 400:
        raise BadReply(f"{what}: X does not understand our request ({kind or 'no type'})", account=account, status=400)
    fail_by_status(reply, account=account, what=what)


def refuses_token(error: BadReply, token: str) -> bool:
    """Whether a reading was refused because of the token of its page, as far as can be told: a token holds for no
    promised time, and one from before a night or a change at X may not be taken any more."""
    return bool(token) and error.status == 400


def _wait(reply: Reply, problem: Mapping[str, Any], kind: str, clock: Clock, account: str) -> None:
    """A full window ends by itself; a usage cap ends with its period, although the window's header stays high."""
    now = clock.now()
    if kind == "usage-capped":
        period = Period.DAY if problem.get("period") == "Daily" else Period.MONTH
        ends_at = span(period, now)[1]
        hint = "The cap is set in X's developer console; it ends with the period."
        raise OutOfBudget("X: its usage cap is reached", retry_at=ends_at, hint=hint, account=account, status=429)
    times = [at for at in (retry_at(reply.headers, clock), *_resets(reply, now)) if at is not None]
    raise RateLimited("X asks us to wait", retry_at=max(times, default=None), account=account, status=429)


def _resets(reply: Reply, now: datetime) -> list[datetime | None]:
    """When the windows that are full begin anew."""
    found: list[datetime | None] = []
    for name in _WINDOWS:
        left, ends = reply.headers.get(f"{name}-remaining", ""), reply.headers.get(f"{name}-reset", "")
        if left == "0" and ends.isdecimal():
            at = datetime.fromtimestamp(min(int(ends), 4_000_000_000), UTC)
            found.append(now + min(max(at - now, timedelta(0)), _LONGEST_WAIT))
    return found


def _hint(reply: Reply, clock: Clock) -> str | None:
    """Signed requests carry the time: a computer whose clock is wrong is refused with the best of keys."""
    there = date_of(reply)
    if there is None:
        return None
    off = abs(clock.now() - there)
    if off < _CLOCK_OFF:
        return None
    return f"The clock of this computer differs from X's by {off // timedelta(minutes=1)} minutes; set it right first."


def _refuse(problem: Mapping[str, Any], kind: str, what: str, account: str, writing: bool) -> None:
    if kind == "client-forbidden":
        hint = "Put the app into a project with pay-per-use at console.x.com."
        raise NotAllowed(f"{what}: X has not enrolled this app", hint=hint, account=account, status=403)
    if kind == "unsupported-authentication":
        hint = "Sign in as the account itself; an app's bearer token is not enough."
        raise NotAllowed(f"{what}: X wants another sign-in for this", hint=hint, account=account, status=403)
    words = words_of(problem) if problem.get("detail") or problem.get("title") else ""
    if words and writing:
        raise Rejected(problems=(Problem(words=f"X: {words}"),), account=account, status=403)
    hint = "The app needs the permission “Read, write and DMs”, given before its keys were made."
    raise NotAllowed(f"{what}: X does not allow it", hint=hint, account=account, status=403)
