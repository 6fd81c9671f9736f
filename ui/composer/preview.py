"""What one channel will show: paints the very Rendition that is sent, with what is to be said about it."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout

from inbox.model import Audience, Capability, Media, Problem, Rendition, Visibility, Weight
from ui.composer.shown import ONE_OF_SEVERAL, PICTURE, Boxed, PictureView, ProblemLine, ShownText
from ui.composer.state import Shown
from ui.composer.weighing import weight_words
from ui.composer.wording import (
    audience_words,
    duration_words,
    language_words,
    listed,
    standing_words,
    visibility_words,
    when_words,
)
from ui.theme import GAP
from ui.widgets.flow import FlowLayout
from ui.widgets.form import button, empty, heading, words
from ui.widgets.glyph import Glyph


class PreviewCard(QFrame):
    """The preview of one channel; ``show_rendition`` whenever something changed. ``wanted(where)``: see to it."""

    wanted = Signal(str)
    trial_wanted = Signal()

    def __init__(self, network: str, network_title: str) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self._network_title = network_title
        self._media: tuple[Media, ...] = ()
        self._problems: list[Problem] | None = None
        self.name = heading("", 100)
        self.chip = words("", "chip", percent=92, wrap=False)
        head = QHBoxLayout()
        head.setSpacing(2 * GAP)
        head.addWidget(Glyph(network, network_title), 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self.name, 1)
        head.addWidget(self.chip, 0, Qt.AlignmentFlag.AlignTop)
        self.warning = words("", "chip-held", percent=92)
        self.title = words("", percent=115, weight=QFont.Weight.DemiBold)
        self.text = ShownText()
        self._pictures = FlowLayout(spacing=GAP)
        self.card, self.quoted = Boxed(), Boxed()
        self.poll = words("", "text-2")
        self.excerpt = words("", "text-2")
        self.terms = words("", "text-3", percent=92)
        self.time = words("", "chip", percent=92, wrap=False)
        self.keeper = words("", "chip", percent=92, wrap=False)
        self.circle = words("", "chip", percent=92, wrap=False)
        self.answers = words("", "chip", percent=92, wrap=False)
        chips = FlowLayout(spacing=2 * GAP)
        for chip in (self.time, self.keeper, self.circle, self.answers):
            chips.addWidget(chip)
        self.weight = words("", "text-2", percent=92)
        self.trial = button(self.tr("Send a test to myself"), "quiet")
        self.trial.clicked.connect(self.trial_wanted)
        self.trial.hide()
        self.problems = QVBoxLayout()
        self.problems.setSpacing(GAP)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GAP, 3 * GAP, 3 * GAP, 3 * GAP)
        column.setSpacing(2 * GAP)
        column.addLayout(head)
        for part in (self.warning, self.title, self.text):
            column.addWidget(part)
        column.addLayout(self._pictures)
        column.addWidget(self.card)
        column.addWidget(self.quoted)
        for part in (self.poll, self.excerpt, self.terms):
            column.addWidget(part)
        column.addLayout(chips)
        column.addWidget(self.weight)
        column.addWidget(self.trial, 0, Qt.AlignmentFlag.AlignLeft)
        column.addLayout(self.problems)

    def show_rendition(self, shown: Shown, now: datetime, *, alone: bool) -> None:
        """Paint it. ``alone``: it is the only channel."""
        rendition, channel = shown.rendition, shown.channel
        same = channel.speaks_as in ("", channel.title)
        speaks = channel.title if same else self.tr("{0} as {1}").format(channel.title, channel.speaks_as)
        self._say(self.name, speaks)
        self._chip(self.chip, *standing_words(shown, alone=alone))
        self._say(self.warning, self.tr("Folded behind: {0}").format(rendition.warning) if rendition.warning else "")
        self._say(self.title, rendition.title)
        self.text.show_text(rendition.text, shown.room.cut)
        self._show_media(rendition.media)
        self.card.show_card(rendition.card)
        self.quoted.show_quoted(shown.quoted)
        self._say(self.poll, self._poll_words(rendition))
        self._say(self.excerpt, self.tr("Excerpt: {0}").format(rendition.excerpt) if rendition.excerpt else "")
        self._say(self.terms, self._terms_words(shown))
        when, keeper, role = when_words(shown, self._network_title, now)
        self._say(self.time, when)
        self._chip(self.keeper, keeper, role)
        closed = rendition.visibility in (Visibility.FOLLOWERS, Visibility.DIRECT)
        readers = self.tr("Readers: {0}").format(visibility_words(rendition.visibility).lower())
        self._chip(self.circle, readers if rendition.visibility is not None else "", "chip-held" if closed else "chip")
        self._say(self.answers, self._audience_words(rendition))
        self.trial.setVisible(Capability.TRIAL in channel.capabilities)
        self.trial.setEnabled(not shown.stopped)
        self.trial.setAccessibleName(f"{self.trial.text()}: {channel.title}")
        self._show_problems(shown)
        self.setAccessibleName(f"{speaks}: {self.chip.text()}")

    def show_weight(self, weight: Weight | None) -> None:
        """How many it reaches and what it costs, once that is known."""
        self._say(self.weight, weight_words(weight) if weight is not None else "")

    def _poll_words(self, rendition: Rendition) -> str:
        if (poll := rendition.poll) is None:
            return ""
        mark = "☐" if poll.multiple else "○"
        return "\n".join(
            [*(f"{mark} {o}" for o in poll.options), self.tr("Runs {0}").format(duration_words(poll.lasts_s))]
        )

    def _terms_words(self, shown: Shown) -> str:
        said, rendition = [], shown.rendition
        if rendition.categories:
            titles = {c.code: c.title for c in shown.channel.limits.choices}
            said.append(self.tr("In {0}").format(", ".join(titles.get(c, c) for c in rendition.categories)))
        if rendition.tags:
            said.append(self.tr("Tags: {0}").format(", ".join(rendition.tags)))
        if rendition.language:
            said.append(self.tr("Language: {0}").format(language_words(rendition.language)))
        return " · ".join(said)

    def _audience_words(self, rendition: Rendition) -> str:
        """Who may answer and quote it, where that is not everybody."""
        said = []
        if rendition.audience is not Audience.EVERYONE:
            said.append(self.tr("Answers: {0}").format(audience_words(rendition.audience).lower()))
        if not rendition.quotable:
            said.append(self.tr("not to be quoted"))
        return " · ".join(said)

    def _show_media(self, media: tuple[Media, ...]) -> None:
        if media == self._media:
            return
        if [m.path for m in media] != [m.path for m in self._media]:
            empty(self._pictures)
            for one in media:
                self._pictures.addWidget(PictureView(one.path, PICTURE if len(media) == 1 else ONE_OF_SEVERAL))
        for number, one in enumerate(media):
            item = self._pictures.itemAt(number)
            if item is not None and (shown := item.widget()) is not None:
                shown.setAccessibleName(one.alt_text or self.tr("Picture without description"))
                shown.setToolTip(one.alt_text)
        self._media = media

    def _show_problems(self, shown: Shown) -> None:
        found = listed(shown)
        if found == self._problems:
            return
        self._problems = found
        empty(self.problems)
        for one in found:
            made = ProblemLine(one, shown.channel)
            made.wanted.connect(self.wanted)
            self.problems.addWidget(made)

    def _chip(self, label: QLabel, said: str, role: str) -> None:
        if label.property("role") != role:
            label.setProperty("role", role)
            label.style().unpolish(label)
            label.style().polish(label)
        self._say(label, said)

    def _say(self, label: QLabel, text: str) -> None:
        if label.text() != text:
            label.setText(text)
        label.setVisible(bool(text))
