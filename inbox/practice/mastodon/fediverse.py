"""The town's Mastodon: the council's and the museum's server, its citizens there and elsewhere, and what they do.

``Fediverse(seed, clock)`` lays down two weeks of history, then ``advance()`` lets happen what is due by the story
clock, as ``World`` does for the blogs; citizens react when we answer them or publish. What is written carries the real
time of its arrival. ``place`` is the server: give it an ``address`` and serve it with ``mastodon_app``.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from random import Random

from inbox.clock import Clock
from inbox.practice.clock import PracticeClock
from inbox.practice.history import past
from inbox.practice.mastodon.entities import Media, Person, Status
from inbox.practice.mastodon.flavour import MODERN, Flavour
from inbox.practice.mastodon.media import drawn
from inbox.practice.mastodon.place import Place
from inbox.practice.mastodon.scene import (
    MUSEUM,
    US,
    Changed,
    Followed,
    Liked,
    Scene,
    Script,
    Shared,
    Toot,
    Voted,
    Withdrawn,
)
from inbox.practice.mastodon.script import HARBOUR_SOCIAL
from inbox.practice.story import reactions
from inbox.practice.story.people import CITIZENS
from inbox.practice.story.scene import Citizen
from inbox.practice.world import Feeling, Happened, reaction_to

DOMAIN = "social.harbour.example"
OFFICER, CURATOR = "harbour", "museum"
_FAR = ("fedi.example", "tide.example.net", "letters.example.org")
_EMOJIS = {"anchor": (20, 50, 90), "books": (140, 70, 30), "thumbs_boat": (230, 170, 40), "heart_boat": (190, 40, 60)}
_NAMED = {"skipper": ":anchor: Skipper Bolitho"}


class Fediverse:
    """The town's server. ``office``: the council's account, ``museum``: its sister's; ``happened``: what was live."""

    def __init__(
        self, seed: int, clock: Clock, *, script: Script = HARBOUR_SOCIAL, flavour: Flavour = MODERN
    ) -> None:  # fmt: skip
        self.seed = seed
        self.clock = clock
        self.real: Clock = clock.real if isinstance(clock, PracticeClock) else clock
        self.place = Place(clock=self.real, domain=DOMAIN, title="Harbour Social", flavour=flavour)
        self.happened: list[Happened] = []
        self.citizens = {citizen.key: citizen for citizen in CITIZENS}
        self.statuses: dict[str, Status] = {}  # by key in the script
        self.moods: dict[str, Feeling] = {}  # by status id
        self._answered: set[str] = set()
        self._agenda: list[tuple[float, int, Callable[[], bool], str, str]] = []
        self._order = count()
        for shortcode, rgb in _EMOJIS.items():
            self.place.add_emoji(shortcode, rgb)
        self.office = self.place.add_person(
            OFFICER, "Harbour Council", note="The council, answering weekdays 8 to 6.", language="en",
            fields=[("Web", "https://harbour.example"), ("Emergency", "Ring the number on the door")],
        )  # fmt: skip
        self.museum = self.place.add_person(CURATOR, "Harbour Museum", language="en")
        self.people = {citizen.key: self._settle(number, citizen) for number, citizen in enumerate(CITIZENS)}
        self._write_past(script)
        for scene in script.live:
            self._plan(float(scene.at) * 60, self._acting(scene), type(scene).__name__, scene.key)
        self.place.said.append(self._on_said)

    def advance(self) -> list[Happened]:
        """Let happen all that is due by the story clock; what happened, oldest first."""
        now_s = self.clock.monotonic_s()
        before = len(self.happened)
        while self._agenda and self._agenda[0][0] <= now_s:
            due_s, _, act, what, key = heapq.heappop(self._agenda)
            if act():
                self.happened.append(Happened(due_s, what, key))
        self.place.run_due()
        return self.happened[before:]

    def next_due_s(self) -> float | None:
        """The story second at which the next thing happens; ``None`` when nothing is planned."""
        return self._agenda[0][0] if self._agenda else None

    def _settle(self, number: int, citizen: Citizen) -> Person:
        """An account for a citizen: every fourth here, the others on three other servers."""
        domain = "" if number % 4 == 0 else _FAR[number % 4 - 1]
        spam = citizen.key in ("pills", "crypto", "seo")
        return self.place.add_person(
            citizen.key, _NAMED.get(citizen.key, citizen.name), domain=domain, language=citizen.language, limited=spam,
            at=self.place.now() - timedelta(days=9 if spam else 700 + number),
        )  # fmt: skip

    def _write_past(self, script: Script) -> None:
        """The two weeks before, in order of time; an answer never precedes what it answers."""
        start = self.place.now()
        times: dict[str, datetime] = {}
        timed: list[tuple[datetime, int, Scene]] = []
        for order, scene in enumerate(script.past):
            at = past(scene.at, start)
            if isinstance(scene, Toot) and scene.to:
                at = max(at, times[scene.to] + timedelta(minutes=2))
            at = min(at, start - timedelta(seconds=len(script.past) - order))
            if isinstance(scene, Toot):
                times[scene.key] = at
            timed.append((at, order, scene))
        for at, _, scene in sorted(timed, key=lambda row: row[:2]):
            self._do(scene, at)
        self.place.run_due()  # polls that ended by now

    def _plan(self, due_s: float, act: Callable[[], bool], what: str, key: str) -> None:
        heapq.heappush(self._agenda, (due_s, next(self._order), act, what, key))

    def _acting(self, scene: Scene) -> Callable[[], bool]:
        return lambda: self._do(scene, self.place.now())

    def _do(self, scene: Scene, at: datetime) -> bool:
        match scene:
            case Toot():
                return self._say(scene, at) is not None
            case Followed():
                for key in scene.by:
                    self.place.follow(self.people[key], self.office, at=at)
                return True
        status = self.statuses.get(scene.key)
        if status is None or status.id not in self.place.statuses:
            return False
        match scene:
            case Changed():
                self.place.edit(status, self._addressed(scene.text))
            case Withdrawn():
                self.place.remove(status)
            case Shared():
                for key in scene.by:
                    self.place.boost(self.people[key], status, at=at)
            case Liked():
                for key in scene.by:
                    self.place.favourite(self.people[key], status, at=at)
            case Voted():
                for key in scene.by:
                    self.place.vote(self.people[key], status, scene.choice)
        return True

    def _speaker(self, who: str) -> Person:
        return {US: self.office, MUSEUM: self.museum}.get(who) or self.people[who]

    def _addressed(self, text: str) -> str:
        """The text with our handle in it, and those of citizens as they really are."""
        for key, person in self.people.items():
            text = re.sub(rf"@{key}\b(@[\w.]+)?", f"@{person.acct}", text)
        return text.replace("@us", f"@{OFFICER}")

    def _say(self, toot: Toot, at: datetime) -> Status | None:
        """Put a line of the script into the world; ``None`` when what it answers is gone."""
        parent, quoted = self.statuses.get(toot.to), self.statuses.get(toot.quote)
        if any(s is not None and s.id not in self.place.statuses for s in (parent, quoted)):
            return None
        by = self._speaker(toot.who)
        status = self.place.say(
            by, self._addressed(toot.text), to=parent, visibility=toot.how, warning=toot.warning, html=toot.html,
            quote=quoted, media=[self._picture(by, toot.picture)] if toot.picture else (), poll=toot.poll,
            poll_s=toot.poll_s, at=at, late=toot.late, key=toot.key, language=toot.language or None,
            app=("Postroom", None) if toot.who in (US, MUSEUM) else None,
        )  # fmt: skip
        self.statuses[toot.key] = status
        if toot.who in self.citizens:
            self.moods[status.id] = Feeling(self.citizens[toot.who], toot.mood, toot.then)
        return status

    def _picture(self, by: Person, words: str) -> Media:
        """A plain picture in somebody's colour, with alt text."""
        media = Media(
            id=self.place.snowflake(), person_id=by.id, mime_type="image/png", data=drawn(by.id, 320, 180),
            at=self.place.now(), width=320, height=180, description=words,
        )  # fmt: skip
        self.place.media[media.id] = media
        return media

    def _on_said(self, status: Status) -> None:
        """Plan what citizens do when we answer one of them, or publish."""
        if status.person_id != self.office.id:
            return
        parent = self.place.statuses.get(status.parent_id or "")
        if parent is not None and parent.person_id not in (self.office.id, self.museum.id):
            self._plan_answer(status, parent)
        elif parent is None and status.visibility == "public":
            self._plan_echo(status)

    def _plan_answer(self, answer: Status, asked: Status) -> None:
        """Once for each thing said: thanks, a calmer word or another question, as open or private as our answer."""
        if asked.id in self._answered:
            return
        self._answered.add(asked.id)
        asker = self.place.people[asked.person_id]
        feeling = self.moods.get(asked.id) or Feeling(self.citizens[asker.username], "asks", "")
        chance = Random(f"{self.seed}/reaction/{asked.key or asked.id}")
        chosen = reaction_to(feeling, chance)
        if chosen is None:
            return
        mood, text = chosen
        due_s = self.clock.monotonic_s() + chance.randint(4 * 60, 18 * 60)
        key = f"{asked.key or asked.id}+"

        def react() -> bool:
            if answer.id not in self.place.statuses:
                return False
            said = self.place.say(asker, f"@{OFFICER} {text}", to=answer, key=key)
            self.moods[said.id] = Feeling(feeling.citizen, mood, "")
            return True

        self._plan(due_s, react, "Reaction", key)

    def _plan_echo(self, post: Status) -> None:
        """What happens under a post of ours: some like it, one boosts it, two ask."""
        regulars = [c for c in self.citizens.values() if c.language == "en" and not self.people[c.key].limited]
        chance = Random(f"{self.seed}/published/{post.id}")
        now_s = self.clock.monotonic_s()
        liking, boosting, asking = (chance.sample(regulars, n) for n in (3, 1, 2))

        def if_there(deed: Callable[[], object]) -> Callable[[], bool]:
            def act() -> bool:
                if post.id not in self.place.statuses:
                    return False
                deed()
                return True

            return act

        for number, who in enumerate(liking):
            like = partial(self.place.favourite, self.people[who.key], post)
            self._plan(now_s + 120 + 200 * number, if_there(like), "Liked", f"{post.id}.l{number}")
        for who in boosting:
            boost = partial(self.place.boost, self.people[who.key], post)
            self._plan(now_s + chance.randint(200, 500), if_there(boost), "Shared", f"{post.id}.s")
        texts = chance.sample(reactions.UNDER_OUR_POST, len(asking))
        for number, who in enumerate(asking):
            key = f"{post.id}.{number}"
            ask = partial(self._say_under, post, who, texts[number], key)
            self._plan(now_s + chance.randint(300, 900) * (number + 1), if_there(ask), "Toot", key)

    def _say_under(self, post: Status, who: Citizen, text: str, key: str) -> None:
        said = self.place.say(self.people[who.key], f"@{OFFICER} {text}", to=post, key=key)
        self.moods[said.id] = Feeling(who, "asks", "")
