"""A machine without a display: the same practice session offscreen, told in words, with a picture of it at the end."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from inbox.engine import Engine
from inbox.model import ConversationStatus, DeliveryState
from inbox.store import outbox, reading
from inbox.store.reading import ConversationRow
from ui.format import bare_name, plural
from ui.reader import Reader
from ui.window import Window

if TYPE_CHECKING:  # its servers are slow to import, and only practice needs them
    from inbox.practice.town import Town

PICTURE = Path("build") / "practice.png"
WATCH_S = 12.0


def no_display() -> bool:
    """Whether there is nothing to draw on and nobody said how else."""
    return sys.platform.startswith("linux") and not any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    )


def say_no_display() -> None:
    """Why no window opens for a real inbox, and how to work without one."""
    print(
        "There is no display on this machine, so the window cannot open.\n"
        "Everything can be done without it: python -m inbox --help\n"
        "The practice town is played offscreen all the same: make run ARGS=--practice",
        file=sys.stderr,
    )


async def tell_session(window: Window, engine: Engine, reader: Reader, town: Town) -> None:
    """Play a short session: watch the town write, answer somebody, settle something; print it, and write a picture."""
    import asyncio  # here: the list is painted without it

    print("There is no display on this machine: the practice town is played offscreen.\n")
    print(
        f"Blog   {town.addresses.blog}\nMuseum {town.addresses.second_blog}\nFeed   {town.addresses.feed}\n"
        f"Bluesky {town.addresses.sky}\n"
        + "".join(f"{engine.titles.get(name, name)} {at}\n" for name, at in town.addresses.others.items())
    )
    await asyncio.wrap_future(engine.sync())
    owed = await _until(lambda: _owed(reader))
    everything = sum(count for count, _ in reading.tallies(reader.connection).values())
    print(f"{plural(everything, 'conversation')}, {len(owed)} owed. The newest that wait for an answer:")
    for row in owed[:5]:
        print(f"  {bare_name(row.author)}: {row.snippet[:90]}")
    row = next((r for r in owed if not r.held), None)
    if row is not None:
        window.list.select(row.id)
        asked = [s for s in reading.conversation(reader.connection, row.id) if not s.message.ours][-1]
        text = f"Thank you for asking, {asked.message.author.name}. We are looking into it and answer here by Friday."
        delivery = await asyncio.wrap_future(engine.reply(asked.id, text, close=True))
        print(f"\nAnswered {asked.message.author.name}; the reply waits ten seconds for second thoughts ...")
        sent = await _until(lambda: _ended(reader, delivery), within_s=25)
        print(f"  {sent.state}: {sent.url or sent.words}" if sent else "  it is still on its way")
    rest = [r for r in _owed(reader) if row is None or r.id != row.id]
    if rest:
        await asyncio.wrap_future(engine.set_status([rest[-1].id], ConversationStatus.DONE))
        print(f"Settled what {bare_name(rest[-1].author)} wrote.")
    seen = {r.id for r in _owed(reader)}
    print("\nWatching the town for a little while ...")
    began = datetime.now(UTC)
    while (datetime.now(UTC) - began).total_seconds() < WATCH_S:
        await asyncio.sleep(0.5)
        for fresh in [r for r in _owed(reader) if r.id not in seen]:
            seen.add(fresh.id)
            print(f"  {bare_name(fresh.author)}: {fresh.snippet[:90]}")
    window.rail.choose("owed")
    if window.list.step(0):
        await asyncio.sleep(0.5)
    PICTURE.parent.mkdir(exist_ok=True)
    window.grab().save(str(PICTURE))
    print(f"\nA picture of the window is in {PICTURE}.")
    print("On a machine with a display the same command opens the window itself.")
    print("Without one, everything can be done by: python -m inbox --help")


def _owed(reader: Reader) -> list[ConversationRow]:
    return reading.page(reader.connection, "owed", limit=100)


def _ended(reader: Reader, delivery_id: int):  # type: ignore[no-untyped-def]
    found = outbox.delivery(reader.connection, delivery_id)
    return found if found and found.state not in (DeliveryState.QUEUED, DeliveryState.SENDING) else None


async def _until(look, within_s: float = 30.0):  # type: ignore[no-untyped-def]
    """What ``look`` finds, as soon as it finds something; the last look when the time is over."""
    import asyncio

    waited = 0.0
    while not (found := look()) and waited < within_s:
        await asyncio.sleep(0.1)
        waited += 0.1
    return found
