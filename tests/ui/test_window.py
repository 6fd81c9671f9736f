"""The window as a whole: a keyboard-only walk, names, what it remembers, banners, text at twice its size."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QAccessible, QFont
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from inbox.connectors.memory import World
from inbox.engine import Engine
from inbox.errors import ByHand, Offline, OutcomeUnknown, Rejected, SignInNeeded, Unavailable
from inbox.model import Account, MessageKind, MessageState
from inbox.store import outbox, reading
from inbox.tasks import Tasks
from ui import troubles
from ui.actions import BY_NAME, COMMANDS
from ui.conversations.model import ROW
from ui.reader import Reader
from ui.theme import Theme
from ui.window import Window

Until = Callable[[Callable[[], object]], None]
MakeWindow = Callable[[], Window]


@pytest.fixture
def town(engine: Engine, account: Account, world: World) -> World:
    """Twelve questions under a post, and a held comment."""
    now = world.clock.now()
    post = world.say("Grants open.", kind=MessageKind.POST, ours=True, created_at=now - timedelta(days=1))
    for n in range(12):
        at = now - timedelta(minutes=60 - n)
        world.say(f"Question {n}: may tenants apply?", author=f"Citizen {n}", context=post, created_at=at)
    world.say("First time here", author="Haruka", context=post, state=MessageState.HELD)
    engine.sync().result(10)
    return world


@pytest.fixture
def make(
    engine: Engine, reader: Reader, theme: Theme, tasks: Tasks, tmp_path: Path, qtbot: QtBot
) -> Iterator[MakeWindow]:
    made: list[Window] = []

    def window() -> Window:
        settings = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
        one = Window(engine, reader, theme, tasks, settings=settings)
        made.append(one)
        qtbot.addWidget(one)
        one.resize(1440, 900)
        with qtbot.waitActive(one):
            one.show()
            one.activateWindow()
        one.complete()
        return one

    yield window
    for one in made:
        one.close()


def press(qtbot: QtBot, *keys: Qt.Key | str, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """Press keys wherever the keyboard is, as a person does."""
    for key in keys:
        where = QApplication.focusWidget()
        assert where is not None, "the keyboard is nowhere"
        if isinstance(key, str):
            qtbot.keyClicks(where, key)
        else:
            qtbot.keyClick(where, key, modifier)


def test_from_start_to_a_sent_reply_by_keyboard_alone(
    make: MakeWindow, town: World, engine: Engine, reader: Reader, qtbot: QtBot, until: Until
) -> None:
    window = make()
    assert window.rail.place == "owed"
    press(qtbot, "j")
    press(qtbot, "j")
    row = window.list.current()
    assert row is not None
    assert row.author == "Citizen 11"
    press(qtbot, "r")
    assert window.conversation.reply.text.hasFocus()
    press(qtbot, "Yes, tenants may.")
    press(qtbot, Qt.Key.Key_Return, modifier=Qt.KeyboardModifier.ControlModifier)
    until(lambda: outbox.waiting(reader.connection))
    until(lambda: window.list.current() is not None and window.list.current().author == "Citizen 10")  # type: ignore[union-attr]
    assert window.list.model.position_of(row.id) == -1
    engine.send_now(outbox.waiting(reader.connection)[0].id).result(5)
    until(lambda: any(e.text == "Yes, tenants may." for e in town.entries.values()))
    assert window.list.view.hasFocus()


def test_the_list_is_painted_before_the_rest_is_made_and_then_what_was_open_is_opened(
    make: MakeWindow, town: World, engine: Engine, reader: Reader, theme: Theme, tasks: Tasks, tmp_path: Path,
    qtbot: QtBot,
) -> None:  # fmt: skip
    before = make()
    press(qtbot, "j", "j")
    row = before.list.current()
    assert row is not None
    before.close()
    settings = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
    window = Window(engine, reader, theme, tasks, settings=settings)
    qtbot.addWidget(window)
    window.resize(1440, 900)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    qtbot.waitUntil(lambda: window.list.current() == row)
    assert not {"conversation", "person", "commands", "outbox", "record"} & vars(window).keys()
    window.complete()
    assert window.conversation.row == row
    assert window.conversation.isVisible()
    assert window.person.isVisible()
    press(qtbot, "j")
    assert window.list.current() != row
    assert window.conversation.row == window.list.current()
    window.close()


def test_z_takes_the_reply_back_and_returns_to_its_text(
    make: MakeWindow, town: World, reader: Reader, qtbot: QtBot, until: Until
) -> None:
    window = make()
    press(qtbot, "j", "j", "r")
    press(qtbot, "Not so fast")
    press(qtbot, Qt.Key.Key_Return, modifier=Qt.KeyboardModifier.ControlModifier)
    until(lambda: outbox.waiting(reader.connection) and window.list.view.hasFocus())
    press(qtbot, "z")
    until(lambda: not outbox.waiting(reader.connection))
    until(lambda: window.conversation.reply.text.toPlainText() == "Not so fast")
    assert window.list.current() is not None
    assert window.list.current().author == "Citizen 11"  # type: ignore[union-attr]
    assert not any("Not so fast" in e.text for e in town.entries.values())


def test_ten_keys_settle_ten_and_z_brings_one_back(make: MakeWindow, town: World, qtbot: QtBot, until: Until) -> None:
    window = make()
    press(qtbot, "j")
    owed = window.list.model.rowCount()
    for _ in range(10):  # as quick as they come
        press(qtbot, "e")
    until(lambda: window.list.model.rowCount() == owed - 10)
    assert window.list.current() is not None
    press(qtbot, "z")
    until(lambda: window.list.model.rowCount() == owed - 9)


def test_letters_are_words_in_a_text_box_and_commands_outside(
    make: MakeWindow, town: World, qtbot: QtBot, until: Until
) -> None:
    window = make()
    press(qtbot, "j", "/")
    assert window.list.search.hasFocus()
    press(qtbot, "eze")
    assert window.list.search.text() == "eze"
    press(qtbot, Qt.Key.Key_Escape)
    until(lambda: window.list.view.hasFocus() and not window.list.search.text())


def test_another_tab_searches_there_for_the_same_words(
    make: MakeWindow, town: World, qtbot: QtBot, until: Until
) -> None:
    window = make()
    press(qtbot, "/", "tenants")
    until(lambda: window.list.searching and window.list.found.rowCount() == 12)
    window.commands.run("next_tab")
    assert window.list.search.placeholderText() == f"Search {window.tabs.title}" != "Search "
    assert window.list.search.text() == "tenants"
    assert window.list.search.hasFocus()
    until(lambda: window.list.search.answered == ("tenants", "memory"))
    press(qtbot, Qt.Key.Key_Down, Qt.Key.Key_Down)
    assert window.list.view.currentIndex().row() == 1
    press(qtbot, Qt.Key.Key_Return)
    assert window.conversation.current is not None
    assert window.conversation.current.hasFocus()


def test_f6_goes_round_the_panes(make: MakeWindow, town: World, qtbot: QtBot) -> None:
    make()
    press(qtbot, "j")
    seen = []
    for _ in range(5):
        press(qtbot, Qt.Key.Key_F6)
        seen.append(QApplication.focusWidget())
    assert len({id(w) for w in seen}) == 5


def test_moderation_by_key(make: MakeWindow, town: World, qtbot: QtBot, until: Until) -> None:
    window = make()
    press(qtbot, "j")
    assert window.list.current().author == "Haruka"  # type: ignore[union-attr]
    held = next(e for e in town.entries.values() if e.author == "Haruka")
    press(qtbot, "a")
    until(lambda: held.state is MessageState.PUBLISHED)
    until(lambda: window.conversation.current.stored.message.state is MessageState.PUBLISHED)  # type: ignore[union-attr]
    press(qtbot, "s")
    until(lambda: held.state is MessageState.SPAM)


def test_every_command_of_the_table_can_be_run(make: MakeWindow, town: World) -> None:
    window = make()
    assert {c.name for c in COMMANDS} - {"open", "back", "send"} <= window.commands.names
    assert window.commands.names <= BY_NAME.keys()


def test_every_control_and_row_has_a_name(
    make: MakeWindow, town: World, named: Callable[[QWidget], None], qtbot: QtBot
) -> None:
    window = make()
    press(qtbot, "j")
    named(window)
    rows = QAccessible.queryAccessibleInterface(window.list.view)
    for n in range(window.list.model.rowCount()):
        words = rows.child(n).text(QAccessible.Text.Name)
        assert window.list.model.index(n).data(ROW).author in words
        assert words.startswith(("Owed", "held"))
    rail = QAccessible.queryAccessibleInterface(window.rail)
    assert "Owed, 13" in [rail.child(n).text(QAccessible.Text.Name) for n in range(window.rail.count())]


def test_geometry_list_and_selection_survive(make: MakeWindow, town: World, qtbot: QtBot) -> None:
    first = make()
    first.rail.choose("everything")
    first.resize(1300, 800)
    first.list.view.setFocus()
    press(qtbot, "j", "j", "j")
    chosen = first.list.current()
    assert chosen is not None
    first.close()
    second = make()
    assert second.rail.place == "everything"
    assert second.list.current() == chosen
    assert second.conversation.row is not None
    assert second.conversation.row.id == chosen.id


def test_offline_is_said_calmly_with_what_waits(
    make: MakeWindow, town: World, second_world: World, engine: Engine, qtbot: QtBot, until: Until
) -> None:
    window = make()
    for world in (town, second_world):
        world.fail("fetch", "before_send", Offline())
    engine.sync().result(10)
    until(lambda: window.troubles.offline.isVisible())
    assert window.troubles.offline.accessibleName().startswith("Working offline since ")
    assert window.troubles.offline.property("role") == "banner"
    engine.sync().result(10)
    until(lambda: not window.troubles.offline.isVisible())


def test_a_lost_sign_in_is_an_alarm_with_a_button(
    make: MakeWindow, town: World, second_world: World, engine: Engine, until: Until
) -> None:
    window = make()
    for world in (town, second_world):
        world.fail("fetch", "before_send", SignInNeeded("The password is not accepted any more."))
    engine.sync().result(10)
    until(lambda: window.troubles.signed_out.isVisible())
    assert "The password is not accepted any more." in window.troubles.signed_out.accessibleName()
    assert any(
        b.text() == "Sign in again" and b.isVisible() for b in window.troubles.signed_out.findChildren(QAbstractButton)
    )


@pytest.mark.parametrize(
    ("error", "said", "role"),
    [
        (Rejected("Comments are closed here."), "Not sent: Comments are closed here.", "alarm"),
        (ByHand("X takes no answer here.", url="https://x.com/1", text="At nine"), "Yours to carry over", "banner"),
        (OutcomeUnknown("The line broke."), "Not known whether it arrived: ", "alarm"),
    ],
)
def test_what_needs_a_person_is_said_until_somebody_looks(
    make: MakeWindow, town: World, engine: Engine, reader: Reader, until: Until, error: Exception, said: str, role: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(troubles, "DOUBT", timedelta(0))
    window = make()
    town.fail("publish", "before_send", error)
    town.fail("find", "before_send", *[Unavailable("Busy")] * 9)
    [hit, *_] = reading.search(reader.connection, "question")
    engine.send_now(engine.reply(hit.message_id, "At nine").result(10)).result(10)
    strip = window.troubles.unsent
    until(strip.isVisible)
    assert strip.accessibleName().startswith(said)
    assert strip.property("role") == role
    engine.sync().result(10)
    window._refresh()
    assert strip.isVisible(), "no refresh takes it away"
    assert not window.troubles.signed_out.isVisible()
    next(b for b in strip.findChildren(QAbstractButton) if b.text() == "Open the outbox").click()
    assert window.rail.place == "outbox"
    assert not strip.isVisible()
    window._refresh()
    assert not strip.isVisible(), "it is said once"
    assert window.dialogs._accounts is None, "nobody was asked to sign in"


def test_in_a_narrow_window_only_what_was_opened_is_read(
    make: MakeWindow, town: World, engine: Engine, qtbot: QtBot, until: Until
) -> None:
    """There the list and the conversation are shown in turn: passing by in the list is not reading."""
    window = make()
    window.resize(520, 700)
    until(lambda: window.list.isVisible() and not window.conversation.isVisible())
    window.list.view.setFocus()
    press(qtbot, "j")
    row = window.list.current()
    assert row is not None
    assert row.unread
    qtbot.wait(900)
    assert row.id in {r.id for r in unread(window)}
    press(qtbot, Qt.Key.Key_Return)
    until(window.conversation.isVisible)
    until(lambda: row.id not in {r.id for r in unread(window)})


def unread(window: Window) -> list[reading.ConversationRow]:
    return [r for r in reading.page(window._reader.connection, "owed", limit=99) if r.unread]


def test_an_empty_inbox_says_how_to_begin(make: MakeWindow, engine: Engine) -> None:
    window = make()
    assert window.list.empty.isVisible()
    assert "Connect a blog" in window.list.empty.accessibleName()
    assert window.list.empty.words.hasFocus()
    window.list.empty.add.click()
    assert window.dialogs._accounts is not None
    assert window.dialogs._accounts.isVisible()
    window.dialogs._accounts.close()


@pytest.mark.parametrize("width", [480, 800, 1024, 1440])
@pytest.mark.parametrize("place", ["outbox", "record", "owed"])
def test_each_place_is_there_at_any_width(make: MakeWindow, town: World, until: Until, place: str, width: int) -> None:
    window = make()
    window.resize(width, 600)
    window.rail.choose(place)
    shown = {"outbox": window.outbox, "record": window.record, "owed": window.list}[place]
    until(lambda: shown.isVisible() and shown.width() > 250)


def test_an_error_and_a_lost_sign_in_are_said_side_by_side(
    make: MakeWindow, town: World, second_world: World, engine: Engine, until: Until
) -> None:
    window = make()
    for world in (town, second_world):
        world.fail("fetch", "before_send", SignInNeeded("The password is not accepted any more."))
    engine.sync().result(10)
    until(lambda: window.troubles.signed_out.isVisible())
    window.show_error(Offline())
    assert window.troubles.failure.isVisible()
    assert "password" in window.troubles.signed_out.accessibleName()
    assert "No connection" in window.troubles.failure.accessibleName()


def clipped(window: Window) -> list[str]:
    """Words that do not get the room they ask for."""
    return [
        f"{type(w).__name__} {w.text()!r} {w.size()} < {w.minimumSizeHint()}"
        for w in window.findChildren(QWidget)
        if isinstance(w, QAbstractButton | QLabel) and w.isVisible() and w.text()
        and (w.height() < w.minimumSizeHint().height() or w.width() < w.minimumSizeHint().width())
    ]  # fmt: skip


@pytest.mark.parametrize("percent", [100, 150, 200])
@pytest.mark.parametrize("dark", [False, True])
def test_nothing_clips_at_larger_text(
    percent: int, dark: bool, make: MakeWindow, town: World, theme: Theme, qapp: QApplication, qtbot: QtBot
) -> None:
    usual = QFont(qapp.font())
    larger = QFont(usual)
    larger.setPointSizeF(usual.pointSizeF() * percent / 100)
    qapp.setFont(larger)
    try:
        theme.force(dark)
        window = make()
        press(qtbot, "j")
        QApplication.processEvents()  # what was just shown is laid out
        assert clipped(window) == []
        row = window.list.view.sizeHintForRow(0)
        assert row >= 2.5 * window.list.view.fontMetrics().height()
    finally:
        qapp.setFont(usual)


def test_narrow_windows_show_one_pane_at_a_time(make: MakeWindow, town: World, qtbot: QtBot) -> None:
    window = make()
    window.resize(640, 600)
    press(qtbot, "j")
    assert window.list.isVisible()
    assert not window.conversation.isVisible()
    press(qtbot, Qt.Key.Key_Return)
    assert window.conversation.isVisible()
    assert not window.list.isVisible()
    press(qtbot, Qt.Key.Key_Escape)
    assert window.list.isVisible()
    assert window.list.view.hasFocus()
