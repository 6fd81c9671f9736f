"""Nodes as JSON, field by field: only what was asked for, and an absent value is an absent key."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from inbox.practice.facebook import asked
from inbox.practice.facebook.asked import Asked
from inbox.practice.facebook.entities import Comment, Page, Person, Photo, Post, Said, Talk
from inbox.practice.facebook.wire import Call, GraphError, no_field, page_of, stamp

Value = Callable[[Call, Any], Any]
_ONE_DAY_S, _SEVEN_DAYS_S = 86_400, 7 * 86_400
_DETAILED = 20


def shape(call: Call, node: Any, fields: Sequence[Asked] | None, *, default: str = "id") -> dict[str, Any]:
    """The node with these fields, or its default ones."""
    kind = type(node).__name__
    table = _TABLES[kind]
    wanted = fields if fields is not None else asked.read(default)
    found: dict[str, Any] = {}
    for one in wanted:
        if one.name not in table or one.name in call.network.no_fields:
            raise no_field(one.name, _NODES[kind])
        value = table[one.name](call, node)
        if isinstance(value, _Edge):
            value = value.shown(call, one)
        elif one.inside is not None and isinstance(value, dict):
            value = _narrowed(value, {inner.name for inner in one.inside})
        if value is not None:
            found[one.key] = value
    odd = getattr(node, "odd", None)
    if odd:
        found |= {key: value for key, value in odd.items() if key in {one.key for one in wanted} or key == "_"}
    if "id" in table and "id" not in found and default.startswith("id"):
        found["id"] = table["id"](call, node)
    return found


def _narrowed(value: dict[str, Any], names: set[str]) -> dict[str, Any]:
    """A plain object with what was asked of it; of one that holds rows, each row so."""
    if isinstance(value.get("data"), list):
        return {**value, "data": [_narrowed(row, names) for row in value["data"]]}
    return {key: part for key, part in value.items() if key in names or key == "id"}


class _Edge:
    """Rows that are a part of a node: they page by themselves, and may have a summary."""

    def __init__(
        self, path: str, rows: Sequence[Any], *, default: str,
        summary: Callable[[Mapping[str, str]], Any] | None = None,
        choose: Callable[[Mapping[str, str]], Sequence[Any]] | None = None,
    ) -> None:  # fmt: skip
        self.path, self.rows, self.default, self.summary, self.choose = path, rows, default, summary, choose

    def shown(self, call: Call, one: Asked, modifiers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The edge as JSON."""
        how = dict(modifiers if modifiers is not None else one.modifiers)
        rows = self.choose(how) if self.choose is not None else self.rows
        chosen, paging = page_of(call, self.path, rows, _key, how)
        body: dict[str, Any] = {"data": [shape(call, row, one.inside, default=self.default) for row in chosen]}
        if paging:
            body["paging"] = paging
        if self.summary is not None and how.get("summary", "").lower() not in {"", "false", "0"}:
            body["summary"] = self.summary(how)
        return body


def edge(call: Call, found: Any) -> dict[str, Any]:
    """An edge asked for by its own address."""
    fields = asked.read(call.params["fields"]) if call.params.get("fields") else None
    known = ("limit", "after", "filter", "order", "summary", "since", "fields", "platform", "user_id")
    modifiers = {name: call.params[name] for name in known if name in call.params}
    shown: dict[str, Any] = found.shown(call, Asked(name="edge", inside=fields), modifiers)
    return shown


def value_of(call: Call, node: Any, name: str) -> Any:
    """One field or edge of a node, unshaped. Raises GraphError 100 for what it does not have."""
    table = _TABLES[type(node).__name__]
    if name not in table:
        raise no_field(name, _NODES[type(node).__name__])
    return table[name](call, node)


def listed(path: str, rows: Sequence[Any], *, default: str) -> Any:
    """Rows as an edge."""
    return _Edge(path, rows, default=default)


def _key(row: Any) -> tuple[Any, ...]:
    return (getattr(row, "id", getattr(row, "story_id", "")),)


# --- posts ---


def by(call: Call, id_: str) -> dict[str, str] | None:
    """Who wrote something; strangers may be left out."""
    network = call.network
    if network.nameless and id_ in network.people:
        return None
    return {"name": network.name_of(id_), "id": id_}


