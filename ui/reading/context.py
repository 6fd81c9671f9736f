"""The post that a conversation stands under."""

from __future__ import annotations

from datetime import UTC, datetime

from PySide6.QtWidgets import QHBoxLayout, QPushButton

from inbox.model import Channel
from inbox.store.reading import StoredMessage
from ui.format import exact_time, long_time
from ui.reading.markup import plain, shown
from ui.reading.parts import STATE_CHIPS, Body, Card, beginning, chip, label, outside_link
from ui.widgets.flow import FlowLayout
from ui.widgets.glyph import Glyph


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
        if m.state in STATE_CHIPS:
            head.addWidget(chip(*STATE_CHIPS[m.state]))
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
