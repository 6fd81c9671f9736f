"""The lists a blog offers, as requests: comments, posts and pages, whole or in outline.

Source: wordpress.md sections 4 and 7. Comma lists of statuses work for posts, not for comments; ``any`` leaves the
trash out for posts, and holds everything for comments.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from inbox.connectors.wordpress.parsing import COMMENT_FIELDS, POST_FIELDS
from inbox.connectors.wordpress.site import PER_PAGE, Api, Page

COMMENTS: Final = "wp/v2/comments"
ROUTES: Final = {"post": "wp/v2/posts", "page": "wp/v2/pages"}
STATUSES: Final = "publish,future,draft,pending,private,trash"
ENTRIES_PER_PAGE: Final = 25  # whole posts are large and slow to render; comments come by the hundred
COUNTED: Final = ("approve", "hold", "spam", "trash")
LETTERS: Final = {"approved": "approve", "hold": "hold", "spam": "spam", "trash": "trash"}


async def comments(api: Api, *, order: str, offset: int) -> Page:
    """A hundred comments of every status and type by id, whole."""
    return await api.page(
        COMMENTS,
        {
            "status": "any",
            "type": "all",
            "context": "edit",
            "orderby": "id",
            "order": order,
            "per_page": PER_PAGE,
            "offset": offset or None,
            "_fields": COMMENT_FIELDS,
        },
        "the comments",
    )


async def comments_by_id(api: Api, ids: Sequence[int]) -> Page:
    """These comments, whole, whatever their status (``status=any`` is needed with ``include`` too)."""
    return await api.page(
        COMMENTS,
        {
            "status": "any",
            "type": "all",
            "context": "edit",
            "include": ",".join(map(str, ids)),
            "per_page": PER_PAGE,
            "_fields": COMMENT_FIELDS,
        },
        "the comments",
    )


async def comment_outline(api: Api, *, offset: int) -> Page:
    """A hundred comments, oldest first: id, status, parent and type only."""
    params: dict[str, Any] = {"status": "any", "type": "all", "orderby": "id", "order": "asc", "per_page": PER_PAGE}
    params |= {"offset": offset or None, "_fields": "id,status,parent,type"}
    return await api.page(COMMENTS, params, "the comments")


async def comment_counts(api: Api) -> dict[str, int]:
    """How many comments have each of the four statuses: four requests without a body."""
    return {s: await api.count(COMMENTS, {"status": s, "type": "all", "_fields": "id"}, "the count") for s in COUNTED}


async def entries(api: Api, route: str, *, offset: int = 0, ids: Sequence[int] = ()) -> Page:
    """Posts, pages or entries of another type, whole, oldest id first; or just ``ids``."""
    return await api.page(
        route,
        {
            **_readable(api, route),
            "orderby": "id",
            "order": "asc",
            "per_page": ENTRIES_PER_PAGE,
            "offset": offset or None,
            "include": ",".join(map(str, ids)) or None,
            "_embed": "author",
            "_fields": POST_FIELDS,
        },
        f"the list {route}",
    )


async def entry_outline(api: Api, route: str, *, orderby: str, order: str = "desc", offset: int = 0) -> Page:
    """A hundred posts or pages: only what tells whether one has changed."""
    params = {**_readable(api, route), "orderby": orderby, "order": order, "per_page": PER_PAGE}
    fields = "id,type,status,slug,date_gmt,modified_gmt"
    return await api.page(route, {**params, "offset": offset or None, "_fields": fields}, f"the list {route}")


def sees_all(api: Api, route: str) -> bool:
    """Our user may read unpublished entries of this list; otherwise the list only shows what the public sees."""
    return api.site.may("edit_pages" if route == ROUTES["page"] else "edit_posts")


def fingerprint(item: Mapping[str, Any]) -> str:
    """Changes whenever the entry does. The status is in it, as publication by cron leaves ``modified_gmt`` alone."""
    words = "|".join(str(item.get(k) or "") for k in ("status", "slug", "date_gmt", "modified_gmt"))
    return f"{zlib.crc32(words.encode('utf-8', 'replace')):08x}"


def id_of(item: Any) -> int:
    """The id of a list item; 0 for something unreadable."""
    number = item.get("id") if isinstance(item, Mapping) else None
    return number if isinstance(number, int) and not isinstance(number, bool) else 0


def letter_of(item: Mapping[str, Any]) -> str:
    """The status a comment is counted under; ``post-trashed`` and plugins' own stand in none of the four counts."""
    return LETTERS.get(str(item.get("status")), "")


def _readable(api: Api, route: str) -> dict[str, str]:
    return {"context": "edit", "status": STATUSES} if sees_all(api, route) else {"status": "publish"}
