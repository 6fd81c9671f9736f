"""What the closed networks allow with one message and no other: by hand, in private, for a while, or not any more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from inbox.connectors.memory import BEFORE_SEND, World
from inbox.engine import Engine
from inbox.errors import ByHand
from inbox.model import (
    Account,
    AccountId,
    Author,
    Capability,
    Channel,
    ChannelId,
    ConversationId,
    DeliveryState,
    Limits,
    Message,
    MessageId,
    MessageKind,
    MessageState,
    Visibility,
)
from inbox.store import outbox, reading
from inbox.store.reading import StoredMessage
from inbox.tasks import Tasks
from ui.bridge import Bridge
from ui.reader import Reader
from ui.reading.cards import MessageCard
from ui.reading.carried import carried, choices
from ui.reading.offers import more_offers, offers
from ui.reading.pending import PendingCard
from ui.reading.view import ConversationView

Until = Callable[[Callable[[], object]], None]
NOW = datetime.now(UTC)
PAGE = Channel(
    id=ChannelId("c"), account_id=AccountId("a"), network="facebook", remote_id="p", title="City page",
    capabilities=~Capability.VISIBILITY, limits=Limits(text_graphemes=280),
)  # fmt: skip
COMMENT = Message(
    remote_id="1", kind=MessageKind.COMMENT, author=Author(name="Anna", remote_id="a"), created_at=NOW, text="When?"
)


def stored(withheld: str = "", **what: object) -> StoredMessage:
    return StoredMessage(
        id=MessageId(1), channel_id=PAGE.id, conversation_id=ConversationId(1), seen_at=NOW, versions=0,
        message=replace(COMMENT, **what), withheld=withheld,  # type: ignore[arg-type]
    )  # fmt: skip


def commands(one: StoredMessage) -> dict[str, str]:
    return dict(offers(one, PAGE) + more_offers(one, PAGE))


@pytest.mark.parametrize("known", ["decided here", "told by the network"])
def test_only_what_is_not_done_yet_is_offered_to_do_to_a_person(known: str) -> None:
    assert {"mute", "block"} <= set(commands(stored())) >= {"report"}
    assert not {"unmute", "unblock"} & set(commands(stored()))
    here = known == "decided here"
    done = replace(stored(details={} if here else {"blocked": "1"}), relations=frozenset({"blocked"} if here else ()))
    assert "unblock" in commands(done)
    assert "block" not in commands(done)
    assert "mute" in commands(done), "one says nothing of the other"


def test_what_is_denied_for_this_message_is_not_offered() -> None:
    assert {"hide", "like", "trash"} <= commands(stored()).keys()
    denied = Capability.HIDE | Capability.REACT_LIKE | Capability.TRASH
    assert not {"hide", "like", "trash"} & commands(stored(denied=denied)).keys()


def test_an_answer_that_goes_by_hand_says_so_before_it_is_written() -> None:
    one = stored(denied=Capability.REPLY)
    assert commands(one)["reply"] == "Answer by hand"
    assert "by hand" in carried("Soon.", PAGE, one.message, None).note
    assert carried("Soon.", PAGE, one.message, None).stops == ""
    assert carried("Soon.", PAGE, COMMENT, None).note == ""


def test_a_comment_can_be_answered_in_private_while_the_network_takes_it() -> None:
    assert "privately" in commands(stored())["reply_privately"]
    assert choices(PAGE, COMMENT) == [Visibility.PUBLIC, Visibility.DIRECT]
    found = carried("Soon.", PAGE, COMMENT, Visibility.DIRECT)
    assert (found.readers, found.stops) == (Visibility.DIRECT, "")
    for gone in ({"denied": Capability.PRIVATE_REPLY}, {"reply_until": NOW - timedelta(days=1)}, {"ours": True}):
        assert "reply_privately" not in commands(stored(**gone))
        assert choices(PAGE, replace(COMMENT, **gone)) == []  # type: ignore[arg-type]
    assert "reply_privately" not in commands(stored(state=MessageState.SPAM))


def test_words_that_may_not_be_kept_say_why_they_are_gone(qtbot: QtBot) -> None:
    why = "Its network lets us keep members' words for 48 hours. Open it there, or fetch it again."
    card = MessageCard(stored(why, text="", author=Author(name="A member")), PAGE)
    qtbot.addWidget(card)
    card.show()
    assert why in [label.text() for label in card.findChildren(QLabel) if label.isVisibleTo(card)]
    assert why in card.accessibleName()
    wanted: list[str] = []
    card.wanted.connect(lambda command, _: wanted.append(command))
    card.offer(True)
    next(b for b in card.findChildren(QPushButton) if b.text() == "Fetch the words again").click()
    assert wanted == ["fetch_again"]
    card.fill(stored(), PAGE)
    assert why not in [label.text() for label in card.findChildren(QLabel) if label.isVisibleTo(card)]


@pytest.fixture
def view(
    qtbot: QtBot, engine: Engine, account: Account, world: World, reader: Reader, tasks: Tasks, until: Until
) -> ConversationView:
    world.say("How high is the water?")
    engine.sync().result(5)
    made = ConversationView(engine, reader, tasks)
    bridge = Bridge(engine.bus, made)
    bridge.changed.connect(made.on_changed)
    qtbot.addWidget(made, before_close_func=lambda _: bridge.close())
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    made.show_conversation(1)
    until(lambda: made.current is not None)
    return made


def test_an_answer_handed_over_stands_in_its_conversation_with_what_to_do(
    view: ConversationView, engine: Engine, world: World, reader: Reader, until: Until, browser: list[str]
) -> None:
    there = "https://there.example/intent"
    world.fail("publish", BEFORE_SEND, ByHand("Only for those it named", url=there, text="Three metres."))
    [message] = reading.conversation(reader.connection, 1)
    id_ = engine.reply(message.id, "Three metres.").result(5)
    engine.send_now(id_).result(5)

    def buttons() -> dict[str, QPushButton]:
        return {b.text(): b for card in view.findChildren(PendingCard) for b in card.findChildren(QPushButton)}

    until(lambda: "It is there" in buttons())
    assert set(buttons()) == {"Copy the text and open the page", "It is there", "Take back"}
    buttons()["Copy the text and open the page"].click()
    assert (QGuiApplication.clipboard().text(), browser) == ("Three metres.", [there])
    buttons()["It is there"].click()

    def settled() -> bool:
        found = outbox.delivery(reader.connection, id_)
        return found is not None and found.state is DeliveryState.SENT

    until(settled)
