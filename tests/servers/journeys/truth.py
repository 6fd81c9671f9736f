"""What the blog's database holds against what the inbox holds, item by item: SQL on both sides, no code of ours."""

from __future__ import annotations

import json
import sqlite3
import zlib
from typing import NamedTuple

from inbox.store import record
from tests.servers.wordpress_desk import STATES, entries_in
from tests.servers.wordpress_site import WordPressSite


class Comment(NamedTuple):
    """One comment, the same from either side. ``parent`` 0: it answers the post itself."""

    number: int
    state: str
    parent: int
    post: int
    author: str
    text: str
    at: str


def comments_at(site: WordPressSite) -> dict[int, Comment]:
    """Every comment in the blog's database, by its number."""
    rows = site.sql(
        "SELECT comment_ID, comment_approved, comment_parent, comment_post_ID, comment_author, comment_content,"
        " comment_date_gmt FROM wp_comments"
    )
    found = {}
    for number, state, parent, post, author, text, at in rows:
        when = str(at).replace(" ", "T")
        found[int(str(number))] = Comment(
            int(str(number)), STATES[str(state)], int(str(parent)), int(str(post)), str(author), str(text), when
        )
    return found


def comments_here(store: sqlite3.Connection, channel_id: str) -> dict[int, Comment]:
    """Every comment the inbox takes for alive, by its number; author and text as they came over the wire.

    State, parent, post and time are the columns the window shows. AssertionError when one is here twice.
    """
    rows = store.execute(
        "SELECT m.remote_id, m.state, m.parent_remote_id, m.context_remote_id,"
        " strftime('%Y-%m-%dT%H:%M:%S', m.created_at / 1000, 'unixepoch'), r.body FROM messages m"
        " LEFT JOIN raw r ON r.message_id = m.id WHERE m.channel_id = ? AND m.remote_id LIKE 'comment:%'"
        " AND m.state <> 'deleted'",
        (channel_id,),
    ).fetchall()
    found = {}
    for remote_id, state, parent, context, at, body in rows:
        came = json.loads(zlib.decompress(body))
        number = int(remote_id.removeprefix("comment:"))
        found[number] = Comment(
            number,
            state,
            int(parent.removeprefix("comment:") or 0),
            int(context.rpartition(":")[2] or 0),
            came["author_name"],
            came["content"]["raw"],
            at,
        )
    assert len(found) == len(rows), "a comment is here twice"
    return found


def entries_here(store: sqlite3.Connection, channel_id: str) -> dict[str, str]:
    """State of every post and page the inbox takes for alive, by remote id."""
    rows = store.execute(
        "SELECT remote_id, state FROM messages WHERE channel_id = ? AND kind = 'post' AND state <> 'deleted'",
        (channel_id,),
    ).fetchall()
    assert len(dict(rows)) == len(rows), "a post is here twice"
    return dict(rows)


def differences(store: sqlite3.Connection, channel_id: str, site: WordPressSite) -> list[str]:
    """Where the inbox is not as the blog's database; empty when nothing is missing, surplus or different."""
    there, here = comments_at(site), comments_here(store, channel_id)
    found = [f"missing: {there[n]}" for n in sorted(there.keys() - here.keys())]
    found += [f"surplus: {here[n]}" for n in sorted(here.keys() - there.keys())]
    found += [f"{here[n]}\n   not {there[n]}" for n in sorted(there.keys() & here.keys()) if here[n] != there[n]]
    posts_there, posts_here = entries_in(site), entries_here(store, channel_id)
    found += [
        f"{i}: {posts_here.get(i, 'missing')}, not {posts_there.get(i, 'there')}"
        for i in sorted(posts_there.keys() | posts_here.keys())
        if posts_here.get(i) != posts_there.get(i)
    ]
    return found


def roots_at(comments: dict[int, Comment]) -> dict[int, int]:
    """The top-level ancestor of each comment."""
    roots: dict[int, int] = {}
    for number in comments:
        path, here = [], number
        while here not in roots and comments[here].parent in comments:
            path.append(here)
            here = comments[here].parent
        root = roots.get(here, here)
        roots |= dict.fromkeys([*path, here], root)
    return roots


def roots_here(store: sqlite3.Connection, channel_id: str) -> dict[int, int]:
    """The root of the conversation each comment stands in."""
    rows = store.execute(
        "SELECT m.remote_id, c.root_remote_id FROM messages m JOIN conversations c ON c.id = m.conversation_id"
        " WHERE m.channel_id = ? AND m.remote_id LIKE 'comment:%'",
        (channel_id,),
    )
    return {int(a.removeprefix("comment:")): int(b.removeprefix("comment:")) for a, b in rows}


def assert_sound(store: sqlite3.Connection) -> None:
    """The file is whole, its references hold, its counts are right, and no line of the record is broken."""
    assert store.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert store.execute("PRAGMA foreign_key_check").fetchall() == []
    verdict = record.verify(store)
    assert verdict.broken_line is None, verdict.words
    counted = store.execute("SELECT network, place, count(*), sum(unread) FROM conversations GROUP BY 1, 2")
    kept = store.execute("SELECT network, place, conversations, unread FROM tallies WHERE conversations <> 0")
    assert sorted(counted.fetchall()) == sorted(kept.fetchall())
    lone = "SELECT count(*) FROM conversations WHERE id NOT IN (SELECT conversation_id FROM messages)"
    assert store.execute(lone).fetchone() == (0,), "a conversation without messages"
