"""The outbox over a real engine: what waits, leaves, went, or needs a person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from inbox.clock import SystemClock
from inbox.connectors.memory import BEFORE_SEND, World
from inbox.engine import Engine
from inbox.errors import Rejected, Unavailable
from inbox.events import Changed
from inbox.model import Account, ChannelId, DeliveryId, DeliveryState, Problem, Update, UpdateKind
from inbox.store import accounts, outbox
from inbox.tasks import Tasks
from ui.bridge import Bridge
from ui.outbox.standing import Deed
from ui.outbox.view import OutboxView
from ui.reader import Reader

Until = Callable[[Callable[[], object]], None]


class HandClock(SystemClock):
    """The window's time, moved by hand."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def view(qtbot: QtBot, engine: Engine, account: Account, reader: Reader, tasks: Tasks, clock: HandClock) -> OutboxView:
    made = OutboxView(engine, reader, tasks, clock)
    bridge = Bridge(engine.bus, made)
    bridge.changed.connect(made.on_changed)
    qtbot.addWidget(made, before_close_func=lambda _: bridge.close())
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    return made


@pytest.fixture
def post(engine: Engine, reader: Reader, account: Account) -> Callable[..., DeliveryId]:
    def publish(title: str, number: int = 0, **others: object) -> DeliveryId:
        channel = accounts.channels(reader.connection)[number].id
        update = Update(kind=UpdateKind.POST, title=title, text="Words.", **others)  # type: ignore[arg-type]
        return engine.publish(update, [channel]).result(5)[0]

    return publish


def said(view: OutboxView, id_: DeliveryId) -> str:
    row = view.rows[id_]
    assert row.standing is not None
    return row.standing.words


def state(reader: Reader, id_: DeliveryId) -> DeliveryState:
    found = outbox.delivery(reader.connection, id_)
    assert found is not None
    return found.state


def test_an_empty_outbox_says_so(view: OutboxView) -> None:
    assert view.empty.isVisible()
    assert view.empty.text() == "Nothing waits to go out."
    assert not view.timer.isActive()


def test_the_countdown_runs_only_while_something_counts(
    view: OutboxView, post: Callable[..., DeliveryId], until: Until, clock: HandClock, engine: Engine
) -> None:
    id_ = post("Library opens")
    until(lambda: id_ in view.rows)
    assert said(view, id_) in ("leaves in 10 s", "leaves in 9 s")
    assert view.timer.isActive()
    clock.ahead = timedelta(seconds=6)
    until(lambda: said(view, id_) in ("leaves in 4 s", "leaves in 3 s"))
    view.hide()
    assert not view.timer.isActive()
    view.show()
    assert view.timer.isActive()
    engine.send_now(id_).result(5)
    until(lambda: said(view, id_).startswith("sent "))
    assert not view.timer.isActive()
    assert view.empty.isVisible()


def test_undo_by_keyboard_takes_it_back_and_hands_over_the_text(
    view: OutboxView, post: Callable[..., DeliveryId], until: Until, qtbot: QtBot, reader: Reader,
    named: Callable[[QWidget], None],
) -> None:  # fmt: skip
    id_ = post("Library opens")
    until(lambda: id_ in view.rows)
    named(view)
    view.take_focus()
    button = QApplication.focusWidget()
    assert button is view.rows[id_].buttons[Deed.UNDO]
    assert button.accessibleName() == "Undo: Post to square"
    assert button.accessibleDescription() == "Library opens"
    with qtbot.waitSignal(view.edit_wanted) as wanted:
        qtbot.keyClick(button, Qt.Key.Key_Space)
    assert wanted.args[0].title == "Library opens"
    assert wanted.args[1] == [accounts.channels(reader.connection)[0].id]
    assert state(reader, id_) is DeliveryState.CANCELLED
    assert id_ not in view.rows
    assert view.empty.isVisible()


