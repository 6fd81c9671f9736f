"""The town on LinkedIn: the council's page, its citizens at work, and what they do.

``Village(seed, clock)`` lays down two weeks of history, then ``advance()`` lets happen what is due by the story clock,
as ``World`` does for the blogs; people react when the page answers them or publishes. ``network`` is what
``linkedin_app`` serves. Its app is of the Standard tier, with as many calls as practice needs.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from random import Random

from inbox.clock import Clock
from inbox.practice.clock import PracticeClock
from inbox.practice.history import past
from inbox.practice.linkedin.entities import Comment, Member, Post
from inbox.practice.linkedin.network import Network
from inbox.practice.linkedin.script import LIVE, PAST, US, Changed, Liked, Said, Scene, Shared, Withdrawn
from inbox.practice.story import reactions
from inbox.practice.story.people import CITIZENS
from inbox.practice.story.scene import Citizen
from inbox.practice.world import Feeling, Happened, reaction_to

_RESERVED = str.maketrans({c: f"\\{c}" for c in "|{}[]()<>\\*_~"})
STANDARD_CALLS = 1_000_000


class Village:
    """``page``: the council's; ``admin``: who administers it; ``happened``: what was live."""

    def __init__(
        self, seed: int, clock: Clock, *, script: tuple[tuple[Scene, ...], tuple[Scene, ...]] = (PAST, LIVE)
    ) -> None:
        self.seed = seed
        self.clock = clock
        self.real: Clock = clock.real if isinstance(clock, PracticeClock) else clock
        self.network = Network(self.real, seed=seed)
        self.network.calls_a_day = self.network.app_calls_a_day = STANDARD_CALLS
        self.network.statistics_lag_s = 300
        self.happened: list[Happened] = []
        self.citizens = {citizen.key: citizen for citizen in CITIZENS}
        self.page = self.network.add_organization("Harbour Council", "harbour-council")
        self.admin = self.network.add_member("Robin", "Press", headline="Communications officer, Harbour Council")
        self.network.appoint(self.admin, self.page)
        self.network.add_app(native=True, tier="standard")
        self.people = {citizen.key: self._settle(citizen) for citizen in CITIZENS}
        self.posts: dict[str, Post] = {}
        self.comments: dict[str, Comment] = {}
        self.moods: dict[str, Feeling] = {}  # by comment number
        self._answered: set[str] = set()
        self._agenda: list[tuple[float, int, Callable[[], bool], str, str]] = []
        self._order = count()
        self._write_past(script[0])
        for scene in script[1]:
            self._plan(float(scene.at) * 60, self._acting(scene), type(scene).__name__, scene.key)
        self.network.said.append(self._on_said)
        self.network.posted.append(self._on_posted)

    def token(self) -> str:
        """What the officer signs in with."""
        return self.network.token_for(self.admin)

    def advance(self) -> list[Happened]:
        """Let happen all that is due by the story clock; what happened, oldest first."""
        now_s, before = self.clock.monotonic_s(), len(self.happened)
        while self._agenda and self._agenda[0][0] <= now_s:
            due_s, _, act, what, key = heapq.heappop(self._agenda)
            if act():
                self.happened.append(Happened(due_s, what, key))
        return self.happened[before:]

    def next_due_s(self) -> float | None:
        """The story second at which the next thing happens; ``None`` when nothing is planned."""
        return self._agenda[0][0] if self._agenda else None

    def _settle(self, citizen: Citizen) -> Member:
        """Every fifth keeps their name from programs."""
        first, _, last = citizen.name.partition(" ")
        private = len(self.network.members) % 5 == 4
        return self.network.add_member(first, last, private=private, headline="Harbour")

    def _write_past(self, scenes: tuple[Scene, ...]) -> None:
        start = self.network.now()
        timed = sorted(((past(s.at, start), n, s) for n, s in enumerate(scenes)), key=lambda row: row[:2])
        for at, _, scene in timed:
            self._do(scene, min(at, start - timedelta(minutes=1)))

    def _plan(self, due_s: float, act: Callable[[], bool], what: str, key: str) -> None:
        heapq.heappush(self._agenda, (due_s, next(self._order), act, what, key))

    def _acting(self, scene: Scene) -> Callable[[], bool]:
        return lambda: self._do(scene, None)

    def _do(self, scene: Scene, at: datetime | None) -> bool:
        match scene:
            case Said():
                return self._say(scene, at)
            case Shared():
                return self._share(scene, at)
            case Liked():
                post = self.posts.get(scene.key)
                if post is None or post.urn not in self.network.posts:
                    return False
                for key in scene.by:
                    self.network.like(self.people[key], post, at=at)
                return True
        comment = self.comments.get(scene.key)
        if comment is None or comment.id not in self.network.comments:
            return False
        match scene:
            case Changed():
                self.network.edit_comment(comment, scene.text)
            case Withdrawn():
                self.network.remove_comment(comment)
        return True

    def _say(self, scene: Said, at: datetime | None) -> bool:
        if scene.who == US and not scene.to:
            content = {}
            if scene.poll:
                options = [{"text": option, "voteCount": 3 * n} for n, option in enumerate(scene.poll, 1)]
                question = scene.text.splitlines()[0][:140]
                content = {"poll": {"question": question, "options": options, "settings": {"duration": "SEVEN_DAYS"}}}
            self.posts[scene.key] = self.network.publish(
                self.page.urn, scene.text.translate(_RESERVED), at=at, content=content, key=scene.key
            )
            return True
        to = self.comments.get(scene.to)
        post = self.network.post_of(to) if to is not None else self.posts.get(scene.to)
        if post is None or post.urn not in self.network.posts:
            return False
        ours = scene.who == US
        actor = self.page.urn if ours else self.people[scene.who].urn
        silent, self.network.silent = self.network.silent, scene.quiet
        made = self.network.comment(
            actor, post, scene.text, to=to, at=at, key=scene.key, impersonator=self.admin.urn if ours else ""
        )
        self.network.silent = silent
        self.comments[scene.key] = made
        if not ours:
            self.moods[made.id] = Feeling(self.citizens[scene.who], scene.mood, scene.then)
        return True

    def _share(self, scene: Shared, at: datetime | None) -> bool:
        member = self.people[scene.who]
        if scene.of:
            post = self.posts.get(scene.of)
            if post is None or post.urn not in self.network.posts:
                return False
            self.network.share(member, post, scene.text, at=at)
        else:
            self.network.mention(member, self.page, scene.text.replace("2414183", self.page.id), at=at)
        return True

    # --- how people react ---

    def _on_said(self, answer: Comment) -> None:
        """Once for each thing said: thanks, a calmer word or another question below our answer."""
        asked = self.network.comments.get(answer.parent)
        feeling = self.moods.get(asked.id) if asked is not None else None
        if asked is None or feeling is None or asked.id in self._answered:
            return
        self._answered.add(asked.id)
        chance = Random(f"{self.seed}/reaction/{asked.key or asked.id}")
        chosen = reaction_to(feeling, chance)
        if chosen is None:
            return
        mood, text = chosen
        key = f"{asked.key or asked.id}+"

        def react() -> bool:
            post = self.network.post_of(asked)
            if post is None or asked.id not in self.network.comments:
                return False
            said = self.network.comment(asked.actor, post, text, to=asked, key=key)
            self.moods[said.id] = Feeling(feeling.citizen, mood, "")
            return True

        self._plan(self.clock.monotonic_s() + chance.randint(4 * 60, 18 * 60), react, "Reaction", key)

    def _on_posted(self, post: Post) -> None:
        """What happens below a post of ours: some like it, two ask."""
        regulars = [c for c in self.citizens.values() if c.language == "en" and c.key not in ("pills", "crypto", "seo")]
        chance = Random(f"{self.seed}/published/{post.urn}")
        now_s = self.clock.monotonic_s()
        asking = chance.sample(regulars, 2)
        texts = chance.sample(reactions.UNDER_OUR_POST, 2)

        def liked() -> bool:
            if post.urn not in self.network.posts:
                return False
            for citizen in chance.sample(regulars, 3):
                self.network.like(self.people[citizen.key], post)
            return True

        def asks(citizen: Citizen, text: str, key: str) -> Callable[[], bool]:
            def act() -> bool:
                if post.urn not in self.network.posts:
                    return False
                said = self.network.comment(self.people[citizen.key].urn, post, text, key=key)
                self.moods[said.id] = Feeling(citizen, "asks", "")
                return True

            return act

        self._plan(now_s + 150, liked, "Liked", f"{post.urn}.l")
        for number, citizen in enumerate(asking):
            key = f"{post.urn}.{number}"
            due_s = now_s + chance.randint(300, 900) * (number + 1)
            self._plan(due_s, asks(citizen, texts[number], key), "Said", key)
