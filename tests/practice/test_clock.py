"""Story time runs, stops, steps and speeds up; it satisfies the house's Clock."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from inbox.clock import Clock
from inbox.practice.clock import PracticeClock


def test_story_time_runs_at_its_speed(still_clock: Any) -> None:
    clock: Clock = PracticeClock(still_clock, speed=60)
    started_at = clock.now()
    still_clock.move(2)
    assert clock.monotonic_s() == 120
    assert (clock.now() - started_at).total_seconds() == 120


def test_it_stands_still_until_it_goes_again(still_clock: Any) -> None:
    clock = PracticeClock(still_clock, speed=10)
    still_clock.move(1)
    clock.stop()
    still_clock.move(100)
    assert clock.monotonic_s() == 10
    assert not clock.running
    assert clock.real_s_until(11) is None
    clock.go()
    still_clock.move(1)
    assert clock.monotonic_s() == 20
    clock.speed = 100
    still_clock.move(1)
    assert clock.monotonic_s() == 120
    assert clock.real_s_until(320) == 2


def test_it_steps_while_stopped_and_never_back(still_clock: Any) -> None:
    clock = PracticeClock(still_clock, running=False)
    clock.step(30)
    assert clock.monotonic_s() == 30
    with pytest.raises(ValueError):
        clock.step(-1)
    with pytest.raises(ValueError):
        clock.speed = 0


def test_listeners_hear_of_every_change_until_they_leave(still_clock: Any) -> None:
    clock = PracticeClock(still_clock)
    heard: list[float] = []
    forget = clock.on_change(lambda: heard.append(clock.monotonic_s()))
    clock.stop()
    clock.step(5)
    clock.go()
    forget()
    clock.step(5)
    assert len(heard) == 3


async def test_a_sleeper_wakes_when_the_clock_is_stepped(still_clock: Any) -> None:
    clock = PracticeClock(still_clock, running=False)
    sleeper = asyncio.ensure_future(clock.sleep(60))
    await asyncio.sleep(0)
    clock.step(59)
    await asyncio.sleep(0)
    assert not sleeper.done()
    clock.step(1)
    await asyncio.wait_for(sleeper, 5)


async def test_a_sleeper_wakes_by_running_time(still_clock: Any) -> None:
    clock = PracticeClock(still_clock, speed=60)
    await asyncio.wait_for(clock.sleep(600), 5)
    assert clock.monotonic_s() >= 600
