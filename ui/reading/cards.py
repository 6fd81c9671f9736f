"""A message as a card: who, when, how it stands, who may read it, its words and what is in it, and what can be done."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QFont, QImage, QKeyEvent, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QPushButton, QVBoxLayout, QWidget

from inbox.model import Channel, MessageId, MessageState
from inbox.store.reading import Earlier, StoredMessage
from ui.format import exact_time, long_time, plural, short_time, spoken_age
from ui.reading import inner
from ui.reading.emoji import codes_in, drawn
from ui.reading.markup import from_text, isolated, pictures, plain, shown
from ui.reading.offers import ASIDE, more_offers, offers
from ui.reading.parts import STATE_CHIPS, Body, Card, Inner, beginning, chip, label, outside_link
from ui.reading.pictures import Captioned, PictureBox
from ui.reading.signs import VISIBILITY_WORDS, foreign_language, visibility_sign
from ui.theme import line_height
from ui.widgets.flow import FlowLayout
from ui.widgets.text import Elided

FOLD_AT = 2400
"""Longer texts show their beginning, and the rest when asked."""
LOST = "answers a message that is not here"


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
        m = stored.message
        private = not m.public and not m.ours
        super().__init__("ours" if m.ours else "held" if m.state is MessageState.HELD or private else "card")
        self.id: MessageId = stored.id
        self.stored = stored
        self._channel, self._owed = channel, owed
        self._emojis = emojis if emojis is not None else {}
        self._codes = {e.code: e.url for e in m.emojis}
        said = self.tr("in reply to {0}").format(isolated(plain(answers))) if answers else ""
        self._answers = self.tr(LOST) if lost else said
        self._name = channel.speaks_as or channel.title if m.ours else plain(m.author.name) or self.tr("Unknown")
        self.body: Body | None = None
        self.pictures: dict[str, QPushButton] = {}
        self._boxes: dict[str, list[PictureBox]] = {}
        self._into: QVBoxLayout = self.box
        self._head()
        self._hidden: Inner | None = None
        if m.warning:
            self._warn(plain(m.warning))
        else:
            self._fill()
        if stored.versions:
            self._history = QPushButton(self.tr("edited · {0}").format(plural(stored.versions, "earlier text")))
            self._history.setProperty("role", "quiet")
            self._history.clicked.connect(lambda: self.wanted.emit("history", self.id))
            self.box.addLayout(_line_of(self._history))
        elif m.edited_at is not None:
            self.box.addWidget(label(self.tr("edited"), "text-3", percent=92))
        if counted := inner.count_words(m.counts, m.reacted):
            self.box.addWidget(label(counted, "text-3", percent=92, wrap=True))
        self._buttons = FlowLayout()
        self._buttons.setContentsMargins(0, 4, 0, 0)
        self._deeds: list[QPushButton] = []
        self.box.addLayout(self._buttons)
        self._always = m.state is MessageState.HELD
        if self._always:
            self._make_deeds()
        self._speak()

    # What is shown

    def _head(self) -> None:
        m, now = self.stored.message, datetime.now(UTC)
        head = QHBoxLayout()
        head.setSpacing(8)
        self._title: QLabel = _name(self._name)
        if not m.ours and codes_in(self._name) & self._codes.keys():
            self._title = QLabel()
            self._title.setTextFormat(Qt.TextFormat.RichText)
            self._draw_name()
        head.addWidget(self._title)
        when = label(short_time(m.created_at, now), "text-3", percent=92)
        when.setToolTip(exact_time(m.created_at))
        head.addWidget(when)
        if self._answers:
            whom = Elided(self._answers)
            whom.set_size(92)
            whom.setProperty("role", "text-3")
            head.addWidget(whom, 1)
        else:
            head.addStretch(1)
        for sign in self._signs():
            head.addWidget(sign)
        self.box.addLayout(head)
        if m.title and m.kind == "post":
            self.box.addWidget(label(plain(m.title), percent=108, bold=True, wrap=True))

    def _signs(self) -> list[QLabel]:
        m = self.stored.message
        made: list[QLabel] = []
        if (sign := visibility_sign(m)) is not None:
            made.append(sign)
        if self._owed and m.state is not MessageState.HELD:
            made.append(chip(self.tr("owed"), "chip-owed"))
        if m.state in STATE_CHIPS and not (sign is not None and m.state is MessageState.PRIVATE):
            made.append(chip(*STATE_CHIPS[m.state]))
        if m.details.get("filtered"):
            made.append(chip(self.tr("kept back by the filter"), "chip-held"))
        if m.kind == "notice":
            made.append(chip(self.tr("notice") if m.details.get("type") else self.tr("link from elsewhere")))
        elif m.kind == "quote":
            made.append(chip(self.tr("quotes us")))
        if language := foreign_language(m, self._channel):
            made.append(chip(language))
        return made

    def _warn(self, warning: str) -> None:
        """The words stay folded away, neither painted nor spoken, until somebody wants them."""
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(chip(self.tr("Content warning"), "chip-held"))
        row.addWidget(label(warning, bold=True, wrap=True), 1)
        self.unfold = QPushButton(self.tr("Show"))
        self.unfold.setAccessibleName(self.tr("Show what the warning hides: {0}").format(warning))
        self.unfold.clicked.connect(self.toggle)
        self.unfold.installEventFilter(self)
        row.addWidget(self.unfold)
        self.box.addLayout(row)
        self._hidden = Inner()
        self._hidden.hide()
        self.box.addWidget(self._hidden)

    @property
    def folded(self) -> bool:
        """Whether a warning hides the words now."""
        return self._hidden is not None and self._hidden.isHidden()

    def toggle(self) -> None:
        """Show what a warning hides, or hide it again."""
        if self._hidden is None:
            return
        if self.body is None:
            self._into = self._hidden.box
            self._fill()
        opening = self._hidden.isHidden()
        self._hidden.setVisible(opening)
        self.unfold.setText(self.tr("Hide again") if opening else self.tr("Show"))
        self._speak()
        if opening:
            self.unfolded.emit()

    def _fill(self) -> None:
        """The words, and what is in the message besides."""
        m = self.stored.message
        self._html = shown(m.html, m.text)
        long = len(self._html) > FOLD_AT
        self._short = from_text(beginning(plain(m.text), 600)) if long else self._html
        self.body = Body(self._drawn(self._short))
        if m.state in ASIDE:
            self.body.setProperty("role", "text-3")
        self.body.installEventFilter(self)
        if m.text.strip() or m.html.strip() or not m.attachments:
            self._into.addWidget(self.body)
        else:
            self.body.setParent(self)
            self.body.hide()
        if long:
            more = QPushButton(self.tr("Show all"))
            more.setProperty("role", "quiet")
            more.clicked.connect(self._show_all)
            more.clicked.connect(more.hide)
            self._into.addLayout(_line_of(more))
        self._add_pictures()
        for made in (
            inner.quote_card(m.quoted) if m.quoted is not None else None,
            inner.link_card(m.card) if m.card is not None and m.card.url else None,
            inner.poll_card(m.poll) if m.poll is not None else None,
        ):
            if made is not None:
                self._into.addWidget(made)

    def _show_all(self) -> None:
        self._short = self._html
        if self.body is not None:
            self.body.show_html(self._drawn(self._html))

    def _add_pictures(self) -> None:
        m = self.stored.message
        seen = [a for a in m.attachments if a.preview_url and a.kind in ("image", "video", "gifv")]
        if seen:
            row, captioned = FlowLayout(), list[Captioned]()
            for one in seen:
                made = Captioned(one, alone=len(seen) == 1)
                self._boxes.setdefault(one.preview_url, []).append(made.picture)
                row.addWidget(made)
                captioned.append(made)
            for made in captioned:
                made.beside = captioned
            self._into.addLayout(row)
        for one in m.attachments:
            if one.kind != "image" and one.url.startswith(("https://", "http://")):
                words = self.tr("Open the {0} ↗").format(one.kind if one.kind != "unknown" else self.tr("file"))
                self._into.addLayout(_line_of(outside_link(words, one.url, about=plain(one.description) or one.kind)))
        attached = {a.url: a.description for a in m.attachments if a.kind == "image" and not a.preview_url}
        for url, description in (dict(pictures(m.html)) | attached).items():
            words = plain(description) or self.tr("without a description")
            show = QPushButton(self.tr("Show picture: {0}").format(words[:80]))
            show.setProperty("role", "quiet")
            show.setToolTip(self.tr("Fetches {0}").format(url))
            show.clicked.connect(lambda _=False, url=url: self.picture_wanted.emit(url))
            self.pictures[url] = show
            self._into.addWidget(show, 0, Qt.AlignmentFlag.AlignLeft)

    # What is fetched for it

    @property
    def fetches(self) -> list[str]:
        """Addresses of pictures to fetch without being asked: those from a host that the account trusts anyway."""
        return [url for url, boxes in self._boxes.items() if not boxes[0].shown]

    @property
    def emoji_urls(self) -> list[str]:
        """Addresses of the emoji in its words and in its author's name that are not here yet."""
        m = self.stored.message
        said = codes_in(m.text if self.body is not None else "") | codes_in(m.author.name)
        return [url for code, url in self._codes.items() if code in said and not self._emojis.get(url)]

    def show_picture(self, url: str, picture: QImage) -> None:
        """Put the picture into its box; or where its button is, no wider than the card."""
        for box in self._boxes.get(url, ()):
            box.show_picture(picture)
        button = self.pictures.pop(url, None)
        if button is None:
            return
        made = Inner()
        shown_ = QLabel()
        shown_.setPixmap(QPixmap.fromImage(picture))
        words = button.text().partition(": ")[2]
        shown_.setAccessibleName(words)
        made.box.addWidget(shown_)
        made.box.addWidget(label(words, "text-3", percent=92, wrap=True))
        self._into.replaceWidget(button, made)
        button.hide()
        button.deleteLater()

    def no_picture(self, url: str, why: str) -> None:
        """It could not be fetched."""
        for box in self._boxes.get(url, ()):
            box.say(why)

    def draw_emoji(self) -> None:
        """Some emoji have come: show them."""
        if self.body is not None:
            self.body.show_html(self._drawn(self._short))
        if not isinstance(self._title, Elided):
            self._draw_name()

    def _drawn(self, html: str) -> str:
        if not self._codes:
            return html
        here = {code: self._emojis.get(url, "") for code, url in self._codes.items()}
        return drawn(html, here, round(line_height(self.font()) * 1.1))

    def _draw_name(self) -> None:
        safe = from_text(self._name).removeprefix("<p>").removesuffix("</p>")
        self._title.setText(f"<b>{self._drawn(safe)}</b>")
        self._title.setAccessibleName(self._name)

    # What can be done

    def _make_deeds(self) -> None:
        """Buttons for what can be done: most cards never need theirs, and they are half of what a card costs."""
        for command, words in offers(self.stored, self._channel):
            button = QPushButton(words)
            button.setAccessibleName(f"{words}: {self._name}")
            button.clicked.connect(lambda _=False, c=command: self.wanted.emit(c, self.id))
            self._deeds.append(button)
        if more_offers(self.stored, self._channel):
            more = QPushButton(self.tr("More …"))
            more.setAccessibleName(self.tr("More that can be done: {0}").format(self._name))
            more.clicked.connect(lambda: self._menu(more_offers(self.stored, self._channel)).popup(_below(more)))
            self._deeds.append(more)
        if self.stored.message.url.startswith(("http://", "https://")):
            self._deeds.append(outside_link(self.tr("Open ↗"), self.stored.message.url, about=self._name))
        before: QWidget = self
        for inside in self.findChildren(QPushButton):
            before = inside
        for button in self._deeds:
            self._buttons.addWidget(button)
            button.installEventFilter(self)
            QWidget.setTabOrder(before, button)
            before = button

    def _menu(self, commands: list[tuple[str, str]]) -> QMenu:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for command, words in commands:
            menu.addAction(words).triggered.connect(lambda _=False, c=command: self.wanted.emit(c, self.id))
        return menu

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.taken.emit()
        commands = offers(self.stored, self._channel) + more_offers(self.stored, self._channel)
        if commands:
            self._menu(commands).popup(event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._hidden is not None:
            self.toggle()
        else:
            super().keyPressEvent(event)

    def offer(self, visible: bool) -> None:
        """Show what can be done with this message, or not."""
        if visible and not self._deeds:
            self._make_deeds()
        for button in self._deeds:
            button.setVisible(visible or self._always)

    def show_history(self, earlier: list[Earlier]) -> None:
        """Show the texts it had before, oldest first."""
        if self._history.property("open"):
            return
        self._history.setProperty("open", True)
        now = datetime.now(UTC)
        for one in earlier:
            until = label(self.tr("until {0}").format(long_time(one.until_at, now)), "text-3", percent=92)
            self.box.insertWidget(self.box.indexOf(self._buttons), until)
            self.box.insertWidget(self.box.indexOf(self._buttons), Body(shown(one.html, one.text)))

    def _speak(self) -> None:
        """What a screen reader says: what matters first, and nothing that a warning hides."""
        m, now = self.stored.message, datetime.now(UTC)
        who = self.tr("We, as {0}").format(self._name) if m.ours else self._name
        states = [c.text() for c in self.findChildren(QLabel) if str(c.property("role")).startswith("chip")]
        readers = VISIBILITY_WORDS[m.visibility] if not m.public else ""
        states = [s for s in states if s not in (readers, self.tr("Content warning"))]
        edited = self.tr("edited") if self.stored.versions or m.edited_at else ""
        words = [who, readers, spoken_age(m.created_at, now), self._answers, ", ".join(states), edited]
        head = ", ".join(w for w in words if w)
        if self.folded:
            counted = inner.count_words(m.counts, m.reacted)
            warning = self.tr("Content warning: {0}. Enter shows what it hides").format(plain(m.warning))
            self.setAccessibleName(". ".join(p for p in (f"{head}. {warning}", counted) if p))
            return
        warned = f"({plain(m.warning)}) " if m.warning else ""
        said = ". ".join(p for p in (plain(m.text)[:500], inner.spoken_inside(m)) if p)
        self.setAccessibleName(f"{head}: {warned}{said}")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusIn:
            self.taken.emit()
        return super().eventFilter(watched, event)


def _name(name: str) -> Elided:
    made = Elided(name)
    made.set_size(100, QFont.Weight.Bold)
    return made


def _below(button: QPushButton) -> QPoint:
    return button.mapToGlobal(button.rect().bottomLeft())


def _line_of(button: QPushButton) -> FlowLayout:
    """A line that begins with a quiet button, whose words stand under the words above."""
    line = FlowLayout()
    line.addWidget(button)
    return line
