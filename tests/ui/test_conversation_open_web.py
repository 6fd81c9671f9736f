"""The conversation pane with what networks of threads have: circles of readers, reactions, branches, late parents."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QInputDialog, QPushButton
from pytestqt.qtbot import QtBot

from inbox.connectors.memory import World
from inbox.engine import Engine
from inbox.errors import Offline
from inbox.model import Account, Limits, MessageKind, MessageState, Moderation, Reaction, Visibility
from inbox.store import outbox, reading
from inbox.tasks import Tasks
from ui.bridge import Bridge
from ui.reader import Reader
from ui.reading.cards import MessageCard
from ui.reading.view import ConversationView

Until = Callable[[Callable[[], object]], None]


@pytest.fixture
def view(engine: Engine, account: Account, reader: Reader, tasks: Tasks, qtbot: QtBot) -> Iterator[ConversationView]:
    made = ConversationView(engine, reader, tasks)
    bridge = Bridge(engine.bus, made)
    bridge.changed.connect(made.on_changed)
    made.failed.connect(lambda error: pytest.fail(f"unexpected {error!r}"))
    qtbot.addWidget(made)
    made.resize(700, 800)
    made.show()
    yield made
    made.stop()
    bridge.close()


@pytest.fixture
def world() -> World:
    from inbox.clock import SystemClock

    made = World(SystemClock())
    made.limits = Limits(text_graphemes=60, visibilities=tuple(Visibility), media_count=4)
    return made


def open_(view: ConversationView, reader: Reader, engine: Engine, author: str) -> reading.ConversationRow:
    engine.sync().result(10)
    row = next(r for r in reading.page(reader.connection, "everything") if r.author == author)
    view.show_conversation(row.id)
    return row


def names(view: ConversationView) -> list[str]:
    made = sorted(view.scroller.cards.values(), key=lambda c: c.mapTo(view, c.rect().topLeft()).y())
    return [c.stored.message.author.name for c in made]


def button(card: MessageCard, words: str) -> QPushButton:
    return next(b for b in card.findChildren(QPushButton) if b.text() == words)


def test_a_private_message_is_answered_under_another_colour_for_the_same_reader(
    view: ConversationView, reader: Reader, engine: Engine, world: World, qtbot: QtBot, until: Until
) -> None:
    asked = world.say("My claim is 4711", author="Rafi", kind=MessageKind.DIRECT)
    world.entries[asked].visibility = Visibility.DIRECT
    row = open_(view, reader, engine, "Rafi")
    assert view.privacy.isVisible()
    assert view.privacy.accessibleName().startswith("Private.")
    assert view.reply.text.accessibleName().startswith("Private message to Rafi on ")
    assert view.reply.head.property("role") == "private-bar"
    assert view.reply.readers.isHidden()
    qtbot.keyClicks(view.reply.text, "We look into it")
    qtbot.keyClick(view.reply.text, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    until(lambda: outbox.of_conversation(reader.connection, row.id))
    [delivery] = outbox.of_conversation(reader.connection, row.id)
    assert delivery.rendition.visibility is Visibility.DIRECT


def test_the_box_follows_the_message_answered_where_readers_differ(
    view: ConversationView, reader: Reader, engine: Engine, world: World
) -> None:
    first = world.say("For all", author="Mia", created_at=world.clock.now() - timedelta(minutes=5))
    second = world.say("For few", author="Noa", parent=first)
    world.entries[second].visibility, world.entries[second].warning = Visibility.FOLLOWERS, "Politics"
    open_(view, reader, engine, "Noa")
    assert "Part private" in view.privacy.accessibleName()
    assert view.reply.text.accessibleName().startswith("Reply for followers only on ")
    assert "Content warning: Politics" in view.reply.carries.text()
    assert view.reply.head.property("role") == "private-bar"
    view.step(-1)
    assert view.reply.text.accessibleName().startswith("Public reply on ")
    assert view.reply.head.property("role") is None
    assert view.reply.carries.isHidden()


def test_readers_can_be_narrowed_and_too_much_is_stopped(
    view: ConversationView, reader: Reader, engine: Engine, world: World, qtbot: QtBot, until: Until
) -> None:
    world.say("For all", author="Mia")
    row = open_(view, reader, engine, "Mia")
    view.reply.text.setPlainText("x" * 61)
    assert view.reply.counter.text() == "1 character too many"
    assert view.reply.counter.property("role") == "danger"
    assert not view.reply.close_too.isEnabled()
    qtbot.keyClick(view.reply.text, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert view.reply.text.toPlainText() == "x" * 61
    view.reply.text.setPlainText("x" * 50)
    assert (view.reply.counter.text(), view.reply.counter.property("role")) == ("10 left", "owed")
    view.reply.choose_readers(Visibility.FOLLOWERS)
    assert view.reply.text.accessibleName().startswith("Reply for followers only")
    qtbot.keyClick(view.reply.text, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    until(lambda: outbox.of_conversation(reader.connection, row.id))
    [delivery] = outbox.of_conversation(reader.connection, row.id)
    assert delivery.rendition.visibility is Visibility.FOLLOWERS


def test_a_like_by_button_and_its_undo(
    view: ConversationView, reader: Reader, engine: Engine, world: World, until: Until
) -> None:
    asked = world.say("Nice work", author="Ben")
    open_(view, reader, engine, "Ben")
    assert view.current is not None
    button(view.current, "Like").click()
    until(lambda: Reaction.LIKE in world.entries[asked].reacted)
    until(
        lambda: view.current is not None and any(b.text() == "Unlike" for b in view.current.findChildren(QPushButton))
    )
    assert "liked by us" in view.current.accessibleName()
    undone = engine.undo().result(5)
    assert undone is not None
    until(lambda: Reaction.LIKE not in world.entries[asked].reacted)
    until(lambda: view.current is not None and "liked by us" not in view.current.accessibleName())
    view.do_first(Reaction.LIKE, Reaction.UNLIKE)  # as its key does
    until(lambda: Reaction.LIKE in world.entries[asked].reacted)


def test_hiding_blocking_and_their_way_back(
    view: ConversationView, reader: Reader, engine: Engine, world: World, until: Until
) -> None:
    asked = world.say("You are all fools", author="Rude")
    open_(view, reader, engine, "Rude")
    view.do_first(Moderation.HIDE, Moderation.UNHIDE)
    until(lambda: world.entries[asked].state is MessageState.HIDDEN)
    until(lambda: view.current is not None and "hidden for everybody" in view.current.accessibleName())
    until(lambda: not view.deeds._at_work)
    view.do_first(Moderation.HIDE, Moderation.UNHIDE)
    until(lambda: world.entries[asked].state is MessageState.PUBLISHED)
    until(lambda: not view.deeds._at_work)
    view.do_first(Moderation.BLOCK)
    until(lambda: [(a, who) for a, who, _ in world.told] == [(Moderation.BLOCK, "Rude")])


def test_a_report_asks_for_words_and_goes_with_them(
    view: ConversationView, reader: Reader, engine: Engine, world: World, until: Until
) -> None:
    world.say("Buy my pills", author="Spammer")
    open_(view, reader, engine, "Spammer")
    view.do_first(Moderation.REPORT)
    dialog = view.findChild(QInputDialog)
    assert dialog is not None
    assert world.told == []
    dialog.setTextValue("Sells medicine")
    dialog.accept()
    until(lambda: world.told == [(Moderation.REPORT, "Spammer", "Sells medicine")])


@pytest.fixture
def tree(world: World, account: Account) -> dict[str, str]:
    """Our post with forty answers by others that ask nothing (context), each answered once; one asks something."""
    now = world.clock.now()
    ids = {"post": world.say("Opens today", kind=MessageKind.POST, ours=True, created_at=now - timedelta(hours=9))}
    for n in range(40):
        at = now - timedelta(minutes=400 - 5 * n)
        kind = MessageKind.POST
        ids[f"a{n}"] = world.say(f"Answer {n}", author=f"A{n}", parent=ids["post"], kind=kind, created_at=at)
        later = at + timedelta(minutes=1)
        ids[f"b{n}"] = world.say(f"Below {n}", author=f"B{n}", parent=ids[f"a{n}"], kind=kind, created_at=later)
    ids["ask"] = world.say("May tenants claim?", author="Asker", parent=ids["a7"], created_at=now)
    return ids


def test_what_asks_nothing_folds_and_opens_by_key(
    view: ConversationView, reader: Reader, engine: Engine, tree: dict[str, str], qtbot: QtBot
) -> None:
    open_(view, reader, engine, "Asker")
    assert names(view) == ["Vera", "A7", "B7", "Asker"]
    assert view.current is not None
    assert "owed" in view.current.accessibleName()
    [fold] = view.scroller._folds.values()
    assert fold.text() == "▸ 78 more replies by 78 people"
    view.step(1)
    assert view.scroller.here == next(iter(view.scroller._folds))
    qtbot.keyClick(fold, Qt.Key.Key_Return)
    assert view.current is not None
    assert view.current.stored.message.author.name == "A0"
    view.step(1)
    assert view.current.stored.message.author.name == "B0"
    assert view.scroller.unmade > 0
    for _ in range(100):
        view.step(1)
    [fold] = view.scroller._folds.values()
    assert "away again" in fold.text()
    fold.click()
    assert "78 more" in next(iter(view.scroller._folds.values())).text()
    assert view.current is not None


def test_a_search_finds_what_is_folded_away(
    view: ConversationView, reader: Reader, engine: Engine, tree: dict[str, str]
) -> None:
    open_(view, reader, engine, "Asker")
    [hit] = reading.search(reader.connection, "Below 31")
    view.show_conversation(hit.row.id, hit.message_id)
    assert view.current is not None
    assert view.current.stored.message.author.name == "B31"
    assert names(view) == ["Vera", "A7", "B7", "Asker", "A31", "B31"]


def test_a_parent_that_arrives_late_takes_its_answers_and_moves_nothing_else(
    view: ConversationView, reader: Reader, engine: Engine, world: World, until: Until
) -> None:
    now = world.clock.now()
    at = {n: now - timedelta(minutes=60 - n) for n in range(60)}
    root = world.say("Root", author="Root", created_at=at[0])
    late = world.say("Late", author="Late", parent=root, created_at=at[1], shown=False)
    world.say("One", author="One", parent=root, created_at=at[5])
    world.say("Deep", author="Deep", parent=late, created_at=at[6])
    world.say("Two", author="Two", parent=root, created_at=at[9])
    engine.sync().result(10)
    [root_row] = [r for r in reading.page(reader.connection, "everything") if r.messages > 2]
    view.show_conversation(root_row.id)
    world.show(late)
    engine.sync().result(10)
    until(lambda: "Late" in names(view))
    until(lambda: names(view) == ["Root", "Late", "Deep", "One", "Two"])


def test_the_conversation_is_read_whole_when_it_is_opened_and_not_again_at_once(
    view: ConversationView, reader: Reader, engine: Engine, world: World, until: Until
) -> None:
    world.say("Question", author="Ben")
    row = open_(view, reader, engine, "Ben")
    until(lambda: world.requests["thread"] == 1)
    view.show_conversation(0)
    view.show_conversation(row.id)
    view._around.timeout.emit()
    view._read_around()
    engine.sync().result(10)
    assert world.requests["thread"] == 1


def test_offline_nobody_is_told_that_it_could_not_be_read_whole(
    view: ConversationView, reader: Reader, engine: Engine, world: World, until: Until
) -> None:
    world.say("Question", author="Ben")
    engine.sync().result(10)
    world.fail("thread", "before_send", Offline())
    open_(view, reader, engine, "Ben")
    until(lambda: not world._faults["thread", "before_send"])
