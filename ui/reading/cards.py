"""The parts of a conversation: the post it stands under, and each message."""

from __future__ import annotations

from datetime import UTC, datetime

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QFont, QImage, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from inbox.model import Capability, Channel, MessageId, MessageState, Moderation
from inbox.store.reading import Earlier, StoredMessage
from ui.format import exact_time, long_time, plural, short_time, spoken_age
from ui.reading.markup import from_text, isolated, pictures, plain, shown
from ui.reading.parts import Body, Card, beginning, chip, label, outside_link
from ui.widgets.flow import FlowLayout
from ui.widgets.glyph import Glyph
from ui.widgets.text import Elided

FOLD_AT = 2400
"""Longer texts show their beginning, and the rest when asked."""
_STATE_CHIPS = {
    MessageState.HELD: ("held for moderation", "chip-held"),
    MessageState.SPAM: ("spam", "chip-danger"),
    MessageState.TRASHED: ("in the bin", "chip"),
    MessageState.DELETED: ("deleted at the network", "chip"),
    MessageState.SCHEDULED: ("scheduled", "chip"),
    MessageState.DRAFT: ("draft", "chip"),
    MessageState.PRIVATE: ("private", "chip-held"),
}


class ContextCard(Card):
    """The post being answered: title, first words, when, and a way to it. Grows to the whole text on request."""

    def __init__(self, stored: StoredMessage, channel: Channel) -> None:
        super().__init__("card")
        self.as_wide_as_the_pane()
        m = stored.message
        now = datetime.now(UTC)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(Glyph(channel.network))
        whose = self.tr("Our post") if m.ours or m.author.name == channel.speaks_as else self.tr("Post")
        meta = label(f"{whose} · {channel.title} · {long_time(m.created_at, now)}", "text-3", percent=92, wrap=True)
        meta.setToolTip(exact_time(m.created_at))
        head.addWidget(meta, 1)
        if m.state in _STATE_CHIPS:
            head.addWidget(chip(*_STATE_CHIPS[m.state]))
        self.box.addLayout(head)
        title = plain(m.title) or self.tr("Untitled")
        self.box.addWidget(label(title, bold=True, wrap=True))
        self._short = beginning(plain(m.text), 180)
        self._excerpt = label(self._short, "text-2", wrap=True)
        self.box.addWidget(self._excerpt)
        self._whole: Body | None = None
        self._stored = stored
        row = FlowLayout()
        self.more = QPushButton(self.tr("Read the post"))
        self.more.setProperty("role", "quiet")
        self.more.clicked.connect(self._toggle)
        row.addWidget(self.more)
        if m.url:
            row.addWidget(outside_link(self.tr("Open ↗"), m.url, about=title))
        self.box.addLayout(row)
        self.setAccessibleName(f"{meta.text()}: {title}. {self._short}")

    def _toggle(self) -> None:
        if self._whole is None:
            self._whole = Body(shown(self._stored.message.html, self._stored.message.text))
            self.box.insertWidget(self.box.indexOf(self._excerpt), self._whole)
            self._whole.hide()
        opening = self._whole.isHidden()
        self._whole.setVisible(opening)
        self._excerpt.setVisible(not opening)
        self.more.setText(self.tr("Show less") if opening else self.tr("Read the post"))


