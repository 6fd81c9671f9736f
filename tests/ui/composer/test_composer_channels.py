"""One update for several channels that count and can differently: texts, options, problems, and what leaves."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from inbox.model import Audience, DeliveryState, LinkCard, MessageId, MessageKind, Visibility
from inbox.store import outbox, reading
from tests.ui.networks import Three
from ui.composer.state import ComposerState, Shown
from ui.composer.tabs import COMMON
from ui.composer.window import Composer

Until = Callable[[Callable[[], object]], None]
Make = Callable[[], Composer]
CTRL = Qt.KeyboardModifier.ControlModifier


def choose(composer: Composer, networks: Three, *names: str) -> None:
    for name in names:
        composer.editor.ticks[networks.id(name)].setChecked(True)


def shown_text(composer: Composer, networks: Three, name: str) -> str:
    return composer.previews.cards[networks.id(name)].text.plain


def queued(networks: Three) -> dict[str, tuple[str, str]]:
    names = {networks.id(n): n for n in networks.worlds}
    return {
        names[d.channel_id]: (d.rendition.title, d.rendition.text)
        for d in outbox.deliveries(networks.reader.connection)
        if d.state is DeliveryState.QUEUED
    }


def test_one_text_goes_to_three_networks_with_the_keyboard_alone(
    make_three: Make, networks: Three, qtbot: QtBot, until: Until, named: Callable[[QWidget], None]
) -> None:
    composer = make_three()
    for tick in composer.editor.ticks.values():
        qtbot.keyClick(tick, Qt.Key.Key_Space)
    named(composer)
    qtbot.keyClicks(composer.editor.title, "Library opens")
    qtbot.keyClicks(composer.editor.text, "On Monday.")
    qtbot.keyClick(composer.editor.text, Qt.Key.Key_PageDown, CTRL)
    qtbot.keyClick(composer.editor.text, Qt.Key.Key_PageUp, CTRL)
    qtbot.keyClick(composer.editor.text, Qt.Key.Key_PageUp, CTRL)
    assert composer.editor.texts.tabs.key == networks.id("sky")
    assert "inherits" in composer.editor.text.accessibleName()
    qtbot.keyClicks(composer.editor.text, " Hooray!")
    until(lambda: composer.publish_button.text() == "Publish to 3 now")
    with qtbot.waitSignal(composer.queued) as sent:
        qtbot.keyClick(composer.editor.text, Qt.Key.Key_Return, CTRL)
    assert len(sent.args[0]) == 3
    assert queued(networks) == {
        "blog": ("Library opens", "On Monday."), "town": ("", "On Monday."), "sky": ("", "On Monday. Hooray!"),
    }  # fmt: skip


def test_what_is_sent_is_what_was_shown(
    make_three: Make, networks: Three, qtbot: QtBot, until: Until, image: QImage, tmp_path: Path
) -> None:
    image.save(str(tmp_path / "a.png"))
    composer = make_three()
    choose(composer, networks, "blog", "town", "sky")
    composer.editor.title.setText("Grants")
    composer.editor.text.setPlainText("See https://x.example/a with @mill@town.example")
    composer.take_files([str(tmp_path / "a.png")])
    until(lambda: composer.editor.strip.cards)
    composer.editor.strip.cards[0].alt.setPlainText("A bridge")
    composer.check()
    seen = {s.channel.id: s.rendition for s in composer.shown}
    with qtbot.waitSignal(composer.queued) as sent:
        composer.sending.publish()
    for id_ in sent.args[0]:
        delivery = outbox.delivery(networks.reader.connection, id_)
        assert delivery is not None
        rendition = seen[delivery.channel_id]
        assert delivery.rendition.text == rendition.text
        assert delivery.rendition.title == rendition.title
        assert [m.alt_text for m in delivery.rendition.media] == [m.alt_text for m in rendition.media] == ["A bridge"]
        assert (delivery.rendition.visibility, delivery.rendition.card) == (rendition.visibility, rendition.card)


def test_a_text_of_its_own_stays_and_comes_back(make_three: Make, networks: Three, qtbot: QtBot, until: Until) -> None:
    composer = make_three()
    choose(composer, networks, "town", "sky")
    texts = composer.editor.texts
    qtbot.keyClicks(composer.editor.text, "Common")
    texts.go_to(networks.id("sky"))
    assert composer.editor.text.toPlainText() == "Common"
    assert not texts.back.isVisible()
    qtbot.keyClicks(composer.editor.text, "er")
    assert texts.back.isVisible()
    texts.tabs.go_to(COMMON)
    qtbot.keyClicks(composer.editor.text, " ground")
    until(lambda: networks.id("sky") in composer.previews.cards)
    composer.check()
    assert shown_text(composer, networks, "sky") == "Commoner"
    assert shown_text(composer, networks, "town") == "Common ground"
    assert composer.previews.cards[networks.id("sky")].chip.text().startswith("edited · ")
    assert composer.previews.cards[networks.id("town")].chip.text().startswith("inherits · ")
    index = texts.tabs._keys.index(networks.id("sky"))
    assert texts.tabs.accessibleTabName(index).startswith("sky, edited, 292 left")
    texts.go_to(networks.id("sky"))
    texts.back.click()
    assert composer.state.variations == {}
    qtbot.keyClick(composer.editor.text, Qt.Key.Key_Z, CTRL)  # what went by one click comes back by one key
    assert composer.state.variations == {networks.id("sky"): "Commoner"}


def test_red_stops_only_its_channel_and_nothing_is_lost(
    make_three: Make, networks: Three, qtbot: QtBot, until: Until
) -> None:
    composer = make_three()
    choose(composer, networks, "town", "sky")
    written = "🙂 " + "x" * 305
    composer.editor.text.setPlainText(written)
    until(lambda: composer.publish_button.text() == "Publish to 1 of 2 now")
    assert composer.foot.tightest.said.text() == "sky: 7 over"
    assert composer.foot.tightest.said.property("role") == "chip-danger"
    assert [c.said.text() for c in composer.editor.texts.counters.each] == ["7 over", "193 left"]
    [selection] = composer.editor.text.extraSelections()
    assert selection.cursor.selectedText() == "x" * 7
    with qtbot.waitSignal(composer.queued) as sent:
        composer.sending.publish()
    assert len(sent.args[0]) == 1
    assert queued(networks) == {"town": ("", written)}
    assert composer.isVisible()
    assert "Not yet on sky" in composer.notice.text()
    assert composer.state.channels == [networks.id("sky")]

    def kept() -> bool:
        draft = json.loads(outbox.draft(networks.reader.connection, "post") or "{}")
        return draft.get("channels") == [networks.id("sky")] and draft["text"] == written

    until(kept)
    composer.editor.text.setPlainText("Short")
    with qtbot.waitSignal(composer.queued):
        composer.sending.publish()
    assert queued(networks) == {"town": ("", written), "sky": ("", "Short")}
    until(lambda: outbox.draft(networks.reader.connection, "post") == "")


def test_the_overrun_is_underlined_after_white_space_that_is_not_sent(make_three: Make, networks: Three) -> None:
    composer = make_three()
    choose(composer, networks, "sky")
    composer.editor.text.setPlainText("\n\n" + "x" * 300 + "yz\n")
    composer.check()
    [selection] = composer.editor.text.extraSelections()
    assert selection.cursor.selectedText() == "yz"
    composer.editor.text.setPlainText("x" * 300)
    composer.check()
    assert composer.editor.text.extraSelections() == []


def test_options_are_offered_where_a_chosen_channel_can(make_three: Make, networks: Three) -> None:
    composer = make_three()
    options, editor = composer.editor.options, composer.editor

    def offered() -> set[str]:
        parts = {
            "title": editor.title, "visibility": options.visibility, "warning": options.warning,
            "audience": options.audience, "poll": options.poll.wanted, "language": options.language,
            "excerpt": options.excerpt, "tags": options.tags, "card": options.card,
        }  # fmt: skip
        return {name for name, part in parts.items() if part.isVisibleTo(composer)}

    choose(composer, networks, "blog")
    assert offered() == {"title", "excerpt", "tags"}
    composer.editor.ticks[networks.id("blog")].setChecked(False)
    choose(composer, networks, "sky")
    assert offered() == {"audience", "language"}
    composer.editor.text.setPlainText("See https://x.example/a")
    assert offered() == {"audience", "language", "card"}
    choose(composer, networks, "town")
    assert offered() == {"audience", "language", "card", "visibility", "warning", "poll"}
    options.warning.setText("Flood")
    composer.editor.ticks[networks.id("town")].setChecked(False)
    assert "warning" in offered()  # it is set, so it can be seen and taken back


def test_what_else_a_post_carries_arrives_and_survives_a_crash(
    make_three: Make, networks: Three, qtbot: QtBot, until: Until
) -> None:
    composer = make_three()
    choose(composer, networks, "town")
    composer.editor.text.setPlainText("Which day?")
    options = composer.editor.options
    options.visibility.setCurrentIndex(options.visibility._values.index(Visibility.UNLISTED))
    options.audience.setCurrentIndex(options.audience._values.index(Audience.FOLLOWERS))
    options.language.setCurrentIndex(options.language._values.index("cy"))
    options.warning.setText("Dates")
    options.quotable.setChecked(False)
    options.poll.wanted.setChecked(True)
    options.poll.answers[0].setText("Monday")
    options.poll.answers[1].setText("Tuesday")
    until(lambda: "Tuesday" in outbox.draft(networks.reader.connection, "post"))
    again = make_three()  # the first one was never closed
    assert again.editor.options.language.value == "cy"
    assert again.editor.options.poll.answers[1].text() == "Tuesday"
    assert again.editor.options.warning.text() == "Dates"
    with qtbot.waitSignal(again.queued):
        again.sending.publish()
    [delivery] = outbox.deliveries(networks.reader.connection)
    sent = delivery.rendition
    assert (sent.visibility, sent.audience, sent.language) == (Visibility.UNLISTED, Audience.FOLLOWERS, "cy")
    assert (sent.warning, sent.quotable) == ("Dates", False)
    assert sent.poll is not None
    assert sent.poll.options == ("Monday", "Tuesday")


def test_own_texts_survive_a_crash(make_three: Make, networks: Three, qtbot: QtBot, until: Until) -> None:
    composer = make_three()
    choose(composer, networks, "town", "sky")
    composer.editor.text.setPlainText("Common")
    composer.editor.texts.go_to(networks.id("sky"))
    qtbot.keyClicks(composer.editor.text, "er")
    until(lambda: "Commoner" in outbox.draft(networks.reader.connection, "post"))
    again = make_three()
    again.editor.texts.go_to(networks.id("sky"))
    assert again.editor.text.toPlainText() == "Commoner"


def test_a_problem_leads_to_what_it_is_about(make_three: Make, networks: Three, qtbot: QtBot, until: Until) -> None:
    composer = make_three()
    choose(composer, networks, "town", "sky")
    composer.editor.text.setPlainText("x" * 301)
    options = composer.editor.options
    options.poll.wanted.setChecked(True)
    composer.check()
    card = composer.previews.cards[networks.id("sky")]
    lines = [card.problems.itemAt(n).widget() for n in range(card.problems.count())]
    assert [line.go.text() for line in lines] == ["Edit for sky", "Poll"]
    assert lines[0].go.accessibleName() == "Edit for sky: 1 characters too long for sky."
    lines[0].go.click()
    assert composer.editor.texts.tabs.key == networks.id("sky")
    until(composer.editor.text.hasFocus)
    lines[1].go.click()
    until(options.poll.answers[0].hasFocus)
    composer.editor.text.setFocus()
    qtbot.keyClick(composer.editor.text, Qt.Key.Key_F8)
    until(options.poll.answers[0].hasFocus)  # the first problem: the poll of town has no answers yet
    for _ in range(5):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_F8)
        if composer.editor.text.hasFocus():
            break
    assert composer.editor.text.hasFocus()


def test_pictures_up_to_the_most_and_a_note_where_fewer_go(
    make_three: Make, networks: Three, until: Until, image: QImage, tmp_path: Path
) -> None:
    composer = make_three()
    choose(composer, networks, "town", "sky")
    for number in range(4):
        image.fill(Qt.GlobalColor.black if number % 2 else Qt.GlobalColor.white)
        image.save(str(tmp_path / f"{number}.png"))
    composer.take_files([str(tmp_path / f"{n}.png") for n in range(3)])
    until(lambda: len(composer.editor.strip.cards) == 3)
    assert "sky takes 2 pictures." in composer.editor.strip.note.text()
    assert composer.editor.strip.choose.isEnabled()
    composer.take_files([str(tmp_path / "3.png")])
    until(lambda: len(composer.editor.strip.cards) == 4)
    assert "No more than 4 pictures here." in composer.editor.strip.note.text()
    assert not composer.editor.strip.choose.isEnabled()
    composer.editor.strip.cards[0].alt.setPlainText("x" * 1_501)
    composer.check()
    assert composer.editor.strip.cards[0].thumbnail.badge()[0] == "ALT too long"


def test_a_time_says_for_each_channel_who_keeps_it(make_three: Make, networks: Three, until: Until) -> None:
    composer = make_three()
    choose(composer, networks, "town", "sky")
    composer.editor.text.setPlainText("Soon")
    composer.editor.when.later.setChecked(True)
    until(lambda: composer.publish_button.text().startswith("Schedule 2 for "))
    keepers = {n: composer.previews.cards[networks.id(n)].keeper.text() for n in ("town", "sky")}
    assert keepers == {"town": "Mastodon keeps the time", "sky": "Postroom has to be running then"}
    note = "Mastodon keeps the time itself. For Bluesky Postroom has to be running then."
    assert composer.editor.when.note.text() == note


def test_a_quote_goes_where_the_post_is(make_three: Make, networks: Three, qtbot: QtBot, until: Until) -> None:
    remote_id = networks.worlds["town"].say("We open on Monday", author="Vera", kind=MessageKind.POST)
    networks.engine.sync().result(5)
    stored = reading.message_by_remote_id(networks.reader.connection, networks.id("town"), remote_id)
    assert stored is not None
    composer = make_three()
    composer.close()
    composer.open_quote(MessageId(stored.id))
    assert composer.editor.quote.isVisible()
    composer.editor.text.setPlainText("Good to know")
    choose(composer, networks, "sky")
    until(lambda: composer.publish_button.text() == "Publish to 1 of 2 now")
    assert composer.previews.cards[networks.id("town")].quoted.title.text() == "Vera"
    with qtbot.waitSignal(composer.queued):
        composer.sending.publish()
    [delivery] = outbox.deliveries(networks.reader.connection)
    assert delivery.rendition.quotes == remote_id
    until(composer.editor.quote.remove.hasFocus)
    composer.editor.quote.remove.click()
    assert composer.state.quotes is None
    until(lambda: composer.publish_button.text() == "Publish to 1 now")


@pytest.mark.parametrize("dark", [False, True])
def test_the_look_follows_the_theme(make_three: Make, networks: Three, theme, dark: bool, until: Until) -> None:  # type: ignore[no-untyped-def]
    composer = make_three()
    choose(composer, networks, "sky")
    composer.editor.text.setPlainText("x" * 301)
    composer.check()
    theme.force(dark)
    label = composer.previews.cards[networks.id("sky")].text
    until(lambda: theme.tokens.danger.lower() in label.text())


def test_a_key_waits_for_no_rendering(
    make_three: Make, networks: Three, qtbot: QtBot, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    composer = make_three()
    choose(composer, networks, "blog", "town", "sky")
    composer.check()
    rounds: list[int] = []
    render = ComposerState.shown

    def counted(state: ComposerState, *given: object, **others: object) -> list[Shown]:
        rounds.append(1)
        return render(state, *given, **others)  # type: ignore[arg-type]

    monkeypatch.setattr(ComposerState, "shown", counted)
    spent = []
    for letter in "Flooded in October? Grants open today":
        before = time.process_time()
        QTest.keyClick(composer.editor.text, letter)
        spent.append(time.process_time() - before)
    assert rounds == []
    assert statistics.median(spent) < 0.016
    until(lambda: shown_text(composer, networks, "sky") == "Flooded in October? Grants open today")
    assert rounds == [1]


def test_what_is_typed_while_previews_follow_is_shown_in_the_end(
    make_three: Make, networks: Three, qtbot: QtBot, until: Until
) -> None:
    composer = make_three()
    choose(composer, networks, "blog", "town", "sky")
    composer.editor.text.setPlainText("One")
    composer.check(at_once=False)
    composer.editor.text.setPlainText("Two")
    composer.check(at_once=False)
    until(lambda: not composer.previews._left)
    assert {card.text.plain for card in composer.previews.cards.values()} == {"Two"}


def test_a_card_is_filled_with_what_its_page_says(
    networks: Three, make_three: Callable[[], Composer], until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def says(url: str) -> Future[LinkCard]:
        asked.append(url)
        answer: Future[LinkCard] = Future()
        answer.set_result(LinkCard(url=url, title="Flood grants", description="Apply by 1 December."))
        return answer

    monkeypatch.setattr(networks.engine, "link_card", says)
    composer = make_three()
    composer.editor.ticks[networks.id("sky")].click()
    composer.editor.text.setPlainText("Grants: https://harbour.example/flood")
    options = composer.editor.options
    options.show_link()
    options.card.click()
    until(lambda: options.card_words.text())
    assert asked == ["https://harbour.example/flood"]
    assert options.card_title.text() == "Flood grants"
    composer.check()
    card = composer.shown[0].rendition.card
    assert card is not None
    assert (card.title, card.description) == ("Flood grants", "Apply by 1 December.")
    options.card_title.setText("Ours")
    options.show_card(LinkCard(url="", title="Theirs", description="Theirs"), "https://harbour.example/flood")
    assert options.card_title.text() == "Ours", "what somebody typed stays"


@pytest.mark.parametrize("when", ["while the page is asked", "afterwards"])
def test_the_words_of_one_page_never_go_with_the_link_of_another(
    make_three: Make, networks: Three, until: Until, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    asked: dict[str, Future[LinkCard]] = {}

    def says(url: str) -> Future[LinkCard]:
        return asked.setdefault(url, Future())

    monkeypatch.setattr(networks.engine, "link_card", says)
    composer = make_three()
    choose(composer, networks, "sky")
    options = composer.editor.options
    composer.editor.text.setPlainText("Read https://a.example/one")
    options.show_link()
    options.card.click()
    until(lambda: "https://a.example/one" in asked)
    answer = LinkCard(url="https://a.example/one", title="Page A", description="All about A")
    if when == "afterwards":
        asked["https://a.example/one"].set_result(answer)
        until(lambda: options.card_title.text() == "Page A")
    composer.editor.text.setPlainText("Read https://b.example/two")
    if when != "afterwards":
        asked["https://a.example/one"].set_result(answer)
    until(lambda: "https://b.example/two" in asked)
    card = composer.state.update().card
    assert card is not None
    assert (card.title, card.description) == ("b.example", ""), "its own host and nothing of the other page"
    asked["https://b.example/two"].set_result(LinkCard(url="", title="Page B", description="All about B"))
    until(lambda: options.card_title.text() == "Page B")
