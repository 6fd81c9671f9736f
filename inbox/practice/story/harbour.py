"""The whole story in one value, and an empty one for tests that make their own."""

from __future__ import annotations

from typing import NamedTuple

from inbox.practice.story import history_council, history_museum, live, news, people, posts, sky
from inbox.practice.story.scene import Citizen, Edit, Entry, Gone, Judged, Line, News
from inbox.practice.story.sky import Changed, Liked, Said


class Story(NamedTuple):
    """Who, what was, and what will be."""

    citizens: tuple[Citizen, ...] = ()
    entries: tuple[Entry, ...] = ()
    lines: tuple[Line, ...] = ()
    news: tuple[News, ...] = ()
    events: tuple[Line | Edit | Gone | Judged | News, ...] = ()
    said: tuple[Said | Liked, ...] = ()
    sky_events: tuple[Said | Liked | Changed, ...] = ()


HARBOUR = Story(
    citizens=people.CITIZENS,
    entries=posts.ENTRIES,
    lines=history_council.LINES + history_museum.LINES,
    news=news.ITEMS,
    events=live.EVENTS,
    said=sky.HISTORY,
    sky_events=sky.EVENTS,
)

QUIET = Story(citizens=people.CITIZENS)
"""The same town with nothing said and nothing to come."""