def comments_of(call: Call, post: Post, modifiers: Mapping[str, str]) -> list[Comment]:
    """Comments as ``filter`` and ``order`` want them. Without a Page's token there seem to be none."""
    if call.token is None or call.token.kind != "PAGE":
        return []
    if post.id in call.network.broken and len(call.path) > 1 and call.path[1] == "comments":
        raise call.network.broken[post.id]
    rows = [c for c in call.network.comments.values() if c.post_id == post.id]
    if modifiers.get("filter", "toplevel") != "stream":
        rows = [c for c in rows if not c.parent_id]
    return sorted(rows, key=lambda c: (c.at, c.id), reverse=modifiers.get("order") == "reverse_chronological")


def _comments(call: Call, node: Post | Comment) -> _Edge:
    default = "id,created_time,from,message"
    if isinstance(node, Comment):
        rows = sorted((c for c in call.network.comments.values() if c.parent_id == node.id), key=lambda c: (c.at, c.id))
        reverse = lambda how: rows[::-1] if how.get("order") == "reverse_chronological" else rows  # noqa: E731
        return _Edge(f"{node.id}/comments", rows, default=default, choose=reverse)

    def summary(how: Mapping[str, str]) -> dict[str, Any]:
        total = len(comments_of(call, node, how))
        return {"order": how.get("order", "ranked"), "total_count": total, "can_comment": True}

    return _Edge(
        f"{node.id}/comments", (), default=default, summary=summary, choose=lambda how: comments_of(call, node, how)
    )


def _reactions(call: Call, post: Post) -> _Edge:
    people = [call.network.people.get(i) or call.network.pages[i] for i in post.reactions]
    mine = post.reactions.get(post.page_id, "NONE")
    return _Edge(
        f"{post.id}/reactions", people, default="id,name",
        summary=lambda how: {"total_count": len(people), "viewer_reaction": mine},
    )  # fmt: skip


def _permalink(call: Call, post: Post) -> str:
    if post.reel:
        return f"{call.home}/reel/{post.id}/"
    return f"{call.home}/{post.page_id}/posts/{post.id.rpartition('_')[2]}"


def _attachments(call: Call, post: Post) -> dict[str, Any] | None:
    photos = [_photo_attachment(call, call.network.photos[i]) for i in post.photo_ids]
    if len(photos) > 1:
        album = {"media_type": "album", "type": "album", "title": "Photos", "subattachments": {"data": photos},
                 "target": {"id": post.id.rpartition("_")[2], "url": _permalink(call, post)},
                 "url": _permalink(call, post)}  # fmt: skip
        return {"data": [album]}
    if photos:
        return {"data": photos}
    if post.link:
        return {
            "data": [{
                "media_type": "link", "type": "share", "title": post.link.partition("//")[2], "description": "",
                "target": {"url": f"https://l.facebook.com/l.php?u={post.link}"},
                "unshimmed_url": post.link, "url": f"https://l.facebook.com/l.php?u={post.link}",
            }]
        }  # fmt: skip
    return None


def _photo_attachment(call: Call, photo: Photo) -> dict[str, Any]:
    address = f"{call.home}/photo.php?fbid={photo.id}"
    return {
        "media_type": "photo", "type": "photo", "url": address, "target": {"id": photo.id, "url": address},
        "media": {"image": {"src": f"{call.home}/cdn/{photo.id}", "width": photo.width, "height": photo.height}},
    }  # fmt: skip


def _status_type(post: Post) -> str:
    if post.author_id != post.page_id:
        return "wall_post"
    return "added_photos" if post.photo_ids else "shared_story" if post.link else "mobile_status_update"


_POST: Mapping[str, Value] = {
    "id": lambda c, p: p.id,
    "created_time": lambda c, p: stamp(p.at),
    "updated_time": lambda c, p: stamp(p.updated_at),
    "message": lambda c, p: None if p.reel else p.message or None,
    "description": lambda c, p: p.message or None if p.reel else _gone(),
    "message_tags": lambda c, p: None,
    "story": lambda c, p: p.story or None,
    "status_type": lambda c, p: _status_type(p),
    "permalink_url": _permalink,
    "from": lambda c, p: by(c, p.author_id),
    "parent_id": lambda c, p: None,
    "is_published": lambda c, p: p.published,
    "is_hidden": lambda c, p: p.hidden,
    "is_expired": lambda c, p: False,
    "scheduled_publish_time": lambda c, p: int(p.scheduled_at.timestamp()) if p.scheduled_at else None,
    "can_reply_privately": lambda c, p: p.author_id in c.network.people and _talk_open(c, p.at),
    "shares": lambda c, p: {"count": p.shares} if p.shares else None,
    "attachments": _attachments,
    "reactions": _reactions,
    "likes": _reactions,
    "comments": _comments,
    "tagged_time": lambda c, p: stamp(p.at),
    "full_picture": lambda c, p: f"{c.home}/cdn/{p.photo_ids[0]}" if p.photo_ids else None,
}


