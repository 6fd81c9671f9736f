"""What an officer's hands rely on: words go to whom they were written for, keys act on what is seen, nothing typed is
lost, and what cannot be undone is not offered to be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from inbox.clock import SystemClock
from inbox.connectors.memory import Memory, World
from inbox.engine import Engine
from inbox.errors import Unavailable
from inbox.model import Account, ConversationStatus, Limits, MessageState, Moderation, Visibility
from inbox.store import outbox, reading
from inbox.store.reading import ConversationRow
from tests.ui.test_window import make, press
from ui.reader import Reader
from ui.window import Window

Until = Callable[[Callable[[], object]], None]
MakeWindow = Callable[[], Window]
CTRL = Qt.KeyboardModifier.ControlModifier
SECRET = "Your claim 4711 was refused"
__all__ = ["make"]


@pytest.fixture
def world() -> World:
    made = World(SystemClock())
    made.limits = Limits(text_graphemes=500, visibilities=tuple(Visibility), media_count=4)
    return made


@pytest.fixture
def talk(engine: Engine, account: Account, world: World) -> World:
    """Anna asks, Dylan joins in, we answer; and apart from that Zoe."""
    now = world.clock.now()
    anna = world.say("Question by Anna", author="Anna", created_at=now - timedelta(minutes=5))
    world.say("Dylan says hm", author="Dylan", parent=anna, created_at=now - timedelta(minutes=2))
    world.say("Our own answer", author="Us", parent=anna, created_at=now - timedelta(minutes=1), ours=True)
    world.say("Third", author="Zoe", created_at=now - timedelta(minutes=9))
    engine.sync().result(10)
    return world


def conversation(window: Window, *authors: str) -> ConversationRow:
    rows = reading.page(window._reader.connection, "everything", limit=99)
    return next(r for r in rows if r.author in authors)


def anna(window: Window) -> ConversationRow:
    return next(r for r in reading.page(window._reader.connection, "everything", limit=99) if r.messages > 2)


def show(window: Window, row: ConversationRow) -> None:
    window.rail.choose("everything")
    window.list.select(row.id)


def begin_private(window: Window, qtbot: QtBot) -> int:
    """A private answer to Anna, who is not the last that spoke; the message it answers."""
    show(window, anna(window))
    view = window.conversation
    asked = next(s for s in view._messages if s.message.author.name == "Anna")
    view._wanted("reply", int(asked.id))
    view.reply.choose_readers(Visibility.DIRECT)
    qtbot.keyClicks(view.reply.text, SECRET)
    return int(asked.id)


@pytest.mark.parametrize("how", ["undone", "left and come back to", "another card and back"])
def test_private_words_stay_private_and_with_whom_they_are_for(
    make: MakeWindow, talk: World, reader: Reader, qtbot: QtBot, until: Until, how: str
) -> None:
    window = make()
    asked, view = begin_private(window, qtbot), window.conversation
    if how == "undone":
        qtbot.keyClick(view.reply.text, Qt.Key.Key_Return, CTRL)
        until(lambda: outbox.waiting(reader.connection) and window.list.view.hasFocus())
        press(qtbot, "z")
        until(lambda: view.reply.text.toPlainText() == SECRET and view.reply.text.hasFocus())
    elif how == "left and come back to":
        show(window, conversation(window, "Zoe"))
        assert view.reply.text.toPlainText() == ""
        assert "Private" not in view.reply.text.accessibleName(), "what was chosen there is not chosen here"
        until(lambda: outbox.draft(reader.connection, f"reply:{anna(window).id}") == SECRET)
        show(window, anna(window))
        assert view.reply.text.toPlainText() == SECRET
    else:
        for by in (1, -1):
            view.step(by)
            assert "Private" in view.reply.text.accessibleName()
    assert view.reply.target is not None
    assert view.reply.target.id == asked
    assert "Private" in view.reply.text.accessibleName()
    qtbot.keyClick(view.reply.text, Qt.Key.Key_Return, CTRL)
    until(lambda: outbox.waiting(reader.connection))
    [delivery] = outbox.waiting(reader.connection)
    assert delivery.rendition.visibility is Visibility.DIRECT
    assert outbox.update_of(reader.connection, delivery.update_id).reply_to == asked


def test_after_an_edit_was_begun_words_go_to_the_conversation_that_is_shown(
    make: MakeWindow, talk: World, reader: Reader, qtbot: QtBot, until: Until
) -> None:
    window = make()
    show(window, anna(window))
    view = window.conversation
    view.start_edit(next(s for s in view._messages if s.message.ours))
    zoe = conversation(window, "Zoe")
    show(window, zoe)
    qtbot.keyClicks(view.reply.text, "Dear Zoe, yes.")
    qtbot.keyClick(view.reply.text, Qt.Key.Key_Return, CTRL)
    until(lambda: outbox.waiting(reader.connection))
    [delivery] = outbox.waiting(reader.connection)
    assert delivery.conversation_id == zoe.id


@pytest.mark.parametrize("place", ["outbox", "record"])
def test_keys_do_nothing_to_what_is_not_seen(
    make: MakeWindow, talk: World, qtbot: QtBot, until: Until, place: str
) -> None:
    window = make()
    show(window, anna(window))
    window.rail.choose(place)
    for key in ("d", "s", "e"):
        window.commands.run({"d": "trash", "s": "spam", "e": "done"}[key])
    qtbot.wait(300)
    assert {e.state for e in talk.entries.values()} == {MessageState.PUBLISHED}
    assert anna(window).status == ConversationStatus.OPEN


def test_settling_settles_what_is_shown(make: MakeWindow, talk: World, qtbot: QtBot, until: Until) -> None:
    """An undo shows a conversation that the list of this place does not have."""
    window = make()
    zoe, other = conversation(window, "Zoe"), anna(window)
    show(window, zoe)
    window.conversation.show_conversation(other.id)
    window.commands.run("done")
    until(lambda: anna(window).status == ConversationStatus.DONE)
    assert conversation(window, "Zoe").status == ConversationStatus.OPEN


def test_who_types_goes_on_typing_when_the_window_becomes_narrow(make: MakeWindow, talk: World, qtbot: QtBot) -> None:
    window = make()
    show(window, conversation(window, "Zoe"))
    text = window.conversation.reply.text
    text.setFocus()
    press(qtbot, "We a")
    window.resize(520, 700)
    QApplication.processEvents()
    press(qtbot, "dd")
    assert text.toPlainText() == "We add"
    assert text.isVisible()
    assert {e.state for e in talk.entries.values()} == {MessageState.PUBLISHED}


def test_no_undo_is_offered_of_what_has_none(make: MakeWindow, talk: World, qtbot: QtBot, until: Until) -> None:
    window = make()
    show(window, anna(window))
    view = window.conversation
    assert view.current is not None
    view.deeds.moderate(view.current.stored, Moderation.REPORT, "Spam")
    until(lambda: window.toast._words.text() == "Reported")
    assert window.toast._undo.isHidden(), "it would undo something older"
    view.deeds.moderate(view.current.stored, Moderation.MUTE)
    until(lambda: window.toast._words.text() == "Muted")
    assert not window.toast._undo.isHidden()


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """The network takes its time to approve, until it is called."""
    import asyncio
    import threading

    go, approve = threading.Event(), Memory.moderate

    async def late(self: Memory, *what: object) -> object:
        await asyncio.to_thread(go.wait, 10)
        return await approve(self, *what)  # type: ignore[arg-type]

    monkeypatch.setattr(Memory, "moderate", late)
    return go.set


@pytest.mark.parametrize("ends", ["approved", "refused"])
def test_an_answer_under_way_is_neither_sent_twice_nor_lost(
    make: MakeWindow, talk: World, engine: Engine, reader: Reader, qtbot: QtBot, until: Until,
    slow: Callable[[], None], ends: str,
) -> None:  # fmt: skip
    talk.say("First time here", author="Haruka", state=MessageState.HELD)
    engine.sync().result(10)
    if ends == "refused":
        talk.fail("moderate", "before_send", Unavailable("Busy"))
    window = make()
    show(window, conversation(window, "Haruka"))
    view = window.conversation
    qtbot.keyClicks(view.reply.text, "Welcome")
    qtbot.keyClick(view.reply.text, Qt.Key.Key_Return, CTRL | Qt.KeyboardModifier.ShiftModifier)
    show(window, conversation(window, "Zoe"))
    show(window, conversation(window, "Haruka"))
    assert view.reply.text.toPlainText() == "", "it is on its way"
    qtbot.keyClicks(view.reply.text, "PS: ask for Ms Wren")
    qtbot.keyClick(view.reply.text, Qt.Key.Key_Return, CTRL)
    window.list.search.setFocus()
    slow()
    if ends == "approved":
        until(lambda: outbox.waiting(reader.connection))
        qtbot.wait(100)
        assert [d.rendition.text for d in outbox.waiting(reader.connection)] == ["Welcome"]
        assert view.reply.text.toPlainText() == "PS: ask for Ms Wren"
        assert window.list.search.hasFocus(), "nobody takes the keyboard from who searches"
    else:
        until(lambda: "Welcome" in view.reply.text.toPlainText())
        assert view.reply.text.toPlainText() == "Welcome\n\nPS: ask for Ms Wren"
        assert outbox.waiting(reader.connection) == []


def test_keys_offer_no_more_than_buttons(make: MakeWindow, talk: World, qtbot: QtBot) -> None:
    window = make()
    show(window, anna(window))
    view = window.conversation
    while view.current is not None and not view.current.stored.message.ours:
        view.step(1)
    for command in ("spam", "hold", "approve"):
        window.commands.run(command)
    qtbot.wait(200)
    assert {e.state for e in talk.entries.values()} == {MessageState.PUBLISHED}


def test_a_post_is_kept_while_it_is_typed_and_when_the_window_closes(
    make: MakeWindow, talk: World, reader: Reader, qtbot: QtBot, until: Until
) -> None:
    window = make()
    window.commands.run("compose")
    composer = window.dialogs.composer
    composer._pauses.setInterval(300)
    for n in range(12):  # without a pause
        composer.editor.text.insertPlainText(f"word{n} ")
        qtbot.wait(50)
    assert "word1" in outbox.draft(reader.connection, "post")
    composer.editor.text.insertPlainText("and the last")
    window.close()
    until(lambda: "and the last" in outbox.draft(reader.connection, "post"))


def test_marked_as_not_read_it_stays_so(make: MakeWindow, talk: World, qtbot: QtBot, until: Until) -> None:
    window = make()
    show(window, conversation(window, "Zoe"))
    until(lambda: not conversation(window, "Zoe").unread)
    window.commands.run("unread")
    until(lambda: conversation(window, "Zoe").unread)
    qtbot.wait(900)
    assert conversation(window, "Zoe").unread
