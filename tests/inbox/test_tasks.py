"""The keeper of tasks: none is forgotten, no failure is silent."""

from __future__ import annotations

import asyncio
import gc

import pytest

from inbox.tasks import Tasks


@pytest.fixture
def failed() -> list[BaseException]:
    return []


@pytest.fixture
def tasks(failed: list[BaseException]) -> Tasks:
    return Tasks(failed.append)


async def test_a_task_is_kept_until_it_ends(tasks: Tasks) -> None:
    """Also one that waits for something only it refers to, which asyncio alone would let go."""
    ended: list[str] = []

    async def work() -> None:
        await asyncio.get_running_loop().create_future()

    task = tasks.start(work(), name="work")
    task.add_done_callback(lambda t: ended.append(t.get_name()))
    del task
    await asyncio.sleep(0)
    gc.collect()
    assert (len(tasks), ended) == (1, [])
    await tasks.cancel()
    assert (len(tasks), ended) == (0, ["work"])


async def test_an_error_that_nobody_awaits_is_told(tasks: Tasks, failed: list[BaseException]) -> None:
    async def work() -> None:
        raise ZeroDivisionError

    tasks.start(work(), name="work")
    await tasks.settle()
    assert [type(e) for e in failed] == [ZeroDivisionError]
    assert len(tasks) == 0


async def test_being_cancelled_is_no_error(tasks: Tasks, failed: list[BaseException]) -> None:
    tasks.start(asyncio.sleep(3_600), name="work")
    await tasks.cancel()
    assert (failed, len(tasks)) == ([], 0)


async def test_what_a_task_returns_is_its_starters(tasks: Tasks) -> None:
    async def work() -> int:
        return 7

    assert await tasks.start(work(), name="work") == 7


async def test_settling_waits_for_what_started_meanwhile(tasks: Tasks) -> None:
    order: list[str] = []

    async def second() -> None:
        await asyncio.sleep(0)
        order.append("second")

    async def first() -> None:
        tasks.start(second(), name="second")
        order.append("first")

    tasks.start(first(), name="first")
    await tasks.settle()
    assert order == ["first", "second"]


async def test_cleaning_up_is_waited_for(tasks: Tasks) -> None:
    cleaned: list[bool] = []

    async def work() -> None:
        try:
            await asyncio.sleep(3_600)
        finally:
            await asyncio.sleep(0)
            cleaned.append(True)

    tasks.start(work(), name="work")
    await asyncio.sleep(0)
    await tasks.cancel()
    assert cleaned == [True]


async def test_one_that_will_not_end_is_not_waited_for_for_ever(tasks: Tasks) -> None:
    released = asyncio.Event()

    async def stubborn() -> None:
        while not released.is_set():
            try:
                await released.wait()
            except asyncio.CancelledError:
                continue

    tasks.start(stubborn(), name="stubborn")
    await asyncio.sleep(0)
    await tasks.cancel(within_s=0.01)
    assert len(tasks) == 1
    released.set()
    await tasks.settle()