def _gone() -> None:
    raise GraphError(12, "(#12) description field is deprecated for versions v3.3 and higher")


# --- comments ---


def _talk_open(call: Call, at: Any) -> bool:
    return bool((call.network.now() - at).total_seconds() < _SEVEN_DAYS_S)


def _page_behind(comment: Comment, call: Call) -> str:
    return call.network.posts[comment.post_id].page_id


def _parent(call: Call, comment: Comment) -> dict[str, Any] | None:
    parent = call.network.comments.get(comment.parent_id)
    if parent is None:
        return None
    whole = {"id": parent.id, "message": parent.message, "created_time": stamp(parent.at)}
    who = by(call, parent.author_id)
    return {**whole, "from": who} if who else whole


def _attachment(call: Call, comment: Comment) -> dict[str, Any] | None:
    photo = call.network.photos.get(comment.photo_id)
    if photo is None:
        return None
    whole = _photo_attachment(call, photo)
    return {key: value for key, value in whole.items() if key != "media_type"}


def _own(call: Call, comment: Comment) -> bool:
    return comment.author_id == _page_behind(comment, call)


_COMMENT: Mapping[str, Value] = {
    "id": lambda c, m: m.id,
    "parent": _parent,
    "from": lambda c, m: by(c, m.author_id),
    "message": lambda c, m: m.message,
    "message_tags": lambda c, m: None,
    "created_time": lambda c, m: stamp(m.at),
    "permalink_url": lambda c, m: (
        f"{_permalink(c, c.network.posts[m.post_id])}?comment_id={(m.parent_id or m.id).rpartition('_')[2]}"
        + (f"&reply_comment_id={m.id.rpartition('_')[2]}" if m.parent_id else "")
    ),
    "attachment": _attachment,
    "comment_count": lambda c, m: sum(1 for r in c.network.comments.values() if r.parent_id == m.id),
    "like_count": lambda c, m: len(m.likes),
    "can_comment": lambda c, m: True,
    "can_hide": lambda c, m: not _own(c, m),
    "can_remove": lambda c, m: True,
    "can_like": lambda c, m: True,
    "can_reply_privately": lambda c, m: (
        not _own(c, m) and not m.talk_id and m.author_id in c.network.people and _talk_open(c, m.at)
    ),
    "private_reply_conversation": lambda c, m: {"id": m.talk_id} if m.talk_id else None,
    "is_hidden": lambda c, m: m.hidden,
    "is_private": lambda c, m: False,
    "user_likes": lambda c, m: _page_behind(m, c) in m.likes,
    "object": lambda c, m: {"id": m.post_id.rpartition("_")[2]},
    "comments": _comments,
    "likes": lambda c, m: _Edge(
        f"{m.id}/likes", [c.network.people.get(i) or c.network.pages[i] for i in sorted(m.likes)], default="id,name"
    ),
}


# --- the rest ---


def _talk_messages(call: Call, talk: Talk) -> _Edge:
    newest = talk.said[::-1]
    return _Edge(f"{talk.id}/messages", [_In(talk=talk, said=s, rank=n) for n, s in enumerate(newest)],
                 default="id,created_time")  # fmt: skip


class _In:
    """A message in its place: details are told of the newest twenty only."""

    def __init__(self, *, talk: Talk, said: Said, rank: int) -> None:
        self.talk, self.said, self.rank, self.id, self.odd = talk, said, rank, said.id, said.odd


def message_in(call: Call, id_: str) -> Any:
    """The private message with this id, in its place; None when there is none."""
    for talk in call.network.talks.values():
        for rank, said in enumerate(reversed(talk.said)):
            if said.id == id_:
                return _In(talk=talk, said=said, rank=rank)
    return None


def _mailbox(call: Call, id_: str) -> dict[str, str]:
    return {"name": call.network.name_of(id_), "email": f"{id_}@facebook.com", "id": id_}


def _to(call: Call, row: _In) -> dict[str, Any]:
    other = row.talk.page_id if row.said.by == row.talk.person_id else row.talk.person_id
    return {"data": [_mailbox(call, other)]}


