"""The shapes in which the story is written down.

A history time is ``"12d 18:40"`` (twelve days before the start of practice, at that hour UTC) or ``"5h"`` (five hours
before the start). A live time is minutes of story time after the start.
"""

from __future__ import annotations

from typing import NamedTuple

US = "us"
"""Who speaks when the council or the museum itself does."""


class Citizen(NamedTuple):
    """Somebody who lives here, or says so. ``language`` is a BCP 47 tag."""

    key: str
    name: str
    email: str
    language: str = "en"
    url: str = ""


class Entry(NamedTuple):
    """A blog post. Paragraphs are plain text."""

    key: str
    blog: str
    at: str
    title: str
    paragraphs: tuple[str, ...]
    category: str = "News"
    tags: tuple[str, ...] = ()


class Line(NamedTuple):
    """Something said under a post.

    ``to``: key of the line answered. ``status``: how the blog keeps it; empty lets the blog decide (first comments are
    held). ``mood``: asks, complains, argues, thanks, chats, spam. ``then``: what the citizen says when we answer;
    empty chooses by mood and language. ``imported``: came in from an old system, stored unfiltered.
    """

    key: str
    post: str
    who: str
    at: str | float
    text: str
    to: str = ""
    mood: str = "chats"
    status: str = ""
    then: str = ""
    imported: bool = False


class Edit(NamedTuple):
    """Words changed afterwards: of a comment, or of a news item (``news`` set)."""

    key: str
    at: float
    text: str
    news: bool = False


class Gone(NamedTuple):
    """A comment, or a news item (``news`` set), deleted by whoever wrote it."""

    key: str
    at: float
    news: bool = False


class Judged(NamedTuple):
    """A colleague approves, holds or bins a comment in the blog's own desk while we watch."""

    key: str
    at: float
    status: str


class News(NamedTuple):
    """An item of the corporate news feed."""

    key: str
    at: str | float
    title: str
    summary: str
    paragraphs: tuple[str, ...]
    category: str = "Council"
