"""A card that showed one message and shows another now is the card that would be made for the other: to the eye, to
the keyboard and to a screen reader. Whatever was done with the first has left nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget

from inbox.model import (
    AccountId,
    Attachment,
    Author,
    Capability,
    Channel,
    ChannelId,
    ConversationId,
    Counts,
    Emoji,
    Limits,
    LinkCard,
    Message,
    MessageId,
    MessageKind,
    MessageState,
    Poll,
    PollOption,
    Quoted,
    Reaction,
    Visibility,
)
from inbox.store.reading import Earlier, StoredMessage
from ui.reading.cards import MessageCard, frame_of
from ui.reading.context import ContextCard
from ui.reading.emoji import as_data
from ui.reading.fetched import _png
from ui.theme import Theme

NOW = datetime.now(UTC) - timedelta(days=30)
WIDTH = 460
ALL = Channel(
    id=ChannelId("c"), account_id=AccountId("a"), network="mastodon", remote_id="me", title="fedi.example",
    speaks_as="Council", capabilities=~Capability.NONE, limits=Limits(language="en"),
)  # fmt: skip
FEW = replace(ALL, network="feed", title="A feed", capabilities=Capability.FETCH)
Shown = tuple[StoredMessage, Channel, dict[str, Any]]
CAT = "https://fedi.example/cat"
PICTURE = "https://fedi.example/preview"
STRANGE = "https://stranger.example/1.png"

words = st.sampled_from(
    ["", "Short.", "Two lines\n\nof words", "A word " * 60, "Far too long. " * 300, "About :cat: and :dog:",
     "שלום, מתי?", "See https://harbour.example/" + "a" * 80]
)  # fmt: skip
names = st.sampled_from(["Anna", "", "Olena :cat:", "N" * 120, "נועם"])
attachments = st.lists(
    st.sampled_from([
        Attachment(url="u", preview_url=PICTURE, description="A crack", width_px=800, height_px=600),
        Attachment(url="w", preview_url="https://fedi.example/gone", description=""),
        Attachment(url=STRANGE, description="A cat"),
        Attachment(url="https://stranger.example/v.mp4", kind="video", description="A film"),
    ]), max_size=3, unique=True,
)  # fmt: skip


PLAIN = Message(
    remote_id="1", kind=MessageKind.COMMENT, author=Author(name="Anna", handle="@anna@far.example", remote_id="a"),
    created_at=NOW, text="First", url="https://far.example/1",
)  # fmt: skip


def stored(id_: int, **what: object) -> StoredMessage:
    return StoredMessage(
        id=MessageId(id_), channel_id=ALL.id, conversation_id=ConversationId(1), seen_at=NOW, versions=1,
        message=replace(PLAIN, **what),  # type: ignore[arg-type]
    )  # fmt: skip


@st.composite
def messages(draw: st.DrawFn) -> Shown:
    text = draw(words)
    message = Message(
        remote_id="1",
        kind=draw(st.sampled_from([MessageKind.COMMENT, MessageKind.POST, MessageKind.NOTICE, MessageKind.QUOTE])),
        author=Author(name=draw(names), handle="@anna@far.example", remote_id="a"),
        created_at=NOW - timedelta(hours=draw(st.integers(0, 3))),
        text=text,
        html=draw(
            st.sampled_from(["", f"<p>{text}</p><blockquote>aside</blockquote>", f'<p><img src="{STRANGE}"></p>'])
        ),
        title=draw(st.sampled_from(["", "A title"])),
        url=draw(st.sampled_from(["", "https://far.example/1"])),
        warning=draw(st.sampled_from(["", "", "Spiders"])),
        ours=draw(st.booleans()),
        language=draw(st.sampled_from(["", "en", "uk"])),
        state=draw(
            st.sampled_from([MessageState.PUBLISHED, MessageState.HELD, MessageState.SPAM, MessageState.DELETED])
        ),
        visibility=draw(st.sampled_from([Visibility.PUBLIC, Visibility.UNLISTED, Visibility.DIRECT])),
        emojis=draw(st.sampled_from([(), (Emoji(code="cat", url=CAT),)])),
        attachments=tuple(draw(attachments)),
        quoted=draw(st.sampled_from([None, Quoted(author="Ben", text="We repair it")])),
        card=draw(st.sampled_from([None, LinkCard(url="https://maps.example/1", title="A map")])),
        poll=draw(st.sampled_from([None, Poll(options=(PollOption(title="Yes", votes=3),), voters=4)])),
        counts=draw(st.sampled_from([Counts(), Counts(boosts=3, likes=12)])),
        reacted=draw(st.sampled_from([(), (Reaction.LIKE,)])),
        edited_at=draw(st.sampled_from([None, NOW])),
        details=draw(st.sampled_from([{}, {"filtered": "1"}, {"type": "follow"}])),
    )
    stored = StoredMessage(
        id=MessageId(draw(st.integers(1, 99))), channel_id=ALL.id, conversation_id=ConversationId(1), seen_at=NOW,
        versions=draw(st.sampled_from([0, 0, 2])), message=message,
    )  # fmt: skip
    how = {
        "answers": draw(st.sampled_from(["", "", "Ben", "B" * 90])),
        "lost": draw(st.sampled_from([False, False, True])),
        "owed": draw(st.booleans()),
    }
    return stored, draw(st.sampled_from([ALL, FEW])), how


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Shown, Shown]:
    """Two messages for the same frame."""
    first = draw(messages())
    frame = frame_of(first[0].message)
    second = draw(messages().filter(lambda m: frame_of(m[0].message) == frame))
    return first, second


def picture() -> QImage:
    image = QImage(400, 300, QImage.Format.Format_RGB32)
    image.fill(QColor("teal"))
    return image


def handle(card: MessageCard, emojis: dict[str, str]) -> None:
    """Everything that can be done to a card, and comes to it."""
    card.setFocus()
    card.offer(True)
    card.toggle()
    for button in card.findChildren(QAbstractButton):
        if button.text() == "Show all":
            button.click()
    card.show_history([Earlier(title="", text="It was so", html="", until_at=NOW)])
    card.show_picture(PICTURE, picture())
    card.show_picture(STRANGE, picture())
    card.no_picture("https://fedi.example/gone", "The picture is not here.")
    emojis[CAT] = as_data(_png(picture()))
    card.draw_emoji()
    if card.body is not None:
        if card.stored.message.text:
            card.body.setSelection(0, 1)
        card.body.linkHovered.emit("https://seen.example")
    card.clearFocus()


def settle(card: MessageCard | ContextCard) -> None:
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QApplication.processEvents()
    card.resize(WIDTH, card.heightForWidth(WIDTH))
    QApplication.processEvents()


def told(card: MessageCard | ContextCard) -> list[object]:
    """What can be seen and heard of a card, from the top down; and that nothing waits out of sight with words in it."""
    found: list[object] = [card.accessibleName(), card.size(), card.property("focused") or False]
    shown = [w for w in card.findChildren(QWidget) if w.isVisibleTo(card)]
    for widget in sorted(shown, key=lambda w: (w.mapTo(card, w.rect().topLeft()).toTuple()[::-1], type(w).__name__)):
        text = widget.text() if isinstance(widget, QLabel | QAbstractButton) else ""
        place = widget.mapTo(card, widget.rect().topLeft()).toTuple()
        role = widget.property("role") or ""
        found.append(
            (type(widget).__name__, text, widget.accessibleName(), widget.toolTip(), role, place, widget.size())
        )
        if isinstance(widget, QLabel):
            found.append(widget.selectedText())
    found.append([(w.accessibleName(), getattr(w, "text", str)()) for w in tabbed(card)])
    assert [w for w in card.stops() if w.isVisibleTo(card)] == tabbed(card)
    return found


def tabbed(card: QWidget) -> list[QWidget]:
    """Where the Tab key leads within a card. (Not by ``nextInFocusChain``: see ``ui.reading.parts.chain``.)"""
    found: list[QWidget] = []
    card.setFocus()
    while True:
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        here = QApplication.focusWidget()
        if here is None or not card.isAncestorOf(here) or here in found:
            break
        found.append(here)
    if here is not None:
        here.clearFocus()
    return found


def hidden_words(card: QWidget) -> set[str]:
    gone = [w for w in card.findChildren(QWidget) if not w.isVisibleTo(card)]
    return {w.text() for w in gone if isinstance(w, QLabel | QAbstractButton)} | {w.accessibleName() for w in gone}


def same(filled: MessageCard | ContextCard, fresh: MessageCard | ContextCard) -> None:
    for card in (filled, fresh):
        settle(card)
    assert told(filled) == told(fresh)
    assert hidden_words(filled) <= hidden_words(fresh) | {""}
    assert filled.grab().toImage() == fresh.grab().toImage()


@pytest.fixture(scope="module")
def shelf(qapp: QApplication) -> list[QWidget]:
    """A window that keeps the cards of a test alive and dressed."""
    Theme(qapp).force(False)
    window = QWidget()
    window.resize(WIDTH * 2, 600)
    window.show()
    return [window]


def check_filled(shelf: list[QWidget], first: Shown, second: Shown) -> None:
    """Do everything with a card for the first, fill it with the second, and compare it with a new one."""
    emojis: dict[str, str] = {}
    filled = MessageCard(first[0], first[1], emojis=emojis, **first[2])
    filled.setParent(shelf[0])
    filled.show()
    handle(filled, emojis)
    settle(filled)
    filled.fill(second[0], second[1], **second[2])
    fresh = MessageCard(second[0], second[1], emojis=emojis, **second[2])
    fresh.setParent(shelf[0])
    fresh.show()
    try:
        same(filled, fresh)
        assert (filled.id, filled.stored, filled.folded) == (second[0].id, second[0], fresh.folded)
        assert (filled.fetches, filled.emoji_urls) == (fresh.fetches, fresh.emoji_urls)
        for act in (lambda c: c.offer(True), lambda c: c.toggle(), lambda c: c.toggle(), lambda c: c.offer(False)):
            for card in (filled, fresh):
                act(card)
            same(filled, fresh)
    finally:
        for card in (filled, fresh):
            card.hide()
            card.deleteLater()


@settings(max_examples=30)
@given(pair=pairs())
def test_a_filled_card_is_the_card_made_for_the_message(shelf: list[QWidget], pair: tuple[Shown, Shown]) -> None:
    check_filled(shelf, *pair)


@pytest.mark.parametrize(
    "what",
    [
        {"warning": "Spiders"}, {"warning": "Spiders", "state": MessageState.SPAM}, {"state": MessageState.SPAM},
        {"counts": Counts(likes=3)}, {"edited_at": NOW}, {"text": "Far too long. " * 300}, {"language": "uk"},
        {"author": Author(name="Olena :cat:"), "emojis": (Emoji(code="cat", url=CAT),)},
        {"author": Author(name="N" * 120)}, {"kind": MessageKind.POST, "title": "A title"}, {"url": ""},
        {"attachments": (Attachment(url="u", preview_url=PICTURE, description="A crack"),)},
        {"attachments": (Attachment(url=STRANGE, description="A cat"),), "text": ""},
        {"quoted": Quoted(text="We repair it")}, {"card": LinkCard(url="https://maps.example/1", title="A map")},
        {"poll": Poll(options=(PollOption(title="Yes", votes=3),))}, {"details": {"filtered": "1"}},
        {"visibility": Visibility.UNLISTED},
    ],
    ids=lambda what: "+".join(what),
)  # fmt: skip
def test_no_single_thing_stays(shelf: list[QWidget], what: dict[str, object]) -> None:
    how: dict[str, object] = {"answers": "Ben", "owed": True}
    check_filled(shelf, (stored(1, **what), ALL, how), (stored(2), FEW, {}))
    check_filled(shelf, (stored(1), FEW, {}), (stored(2, **what), ALL, how))


@settings(max_examples=15)
@given(first=messages(), second=messages())
def test_so_is_the_post_above_a_conversation(shelf: list[QWidget], first: Shown, second: Shown) -> None:
    cards = filled, fresh = ContextCard(), ContextCard()
    for card in cards:
        card.setParent(shelf[0])
        card.show()
    filled.fill(first[0], first[1])
    filled.more.click()
    settle(filled)
    filled.fill(second[0], second[1])
    fresh.fill(second[0], second[1])
    try:
        same(filled, fresh)
        for card in cards:
            card.more.click()
        same(filled, fresh)
    finally:
        for card in cards:
            card.hide()
            card.deleteLater()


@pytest.fixture
def card(shelf: list[QWidget]) -> MessageCard:
    made = MessageCard(stored(1), ALL)
    made.setParent(shelf[0])
    made.resize(WIDTH, 200)
    made.show()
    return made


def button(card: QWidget, words: str) -> QAbstractButton:
    return next(b for b in card.findChildren(QAbstractButton) if b.text() == words and b.isVisibleTo(card))


def test_each_signal_comes_once_and_for_the_message_that_is_shown(card: MessageCard) -> None:
    heard: list[tuple[str, int]] = []
    card.wanted.connect(lambda command, id_: heard.append((command, id_)))
    card.offer(True)
    for n in range(2, 6):
        card.fill(stored(n, text=f"Number {n}"), ALL)
        card.offer(True)
    button(card, "Reply").click()
    button(card, "edited · 1 earlier text").click()
    assert heard == [("reply", 5), ("history", 5)]


def test_a_menu_opened_for_one_message_is_about_that_one(card: MessageCard) -> None:
    heard: list[tuple[str, int]] = []
    card.wanted.connect(lambda command, id_: heard.append((command, id_)))
    menu = card._doable._menu([("block", "Block @anna")])
    card.fill(stored(2, author=Author(name="Ben", handle="@ben@far.example", remote_id="b")), ALL)
    menu.actions()[0].trigger()
    assert heard == [("block", 1)]
    menu.close()


def test_a_button_pressed_for_one_message_is_not_let_go_over_another(card: MessageCard) -> None:
    heard: list[tuple[str, int]] = []
    card.wanted.connect(lambda command, id_: heard.append((command, id_)))
    card.offer(True)
    settle(card)
    spam = button(card, "Spam")
    QTest.mousePress(spam, Qt.MouseButton.LeftButton)
    card.fill(stored(2), ALL)
    card.offer(True)
    QTest.mouseRelease(button(card, "Spam"), Qt.MouseButton.LeftButton)
    assert heard == []


def test_a_picture_that_comes_late_is_not_for_the_next_message(card: MessageCard) -> None:
    with_one = {"attachments": (Attachment(url=STRANGE, description="A cat"),)}
    card.fill(stored(2, **with_one), ALL)
    asked_for = card.filling
    card.fill(stored(3, **with_one), ALL)
    assert card.filling is not asked_for  # by which whoever fetches it knows (ui.reading.fetched)
    assert button(card, "Show picture: A cat")


def test_the_name_is_whole_and_the_signs_stand_below_it(make_card: Callable[..., MessageCard]) -> None:
    made = make_card(
        author=Author(name="Margaret Featherstonehaugh", handle="@m@far.example"), visibility=Visibility.DIRECT,
        details={"filtered": "1"}, language="uk",
    )  # fmt: skip
    for width in (320, 400, 1200):
        made.resize(width, made.heightForWidth(width))
        QApplication.processEvents()
        name = made._head.name
        assert name.width() >= name.sizeHint().width()
        chips = [c for c in made.findChildren(QLabel) if str(c.property("role")).startswith("chip")]
        assert len(chips) == 3
        for chip in chips:
            assert chip.width() >= chip.minimumSizeHint().width()
            assert chip.geometry().right() <= made.rect().right()
        assert (chips[0].y() > name.geometry().bottom()) is (width < 1200)


@pytest.fixture
def make_card(shelf: list[QWidget]) -> Callable[..., MessageCard]:
    def make(**what: object) -> MessageCard:
        made = MessageCard(stored(1, **what), ALL)
        made.setParent(shelf[0])
        made.show()
        return made

    return make