def _detail(value: Value) -> Value:
    def told(call: Call, row: _In) -> Any:
        if row.rank >= _DETAILED:
            raise GraphError(100, "(#100) The message has been deleted", subcode=33, kind="GraphMethodException")
        return value(call, row)

    return told


_MESSAGE: Mapping[str, Value] = {
    "id": lambda c, m: m.said.id,
    "created_time": lambda c, m: stamp(m.said.at),
    "from": _detail(lambda c, m: _mailbox(c, m.said.by)),
    "to": _detail(_to),
    "message": _detail(lambda c, m: m.said.text),
    "attachments": _detail(lambda c, m: None),
    "shares": _detail(lambda c, m: None),
    "sticker": _detail(lambda c, m: None),
}

_TALK: Mapping[str, Value] = {
    "id": lambda c, t: t.id,
    "updated_time": lambda c, t: stamp(t.updated_at),
    "snippet": lambda c, t: t.said[-1].text[:60],
    "message_count": lambda c, t: len(t.said),
    "unread_count": lambda c, t: 0 if t.said[-1].by == t.page_id else 1,
    "can_reply": lambda c, t: any(
        s.by == t.person_id and (c.network.now() - s.at).total_seconds() < _ONE_DAY_S for s in t.said
    ),
    "participants": lambda c, t: {"data": [_mailbox(c, t.person_id), _mailbox(c, t.page_id)]},
    "senders": lambda c, t: {"data": [_mailbox(c, t.person_id), _mailbox(c, t.page_id)]},
    "link": lambda c, t: f"/{t.page_id}/inbox/{t.id.removeprefix('t_')}/",
    "messages": _talk_messages,
}

_PAGE: Mapping[str, Value] = {
    "id": lambda c, p: p.id,
    "name": lambda c, p: p.name,
    "category": lambda c, p: p.category,
    "link": lambda c, p: f"{c.home}/{p.username}",
    "username": lambda c, p: p.username,
    "is_published": lambda c, p: True,
    "has_transitioned_to_new_page_experience": lambda c, p: True,
    "access_token": lambda c, p: page_token(c, p),
    "tasks": lambda c, p: sorted(_tasks(c, p)),
}

_PERSON: Mapping[str, Value] = {"id": lambda c, p: p.id, "name": lambda c, p: p.name}
_PHOTO: Mapping[str, Value] = {
    "id": lambda c, p: p.id,
    "alt_text_custom": lambda c, p: p.alt_text or None,
    "created_time": lambda c, p: stamp(p.at),
    "width": lambda c, p: p.width,
    "height": lambda c, p: p.height,
}
_RATING: Mapping[str, Value] = {
    "created_time": lambda c, r: stamp(r.at),
    "recommendation_type": lambda c, r: "positive" if r.positive else "negative",
    "review_text": lambda c, r: r.text or None,
    "has_review": lambda c, r: bool(r.text),
    "has_rating": lambda c, r: False,
    "rating": lambda c, r: None,
    "reviewer": lambda c, r: by(c, r.person_id) if r.named else None,
    "open_graph_story": lambda c, r: {
        "id": r.story_id, "start_time": stamp(r.at), "type": "sellers.rates",
        "data": {"is_hidden": False, "recommendation_type": "positive" if r.positive else "negative"},
    },
}  # fmt: skip
_TABLES: Mapping[str, Mapping[str, Value]] = {
    "Post": _POST, "Comment": _COMMENT, "_In": _MESSAGE, "Talk": _TALK, "Page": _PAGE, "Person": _PERSON,
    "Photo": _PHOTO, "Rating": _RATING,
}  # fmt: skip
_NODES = {
    "Post": "PagePost", "_In": "UnifiedMessage", "Talk": "UnifiedThread", "Person": "User", "Rating": "Recommendation",
    "Comment": "Comment", "Page": "Page", "Photo": "Photo",
}  # fmt: skip


def _tasks(call: Call, page: Page) -> set[str]:
    token = call.key
    return page.tasks.get(token.person_id or token.owner_id, set())


def page_token(call: Call, page: Page) -> str | None:
    """The Page's own token for whoever asks; nothing without a task there."""
    token = call.key
    if token.kind == "PAGE":
        return token.text if token.owner_id == page.id else None
    person: Person | None = call.network.people.get(token.owner_id)
    if person is None or not page.tasks.get(person.id):
        return None
    network = call.network
    scopes = {s for s in token.scopes if page.id in token.targets.get(s, [page.id])}
    return network.page_token(page, person, network.apps[token.app_id], scopes=scopes)
