"""The town's X: the council's account, its citizens, and what they do.

``Street(seed, clock)`` lays down what was said lately, then ``advance()`` lets happen what is due by the story clock,
as ``World`` does for the blogs; citizens react when we answer them or publish. What is written carries the real time of
its arrival. ``network`` is what is served with ``x_app``; ``keys`` what the officer pastes.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from random import Random

from inbox.clock import Clock
from inbox.practice.clock import PracticeClock
from inbox.practice.history import past
from inbox.practice.mastodon.media import drawn
from inbox.practice.story import reactions
from inbox.practice.story.people import CITIZENS
from inbox.practice.world import Feeling, Happened, reaction_to
from inbox.practice.x.network import Event, Network, Post, Upload, User
from inbox.practice.x.scene import US, Changed, Posted, Scene, Script, Withdrawn
from inbox.practice.x.script import HARBOUR_ON_X

USERNAME = "harbour"
PORTS = (8765, 8766, 8767)
LAG_S = 2.0
_SPAM = ("pills", "crypto", "seo")


class Street:
    """The town's network. ``office``: the council's account; ``happened``: what was live."""

    def __init__(self, seed: int, clock: Clock, *, script: Script = HARBOUR_ON_X) -> None:
        self.seed = seed
        self.clock = clock
        real: Clock = clock.real if isinstance(clock, PracticeClock) else clock
        self.network = Network(real)
        self.office = self.network.add_user(USERNAME, "Harbour Council")
        self.citizens = {citizen.key: citizen for citizen in CITIZENS}
        self.people = {c.key: self.network.add_user(c.key, c.name) for c in CITIZENS}
        callbacks = [f"http://127.0.0.1:{port}/callback" for port in PORTS]
        self.app = self.network.add_app(self.office, callbacks=callbacks)
        self.keys = self.network.keys_for(self.app, self.office)
        self.network.browser = self.office
        self.happened: list[Happened] = []
        self.posts: dict[str, Post] = {}  # by key in the script
        self.moods: dict[str, Feeling] = {}  # by id of a post or an event
        self._answered: set[str] = set()
        self._agenda: list[tuple[float, int, Callable[[], bool], str, str]] = []
        self._order = count()
        self._write_past(script)
        for scene in script.live:
            self._plan(float(scene.at) * 60, partial(self._do_now, scene), type(scene).__name__, scene.key)
        self.network.said.append(self._on_said)
        self.network.messaged.append(self._on_messaged)
        self.network.lag_s = LAG_S

    def advance(self) -> list[Happened]:
        """Let happen all that is due by the story clock; what happened, oldest first."""
        now_s = self.clock.monotonic_s()
        before = len(self.happened)
        while self._agenda and self._agenda[0][0] <= now_s:
            due_s, _, act, what, key = heapq.heappop(self._agenda)
            if act():
                self.happened.append(Happened(due_s, what, key))
        return self.happened[before:]

    def next_due_s(self) -> float | None:
        """The story second at which the next thing happens; ``None`` when nothing is planned."""
        return self._agenda[0][0] if self._agenda else None

    # --- the script ---

    def _write_past(self, script: Script) -> None:
        """What was said before, in order of time; an answer never precedes what it answers."""
        start = self.network.now()
        times: dict[str, datetime] = {}
        timed: list[tuple[datetime, int, Scene]] = []
        for order, scene in enumerate(script.past):
            at = past(scene.at, start)
            for above in (scene.to, scene.quote) if isinstance(scene, Posted) else ():
                at = max(at, times[above] + timedelta(minutes=2)) if above else at
            times[scene.key] = at = min(at, start - timedelta(seconds=len(script.past) - order))
            timed.append((at, order, scene))
        for at, _, scene in sorted(timed, key=lambda row: row[:2]):
            self._do(scene, at)

    def _plan(self, due_s: float, act: Callable[[], bool], what: str, key: str) -> None:
        heapq.heappush(self._agenda, (due_s, next(self._order), act, what, key))

    def _do_now(self, scene: Scene) -> bool:
        return self._do(scene, None)

    def _do(self, scene: Scene, at: datetime | None) -> bool:
        if isinstance(scene, Posted):
            return self._say(scene, at)
        post = self.posts.get(scene.key)
        if post is None or post.id not in self.network.posts:
            return False
        match scene:
            case Changed():
                self.posts[scene.key] = self.network.edit(post, scene.text.replace("@us", f"@{USERNAME}"))
            case Withdrawn():
                self.network.remove(post)
        return True

    def _say(self, scene: Posted, at: datetime | None) -> bool:
        by = self.office if scene.who == US else self.people[scene.who]
        text = scene.text.replace("@us", f"@{USERNAME}")
        if scene.direct:
            event = self.network.message(by, self.office, text, at=at)
            self._feels(scene, event.id)
            return True
        above, quoted = self.posts.get(scene.to), self.posts.get(scene.quote)
        if any(p is not None and p.id not in self.network.posts for p in (above, quoted)):
            return False
        media = [self._picture(by, scene.picture)] if scene.picture else []
        post = self.network.say(by, text, to=above, quote=quoted, at=at, media=media, language=scene.language or "en")
        self.posts[scene.key] = post
        self._feels(scene, post.id)
        return True

    def _feels(self, scene: Posted, number: str) -> None:
        if scene.who in self.citizens:
            self.moods[number] = Feeling(self.citizens[scene.who], scene.mood, scene.then)

    def _picture(self, by: User, words: str) -> str:
        now = self.network.now()
        upload = Upload(
            id=self.network.ids.at(now), owner_id=by.id, mime_type="image/png", at=now, data=drawn(by.id, 320, 180),
            alt_text=words, finished=True,
        )  # fmt: skip
        self.network.uploads[upload.id] = upload
        return upload.id

    # --- what citizens do when we speak ---

    def _on_said(self, post: Post) -> None:
        if post.author_id != self.office.id:
            return
        above = self.network.posts.get(post.parent_id)
        if above is not None and above.author_id != self.office.id:
            self._plan_reaction(above.id, partial(self._answer, post, self.network.users[above.author_id]))
        elif above is None:
            self._plan_echo(post)

    def _on_messaged(self, event: Event) -> None:
        if event.sender_id != self.office.id:
            return
        earlier = [
            e for e in self.network.events
            if e.conversation_id == event.conversation_id and e.sender_id != self.office.id and e.id in self.moods
        ]  # fmt: skip
        if earlier:
            asker = self.network.users[earlier[-1].sender_id]
            self._plan_reaction(earlier[-1].id, partial(self._message, asker))

    def _plan_reaction(self, asked: str, speak: Callable[[str], str]) -> None:
        """Once for each thing said: thanks, a calmer word or another question."""
        feeling = self.moods.get(asked)
        if feeling is None or asked in self._answered or feeling.citizen.key in _SPAM:
            return
        self._answered.add(asked)
        chance = Random(f"{self.seed}/x/{asked}")
        chosen = reaction_to(feeling, chance)
        if chosen is None:
            return
        mood, text = chosen

        def react() -> bool:
            number = speak(text)
            self.moods[number] = Feeling(feeling.citizen, mood, "")
            return True

        self._plan(self.clock.monotonic_s() + chance.randint(4 * 60, 18 * 60), react, "Reaction", f"{asked}+")

    def _answer(self, post: Post, asker: User, text: str) -> str:
        above = post if post.id in self.network.posts else None
        return self.network.say(asker, f"@{USERNAME} {text}", to=above).id

    def _message(self, asker: User, text: str) -> str:
        return self.network.message(asker, self.office, text).id

    def _plan_echo(self, post: Post) -> None:
        """Under a post of ours two ask: one names us, so that we may answer from here, one does not."""
        regulars = [c for c in self.citizens.values() if c.language == "en" and c.key not in _SPAM]
        chance = Random(f"{self.seed}/published/{post.id}")
        texts = chance.sample(reactions.UNDER_OUR_POST, 2)
        for number, (who, text) in enumerate(zip(chance.sample(regulars, 2), texts, strict=True)):
            words = f"@{USERNAME} {text}" if number == 0 else text

            def ask(key: str = who.key, words: str = words) -> bool:
                if post.id not in self.network.posts:
                    return False
                said = self.network.say(self.people[key], words, to=post)
                self.moods[said.id] = Feeling(self.citizens[key], "asks", "")
                return True

            due_s = self.clock.monotonic_s() + chance.randint(300, 900) * (number + 1)
            self._plan(due_s, ask, "Posted", f"{post.id}.{number}")
