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
from inbox.connectors.facebook.graph import MARKS, Api, Rows, asked, is_gone, raised, rows_of
from inbox.connectors.facebook.ids import bare, comment_id
from inbox.connectors.facebook.parsing import fingerprint, message_from_comment
from inbox.connectors.facebook.troubles import Told
from inbox.errors import BadReply, NotAllowed, NotFound, PostroomError, RateLimited, Unavailable
from inbox.model import Message

log = logging.getLogger(__name__)

_PRINT: Final = 6
_MOST_PAGES: Final = 200
_PLAINER: Final = {
    asking.POST: asking.POST_BASIC,
    asking.COMMENT: asking.COMMENT_BASIC,
    asking.COMMENT_BASIC: asking.COMMENT_PLAINEST,
}


@dataclass(kw_only=True, slots=True)
class Found:
    """What a reading came to."""

    messages: list[Message] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    unread: dict[str, PostroomError] = field(default_factory=dict)
    """Posts below which nothing could be read now, and why."""


async def read(api: Api, at: Position, posts: Sequence[str], *, whole: frozenset[str] = frozenset()) -> Found:
    """What is new under these posts, which ``at`` knows; of those in ``whole`` every page is read.

    A post that alone cannot be read is left for later, so that it does not silence the Page; it is alone when another
    one can be read.
    """
    found = Found()
    wanted = _wanted(api)
    first = await api.batch([asked(f"{post}/comments", wanted) for post in posts], what="comments")
    for post, answer in zip(posts, first, strict=True):
        try:
            page = await _first(api, post, answer, wanted)
            await _one(api, at.posts[post], post, page, found, whole=post in whole)
        except NotFound:
            log.info("%s: post %s went meanwhile", api.account, post)  # it is asked after by its own id
        except RateLimited:
            raise
        except (NotAllowed, Unavailable, BadReply) as error:
            if isinstance(error, NotAllowed) and not _on_our_page(post, at):
                log.info("%s: comments below %s are not for this Page to read", api.account, post)
            else:
                found.unread[post] = error
    if found.unread and len(found.unread) == len(posts) and not await _another_can_be_read(api, at, found.unread):
        raise next(iter(found.unread.values()))
    for post, why in found.unread.items():
        log.warning("%s: comments below %s cannot be read now: %s", api.account, post, why)
        api.session.asked_at[f"comments {post}"] = api.now()
        if isinstance(why, NotAllowed):
            api.session.absent[f"comments below {post}"] = why.detail
    return found


async def _first(api: Api, post: str, answer: Any, wanted: Mapping[str, str]) -> Rows:
    """The first page, from its place in the batch; asked for once more where less, or plainer, may do."""
    if isinstance(answer, Told) and (answer.trouble.too_much or answer.trouble.code == 100) and not is_gone(answer):
        return await pages(api, f"{post}/comments", wanted, rows=asking.COMMENT_ROWS, what="comments")
    return rows_of(raised(answer), "comments")


async def _another_can_be_read(api: Api, at: Position, but: Mapping[str, PostroomError]) -> bool:
    """Whether comments below some other post can be read at this moment: then nothing is wrong with the token."""
    others = [post for post, stand in at.posts.items() if post not in but and stand.ours and stand.comments]
    if not others:
        return False
    url = asked(f"{others[-1]}/comments", {"filter": "stream", "limit": "1", "fields": "id"})
    [answer] = await api.batch([url], what="comments")
    return isinstance(answer, Mapping) and bool(answer.get("data"))


async def pages(api: Api, path: str, params: Mapping[str, str], *, rows: int, what: str) -> Rows:
    """One page of an edge, of as many rows as Facebook is willing to give at once; with plainer fields once it refused
    one of them.

    Code 100 says "bad parameter" of many things. That a field was meant is proven when the same is answered without
    it; and with a paging mark it may be the mark ("the After Cursor exceeds the max limit"), so nothing is tried then.
    """
    name = path.rpartition("/")[2]
    marked = not MARKS.isdisjoint(params)
    while True:
        limit = min(api.session.rows.get(name, rows), asking.MOST_ROWS)
        try:
            page = await api.edge(path, {**params, "limit": str(limit)}, what=what)
        except Told as told:
            if told.trouble.too_much and limit > asking.FEWEST_ROWS:
                api.session.rows[name] = limit // 2
            elif _about_a_field(told) and not marked and params.get("fields") in _PLAINER:
                params = {**params, "fields": _PLAINER[params["fields"]]}
            else:
                raise told.error from None
        else:
            _note_refusal(api, params.get("fields", ""))
            return page


def _about_a_field(told: Told) -> bool:
    return told.trouble.code == 100 and not told.trouble.gone


def _note_refusal(api: Api, answered: str) -> None:
    """Remember which fields had to be asked for before Facebook answered."""
    if answered not in _PLAINER.values() or (api.session.basic and answered != asking.COMMENT_PLAINEST):
        return
    if not api.session.plainest:
        log.warning("%s: Facebook refuses a field; only plain ones are read from now on", api.account)
    api.session.basic = True
    api.session.plainest = api.session.plainest or answered == asking.COMMENT_PLAINEST


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
            message = message_from_comment(row, api.page, post, ours=stand.ours, who_sees=asking.who_sees(api.session))
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
