"""What else a post may carry, each shown only when a chosen channel can do it, or when something is set there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from inbox.model import Audience, Capability, Channel, LinkCard, Visibility
from ui.composer.choices import Choices
from ui.composer.pick import Pick
from ui.composer.poll import PollEditor
from ui.composer.state import ComposerState, first_link, names
from ui.composer.wording import audience_words, language_words, visibility_words
from ui.theme import GAP, line_height
from ui.widgets.form import Form, FormRow, words
from ui.widgets.tick import Tick

LANGUAGES = (
    "ar", "bg", "bn", "ca", "cs", "cy", "da", "de", "el", "en", "es", "et", "eu", "fa", "fi", "fr", "ga", "gd", "gl",
    "he", "hi", "hr", "hu", "hy", "is", "it", "ja", "ka", "ko", "lt", "lv", "mt", "nb", "ne", "nl", "pa", "pl", "pt",
    "ro", "ru", "sk", "sl", "so", "sq", "sr", "sv", "ta", "th", "tr", "uk", "ur", "vi", "zh",
)  # fmt: skip

LOOK_PAUSE_MS = 900
"""After so long without a change of the link, its page is looked at."""


class Options(QWidget):
    """Edits the very state it is shown; ``changed`` after each edit. ``card_wanted(url)``: the words of this page."""

    changed = Signal()
    card_wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._state = ComposerState()
        self._showing = False
        self._looked_at = ""  # the page whose words the card shows
        self._said = ("", "")
        self._look = QTimer(self, singleShot=True, interval=LOOK_PAUSE_MS)
        self._look.timeout.connect(self._look_again)
        self.visibility, self.language, self.audience = Pick(), Pick(), Pick()
        self.warning = QLineEdit()
        self.quotable = Tick(self.tr("May be quoted by others"))
        self.poll = PollEditor()
        self.card = Tick(self.tr("Show the first link as a card"))
        self.card_note = words("", "text-3", percent=92)
        self.card_note.hide()
        self.card_title, self.card_words = QLineEdit(), QLineEdit()
        self.excerpt = QPlainTextEdit()
        self.excerpt.setTabChangesFocus(True)
        self.excerpt.setFixedHeight(round(line_height(self.excerpt.font()) * 3) + 20)
        self.categories, self.tags = QLineEdit(), QLineEdit()
        self.choices = Choices()
        commas = self.tr("With commas between them.")
        form = Form()
        self._rows: dict[str, FormRow] = {
            "visibility": form.add(self.tr("Who may read it"), self.visibility),
            "warning": form.add(
                self.tr("Content warning"), self.warning,
                self.tr("Readers see only this first, and unfold the text. Empty: no warning."),
            ),
            "audience": form.add(self.tr("Who may answer"), self.audience),
        }  # fmt: skip
        form.column.addWidget(self.quotable)
        form.column.addWidget(self.poll)
        form.column.addWidget(self.card)
        form.column.addWidget(self.card_note)
        title = form.add(
            self.tr("Title of the card"), self.card_title, self.tr("Empty: the title, or whose site it is.")
        )
        self._rows |= {
            "card_title": title,
            "card_words": form.add(self.tr("What the card says below"), self.card_words),
            "language": form.add(self.tr("Language"), self.language),
            "excerpt": form.add(
                self.tr("Excerpt"), self.excerpt, self.tr("Shown in lists and feeds; empty: the beginning of the text.")
            ),
            "categories": form.add(self.tr("Categories"), self.categories, commas),
            "tags": form.add(self.tr("Tags"), self.tags, commas),
        }
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3 * GAP)
        column.addWidget(self.choices)  # first: without a receiver nothing goes
        column.addWidget(form)
        for edit in (self.warning, self.card_title, self.card_words, self.categories, self.tags):
            edit.textChanged.connect(self._read)
        self.excerpt.textChanged.connect(self._read)
        for pick in (self.visibility, self.language, self.audience):
            pick.currentIndexChanged.connect(self._read)
        for tick in (self.quotable, self.card):
            tick.toggled.connect(self._read)
        self.poll.changed.connect(self._read)
        self.choices.changed.connect(self.changed)

    def show_state(self, state: ComposerState, channels: Sequence[Channel]) -> None:
        """Show what a post carries."""
        self._state, self._looked_at = state, ""
        self._look.stop()
        self._showing = True
        self.warning.setText(state.warning)
        self.quotable.setChecked(state.quotable)
        self.poll.show_poll(state.poll)
        self.card.setChecked(state.card is not None)
        self.card_title.setText(state.card.title if state.card else "")
        self.card_words.setText(state.card.description if state.card else "")
        self.excerpt.setPlainText(state.excerpt)
        self.categories.setText(", ".join(state.categories))
        self.tags.setText(", ".join(state.tags))
        self._showing = False
        self.show_channels(channels)

    def show_channels(self, channels: Sequence[Channel]) -> None:
        """Offer what these channels can do."""
        state, can = self._state, Capability.NONE
        for channel in channels:
            can |= channel.capabilities
        circles = [v for v in Visibility if any(_has_circle(c, v) for c in channels)]
        seen = dict.fromkeys((None, *circles, state.visibility))
        self.visibility.offer([(v, visibility_words(v)) for v in seen], state.visibility)
        self.audience.offer([(a, audience_words(a)) for a in Audience], state.audience)
        codes = dict.fromkeys(("", *LANGUAGES, state.language))
        usual = self.tr("As each account usually does")
        tongues = sorted(((c, language_words(c)) for c in codes if c), key=lambda tongue: tongue[1])
        self.language.offer([("", usual), *tongues], state.language)
        self.poll.show_channels(channels)
        limits_who = Capability.AUDIENCE in can or state.audience is not Audience.EVERYONE
        self.choices.show_channels(state, channels)
        typed = any(Capability.TERMS in c.capabilities and not c.limits.choices for c in channels)
        for name, shown in {
            "visibility": Capability.VISIBILITY in can or state.visibility is not None,
            "warning": Capability.WARNING in can or bool(state.warning),
            "audience": limits_who,
            "language": Capability.LANGUAGE in can or bool(state.language),
            "excerpt": Capability.TITLE in can or bool(state.excerpt),
            "categories": typed or bool(state.categories),
            "tags": typed or bool(state.tags),
        }.items():
            self._rows[name].setVisible(shown)
        self.quotable.setVisible(Capability.QUOTABLE in can or not state.quotable)
        self.poll.setVisible(Capability.POLL in can or state.poll is not None)
        self._cards = Capability.CARD in can
        self.show_link()

    def show_link(self) -> None:
        """A card can be made while there is a link in the text, and no picture in its place."""
        card = self._state.card is not None
        link = first_link(self._state.text)
        possible = self._cards and bool(link) and not self._state.pictures
        if card and self._looked_at and link != self._looked_at:
            self._forget_page()
        self.card.setVisible(possible or card)
        if not card:
            self.card_note.hide()
        for name in ("card_title", "card_words"):
            self._rows[name].setVisible(card)

    def _forget_page(self) -> None:
        """The text has another first link now: what the earlier page said of itself goes, what was typed stays."""
        self._looked_at = ""
        assert self._state.card is not None
        if (self.card_title.text(), self.card_words.text()) == self._said:
            self._showing = True
            self.card_title.clear()
            self.card_words.clear()
            self._showing = False
        self._state.card = replace(
            self._state.card, title=self.card_title.text(), description=self.card_words.text(), image_path=""
        )
        self._look.start()

    def _look_again(self) -> None:
        if self._state.card is not None and (link := first_link(self._state.text)):
            self.card_wanted.emit(link)

    def show_card(self, found: LinkCard | None, url: str) -> None:
        """Fill in what the page at ``url`` says of itself, where nobody typed something else; ``None``: nothing."""
        state = self._state
        if url != first_link(state.text):
            self._look.start()  # the text has gone on to another
            return
        self._looked_at = url
        self.card_note.setText(self.tr("The page says nothing of itself.") if found is None else "")
        self.card_note.setVisible(found is None and state.card is not None)
        if found is None or state.card is None:
            return
        self._showing = True
        if not self.card_title.text():
            self.card_title.setText(found.title)
        if not self.card_words.text():
            self.card_words.setText(found.description)
        self._showing = False
        self._said = (found.title, found.description)
        state.card = replace(
            state.card, title=self.card_title.text(), description=self.card_words.text(), image_path=found.image_path
        )
        self.changed.emit()

    def show_looking(self) -> None:
        """The page is being asked."""
        self.card_note.setText(self.tr("Looking at the page …"))
        self.card_note.show()

    def take_focus(self, where: str) -> bool:
        """Go to the part a Problem names, if it is one of these."""
        if where == "choices":
            return self.choices.take_focus()
        if where == "poll":
            self.poll.take_focus()
            return True
        parts: dict[str, QWidget] = {
            "visibility": self.visibility, "warning": self.warning, "terms": self.categories, "card": self.card,
        }  # fmt: skip
        if where in parts:
            parts[where].setFocus(Qt.FocusReason.OtherFocusReason)
        return where in parts

    def last(self) -> QWidget:
        """The last control."""
        return self.tags

    def _read(self) -> None:
        if self._showing:
            return
        state = self._state
        state.visibility, state.audience, state.language = (
            self.visibility.value,
            self.audience.value,
            self.language.value,
        )
        state.warning, state.quotable, state.poll = self.warning.text(), self.quotable.isChecked(), self.poll.poll
        state.excerpt = self.excerpt.toPlainText()
        state.categories, state.tags = names(self.categories.text()), names(self.tags.text())
        url = state.card.url if state.card else ""
        picture = state.card.image_path if state.card else ""
        card = LinkCard(
            url=url, title=self.card_title.text(), description=self.card_words.text(), image_path=picture
        )  # fmt: skip
        wanted = self.card.isChecked() and state.card is None
        state.card = card if self.card.isChecked() else None
        if wanted:
            self.card_wanted.emit(first_link(state.text))
        self.show_link()
        self.changed.emit()


def _has_circle(channel: Channel, visibility: Visibility) -> bool:
    return Capability.VISIBILITY in channel.capabilities and visibility in channel.limits.visibilities
