"""What happens in the practice town. Network-neutral, no HTTP: the dialects show what stands here.

``World(seed, clock)`` lays down about two weeks of history, then ``advance()`` lets happen what is due by the story
clock: arrivals, edits, deletions, news, and how citizens react when we answer them. The same seed and the same answers
give the same story. What is written carries the *real* time of its arrival (see ``clock.py``).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import partial
from itertools import count
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from inbox.clock import Clock
from inbox.practice.blog import Blog, Comment, Post
from inbox.practice.bluesky.sky import Sky, our_answer_to
from inbox.practice.clock import PracticeClock
from inbox.practice.history import past, write_history
from inbox.practice.newsroom import NewsItem, news_item
from inbox.practice.story import reactions
from inbox.practice.story.harbour import HARBOUR, Story
from inbox.practice.story.scene import US, Citizen, Edit, Gone, Judged, Line, News
from inbox.practice.story.sky import Changed, Liked, Said

AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    "Mozilla/5.0 (Linux; Android 16; Mobile) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile",
)


class Happened(NamedTuple):
    """One thing that happened while we watched: when by the story clock (seconds), what, and to which key."""

    story_s: float
    what: str
    key: str


class Feeling(NamedTuple):
    """What the world knows about somebody's comment beyond its words."""

    citizen: Citizen
    mood: str
    then: str


