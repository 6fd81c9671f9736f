"""The record: its lines, those about one thing, and whether all are sound."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from inbox.clock import SystemClock
from inbox.engine import Engine
from inbox.events import Changed
from inbox.model import Account, DeliveryId
from inbox.store import record
from inbox.store.database import FILE_NAME
from inbox.tasks import Tasks
from ui.reader import Reader
from ui.record.lines import Lines
from ui.record.view import RecordView

Until = Callable[[Callable[[], object]], None]
SOMETHING = Changed(deliveries=frozenset({DeliveryId(1)}))


@pytest.fixture
def many(engine: Engine, account: Account) -> int:
    """Lines enough for several pages; how many."""
    with sqlite3.connect(engine.home / FILE_NAME) as connection:
        for number in range(350):
            record.append(
                connection, at=SystemClock().now(), actor="person:kl", verb="tested", subject=f"message:{number % 10}",
                before={"state": "old"}, after={"state": "new"},
            )  # fmt: skip
        count = connection.execute("SELECT count(*) FROM events").fetchone()[0]
    connection.close()
    return int(count)


@pytest.fixture
def view(qtbot: QtBot, engine: Engine, many: int, reader: Reader, tasks: Tasks) -> RecordView:
    made = RecordView(reader, tasks, SystemClock())
    qtbot.addWidget(made)
    made.resize(700, 400)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    return made


def cell(view: RecordView, row: int, column: int) -> str:
    return str(view.lines.index(row, column).data())


def test_the_newest_lines_are_shown_in_words(view: RecordView, named: Callable[[QWidget], None]) -> None:
    named(view)
    assert [cell(view, 0, c) for c in range(1, 5)] == ["kl", "tested", "message 9", "state: old → new"]
    assert view.lines.rowCount() == 100
    spoken = view.lines.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken.endswith(", kl, tested, message 9, state: old → new")


def test_going_down_by_key_reads_on_to_the_first_line(view: RecordView, qtbot: QtBot, until: Until, many: int) -> None:
    view.table.setFocus()
    while view.lines.canFetchMore():
        before = view.lines.rowCount()
        qtbot.keyClick(view.table, Qt.Key.Key_End, Qt.KeyboardModifier.ControlModifier)
        until(lambda before=before: view.lines.rowCount() > before or not view.lines.canFetchMore())
    assert view.lines.rowCount() == many
    assert view.lines.line(many - 1).id == 1


def test_the_lines_about_one_thing_alone(view: RecordView, qtbot: QtBot, many: int) -> None:
    qtbot.keyClicks(view.subject, "Message 3")
    qtbot.keyClick(view.subject, Qt.Key.Key_Return)
    assert view.lines.rowCount() == 35
    assert {cell(view, row, Lines.ABOUT) for row in range(35)} == {"message 3"}
    view.table.setFocus()
    qtbot.keyClick(view.table, Qt.Key.Key_Escape)
    assert view.subject.text() == ""
    assert view.lines.rowCount() == 100
    view.table.setCurrentIndex(view.lines.index(1, 0))
    qtbot.keyClick(view.table, Qt.Key.Key_Return)
    assert view.subject.text() == "message 8"
    assert view.lines.rowCount() == 35


def test_verify_says_that_all_is_sound(view: RecordView, until: Until, many: int) -> None:
    view.check.click()
    until(lambda: view.verdict.text() == f"{many:,} lines, all sound")
    until(view.check.isEnabled)


def test_verify_names_the_first_broken_line(view: RecordView, until: Until, engine: Engine, many: int) -> None:
    with sqlite3.connect(engine.home / FILE_NAME) as connection:
        connection.execute("DROP TRIGGER events_stay")
        connection.execute("UPDATE events SET actor = 'person:nobody' WHERE id = 42")
    connection.close()
    view.check.click()
    until(lambda: view.verdict.text() == "Not sound: line 42 was changed. The 41 lines before it are.")


def test_a_check_that_was_interrupted_can_be_asked_again(
    view: RecordView, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(connection: sqlite3.Connection) -> record.Verdict:
        raise sqlite3.OperationalError("interrupted")

    monkeypatch.setattr(record, "verify", interrupted)
    view.check.click()
    until(lambda: "interrupted" in view.verdict.text())
    until(view.check.isEnabled)


def test_new_lines_come_on_top_and_the_row_stays(view: RecordView, engine: Engine) -> None:
    view.table.setCurrentIndex(view.lines.index(5, 0))
    before = view.lines.line(5)
    engine.set_status([], "done").result(5)  # type: ignore[arg-type]
    with sqlite3.connect(engine.home / FILE_NAME) as connection:
        for _ in range(120):
            record.append(connection, at=SystemClock().now(), actor=record.MACHINE, verb="more", subject="x:1")
    connection.close()
    view.on_changed(SOMETHING)
    assert cell(view, 0, Lines.WHO) == "Postroom"
    assert view.lines.line(view.table.currentIndex().row()) == before
    seen = [view.lines.line(r).id for r in range(view.lines.rowCount())]
    assert seen == sorted(seen, reverse=True)
    assert len(set(seen)) == len(seen)


def test_the_table_keeps_to_the_rules_of_qt(reader: Reader, many: int, qtbot: QtBot) -> None:
    lines = Lines(reader.connection, SystemClock())
    tester = QAbstractItemModelTester(lines, QAbstractItemModelTester.FailureReportingMode.Fatal)
    tester.setUseFetchMore(False)  # it would read on in the middle of being told of new rows
    lines.show_subject("")
    lines.show_subject("message:1")
    while lines.canFetchMore():
        lines.fetchMore()
    assert lines.rowCount() == 35
    assert tester.model() is lines
