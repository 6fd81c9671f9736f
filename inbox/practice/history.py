"""Lays down the two weeks before practice begins: users, posts, comments and news, all in the past of real time."""

from __future__ import annotations

import html
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from inbox.practice.blog import Blog, Post, Term
from inbox.practice.newsroom import news_item
from inbox.practice.story.scene import Entry

if TYPE_CHECKING:
    from inbox.practice.world import World

_AT = re.compile(r"(?:(\d+)d (\d\d):(\d\d)|(\d+)h)")


def past(at: str | float, start: datetime) -> datetime:
    """A history time ("12d 18:40", "5h") as a moment before ``start``. Raises ValueError on anything else."""
    match = _AT.fullmatch(str(at))
    if match is None:
        raise ValueError(f"not a history time: {at!r}")
    days, hour, minute, hours = match.groups()
    if hours:
        return start - timedelta(hours=int(hours))
    day = start - timedelta(days=int(days))
    return day.replace(hour=int(hour), minute=int(minute), second=0)


def slug_of(title: str) -> str:
    """A slug for an English title of the story."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower().replace("’", "")).strip("-")


def blocks(paragraphs: tuple[str, ...]) -> str:
    """Paragraphs as the block editor stores them."""
    return "\n\n".join(
        f"<!-- wp:paragraph -->\n<p>{html.escape(p, quote=False)}</p>\n<!-- /wp:paragraph -->" for p in paragraphs
    )


def write_history(world: World) -> None:
    """Fill the world's blogs and news with its story's past, ids in order of time."""
    start = world.real.now().replace(microsecond=0)
    latest = start - timedelta(seconds=1)
    for blog in world.blogs.values():
        blog.add_user("admin", "Web team", f"web@{blog.key}.example.org", "administrator")
        speaks_as = "Harbour Council" if blog.key == "council" else "Harbour Museum"
        blog.add_user("officer", speaks_as, f"officer@{blog.key}.example.org", "editor")
        blog.add_user("reader", "A Reader", f"reader@{blog.key}.example.org", "subscriber")
    for entry in sorted(world.story.entries, key=lambda e: past(e.at, start)):
        _write_entry(world.blogs[entry.blog], entry, min(past(entry.at, start), latest))

    # A reply never precedes what it answers, whatever hour practice begins at.
    times: dict[str, datetime] = {}
    lines = []
    for order, line in enumerate(world.story.lines):
        at = min(past(line.at, start), latest)
        if line.to:
            at = min(max(at, times[line.to] + timedelta(minutes=2)), latest)
        times[line.key] = at
        lines.append((at, order, line))
    for at, _, line in sorted(lines):
        # Whoever spoke in the past was let through by a colleague, unless the story says otherwise.
        world.say(line._replace(status=line.status or "approved"), at)
    for item in world.story.news:
        world.news.append(news_item(item, min(past(item.at, start), latest)))
    world.news_changed_at = max((n.at for n in world.news), default=start)


def _write_entry(blog: Blog, entry: Entry, at: datetime) -> None:
    blog.add_post(
        Post(
            id=0, type="post", title=entry.title, content=blocks(entry.paragraphs), status="publish", at=at,
            modified_at=at, author_id=2, slug=slug_of(entry.title), floating=False,
            categories=[_term(blog, "category", entry.category)],
            tags=[_term(blog, "post_tag", tag) for tag in entry.tags], key=entry.key,
        )
    )  # fmt: skip


def _term(blog: Blog, taxonomy: str, name: str) -> int:
    for term in blog.terms.values():
        if (term.taxonomy, term.name) == (taxonomy, name):
            return term.id
    return blog.add_term(Term(id=0, taxonomy=taxonomy, name=name, slug=slug_of(name))).id
