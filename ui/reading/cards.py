"""The parts of a conversation: the post it stands under, each message, and what is on its way."""

from __future__ import annotations

from datetime import UTC, datetime

from PySide6.QtCore import QEvent, QObject, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QFocusEvent, QImage, QKeyEvent, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from inbox.model import Capability, Channel, Delivery, DeliveryState, MessageId, MessageState, Moderation
from inbox.store.reading import Earlier, StoredMessage
from ui.format import exact_time, long_time, plural, short_time
from ui.reading.markup import directed, from_text, pictures, plain, shown
from ui.theme import scaled
from ui.widgets.flow import FlowLayout
from ui.widgets.glyph import Glyph

FOLD_AT = 2400
"""Longer texts show their beginning, and the rest when asked."""
MEASURE_PX = 640
"""Lines longer than this are hard to read; a card grows with the font, not with the window."""
_STATE_CHIPS = {
    MessageState.HELD: ("held for moderation", "chip-held"),
    MessageState.SPAM: ("spam", "chip-danger"),
    MessageState.TRASHED: ("in the bin", "chip"),
    MessageState.DELETED: ("deleted at the network", "chip"),
    MessageState.SCHEDULED: ("scheduled", "chip"),
    MessageState.DRAFT: ("draft", "chip"),
    MessageState.PRIVATE: ("private", "chip-held"),
}


def label(text: str, role: str = "", *, percent: float = 100, bold: bool = False, wrap: bool = False) -> QLabel:
    """A plain-text label of a given role and size."""
    made = QLabel(text, wordWrap=wrap)
    made.setTextFormat(Qt.TextFormat.PlainText)
    font = scaled(made.font(), percent)
    font.setBold(bold)
    made.setFont(font)
    if role:
        made.setProperty("role", role)
    return made


def chip(text: str, role: str = "chip") -> QLabel:
    """A small word on a tinted ground."""
    made = label(text, role, percent=85)
    made.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Maximum)
    return made


def beginning(text: str, most: int) -> str:
    """The first words of a line, at most so many characters, and a sign when there is more."""
    return text if len(text) <= most else text[:most].rsplit(" ", 1)[0].rstrip(",;:–—- ") + " …"


def outside_link(words: str, url: str) -> QPushButton:
    """A quiet button that opens a web address in the browser; its tool tip says which."""
    button = QPushButton(words)
    button.setProperty("role", "quiet")
    button.setToolTip(url)
    button.setAccessibleName("Open in the browser")
    button.clicked.connect(lambda: QDesktopServices.openUrl(QUrl(url)))
    return button


class Body(QLabel):
    """A message's words: sanitised rich text, selectable, links by mouse and keyboard, opened outside."""

    def __init__(self, html: str) -> None:
        super().__init__(wordWrap=True)
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextBrowserInteraction | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setOpenExternalLinks(True)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # Tab goes from card to card, not into every text
        self.linkHovered.connect(self.setToolTip)  # where a link really goes
        self.show_html(html)

    def show_html(self, html: str) -> None:
        """Show this markup, which must be clean."""
        self._html = html
        body = directed(html if html.startswith("<p>") else f"<p>{html}</p>")
        for block, gap in (("p", 6), ("li", 2), ("blockquote", 6)):  # Qt takes the line height from each block itself
            style = f'style="margin:0 0 {gap}px 0; line-height:140%"'
            body = body.replace(f"<{block}>", f"<{block} {style}>").replace(f"<{block} dir", f"<{block} {style} dir")
        self.setText(body)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_html"):
            self.setText("")  # the colour of links is worked out when the text is set, and only for another text
            self.show_html(self._html)
        super().changeEvent(event)


class Card(QFrame):
    """A framed part that takes the keyboard. ``stepped(+1/-1)``: go to the next or the one before."""

    stepped = Signal(int)
    taken = Signal()

    def __init__(self, role: str) -> None:
        super().__init__()
        self.setProperty("role", role)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMaximumWidth(MEASURE_PX)
        self.box = QVBoxLayout(self)
        self.box.setContentsMargins(14, 10, 14, 10)
        self.box.setSpacing(4)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up) and not event.modifiers():
            self.stepped.emit(1 if event.key() == Qt.Key.Key_Down else -1)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._mark(True)
        self.taken.emit()
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._mark(False)
        super().focusOutEvent(event)

    def _mark(self, focused: bool) -> None:
        self.setProperty("focused", focused)
        self.style().polish(self)


