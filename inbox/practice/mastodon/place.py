"""One Mastodon server and what people do on it. In memory, no HTTP; the dialect reads and changes it.

Not thread-safe: everything happens on the loop that serves it. What is written carries ``clock.now()``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from inbox.practice.mastodon import markup
from inbox.practice.mastodon.entities import Conversation, Emoji, Media, Notice, Person, Poll, Status, Version
from inbox.practice.mastodon.notifying import Notifying

_IDEMPOTENT = timedelta(hours=1)


class Place(Notifying):
    """A server. Every verb acts as somebody and returns what came of it."""

    said: list[Callable[[Status], None]]
    """Called for every status that appears, whoever wrote it (the town reacts to ours)."""

    def __init__(self, **how: object) -> None:
        super().__init__(**how)  # type: ignore[arg-type]
        self.said = []

    def add_person(
        self, username: str, name: str = "", *, domain: str = "", at: datetime | None = None, **more: object
    ) -> Person:
        """A new account, here or (``domain``) on another server; a year old unless ``at`` says otherwise."""
        since = at or self.now() - timedelta(days=365)
        person = Person(
            id=self.snowflake(since), username=username, name=name, at=since, domain=domain, **more  # type: ignore[arg-type]
        )  # fmt: skip
        self.people[person.id] = person
        return person

    def add_emoji(self, shortcode: str, rgb: tuple[int, int, int] = (40, 120, 90)) -> Emoji:
        """A custom emoji, known on this server and (as pictures travel with posts) in everybody's words."""
        self.emojis[shortcode] = emoji = Emoji(shortcode=shortcode, rgb=rgb)
        return emoji

    def say(
        self,
        by: Person,
        text: str,
        *,
        to: Status | None = None,
        visibility: str = "",
        warning: str = "",
        language: str | None = None,
        html: str = "",
        quote: Status | None = None,
        media: Iterable[Media] = (),
        poll: Iterable[str] = (),
        poll_s: float = 86400,
        at: datetime | None = None,
        late: bool = False,
        key: str = "",
        sensitive: bool = False,
        quote_policy: str = "",
        app: tuple[str, str | None] | None = None,
    ) -> Status:
        """``by`` posts; whoever is named with @ is told. ``html``: foreign markup, sent as it is.

        ``visibility`` empty: that of ``to``, else public. ``late``: our server learns of it only when somebody
        searches for its address or opens its thread twice. ``poll``: options, open for ``poll_s`` seconds.
        """
        when = at or self.now()
        status = Status(
            id=self.snowflake(when), person_id=by.id, text=text, at=when, html=html, warning=warning,
            sensitive=sensitive or bool(warning), visibility=visibility or (to.visibility if to else "public"),
            language=language if language is not None else (by.language or "en"), late=late, key=key, app=app,
            quote_policy=quote_policy or by.quote_policy,
        )  # fmt: skip
        if by.limited and status.visibility == "public":
            status.visibility = "unlisted"  # mastodon.md section 11
        if status.visibility in ("private", "direct"):
            status.quote_policy = "nobody"
        if to is not None:
            status.parent_id, status.parent_person_id = to.id, to.person_id
            if not late:
                self.children[to.id].append(status.id)
        status.mentions = self._mentioned(text)
        for one in media:
            one.status_id = status.id
            status.media.append(one.id)
        options = list(poll)
        if options:
            status.poll_id = self.add_poll(options, when + timedelta(seconds=poll_s)).id
        if quote is not None:
            status.quote_of, status.quote_state = quote.id, self._quote_state(by, quote)
            self.quotes[quote.id].append(status.id)
        status.history.append(self._version(status, when))
        self.statuses[status.id] = status
        by.statuses.append(status.id)
        by.last_status_at = max(when, by.last_status_at or when)
        if not late:
            self._tell(by, status, quote, when)
        return status

    def ask_privately(self, by: Person, person: Person, text: str, **more: object) -> Status:
        """A direct message to ``person``; the default policy keeps a stranger's back as a request."""
        words = text if f"@{person.acct}" in text else f"@{person.acct} {text}"
        return self.say(by, words, visibility="direct", **more)  # type: ignore[arg-type]

    def edit(self, status: Status, text: str, *, warning: str | None = None, html: str = "") -> Status:
        """The author changes the words. Nobody who was mentioned is told; who boosted it is."""
        status.text, status.html = text, html
        if warning is not None:
            status.warning, status.sensitive = warning, bool(warning)
        self.mark_edited(status)
        return status

    def mark_edited(self, status: Status) -> None:
        """Note a version after a change, and tell those who boosted or quoted, and the streams."""
        when = self.now()
        status.edited_at = when
        status.mentions = list(dict.fromkeys([*status.mentions, *self._mentioned(status.text)]))
        status.history.append(self._version(status, when))
        author = self.people[status.person_id]
        for person_id in self.boosts[status.id]:
            self.notify(self.people[person_id], "update", author, status)
        for quoting in self.quotes[status.id]:
            quoter = self.people[self.statuses[quoting].person_id]
            self.notify(quoter, "quoted_update", author, self.statuses[quoting])
        for person_id in self._audience(status):
            self.push(person_id, "status.update", {"status": status.id})

    def remove(self, status: Status) -> None:
        """Deleted for good: its notifications and boosts go, answers lose their parent, nothing is said."""
        for person_id in self._audience(status):
            self.push(person_id, "delete", status.id)
        for wrapper in tuple(self.boosts[status.id].values()):
            self._forget(self.statuses[wrapper])
        for child in self.children.pop(status.id, []):
            self.statuses[child].parent_id = None
        for quoting in self.quotes.pop(status.id, []):
            self.statuses[quoting].quote_state = "deleted"
        for person_id in tuple(self.notices):
            self.forget_notices(person_id, status_id=status.id)
        for conversation in tuple(self.conversations.values()):
            if status.id in conversation.status_ids:
                conversation.status_ids.remove(status.id)
        self.boosts.pop(status.id, None)
        self.favourites.pop(status.id, None)
        self._forget(status)

    def boost(self, by: Person, status: Status, *, visibility: str = "public", at: datetime | None = None) -> Status:
        """``by`` shows it to their followers; the answer is the wrapper, the old one when done before."""
        known = self.boosts[status.id].get(by.id)
        if known is not None:
            return self.statuses[known]
        when = at or self.now()
        shown = status.visibility if status.visibility in ("unlisted", "private") else visibility
        wrapper = Status(
            id=self.snowflake(when), person_id=by.id, text="", at=when, reblog_of=status.id, visibility=shown
        )  # fmt: skip
        self.statuses[wrapper.id] = wrapper
        by.statuses.append(wrapper.id)
        self.boosts[status.id][by.id] = wrapper.id
        self.notify(self.people[status.person_id], "reblog", by, status, at=when)
        for person_id in self._audience(wrapper):
            self.push(person_id, "update", {"status": wrapper.id})
        return wrapper

    def unboost(self, by: Person, status: Status) -> None:
        """Take a boost back, and its notification."""
        wrapper = self.boosts[status.id].pop(by.id, None)
        if wrapper is not None:
            self._forget(self.statuses[wrapper])
            self._take_back(status, by, "reblog")

    def favourite(self, by: Person, status: Status, *, at: datetime | None = None) -> None:
        """``by`` likes it."""
        if by.id not in self.favourites[status.id]:
            self.favourites[status.id][by.id] = at or self.now()
            self.notify(self.people[status.person_id], "favourite", by, status, at=at)

    def unfavourite(self, by: Person, status: Status) -> None:
        """Take a favourite back, and its notification."""
        if self.favourites[status.id].pop(by.id, None) is not None:
            self._take_back(status, by, "favourite")

    def follow(self, by: Person, person: Person, *, at: datetime | None = None) -> Notice | None:
        """``by`` follows, or asks to when ``person`` is locked."""
        pair = (by.id, person.id)
        if pair in self.follows or pair in self.follow_requests:
            return None
        kept = self.follow_requests if person.locked else self.follows
        kept[pair] = at or self.now()
        return self.notify(person, "follow_request" if person.locked else "follow", by, at=at)

    def block(self, by: Person, person: Person) -> None:
        """Each loses the other; what ``person`` caused in ``by``'s notifications is deleted."""
        self.blocks.add((by.id, person.id))
        for pair in ((by.id, person.id), (person.id, by.id)):
            self.follows.pop(pair, None)
            self.follow_requests.pop(pair, None)
        self.forget_notices(by.id, from_id=person.id)

    def vote(self, by: Person, status: Status, *choices: int) -> None:
        """``by`` chooses in the poll of ``status``."""
        self.polls[status.poll_id].votes[by.id] = list(choices)

    def end_poll(self, status: Status) -> None:
        """The poll is over now; its author and those who voted here are told."""
        poll = self.polls[status.poll_id]
        poll.expires_at = min(poll.expires_at or self.now(), self.now())
        self.run_due()

    def add_poll(self, options: list[str], expires_at: datetime, **more: object) -> Poll:
        """An open poll, still without its status."""
        poll = Poll(id=self.serial("poll"), options=options, expires_at=expires_at, **more)  # type: ignore[arg-type]
        self.polls[poll.id] = poll
        return poll

    def run_due(self) -> None:
        """What the server does by itself when time has come: polls end, accepted notifications are merged."""
        self.merge_due()
        now = self.now()
        if any(not p.ended and p.expires_at is not None and p.expires_at <= now for p in self.polls.values()):
            for status in tuple(self.statuses.values()):
                poll = self.polls.get(status.poll_id)
                if poll is None or poll.ended or poll.expires_at is None or poll.expires_at > now:
                    continue
                poll.ended = True
                author = self.people[status.person_id]
                for person_id in dict.fromkeys([author.id, *poll.votes]):
                    self.notify(self.people[person_id], "poll", author, status, at=poll.expires_at)
        for key, (at, _) in tuple(self.repeated.items()):
            if at + _IDEMPOTENT <= now:
                del self.repeated[key]

    def fetch_late(self, status: Status) -> None:
        """Our server has got hold of a status that it did not know."""
        if status.late:
            status.late = False
            if status.parent_id:
                self.children[status.parent_id].append(status.id)
            self._tell(self.people[status.person_id], status, self.statuses.get(status.quote_of), status.at)

    def lose_parent(self, status: Status) -> None:
        """As when the status above was deleted at its own server."""
        if status.parent_id:
            self.children[status.parent_id].remove(status.id)
            status.parent_id = None

    # --- what follows from a deed ---

    def _mentioned(self, text: str) -> list[str]:
        found = (self.find_person(user, domain) for user, domain in markup.mentions_in(text))
        return [person.id for person in found if person is not None]

    def _quote_state(self, by: Person, quoted: Status) -> str:
        if quoted.person_id == by.id:
            return "accepted"
        if self.people[quoted.person_id].domain:
            return "pending"
        follows = (by.id, quoted.person_id) in self.follows
        allowed = quoted.quote_policy == "public" or (quoted.quote_policy == "followers" and follows)
        return "accepted" if allowed else "rejected"

    def _version(self, status: Status, at: datetime) -> Version:
        return Version(
            text=status.text, html=status.html, warning=status.warning, sensitive=status.sensitive, at=at,
            media=list(status.media),
        )  # fmt: skip

    def _tell(self, by: Person, status: Status, quote: Status | None, when: datetime) -> None:
        for person_id in status.mentions:
            self.notify(self.people[person_id], "mention", by, status, at=when)
        if quote is not None and status.quote_state == "accepted":
            self.notify(self.people[quote.person_id], "quote", by, status, at=when)
        if status.visibility == "direct":
            self._converse(by, status)
        for person_id in self._audience(status):
            self.push(person_id, "update", {"status": status.id})
        for listener in tuple(self.said):
            listener(status)

    def _converse(self, by: Person, status: Status) -> None:
        circle = list(dict.fromkeys([by.id, *status.mentions]))
        thread = self.thread_root(status)
        for person_id in circle:
            if self.people[person_id].domain:
                continue
            others = [p for p in circle if p != person_id]
            known = next(
                (
                    c
                    for c in self.conversations.values()
                    if (c.person_id, c.thread) == (person_id, thread) and set(c.others) == set(others)
                ),
                None,
            )
            if known is None:
                conversation_id = self.serial("conversation")
                known = Conversation(id=conversation_id, person_id=person_id, others=others, thread=thread)
                self.conversations[conversation_id] = known
            known.status_ids.append(status.id)
            known.unread = person_id != by.id
            self.push(person_id, "conversation", {"conversation": known.id})

    def _audience(self, status: Status) -> list[str]:
        """Whose home shows it: the author's, and their followers' unless it is direct."""
        if status.visibility == "direct":
            return [status.person_id]
        followers = [who for who, whom in self.follows if whom == status.person_id]
        return [status.person_id, *followers]

    def _take_back(self, status: Status, by: Person, kind: str) -> None:
        for notice in [n for n in self.notices[status.person_id] if n.status_id == status.id]:
            if (notice.from_id, notice.type) == (by.id, kind):
                self.drop_notice(notice)

    def _forget(self, status: Status) -> None:
        self.statuses.pop(status.id, None)
        if status.parent_id and status.id in self.children.get(status.parent_id, []):
            self.children[status.parent_id].remove(status.id)
        if status.quote_of and status.id in self.quotes.get(status.quote_of, []):
            self.quotes[status.quote_of].remove(status.id)
        self.people[status.person_id].statuses.remove(status.id)
        for one in status.media:
            self.media.pop(one, None)
