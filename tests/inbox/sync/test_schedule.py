"""When: intervals with jitter, back-off, Retry-After, signed out, offline, after sleep, in a hurry."""

from __future__ import annotations

from datetime import timedelta

import pytest

from inbox.errors import (
    BadReply,
    NotAllowed,
    Offline,
    PostroomError,
    RateLimited,
    SignInNeeded,
    StoreFull,
    Unavailable,
)
from inbox.model import AccountId, Channel, ChannelId
from inbox.sync.schedule import JITTER, LONGEST_PAUSE, OFFLINE_PROBE, SLEPT, WAKE_SPREAD_S, Schedule
from tests.inbox.making import START, later

A, B, C = (ChannelId(name) for name in "abc")


def channels(*ids: str, interval_s: int = 120) -> list[Channel]:
    return [
        Channel(
            id=ChannelId(i), account_id=AccountId("x"), network="memory", remote_id=i, title=i, interval_s=interval_s
        )
        for i in ids
    ]


@pytest.fixture
def schedule() -> Schedule:
    """Of three channels, each fetched at the start."""
    made = Schedule(seed=1)
    made.keep(channels(A, B, C), START)
    return made


def due_in_s(schedule: Schedule, id_: ChannelId, after_s: float = 0) -> float:
    """Seconds after the start at which the channel becomes due, to a tenth."""
    for tenth in range(int(after_s * 10), 40_000):
        if id_ in Schedule.due(schedule, later(tenth / 10)):
            return tenth / 10
    raise AssertionError("it never is")


def test_new_channels_are_due_at_once_and_in_order(schedule: Schedule) -> None:
    assert schedule.due(START) == [A, B, C]
    assert schedule.due(START, busy=[A]) == [B, C]
    schedule.keep(channels(A, C, "d"), later(10))
    assert schedule.due(later(10)) == [A, C, "d"]


def test_who_waits_longest_comes_first(schedule: Schedule) -> None:
    schedule.succeeded(A, later(0))
    schedule.succeeded(C, later(30))
    assert schedule.due(later(600)) == [B, A, C]


def test_the_interval_has_a_jitter_within_bounds() -> None:
    found = []
    for seed in range(60):
        schedule = Schedule(seed=seed)
        schedule.keep(channels(A), START)
        schedule.succeeded(A, START)
        found.append(due_in_s(schedule, A, 90))
    assert 120 * (1 - JITTER) <= min(found) < 108
    assert 132 < max(found) <= 120 * (1 + JITTER) + 0.1


def test_each_failure_doubles_the_pause_up_to_the_longest(schedule: Schedule) -> None:
    now = START
    for failures in range(1, 14):
        schedule.failed(A, BadReply(), now)
        wanted = min(timedelta(seconds=120) * 2**failures, LONGEST_PAUSE)
        assert A not in schedule.due(now + wanted * (1 - JITTER) - timedelta(seconds=1))
        now += wanted * (1 + JITTER)
        schedule._promised_at = None  # nobody slept
        assert A in schedule.due(now)
    schedule.succeeded(A, now)
    assert A in schedule.due(now + timedelta(seconds=120 * (1 + JITTER)))


@pytest.mark.parametrize("error", [RateLimited, Unavailable])
def test_never_before_the_network_says(schedule: Schedule, error: type[Unavailable]) -> None:
    schedule.failed(A, error(retry_at=later(500)), START)
    assert due_in_s(schedule, A, 490) == 500


@pytest.mark.parametrize("retry_s", [500, 1], ids=["at once", "in the past"])
def test_a_network_that_says_at_once_is_still_left_in_peace(schedule: Schedule, retry_s: int) -> None:
    schedule.failed(A, RateLimited(retry_at=later(retry_s)), later(500))
    assert due_in_s(schedule, A, 500) >= 500 + 240 * (1 - JITTER), "as after any failure"


def test_not_before_the_network_says_either_after_sleep_or_an_offline_time(schedule: Schedule) -> None:
    schedule.failed(A, RateLimited(retry_at=later(3_000)), START)
    schedule.next_at(START)
    schedule.due(later(1_000))  # slept
    schedule.next_at(later(1_000))
    assert A not in schedule.due(later(1_000 + WAKE_SPREAD_S))
    assert set(schedule.due(later(1_000 + WAKE_SPREAD_S))) == {B, C}
    schedule.offline_since = later(1_000)
    schedule.succeeded(B, later(1_100))
    schedule.next_at(later(2_980))
    assert A not in schedule.due(later(2_999))
    assert A in schedule.due(later(3_000))


@pytest.mark.parametrize("error", [SignInNeeded, NotAllowed])
def test_what_a_person_must_mend_stops_the_channel_alone(schedule: Schedule, error: type[PostroomError]) -> None:
    schedule.failed(A, error(), START)
    assert schedule.due(later(1_000_000)) == [B, C]
    schedule.hurry([A], later(10))
    assert schedule.due(later(10))[-1] == A


def test_a_stopped_channel_stays_stopped_when_a_person_tries_it_offline(schedule: Schedule) -> None:
    schedule.failed(A, NotAllowed(), START)
    schedule.failed(A, Offline(), later(10))
    assert A not in schedule.due(later(1_000_000))


def test_offline_is_when_nothing_can_be_reached(schedule: Schedule) -> None:
    assert not schedule.failed(A, Offline(), later(1))
    assert not schedule.failed(B, Offline(), later(2))
    assert schedule.offline_since is None
    assert schedule.failed(C, Offline(), later(3))
    assert schedule.offline_since == later(3)
    assert not schedule.failed(C, Offline(), later(20)), "said once"
    assert schedule.offline_since == later(3)


