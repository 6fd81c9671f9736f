"""One conversation: what is shown, the reply box that shouts, drafts, undo, moderation by key and button."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from inbox.connectors.memory import World
from inbox.engine import Engine
from inbox.errors import NotAllowed, Rejected
from inbox.model import Account, DeliveryState, MessageKind, MessageState, Moderation
from inbox.store import outbox, reading
from inbox.tasks import Tasks
from tests.ui.walk import tab_order
from ui.bridge import Bridge
from ui.reader import Reader
from ui.reading.cards import MessageCard
from ui.reading.context import ContextCard
from ui.reading.pending import fate
from ui.reading.view import ConversationView

Until = Callable[[Callable[[], object]], None]


@pytest.fixture
def asked(engine: Engine, account: Account, world: World) -> dict[str, str]:
    """A post of ours, a question under it with an answer by somebody else, and a held comment."""
    now = world.clock.now()
    ids = {
        "post": world.say("Grants open today.", kind=MessageKind.POST, ours=True, created_at=now - timedelta(hours=3))
    }
    ids["question"] = world.say(
        "Is it open to <b>tenants</b>?", author="Anna", context=ids["post"], created_at=now - timedelta(hours=2)
    )
    ids["echo"] = world.say(
        "same question",
        author="Dylan",
        parent=ids["question"],
        context=ids["post"],
        created_at=now - timedelta(hours=1),
    )
    ids["held"] = world.say("First time here", author="Haruka", context=ids["post"], state=MessageState.HELD)
    engine.sync().result(10)
    return ids


@pytest.fixture
def view(
    engine: Engine, reader: Reader, tasks: Tasks, asked: dict[str, str], qtbot: QtBot
) -> Iterator[ConversationView]:
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


def open_(view: ConversationView, reader: Reader, author: str) -> reading.ConversationRow:
    row = next(r for r in reading.page(reader.connection, "everything") if r.author == author)
    view.show_conversation(row.id)
    return row


def cards(view: ConversationView) -> list[MessageCard]:
    return [c for c in view.findChildren(MessageCard) if c.isVisibleTo(view)]


def test_context_first_then_messages_in_order(view: ConversationView, reader: Reader) -> None:
    open_(view, reader, "Dylan")
    assert "Grants open today." in view.findChild(ContextCard).accessibleName()
    assert [c.stored.message.author.name for c in cards(view)] == ["Anna", "Dylan"]
    assert "same question" in cards(view)[1].accessibleName()


def test_the_reply_box_shouts_where_how_public_and_as_whom(view: ConversationView, reader: Reader) -> None:
    open_(view, reader, "Dylan")
    words = view.reply.text.accessibleName()
    assert words.startswith("Public reply on ")
    assert " as " in words
    assert words.endswith("to Dylan")


def test_a_reply_goes_out_and_shows_its_way(
    view: ConversationView, reader: Reader, engine: Engine, world: World, qtbot: QtBot, until: Until
) -> None:
    row = open_(view, reader, "Dylan")
    qtbot.keyClicks(view.reply.text, "Yes, tenants too.")
    qtbot.keyClick(view.reply.text, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    until(lambda: view._pending)
    assert "leaves in" in view._pending[0].accessibleName()
    assert view.reply.text.toPlainText() == ""
    [delivery] = outbox.of_conversation(reader.connection, row.id)
    engine.send_now(delivery.id).result(5)
    until(lambda: not view._pending and len(cards(view)) == 3)
    assert cards(view)[2].stored.message.ours
    assert world.entries[delivery_parent(world)].text == "same question"


def delivery_parent(world: World) -> str:
    return next(e for e in world.entries.values() if e.text == "Yes, tenants too.").parent


def test_undo_brings_the_very_text_back_and_the_new_one_goes(
    view: ConversationView, reader: Reader, engine: Engine, world: World, qtbot: QtBot, until: Until
) -> None:
    open_(view, reader, "Dylan")
    qtbot.keyClicks(view.reply.text, "Old words")
    qtbot.keyClick(view.reply.text, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    until(lambda: view._pending)
    undo = next(b for b in view._pending[0].findChildren(QPushButton) if b.text() == "Undo")
    undo.click()
    until(lambda: view.reply.text.toPlainText() == "Old words" and not view._pending)
    view.reply.text.selectAll()
    qtbot.keyClicks(view.reply.text, "New words")
    qtbot.keyClick(view.reply.text, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    until(lambda: view._pending)
    engine.send_now(view._pending[0].delivery.id).result(5)
    until(lambda: [e.text for e in world.entries.values() if e.ours and "words" in e.text] == ["New words"])


def test_a_draft_survives_leaving_and_coming_back(
    view: ConversationView, reader: Reader, qtbot: QtBot, until: Until
) -> None:
    row = open_(view, reader, "Dylan")
    qtbot.keyClicks(view.reply.text, "Half a sen")
    open_(view, reader, "Haruka")
    until(lambda: outbox.draft(reader.connection, f"reply:{row.id}") == "Half a sen")
    assert view.reply.text.toPlainText() == ""
    open_(view, reader, "Dylan")
    assert view.reply.text.toPlainText() == "Half a sen"


def test_typing_survives_a_poll_that_touches_the_conversation(
    view: ConversationView,
    reader: Reader,
    engine: Engine,
    world: World,
    asked: dict[str, str],
    qtbot: QtBot,
    until: Until,
) -> None:
    open_(view, reader, "Dylan")
    qtbot.keyClicks(view.reply.text, "I am writ")
    world.say("and one more", author="Late", parent=asked["question"], context=asked["post"])
    world.edit(asked["echo"], "same question, really")
    engine.sync().result(10)
    until(lambda: len(cards(view)) == 3)
    assert view.reply.text.toPlainText() == "I am writ"
    edited = next(c for c in cards(view) if c.stored.versions)
    assert "same question, really" in edited.accessibleName()
    next(b for b in edited.findChildren(QPushButton) if "earlier text" in b.text()).click()
    assert any("same question" in w.text() for w in edited.findChildren(type(edited.body)))


def test_a_held_comment_is_approved_and_answered_in_one_step(
    view: ConversationView,
    reader: Reader,
    engine: Engine,
    world: World,
    asked: dict[str, str],
    qtbot: QtBot,
    until: Until,
) -> None:
    open_(view, reader, "Haruka")
    assert "Approve" in view.reply.close_too.text()
    qtbot.keyClicks(view.reply.text, "Welcome!")
    qtbot.keyClick(view.reply.text, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    until(lambda: view._pending)
    assert world.entries[asked["held"]].state is MessageState.PUBLISHED


def test_moderation_by_button(
    view: ConversationView, reader: Reader, world: World, asked: dict[str, str], until: Until
) -> None:
    open_(view, reader, "Haruka")
    spam = next(b for b in cards(view)[0].findChildren(QPushButton) if b.text() == "Spam")
    spam.click()
    until(lambda: world.entries[asked["held"]].state is MessageState.SPAM)
    until(lambda: any("spam" in c.accessibleName() for c in cards(view)))
    view.moderate(Moderation.UNSPAM)
    until(lambda: world.entries[asked["held"]].state is MessageState.HELD)


def test_a_refused_reply_keeps_the_text_beside_the_reason(
    view: ConversationView, reader: Reader, engine: Engine, world: World, qtbot: QtBot, until: Until
) -> None:
    row = open_(view, reader, "Dylan")
    world.fail("publish", "before_send", Rejected("Comments are closed here."))
    qtbot.keyClicks(view.reply.text, "Too late")
    qtbot.keyClick(view.reply.text, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    until(lambda: view._pending)
    engine.send_now(view._pending[0].delivery.id).result(5)
    until(lambda: view._pending and view._pending[0].delivery.state is DeliveryState.REJECTED)
    assert "Comments are closed here." in fate(view._pending[0].delivery, world.clock.now())
    assert reading.rows(reader.connection, [row.id])[row.id].outgoing == "trouble"
    next(b for b in view._pending[0].findChildren(QPushButton) if b.text() == "Edit").click()
    until(lambda: view.reply.text.toPlainText() == "Too late")


@pytest.fixture
def long(engine: Engine, world: World) -> int:
    """Three hundred answers to one question, of all lengths, a minute apart; how many messages that makes."""
    now = world.clock.now()
    first = world.say("Root", author="Root", created_at=now - timedelta(hours=9))
    for n in range(300):
        words = f"Answer {n} " + "about the harbour wall " * (n * 7 % 40)
        world.say(words, author=f"P{n}", parent=first, created_at=now - timedelta(minutes=300 - n))
    engine.sync().result(20)
    return 301


def top(view: ConversationView, card: MessageCard) -> int:
    """How far below the upper edge of what is shown the card begins."""
    return card.mapTo(view.scroller.viewport(), card.rect().topLeft()).y()


def wholly_visible(view: ConversationView, card: MessageCard) -> bool:
    return top(view, card) >= 0 and top(view, card) + card.height() <= view.scroller.viewport().height()


def at_rest(view: ConversationView) -> bool:
    """Whether as many cards are made as the reader needs at this place."""
    return not view.scroller._fill.isActive() and not view.scroller._edges(view.scroller.viewport().height())


def places(view: ConversationView) -> list[int]:
    """The numbers of the answers that have cards, from the top down; the question is -1."""
    ordered = sorted(cards(view), key=lambda c: top(view, c))
    return [int(c.stored.message.author.name.replace("Root", "P-1")[1:]) for c in ordered]


def test_a_long_conversation_opens_at_its_newest_and_fills_in(
    view: ConversationView, reader: Reader, long: int, until: Until
) -> None:
    open_(view, reader, "P299")
    newest = view.current
    assert newest is not None
    assert newest.stored.message.author.name == "P299"
    assert len(cards(view)) < 40
    assert wholly_visible(view, newest)  # at once, not with the next event
    assert top(view, cards(view)[0]) <= 0, "there is nothing to be filled in within sight"
    began = top(view, newest)
    until(lambda: at_rest(view))
    assert view.current is newest
    assert (top(view, newest), wholly_visible(view, newest)) == (began, True)
    assert places(view)[0] > 200, "far more cards than anybody looks at"


def test_reading_upwards_brings_every_message_and_moves_none(
    view: ConversationView, reader: Reader, long: int, until: Until
) -> None:
    open_(view, reader, "P299")
    bar, made = view.scroller.verticalScrollBar(), view.scroller.cards
    until(lambda: at_rest(view))
    while len(made) < long:
        bar.setValue(0)
        count = len(made)
        oldest = min(made.values(), key=lambda c: top(view, c))
        before = top(view, oldest)
        until(lambda count=count: len(made) > count)
        assert top(view, oldest) == before
        until(lambda: at_rest(view))
    assert places(view) == list(range(-1, 300))


def test_a_hit_deep_inside_is_reached_with_what_stands_around_it(
    view: ConversationView, reader: Reader, long: int, until: Until
) -> None:
    [hit] = reading.search(reader.connection, "Answer 57 ")
    view.show_conversation(hit.row.id, hit.message_id)
    assert view.current is not None
    assert view.current.stored.message.author.name == "P57"
    assert wholly_visible(view, view.current)
    began = top(view, view.current)
    until(lambda: at_rest(view))
    assert (top(view, view.current), wholly_visible(view, view.current)) == (began, True)
    assert places(view) == list(range(places(view)[0], places(view)[-1] + 1))
    assert places(view)[0] < 57 < places(view)[-1]
    assert len(places(view)) < 60
    [other] = reading.search(reader.connection, "Answer 211 ")
    view.show_conversation(other.row.id, other.message_id)  # from one hit to the next in the same conversation
    assert view.current.stored.message.author.name == "P211"
    assert wholly_visible(view, view.current)
    assert top(view, view.current) > 100, "what led to it stands above it"
    assert 57 not in places(view)


def test_the_keyboard_goes_on_where_no_card_is_made_yet(
    view: ConversationView, reader: Reader, long: int, qtbot: QtBot
) -> None:
    open_(view, reader, "P299")
    view.focus_current()
    for n in range(298, 250, -1):
        assert view.current is not None
        qtbot.keyClick(view.current, Qt.Key.Key_Up)
        assert view.current.stored.message.author.name == f"P{n}"
        assert wholly_visible(view, view.current)
        assert view.current.hasFocus()
    for n in range(252, 300):
        qtbot.keyClick(view.current, Qt.Key.Key_Down)
        assert view.current.stored.message.author.name == f"P{n}"
    assert wholly_visible(view, view.current)


def test_what_arrives_does_not_move_what_is_being_read(
    view: ConversationView, reader: Reader, engine: Engine, world: World, long: int, until: Until
) -> None:
    [hit] = reading.search(reader.connection, "Answer 57 ")
    view.show_conversation(hit.row.id, hit.message_id)
    until(lambda: at_rest(view))
    assert view.current is not None
    read, began = view.current, top(view, view.current)
    root, above, newest = (next(k for k, e in world.entries.items() if e.author == a) for a in ("Root", "P56", "P299"))
    world.say("The newest of all", author="P300", parent=root)
    world.edit(above, "Longer than it was. " * 30)
    world.edit(newest, "Changed, far away")
    engine.sync().result(10)
    until(lambda: any(c.stored.versions and c.stored.message.author.name == "P56" for c in cards(view)))
    until(lambda: at_rest(view))
    assert view.current is read
    assert top(view, read) == began
    assert 300 not in places(view)


def test_what_is_opened_grows_downwards_and_what_is_typed_covers_nothing(
    view: ConversationView, reader: Reader, engine: Engine, world: World, qtbot: QtBot, until: Until
) -> None:
    now = world.clock.now()
    post = world.say("A long post. " * 400, kind=MessageKind.POST, ours=True, created_at=now - timedelta(days=1))
    first = world.say("Question", author="First", context=post, created_at=now - timedelta(hours=1))
    for n in range(12):
        at = now - timedelta(minutes=30 - n)
        world.say("Answer. " * 30, author=f"A{n}", parent=first, context=post, created_at=at)
    engine.sync().result(10)
    open_(view, reader, "A11")
    assert view.current is not None
    view.reply.text.setFocus()
    for _ in range(8):
        qtbot.keyClick(view.reply.text, Qt.Key.Key_Return)
    until(lambda: wholly_visible(view, view.current))  # type: ignore[arg-type]
    bar = view.scroller.verticalScrollBar()
    assert bar.value() == bar.maximum()
    bar.setValue(0)
    context = view.findChild(ContextCard)
    before, height = context.mapTo(view, context.rect().topLeft()), context.height()
    qtbot.mouseClick(context.more, Qt.MouseButton.LeftButton)
    until(lambda: context.height() > height + 100)
    assert context.mapTo(view, context.rect().topLeft()) == before


def test_tab_goes_through_the_cards_as_they_stand(
    view: ConversationView, reader: Reader, long: int, until: Until
) -> None:
    open_(view, reader, "P299")
    until(lambda: at_rest(view))
    order = [w for w in tab_order(view) if isinstance(w, MessageCard)]
    assert [int(c.stored.message.author.name[1:]) for c in order] == places(view)


def test_the_keyboard_steps_through_messages(view: ConversationView, reader: Reader, qtbot: QtBot) -> None:
    open_(view, reader, "Dylan")
    view.focus_current()
    assert view.current is not None
    assert view.current.stored.message.author.name == "Dylan"
    qtbot.keyClick(view.current, Qt.Key.Key_Up)
    assert view.current.stored.message.author.name == "Anna"
    assert "to Anna" in view.reply.text.accessibleName()


def test_every_control_has_a_name(view: ConversationView, reader: Reader, named: Callable[[QWidget], None]) -> None:
    open_(view, reader, "Haruka")
    named(view)


def test_a_second_reply_goes_while_the_first_still_waits_for_its_approval(
    view: ConversationView,
    reader: Reader,
    engine: Engine,
    world: World,
    asked: dict[str, str],
    qtbot: QtBot,
    until: Until,
) -> None:
    """A slow approval of one comment must not swallow the answer to another (acceptance review, A3)."""
    held_up: asyncio.Future[None] = engine._do(_a_future).result(5)  # type: ignore[arg-type]

    def hook(operation: str, moment: str) -> asyncio.Future[None] | None:
        return held_up if operation == "moderate" else None

    world.hook = hook
    open_(view, reader, "Haruka")
    qtbot.keyClicks(view.reply.text, "Welcome!")
    qtbot.keyClick(view.reply.text, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    open_(view, reader, "Dylan")
    qtbot.keyClicks(view.reply.text, "Tenants too.")
    qtbot.keyClick(view.reply.text, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    until(lambda: [d.rendition.text for d in outbox.waiting(reader.connection)] == ["Tenants too."])
    held_up.get_loop().call_soon_threadsafe(held_up.set_result, None)
    until(lambda: {d.rendition.text for d in outbox.waiting(reader.connection)} == {"Welcome!", "Tenants too."})


async def _a_future() -> asyncio.Future[None]:
    return asyncio.get_running_loop().create_future()


def test_taking_one_reply_back_keeps_the_next_one_being_written(
    view: ConversationView, reader: Reader, qtbot: QtBot, until: Until
) -> None:
    row = open_(view, reader, "Dylan")
    qtbot.keyClicks(view.reply.text, "First answer")
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(view.reply.text, Qt.Key.Key_Return, both)
    until(lambda: view._pending)
    qtbot.keyClicks(view.reply.text, "A long second one")
    next(b for b in view._pending[0].findChildren(QPushButton) if b.text() == "Undo").click()
    until(lambda: "First answer" in view.reply.text.toPlainText())
    assert view.reply.text.toPlainText() == "First answer\n\nA long second one"
    assert outbox.draft(reader.connection, f"reply:{row.id}") == "First answer\n\nA long second one"


def test_a_refused_reply_reopens_what_was_closed_for_it(
    view: ConversationView, reader: Reader, engine: Engine, world: World, qtbot: QtBot, until: Until
) -> None:
    row = open_(view, reader, "Dylan")
    world.fail("publish", "before_send", Rejected("Comments are closed here."))
    qtbot.keyClicks(view.reply.text, "Too late")
    qtbot.keyClick(view.reply.text, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    until(lambda: view._pending)
    assert reading.rows(reader.connection, [row.id])[row.id].place == "done"
    engine.send_now(view._pending[0].delivery.id).result(5)
    until(lambda: reading.rows(reader.connection, [row.id])[row.id].place == "owed")


def test_changing_our_own_words_is_kept_as_a_draft_and_given_up_only_by_sending(
    view: ConversationView,
    reader: Reader,
    engine: Engine,
    world: World,
    asked: dict[str, str],
    qtbot: QtBot,
    until: Until,
) -> None:
    world.say("We say so.", ours=True, parent=asked["echo"], context=asked["post"])
    engine.sync().result(10)
    open_(view, reader, "Dylan")
    ours = next(c for c in cards(view) if c.stored.message.ours)
    view.start_edit(ours.stored)
    qtbot.keyClicks(view.reply.text, " And mean it")
    open_(view, reader, "Haruka")
    until(lambda: outbox.draft(reader.connection, f"edit:{ours.id}") == "We say so. And mean it")
    open_(view, reader, "Dylan")
    until(lambda: any(c.stored.message.ours for c in cards(view)))
    view.start_edit(next(c for c in cards(view) if c.stored.message.ours).stored)
    assert view.reply.text.toPlainText() == "We say so. And mean it"
    qtbot.keyClick(view.reply.text, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    until(lambda: any(e.text == "We say so. And mean it" for e in world.entries.values()))
    until(lambda: outbox.draft(reader.connection, f"edit:{ours.id}") == "")


def test_a_removed_account_can_be_read_and_not_answered(
    view: ConversationView, reader: Reader, engine: Engine, account: Account
) -> None:
    engine.remove_account(account.id).result(5)
    row = open_(view, reader, "Dylan")
    assert len(cards(view)) == 2
    assert not view.reply.isVisible()
    with pytest.raises(NotAllowed, match="removed"):
        engine.reply(view._messages[0].id, "Still here?").result(5)
    assert row.author == "Dylan"


def test_a_word_without_end_does_not_widen_the_pane(
    view: ConversationView, reader: Reader, engine: Engine, world: World, qtbot: QtBot, until: Until
) -> None:
    post = next(key for key, entry in world.entries.items() if entry.kind is MessageKind.POST)
    world.say("See https://e.example/" + "a" * 300 + " " + "W" * 200, author="N" * 150, context=post)
    engine.sync().result(10)
    open_(view, reader, "N" * 150)
    until(lambda: view.scroller.inner.width() == view.scroller.viewport().width())
    assert all(c.width() < view.width() for c in cards(view))


def test_hebrew_begins_at_the_right_in_cards_and_in_the_box(
    view: ConversationView, reader: Reader, engine: Engine, world: World, until: Until
) -> None:
    post = next(key for key, entry in world.entries.items() if entry.kind is MessageKind.POST)
    world.say("שלום, מתי?", author="נועם", context=post)
    engine.sync().result(10)
    open_(view, reader, "נועם")
    assert 'dir="rtl"' in cards(view)[0].body.text()
    view.reply.text.setPlainText("תודה")
    assert view.reply.text.document().defaultTextOption().alignment() & Qt.AlignmentFlag.AlignRight
    view.reply.text.setPlainText("Thank you")
    assert not view.reply.text.document().defaultTextOption().alignment() & Qt.AlignmentFlag.AlignRight


def test_a_card_says_who_when_how_it_stands_and_what(view: ConversationView, reader: Reader) -> None:
    open_(view, reader, "Haruka")
    words = cards(view)[0].accessibleName()
    assert words.startswith("Haruka, ")
    assert "ago" in words or "just now" in words
    assert "held for moderation: First" in words
