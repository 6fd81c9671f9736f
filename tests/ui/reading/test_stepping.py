"""From one conversation to the next: the same cards say something else, and nothing of the one before is left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from inbox.connectors.memory import World
from inbox.engine import Engine
from inbox.model import Account, MessageState
from inbox.store import reading
from inbox.tasks import Tasks
from ui.reader import Reader
from ui.reading.cards import MessageCard
from ui.reading.view import ConversationView

Until = Callable[[Callable[[], object]], None]
LONG = 9


@pytest.fixture
def ids(engine: Engine, account: Account, world: World, reader: Reader) -> dict[str, int]:
    """A long conversation with answers of ours, a short one, and a held comment; by what their first words are."""
    now = world.clock.now()
    first = world.say("apple 0", author="Anna", created_at=now - timedelta(hours=5))
    for n in range(1, LONG):
        at = now - timedelta(hours=5, minutes=-n)
        world.say(f"apple {n}", author=f"A{n}", parent=first, ours=n % 3 == 1, created_at=at)
    world.say("pear", author="Ben", created_at=now - timedelta(hours=3))
    world.say("plum", author="Cem", state=MessageState.HELD, created_at=now - timedelta(hours=2))
    engine.sync().result(10)
    rows = reading.page(reader.connection, "everything")
    return {r.snippet.split()[0]: r.id for r in rows}


@pytest.fixture
def make(engine: Engine, reader: Reader, tasks: Tasks, qtbot: QtBot) -> Iterator[Callable[[], ConversationView]]:
    made: list[ConversationView] = []

    def view() -> ConversationView:
        one = ConversationView(engine, reader, tasks)
        one.failed.connect(lambda error: pytest.fail(f"unexpected {error!r}"))
        qtbot.addWidget(one)
        one.resize(700, 900)
        one.show()
        made.append(one)
        return one

    yield view
    for one in made:
        one.stop()


def cards(view: ConversationView) -> list[MessageCard]:
    shown = [c for c in view.findChildren(MessageCard) if c.isVisibleTo(view)]
    return sorted(shown, key=lambda c: c.mapTo(view, c.rect().topLeft()).y())


def told(view: ConversationView) -> list[object]:
    QApplication.processEvents()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QApplication.processEvents()
    words = [w.text() for w in view.scroller.findChildren(QLabel) if w.isVisibleTo(view)]
    places = [(c.accessibleName(), c.mapTo(view, c.rect().topLeft()).toTuple(), c.size()) for c in cards(view)]
    return [places, sorted(words)]


def test_after_any_conversation_the_next_looks_as_if_it_were_the_first(
    make: Callable[[], ConversationView], ids: dict[str, int]
) -> None:
    stepping = make()
    for name in ("apple", "pear", "plum", "apple", "plum", "pear", "apple"):
        stepping.show_conversation(ids[name])
        fresh = make()
        fresh.show_conversation(ids[name])
        assert told(stepping) == told(fresh)
        assert stepping.scroller.viewport().grab().toImage() == fresh.scroller.viewport().grab().toImage()
        fresh.hide()


def test_cards_are_used_again_and_not_without_end(make: Callable[[], ConversationView], ids: dict[str, int]) -> None:
    view = make()
    view.show_conversation(ids["apple"])
    made = set(view.findChildren(MessageCard))
    for name in ("pear", "apple") * 5:
        view.show_conversation(ids[name])
        told(view)
        assert cards(view)
    assert len(view.findChildren(MessageCard)) <= len(made) + LONG


def test_the_keyboard_stays_in_the_conversation(
    make: Callable[[], ConversationView], ids: dict[str, int], until: Until
) -> None:
    view = make()
    view.activateWindow()
    until(view.isActiveWindow)
    view.show_conversation(ids["apple"])
    view.focus_current()
    assert view.current is not None
    assert view.current.hasFocus()
    view.show_conversation(ids["pear"])
    assert view.current.stored.message.text == "pear"
    assert view.current.hasFocus()


def test_a_key_never_means_a_message_that_is_not_shown_any_more(
    make: Callable[[], ConversationView], ids: dict[str, int]
) -> None:
    view = make()
    view.show_conversation(ids["plum"])
    before = view.current
    assert before is not None
    view.show_conversation(0)
    assert view.current is None
    view.show_conversation(ids["pear"])
    assert view.current is not None
    assert view.current.stored.message.text == "pear"


def test_what_is_wanted_first_is_made_beforehand(
    make: Callable[[], ConversationView], ids: dict[str, int], until: Until
) -> None:
    view = make()
    until(lambda: not view.scroller.warm())
    assert not cards(view)
    before = len(view.findChildren(MessageCard))
    view.show_conversation(ids["pear"])
    assert len(view.findChildren(MessageCard)) == before
