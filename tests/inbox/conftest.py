"""An engine at work, for the tests that need the whole of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.clock import TestClock
from tests.inbox.running import Running


@pytest.fixture
def make(home: Path, clock: TestClock) -> Iterator[Callable[..., Running]]:
    made: list[Running] = []

    def make(**how: object) -> Running:
        made.append(Running(home, clock, **how))
        return made[-1]

    yield make
    for one in made:
        one.stop()
        assert one.failed == [], "nothing went wrong unheard"


@pytest.fixture
def running(make: Callable[..., Running]) -> Running:
    """Signed in, with one question that has arrived: m1."""
    one = make()
    one.world.say("How high is the water?")
    one.sign_in()
    return one
