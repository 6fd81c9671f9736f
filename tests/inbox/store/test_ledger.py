"""The gap ledger: complete to when, and of what time the inbox may not hold everything."""

from __future__ import annotations

from datetime import datetime, timedelta

from inbox.model import Batch, Channel, Cursor
from inbox.store import accounts, ledger
from inbox.store.database import Database
from tests.inbox.making import START, add_channel, later, message, polled


def health(database: Database) -> accounts.Health:
    [one] = accounts.health(database.connection)
    return one


def failed(database: Database, channel: Channel, at: datetime, trouble: str = "No way there.") -> bool:
    with database.transaction() as connection:
        return ledger.fail(connection, channel.id, ledger.Poll(at=at, problem="Offline: no"), trouble)


def done(database: Database, channel: Channel, at: datetime, **batch: object) -> None:
    polled(database, channel, Batch(**{"cursor": Cursor("1")} | batch), at=at)


def gaps(database: Database, since: datetime = START) -> list[tuple[datetime, datetime, bool]]:
    return [(g.from_at, g.to_at, g.closed_at is not None) for g in ledger.gaps(database.connection, since=since)]


def test_a_complete_poll_accounts_for_all_until_it_began(database: Database) -> None:
    channel = add_channel(database)
    assert (health(database).complete_to, health(database).backfilled) == (None, False)
    done(database, channel, later(5), complete=False, messages=(message("m1"),))
    assert (health(database).complete_to, health(database).backfilled) == (None, False)
    done(database, channel, later(5))
    one = health(database)
    assert (one.complete_to, one.polled_at, one.backfilled, one.trouble) == (later(5), later(5), True, "")


def test_the_network_may_account_for_less(database: Database) -> None:
    channel = add_channel(database)
    done(database, channel, later(100), window_to=later(40))
    assert health(database).complete_to == later(40)
    done(database, channel, later(200), window_to=later(20))
    assert health(database).complete_to == later(40), "what is complete stays so"


def test_a_short_failure_that_was_made_good_is_no_gap(database: Database) -> None:
    channel = add_channel(database)
    done(database, channel, later(0))
    assert failed(database, channel, later(60))
    one = health(database)
    assert (one.failing_since, one.trouble, one.complete_to) == (later(0), "No way there.", later(0))
    assert gaps(database) == [(later(0), later(60), False)], "while it lasts it is one"
    done(database, channel, later(599))
    assert gaps(database) == []
    assert (health(database).failing_since, health(database).trouble) == (None, "")


def test_an_outage_of_ten_minutes_that_was_made_good_is_a_closed_gap(database: Database) -> None:
    channel = add_channel(database)
    done(database, channel, later(0))
    failed(database, channel, later(60))
    failed(database, channel, later(500))
    done(database, channel, later(600))
    assert gaps(database) == [(later(0), later(600), True)]
    done(database, channel, later(660))
    assert gaps(database) == [(later(0), later(600), True)]
    assert gaps(database, since=later(601)) == []


def test_a_batch_with_more_to_come_closes_nothing(database: Database) -> None:
    channel = add_channel(database)
    done(database, channel, later(0))
    failed(database, channel, later(60))
    done(database, channel, later(900), complete=False, messages=(message("m1"),))
    assert gaps(database) == [(later(0), later(60), False)]
    assert health(database).failing_since == later(0)
    done(database, channel, later(900))
    assert gaps(database) == [(later(0), later(900), True)]


def test_what_the_network_no_longer_offers_stays_a_gap(database: Database) -> None:
    channel = add_channel(database)
    done(database, channel, later(0))
    failed(database, channel, later(60))
    done(database, channel, later(86_400), gap_before=True, window_from=later(80_000))
    done(database, channel, later(90_000))
    assert gaps(database) == [(later(0), later(80_000), False)]
    [gap] = ledger.gaps(database.connection, since=START)
    assert "no longer offers" in gap.reason
    assert health(database).complete_to == later(90_000)


def test_a_gap_before_the_first_poll_is_nobodys(database: Database) -> None:
    channel = add_channel(database)
    done(database, channel, later(5), gap_before=True, window_from=later(1))
    assert gaps(database) == []


def test_a_channel_that_never_succeeded_fails_since_its_first_poll(database: Database) -> None:
    channel = add_channel(database)
    failed(database, channel, later(60))
    failed(database, channel, later(120))
    assert health(database).failing_since == later(60)
    assert gaps(database) == [(later(60), later(120), False)]


def test_trouble_is_news_once(database: Database) -> None:
    channel = add_channel(database)
    assert failed(database, channel, later(1))
    assert not failed(database, channel, later(2))
    assert failed(database, channel, later(3), "Something else.")
    assert not failed(database, channel, later(4), "Something else.")
    done(database, channel, later(5))
    assert failed(database, channel, later(6))


def test_each_poll_has_its_line(database: Database) -> None:
    channel = add_channel(database)
    done(database, channel, later(1), messages=(message("m1"), message("m2")), requests=3)
    failed(database, channel, later(2))
    done(database, channel, later(3), messages=(message("m1", "Edited"),), window_from=later(2))
    lines = database.connection.execute(
        "SELECT at - ?, window_from - ?, window_to - ?, seen, new, changed, complete, requests, problem FROM polls"
        " ORDER BY id",
        (int(START.timestamp() * 1000),) * 3,
    ).fetchall()
    assert lines == [
        (1_000, None, 1_000, 2, 2, 0, 1, 3, ""),
        (2_000, 1_000, None, 0, 0, 0, 0, 1, "Offline: no"),
        (3_000, 2_000, 3_000, 1, 0, 1, 1, 1, ""),
    ]


def test_what_failed_at_a_removed_account_is_nobodys_gap_any_more(database: Database) -> None:
    channel = add_channel(database)
    failed(database, channel, later(60))
    with database.transaction() as connection:
        accounts.remove_account(connection, channel.account_id, at=later(70))
    assert gaps(database) == []
    assert ledger.gaps(database.connection, since=START - timedelta(days=1)) == []


def test_a_time_to_come_noted_by_a_clock_that_was_ahead_is_not_believed(database: Database) -> None:
    channel = add_channel(database)
    done(database, channel, later(86_400))
    failed(database, channel, later(60))
    assert health(database).failing_since == later(60)
    done(database, channel, later(120))
    assert health(database).complete_to == later(120)
    failed(database, channel, later(180))
    done(database, channel, later(900))
    assert gaps(database) == [(later(120), later(900), True)]


def test_as_many_gaps_as_asked_for(database: Database) -> None:
    channel = add_channel(database)
    with database.transaction() as connection:
        for n in range(250):
            ledger._gap(connection, channel.id, n * 1_000, n * 1_000 + 500, None, "the network no longer offers it")
    ever = START - timedelta(days=365 * 80)
    assert len(ledger.gaps(database.connection, since=ever)) == 200
    assert len(ledger.gaps(database.connection, since=ever, limit=3)) == 3
    assert len(ledger.gaps(database.connection, since=ever, limit=None)) == 250