def test_one_that_fails_otherwise_is_no_sign_of_being_offline(schedule: Schedule) -> None:
    schedule.failed(A, Unavailable(status=503), later(1))
    schedule.failed(B, Offline(), later(2))
    schedule.failed(C, Offline(), later(3))
    assert schedule.offline_since is None
    schedule.failed(A, Offline(), later(4))
    assert schedule.offline_since == later(4)


def test_signed_out_channels_have_no_say(schedule: Schedule) -> None:
    schedule.failed(A, SignInNeeded(status=401), later(1))
    schedule.failed(B, Offline(), later(2))
    schedule.failed(C, Offline(), later(3))
    assert schedule.offline_since == later(3)


def go_offline(schedule: Schedule) -> None:
    for id_ in (A, B, C):
        schedule.failed(id_, Offline(), START)
    assert schedule.offline_since == START


def test_while_offline_one_asks_for_all(schedule: Schedule) -> None:
    go_offline(schedule)
    assert schedule.due(later(5)) == []
    soon = later(OFFLINE_PROBE.total_seconds() * (1 + JITTER))
    [probe] = schedule.due(soon)
    assert schedule.due(soon, busy=[probe]) == [], "one at a time"
    schedule.failed(probe, Offline(), soon)
    assert probe not in schedule.due(soon), "the others take their turn"


def test_when_the_network_returns_the_others_follow_soon_but_spread(schedule: Schedule) -> None:
    go_offline(schedule)
    assert schedule.succeeded(B, later(600))
    assert schedule.offline_since is None
    assert not schedule.succeeded(B, later(601)), "said once"
    soon = schedule.due(later(601 + WAKE_SPREAD_S))
    assert set(soon) == {A, C}


def test_a_refusal_is_an_answer_and_ends_the_offline_time(schedule: Schedule) -> None:
    go_offline(schedule)
    assert schedule.failed(A, Unavailable(status=503), later(60))
    assert schedule.offline_since is None
    go_offline(schedule)
    assert not schedule.failed(A, StoreFull(), later(60)), "a full disk says nothing about the network"
    assert schedule.offline_since == START


def test_after_sleep_everything_is_due_but_not_at_once(schedule: Schedule) -> None:
    for id_ in (A, B, C):
        schedule.succeeded(id_, START)
    promised = schedule.next_at(START)
    assert promised <= later(30)
    woke_s = (promised - START + SLEPT).total_seconds() + 1
    assert schedule.due(later(woke_s)) == []
    schedule.next_at(later(woke_s))
    times = sorted(due_in_s(schedule, id_, woke_s) for id_ in (A, B, C))
    assert woke_s <= times[0]
    assert times[-1] <= woke_s + WAKE_SPREAD_S + 0.1
    assert times[0] != times[-1]


def test_looking_a_little_late_is_not_sleep(schedule: Schedule) -> None:
    schedule.succeeded(A, START)
    promised = schedule.next_at(START)
    assert schedule.due(promised + SLEPT)[:2] == [B, C], "in the order of before"


def test_a_clock_put_back_makes_everything_due_soon(schedule: Schedule) -> None:
    for id_ in (A, B, C):
        schedule.succeeded(id_, later(7_200))
    schedule.next_at(later(7_200))
    schedule.due(later(30))
    schedule.next_at(later(30))
    assert set(schedule.due(later(30 + WAKE_SPREAD_S))) == {A, B, C}


def test_a_hint_makes_a_channel_due_that_is_well(schedule: Schedule) -> None:
    for id_ in (A, B, C):
        schedule.succeeded(id_, START)
    schedule.hint(A, later(5))
    schedule.hint(ChannelId("not here"), later(5))
    assert schedule.due(later(5)) == [A]
    schedule.hint(A, later(9))
    schedule.hint(B, later(7))
    assert schedule.due(later(9)) == [A, B], "a second hint does not put it behind others"


@pytest.mark.parametrize(
    "error",
    [RateLimited(retry_at=later(900)), BadReply(), NotAllowed(), SignInNeeded()],
    ids=lambda e: type(e).__name__,
)
def test_a_hint_shortens_no_pause(schedule: Schedule, error: PostroomError) -> None:
    schedule.failed(A, error, START)
    schedule.hint(A, later(5))
    assert A not in schedule.due(later(200))


def test_a_person_in_a_hurry_goes_first_whatever_went_before(schedule: Schedule) -> None:
    for _ in range(6):
        schedule.failed(A, RateLimited(retry_at=later(9_000)), START)
    schedule.succeeded(B, START)
    schedule.succeeded(C, START)
    schedule.hurry([A, ChannelId("not here")], later(5))
    assert schedule.due(later(5)) == [A]


def test_the_next_look_is_at_the_next_channel_or_in_half_a_minute(schedule: Schedule) -> None:
    assert schedule.next_at(START) == later(30), "what is due already is under way"
    schedule.succeeded(A, START)
    assert later(102) <= schedule.next_at(later(101)) <= later(131)


def test_news_of_a_channel_that_was_removed_meanwhile_is_ignored(schedule: Schedule) -> None:
    schedule.keep(channels(A), later(1))
    schedule.succeeded(B, later(2))
    assert not schedule.failed(C, Offline(), later(2))
    assert schedule.due(later(500)) == [A]
