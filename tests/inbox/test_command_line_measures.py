"""Without a window: what is handed over, what it means before it goes, what was used up, and the budget."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import pytest

from inbox.connectors.memory import BEFORE_SEND, Memory
from inbox.errors import ByHand, OutOfBudget
from inbox.metering import MICRO, Allowance, Period, Unit
from inbox.model import Batch, Channel, Choice, Cursor, Limits, Weight
from tests.inbox.command_line_office import CHANNEL, Office


class Dear(Memory):
    """A network that costs money."""

    allowances: ClassVar[tuple[Allowance, ...]] = (
        Allowance(
            name="credits", title="Credits", unit=Unit.MONEY, period=Period.MONTH, limit=10 * MICRO, settable=True
        ),
    )

    async def fetch(self, channel: Channel, cursor: Cursor) -> Batch:
        self._room.meter.need("credits", 5_000)
        batch = await super().fetch(channel, cursor)
        self._room.meter.spend("credits", 5_000 * len(batch.messages), "mentions read", times=len(batch.messages))
        return batch


@pytest.fixture
def office(home: Path, capsys: pytest.CaptureFixture[str]) -> Office:
    made = Office(home, capsys)
    made.networks = {"memory": Dear.over({"board": made.world})}
    made.world.say("When does the bridge open?")
    made.fetch()
    return made


def test_what_is_handed_over_has_a_code_of_its_own_and_is_settled_by_a_word(office: Office) -> None:
    office.world.fail("publish", BEFORE_SEND, ByHand("Not by a program", url="https://there.example", text="At nine."))
    ran = office.run("reply", str(office.message_id("bridge")), "--text", "At nine.", "--json")
    assert (ran.code, ran.error["error"]) == (9, "ByHand")
    [delivery] = ran.value["deliveries"]
    assert (delivery["state"], delivery["url"]) == ("by hand", "https://there.example")
    [settled] = office.ask("carried", delivery["id"], "--url", "https://there.example/9")["deliveries"]
    assert (settled["state"], settled["url"]) == ("sent", "https://there.example/9")
    assert office.run("carried", delivery["id"]).code == 8


def test_what_cannot_be_taken_back_needs_a_yes(office: Office) -> None:
    office.world.weight = Weight(reaches=12_483, confirm=True)
    words = ["publish", CHANNEL, "--title", "High water"]
    ran = office.run(*words, standard_input="Tonight.")
    assert ran.code == 2
    assert "12,483 people" in ran.err
    assert office.world.made == []
    assert office.run(*words, "--yes", standard_input="Tonight.").code == 0
    assert len(office.world.made) == 1


def test_receivers_are_named_by_their_code(office: Office) -> None:
    office.world.limits = Limits(choices=(Choice(code="T1", title="Floods"),), choice_needed=True)
    assert office.sign_in().code == 0
    words = ["publish", CHANNEL, "--title", "High water"]
    assert office.run(*words, standard_input="Tonight.").code == 4
    assert office.run(*words, "--to", "T1", standard_input="Tonight.").code == 0


def test_money_is_measured_and_a_budget_holds(office: Office) -> None:
    [account] = office.ask("measures")["accounts"]
    [use] = account["uses"]
    assert (use["used"], use["limit"]) == (5_000, 10 * MICRO)
    assert use["spent"] == [{"what": "mentions read", "times": 1, "amount": 5_000}]
    assert "of $10.00" in office.run("measures").out
    assert office.run("budget", "memory-1", "0.01").code == 0
    for text in ("One", "Two", "Three"):
        office.world.say(text)
        office.run("sync")
    [use] = office.ask("measures")["accounts"][0]["uses"]
    assert use["used"] <= use["limit"] == 10_000
    assert office.run("sync").code == 1, "the channel says that its budget is used up"
    assert office.run("budget", "memory-1", "1.005").code == 2
    assert office.run("budget", "nobody", "1").code == 8


def test_raising_a_budget_lets_what_was_held_go(office: Office) -> None:
    error = OutOfBudget("Spent", retry_at=office.clock.now() + timedelta(days=9))
    office.world.fail("publish", BEFORE_SEND, error)
    ran = office.run("reply", str(office.message_id("bridge")), "--text", "At nine.", "--json")
    assert (ran.code, ran.error["error"]) == (3, "OutOfBudget")
    assert office.run("sync").code == 0
    assert office.world.made == [], "not before the month is over"
    assert office.run("budget", "memory-1", "20").code == 0
    assert office.run("sync").code == 0
    assert len(office.world.made) == 1
