"""What comes beside the feed: posts elsewhere that name the Page, reels, recommendations, private messages.

Private messages are read with every poll, since Facebook shows only the newest twenty of a conversation; the rest at a
slower beat, one call each. What this token may not read is not asked for again, and stands in the health card.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from inbox.connectors.facebook import asking, comments, usage
from inbox.connectors.facebook.comments import Found
from inbox.connectors.facebook.cursor import Position
from inbox.connectors.facebook.graph import Api, rows_of
from inbox.connectors.facebook.parsing import fingerprint, message_from_rating, message_from_words, utc
from inbox.connectors.facebook.posts import read_comments, take
from inbox.connectors.facebook.troubles import Told
from inbox.errors import BadReply, NotAllowed, NotFound, OutOfBudget, Rejected, Unavailable
from inbox.model import Author, Capability, Message, MessageKind, Visibility

log = logging.getLogger(__name__)

SLOW_S: Final = 3_600
TALKS_ROWS: Final = 25
WORDS_ROWS: Final = 20
"""Facebook tells details of the twenty newest messages of a conversation; older ones it calls deleted."""
TALKS_AT_ONCE: Final = 20
BETWEEN_TALKS_S: Final = 0.5
"""Facebook takes two calls a second for conversations of a Page (facebook.md section 2.7)."""
OVERLAP: Final = timedelta(minutes=10)
TALKS_SINCE: Final = timedelta(days=90)
_MOST_PAGES: Final = 20


async def poll(api: Api, at: Position, found: Found, can: Capability) -> None:
    """Each at its turn; when one cannot be read just now, the others are delivered all the same."""
    if Capability.DIRECT in can:
        await _part(api, "private messages", lambda: _talks(api, at, found), every_s=0)
    await _part(api, "tagged posts", lambda: _tagged(api, at, found))
    await _part(api, "reels", lambda: _reels(api, at, found))
    await _part(api, "recommendations", lambda: _ratings(api, at, found))


async def _part(api: Api, what: str, read: Callable[[], Awaitable[None]], *, every_s: int = SLOW_S) -> None:
    if not api.session.due(what, api.now(), every_s):
        return
    try:
        await read()
    except (NotAllowed, NotFound, Rejected) as error:
        log.info("%s: %s are not for this token: %s", api.account, what, error)
        api.session.absent[what] = error.detail
        return
    except (Unavailable, OutOfBudget, BadReply) as error:
        log.warning("%s: %s cannot be read now: %s", api.account, what, error)
        return
    api.session.asked_at[what] = api.now()


async def _tagged(api: Api, at: Position, found: Found) -> None:
    """Posts of others that name the Page: one page of the newest; their comments where they may be read."""
    params = {"fields": asking.of_post(api.session, f"{api.page}_")}
    page = await comments.pages(api, f"{api.page}/tagged", params, rows=TALKS_ROWS, what="tagged posts")
    await read_comments(api, at, {post: row for row in page.rows if (post := take(api, at, row, found))}, found)


async def _reels(api: Api, at: Position, found: Found) -> None:
    """Reels are in no feed, and their comments hang on the film."""
    params = {"fields": asking.REEL}
    page = await comments.pages(api, f"{api.page}/video_reels", params, rows=TALKS_ROWS, what="reels")
    await read_comments(api, at, {post: row for row in page.rows if (post := take(api, at, row, found))}, found)


async def _ratings(api: Api, at: Position, found: Found) -> None:
    """Recommendations, down to a page on which all are known."""
    params: Mapping[str, str] = {"fields": asking.RATING}
    for _ in range(_MOST_PAGES):
        page = await comments.pages(api, f"{api.page}/ratings", params, rows=TALKS_ROWS, what="recommendations")
        news = 0
        for row in page.rows:
            message = message_from_rating(row, api.page, api.site)
            print_ = fingerprint(message)
            if at.others.get(message.remote_id) != print_:
                at.others[message.remote_id] = print_
                found.messages.append(message)
                news += 1
        if not page.further or (page.rows and not news):
            return
        params = {"fields": asking.RATING, **page.further}


# --- private messages ---


async def _talks(api: Api, at: Position, found: Found) -> None:
    """Conversations that moved, newest first, down to what was read ten minutes before the last one known."""
    since = max((moved for _, moved in at.talks.values()), default="")
    until = (utc(since) or api.now() - TALKS_SINCE) - OVERLAP
    params: Mapping[str, str] = {"platform": "messenger", "fields": asking.TALK, "limit": str(TALKS_ROWS)}
    moved: dict[str, Mapping[str, Any]] = {}
    for _ in range(_MOST_PAGES):
        try:
            page = await api.edge(f"{api.page}/conversations", params, what="conversations", quota=usage.MESSENGER)
        except Told as told:
            raise told.error from None
        rows = [row for row in page.rows if isinstance(row, Mapping) and isinstance(row.get("id"), str)]
        for row in rows:
            known = at.talks.get(row["id"])
            if known is None or known[1] != str(row.get("updated_time")):
                moved[row["id"]] = row
        times = [utc(row.get("updated_time")) for row in rows]
        if not page.further or any(when is not None and when < until for when in times):
            break
        params = {**params, **page.further}
    fields = {"fields": f"messages.limit({WORDS_ROWS}){{{asking.WORDS}}}"}
    oldest_first = sorted(moved.values(), key=lambda talk: str(talk.get("updated_time")))
    for number, talk in enumerate(oldest_first[:TALKS_AT_ONCE]):  # the rest is younger than the mark, so it comes next
        if number:
            await api.clock.sleep(BETWEEN_TALKS_S)
        try:
            answer = await api.get(str(talk["id"]), fields, what="a conversation", quota=usage.MESSENGER)
        except (NotFound, NotAllowed, Rejected) as error:
            _pass_over(api, at, talk, error)
        else:
            _said(api, at, talk, answer, found)


def _pass_over(api: Api, at: Position, talk: Mapping[str, Any], error: NotFound | NotAllowed | Rejected) -> None:
    """One conversation that cannot be read is no reason to miss the others: it is tried again when it moves."""
    log.warning("%s: a conversation cannot be read: %s", api.account, error)
    id_ = str(talk["id"])
    last, _ = at.talks.get(id_, ("", ""))
    at.talks[id_] = (last, str(talk.get("updated_time")))
    if not isinstance(error, NotFound):  # it stands there and says something that only the Page's inbox shows
        api.session.absent["one of the private conversations"] = error.detail


def _said(api: Api, at: Position, talk: Mapping[str, Any], answer: Any, found: Found) -> None:
    """What is new in one conversation; and a note where more was said than Facebook shows."""
    id_ = str(talk["id"])
    last, _ = at.talks.get(id_, ("", ""))
    edge = answer.get("messages") if isinstance(answer, Mapping) else None
    rows = rows_of(edge, "a conversation").rows if edge is not None else ()
    shown = _open_as_long(tuple(message_from_words(row, api.page, talk, api.site) for row in rows))
    number = next((n for n, m in enumerate(shown) if m.remote_id == last), len(shown))
    fresh, known, met = shown[:number], shown[number:], number < len(shown)
    again: tuple[Message, ...] = ()
    if any(m.reply_until is not None for m in fresh):  # what the person said before may be answered for longer too
        # The oldest of twenty answers one that is not shown any more: what is kept of it stays as it is.
        again = tuple(m for m in (known if len(rows) < WORDS_ROWS else known[:-1]) if m.reply_until is not None)
    news = {m.remote_id for m in (*fresh, *again)}
    # Each answers the one before it, so that what we said last leaves nothing above it owed.
    before = id_
    for message in reversed(shown):
        if message.remote_id in news:
            found.messages.append(replace(message, parent_remote_id=before))
        before = message.remote_id
    if last and not met and len(rows) >= WORDS_ROWS:
        found.messages.append(_unseen(api, talk, fresh[-1]))
    newest = fresh[0].remote_id if fresh else last
    at.talks[id_] = (newest, str(talk.get("updated_time")))


def _open_as_long(shown: tuple[Message, ...]) -> tuple[Message, ...]:
    """Facebook counts the hours from the person's last message, whichever of them is answered (facebook.md section
    3)."""
    until = max((m.reply_until for m in shown if m.reply_until is not None), default=None)
    return tuple(m if m.reply_until is None else replace(m, reply_until=until) for m in shown)


def _unseen(api: Api, talk: Mapping[str, Any], oldest: Message) -> Message:
    """Says that messages lie between the last poll and the oldest that can be read."""
    id_ = str(talk["id"])
    return Message(
        remote_id=f"{id_}:before:{oldest.remote_id}",
        kind=MessageKind.NOTICE,
        author=Author(name="Facebook"),
        created_at=oldest.created_at - timedelta(seconds=1),
        text="Before this, more was written than Facebook shows to programs. Read it in the Page's inbox.",
        url=oldest.url or f"{api.site}/{api.page}/inbox",
        visibility=Visibility.DIRECT,
        parent_remote_id=id_,
        root_remote_id=id_,
        raw=b"",
    )