class World:
    """The town. ``blogs``: "council" and "museum". ``news``: oldest first. ``happened``: the log of what was live."""

    def __init__(self, seed: int, clock: Clock, *, story: Story = HARBOUR) -> None:
        self.seed = seed
        self.clock = clock
        self.story = story
        self.real: Clock = clock.real if isinstance(clock, PracticeClock) else clock
        self.citizens = {c.key: c for c in story.citizens}
        self.blogs = {
            "council": Blog(
                key="council",
                title="Harbour Council news",
                tagline="What your council does, and why",
                clock=self.real,
                zone=_zone("Europe/London"),
                zone_name="Europe/London",
            ),
            # Its zone was typed in one summer as a plain offset, as happens: local times are an hour off in winter.
            "museum": Blog(
                key="museum",
                title="Harbour Museum",
                tagline="Two hundred years of wind and water",
                clock=self.real,
                zone=timezone(timedelta(hours=1)),
                zone_name="",
            ),
        }
        self.news: list[NewsItem] = []
        self.news_address = ""
        self.news_changed_at = self.real.now().replace(microsecond=0)
        self.happened: list[Happened] = []
        self.feelings: dict[tuple[str, int], Feeling] = {}
        self._answered: set[tuple[object, ...]] = set()
        self._agenda: list[tuple[float, int, Callable[[], Happened | None]]] = []
        self._order = count()
        self.sky = Sky(self.real, self.citizens)
        write_history(self)
        self._write_sky()
        for event in story.events:
            self._plan(float(event.at) * 60, self._act(event))
        for blog in self.blogs.values():
            blog.said.append(partial(self._on_said, blog))
            blog.published.append(partial(self._on_published, blog))

    def _write_sky(self) -> None:
        """What was said on Bluesky before the start, and what will be."""
        start = self._stamp()
        self._said = {s.key: s for s in (*self.story.said, *self.story.sky_events) if isinstance(s, Said)}
        for said in sorted(self.story.said, key=lambda s: past(s.at, start)):
            self._in_sky(said, past(said.at, start))
        self.sky.heard.append(self._on_answered)
        for event in self.story.sky_events:
            self._plan(float(event.at) * 60, self._act_in_sky(event))

    def _in_sky(self, event: Said | Liked | Changed, at: datetime) -> bool:
        if isinstance(event, Said):
            return self.sky.say(event, at)
        return self.sky.like(event, at) if isinstance(event, Liked) else self.sky.change(event)

    def _act_in_sky(self, event: Said | Liked | Changed) -> Callable[[], Happened | None]:
        def act() -> Happened | None:
            done = self._in_sky(event, self.real.now())
            return Happened(float(event.at) * 60, type(event).__name__, event.key) if done else None

        return act

    def _on_answered(self, key: str) -> None:
        """Plan how somebody there reacts to our answer: once, after a little while."""
        said = self._said[key]
        if said.who == US or ("sky", 0, key) in self._answered:
            return
        self._answered.add(("sky", 0, key))
        chance = Random(f"{self.seed}/reaction/{key}")
        chosen = reaction_to(Feeling(self.citizens[said.who], said.mood, said.then), chance)
        if chosen is None:
            return
        mood, text = chosen
        reaction = Said(f"{key}+", said.who, 0.0, text, to=our_answer_to(key), mood=mood, private=said.private)
        self._said[reaction.key] = reaction
        due_s = self.clock.monotonic_s() + chance.randint(3 * 60, 9 * 60)
        self._plan(due_s, lambda: self._react_in_sky(reaction, due_s))

    def _react_in_sky(self, reaction: Said, due_s: float) -> Happened | None:
        done = self._in_sky(reaction, self.real.now())
        return Happened(due_s, "Reaction", reaction.key) if done else None

    def advance(self) -> list[Happened]:
        """Let happen all that is due by the story clock; what happened, oldest first."""
        now_s = self.clock.monotonic_s()
        before = len(self.happened)
        while self._agenda and self._agenda[0][0] <= now_s:
            _, _, act = heapq.heappop(self._agenda)
            happened = act()
            if happened is not None:
                self.happened.append(happened)
        return self.happened[before:]

    def next_due_s(self) -> float | None:
        """The story second at which the next thing happens; ``None`` when nothing is planned."""
        return self._agenda[0][0] if self._agenda else None

    def agent_of(self, citizen: Citizen) -> str:
        """The browser this citizen uses."""
        return Random(f"{self.seed}/agent/{citizen.key}").choice(AGENTS)

    def ip_of(self, citizen: Citizen) -> str:
        """A documentation address (RFC 5737) that stays the citizen's."""
        return f"192.0.2.{Random(f'{self.seed}/ip/{citizen.key}').randint(1, 254)}"

    def post_named(self, key: str) -> tuple[Blog, Post] | None:
        """The post of the story with this key, wherever it is."""
        for blog in self.blogs.values():
            for post in blog.posts.values():
                if post.key == key:
                    return blog, post
        return None

    def comment_named(self, key: str) -> tuple[Blog, Comment] | None:
        """The comment of the story with this key, wherever it is."""
        for blog in self.blogs.values():
            for comment in blog.comments.values():
                if key and comment.key == key:
                    return blog, comment
        return None

    def say(self, line: Line, at: datetime) -> Comment | None:
        """Put a line of the story under its post; ``None`` when that is no longer possible."""
        found = self.post_named(line.post)
        if found is None or found[1].status != "publish" or found[1].comment_status != "open":
            return None
        blog, post = found
        parent = self.comment_named(line.to) if line.to else None
        parent_id = parent[1].id if parent is not None else 0
        if line.who == US:
            officer = next(u for u in blog.users.values() if u.login == "officer")
            return blog.add_comment(
                Comment(
                    id=0, post_id=post.id, parent_id=parent_id, user_id=officer.id, name=officer.name,
                    email=officer.email, at=at, text=line.text, status="approved", agent="Postroom", as_sent=True,
                    key=line.key,
                )
            )  # fmt: skip
        return self._citizen_says(blog, post, parent_id, line, self.citizens[line.who], at)

    def _citizen_says(
        self, blog: Blog, post: Post, parent_id: int, line: Line, citizen: Citizen, at: datetime
    ) -> Comment:
        comment = Comment(
            id=0, post_id=post.id, parent_id=parent_id, user_id=0, name=citizen.name, email=citizen.email, at=at,
            text=line.text, status=line.status or ("approved" if blog.known(citizen.email) else "hold"),
            url=citizen.url, ip=self.ip_of(citizen), agent=self.agent_of(citizen), as_sent=line.imported, key=line.key,
        )  # fmt: skip
        # Known before anyone is told, so that an answer to it finds who asked.
        self.feelings[blog.key, blog.next_comment_id] = Feeling(citizen, line.mood, line.then)
        return blog.add_comment(comment)

    def _plan(self, due_s: float, act: Callable[[], Happened | None]) -> None:
        heapq.heappush(self._agenda, (due_s, next(self._order), act))

    def _stamp(self) -> datetime:
        return self.real.now().replace(microsecond=0)

    def _act(self, event: Line | Edit | Gone | Judged | News) -> Callable[[], Happened | None]:
        return lambda: Happened(float(event.at) * 60, type(event).__name__, event.key) if self._do(event) else None

    def _do(self, event: Line | Edit | Gone | Judged | News) -> bool:
        match event:
            case Line():
                return self.say(event, self._stamp()) is not None
            case News():
                self.news.append(news_item(event, self._stamp()))
                self.news_changed_at = self._stamp()
                return True
            case Edit(news=True) | Gone(news=True):
                item = next((n for n in self.news if n.key == event.key), None)
                if item is None:
                    return False
                if isinstance(event, Gone):
                    self.news.remove(item)
                else:
                    item.summary, item.updated_at = event.text, self._stamp()
                self.news_changed_at = self._stamp()
                return True
            case _:
                found = self.comment_named(event.key)
                if found is None:
                    return False
                blog, comment = found
                if isinstance(event, Edit):
                    comment.text = event.text
                elif isinstance(event, Judged):
                    comment.status_before, comment.status = comment.status, event.status
                else:
                    blog.delete_comment(comment.id)
                return True

    def _on_said(self, blog: Blog, comment: Comment) -> None:
        """Plan how a citizen reacts to an answer of ours: once per comment, after a little while."""
        user = blog.users.get(comment.user_id)
        parent = blog.comments.get(comment.parent_id)
        if user is None or user.role == "subscriber" or parent is None or parent.user_id:
            return
        place = (blog.key, parent.id)
        if place in self._answered or parent.status not in ("approved", "hold"):
            return
        self._answered.add(place)
        feeling = self.feelings.get(place) or Feeling(Citizen("", parent.name, parent.email), "asks", "")
        chance = Random(f"{self.seed}/reaction/{blog.key}/{parent.key or parent.id}")
        chosen = reaction_to(feeling, chance)
        if chosen is None:
            return
        mood, text = chosen
        line = Line(f"{parent.key or parent.id}+", "", feeling.citizen.key, 0.0, text, mood=mood)
        answer_id, due_s = comment.id, self.clock.monotonic_s() + chance.randint(4 * 60, 18 * 60)

        def react() -> Happened | None:
            post = blog.posts.get(comment.post_id)
            answer = blog.comments.get(answer_id)
            if post is None or post.status != "publish" or answer is None or answer.status != "approved":
                return None
            self._citizen_says(blog, post, answer_id, line, feeling.citizen, self._stamp())
            return Happened(due_s, "Reaction", line.key)

        self._plan(due_s, react)

    def _on_published(self, blog: Blog, post: Post) -> None:
        """Plan two comments under a post that we published."""
        regulars = [c for c in self.citizens.values() if c.language == "en" and blog.known(c.email)]
        if post.type != "post" or len(regulars) < 2:
            return
        chance = Random(f"{self.seed}/published/{blog.key}/{post.id}")
        texts = chance.sample(reactions.UNDER_OUR_POST, 2)
        for number, citizen in enumerate(chance.sample(regulars, 2)):
            due_s = self.clock.monotonic_s() + chance.randint(5 * 60, 15 * 60) * (number + 1)
            line = Line(f"p{post.id}.{number}", "", citizen.key, 0.0, texts[number], mood="asks")
            self._plan(due_s, self._comment_under(blog, post.id, line, citizen, due_s))

    def _comment_under(
        self, blog: Blog, post_id: int, line: Line, citizen: Citizen, due_s: float
    ) -> Callable[[], Happened | None]:
        def comment() -> Happened | None:
            post = blog.posts.get(post_id)
            if post is None or post.status != "publish" or post.comment_status != "open":
                return None
            self._citizen_says(blog, post, 0, line, citizen, self._stamp())
            return Happened(due_s, "Comment", line.key)

        return comment


def reaction_to(feeling: Feeling, chance: Random) -> tuple[str, str] | None:
    """Mood and words of somebody who was answered; ``None`` when they have nothing to add."""
    if feeling.mood in ("thanks", "chats", "spam"):
        return None
    if feeling.then:
        return "thanks", feeling.then
    if feeling.mood in ("complains", "argues"):
        calm = chance.random() < 0.65
        return ("thanks", chance.choice(reactions.CALMER)) if calm else ("argues", chance.choice(reactions.STILL_CROSS))
    if feeling.citizen.language == "en" and chance.random() < 0.25:
        return "asks", chance.choice(reactions.FOLLOW_UP)
    return "thanks", chance.choice(reactions.THANKS.get(feeling.citizen.language, reactions.THANKS["en"]))


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except ZoneInfoNotFoundError:  # Windows without the tzdata package
        return UTC
