"""Comments of given posts: those that are new or look different, and those that are gone (facebook.md section 2.2).

Read flat, all levels, newest first. A reading ends at a page on which everything is known and unchanged, or at the
last one; ``total_count`` is never waited for, since it counts what nobody may see. What was known and is missing where
it should have been is asked for by its id: only Facebook's own word makes it gone.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from inbox.connectors.facebook import asking
from inbox.connectors.facebook.cursor import COMMENTS_KEPT, Position, Stand, long, short
from inbox.connectors.facebook.graph import Api, Rows, asked, is_gone, raised, rows_of
from inbox.connectors.facebook.parsing import bare, comment_id, fingerprint, message_from_comment
from inbox.connectors.facebook.troubles import Told
from inbox.errors import NotAllowed, NotFound
from inbox.model import Message

log = logging.getLogger(__name__)

_PRINT: Final = 6
_MOST_PAGES: Final = 200


@dataclass(kw_only=True, slots=True)
class Found:
    """What a reading came to."""

    messages: list[Message] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)


async def read(api: Api, at: Position, posts: Sequence[str], *, whole: frozenset[str] = frozenset()) -> Found:
    """What is new under these posts, which ``at`` knows; of those in ``whole`` every page is read."""
    found = Found()
    wanted = _wanted(api)
    first = await api.batch([asked(f"{post}/comments", wanted) for post in posts], what="comments")
    for post, answer in zip(posts, first, strict=True):
        if isinstance(answer, Told) and (answer.trouble.too_much or answer.trouble.code == 100):
            if is_gone(answer):
                continue  # the post itself went meanwhile; it is asked after by its own id
            page = await pages(api, f"{post}/comments", wanted, rows=asking.COMMENT_ROWS, what="comments")
        elif isinstance(answer, Told) and isinstance(answer.error, NotAllowed | NotFound):
            if _on_our_page(post, at):
                raise answer.error
            log.info("%s: comments below %s are not for this Page to read", api.account, post)
            continue
        else:
            page = rows_of(raised(answer), "comments")
        await _one(api, at.posts[post], post, page, found, whole=post in whole)
    return found


async def pages(api: Api, path: str, params: Mapping[str, str], *, rows: int, what: str) -> Rows:
    """One page of an edge, of as many rows as Facebook is willing to give at once; with plainer fields once it refused
    one of them."""
    name = path.rpartition("/")[2]
    while True:
        limit = min(api.session.rows.get(name, rows), asking.MOST_ROWS)
        try:
            return await api.edge(path, {**params, "limit": str(limit)}, what=what)
        except Told as told:
            if told.trouble.too_much and limit > asking.FEWEST_ROWS:
                api.session.rows[name] = limit // 2
            elif told.trouble.code == 100 and not told.trouble.gone and not api.session.basic and "fields" in params:
                log.warning("%s: Facebook refuses a field; only the plainest are read from now on", api.account)
                api.session.basic = True
                params = {**params, "fields": _plainer(params["fields"])}
            else:
                raise told.error from None


async def ask_after(api: Api, post: str, comments: Sequence[str]) -> tuple[list[Any], list[str]]:
    """Rows of these comments as they are now, and remote ids of those that are gone."""
    fields = {"fields": asking.of_comment(api.session)}
    answers = await api.batch([asked(bare(one), fields) for one in comments], what="a comment")
    gone = [comment_id(post, one) for one, answer in zip(comments, answers, strict=True) if is_gone(answer)]
    return [answer for answer in answers if isinstance(answer, Mapping)], gone


def _wanted(api: Api) -> dict[str, str]:
    limit = api.session.rows.get("comments", asking.COMMENT_ROWS)
    return {
        "filter": "stream", "order": "reverse_chronological", "limit": str(limit),
        "fields": asking.of_comment(api.session),
    }  # fmt: skip


async def _one(api: Api, stand: Stand, post: str, page: Rows, found: Found, *, whole: bool) -> None:
    """One post's comments, from its first page on."""
    before, now, ended = stand.comments, dict[str, str](), False
    for _ in range(_MOST_PAGES):
        news = 0
        for row in page.rows:
            message = message_from_comment(row, api.page, post, ours=stand.ours)
            kept, print_ = short(post, bare(message.remote_id)), fingerprint(message, _PRINT)
            if kept not in now and before.get(kept) != print_:
                found.messages.append(message)
                news += 1
            now[kept] = print_
        if not page.further:
            ended = True
            break
        if page.rows and not news and not whole:
            break
        try:
            page = await pages(
                api, f"{post}/comments", {**_wanted(api), **page.further}, rows=asking.COMMENT_ROWS, what="comments"
            )
        except NotAllowed as error:  # "the After Cursor exceeds the max limit": so deep nobody can read
            log.warning("%s: comments below %s cannot be read any deeper: %s", api.account, post, error)
            break
    met = [number for number, kept in enumerate(before) if kept in now]
    reach = len(before) if ended else max(met, default=-1) + 1
    missing = [kept for kept in list(before)[:reach] if kept not in now]
    if missing:
        rows, gone = await ask_after(api, post, [long(post, kept) for kept in missing])
        found.gone += gone
        there = {short(post, str(row.get("id"))) for row in rows}
        now |= {kept: before[kept] for kept in missing if kept in there}
    rest = {kept: print_ for kept, print_ in list(before.items())[reach:] if kept not in now}
    stand.comments = dict(list((now | rest).items())[:COMMENTS_KEPT])


def _on_our_page(post: str, at: Position) -> bool:
    """Whether the Page's own rights decide; below somebody's post elsewhere they do not."""
    return post.startswith(f"{at.page}_") or (post in at.posts and at.posts[post].ours)


def _plainer(fields: str) -> str:
    return {asking.POST: asking.POST_BASIC, asking.COMMENT: asking.COMMENT_BASIC}.get(fields, fields)
