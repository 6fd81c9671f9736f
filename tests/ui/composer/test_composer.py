"""The composer's window over a real engine: writing, drafts, pictures, publishing; by keyboard."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QImage
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from inbox.connectors.memory import World
from inbox.engine import Engine
from inbox.errors import StoreFull
from inbox.model import DeliveryState, MessageId, MessageKind, Update, UpdateKind
from inbox.store import accounts, outbox, reading
from tests.ui.walk import tab_order
from ui.composer.pictures import NoPicture, keep_file, keep_image
from ui.composer.window import Composer
from ui.reader import Reader

Until = Callable[[Callable[[], object]], None]
Make = Callable[[], Composer]
CTRL = Qt.KeyboardModifier.ControlModifier


def focus() -> QWidget:
    found = QApplication.focusWidget()
    assert found is not None
    return found


def write(qtbot: QtBot, composer: Composer) -> None:
    qtbot.keyClicks(composer.editor.title, "Library opens")
    qtbot.keyClicks(composer.editor.text, "On Monday.")


def delivered(reader: Reader) -> list[tuple[str, str, str]]:
    return [(d.channel_id, d.rendition.title, d.state) for d in outbox.deliveries(reader.connection)]


def ids(reader: Reader) -> list[str]:
    return [c.id for c in accounts.channels(reader.connection)]


def test_a_post_is_written_and_published_with_the_keyboard_alone(
    make: Make, qtbot: QtBot, reader: Reader, engine: Engine, world: World, until: Until,
    named: Callable[[QWidget], None],
) -> None:  # fmt: skip
    composer = make()
    named(composer)
    assert focus() is composer.editor.title
    qtbot.keyClicks(focus(), "Library opens")
    qtbot.keyClick(focus(), Qt.Key.Key_Tab)
    assert focus() is composer.editor.text
    qtbot.keyClicks(focus(), "On Monday.")
    assert not composer.previews.cards  # two channels, none chosen: nothing goes anywhere by accident
    first, second = ids(reader)
    composer.editor.ticks[first].setFocus()
    qtbot.keyClick(focus(), Qt.Key.Key_Space)
    until(lambda: composer.publish_button.text() == "Publish to 1 now")
    qtbot.keyClick(composer.editor.ticks[second], Qt.Key.Key_Space)
    until(lambda: composer.publish_button.text() == "Publish to 2 now")
    assert {c.title.text() for c in composer.previews.cards.values()} == {"Library opens"}
    with qtbot.waitSignal(composer.queued) as queued:
        qtbot.keyClick(composer.editor.text, Qt.Key.Key_Return, CTRL)
    assert not composer.isVisible()
    assert len(queued.args[0]) == 2
    assert delivered(reader) == [(second, "Library opens", "queued"), (first, "Library opens", "queued")]
    engine.send_now(queued.args[0][0]).result(5)
    until(lambda: world.made)
    assert "On Monday." in [e.text for e in world.entries.values()]
    until(lambda: outbox.draft(reader.connection, "post") == "")


def test_nothing_goes_without_a_channel_and_the_focus_says_where(
    make: Make, qtbot: QtBot, reader: Reader, until: Until
) -> None:
    composer = make()
    write(qtbot, composer)
    qtbot.keyClick(composer.editor.text, Qt.Key.Key_Return, CTRL)
    until(composer.notice.text)
    assert "Choose where to publish." in composer.notice.text()
    assert focus() is composer.editor.ticks[ids(reader)[0]]
    assert delivered(reader) == []
    assert composer.isVisible()


def test_a_problem_stands_on_its_channel_and_stops(
    make: Make, qtbot: QtBot, reader: Reader, until: Until, world: World
) -> None:
    composer = make()
    first = ids(reader)[0]
    for tick in composer.editor.ticks.values():
        tick.setChecked(True)
    composer.editor.title.setText("Long")
    composer.editor.text.setPlainText("x" * 2_001)
    until(lambda: composer.previews.cards)
    until(lambda: composer.previews.cards[first].chip.text() == "inherits · 1 bytes over")
    composer.publish_button.click()
    until(composer.notice.text)
    assert "1 bytes too long for square" in composer.notice.text()
    assert focus() is composer.editor.text
    assert delivered(reader) == []


def test_a_draft_is_kept_on_each_pause_and_restored(make: Make, qtbot: QtBot, reader: Reader, until: Until) -> None:
    composer = make()
    composer.editor.ticks[ids(reader)[1]].setChecked(True)
    write(qtbot, composer)
    until(lambda: "On Monday." in outbox.draft(reader.connection, "post"))
    until(lambda: composer.saved.text().startswith("Draft saved"))
    again = make()
    assert again.editor.title.text() == "Library opens"
    assert again.editor.text.toPlainText() == "On Monday."
    assert again.state.channels == [ids(reader)[1]]
    assert again.editor.ticks[ids(reader)[1]].isChecked()


def test_closing_in_the_middle_of_a_word_loses_nothing(make: Make, qtbot: QtBot, reader: Reader, until: Until) -> None:
    composer = make()
    qtbot.keyClicks(composer.editor.title, "Half a ti")
    qtbot.keyClick(composer.editor.title, Qt.Key.Key_Escape)
    until(lambda: not composer.isVisible())
    until(lambda: "Half a ti" in outbox.draft(reader.connection, "post"))
    composer.open_new()
    assert composer.editor.title.text() == "Half a ti"


def test_a_draft_that_cannot_be_kept_brings_the_window_back(
    make: Make, qtbot: QtBot, engine: Engine, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(place: str, body: str) -> None:
        raise StoreFull("disk is full")

    composer = make()
    monkeypatch.setattr(engine._desk, "save_draft", full)
    qtbot.keyClicks(composer.editor.title, "Precious")
    composer.close()
    until(lambda: composer.isVisible() and "The disk is full" in composer.notice.text())
    assert composer.editor.title.text() == "Precious"
    monkeypatch.undo()
    composer.save()
    until(lambda: composer.saved.text())


def test_a_picture_is_copied_in_and_its_description_asked_once(
    make: Make, qtbot: QtBot, engine: Engine, reader: Reader, until: Until, photo: Path,
    named: Callable[[QWidget], None],
) -> None:  # fmt: skip
    composer = make()
    composer.editor.ticks[ids(reader)[0]].setChecked(True)
    write(qtbot, composer)
    composer.editor.strip.choose.setFocus()  # as somebody who looks for a file
    composer.take_files([str(photo)])
    until(lambda: composer.editor.strip.cards)
    photo.unlink()  # a stick that is pulled out
    card = composer.editor.strip.cards[0]
    kept = Path(card.picture.media.path)
    assert kept.parent == engine.home / "media"
    assert kept.stat().st_size == card.picture.media.size_bytes
    assert card.picture.media.mime_type == "image/jpeg"
    assert card.thumbnail.badge()[0] == "ALT missing"
    until(lambda: focus() is card.alt)
    named(composer)
    composer.sending.publish()
    until(lambda: composer.sending.question)
    assert [b.objectName() for b in composer.sending.question.buttons()] == ["describe", "decorative", "anyway"]
    composer.sending.question.findChild(QPushButton, "describe").click()
    until(lambda: focus() is card.alt)
    qtbot.keyClicks(card.alt, "The new reading room")
    assert card.thumbnail.badge()[0] == "ALT"
    with qtbot.waitSignal(composer.queued):
        composer.sending.publish()
    [delivery] = outbox.deliveries(reader.connection)
    assert delivery.rendition.media[0].alt_text == "The new reading room"
    assert Path(delivery.rendition.media[0].path).exists()


@pytest.mark.parametrize(("answer", "decorative"), [("decorative", True), ("anyway", False)])
def test_a_picture_may_go_without_description(
    make: Make, qtbot: QtBot, reader: Reader, until: Until, photo: Path, answer: str, decorative: bool
) -> None:
    composer = make()
    composer.editor.ticks[ids(reader)[0]].setChecked(True)
    write(qtbot, composer)
    composer.editor.strip.choose.setFocus()  # as somebody who looks for a file
    composer.take_files([str(photo)])
    until(lambda: composer.editor.strip.cards)
    state = composer.state
    composer.sending.publish()
    until(lambda: composer.sending.question)
    with qtbot.waitSignal(composer.queued):
        composer.sending.question.findChild(QPushButton, answer).click()
    assert state.pictures[0].decorative is decorative
    assert delivered(reader)[0][2] == DeliveryState.QUEUED


def test_pictures_are_dropped_pasted_and_removed(
    make: Make, qtbot: QtBot, until: Until, photo: Path, image: QImage
) -> None:
    composer = make()
    pasted = QMimeData()
    pasted.setImageData(image)
    assert composer.editor.text.canInsertFromMimeData(pasted)
    composer.editor.text.insertFromMimeData(pasted)
    until(lambda: len(composer.editor.strip.cards) == 1)
    assert composer.state.pictures[0].media.mime_type == "image/png"
    dropped = QMimeData()
    dropped.setUrls([QUrl.fromLocalFile(str(photo)), QUrl.fromLocalFile(str(photo.with_name("notes.txt")))])
    event = QDropEvent(
        QPointF(5, 5), Qt.DropAction.CopyAction, dropped, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    composer.dropEvent(event)
    until(lambda: len(composer.editor.strip.cards) == 2)
    assert composer.editor.text.toPlainText() == ""
    cards = composer.editor.strip.cards
    until(lambda: cards[1].remove in tab_order(composer))
    order = tab_order(composer)
    wanted = [w for c in cards for w in (c.alt, c.decorative, c.remove)]
    start = order.index(wanted[0])
    assert order[start : start + 7] == [*wanted, composer.editor.strip.choose]
    cards[0].remove.click()
    assert [p.media.mime_type for p in composer.state.pictures] == ["image/jpeg"]


def test_what_is_no_picture_is_refused_in_words(make: Make, until: Until, tmp_path: Path) -> None:
    composer = make()
    lie = tmp_path / "lie.png"
    lie.write_text("<html>")
    composer.take_files([str(lie)])
    until(composer.notice.text)
    assert "lie.png is no picture that networks take" in composer.notice.text()
    assert composer.state.pictures == []


def test_the_same_picture_is_kept_once(tmp_path: Path, photo: Path, image: QImage) -> None:
    assert keep_file(photo, tmp_path) == keep_file(photo, tmp_path)
    assert keep_image(image, tmp_path).mime_type == "image/png"
    assert len(list((tmp_path / "media").iterdir())) == 2
    with pytest.raises(NoPicture):
        keep_file(tmp_path / "absent.png", tmp_path)


def test_a_time_is_local_and_the_network_keeps_it(
    make: Make, qtbot: QtBot, reader: Reader, engine: Engine, until: Until
) -> None:
    composer = make()
    composer.editor.ticks[ids(reader)[0]].setChecked(True)
    write(qtbot, composer)
    when = composer.editor.when
    when.later.setChecked(True)
    assert when.time.isVisible()
    until(lambda: when.note.text() == "Memory keeps the time, the PC may be off.")
    assert composer.publish_button.text().startswith("Schedule 1 for ")
    at = (datetime.now(UTC) + timedelta(days=3)).replace(second=0, microsecond=0)
    when.time.setDateTime(when.time.dateTime().fromSecsSinceEpoch(round(at.timestamp())))
    local = when.time.dateTime().toPython()
    assert (local.hour, local.minute) == (at.astimezone().hour, at.astimezone().minute)
    with qtbot.waitSignal(composer.queued):
        composer.sending.publish()
    [delivery] = outbox.deliveries(reader.connection)
    assert delivery.rendition.publish_at == at


def test_a_time_that_is_over_is_refused(make: Make, qtbot: QtBot, reader: Reader, until: Until) -> None:
    composer = make()
    composer.editor.ticks[ids(reader)[0]].setChecked(True)
    write(qtbot, composer)
    composer.editor.when.later.setChecked(True)
    now = round(datetime.now(UTC).timestamp())
    composer.editor.when.time.setDateTime(composer.editor.when.time.dateTime().fromSecsSinceEpoch(now - 60))
    composer.sending.publish()
    until(composer.notice.text)
    assert "two minutes ahead" in composer.notice.text()
    assert focus() is composer.editor.when.time
    assert delivered(reader) == []


def test_a_post_of_ours_is_changed_where_it_stands(
    make: Make, qtbot: QtBot, reader: Reader, engine: Engine, world: World, until: Until
) -> None:
    remote_id = world.say("As it was", author="We", kind=MessageKind.POST, ours=True)
    engine.sync().result(5)
    stored = reading.message_by_remote_id(reader.connection, ids(reader)[0], remote_id)
    assert stored is not None
    composer = make()
    composer.close()
    composer.open_post(MessageId(stored.id))
    assert composer.windowTitle() == "Change a post"
    assert composer.editor.text.toPlainText() == "As it was"
    assert [t.isEnabled() for t in composer.editor.ticks.values()] == [False]
    assert composer.publish_button.text() == "Update 1 now"
    composer.editor.text.setPlainText("As it is")
    with qtbot.waitSignal(composer.queued) as queued:
        composer.sending.publish()
    engine.send_now(queued.args[0][0]).result(5)
    until(lambda: world.entries[remote_id].text == "As it is")


def test_what_was_taken_back_opens_beside_a_draft_that_lies_here(
    make: Make, qtbot: QtBot, reader: Reader, until: Until
) -> None:
    composer = make()
    qtbot.keyClicks(composer.editor.title, "Another post")
    composer.close()
    until(lambda: "Another post" in outbox.draft(reader.connection, "post"))
    composer.open_update(Update(kind=UpdateKind.POST, title="Taken back", text="x"), [ids(reader)[0]])
    assert composer.editor.title.text() == "Taken back"
    assert composer.editor.ticks[ids(reader)[0]].isChecked()
    qtbot.keyClicks(composer.editor.title, "!")
    composer.close()
    until(lambda: '"Taken back!"' in outbox.draft(reader.connection, "post-2"))
    assert json.loads(outbox.draft(reader.connection, "post"))["title"] == "Another post"
