"""The list: pages, narrow changes, and a row under the eyes that never moves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from PySide6.QtCore import QPersistentModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from inbox.connectors.memory import World
from inbox.engine import Engine
from inbox.events import Changed
from inbox.model import Account, ConversationStatus
from inbox.store import reading
from inbox.tasks import Tasks
from ui.bridge import Bridge
from ui.conversations.model import PAGE, ROW, ConversationList
from ui.conversations.view import ConversationPane
from ui.reader import Reader
from ui.theme import Theme


@pytest.fixture
def people(engine: Engine, account: Account, world: World) -> list[str]:
    """A hundred and fifty questions, a minute apart, the newest last."""
    start = world.clock.now() - timedelta(hours=10)
    ids = [
        world.say(
            f"Question {n} about the flood grants", author=f"Citizen {n}", created_at=start + timedelta(minutes=n)
        )
        for n in range(150)
    ]
    engine.sync().result(20)
    return ids


@pytest.fixture
def model(reader: Reader, people: list[str]) -> ConversationList:
    made = ConversationList(reader, lambda _: "Square")
    made.show_place("owed", "")
    return made


def authors(model: ConversationList) -> list[str]:
    return [model.index(i).data(ROW).author for i in range(model.rowCount())]


def test_it_reads_on_page_by_page_and_never_resets(model: ConversationList, qtbot: QtBot) -> None:
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning)
    resets: list[object] = []
    model.modelReset.connect(lambda: resets.append(1))
    assert model.rowCount() >= PAGE
    while model.canFetchMore():
        model.fetchMore()
    assert authors(model) == [f"Citizen {n}" for n in reversed(range(150))]
    assert resets == []
    del tester


def test_changes_touch_only_their_rows(
    model: ConversationList, engine: Engine, world: World, until: Callable[..., None], loop: object
) -> None:
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning)
    bridge = Bridge(engine.bus)
    bridge.changed.connect(model.on_changed)
    held = QPersistentModelIndex(model.index(5))
    resets: list[object] = []
    model.modelReset.connect(lambda: resets.append(1))
    world.say("A new question", author="Newcomer")
    engine.sync().result(20)
    until(lambda: authors(model)[0] == "Newcomer")
    assert held.row() == 6
    assert held.data(ROW).author == "Citizen 144"
    engine.set_status([model.index(3).data(ROW).id], ConversationStatus.DONE).result(5)
    until(lambda: held.row() == 5)
    assert resets == []
    assert len(set(authors(model))) == model.rowCount()
    bridge.close()
    del tester


def test_the_row_under_the_eyes_stays_until_left(
    model: ConversationList, engine: Engine, until: Callable[..., None], loop: object
) -> None:
    bridge = Bridge(engine.bus)
    bridge.changed.connect(model.on_changed)
    row = model.index(4).data(ROW)
    model.kept = row.id
    engine.set_status([row.id], ConversationStatus.WAITING).result(5)
    until(lambda: model.index(4).data(ROW).place == "waiting")
    assert model.position_of(row.id) == 4
    model.release()
    until(lambda: model.position_of(row.id) == -1)
    bridge.close()


def test_a_flood_of_changes_is_applied_in_slices(
    model: ConversationList, reader: Reader, until: Callable[..., None]
) -> None:
    everything = [r.id for r in reading.page(reader.connection, "owed", limit=500)]
    before = authors(model)
    model.on_changed(Changed(conversations=frozenset(everything)))
    assert model._stale
    until(lambda: not model._stale)
    assert authors(model)[: len(before)] == before


def test_rows_speak_what_matters_first(model: ConversationList) -> None:
    words = model.index(0).data(11)  # Qt.AccessibleTextRole
    assert words.startswith("Owed, not read, Square, Citizen 149,")
    assert "Question 149 about the flood grants" in words


@pytest.fixture
def pane(
    reader: Reader, theme: Theme, tasks: Tasks, people: list[str], engine: Engine, qtbot: QtBot
) -> ConversationPane:
    made = ConversationPane(reader, theme, tasks, lambda _: "Square")
    qtbot.addWidget(made)
    made.resize(440, 700)
    made.show_place("owed", "")
    made.show()
    return made


def test_a_poll_does_not_move_what_is_looked_at(
    pane: ConversationPane, engine: Engine, world: World, until: Callable[..., None]
) -> None:
    bridge = Bridge(engine.bus)
    bridge.changed.connect(pane.on_changed)
    for _ in range(8):
        pane.step(1)
    row = pane.current()
    assert row is not None
    place = pane.view.visualRect(pane.view.currentIndex()).top()
    for n in range(3):
        world.say(f"Late {n}", author=f"Late {n}")
    engine.sync().result(20)
    until(lambda: pane.model.index(0).data(ROW).author.startswith("Late"))
    assert pane.current() == row
    assert pane.view.visualRect(pane.view.currentIndex()).top() == place
    assert pane.news.isVisible()
    pane.show_newest()
    assert not pane.news.isVisible()
    bridge.close()


def test_search_answers_the_newest_question_and_gives_the_list_back(
    pane: ConversationPane, until: Callable[..., None], qtbot: QtBot
) -> None:
    pane.step(0)
    before = pane.current()
    qtbot.keyClicks(pane.search, "question 14")
    until(lambda: pane.searching)
    qtbot.keyClicks(pane.search, "2")
    until(lambda: pane.found.rowCount() == 1)
    assert pane.found.row_at(0).author == "Citizen 142"  # type: ignore[union-attr]
    pane.search.clear()
    assert not pane.searching
    assert pane.current() == before


def test_an_empty_list_says_why(pane: ConversationPane, qtbot: QtBot, until: Callable[..., None]) -> None:
    pane.explain_empty(lambda: ("Nothing here", "No conversation is in this list now.", False))
    pane.show_place("waiting", "")
    assert pane.empty.isVisible()
    assert pane.empty.accessibleName().startswith("Nothing here")
    pane.show_place("owed", "")
    assert pane.view.isVisible()
    qtbot.keyClicks(pane.search, "zzzz")
    until(lambda: pane.empty.isVisible() and "zzzz" in pane.empty.accessibleName())


def test_down_or_enter_goes_to_the_first_result(
    pane: ConversationPane, until: Callable[..., None], qtbot: QtBot
) -> None:
    opened: list[tuple[int, int]] = []
    pane.opened.connect(lambda *what: opened.append(what))
    entered: list[object] = []
    pane.entered.connect(lambda: entered.append(1))
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Return):
        pane.search.clear()
        pane.search.setFocus()
        qtbot.keyClicks(pane.search, "question 14")
        qtbot.keyClick(pane.search, key)  # before there is an answer
        until(lambda: pane.view.hasFocus() and pane.view.currentIndex().row() == 0)
        assert pane.searching
        hit = pane.found.hit_at(0)
        assert hit is not None
        assert hit.author == "Citizen 149"
        assert opened[-1] == (hit.row.id, hit.message_id)
    assert entered == []
    qtbot.keyClick(pane.view, Qt.Key.Key_Return)
    assert entered == [1]
    pane.view.setCurrentIndex(pane.found.index(3))
    pane.search.setFocus()
    qtbot.keyClick(pane.search, Qt.Key.Key_Down)  # the answer stands already
    assert pane.view.hasFocus()
    assert pane.view.currentIndex().row() == 0


def test_typing_on_after_enter_keeps_the_keyboard_in_the_field(
    pane: ConversationPane, until: Callable[..., None], qtbot: QtBot
) -> None:
    pane.search.setFocus()
    qtbot.keyClicks(pane.search, "question 1")
    qtbot.keyClick(pane.search, Qt.Key.Key_Return)
    qtbot.keyClicks(pane.search, "42")
    until(lambda: pane.found.rowCount() == 1)
    assert pane.search.hasFocus()


def test_a_result_shows_the_words_that_were_found(
    pane: ConversationPane, engine: Engine, world: World, until: Callable[..., None], qtbot: QtBot
) -> None:
    first = world.say("When is the harbour closed?", author="Asker", created_at=world.clock.now() - timedelta(hours=1))
    long = "As was said. " * 60 + "The dredger Marigold comes in May."
    world.say(long, author="Neighbour", parent=first, created_at=world.clock.now() - timedelta(minutes=50))
    world.say("Thanks all!", author="Asker", parent=first)
    engine.sync().result(20)
    qtbot.keyClicks(pane.search, "marigold")
    until(lambda: pane.found.rowCount() == 1)
    shown = pane.found.index(0).data(ROW)
    assert shown.author == "Neighbour"
    assert shown.handle == ""
    assert shown.snippet.startswith("… ")
    assert "Marigold" in shown.snippet[:60]
    assert "Neighbour" in pane.found.index(0).data(11)  # Qt.AccessibleTextRole
    assert "Marigold" in pane.found.index(0).data(11)
    row = pane.found.row_at(0)
    assert row is not None
    assert row.snippet == "Thanks all!"  # the conversation itself, for commands


def test_a_command_on_a_result_shows_in_its_row(
    pane: ConversationPane, engine: Engine, until: Callable[..., None], qtbot: QtBot
) -> None:
    bridge = Bridge(engine.bus)
    bridge.changed.connect(pane.on_changed)
    tester = QAbstractItemModelTester(pane.found, QAbstractItemModelTester.FailureReportingMode.Warning)
    qtbot.keyClicks(pane.search, "question 142")
    until(lambda: pane.found.rowCount() == 1)
    row = pane.found.row_at(0)
    assert row is not None
    assert row.place == "owed"
    engine.set_status([row.id], ConversationStatus.DONE).result(5)
    until(lambda: pane.found.index(0).data(ROW).place == "done")
    assert pane.found.row_at(0).place == "done"  # type: ignore[union-attr]
    assert pane.found.index(0).data(ROW).snippet.startswith("Question 142")
    bridge.close()
    del tester


def test_signs_and_words_within_a_run_are_found(
    pane: ConversationPane, engine: Engine, world: World, until: Callable[..., None], qtbot: QtBot
) -> None:
    world.say("Well done 👍", author="Cheerful")
    world.say("今日の水位は高い", author="Haruka")
    engine.sync().result(20)
    for words, author in (("👍", "Cheerful"), ("水位", "Haruka")):
        pane.search.setText(words)
        pane.search.textEdited.emit(words)
        until(lambda: pane.found.rowCount() == 1)
        assert pane.found.hit_at(0).author == author  # type: ignore[union-attr]
        pane.search.clear()
        pane.found.show_hits([])


def test_another_network_keeps_the_words_and_is_searched(
    pane: ConversationPane, until: Callable[..., None], qtbot: QtBot
) -> None:
    assert pane.search.placeholderText() == "Search everything"
    qtbot.keyClicks(pane.search, "question 142")
    until(lambda: pane.found.rowCount() == 1)
    pane.show_place("owed", "feed", "Feeds")
    assert pane.search.text() == "question 142"
    assert pane.search.placeholderText() == pane.search.accessibleName() == "Search Feeds"
    until(lambda: pane.empty.isVisible() and "142” on Feeds" in pane.empty.accessibleName())
    pane.show_place("owed", "memory", "Memory")
    until(lambda: pane.found.rowCount() == 1)
    pane.show_place("owed", "")
    assert pane.search.placeholderText() == "Search everything"
    until(lambda: pane.search.answered == ("question 142", ""))
    assert pane.found.rowCount() == 1
    pane.show_place("done", "")  # another list: the search is over
    assert not pane.searching
    assert pane.search.text() == ""


def test_the_same_question_asked_twice_at_once_is_answered(
    pane: ConversationPane, until: Callable[..., None], qtbot: QtBot
) -> None:
    pane.search.setText("question 142")
    for _ in range(5):
        pane.search.look_up()
        QApplication.processEvents()
    until(lambda: pane.searching)
    assert pane.found.rowCount() == 1
