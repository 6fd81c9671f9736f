"""What we did ourselves holds where the network does not tell it again, and gives way where it does."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from inbox.model import Channel, Counts, Message, MessageState, Reaction
from inbox.store import record
from inbox.store.database import Database
from tests.clock import START
from tests.inbox.making import add_channel, message, save, stored
from tests.inbox.members import Tongue, ruled_channel

UNTOLD = ("state", "reacted", "counts")
PLAIN = message("m1", "rude words")
OURS = replace(
    PLAIN, state=MessageState.HIDDEN, reacted=(Reaction.LIKE, Reaction.BOOST), counts=Counts(likes=7, replies=2)
)


@pytest.fixture
def database(home: Path) -> Iterator[Database]:
    with contextlib.closing(Database.open(home)) as opened:
        yield opened


@pytest.fixture
def channel(database: Database) -> Channel:
    return add_channel(database)


def told(database: Database, channel: Channel, now: Message) -> Message:
    save(database, channel, now, at=START + timedelta(hours=1))
    return stored(database, channel, now.remote_id).message


@pytest.mark.parametrize("field", UNTOLD)
def test_only_what_is_untold_holds(database: Database, channel: Channel, field: str) -> None:
    save(database, channel, OURS)
    found = told(database, channel, replace(PLAIN, untold=(field,)))
    for each in UNTOLD:
        assert getattr(found, each) == getattr(OURS if each == field else PLAIN, each), each


def test_a_poll_that_tells_nothing_new_changes_nothing(database: Database, channel: Channel) -> None:
    save(database, channel, OURS)
    before = len(list(record.lines(database.connection)))
    did = save(database, channel, replace(PLAIN, untold=UNTOLD), at=START + timedelta(hours=1))
    assert (did.new, did.edited, did.moved, did.conversations) == (0, 0, 0, set())
    assert len(list(record.lines(database.connection))) == before


def test_an_edit_comes_through(database: Database, channel: Channel) -> None:
    save(database, channel, OURS)
    found = told(database, channel, replace(PLAIN, text="ruder words", untold=UNTOLD))
    assert (found.text, found.state) == ("ruder words", MessageState.HIDDEN)


@pytest.mark.parametrize("state", [MessageState.DELETED, MessageState.SPAM, MessageState.HELD])
def test_only_hiding_is_untold(database: Database, channel: Channel, state: MessageState) -> None:
    """Whatever else was the case, the network shows it now."""
    save(database, channel, replace(OURS, state=state))
    assert told(database, channel, replace(PLAIN, untold=UNTOLD)).state is MessageState.PUBLISHED


def test_what_is_new_is_taken_as_it_comes(database: Database, channel: Channel) -> None:
    found = told(database, channel, replace(PLAIN, untold=UNTOLD))
    assert (found.state, found.reacted, found.counts) == (MessageState.PUBLISHED, (), Counts())


def test_it_holds_under_a_storage_rule_too(database: Database) -> None:
    page = ruled_channel(database)
    said = Tongue().member("m1")
    ours = replace(said, reacted=OURS.reacted, counts=OURS.counts)
    save(database, page, ours)
    found = told(database, page, replace(said, untold=("reacted", "counts")))
    assert (found.text, found.reacted, found.counts) == (said.text, OURS.reacted, OURS.counts)
