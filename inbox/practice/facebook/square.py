"""The town's Facebook: the council's Page, its citizens, and what they do.

``Square(seed, clock)`` lays down two weeks of history, then ``advance()`` lets happen what is due by the story clock,
as ``World`` does for the blogs; citizens react when we answer them or publish. What is written carries the real time
of its arrival. ``network`` is what is served with ``facebook_app``; ``token`` what the officer pastes.
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
from inbox.practice.facebook import entities
from inbox.practice.facebook.entities import Comment, Page, Person, Photo, Post
from inbox.practice.facebook.network import Network
from inbox.practice.facebook.scene import US, Faced, Rated, Reworded, Said, Scene, Script, Withdrawn
from inbox.practice.facebook.script import HARBOUR_PAGE
from inbox.practice.history import past
from inbox.practice.mastodon.media import drawn
from inbox.practice.story import reactions
from inbox.practice.story.people import CITIZENS
from inbox.practice.story.scene import Citizen
from inbox.practice.world import Feeling, Happened, reaction_to

USERNAME = "harbourcouncil"
_SPAM = ("pills", "crypto", "seo")
Thing = Post | Comment | entities.Said


class Square:
    """The town's network. ``page``: the council's; ``happened``: what was live."""

    def __init__(self, seed: int, clock: Clock, *, script: Script = HARBOUR_PAGE) -> None:
        self.seed = seed
        self.clock = clock
        self.real: Clock = clock.real if isinstance(clock, PracticeClock) else clock
        self.network = Network(clock=self.real)
        self.app = self.network.add_app()
        self.officer = self.network.add_person("Olga Officer")
        self.page: Page = self.network.add_page("Harbour Council", USERNAME, self.officer)
        self.citizens = {citizen.key: citizen for citizen in CITIZENS}
        self.people: dict[str, Person] = {c.key: self.network.add_person(c.name) for c in CITIZENS}
        self.happened: list[Happened] = []
        self.things: dict[str, Thing] = {}  # by key in the script
        self.moods: dict[str, Feeling] = {}  # by id of a post, comment or message
        self._answered: set[str] = set()
        self._agenda: list[tuple[float, int, Callable[[], bool], str, str]] = []
        self._order = count()
        self._write_past(script)
        for scene in script.live:
            self._plan(float(scene.at) * 60, partial(self._do_now, scene), type(scene).__name__, scene.key)
        self.network.said.append(self._on_said)

    @property
    def token(self) -> str:
        """A system user's token for the Page, as it is made in Meta's settings."""
        network = self.network
        made = [t.text for t in network.tokens.values() if t.kind == "SYSTEM_USER" and not t.dead]
        return made[0] if made else network.token_for(self.officer, self.app)

    def advance(self) -> list[Happened]:
        """Let happen all that is due by the story clock; what happened, oldest first."""
        now_s = self.clock.monotonic_s()
        before = len(self.happened)
        while self._agenda and self._agenda[0][0] <= now_s:
            due_s, _, act, what, key = heapq.heappop(self._agenda)
            if act():
                self.happened.append(Happened(due_s, what, key))
        self.network.run_due()
        return self.happened[before:]

    def next_due_s(self) -> float | None:
        """The story second at which the next thing happens; ``None`` when nothing is planned."""
        return self._agenda[0][0] if self._agenda else None

    # --- the script ---

    def _write_past(self, script: Script) -> None:
        """The two weeks before, in order of time; an answer never precedes what it answers."""
        start = self.network.now()
        times: dict[str, datetime] = {}
        timed: list[tuple[datetime, int, Scene]] = []
        for order, scene in enumerate(script.past):
            at = past(scene.at, start)
            if isinstance(scene, Said) and scene.to:
                at = max(at, times[scene.to] + timedelta(minutes=2))
            at = min(at, start - timedelta(seconds=len(script.past) - order))
            times[scene.key] = at
            timed.append((at, order, scene))
        for at, _, scene in sorted(timed, key=lambda row: row[:2]):
            self._do(scene, at)

    def _plan(self, due_s: float, act: Callable[[], bool], what: str, key: str) -> None:
        heapq.heappush(self._agenda, (due_s, next(self._order), act, what, key))

    def _do_now(self, scene: Scene) -> bool:
        return self._do(scene, self.network.now())

    def _do(self, scene: Scene, at: datetime) -> bool:
        match scene:
            case Said():
                return self._say(scene, at)
            case Rated():
                self.network.rate(
                    self.people[scene.who], self.page, scene.text, positive=scene.positive, named=scene.named, at=at
                )
                return True
        thing = self.things.get(scene.key)
        if not isinstance(thing, Post | Comment) or not self._there(thing):
            return False
        match scene:
            case Faced():
                for key in scene.by:
                    self.network.react(self.people[key], thing, scene.face)
            case Reworded():
                self.network.edit(thing, scene.text)
            case Withdrawn():
                self.network.remove(thing)
        return True

    def _say(self, line: Said, at: datetime) -> bool:
        network, page = self.network, self.page
        by: Person | Page = page if line.who == US else self.people[line.who]
        to = self.things.get(line.to)
        if line.to and (to is None or not self._there(to)):
            return False
        made: Thing
        photo = self._picture(line.key, at) if line.picture else None
        if line.how == "private":
            asker = self.people[line.who] if line.who != US else self._person_behind(to)
            made = network.tell(by, page, asker, line.text, at=at)
        elif isinstance(to, Post | Comment):
            made = network.comment(by, to, line.text, at=at, key=line.key, photo_id=photo.id if photo else "")
        else:
            photos = (photo.id,) if photo else ()
            if line.how == "tag" and isinstance(by, Person):
                made = network.tag(by, page, line.text, at=at, key=line.key, photo_ids=photos)
            elif line.how == "reel":
                made = network.film(page, line.text, at=at, key=line.key)
            else:
                made = network.write(by, page, line.text, at=at, key=line.key, photo_ids=photos, link=line.link)
        self.things[line.key] = made
        if line.who in self.citizens:
            self.moods[made.id] = Feeling(self.citizens[line.who], line.mood, line.then)
        return True

    def _picture(self, owner: str, at: datetime) -> Photo:
        photo = Photo(
            id=self.network.fresh_id(), page_id=self.page.id, data=drawn(owner, 320, 180), mime_type="image/png", at=at,
            published=True, width=320, height=180,
        )  # fmt: skip
        self.network.photos[photo.id] = photo
        return photo

    def _there(self, thing: Thing) -> bool:
        if isinstance(thing, Post):
            return thing.id in self.network.posts
        return not isinstance(thing, Comment) or thing.id in self.network.comments

    def _person_behind(self, thing: Thing | None) -> Person:
        """Who a private message of ours is for."""
        for talk in self.network.talks.values():
            if thing in talk.said:
                return self.network.people[talk.person_id]
        raise ValueError("a private answer answers nobody")

    # --- reactions ---

    def _on_said(self, made: Thing) -> None:
        """Plan what citizens do when we answer one of them, or publish."""
        match made:
            case Post():
                self._plan_echo(made)
            case Comment():
                asked = self._asked_by(made)
                if asked is not None:
                    self._plan_reaction(asked, partial(self._under, made))
            case entities.Said():
                talk = next(t for t in self.network.talks.values() if made in t.said)
                theirs = [s for s in talk.said if s.by == talk.person_id]
                if theirs:
                    self._plan_reaction(theirs[-1], partial(self._privately, self.network.people[talk.person_id]))

    def _asked_by(self, answer: Comment) -> Post | Comment | None:
        """What our comment answers: the last word of somebody else above it."""
        if not answer.parent_id:
            post = self.network.posts.get(answer.post_id)
            return post if post is not None and post.author_id != self.page.id else None
        above = [
            c for c in self.network.comments.values()
            if answer.parent_id in {c.id, c.parent_id} and c.author_id != self.page.id and c.id in self.moods
        ]  # fmt: skip
        return max(above, key=lambda c: c.at, default=None)

    def _plan_reaction(self, asked: Thing, say: Callable[[Citizen, str], Thing]) -> None:
        """Once for each thing said: thanks, a calmer word or another question."""
        feeling = self.moods.get(asked.id)
        if feeling is None or asked.id in self._answered:
            return
        self._answered.add(asked.id)
        name = getattr(asked, "key", "") or asked.id
        chance = Random(f"{self.seed}/reaction/{name}")
        chosen = reaction_to(feeling, chance)
        if chosen is None:
            return
        mood, text = chosen

        def react() -> bool:
            said = say(feeling.citizen, text)
            self.moods[said.id] = Feeling(feeling.citizen, mood, "")
            return True

        due_s = self.clock.monotonic_s() + chance.randint(4 * 60, 18 * 60)
        self._plan(due_s, react, "Reaction", f"{name}+")

    def _under(self, answer: Comment, citizen: Citizen, text: str) -> Thing:
        to = answer if answer.id in self.network.comments else self.network.posts[answer.post_id]
        return self.network.comment(self.people[citizen.key], to, text)

    def _privately(self, person: Person, citizen: Citizen, text: str) -> Thing:
        return self.network.tell(person, self.page, person, text)

    def _plan_echo(self, post: Post) -> None:
        """What happens under a post of ours: some like it, two ask."""
        regulars = [c for c in self.citizens.values() if c.language == "en" and c.key not in _SPAM]
        chance = Random(f"{self.seed}/published/{post.message}")
        now_s = self.clock.monotonic_s()
        liking, asking = chance.sample(regulars, 4), chance.sample(regulars, 2)
        for number, who in enumerate(liking):
            like = partial(self._if_there, post, partial(self.network.react, self.people[who.key], post))
            self._plan(now_s + 120 + 150 * number, like, "Faced", f"{post.id}.l{number}")
        texts = chance.sample(reactions.UNDER_OUR_POST, len(asking))
        for number, who in enumerate(asking):
            ask = partial(self._if_there, post, partial(self._ask, post, who, texts[number]))
            self._plan(now_s + chance.randint(300, 900) * (number + 1), ask, "Said", f"{post.id}.{number}")

    def _if_there(self, post: Post, deed: Callable[[], object]) -> bool:
        if post.id not in self.network.posts:
            return False
        deed()
        return True

    def _ask(self, post: Post, who: Citizen, text: str) -> None:
        said = self.network.comment(self.people[who.key], post, text)
        self.moods[said.id] = Feeling(who, "asks", "")