class MessageCard(Card):
    """One message: who, when, how it stands, its words; and, while it is the one in focus, what can be done.

    ``wanted(command, id)``: "reply", "edit", "delete" or a Moderation word.
    """

    wanted = Signal(str, int)
    picture_wanted = Signal(int, str)

    def __init__(self, stored: StoredMessage, channel: Channel, *, answers: str = "", deep: bool = False) -> None:
        m = stored.message
        super().__init__("ours" if m.ours else "held" if m.state is MessageState.HELD else "card")
        self.id: MessageId = stored.id
        self.stored = stored
        self.deep = deep
        now = datetime.now(UTC)
        head = QHBoxLayout()
        head.setSpacing(8)
        name = channel.speaks_as or channel.title if m.ours else plain(m.author.name) or self.tr("Unknown")
        head.addWidget(_name(name))
        when = label(short_time(m.created_at, now), "text-3", percent=92)
        when.setToolTip(exact_time(m.created_at))
        head.addWidget(when)
        if answers:
            whom = Elided(self.tr("in reply to {0}").format(isolated(plain(answers))))
            whom.set_size(92)
            whom.setProperty("role", "text-3")
            head.addWidget(whom, 1)
        else:
            head.addStretch(1)
        if m.state in _STATE_CHIPS:
            head.addWidget(chip(*_STATE_CHIPS[m.state]))
        if m.kind == "notice":
            head.addWidget(chip(self.tr("link from elsewhere")))
        self.box.addLayout(head)
        if m.title and m.kind == "post":
            self.box.addWidget(label(plain(m.title), percent=108, bold=True, wrap=True))
        self._html = shown(m.html, m.text)
        folded = len(self._html) > FOLD_AT
        self.body = Body(from_text(beginning(plain(m.text), 600)) if folded else self._html)
        if m.state in (MessageState.DELETED, MessageState.TRASHED, MessageState.SPAM):
            self.body.setProperty("role", "text-3")
        self.box.addWidget(self.body)
        if folded:
            more = QPushButton(self.tr("Show all"))
            more.setProperty("role", "quiet")
            more.clicked.connect(lambda: self.body.show_html(self._html))
            more.clicked.connect(more.hide)
            self.box.addLayout(_line_of(more))
        self.pictures: dict[str, QPushButton] = {}
        attached = {a.url: a.description for a in m.attachments if a.kind == "image"}
        for url, description in (dict(pictures(m.html)) | attached).items():
            words = plain(description) or self.tr("without a description")
            show = QPushButton(self.tr("Show picture: {0}").format(words[:80]))
            show.setProperty("role", "quiet")
            show.setToolTip(self.tr("Fetches {0}").format(url))
            show.clicked.connect(lambda _=False, url=url: self.picture_wanted.emit(self.id, url))
            self.pictures[url] = show
            self.box.addWidget(show, 0, Qt.AlignmentFlag.AlignLeft)
        if stored.versions:
            self._history = QPushButton(self.tr("edited · {0}").format(plural(stored.versions, "earlier text")))
            self._history.setProperty("role", "quiet")
            self._history.clicked.connect(lambda: self.wanted.emit("history", self.id))
            self.box.addLayout(_line_of(self._history))
        self._buttons = row = FlowLayout()
        row.setContentsMargins(0, 4, 0, 0)
        self._deeds: list[QPushButton] = []
        self._name, self._channel = name, channel
        self.box.addLayout(row)
        self.body.installEventFilter(self)
        self._always = m.state is MessageState.HELD
        if self._always:
            self._make_deeds()
        states = ", ".join(c.text() for c in self.findChildren(QLabel) if str(c.property("role")).startswith("chip"))
        who = self.tr("We, as {0}").format(name) if m.ours else name
        whom_ = self.tr("in reply to {0}").format(plain(answers)) if answers else ""
        edited = self.tr("edited") if stored.versions else ""
        head_words = ", ".join(p for p in (who, spoken_age(m.created_at, now), whom_, states, edited) if p)
        self.setAccessibleName(f"{head_words}: {plain(m.text)[:500]}")

    def _make_deeds(self) -> None:
        """Buttons for what can be done: most cards never need theirs, and they are half of what a card costs."""
        for command, words in offers(self.stored, self._channel):
            button = QPushButton(words)
            button.setAccessibleName(f"{words}: {self._name}")
            button.clicked.connect(lambda _=False, c=command: self.wanted.emit(c, self.id))
            self._deeds.append(button)
        if self.stored.message.url.startswith(("http://", "https://")):
            self._deeds.append(outside_link(self.tr("Open ↗"), self.stored.message.url, about=self._name))
        before: QWidget = self
        for inner in self.findChildren(QPushButton):
            before = inner
        for button in self._deeds:
            self._buttons.addWidget(button)
            button.installEventFilter(self)
            QWidget.setTabOrder(before, button)
            before = button

    def offer(self, visible: bool) -> None:
        """Show what can be done with this message, or not."""
        if visible and not self._deeds:
            self._make_deeds()
        for button in self._deeds:
            button.setVisible(visible or self._always)

    def show_picture(self, url: str, picture: QImage) -> None:
        """Put the picture where its button is, no wider than the card."""
        button = self.pictures.pop(url, None)
        if button is None:
            return
        shown = QLabel()
        shown.setPixmap(QPixmap.fromImage(picture))
        shown.setAccessibleName(button.text())
        self.box.replaceWidget(button, shown)
        button.hide()
        button.deleteLater()

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

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusIn:
            self.taken.emit()
        return super().eventFilter(watched, event)


def _name(name: str) -> Elided:
    made = Elided(name)
    made.set_size(100, QFont.Weight.Bold)
    return made


def _line_of(button: QPushButton) -> FlowLayout:
    """A line that begins with a quiet button, whose words stand under the words above."""
    line = FlowLayout()
    line.addWidget(button)
    return line


def offers(stored: StoredMessage, channel: Channel) -> list[tuple[str, str]]:
    """Commands that make sense for this message at this channel, most likely first: (command, words)."""
    m, can = stored.message, channel.capabilities
    found: list[tuple[str, str]] = []
    gone = m.state is MessageState.DELETED
    if m.kind == "unreadable" or gone:
        return found
    aside = m.state in (MessageState.SPAM, MessageState.TRASHED)
    if m.state is MessageState.HELD and Capability.APPROVE in can:
        found.append((Moderation.APPROVE, "Approve"))
    if Capability.REPLY in can and not aside and m.kind != "post":
        found.append(("reply", "Reply" if m.state is not MessageState.HELD else "Approve and reply"))
    if m.ours and Capability.EDIT in can and not aside:
        found.append(("edit", "Edit"))
    if m.state is MessageState.SPAM and Capability.SPAM in can:
        found.append((Moderation.UNSPAM, "Not spam"))
    if m.state is MessageState.TRASHED and Capability.TRASH in can:
        found.append((Moderation.RESTORE, "Restore"))
    if not m.ours and not aside and m.kind != "post":
        if m.state is MessageState.PUBLISHED and Capability.HOLD in can:
            found.append((Moderation.HOLD, "Hold back"))
        if Capability.SPAM in can:
            found.append((Moderation.SPAM, "Spam"))
    if not aside and Capability.TRASH in can:
        found.append((Moderation.TRASH, "Bin"))
    return found
