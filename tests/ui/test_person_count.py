"""How many messages the context pane says somebody wrote, where names may be kept for a while only."""

from __future__ import annotations

from datetime import timedelta

from inbox.store import keeping
from inbox.store.database import Database
from inbox.store.purging import Purger
from tests.clock import START
from tests.inbox.making import add_channel, message, save
from tests.inbox.members import Tongue, ruled_channel
from ui.reading.person import _messages_by


def test_a_member_is_counted_while_the_name_is_here_and_nobody_afterwards(database: Database) -> None:
    page, blog = ruled_channel(database), add_channel(database)
    said = Tongue().member("c1")
    save(database, page, said, message("c2", author=said.author))
    save(database, blog, message("m1", author=said.author))
    for channel, count in ((page, 2), (blog, 1)):
        assert _messages_by(database.connection, (channel.id, said.author.name)) == count
    Purger(database).run(START + timedelta(hours=24))
    assert _messages_by(database.connection, (page.id, said.author.name)) == 0
    assert _messages_by(database.connection, (page.id, keeping.MEMBER)) == 0
    assert _messages_by(database.connection, (blog.id, said.author.name)) == 1
