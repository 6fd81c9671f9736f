"""What may be read, and by whom: nodes and their edges."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from random import Random
from typing import Any

from inbox.practice.facebook import asked, shapes
from inbox.practice.facebook.entities import Comment, Page, Person, Photo, Post, Talk
from inbox.practice.facebook.wire import Call, GraphError, not_there

Node = Page | Person | Post | Comment | Photo | Talk
_FEED = "created_time,message,id"


def node(call: Call, id_: str) -> Any:
    """What an id stands for. A comment may be named by its last part. Raises GraphError 100/33."""
    network = call.network
    if id_ == "me":
        id_ = call.key.owner_id
    for place in (network.pages, network.people, network.posts, network.comments, network.photos, network.talks):
        if id_ in place:
            return place[id_]
    for comment in network.comments.values():
        if comment.id.rpartition("_")[2] == id_:
            return comment
    for page in network.pages.values():
        if page.username == id_:
            return page
    found = shapes.message_in(call, id_)
    if found is None:
        raise not_there(id_)
    return found


def read(call: Call) -> Any:
    """A node, or one of its edges."""
    found = node(call, call.path[0])
    if call.network.silent and isinstance(found, Page) and len(call.path) == 2 and call.key.kind != "PAGE":
        return {"data": []}
    allowed(call, found)
    if len(call.path) == 1:
        fields = asked.read(call.params["fields"]) if call.params.get("fields") else None
        default = "id,name" if isinstance(found, Page | Person) else "id,created_time" if fields is None else "id"
        if isinstance(found, Photo | Talk) and fields is None:
            default = "id"
        return shapes.shape(call, found, fields, default=default)
    if len(call.path) > 2:
        raise GraphError(2500, f"Unknown path components: /{'/'.join(call.path[1:])}")
    edge = call.path[1]
    if isinstance(found, Page) and edge in _PAGE_EDGES:
        return shapes.edge(call, _PAGE_EDGES[edge](call, found))
    if isinstance(found, Page):
        raise GraphError(100, f"(#100) Tried accessing nonexisting field ({edge}) on node type (Page)")
    value = shapes.value_of(call, found, edge)
    return shapes.edge(call, value) if hasattr(value, "shown") else value


def allowed(call: Call, found: Any) -> None:
    """Whether this token may see that. Of a Page's insides only its own token does."""
    token, network = call.key, call.network
    if isinstance(found, Page | Person):
        if isinstance(found, Page) and len(call.path) > 1:
            page_only(call, found)
            if call.path[1] == "conversations":
                needs(call, "pages_messaging", "pages_manage_metadata", page=found, task="MESSAGING")
            elif call.path[1] in {"ratings", "visitor_posts", "tagged"}:
                needs(call, "pages_read_user_content", page=found)
            else:
                needs(call, "pages_read_engagement", page=found)
        return
    page = page_of_node(call, found)
    if token.kind != "PAGE":
        return  # posts are public; the comments edge answers such a token with nothing
    if page is not None and token.owner_id != page.id:
        raise not_there(call.path[0])
    if isinstance(found, Comment) or call.path[-1] == "comments":
        needs(call, "pages_read_user_content", page=network.pages[token.owner_id], task="MODERATE")
    if (
        isinstance(found, Post)
        and not found.published
        and found.scheduled_at is None
        and found.author_id != token.owner_id
    ):
        raise not_there(call.path[0])


def page_of_node(call: Call, found: Any) -> Page | None:
    """The Page something belongs to."""
    network = call.network
    if isinstance(found, Page):
        return found
    if isinstance(found, Comment):
        return network.pages[network.posts[found.post_id].page_id]
    if isinstance(found, Post | Photo | Talk):
        return network.pages[found.page_id]
    talk = getattr(found, "talk", None)
    return network.pages[talk.page_id] if talk is not None else None


def page_only(call: Call, page: Page) -> None:
    """Raise unless it is the Page's own token."""
    token = call.key
    if token.kind != "PAGE":
        raise GraphError(190, "This method must be called with a Page Access Token", subcode=2069032)
    if token.owner_id != page.id:
        raise GraphError(10, "(#10) This endpoint requires the 'pages_read_engagement' permission", status=403)


