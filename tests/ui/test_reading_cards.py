"""Cards of messages as Mastodon and Bluesky have them: what is folded, drawn, quoted, counted, and who may read it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from inbox.engine import Engine
from inbox.errors import Offline
from inbox.model import (
    AccountId,
    Attachment,
    Author,
    Capability,
    Channel,
    ChannelId,
    ConversationId,
    Counting,
    Counts,
    Emoji,
    Limits,
    LinkCard,
    Message,
    MessageId,
    MessageKind,
    MessageState,
    Poll,
    PollOption,
    Quoted,
    Reaction,
    Visibility,
)
from inbox.store.reading import StoredMessage
from inbox.tasks import Tasks
from ui.reader import Reader
from ui.reading.cards import LOST, MessageCard
from ui.reading.carried import carried, choices
from ui.reading.emoji import NOTHING, drawn, without
from ui.reading.fetched import Fetched
from ui.reading.head import privacy
from ui.reading.inner import count_words, poll_end, votes_words
from ui.reading.offers import more_offers, offers
from ui.reading.pictures import PictureBox, box_size
from ui.reading.signs import LockChip, foreign_language

Until = Callable[[Callable[[], object]], None]
NOW = datetime.now(UTC)
ALL = ~Capability.NONE
CHANNEL = Channel(
    id=ChannelId("c"), account_id=AccountId("a"), network="mastodon", remote_id="me", title="fedi.example",
    speaks_as="Council", capabilities=ALL,
    limits=Limits(text_graphemes=100, counting=Counting.MASTODON, visibilities=tuple(Visibility), language="en"),
)  # fmt: skip
PLAIN = Message(
    remote_id="1", kind=MessageKind.COMMENT, author=Author(name="Anna", handle="@anna@far.example", remote_id="a"),
    created_at=NOW - timedelta(minutes=2), text="The secret words", url="https://far.example/1",
)  # fmt: skip


def stored(**what: object) -> StoredMessage:
    return StoredMessage(
        id=MessageId(1), channel_id=CHANNEL.id, conversation_id=ConversationId(1), seen_at=NOW, versions=0,
        message=replace(PLAIN, **what),  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.fixture
def card(qtbot: QtBot) -> Callable[..., MessageCard]:
    def make(**what: object) -> MessageCard:
        made = MessageCard(stored(**what), CHANNEL)
        qtbot.addWidget(made)
        made.resize(500, made.heightForWidth(500))
        made.show()
        return made

    return make


def texts(card: MessageCard) -> str:
    return "\n".join(w.text() for w in card.findChildren(QLabel) if w.isVisibleTo(card))


# What a warning hides


def test_what_a_warning_hides_is_neither_painted_nor_spoken_nor_fetched(
    card: Callable[..., MessageCard], qtbot: QtBot
) -> None:
    picture = Attachment(url="https://x.example/1", preview_url="https://fedi.example/1", description="the picture")
    made = card(warning="Spiders", attachments=(picture,), quoted=Quoted(text="the quoted"), emojis=())
    assert made.folded
    assert "Spiders" in made.accessibleName()
    for hidden in ("secret", "the picture", "the quoted"):
        assert hidden not in made.accessibleName()
        assert not any(hidden in w.text() or hidden in w.accessibleName() for w in made.findChildren(QLabel))
    assert made.fetches == []
    qtbot.keyClick(made, Qt.Key.Key_Return)
    assert not made.folded
    assert "secret words" in texts(made)
    assert "secret words" in made.accessibleName()
    assert made.fetches == ["https://fedi.example/1"]
    qtbot.mouseClick(made.unfold, Qt.MouseButton.LeftButton)
    assert made.folded
    assert "secret" not in made.accessibleName()
    assert "secret" not in texts(made)


# Who may read it


@pytest.mark.parametrize(
    ("visibility", "words"), [(Visibility.DIRECT, "Private message"), (Visibility.FOLLOWERS, "Followers only")]
)
def test_what_is_private_says_so_with_a_padlock_and_in_words(
    card: Callable[..., MessageCard], visibility: Visibility, words: str
) -> None:
    made = card(visibility=visibility)
    [sign] = made.findChildren(LockChip)
    assert sign.text() == words
    assert made.accessibleName().startswith(f"Anna, {words}, ")
    assert made.property("role") == "held"
    assert not card().findChildren(LockChip)
    assert card().property("role") == "card"


def test_a_conversation_is_private_or_in_part_or_not() -> None:
    assert privacy([Visibility.PUBLIC, Visibility.UNLISTED]) == ("", "")
    assert privacy([Visibility.DIRECT, Visibility.DIRECT])[0] == "Private"
    assert privacy([Visibility.FOLLOWERS])[0] == "Followers only"
    what, who = privacy([Visibility.PUBLIC, Visibility.DIRECT, Visibility.PUBLIC])
    assert what == "Part private"
    assert "1 of 3" in who


# What is in it


def test_what_is_quoted_linked_asked_and_counted_is_shown_and_spoken(card: Callable[..., MessageCard]) -> None:
    made = card(
        quoted=Quoted(author="Ben", text="We repair it"), card=LinkCard(url="https://maps.example/1", title="A map"),
        poll=Poll(options=(PollOption(title="Yes", votes=3), PollOption(title="No", votes=1)), voters=4),
        counts=Counts(boosts=3, likes=12, quotes=2), reacted=(Reaction.LIKE,),
    )  # fmt: skip
    for words in ("We repair it", "A map", "3 votes, 75%", "3 boosts, 12 likes, 2 quotes, liked by us"):
        assert words in texts(made)
        assert words in made.accessibleName()


def test_a_quote_that_is_withheld_says_why_and_nothing_else(card: Callable[..., MessageCard]) -> None:
    made = card(quoted=Quoted(withheld="The author does not allow it.", text="never shown"))
    assert "The author does not allow it." in texts(made)
    assert "never shown" not in texts(made)


def test_a_poll_says_its_end_and_hides_what_the_network_hides() -> None:
    poll = Poll(options=(PollOption(title="A"), PollOption(title="B")), ends_at=NOW + timedelta(days=1), voters=7)
    assert votes_words(poll.options[0], 0) == ""
    assert "7 people voted, votes are hidden until the end, ends " in poll_end(poll, NOW)
    assert "ended" in poll_end(poll, NOW + timedelta(days=2))
    assert count_words(Counts()) == ""


def test_a_foreign_language_is_named(card: Callable[..., MessageCard]) -> None:
    assert foreign_language(replace(PLAIN, language="uk"), CHANNEL) == "Ukrainian"
    assert foreign_language(replace(PLAIN, language="en-GB"), CHANNEL) == ""
    assert foreign_language(replace(PLAIN, language="zz9"), CHANNEL) == ""
    assert "Ukrainian" in texts(card(language="uk"))


def test_an_answer_to_what_is_not_here_says_so(qtbot: QtBot) -> None:
    made = MessageCard(stored(), CHANNEL, lost=True)
    qtbot.addWidget(made)
    assert LOST in made.accessibleName()


# Emoji


def test_an_emoji_is_drawn_in_words_only_and_never_loads_anything() -> None:
    here = {"cat": NOTHING, "far": "https://stranger.example/cat.png"}
    html = '<p>a :cat: b :far: <a href="https://x.example/:cat:">:dog:</a></p>'
    done = drawn(html, here, 20)
    assert done.count("<img") == 1
    assert 'href="https://x.example/:cat:"' in done
    assert ":far:" in done
    assert ":dog:" in done
    assert "stranger" not in done
    assert without("Olena :cat: K", ["cat"]) == "Olena K"


# Pictures


def test_a_picture_has_its_room_before_it_is_here(card: Callable[..., MessageCard]) -> None:
    one = Attachment(url="u", preview_url="https://fedi.example/1", description="A crack", width_px=1200, height_px=800)
    made = card(attachments=(one,))
    before = made.heightForWidth(500)
    assert "A crack" in texts(made)
    image = QImage(960, 640, QImage.Format.Format_RGB32)
    image.fill(QColor("red"))
    [box] = made.findChildren(PictureBox)
    assert box.width() / box.height() == pytest.approx(1.5, abs=0.02)
    made.show_picture("https://fedi.example/1", image)
    assert made.heightForWidth(500) == before
    assert made.fetches == []
    assert box_size(one, 400).width() == 400
    assert box_size(replace(one, width_px=4, height_px=3), 400).height() == 300
    assert box_size(replace(one, width_px=None), 400).width() == 400
    assert box_size(replace(one, width_px=100_000, height_px=10), 400).height() >= 48


def test_a_stranger_is_asked_for_nothing_until_somebody_wants_it(
    card: Callable[..., MessageCard], qtbot: QtBot
) -> None:
    made = card(attachments=(Attachment(url="https://stranger.example/1.png", description="A cat"),))
    assert made.fetches == []
    show = next(b for b in made.findChildren(QPushButton) if b.text() == "Show picture: A cat")
    with qtbot.waitSignal(made.picture_wanted) as wanted:
        show.click()
    assert wanted.args == ["https://stranger.example/1.png"]


class Shelf:
    """An engine of pictures only."""

    def __init__(self, folder: Path) -> None:
        self.asked: list[str] = []
        self._file = folder / "one.png"
        image = QImage(2000, 1000, QImage.Format.Format_RGB32)
        image.fill(QColor("teal"))
        image.save(str(self._file))

    def picture(self, url: str, *, asked: bool = True) -> Future[Path]:
        self.asked.append(url)
        answer: Future[Path] = Future()
        if "gone" in url:
            answer.set_exception(Offline())
        else:
            answer.set_result(self._file)
        return answer


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    return Shelf(tmp_path)  # type: ignore[return-value]


def test_pictures_and_emoji_come_by_themselves_once_and_quietly_fail(
    card: Callable[..., MessageCard], shelf: Shelf, engine: Engine, reader: Reader, tasks: Tasks, until: Until
) -> None:
    emojis: dict[str, str] = {}
    fetched = Fetched(shelf, reader, tasks, emojis)  # type: ignore[arg-type]
    made = MessageCard(
        stored(
            text="Hello :cat: :dog:",
            emojis=(Emoji(code="cat", url="https://fedi.example/cat"), Emoji(code="dog", url="https://fedi.example/gone")),
            attachments=(Attachment(url="u", preview_url="https://fedi.example/1"),
                         Attachment(url="v", preview_url="https://fedi.example/gone2")),
        ),
        CHANNEL, emojis=emojis,
    )  # fmt: skip
    fetched.fill(made)
    assert made.body is not None
    assert ":dog:" not in made.body.text().replace('alt=":dog:"', "")  # its place is kept
    until(lambda: not fetched._running)
    assert made.fetches == ["https://fedi.example/gone2"]
    assert made.body.text().count("<img") == 1
    assert ":dog:" in made.body.text()
    assert len(emojis["https://fedi.example/cat"]) > len(NOTHING)
    asked = len(shelf.asked)
    assert sorted(shelf.asked) == sorted(set(shelf.asked))
    fetched.fill(made)
    until(lambda: not fetched._running)
    assert len(shelf.asked) == asked  # what failed is left alone for a while, what came is here
    made.deleteLater()


# What can be done


def commands(m: StoredMessage, can: Capability) -> set[str]:
    channel = replace(CHANNEL, capabilities=can)
    return {c for c, _ in offers(m, channel) + more_offers(m, channel)}


@pytest.mark.parametrize(
    ("capability", "wanted"),
    [
        (Capability.REACT_LIKE, {"like"}), (Capability.REACT_BOOST, {"boost"}), (Capability.HIDE, {"hide"}),
        (Capability.BLOCK, {"block"}), (Capability.MUTE, {"mute"}),
        (Capability.REPORT, {"report"}),
    ],
)  # fmt: skip
def test_only_what_the_channel_allows_is_offered(capability: Capability, wanted: set[str]) -> None:
    assert commands(stored(), capability) == wanted
    assert commands(stored(), Capability.FETCH) == set()


def test_what_is_done_already_is_taken_back() -> None:
    assert "unlike" in commands(stored(reacted=(Reaction.LIKE,)), ALL)
    assert "unboost" in commands(stored(reacted=(Reaction.BOOST,)), ALL)
    assert "unhide" in commands(stored(state=MessageState.HIDDEN), ALL)
    assert "boost" not in commands(stored(visibility=Visibility.DIRECT), ALL)
    assert {"accept", "dismiss"} <= commands(stored(details={"filtered": "1"}), ALL)
    assert not {"accept", "dismiss"} & commands(stored(), ALL)
    assert "reply" not in commands(stored(kind=MessageKind.NOTICE, details={"type": "follow"}), ALL)
    assert not {"block", "report", "like"} & commands(stored(ours=True), ALL)


# What an answer carries


def test_an_answer_says_what_it_carries_and_what_is_left() -> None:
    m = replace(PLAIN, addressees=("@anna@far.example", "@ben@far.example"), warning="Flood")
    found = carried("Yes.", CHANNEL, m, None)
    assert found.before == "@anna@far.example @ben@far.example"
    assert found.warning == "Flood"
    assert found.left == 100 - len("Flood" + "@anna @ben Yes.")
    assert carried("", CHANNEL, m, None).before == found.before
    over = carried("x" * 100, CHANNEL, m, None)
    assert over.left == -16
    assert over.stops


def test_an_answer_is_never_for_more_people_than_what_it_answers() -> None:
    private = replace(PLAIN, visibility=Visibility.DIRECT)
    assert choices(CHANNEL, private) == []
    assert carried("a", CHANNEL, private, None).readers is Visibility.DIRECT
    closed = replace(PLAIN, visibility=Visibility.FOLLOWERS)
    assert choices(CHANNEL, closed) == [Visibility.FOLLOWERS, Visibility.DIRECT]
    assert carried("a", CHANNEL, closed, Visibility.DIRECT).readers is Visibility.DIRECT
    assert carried("a", CHANNEL, closed, Visibility.PUBLIC).stops
    assert choices(CHANNEL, PLAIN) == list(Visibility)
    simple = replace(CHANNEL, capabilities=Capability.REPLY)
    assert choices(simple, PLAIN) == []
    assert carried("a", simple, private, None).readers is Visibility.DIRECT
