"""The council's bulletins and its mailbox as the town lives through them.

``Bureau(seed, clock)`` lays down two weeks of bulletins and answers, then ``advance()`` lets happen what is due by the
story clock, as ``World`` does for the blogs: letters arrive, colleagues send a bulletin, opens and clicks come in, and
citizens write back when we answer them or send something ourselves.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from email import message_from_bytes
from itertools import count
from random import Random

from inbox.clock import Clock
from inbox.practice.clock import PracticeClock
from inbox.practice.govdelivery.agency import Agency, Bulletin
from inbox.practice.govdelivery.post_office import Posted, PostOffice
from inbox.practice.govdelivery.script import LIVE, PAST, TOPICS, Issue, Letter
from inbox.practice.govdelivery.servers import MailServers
from inbox.practice.history import past
from inbox.practice.story.people import CITIZENS
from inbox.practice.world import Feeling, Happened, reaction_to

CODE = "HARBOUR"
ADDRESS = "news@harbour.example"
API_USER = "postroom@harbour.example"
_ECHOES = (
    "Thank you for telling us. Is there more about it somewhere?",
    "Could you send this in large print as well? My father reads it too.",
    "How do I get these for my street only?",
)


class Bureau:
    """``agency`` is the account, ``office`` its mailbox, ``mail`` the servers of it (start and stop them)."""

    def __init__(self, seed: int, clock: Clock) -> None:
        self.seed = seed
        self.clock = clock
        self.real: Clock = clock.real if isinstance(clock, PracticeClock) else clock
        self.agency = Agency(code=CODE, clock=self.real, from_address=ADDRESS, title="Harbour Council")
        self.office = PostOffice(address=ADDRESS, clock=self.real)
        self.mail = MailServers(self.office)
        self.password = self.agency.add_user(API_USER)
        self.token = self.agency.add_token()
        self.happened: list[Happened] = []
        self.citizens = {c.key: c for c in CITIZENS}
        self._bulletins: dict[str, Bulletin] = {}
        self._letters: dict[str, tuple[Letter, str]] = {}  # key -> letter and its Message-ID
        self._by_address = {c.email: c.key for c in CITIZENS}
        self._answered: set[str] = set()
        self._heard: deque[Posted] = deque()  # from the mail server's thread
        self._agenda: list[tuple[float, int, Callable[[], None], str, str]] = []
        self._order = count()
        self._telling = True
        self._lay_down()
        self.agency.sent.append(self._on_sent)
        self.office.answered.append(self._heard.append)

    @property
    def sign_in(self) -> dict[str, str]:
        """What the officer types into the form, while the mail servers run."""
        return {
            "user": API_USER, "password": self.password, "token": self.token, "reports": str(self.agency.number),
            "imap": self.mail.imap, "smtp": self.mail.smtp, "mail_user": ADDRESS,
            "mail_password": self.office.password, "sent": "Sent",
        }  # fmt: skip

    def advance(self) -> list[Happened]:
        """Let happen all that is due by the story clock; what happened, oldest first."""
        while self._heard:
            self._on_answered(self._heard.popleft())
        now_s = self.clock.monotonic_s()
        before = len(self.happened)
        while self._agenda and self._agenda[0][0] <= now_s:
            due_s, _, act, what, key = heapq.heappop(self._agenda)
            act()
            self.happened.append(Happened(due_s, what, key))
        return self.happened[before:]

    def next_due_s(self) -> float | None:
        """The story second at which the next thing happens; None when nothing is planned."""
        return self._agenda[0][0] if self._agenda else None

    def _lay_down(self) -> None:
        start = self.real.now().replace(microsecond=0)
        for code, name, category, many in TOPICS:
            self.agency.add_category(category, category.capitalize())
            self.agency.add_topic(code, name, categories={category})
            for number in range(many):
                self.agency.subscribe(f"subscriber{number}@{code.lower().replace('_', '-')}.example", code)
        for number, citizen in enumerate(CITIZENS):
            live = [code for code, *_, many in TOPICS if many]
            self.agency.subscribe(citizen.email, live[number % len(live)])
        self.agency.topics["HARBOUR_BINS"].watches = True
        self.agency.topics["HARBOUR_BINS"].page = "https://harbour.example/bins"
        for scene in sorted(PAST, key=lambda scene: past(scene.at, start)):
            self._do(scene, past(scene.at, start))
        self._telling = False
        for scene in LIVE:
            self._plan(float(scene.at) * 60, lambda scene=scene: self._do(scene, self.real.now()), scene)  # type: ignore[misc]

    def _plan(self, due_s: float, act: Callable[[], None], scene: Issue | Letter) -> None:
        heapq.heappush(self._agenda, (due_s, next(self._order), act, type(scene).__name__, scene.key))

    def _do(self, scene: Issue | Letter, at: datetime) -> None:
        if isinstance(scene, Letter):
            self._write(scene, at)
            return
        body = "".join(f"<p>{p}</p>" for p in scene.text.split("\n\n"))
        bulletin = self.agency.draft(subject=scene.subject, body=body, topics=list(scene.topics), categories=[])
        was, self._telling = self._telling, True
        self.agency.send(bulletin)
        self._telling = was
        bulletin.created_at = bulletin.sent_at = at
        self._bulletins[scene.key] = bulletin
        if was:
            self._read(bulletin, scene.opens, scene.clicks)
        else:
            self._plan_reading(bulletin, scene)

    def _plan_reading(self, bulletin: Bulletin, scene: Issue) -> None:
        now_s = self.clock.monotonic_s()
        for minutes, share in ((12, 0.3), (45, 0.7), (150, 1.0)):
            opens, clicks = round(scene.opens * share), round(scene.clicks * share)
            due_s = now_s + minutes * 60
            self._plan(due_s, lambda o=opens, c=clicks: self._read(bulletin, o, c), scene)  # type: ignore[misc]

    def _read(self, bulletin: Bulletin, opens: int, clicks: int) -> None:
        many = len(bulletin.recipients)
        bulletin.opens, bulletin.all_opens = many * opens // 100, many * opens // 70
        bulletin.clicks, bulletin.all_clicks = many * clicks // 100, many * clicks // 80

    def _write(self, letter: Letter, at: datetime) -> None:
        citizen = self.citizens[letter.who]
        subject, answers = letter.subject, ""
        if letter.about in self._bulletins:
            subject = subject or f"Re: {self._bulletins[letter.about].subject}"
        elif letter.about in self._letters:
            before, answers = self._letters[letter.about]
            subject = subject or f"Re: {before.subject}"
        message_id = f"<{letter.key}.{self.seed}@{citizen.email.rpartition('@')[2]}>"
        self._letters[letter.key] = (letter._replace(subject=subject), message_id)
        headers = {"Auto_Submitted": "auto-replied"} if letter.automatic else {}
        attach = (letter.attach, b"%PDF-1.4 practice\n" * 40) if letter.attach else None
        self.office.write(
            citizen.name, citizen.email, subject, letter.text, message_id=message_id, answers=answers, at=at,
            attach=attach, **headers,
        )  # fmt: skip

    def _on_sent(self, bulletin: Bulletin) -> None:
        """Something of the officer's own: it is opened, and a citizen or two write back."""
        if self._telling:
            return
        chance = Random(f"{self.seed}/{bulletin.id}")
        issue = Issue(f"o{bulletin.id}", 0.0, (), bulletin.subject, "", chance.randint(30, 60), chance.randint(5, 20))
        self._bulletins[issue.key] = bulletin
        self._plan_reading(bulletin, issue)
        for number, text in enumerate(chance.sample(_ECHOES, 2)):
            who = chance.choice([c.key for c in CITIZENS if c.key not in {"pills", "crypto", "seo"}])
            due_s = self.clock.monotonic_s() + chance.randint(4, 25) * 60
            echo = Letter(f"{issue.key}.{number}", who, due_s, issue.key, text)
            self._plan(due_s, lambda e=echo: self._write(e, self.real.now()), echo)  # type: ignore[misc]

    def _on_answered(self, posted: Posted) -> None:
        """We answered somebody: they write back once, after a while, as their mood is."""
        mail = message_from_bytes(posted.content)
        asked = str(mail.get("In-Reply-To", "")).strip()
        found = next((key for key, (_, message_id) in self._letters.items() if message_id == asked), "")
        if not found or found in self._answered or self._letters[found][0].automatic:
            return
        self._answered.add(found)
        letter = self._letters[found][0]
        chance = Random(f"{self.seed}/reaction/{found}")
        chosen = reaction_to(Feeling(self.citizens[letter.who], letter.mood, letter.then), chance)
        if chosen is None:
            return
        mood, text = chosen
        key = f"{found}+"
        ours = str(mail.get("Message-ID", "")).strip()
        self._letters[f"{found}/ours"] = (letter._replace(subject=str(mail.get("Subject", ""))[4:]), ours)
        reaction = Letter(key, letter.who, 0.0, f"{found}/ours", text, mood=mood)
        due_s = self.clock.monotonic_s() + timedelta(minutes=chance.randint(3, 9)).total_seconds()
        self._plan(due_s, lambda: self._write(reaction, self.real.now()), reaction)
