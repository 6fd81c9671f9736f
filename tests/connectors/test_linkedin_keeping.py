"""LinkedIn's storage rule from end to end: what its connector hands on is gone from the file in time, our own work is
not (linkedin.md section 5). How the store does it: ``tests/inbox/store/test_keeping``."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from inbox.model import Rendition, UpdateKind
from inbox.store.purging import Purger
from tests.clock import TestClock
from tests.connectors.linkedin_desk import Desk

MORNING = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    made = Desk(tmp_path, TestClock(MORNING))
    made.network.calls_a_day = 10_000
    made.meter = made.room_for_more()
    made.restart()
    yield made
    await made.close()


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


async def test_after_48_hours_of_polling_on_no_word_of_a_member_is_in_the_file(desk: Desk, tmp_path: Path) -> None:
    post = desk.network.publish(desk.page.urn, "The quay is open again")
    stranger = desk.network.add_member("Xanthippe", "Quincewort", headline="Cartographer")
    said = desk.network.comment(stranger.urn, post, "Unmistakable question")
    desk.network.comment(stranger.urn, post, "Unmistakable afterthought", to=said)
    desk.network.share(stranger, post, "Unmistakable praise")
    desk.network.mention(stranger, desk.page, "Unmistakable thanks")
    await desk.poll()
    await desk.send(Rendition(kind=UpdateKind.REPLY, text="We open at nine", reply_to=said.urn, context=post.urn))
    desk.network.edit_comment(said, "Unmistakable question, put better")
    await desk.poll()
    desk.database.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"Unmistakable" in bytes_of(tmp_path), "nothing would be proved"
    purger = Purger(desk.database)
    for _ in range(49):
        desk.clock.move(3600)
        await desk.poll()  # with sweeps, counts and the overlap of notifications
        purger.run(desk.clock.now())
    left = bytes_of(tmp_path)
    for word in (b"Unmistakable", b"Xanthippe", b"Quincewort", b"Cartographer"):
        assert word not in left
    assert b"The quay is open again" in left
    assert b"We open at nine" in left
    kept = desk.stored(said.urn)
    assert kept is not None, "that something was said and answered is ours to know"
    assert kept.message.url.startswith("https://www.linkedin.com/feed/update/")
