"""Who receives it, what it costs, a test to oneself, and the question before what cannot be taken back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from inbox.connectors.memory import BEFORE_SEND, World
from inbox.errors import Unavailable
from inbox.model import Capability, ChannelId, Choice, Limits, Weight
from inbox.store import accounts, outbox
from tests.ui.networks import Long, Short, Three
from ui.composer.window import Composer
from ui.reader import Reader

Until = Callable[[Callable[[], object]], None]
TOPICS = (
    Choice(code="topic:T1", title="Flood alerts", reaches=12_000),
    Choice(code="topic:T2", title="Roads", reaches=483, warning="It sends the blog's posts by itself too."),
)


@pytest.fixture
def bulletins(world: World) -> World:
    world.limits = Limits(choices=TOPICS, choice_needed=True)
    world.weight = Weight(reaches=12_000, words=("Readers in digests get it tonight",), confirm=True)
    return world


@pytest.fixture
def written(bulletins: World, make: Callable[[], Composer], reader: Reader) -> Composer:
    made = make()
    made.editor.ticks[channel(reader)].click()
    made.editor.title.setText("High water")
    made.editor.text.setPlainText("The river rises tonight.")
    made.check()
    return made


def channel(reader: Reader) -> ChannelId:
    return accounts.channels(reader.connection)[0].id


def test_without_a_receiver_nothing_goes(written: Composer, reader: Reader, bulletins: World, until: Until) -> None:
    written.sending.publish()
    until(lambda: written.notice.text())
    assert "Choose who receives it" in written.notice.text()
    assert bulletins.made == []
    assert written.focusWidget() is next(iter(of(written, reader).ticks.values()))


def of(composer: Composer, reader: Reader):
    return composer.editor.options.choices.lists[channel(reader)]


def test_receivers_are_ticked_and_kept_in_the_draft(written: Composer, reader: Reader, until: Until) -> None:
    ticks = of(written, reader).ticks
    ticks["topic:T1"].click()
    assert of(written, reader).sum.text() == "12,000 people"
    ticks["topic:T2"].click()
    assert "At most 12,483 people" in of(written, reader).sum.text()
    written.check()
    assert written.shown[0].rendition.categories == ("topic:T1", "topic:T2")
    assert any("by itself too" in p.words and not p.stops for p in written.shown[0].problems)
    card = written.previews.cards[channel(reader)]
    assert "In Flood alerts, Roads" in card.terms.text()
    written.save()
    until(lambda: "topic:T2" in outbox.draft(reader.connection, "post"))


def test_what_it_means_is_shown_while_writing(written: Composer, reader: Reader, until: Until) -> None:
    of(written, reader).ticks["topic:T1"].click()
    card = written.previews.cards[channel(reader)]
    until(lambda: card.weight.text())
    assert card.weight.text() == "Reaches 12,000 people · Readers in digests get it tonight"


def test_what_cannot_be_taken_back_is_asked_with_its_figures(
    written: Composer, reader: Reader, until: Until, bulletins: World, qtbot: QtBot
) -> None:
    of(written, reader).ticks["topic:T1"].click()
    written.sending.publish()
    until(lambda: written.sending.question is not None)
    assert written.sending.question.text() == "Send to 12,000 people?"
    assert "cannot be taken back" in written.sending.question.informativeText()
    qtbot.keyClick(written.sending.question, Qt.Key.Key_Escape)
    assert outbox.waiting(reader.connection) == [], "Escape sends nothing"
    written.sending.question = None
    written.sending.publish()
    until(lambda: written.sending.question is not None)
    next(b for b in written.sending.question.buttons() if b.objectName() == "send").click()
    until(lambda: outbox.waiting(reader.connection) or bulletins.made)


def test_an_edit_after_the_question_is_asked_again(
    written: Composer, reader: Reader, until: Until, bulletins: World
) -> None:
    of(written, reader).ticks["topic:T1"].click()
    written.sending.agreed = {channel(reader): written.shown[0].rendition}
    written.editor.text.setPlainText("The river rises tomorrow.")
    written.sending.publish()
    until(lambda: written.sending.question is not None)
    assert outbox.waiting(reader.connection) == []


def test_without_figures_nothing_goes(written: Composer, reader: Reader, until: Until, bulletins: World) -> None:
    of(written, reader).ticks["topic:T1"].click()
    bulletins.fail("weigh", BEFORE_SEND, *[Unavailable("Busy")] * 3)
    written.sending.publish()
    until(lambda: written.notice.text())
    assert "Busy" in written.notice.text()
    assert outbox.waiting(reader.connection) == []


def test_a_test_goes_to_ourselves_only(written: Composer, reader: Reader, until: Until, bulletins: World) -> None:
    card = written.previews.cards[channel(reader)]
    assert not card.trial.isEnabled(), "without a receiver it cannot even be tried"
    of(written, reader).ticks["topic:T1"].click()
    written.check()
    card.trial.click()
    until(lambda: bulletins.tried)
    until(lambda: written.notice.text())
    assert "Sent to ourselves." in written.notice.text()
    assert bulletins.made == []


def test_what_it_costs_is_said(world: World, make: Callable[[], Composer], reader: Reader, until: Until) -> None:
    world.weight = Weight(cost=200_000)
    made = make()
    made.editor.ticks[channel(reader)].click()
    made.editor.text.setPlainText("See https://city.example/flood")
    made.check()
    card = made.previews.cards[channel(reader)]
    until(lambda: card.weight.text())
    assert card.weight.text() == "Costs $0.20"
    made.sending.publish()
    until(lambda: outbox.waiting(reader.connection) or world.made)


@pytest.fixture
def weighing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Comes before ``networks``: two of the three can say what it means."""
    for kind in (Long, Short):
        monkeypatch.setattr(kind, "capabilities", kind.capabilities | Capability.WEIGH)


def test_where_nothing_can_be_told_now_holds_back_no_other(
    weighing: None, networks: Three, make_three: Callable[[], Composer], until: Until, qtbot: QtBot
) -> None:
    networks.worlds["town"].fail("weigh", BEFORE_SEND, *[Unavailable("Busy")] * 9)
    networks.worlds["sky"].weight = Weight(cost=200_000)
    composer = make_three()
    for name in ("blog", "town", "sky"):
        composer.editor.ticks[networks.id(name)].setChecked(True)
    composer.editor.text.setPlainText("The river rises tonight.")
    composer.editor.title.setText("High water")
    sky = networks.id("sky")
    until(lambda: sky in composer.previews.cards and composer.previews.cards[sky].weight.text() == "Costs $0.20")
    with qtbot.waitSignal(composer.queued):
        composer.sending.publish()
    gone = {d.channel_id for d in outbox.deliveries(networks.reader.connection)}
    assert gone == {networks.id("blog"), sky}
    assert "Not yet on town" in composer.notice.text()
    assert "What it would mean cannot be told now: Busy." in composer.notice.text()
    assert composer.state.channels == [networks.id("town")]
    assert composer.editor.text.toPlainText() == "The river rises tonight."
    until(lambda: composer.sending._running_publish.done())
    networks.worlds["town"]._faults.clear()
    networks.worlds["town"].weight = Weight(reaches=12_000, confirm=True)
    composer.sending.publish()
    until(lambda: composer.sending.question is not None)
    next(b for b in composer.sending.question.buttons() if b.objectName() == "send").click()
    until(lambda: len(outbox.deliveries(networks.reader.connection)) == 3)
    until(lambda: composer.sending.agreed == {})  # the same words again would be asked again