def needs(call: Call, *scopes: str, page: Page, task: str = "") -> None:
    """Raise unless the token has these permissions, and whoever is behind it this task."""
    token = call.key
    for scope in scopes:
        if scope not in token.scopes:
            raise GraphError(10, f"(#10) This endpoint requires the '{scope}' permission", status=403)
    if task and token.person_id and task not in page.tasks.get(token.person_id, set()):
        raise GraphError(200, f"(#200) The person behind this token cannot perform the task {task}", status=403)


# --- edges of a Page ---


def posts_of(call: Call, page: Page, wanted: Callable[[Post], bool]) -> list[Post]:
    """Posts newest first, as far as the lists have heard of them; in no order to rely on where that is practised."""
    network = call.network
    heard = network.now() - timedelta(seconds=network.lag_s)
    rows = [
        p for p in network.posts.values()
        if p.page_id == page.id and wanted(p) and (p.at <= heard or p.scheduled_at or not network.lag_s)
    ]  # fmt: skip
    rows.sort(key=lambda p: (p.at, p.id), reverse=True)
    if network.ranked:
        Random(f"{page.id}/{len(rows)}").shuffle(rows)
    return rows


def _on_wall(page: Page) -> Callable[[Post], bool]:
    return lambda p: not p.reel and p.id.startswith(f"{page.id}_")


def _feed(call: Call, page: Page) -> Any:
    rows = posts_of(call, page, _on_wall(page))
    tagged = posts_of(call, page, lambda p: not p.reel and not p.id.startswith(page.id) and p.published)
    rows = sorted([*rows, *tagged], key=lambda p: (p.at, p.id), reverse=True) if not call.network.ranked else rows
    return shapes.listed(f"{page.id}/feed", rows, default=_FEED)


def _of_page(name: str, wanted: Callable[[Post, Page], bool], default: str = _FEED) -> Callable[[Call, Page], Any]:
    def rows(call: Call, page: Page) -> Any:
        return shapes.listed(f"{page.id}/{name}", posts_of(call, page, lambda p: wanted(p, page)), default=default)

    return rows


def _ratings(call: Call, page: Page) -> Any:
    rows = sorted((r for r in call.network.ratings if r.page_id == page.id), key=lambda r: r.at, reverse=True)
    default = "created_time,recommendation_type,review_text,reviewer"
    return shapes.listed(f"{page.id}/ratings", rows, default=default)


def _conversations(call: Call, page: Page) -> Any:
    """Standard access sees only people with a role on the app: of the public, nobody."""
    network = call.network
    rows: Sequence[Talk] = [t for t in network.talks.values() if t.page_id == page.id]
    if not network.apps[call.key.app_id].advanced:
        rows = []
    if user := call.params.get("user_id"):
        rows = [t for t in rows if t.person_id == user]
    rows = sorted(rows, key=lambda t: t.updated_at, reverse=True)
    return shapes.listed(f"{page.id}/conversations", rows, default="id,link,updated_time")


def _blocked(call: Call, page: Page) -> Any:
    rows = [call.network.people[i] for i in sorted(page.blocked)]
    return shapes.listed(f"{page.id}/blocked", rows, default="id,name")


_PAGE_EDGES: dict[str, Callable[[Call, Page], Any]] = {
    "feed": _feed,
    "published_posts": _of_page(
        "published_posts", lambda p, page: p.published and p.author_id == page.id and not p.reel
    ),
    "visitor_posts": _of_page("visitor_posts", lambda p, page: p.author_id != page.id and p.id.startswith(page.id)),
    "tagged": _of_page("tagged", lambda p, page: not p.id.startswith(page.id) and not p.reel),
    "scheduled_posts": _of_page("scheduled_posts", lambda p, page: p.scheduled_at is not None and not p.published),
    "video_reels": _of_page("video_reels", lambda p, page: p.reel, "id,description,updated_time"),
    "ratings": _ratings,
    "conversations": _conversations,
    "blocked": _blocked,
}
