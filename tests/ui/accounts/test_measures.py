"""The card of what is used up and running out: amber at thirty days, red at seven, money to the cent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from inbox.engine import State
from inbox.metering import MICRO, Allowance, Period, Unit, Use, Validity, span
from inbox.model import Account, AccountId, Capability, Channel, ChannelId
from inbox.store.accounts import Health
from inbox.store.spending import Line
from ui.accounts.health import AccountHealth, standing
from ui.accounts.measures import Measure, in_short, of_use, of_validity, spent_on
from ui.accounts.measures_card import MeasuresCard
from ui.channels.status import completeness, wellbeing

NOW = datetime(2026, 11, 16, 12, tzinfo=UTC)
MONEY = Allowance(
    name="credits", title="X credits", unit=Unit.MONEY, period=Period.MONTH, limit=10 * MICRO, settable=True
)
CALLS = Allowance(name="calls", title="Calls", unit=Unit.CALLS, period=Period.DAY, limit=100, reserve=25)
SHARE = Allowance(name="usage", title="Facebook's limit", unit=Unit.SHARE, period=Period.ROLLING)


def use(allowance: Allowance, used: int) -> Use:
    begins_at, ends_at = span(allowance.period, NOW)
    return Use(allowance=allowance, used=used, limit=allowance.limit, begins_at=begins_at, ends_at=ends_at)


def test_money_is_said_to_the_cent_with_where_it_leads() -> None:
    said = of_use(use(MONEY, 2_350_000), NOW)
    assert said.words == "$2.35 of $10.00 this month, about $4.55 by its end"
    assert said.tone == "ok"
    assert of_use(use(MONEY, 9_000_000), NOW).tone == "owed"


def test_what_is_kept_for_a_person_is_said() -> None:
    said = of_use(use(CALLS, 80), NOW)
    assert said.tone == "owed"
    assert said.words.startswith("80 of 100 today (UTC): reading rests until")
    assert of_use(use(CALLS, 100), NOW).tone == "danger"
    assert of_use(use(SHARE, 96), NOW).tone == "danger"
    assert of_use(use(SHARE, 40), NOW) == Measure(name="Facebook's limit", words="40 % used", share=0.4)


@pytest.mark.parametrize(
    ("days", "tone"), [(60, "ok"), (31, "ok"), (30, "owed"), (8, "owed"), (7, "danger"), (0, "danger"), (-3, "danger")]
)
def test_amber_at_thirty_days_red_at_seven(days: int, tone: str) -> None:
    sign_in, version = of_validity(
        Validity(
            sign_in_ends_at=NOW + timedelta(days=days),
            version="202609",
            version_ends_on=NOW.date() + timedelta(days=days),
        ),
        NOW,
    )
    assert (sign_in.tone, version.tone) == (tone, tone)
    assert version.words.startswith("202609, ")


def test_nothing_that_lasts_is_said() -> None:
    assert of_validity(Validity(), NOW) == []
    [known] = of_validity(Validity(version="v26.0"), NOW)
    assert (known.words, known.tone) == ("v26.0", "ok")
    [missing] = of_validity(Validity(words=("May not read ratings",)), NOW)
    assert missing.tone == "owed"


def test_what_it_went_on() -> None:
    lines = [Line(what="mentions read", times=1_200, amount=1_200_000), Line(what="names", times=5, amount=50_000)]
    assert spent_on(lines, Unit.MONEY) == "mentions read $1.20 · names $0.05"


def test_the_status_line_says_money_always_and_the_rest_once_it_matters() -> None:
    titles = [("City", use(MONEY, 1_200_000)), ("City page", use(CALLS, 40)), ("Town page", use(SHARE, 97))]
    said = in_short(titles, NOW)
    assert said[0] == "City: $1.20 of $10.00"
    assert len(said) == 2
    assert said[1].startswith("Town page: 97 % used: used up until")


def test_the_card_speaks_and_offers_the_budget(qtbot: object) -> None:
    card = MeasuresCard()
    qtbot.addWidget(card)  # type: ignore[attr-defined]
    account = Account(id=AccountId("x-1"), network="x", title="City")
    one = AccountHealth(
        account=account, channels=(), validity=Validity(version="2", version_ends_on=date(2026, 11, 20))
    )
    card.show_measures(one, [(use(MONEY, 50_000), [Line(what="mentions read", times=50, amount=50_000)])], NOW)
    assert "X credits: $0.05 of $10.00" in card.accessibleName()
    assert not card.budget.isHidden()
    wanted: list[tuple[str, int]] = []
    card.budget.wanted.connect(lambda name, amount: wanted.append((name, amount)))
    assert card.budget.amount.text() == "10.00"
    card.budget.amount.setText("12.345")
    assert not card.budget.keep.isEnabled(), "there is nothing smaller than a cent"
    card.budget.amount.setText("12,34")
    card.budget.keep.click()
    assert wanted == [("credits", 12_340_000)]
    card.show_measures(replace(one, validity=Validity()), [], NOW)
    assert card.isHidden()


def health(capabilities: Capability) -> Health:
    channel = Channel(
        id=ChannelId("m"), account_id=AccountId("manual-1"), network="manual", remote_id="m", title="Alumni",
        capabilities=capabilities,
    )  # fmt: skip
    return Health(
        channel=channel, account_title="Alumni", signed_in=True, backfilled=False, complete_to=None, polled_at=None,
        failing_since=None, trouble="", paused=False,
    )  # fmt: skip


def test_a_place_that_is_never_read_is_not_behind() -> None:
    by_hand = health(Capability.POST)
    assert standing(by_hand, NOW).words == "Carried over by hand"
    assert completeness([by_hand], [], NOW) == ""
    assert "reading the past" in completeness([health(Capability.FETCH)], [], NOW)
    state = State(uses={AccountId("manual-1"): (use(MONEY, 10_000),)})
    assert wellbeing([by_hand], state, NOW) == "all channels well · Alumni: $0.01 of $10.00"