class ContextCard(Card):
    """The post being answered: title, first words, when, and a way to it. Grows to the whole text on request."""

    def __init__(self, stored: StoredMessage, channel: Channel) -> None:
        super().__init__("card")
        self.setMaximumWidth(16_777_215)
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
            row.addWidget(outside_link(self.tr("Open ↗"), m.url))
        self.box.addLayout(row)
        self.setAccessibleName(f"{whose}: {title}. {self._short}")

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
        head.addWidget(label(name, bold=True))
        when = label(short_time(m.created_at, now), "text-3", percent=92)
        when.setToolTip(exact_time(m.created_at))
        head.addWidget(when)
        if answers:
            head.addWidget(label(self.tr("in reply to {0}").format(plain(answers)), "text-3", percent=92), 1)
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
        self.body.setAccessibleName(self.tr("Words of {0}").format(name))
        if m.state in (MessageState.DELETED, MessageState.TRASHED, MessageState.SPAM):
            self.body.setProperty("role", "text-3")
        self.box.addWidget(self.body)
        if folded:
            more = QPushButton(self.tr("Show all"))
            more.setProperty("role", "quiet")
            more.clicked.connect(lambda: self.body.show_html(self._html))
            more.clicked.connect(more.hide)
            self.box.addWidget(more, 0, Qt.AlignmentFlag.AlignLeft)
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
            self.box.addWidget(self._history, 0, Qt.AlignmentFlag.AlignLeft)
        self._buttons = QWidget()
        row = FlowLayout(self._buttons)
        row.setContentsMargins(0, 4, 0, 0)
        for command, words in offers(stored, channel):
            button = QPushButton(words)
            button.setAccessibleName(f"{words}: {name}")
            button.clicked.connect(lambda _=False, c=command: self.wanted.emit(c, self.id))
            row.addWidget(button)
        if m.url.startswith(("http://", "https://")):
            row.addWidget(outside_link(self.tr("Open ↗"), m.url))
        self.box.addWidget(self._buttons)
        self._always = m.state is MessageState.HELD
        self._buttons.setVisible(self._always)
        for child in (self.body, *self._buttons.findChildren(QPushButton)):
            child.installEventFilter(self)
        states = ", ".join(c.text() for c in self.findChildren(QLabel) if str(c.property("role")).startswith("chip"))
        self.setAccessibleName(
            ", ".join(p for p in (name, short_time(m.created_at, now), states, plain(m.text)[:500]) if p)
        )

    def offer(self, visible: bool) -> None:
        """Show what can be done with this message, or not."""
        self._buttons.setVisible((visible or self._always) and bool(self._buttons.findChildren(QPushButton)))

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


class PendingCard(Card):
    """A reply on its way, or in trouble. ``undo``, ``again``: the delivery's id."""

    undo = Signal(int)
    again = Signal(int)

    def __init__(self, delivery: Delivery, channel: Channel) -> None:
        super().__init__("ours")
        self.delivery = delivery
        self.box.addWidget(label(channel.speaks_as or channel.title, bold=True))
        self.box.addWidget(Body(from_text(delivery.rendition.text)))
        self._words = label("", "text-3", percent=92, wrap=True)
        trouble = delivery.state in (DeliveryState.REJECTED, DeliveryState.UNKNOWN)
        self._words.setProperty("role", "danger" if trouble else "text-3")
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        if delivery.state in (DeliveryState.QUEUED, DeliveryState.REJECTED):
            words = self.tr("Undo") if delivery.state is DeliveryState.QUEUED else self.tr("Edit")
            buttons.addWidget(self._button(words, self.undo))
        if trouble or (delivery.state is DeliveryState.QUEUED and delivery.words):
            words = self.tr("Look again") if delivery.state is DeliveryState.UNKNOWN else self.tr("Try now")
            buttons.addWidget(self._button(words, self.again))
        if trouble:  # a reason takes lines of its own, the buttons stand under it
            self.box.addWidget(self._words)
            buttons.addStretch(1)
            self.box.addSpacing(4)
            self.box.addLayout(buttons)
        else:
            row = QHBoxLayout()
            row.addWidget(self._words, 1)
            row.addLayout(buttons)
            self.box.addLayout(row)
        self.tick()

    def _button(self, words: str, signal: object) -> QPushButton:
        button = QPushButton(words)
        button.clicked.connect(lambda: signal.emit(self.delivery.id))  # type: ignore[attr-defined]
        return button

    def tick(self) -> None:
        """Say again how long it still waits."""
        words = fate(self.delivery, datetime.now(UTC))
        if words != self._words.text():
            self._words.setText(words)
            self.setAccessibleName(f"{self.tr('Our reply')}: {self.delivery.rendition.text}. {words}")


def fate(delivery: Delivery, now: datetime) -> str:
    """How a delivery stands, in words."""
    if delivery.state is DeliveryState.QUEUED:
        if delivery.words:
            return f"Waiting to go: {delivery.words} {delivery.hint}".strip()
        left = (delivery.not_before_at - now).total_seconds() if delivery.not_before_at else 0
        return f"leaves in {int(left) + 1} s" if left > 0 else "leaves now"
    if delivery.state is DeliveryState.SENDING:
        return "being sent …"
    if delivery.state is DeliveryState.SENT:
        return "sent"
    if delivery.state is DeliveryState.CANCELLED:
        return "taken back"
    lead = "Not sent" if delivery.state is DeliveryState.REJECTED else "Unknown whether it went out"
    return f"{lead}: {delivery.words} {delivery.hint}".strip()
