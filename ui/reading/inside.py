"""What a message has in it besides its words: pictures, files, a quote, a link, a poll. Made for one message, and gone
with it."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QObject, Qt, Signal
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from inbox.model import Attachment, Message
from ui.format import file_size
from ui.reading import inner
from ui.reading.markup import pictures, plain
from ui.reading.parts import Inner, label, line_of, outside_link
from ui.reading.pictures import Captioned, PictureBox
from ui.widgets.flow import FlowLayout

Part = QWidget | FlowLayout


class Inside(QObject):
    """``parts`` from the top down. ``asked(url)`` when somebody wants to see a picture of a stranger's."""

    asked = Signal(str)

    def __init__(self, m: Message) -> None:
        super().__init__()
        self.parts: list[Part] = []
        self._boxes: dict[str, list[PictureBox]] = {}
        self._asking: dict[str, tuple[Inner, QPushButton, str]] = {}
        self._add_pictures(m)
        for made in (
            inner.quote_card(m.quoted) if m.quoted is not None else None,
            inner.link_card(m.card) if m.card is not None and m.card.url else None,
            inner.poll_card(m.poll) if m.poll is not None else None,
        ):
            if made is not None:
                self.parts.append(made)

    def _add_pictures(self, m: Message) -> None:
        seen = [a for a in m.attachments if a.preview_url and a.kind in ("image", "video", "gifv")]
        if seen:
            self.parts.append(self._row(seen))
        for one in m.attachments:
            if not one.url and not one.preview_url:  # in a mailbox: nothing leads to it but the mailbox itself
                said = plain(one.description) or one.kind
                size = f", {file_size(one.size_bytes)}" if one.size_bytes else ""
                words = _tr("Attached: {0}{1}. Open it in the mailbox.").format(said, size)
                self.parts.append(label(words, "text-3", percent=92, wrap=True))
            if one.kind != "image" and one.url.startswith(("https://", "http://")):
                words = _tr("Open the {0} ↗").format(one.kind if one.kind != "unknown" else _tr("file"))
                self.parts.append(line_of(outside_link(words, one.url, about=plain(one.description) or one.kind)))
        attached = {a.url: a.description for a in m.attachments if a.kind == "image" and not a.preview_url}
        for url, description in (dict(pictures(m.html)) | attached).items():
            self.parts.append(self._button(url, plain(description) or _tr("without a description")))

    def _row(self, seen: list[Attachment]) -> FlowLayout:
        row, captioned = FlowLayout(), list[Captioned]()
        for one in seen:
            made = Captioned(one, alone=len(seen) == 1)
            self._boxes.setdefault(one.preview_url, []).append(made.picture)
            row.addWidget(made)
            captioned.append(made)
        for made in captioned:
            made.beside = captioned
        return row

    def _button(self, url: str, words: str) -> Inner:
        """A button for a picture, and the place where the picture comes."""
        place = Inner()
        show = QPushButton(_tr("Show picture: {0}").format(words[:80]))
        show.setProperty("role", "quiet")
        show.setToolTip(_tr("Fetches {0}").format(url))
        show.clicked.connect(lambda _=False: self.asked.emit(url))
        place.box.addWidget(show, 0, Qt.AlignmentFlag.AlignLeft)
        self._asking[url] = (place, show, words)
        return place

    # What is fetched for it

    @property
    def missing(self) -> list[str]:
        """Addresses of pictures to fetch without being asked: those from a host that the account trusts anyway."""
        return [url for url, boxes in self._boxes.items() if not boxes[0].shown]

    def show_picture(self, url: str, picture: QImage) -> None:
        """Put the picture into its box, or where its button is."""
        for box in self._boxes.get(url, ()):
            box.show_picture(picture)
        asking = self._asking.pop(url, None)
        if asking is None:
            return
        place, button, words = asking
        shown = QLabel()
        shown.setPixmap(QPixmap.fromImage(picture))
        shown.setAccessibleName(words)
        place.box.addWidget(shown)
        place.box.addWidget(label(words, "text-3", percent=92, wrap=True))
        button.hide()
        button.deleteLater()

    def no_picture(self, url: str, why: str) -> None:
        """It could not be fetched."""
        for box in self._boxes.get(url, ()):
            box.say(why)


def _tr(words: str) -> str:
    return QCoreApplication.translate("MessageCard", words)