def test_a_reply_that_is_taken_back_leads_to_its_conversation(
    view: OutboxView, engine: Engine, world: World, until: Until, qtbot: QtBot, reader: Reader
) -> None:
    world.say("When do you open?")
    engine.sync().result(5)
    message_id, conversation_id = reader.connection.execute("SELECT id, conversation_id FROM messages").fetchone()
    id_ = engine.reply(message_id, "On Monday.").result(5)
    until(lambda: id_ in view.rows)
    assert "Reply on square" in view.rows[id_].accessibleName()
    with qtbot.waitSignal(view.conversation_wanted) as wanted:
        view.rows[id_].buttons[Deed.UNDO].click()
    assert wanted.args == [conversation_id]
    assert outbox.draft(reader.connection, f"reply:{conversation_id}") == "On Monday."


def test_a_refusal_is_shown_with_its_words_and_edited(
    view: OutboxView, post: Callable[..., DeliveryId], engine: Engine, world: World, until: Until, qtbot: QtBot,
    reader: Reader,
) -> None:  # fmt: skip
    world.fail("publish", BEFORE_SEND, Rejected(problems=(Problem(words="The title is rude."),)))
    id_ = post("Library opens")
    until(lambda: id_ in view.rows)
    view.rows[id_].buttons[Deed.SEND_NOW].click()
    until(lambda: said(view, id_) == "refused" and not view._busy)
    assert view.rows[id_]._reason.text() == "The title is rude."
    with qtbot.waitSignal(view.edit_wanted):
        view.rows[id_].buttons[Deed.EDIT].click()
    assert state(reader, id_) is DeliveryState.CANCELLED


def test_a_doubt_is_settled_by_a_person(
    view: OutboxView, post: Callable[..., DeliveryId], engine: Engine, world: World, until: Until, reader: Reader
) -> None:
    away = [Unavailable("The server is away") for _ in range(9)]
    first, second = post("One"), post("Two")
    for id_, deed in ((first, Deed.IS_THERE), (second, Deed.LOOK_AGAIN)):
        world.lose_answer()
        world.fail("find", BEFORE_SEND, *away)
        engine.send_now(id_).result(5)
        until(lambda id_=id_: id_ in view.rows)
        until(lambda id_=id_: "looking for it failed" in view.rows[id_]._reason.text())
        assert said(view, id_) == "not known whether it arrived"
        world._faults.clear()
        view.rows[id_].buttons[deed].click()
        until(lambda id_=id_: state(reader, id_) is DeliveryState.SENT)
    assert len(world.made) == 2  # each once
    until(lambda: said(view, second).startswith("sent "))
    assert view.rows[second].delivery.url.startswith("https://memory.example/")


def test_what_waits_for_a_sign_in_says_so(
    view: OutboxView, post: Callable[..., DeliveryId], engine: Engine, world: World, until: Until, qtbot: QtBot,
    account: Account,
) -> None:  # fmt: skip
    world.password = "changed"
    id_ = post("Library opens")
    engine.send_now(id_).result(5)
    until(lambda: id_ in view.rows and said(view, id_) == "waits for sign-in")
    assert not view.timer.isActive()
    with qtbot.waitSignal(view.sign_in_wanted) as wanted:
        view.rows[id_].buttons[Deed.SIGN_IN].click()
    assert wanted.args == [account.id]


def test_waiting_stands_before_recent_and_the_rows_stay(
    view: OutboxView, post: Callable[..., DeliveryId], engine: Engine, until: Until
) -> None:
    first, second = post("One"), post("Two", 1)
    until(lambda: {first, second} <= set(view.rows))
    kept = view.rows[first]
    engine.send_now(first).result(5)
    until(lambda: said(view, first).startswith("sent "))
    assert [row.delivery.id for row in view._in_order()] == [second, first]
    assert view.rows[first] is kept


def test_only_what_it_shows_makes_it_read(view: OutboxView, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    monkeypatch.setattr(view, "refresh", lambda: read.append(1))
    view.on_changed(Changed(channels=frozenset({ChannelId("x")}), arrived=3))
    assert read == []
    view.on_changed(Changed(deliveries=frozenset({DeliveryId(1)})))
    assert read == [1]
    view.hide()
    view.on_changed(Changed(deliveries=frozenset({DeliveryId(1)})))
    assert read == [1]
    view.show()
    assert read == [1, 1]
