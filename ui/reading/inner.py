"""What stands inside a message besides its words: what it quotes, a link, a poll, and how others took it."""

from __future__ import annotations

from datetime import UTC, datetime

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QSizePolicy, QWidget

from inbox.model import Counts, LinkCard, Message, Poll, PollOption, Quoted, Reaction
from ui.format import long_time, plural
from ui.reading.markup import plain
from ui.reading.parts import Inner, beginning, label, outside_link
from ui.widgets.flow import FlowLayout

_MARGINS = (12, 8, 12, 8)
QUOTE_AT_MOST = 400


def quote_card(quoted: Quoted) -> Inner:
    """The message quoted, as a card in the card; or why it is not shown."""
    made = Inner("notice", margins=_MARGINS)
    if quoted.withheld:
        made.box.addWidget(label(plain(quoted.withheld), "text-3", wrap=True))
        return made
    name, handle = plain(quoted.author), plain(quoted.handle)
    if name or handle:
        made.box.addWidget(label(f"{name} {handle}".strip(), "text-2", percent=92, bold=True, wrap=True))
    words = beginning(plain(quoted.text), QUOTE_AT_MOST) or "A quoted message without words"
    made.box.addWidget(label(words, "text-2", wrap=True))
    if quoted.url.startswith(("https://", "http://")):
        made.box.addLayout(_line(outside_link("Open ↗", quoted.url, about=f"the message quoted, by {name or handle}")))
    return made


def link_card(card: LinkCard) -> Inner:
    """What a link is shown as, in words: no picture of a stranger's page is fetched."""
    made = Inner("notice", margins=_MARGINS)
    title = plain(card.title) or card.url
    made.box.addWidget(label(beginning(title, 160), bold=True, wrap=True))
    if card.description:
        made.box.addWidget(label(beginning(plain(card.description), 200), "text-2", percent=92, wrap=True))
    host = card.url.split("//", 1)[-1].split("/", 1)[0]
    made.box.addLayout(_line(outside_link(f"{host} ↗", card.url, about=title)))
    return made


def poll_card(poll: Poll) -> Inner:
    """The answers with their votes, and until when one may vote."""
    made = Inner()
    whole = votes_in(poll)
    for option in poll.options:
        made.box.addWidget(PollBar(plain(option.title), share(option, whole), votes_words(option, whole)))
    made.box.addWidget(label(poll_end(poll, datetime.now(UTC)), "text-3", percent=92, wrap=True))
    return made


class PollBar(QWidget):
    """One answer of a poll: its words, its votes, and a bar as long as its part."""

    def __init__(self, title: str, part: float, votes: str) -> None:
        super().__init__()
        self._part = part
        self._title, self._votes = label(title, wrap=True), label(votes, "text-2", percent=92)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        for made in (self._title, self._votes):
            made.setParent(self)
        self.setAccessibleName(f"{title}: {votes}" if votes else title)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return max(self._title.heightForWidth(self._words_px(width)), self._votes.sizeHint().height()) + 12

    def sizeHint(self) -> QSize:
        wide = self._title.sizeHint().width() + self._votes.sizeHint().width() + 20
        return QSize(wide, self._votes.sizeHint().height() + 12)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.sizeHint().height())

    def _words_px(self, width: int) -> int:
        return max(width - self._votes.sizeHint().width() - 12, 20)

    def resizeEvent(self, event: object) -> None:
        votes, width = self._votes.sizeHint(), self._words_px(self.width())
        self._title.setGeometry(0, 0, width, self._title.heightForWidth(width))
        self._votes.setGeometry(self.width() - votes.width(), 0, votes.width(), votes.height())

    def paintEvent(self, _: QPaintEvent) -> None:
        painter, palette = QPainter(self), self.palette()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        line = QRectF(0, self.height() - 9, self.width(), 5)
        painter.setBrush(palette.color(QPalette.ColorRole.AlternateBase))
        painter.drawRoundedRect(line, 2.5, 2.5)
        if self._part > 0:
            painter.setBrush(palette.color(QPalette.ColorRole.Highlight))
            painter.drawRoundedRect(QRectF(0, line.top(), max(self.width() * self._part, 5), 5), 2.5, 2.5)
        painter.end()


def votes_in(poll: Poll) -> int:
    """What a hundred per cent is: people where several answers are allowed and the network counts them, else votes."""
    votes = sum(o.votes or 0 for o in poll.options)
    return poll.voters if poll.multiple and poll.voters else votes


def share(option: PollOption, whole: int) -> float:
    """The part of all, 0 to 1."""
    return min((option.votes or 0) / whole, 1.0) if whole else 0.0


def votes_words(option: PollOption, whole: int) -> str:
    """ "12 votes, 60 %"; nothing while the network hides them."""
    return "" if option.votes is None else f"{plural(option.votes, 'vote')}, {share(option, whole):.0%}"


def poll_end(poll: Poll, now: datetime) -> str:
    """How many took part, and until when one may."""
    people = poll.voters if poll.voters is not None else None
    said = [plural(people, "person", "people") + " voted"] if people is not None else []
    if any(o.votes is None for o in poll.options):
        said.append("votes are hidden until the end")
    if poll.multiple:
        said.append("several answers allowed")
    over = poll.ended or (poll.ends_at is not None and poll.ends_at <= now)
    if poll.ends_at is not None:
        said.append(f"{'ended' if over else 'ends'} {long_time(poll.ends_at, now)}")
    elif over:
        said.append("ended")
    words = ", ".join(said)
    return words[:1].upper() + words[1:]


def count_words(counts: Counts, reacted: tuple[Reaction, ...] = ()) -> str:
    """ "3 boosts, 12 likes, 2 quotes", and what we did ourselves; nothing when there is nothing."""
    said = [
        plural(count, word)
        for count, word in ((counts.boosts, "boost"), (counts.likes, "like"), (counts.quotes, "quote"))
        if count
    ]
    ours = [w for r, w in ((Reaction.LIKE, "liked"), (Reaction.BOOST, "boosted")) if r in reacted]
    if ours:
        said.append(f"{' and '.join(ours)} by us")
    return ", ".join(said)


def spoken_inside(m: Message) -> str:
    """All this in words, for a screen reader."""
    said = []
    if m.quoted is not None:
        who = plain(m.quoted.author or m.quoted.handle)
        said.append(f"Quotes {who or 'a message'}: {plain(m.quoted.withheld or m.quoted.text)[:200]}")
    if m.card is not None:
        said.append(f"Link: {plain(m.card.title) or m.card.url}")
    if m.poll is not None:
        whole = votes_in(m.poll)
        options = "; ".join(f"{plain(o.title)} {votes_words(o, whole)}".strip() for o in m.poll.options)
        said.append(f"Poll: {options}")
    for one in m.attachments:
        what = "Picture" if one.kind == "image" else one.kind.capitalize()
        said.append(f"{what}: {plain(one.description) or 'no description'}")
    if counted := count_words(m.counts, m.reacted):
        said.append(counted)
    return ". ".join(said)


def _line(link: QWidget) -> FlowLayout:
    line = FlowLayout()
    line.addWidget(link)
    return line
