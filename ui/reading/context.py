"""The post that a conversation stands under."""

from __future__ import annotations

from datetime import UTC, datetime

from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton

from inbox.model import Capability, Channel
from inbox.store.reading import StoredMessage
from ui.format import exact_time, long_time
from ui.reading.markup import plain, shown
from ui.reading.parts import STATE_CHIPS, Body, Card, beginning, chip, discard, label, outside_link
from ui.widgets.flow import FlowLayout
from ui.widgets.glyph import Glyph


class ContextCard(Card):
    """The post being answered: title, first words, when, and a way to it. Grows to the whole text on request."""

    def __init__(self) -> None:
        super().__init__("card")
        self.as_wide_as_the_pane()
        head = QHBoxLayout()
        head.setSpacing(8)
        self._glyph = Glyph("")
        head.addWidget(self._glyph)
        self._meta = label("", "text-3", percent=92, wrap=True)
        head.addWidget(self._meta, 1)
        self._state: QLabel | None = None
        self._head = head
        self.box.addLayout(head)
        self._title, self._excerpt = label("", bold=True, wrap=True), label("", "text-2", wrap=True)
        self.box.addWidget(self._title)
        self.box.addWidget(self._excerpt)
        self._whole: Body | None = None
        self._stored: StoredMessage | None = None
        row = FlowLayout()
        self.more = QPushButton(self.tr("Read the post"))
        self.more.setProperty("role", "quiet")
        self.more.clicked.connect(self._toggle)
        row.addWidget(self.more)
        self._out = outside_link(self.tr("Open ↗"), "", about="")
        row.addWidget(self._out)
        self.box.addLayout(row)

    def fill(self, stored: StoredMessage, channel: Channel) -> None:
        """Show this post, and nothing of the one before."""
        m = stored.message
        now = datetime.now(UTC)
        self._stored = stored
        self._glyph.show_network(channel.network)
        whose = self.tr("Our post") if m.ours or m.author.name == channel.speaks_as else self.tr("Post")
        meta = f"{whose} · {channel.title} · {long_time(m.created_at, now)}"
        self._meta.setText(meta)
        self._meta.setToolTip(exact_time(m.created_at))
        for old in (self._state, self._whole):
            if old is not None:
                discard(old)
        self._state, self._whole = None, None
        if m.state in STATE_CHIPS:
            self._state = chip(*STATE_CHIPS[m.state])
            self._head.addWidget(self._state)
            self._state.show()
        titled = Capability.TITLE in channel.capabilities  # elsewhere nothing is missing
        title = plain(m.title) or (self.tr("Untitled") if titled else "")
        short = beginning(plain(m.text), 180)
        self._title.setText(title)
        self._title.setVisible(bool(title))
        self._excerpt.setText(short)
        self._excerpt.show()
        self.more.setText(self.tr("Read the post"))
        self._out.setVisible(bool(m.url))
        self._out.setToolTip(m.url)
        self._out.setAccessibleName(self.tr("Open in the browser: {0}").format(title or short))
        self.setAccessibleName(f"{meta}: {'. '.join(part for part in (title, short) if part)}")

    def _toggle(self) -> None:
        if self._stored is None:
            return
        if self._whole is None:
            self._whole = Body(shown(self._stored.message.html, self._stored.message.text))
            self.box.insertWidget(self.box.indexOf(self._excerpt), self._whole)
            self._whole.hide()
        opening = self._whole.isHidden()
        self._whole.setVisible(opening)
        self._excerpt.setVisible(not opening)
        self.more.setText(self.tr("Show less") if opening else self.tr("Read the post"))
