"""Money at X: a month as the contract reckons it, tenfold traffic, a budget that holds to the cent (x.md section 2).

What the connector's meter says is held against the practice network's own bill, which reckons by a table of its own.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from inbox.connectors.x import X, prices
from inbox.connectors.x.purse import Purse
from inbox.errors import OutcomeUnknown, OutOfBudget
from inbox.metering import MICRO, UNMETERED, Unit
from inbox.model import Cursor, Media
from inbox.practice.faults import FaultKind
from inbox.practice.x.billing import READ, WRITE
from inbox.store.spending import lines, use
from tests.connectors.x_recorded import Desk, Square, us
from tests.practice.mastodon_stage import picture

POLL_S = 7_200
DAY_S = 86_400


@pytest.fixture
def square(tmp_path: Path) -> Iterator[Square]:
    made = Square(tmp_path, budget=1_000 * MICRO)
    yield made
    made.close()


def spent(square: Square) -> int:
    assert square.database is not None
    return use(square.database.connection, "a1", prices.ALLOWANCE, now=square.clock.now()).used


async def live(square: Square, days: int, *, times: int = 1, every_s: int = POLL_S) -> int:
    """So many days of 40 mentions, 10 direct messages and 15 new authors (times ``times``), read every ``every_s``;
    how many polls were held for want of money."""
    mentions, messages, authors = 40 * times, 10 * times, 15 * times
    held = 0
    regulars = [square.network.add_user(f"old{n}", f"Old {n}") for n in range(5)]
    for day in range(days):
        new = [square.network.add_user(f"d{day}n{n}", f"Newcomer {day}.{n}") for n in range(authors)]
        events = [
            (round((n + 0.5) * DAY_S / mentions), "mention", new[n] if n < authors else regulars[n % len(regulars)])
            for n in range(mentions)
        ]
        events += [(round((n + 0.5) * DAY_S / messages), "direct", regulars[n % 5]) for n in range(messages)]
        passed_s = 0
        polls = [(now_s, "poll", square.vera) for now_s in (*range(every_s, DAY_S, every_s), DAY_S - 1)]
        for now_s, what, who in sorted([*events, *polls], key=lambda e: e[0]):
            square.clock.forward(now_s - passed_s)
            passed_s = now_s
            if what == "mention":
                square.network.say(who, f"@harbour {day}.{now_s}")
            elif what == "direct":
                square.network.message(who, square.office, f"{day}.{now_s}")
            else:
                try:
                    await square.read()
                except OutOfBudget:
                    held += 1
        square.clock.forward(1 if day < days - 1 else 0)
    return held


async def test_a_month_costs_what_the_contract_reckons(square: Square) -> None:
    """x.md section 2.1: $5.70 for mentions and authors, $6.00 for direct messages."""
    start = square.clock.now()
    held = await live(square, 30)
    assert held == 0
    assert len([m for m in square.held.values() if not m.ours]) == 30 * 50, "nothing was lost for thrift's sake"
    month = f"{start:%Y-%m}"
    bill = square.network.billing
    posts, people, messages = (bill.by_kind[k] for k in ("owned", "user", "dm"))
    regulars = 5 * READ["user"]
    assert posts + people - regulars <= round(5.70 * MICRO) + 30 * 2 * READ["owned"]  # the overlap at midnight
    assert messages <= round(6.00 * MICRO)
    assert bill.by_month[month] == sum(v for m, v in bill.by_month.items()) == spent(square) == bill.total
    assert bill.total <= round((5.70 + 6.00 + 0.12) * MICRO)


async def test_how_often_one_looks_costs_nothing(tmp_path: Path) -> None:
    bills = []
    for every_s in (900, 7_200):
        (tmp_path / str(every_s)).mkdir()
        square = Square(tmp_path / str(every_s), budget=1_000 * MICRO)
        await live(square, 1, every_s=every_s)
        bills.append(square.network.billing.total)
        square.close()
    assert bills[0] == bills[1]


@pytest.mark.parametrize("budget", [10 * MICRO, 3 * MICRO + 1_234])
async def test_tenfold_traffic_never_costs_a_cent_more(tmp_path: Path, budget: int) -> None:
    square = Square(tmp_path, budget=budget)
    held = await live(square, 30, times=10)
    bill = square.network.billing
    assert held > 0
    assert bill.total == spent(square)
    assert bill.total <= budget - prices.FOR_PEOPLE
    assert bill.total >= budget - prices.FOR_PEOPLE - 200_000, "and it was used"
    # What was kept for people lets the officer publish five times with a link.
    for number in range(5):
        await square.connector.publish(square.channel, square.post(f"See https://town.org/{number}"), f"{number:032x}")
    with pytest.raises(OutOfBudget) as out:
        await square.connector.publish(square.channel, square.post("See https://town.org/6"), f"{6:032x}")
    assert out.value.retry_at == datetime(2026, 12, 1, tzinfo=UTC)
    assert bill.total == spent(square) <= budget
    # A new month, a new budget: reading goes on where it stopped.
    square.clock.forward(60)
    batch = await square.connector.fetch(square.channel, square.cursor)
    assert batch.messages
    square.close()


async def test_a_page_asks_for_no_more_than_the_budget_pays(tmp_path: Path) -> None:
    square = Square(tmp_path, budget=prices.FOR_PEOPLE + 23 * (READ["owned"] + READ["user"]) + 700)
    await square.read()
    asked = square.asked(f"/2/users/{square.office.id}/mentions")
    assert asked[0].url.params["max_results"] == "23"
    square.close()


async def test_below_the_least_page_nothing_is_asked(tmp_path: Path) -> None:
    square = Square(tmp_path, budget=prices.FOR_PEOPLE + 4 * (READ["owned"] + READ["user"]))
    with pytest.raises(OutOfBudget):
        await square.read()
    assert not square.sent
    square.close()


async def test_an_object_is_paid_once_a_day(square: Square) -> None:
    square.network.say(square.vera, "@harbour hello")
    await square.read()
    once = READ["owned"] + READ["user"]
    assert spent(square) == once
    await square.read()
    assert spent(square) == once == square.network.billing.total
    square.clock.forward(DAY_S)
    await square.read()  # the overlap reads it once more, on another day
    assert spent(square) == once + READ["owned"] == square.network.billing.total
    square.clock.forward(DAY_S)
    await square.read()  # and never again
    assert spent(square) == once + READ["owned"] == square.network.billing.total


async def test_signing_in_is_counted_too(tmp_path: Path) -> None:
    square = Square(tmp_path, budget=100 * MICRO, signed_in_before=timedelta(0))
    found = await X.discover("@harbour", square.http, square.clock)
    await X.sign_in(found, square.secret.parts, square.http, square.clock)
    for _ in range(2):
        await square.read()
        assert spent(square) == READ["user"] == square.network.billing.total
    square.close()


async def test_somebody_elses_app_pays_five_times_as_much(tmp_path: Path) -> None:
    square = Square(tmp_path, budget=100 * MICRO, owned=False)
    square.app.owner_id = square.vera.id
    square.network.say(square.vera, "@harbour hello")
    await square.read()
    assert spent(square) == READ["post"] + READ["user"] == square.network.billing.total
    assert any("another account" in words for words in square.connector.validity().words)
    square.close()


async def test_the_new_vocabulary_is_measured_with_all_that_comes_along(tmp_path: Path) -> None:
    square = Square(tmp_path, budget=100 * MICRO, dialect="new")
    root = square.network.say(square.office, "Open day", at=square.ago(days=30))
    for number in range(7):
        square.network.say(square.network.add_user(f"c{number}"), f"@harbour {number}", to=root)
    square.network.message(square.vera, square.office, "Hello")
    await square.read()
    assert spent(square) == square.network.billing.total > 7 * (READ["owned"] + READ["user"])
    assert {m.author.handle for m in square.held.values()} == {*(f"c{n}" for n in range(7)), "vera"}
    square.close()


WRITES = {
    "a post": ({}, "post"),
    "a post with a link": ({"text": "See https://town.org/"}, "post with link"),
    "a post with a bare link": ({"text": "See town.org"}, "post with link"),
}


@pytest.mark.parametrize("name", WRITES)
async def test_what_is_weighed_is_what_is_charged(square: Square, name: str) -> None:
    parts, kind = WRITES[name]
    rendition = square.post(**{"text": "Words", **parts})
    weight = await square.connector.weigh(square.channel, rendition)
    assert weight.cost == WRITE[kind]
    assert bool(weight.words) == ("link" in kind)
    await square.connector.publish(square.channel, rendition, "key-1")
    assert spent(square) == weight.cost == square.network.billing.total


async def test_answers_pictures_and_messages_have_their_prices(square: Square, tmp_path: Path) -> None:
    asked = square.network.say(square.vera, "@harbour when?", at=square.ago(days=30))
    event = square.network.message(square.vera, square.office, "When?", at=square.ago(days=30))
    (tmp_path / "a.png").write_bytes(picture())
    media = (Media(path=str(tmp_path / "a.png"), mime_type="image/png", alt_text="A quay"),)
    expected = 0
    for number, (rendition, price) in enumerate(
        [
            (square.answer(asked), WRITE["reply"]),
            (square.post("Look", media=media), WRITE["post"] + WRITE["metadata"]),
            (square.answer(f"dm:{event.conversation_id}:{event.id}"), WRITE["dm"]),
        ]
    ):
        assert (await square.connector.weigh(square.channel, rendition)).cost == price
        await square.connector.publish(square.channel, rendition, f"key-{number}")
        expected += price
        assert spent(square) == square.network.billing.total == expected
    assert square.database is not None
    table = lines(square.database.connection, "a1", prices.ALLOWANCE, now=square.clock.now())
    assert {line.what for line in table} == {
        "reply published", "post published", "picture described", "direct message published"
    }  # fmt: skip


async def test_a_refusal_is_free_and_doubt_is_counted(square: Square) -> None:
    asked = square.network.say(square.vera, "when?", to=square.network.say(square.office, "Open day"))
    with pytest.raises(Exception, match="named us"):
        await square.connector.publish(square.channel, square.answer(asked), "key-1")
    assert spent(square) == 0
    square.faults.add(FaultKind.LOST_ANSWER, path="/2/tweets", method="POST", times=1)
    rendition = square.post()
    with pytest.raises(OutcomeUnknown):
        await square.connector.publish(square.channel, rendition, "key-2")
    assert spent(square) == WRITE["post"] == square.network.billing.total
    assert await square.connector.find(square.channel, square.delivery(rendition, "key-2"))
    assert spent(square) == square.network.billing.total, "found is not paid twice"


async def test_a_crash_while_sending_is_paid_when_it_is_found(square: Square) -> None:
    rendition = square.post()
    real = square.steps.save

    class Ended(Exception):
        pass

    def save(key: str, step: str) -> None:
        if step == "done":
            raise Ended  # the machine goes down before anything can be noted
        real(key, step)

    wrote = Purse.wrote
    try:
        Purse.wrote = lambda *_: None  # type: ignore[method-assign, assignment]
        square.steps.save = save  # type: ignore[method-assign]
        with pytest.raises(Ended):
            await square.connector.publish(square.channel, rendition, "key-1")
    finally:
        Purse.wrote, square.steps.save = wrote, real  # type: ignore[method-assign]
    assert spent(square) == 0 < square.network.billing.total
    assert await square.again().find(square.channel, square.delivery(rendition))
    assert spent(square) == square.network.billing.total


async def test_a_poll_and_a_person_at_once_stay_within_the_budget(tmp_path: Path) -> None:
    """Each alone could be paid, both together not: what is under way counts as spent."""
    square = Square(tmp_path, budget=prices.FOR_PEOPLE + 300_000)
    for number in range(60):
        square.network.say(square.network.add_user(f"c{number}"), f"@harbour {number}")
    posts = [square.post(f"See https://town.org/{n}") for n in range(8)]
    done = await asyncio.gather(
        square.connector.fetch(square.channel, Cursor("")),
        *(square.connector.publish(square.channel, p, f"key-{n}") for n, p in enumerate(posts)),
        return_exceptions=True,
    )
    assert any(isinstance(one, OutOfBudget) for one in done)
    assert square.network.billing.total == spent(square) <= prices.FOR_PEOPLE + 300_000
    square.close()


def test_the_price_table_is_a_dated_file_and_agrees_with_the_practice_bill() -> None:
    table: dict[str, Any] = json.loads(Path(prices.__file__).with_name("prices.json").read_text("utf-8"))
    assert table["as_of"] in X.allowances[0].source
    assert {k: table["read"][k] for k in READ} == READ
    ours = table["write"]
    assert [ours[k] for k in ("post", "post with link", "reply", "direct message", "delete", "repost", "hide",
                              "alt text")] == list(WRITE.values())  # fmt: skip
    assert (X.allowances[0].unit, X.allowances[0].settable) == (Unit.MONEY, True)


async def test_without_a_meter_everything_is_asked_for() -> None:
    def nothing(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"meta": {"result_count": 0}})

    desk = Desk(nothing, us(), meter=UNMETERED)
    await desk.read()
    assert desk.sent[0].url.params["max_results"] == "100"
