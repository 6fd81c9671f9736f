"""One poll: bulletins that went out and their figures, then the mailbox; what fails never holds up the other half.

Source: govdelivery.md sections 5 and 6. The list of what was sent names neither its order nor its page size, and the
number of a bulletin says nothing about when it was sent: so it is gone through until a page brings nothing new, and
whole once a day. Where it begins with the oldest, it is read on from the newest that is known. Times and figures come
from v2 statistics, where there is a token for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from inbox.connectors.govdelivery import bulletin, mail, sending
from inbox.connectors.govdelivery.api import Api
from inbox.connectors.govdelivery.bulletin import Sent
from inbox.connectors.govdelivery.cursor import MOST_KNOWN, Known, Reading, bare, mark_of
from inbox.connectors.text import title_text
from inbox.errors import BadReply, NotAllowed, NotFound, PostroomError, SignInNeeded
from inbox.model import Batch, Cursor, Message

REPORT_EVERY_S: Final = 1_800.0
WALK_EVERY_S: Final = 86_400.0
REPORT_DAYS: Final = 30
"""Opens and clicks hardly change after that."""
REPORT_PAGE: Final = 20
MOST_PAGES: Final = 200
MOST_LISTED: Final = 300
AT_ONCE: Final = 40
"""So many bulletins are read whole by one call: each takes a request."""
OLD: Final = "old"
UNDATED: Final = 20
"""So many bulletins are brought in at first where nothing says when they were sent."""


@dataclass(kw_only=True, slots=True)
class Report:
    """One bulletin's line of the statistics."""

    subject: str
    at: datetime | None
    figures: dict[str, str] = field(default_factory=dict)


async def fetch(api: Api, cursor: Cursor) -> Batch:
    """What is new since the cursor. Where one half failed and the other not, what was read is saved first, and the
    next call raises the failure."""
    if (late := api.memory.late) is not None:
        api.memory.late = None
        raise late
    before = Reading.of(cursor)
    reading, messages, complete = before, list[Message](), True
    failures: list[PostroomError] = []
    try:
        reading, messages, complete = await _bulletins(api, reading)
    except PostroomError as error:
        failures.append(error)
    if api.place.mailbox is not None:
        try:
            reading, letters, all_read = await mail.read(api, reading)
            messages += letters
            complete = complete and all_read
        except PostroomError as error:
            failures.append(error)
    halves = 2 if api.place.mailbox is not None else 1
    if len(failures) == halves:
        raise failures[0]
    if failures:
        api.memory.late = failures[0]
        # Whoever reads on goes by a cursor that moved.
        reading = replace(reading, turns=before.turns + 1)
    return Batch(
        messages=tuple(messages),
        cursor=cursor if reading == before else reading.cursor(),
        complete=complete and not failures,
        requests=api.requests + halves - 1,  # a look into the mailbox counts as one
    )


async def _bulletins(api: Api, reading: Reading) -> tuple[Reading, list[Message], bool]:
    """The next bulletins that are new or whose figures changed, and whether that is all."""
    now_s = api.room.clock.monotonic_s()
    walk = now_s - api.memory.walked_at >= WALK_EVERY_S
    listed = await _listed(api, reading, whole=walk)
    fresh = [sent for sent in listed if sent.id not in reading.bulletins]
    reports: dict[str, Report] = {}
    if fresh or now_s - api.memory.reported_at >= REPORT_EVERY_S:
        reports = await _reports(api, listed)
    known, messages = dict(reading.bulletins), list[Message]()
    if not reading.bulletins:
        known |= {s.id: _passed_over(s) for s in _old(fresh, reports)}
    now = api.room.clock.now()
    rising = sending.is_rising(listed)
    for place, sent in enumerate(listed):
        before, report = known.get(sent.id), reports.get(sent.id)
        mark = mark_of(repr(sorted(report.figures.items()))) if report else ""
        if before is not None and (report is None or before.figures in (mark, OLD)):
            continue
        if len(messages) >= AT_ONCE:
            return replace(reading, bulletins=known), messages, False
        at = sent.sent_at or (report.at if report else None)
        if before is not None:  # a time once given stays: it is part of what people have seen
            created_at, dated = before.at, before.dated
        else:
            newer = len(listed) - 1 - place if rising else place  # so many stand nearer to the newest end
            created_at, dated = at or now - timedelta(seconds=newer), at is not None
        html = await _body(api, sent.id)
        figures = report.figures if report else {}
        messages.append(bulletin.message(api.place, sent, html, figures, created_at, dated))
        known[sent.id] = Known(
            subject=mark_of(bare(sent.subject)), at_ms=round(created_at.timestamp() * 1000), dated=dated, figures=mark
        )
    if reports:
        api.memory.reported_at = now_s
    if walk:
        api.memory.walked_at = now_s
    return replace(reading, bulletins=known), messages, True


