"""A message as a card: who, when, how it stands, who may read it, its words and what is in it, and what can be done.

To make a card costs several times what it costs to let one that is there show another message, so ``fill`` does that.
What every message has (head, words, counts, buttons) says something else then; what few have (a warning, pictures, a
poll, earlier texts) is made for one message and thrown away with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QImage, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from inbox.model import Channel, Message, MessageId, MessageState
from inbox.store.reading import Earlier, StoredMessage
from ui.format import exact_time, long_time, plural, short_time
from ui.reading import inner
from ui.reading.doable import Doable
from ui.reading.emoji import codes_in, drawn
from ui.reading.heading import Heading
from ui.reading.inside import Inside, Part
from ui.reading.markup import from_text, isolated, plain, shown
from ui.reading.offers import ASIDE
from ui.reading.parts import Body, Card, Inner, at_once, beginning, chain, chip, discard, label, line_of, stops
from ui.reading.signs import signs
from ui.reading.spoken import spoken
from ui.theme import line_height
from ui.widgets.flow import FlowLayout

FOLD_AT = 2400
"""Longer texts show their beginning, and the rest when asked."""
LOST = "answers a message that is not here"


def frame_of(m: Message) -> str:
    """The frame around its card. A card keeps its own: it is filled with messages of that frame only."""
    private = not m.public and not m.ours
    return "ours" if m.ours else "held" if m.state is MessageState.HELD or private else "card"


class MessageCard(Card):
    """One message; while it is the one in focus, also what can be done.

    ``wanted(command, id)``: "reply", "edit", "history" or a word of Moderation or Reaction. ``picture_wanted(url)``
    when somebody asks for one; ``unfolded`` when what a warning hid has come to light (``fetches`` is known then).
    """

    wanted = Signal(str, int)
    picture_wanted = Signal(str)
    unfolded = Signal()

    def __init__(
        self,
        stored: StoredMessage,
        channel: Channel,
        *,
        answers: str = "",
        lost: bool = False,
        owed: bool = False,
        emojis: Mapping[str, str] | None = None,
    ) -> None:
        self.frame = frame_of(stored.message)
        super().__init__(self.frame)
        self._emojis = emojis if emojis is not None else {}
        self._guests: list[Part] = []  # what was made for this one message
        self._history: QPushButton | None = None
        self._head = Heading()
        self.box.addLayout(self._head)
        self._words = Body("")
        self.box.addWidget(self._words)
        self._counted = label("", "text-3", percent=92, wrap=True)
        self.box.addWidget(self._counted)
        self._doable = Doable()
        self._doable.wanted.connect(self.wanted)
        self.box.addLayout(self._doable)
        self.fill(stored, channel, answers=answers, lost=lost, owed=owed)

    def fill(
        self,
        stored: StoredMessage,
        channel: Channel,
        *,
        answers: str = "",
        lost: bool = False,
        owed: bool = False,
        offered: bool = False,
    ) -> None:
        """Show this message, as a card made for it would, and nothing of the one before. ``offered``: also what can be
        done with it."""
        assert frame_of(stored.message) == self.frame
        with at_once(self.box):
            self._fill(stored, channel, answers, lost=lost, owed=owed)
            self._always = stored.message.state is MessageState.HELD
            self._doable.begin(stored, channel, self._name, offered=offered or self._always)
            chain(self, self.stops())

    def _fill(self, stored: StoredMessage, channel: Channel, answers: str, *, lost: bool, owed: bool) -> None:
        m = stored.message
        self.filling = object()  # what is asked for this message must not come to the next
        self.id: MessageId = stored.id
        self.stored = stored
        self._channel = channel
        self._codes = {e.code: e.url for e in m.emojis}
        self._name = channel.speaks_as or channel.title if m.ours else plain(m.author.name) or self.tr("Unknown")
        said = self.tr("in reply to {0}").format(isolated(plain(answers))) if answers else ""
        self._answers = self.tr(LOST) if lost else said
        self._throw_away()
        now = datetime.now(UTC)
        self._head.say(
            self._name, short_time(m.created_at, now), exact_time(m.created_at), self._answers,
            signs(m, channel, owed=owed),
        )  # fmt: skip
        self._draw_name()
        if m.title and m.kind == "post":
            self._above(label(plain(m.title), percent=108, bold=True, wrap=True))
        if stored.withheld:
            self._above(label(self.tr(stored.withheld), "text-3", wrap=True))
        if m.warning:
            self._warn(plain(m.warning))
        else:
            self._open()
        if stored.versions:
            self._below(line_of(self._button_for_history(stored.versions)))
        elif m.edited_at is not None:
            self._below(label(self.tr("edited"), "text-3", percent=92))
        counted = inner.count_words(m.counts, m.reacted)
        self._counted.setText(counted)
        self._counted.setVisible(bool(counted))
        self._speak()

    def _throw_away(self) -> None:
        for guest in self._guests:
            discard(guest)
        self._guests = []
        self._words.empty()
        self._hidden: Inner | None = None
        self._history = None
        self._inside: Inside | None = None
        self.body: Body | None = None
        self._html = self._short = ""

    def _above(self, part: Part) -> None:
        """Put a part over the words."""
        self._put(part, self.box.indexOf(self._words))

    def _below(self, part: Part) -> None:
        """Put a part under the words and what is there already."""
        self._put(part, self.box.indexOf(self._counted))

    def _put(self, part: Part, place: int) -> None:
        self._guests.append(part)
        if isinstance(part, FlowLayout):
            self.box.insertLayout(place, part)
        else:
            self.box.insertWidget(place, part)
        show_now(part)

    # What a warning hides

    def _warn(self, warning: str) -> None:
        """The words stay folded away, neither painted nor spoken, until somebody wants them."""
        self._words.hide()
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(chip(self.tr("Content warning"), "chip-held"))
        row.addWidget(label(warning, bold=True, wrap=True), 1)
        self.unfold = QPushButton(self.tr("Show"))
        self.unfold.setAccessibleName(self.tr("Show what the warning hides: {0}").format(warning))
        self.unfold.clicked.connect(self.toggle)
        row.addWidget(self.unfold)
        self._above(line)
        self._hidden = Inner()
        self._above(self._hidden)
        self._hidden.hide()

    @property
    def folded(self) -> bool:
        """Whether a warning hides the words now."""
        return self._hidden is not None and self._hidden.isHidden()

    def toggle(self) -> None:
        """Show what a warning hides, or hide it again."""
        if self._hidden is None:
            return
        if self.body is None:
            self._open()
            chain(self, self.stops())
        opening = self._hidden.isHidden()
        self._hidden.setVisible(opening)
        self.unfold.setText(self.tr("Hide again") if opening else self.tr("Show"))
        self._speak()
        if opening:
            self.unfolded.emit()

    # What it says

    def _open(self) -> None:
        """The words, and what is in the message besides."""
        m = self.stored.message
        self._html = shown(m.html, m.text)
        long = len(self._html) > FOLD_AT
        self._short = from_text(beginning(plain(m.text), 600)) if long else self._html
        words = Body("") if self._hidden is not None else self._words
        words.show_html(self._drawn(self._short))
        words.dress("text-3" if m.state in ASIDE else "")
        self.body = words
        parts: list[Part] = []
        if long:
            more = QPushButton(self.tr("Show all"))
            more.setProperty("role", "quiet")
            more.clicked.connect(self._show_all)
            more.clicked.connect(more.hide)
            parts.append(line_of(more))
        self._inside = Inside(m)
        self._inside.asked.connect(self.picture_wanted)
        parts += self._inside.parts
        if self._hidden is None:
            for part in parts:
                self._below(part)
        else:
            for part in (words, *parts):
                add_to(self._hidden, part)
        words.setVisible(bool(m.text.strip() or m.html.strip() or not m.attachments))

    def _show_all(self) -> None:
        self._short = self._html
        if self.body is not None:
            self.body.show_html(self._drawn(self._html))

    def _button_for_history(self, versions: int) -> QPushButton:
        made = self._history = QPushButton(self.tr("edited · {0}").format(plural(versions, "earlier text")))
        made.setProperty("role", "quiet")
        made.clicked.connect(self._ask_history)
        return made

    def _ask_history(self) -> None:
        self.wanted.emit("history", self.id)

    def show_history(self, earlier: list[Earlier]) -> None:
        """Show the texts it had before, oldest first."""
        if self._history is None or self._history.property("open"):
            return
        self._history.setProperty("open", True)
        now = datetime.now(UTC)
        for one in earlier:
            until = label(self.tr("until {0}").format(long_time(one.until_at, now)), "text-3", percent=92)
            self._put(until, self.box.count() - 1)
            self._put(Body(shown(one.html, one.text)), self.box.count() - 1)

    def _speak(self) -> None:
        name, signs_ = self._name, self._head.signs
        self.setAccessibleName(
            spoken(self.stored, datetime.now(UTC), name=name, answers=self._answers, signs=signs_, folded=self.folded)
        )

    # What is fetched for it

    @property
    def fetches(self) -> list[str]:
        """Addresses of pictures to fetch without being asked: those from a host that the account trusts anyway."""
        return self._inside.missing if self._inside is not None else []

    @property
    def emoji_urls(self) -> list[str]:
        """Addresses of the emoji in its words and in its author's name that are not here yet."""
        if not self._codes:
            return []
        m = self.stored.message
        said = codes_in(m.author.name) | (codes_in(m.text) if self.body is not None else set())
        return [url for code, url in self._codes.items() if code in said and not self._emojis.get(url)]

    def show_picture(self, url: str, picture: QImage) -> None:
        """Put the picture into its box; or where its button is, no wider than the card."""
        if self._inside is not None:
            self._inside.show_picture(url, picture)

    def no_picture(self, url: str, why: str) -> None:
        """It could not be fetched."""
        if self._inside is not None:
            self._inside.no_picture(url, why)

    def draw_emoji(self) -> None:
        """Some emoji have come: show them."""
        if self.body is not None:
            self.body.show_html(self._drawn(self._short))
        self._draw_name()

    def _drawn(self, html: str) -> str:
        if not self._codes:
            return html
        here = {code: self._emojis.get(url, "") for code, url in self._codes.items()}
        return drawn(html, here, round(line_height(self.font()) * 1.1))

    def _draw_name(self) -> None:
        if self._codes and not self.stored.message.ours and codes_in(self._name) & self._codes.keys():
            safe = from_text(self._name).removeprefix("<p>").removesuffix("</p>")
            self._head.draw_name(f"<b>{self._drawn(safe)}</b>", self._name)

    # What can be done

    def stops(self) -> list[QWidget]:
        """What Tab stops at in it, from the top down."""
        return [one for guest in self._guests for one in stops(guest)] + self._doable.buttons

    def offer(self, visible: bool) -> None:
        """Show what can be done with this message, or not."""
        with at_once(self.box):
            if self._doable.offer(visible or self._always):
                chain(self, self.stops())

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.taken.emit()
        self._doable.ask(event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._hidden is not None:
            self.toggle()
        else:
            super().keyPressEvent(event)


def show_now(part: Part) -> None:
    """Show what was put into a card that may be in sight: left to itself, Qt does it in the next turn of its loop."""
    for widget in part.widgets if isinstance(part, FlowLayout) else [part]:
        widget.show()


def add_to(inner_: Inner, part: Part) -> None:
    """Put a part behind what is in it."""
    if isinstance(part, FlowLayout):
        inner_.box.addLayout(part)
    else:
        inner_.box.addWidget(part)