def _old(fresh: list[Sent], reports: Mapping[str, Report]) -> list[Sent]:
    """What is not brought in at first: nobody says when it was sent, and a whole past of today would be a lie."""
    if not reports:
        return fresh[:-UNDATED] if sending.is_rising(fresh) else fresh[UNDATED:]
    return [sent for sent in fresh if sent.id not in reports and sent.sent_at is None]


def _passed_over(sent: Sent) -> Known:
    return Known(subject=mark_of(bare(sent.subject)), at_ms=0, dated=False, figures=OLD)


async def _listed(api: Api, reading: Reading, *, whole: bool) -> list[Sent]:
    """What was sent, each once: on while a page brings news, or as far back as is ever remembered."""
    found: dict[str, Sent] = {}
    start_at, rising = "", False
    for _ in range(MOST_PAGES):
        page = [sent for sent in await sending.sent_page(api, start_at) if sent.id not in found]
        rising = rising or (not start_at and sending.is_rising(page))
        if rising and not start_at and reading.bulletins:
            start_at = max(reading.bulletins, key=sending.number)  # the news is behind the last one known
            found |= {sent.id: sent for sent in page if not _forgotten(sent, reading, start_at)}
            continue
        found |= {sent.id: sent for sent in page}
        news = any(sent.id not in reading.bulletins for sent in page)
        if not page or not (news or (whole and not rising)) or (len(found) >= MOST_LISTED and not rising):
            break
        start_at = page[-1].id
    listed = list(found.values())
    if rising:
        api.memory.newest_sent = listed[-1].id if listed else ""
        return listed
    return listed[:MOST_LISTED]  # a page may be longer than what is remembered: the rest of it would seem new


def _forgotten(sent: Sent, reading: Reading, newest: str) -> bool:
    """Whether this, from the oldest end of the list, may have been read so long ago that the cursor dropped it."""
    full = len(reading.bulletins) >= MOST_KNOWN
    return full and sent.id not in reading.bulletins and sending.number(sent.id) < sending.number(newest)


async def _reports(api: Api, listed: list[Sent]) -> dict[str, Report]:
    """Statistics of the last days by bulletin; nothing where there is no token, or it may not see them."""
    if not api.place.reports or not api.room.secret.read().get("token"):
        return {}
    lines: dict[str, Report] = {}
    query = {"days": str(REPORT_DAYS)}
    for page in range(1, MOST_PAGES + 1):
        try:
            answer = await api.report("bulletins", {**query, "page": str(page)}, "read statistics")
        except (NotAllowed, NotFound, SignInNeeded):  # a second sign-in of its own: bulletins are read without it
            api.memory.missing.add("read statistics")
            return {}
        items = answer.get("bulletin_activity_details") if isinstance(answer, Mapping) else None
        if not isinstance(items, list):
            raise BadReply("the statistics: no list in the answer")
        for item in items:
            if isinstance(item, Mapping) and (id_ := bulletin.report_id(item)):
                lines[id_] = _line(item)
        if len(items) < REPORT_PAGE:
            break
    return _matched(lines, listed)


def _line(item: Mapping[str, Any]) -> Report:
    return Report(
        subject=title_text(str(item.get("subject") or "")), at=bulletin.moment(item.get("created_at")),
        figures=bulletin.figures_of(item),
    )  # fmt: skip


def _matched(lines: Mapping[str, Report], listed: list[Sent]) -> dict[str, Report]:
    """By number; where v2 numbers differ, by a subject that only one of each has."""
    found = {sent.id: lines[sent.id] for sent in listed if sent.id in lines}
    left = [line for id_, line in lines.items() if id_ not in found]
    for sent in listed:
        if sent.id in found:
            continue
        same = [line for line in left if line.subject == sent.subject]
        namesakes = [other for other in listed if other.subject == sent.subject]
        if len(same) == 1 and len(namesakes) == 1:
            found[sent.id] = same[0]
    return found


async def _body(api: Api, id_: str) -> str:
    """The words of a bulletin; empty where they may not be read: then its subject stands for it."""
    if id_ not in api.memory.bodies:
        try:
            whole = await api.read(f"bulletins/{id_}.xml", "read a bulletin")
        except (NotAllowed, NotFound):
            return ""
        api.memory.bodies[id_] = whole.text("body")
        while len(api.memory.bodies) > 100:
            del api.memory.bodies[next(iter(api.memory.bodies))]
    return str(api.memory.bodies[id_])
