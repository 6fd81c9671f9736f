"""The pictures of the documentation: the real window against the practice town, same story and clock stopped.

``python docs/pictures/make_pictures.py`` from the root of the checkout writes them beside this file. Needs no display.
Times of day in them are the machine's own; fonts too, so that Inter and Noto should be installed.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import qasync
from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QFont, QImage, QLinearGradient, QPainter
from PySide6.QtWidgets import QAbstractItemView, QApplication, QWidget

from inbox.clock import SystemClock
from inbox.connectors.memory import Memory, World
from inbox.engine import Engine
from inbox.model import MessageKind
from inbox.practice.loopback import practice_client
from inbox.practice.town import Town
from inbox.secrets import MemorySecrets
from inbox.store import reading
from inbox.tasks import Tasks
from ui.application import make_application
from ui.practice import PracticeStripe, sign_in_to
from ui.reader import Reader
from ui.theme import Theme
from ui.window import Window

HERE = Path(__file__).resolve().parent
WIDTH, HEIGHT = 1440, 900
SOMEBODY = "Fed-up Ratepayer"
ANSWER = (
    "We did count: three missed collections on Ropewalk since the first of the month. A crew goes there tomorrow at "
    "seven, and we look again on Friday."
)
POST = (
    "Flooded in October? Grants open today for homes and small businesses in the Quay, Mill and Harbour wards.\n\n"
    "Tenants can claim for their belongings, owners for the building, and both for the same address. "
    "It takes ten minutes."
)
ANSWERS = (
    "Same here: we applied on the 3rd and have heard nothing since.",
    "Does it matter that the lease is in my sister's name?",
    "The form asked me for a meter number. Mine is under half a metre of mud.",
    "Ours came on Friday. Look at the letter, the reference has to be on the claim.",
    "The library helps with the form on Tuesday and Thursday, they were very kind.",
    "Who decides what is a small business? Two of us mend bicycles in a yard.",
    "And the cellar? It was pumped out on the 12th and is wet again.",
    "Thank you, that is what I wanted to know.",
)
NAMES = ("Anna", "Ben", "Chipo", "Dylan", "Efua", "Fergus", "Haruka", "Idris", "Jo", "Kasia", "Leszek", "Mina", "Nóra")
FAMILIES = ("Abbot", "Berg", "Castellano", "Dara", "Eze", "Fox", "Griffiths", "Hale", "Ito", "Jones", "Kovács", "Lund")


def keep(widget: QWidget, name: str) -> None:
    """Save a picture of the widget in 256 colours: text stays sharp, the file small."""
    picture = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    frequent = Counter(memoryview(picture.constBits()).cast("B").cast("I")).most_common()
    kinds: dict[int, int] = {}
    for colour, _ in frequent:  # the first of each kind is the most frequent: no hue is crowded out by shades of grey
        kinds.setdefault(colour & 0xF0F0F0, colour)
    exact = [colour for colour, _ in frequent[:96]]
    colours = list(dict.fromkeys([*exact, *kinds.values()]))[:256]
    dither = Qt.ImageConversionFlag.ThresholdDither | Qt.ImageConversionFlag.AvoidDither
    small = picture.convertToFormat(QImage.Format.Format_Indexed8, colours, dither)
    small.save(str(HERE / f"{name}.png"), "PNG", 0)


def drawing(path: Path) -> Path:
    """A quay under an evening sky, painted here so that no photograph is needed."""
    image = QImage(1200, 700, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    for top, height, upper, lower in ((0, 430, "#9db8d2", "#f0d9b5"), (430, 270, "#3f6f86", "#25485c")):
        shade = QLinearGradient(0, top, 0, top + height)
        shade.setColorAt(0, upper)
        shade.setColorAt(1, lower)
        painter.fillRect(0, top, 1200, height, shade)
    for x, width, height in ((120, 150, 190), (270, 110, 240), (380, 180, 160), (760, 130, 220), (890, 170, 150)):
        painter.fillRect(x, 430 - height, width, height, "#4a4a52")
    painter.end()
    image.save(str(path))
    return path


async def until(holds: Callable[[], object]) -> None:
    """Wait until it holds; raises TimeoutError after twenty seconds."""
    for _ in range(400):
        if holds():
            return
        await asyncio.sleep(0.05)
    raise TimeoutError


async def settle() -> None:
    """Let what was asked for be laid out and read."""
    for _ in range(12):
        await asyncio.sleep(0.05)


async def make(window: Window, theme: Theme, engine: Engine, town: Town, application: QApplication) -> None:
    """All pictures, one after the other."""
    await sign_in_to(town, engine)
    await asyncio.wrap_future(engine.sync())
    await until(lambda: window.list.model.rowCount() > 30)
    window.rail.setFocus()
    window.rail.choose("waiting")
    await settle()
    keep(window, "empty")
    window.rail.choose("owed")
    rows = reading.page(window._reader.connection, "owed", limit=500)
    row = next(r for r in rows if r.author == SOMEBODY and r.messages > 3)
    window.list.select(row.id)
    window.list.view.scrollTo(window.list.view.currentIndex(), QAbstractItemView.ScrollHint.PositionAtCenter)
    await settle()
    window.conversation.start_reply()
    window.conversation.reply.text.insertPlainText(ANSWER)
    await until(lambda: not (window.list.current() or row).unread)
    await settle()
    keep(window, "window")
    theme.force(True)
    await settle()
    keep(window, "window-dark")
    theme.force(False)
    await compose(window, engine.home)
    large = QFont(application.font())
    large.setPointSizeF(large.pointSizeF() * 2)
    application.setFont(large)
    window.fit(reading_now=True)
    await settle()
    window.conversation.focus_current()
    await settle()
    keep(window, "large-text")


async def compose(window: Window, home: Path) -> None:
    """A post for both blogs with a picture, one description still missing."""
    window.dialogs.compose()
    composer = window.dialogs.composer
    composer.resize(1240, 800)
    for tick in composer.editor.ticks.values():
        tick.setChecked(True)
    composer.editor.title.setText("Flood grants open: what you can claim and how")
    composer.editor.text.setPlainText(POST)
    composer.take_files([str(drawing(home / "quay.png"))])
    await until(lambda: composer.editor.strip.cards)
    await settle()
    composer.editor.verticalScrollBar().setValue(0)
    await settle()
    keep(composer, "composer")
    composer.close()


def square() -> World:
    """A question under a post of ours, and 500 replies to it and to one another; in memory."""
    world, chance = World(SystemClock()), random.Random(5)
    now = world.clock.now()
    post = world.say(POST, kind=MessageKind.POST, ours=True, created_at=now - timedelta(hours=30))
    question = "When are the grants for Ropewalk paid? Nobody has answered my letter."
    ids = [world.say(question, author="Margaret Hale", context=post, created_at=now - timedelta(hours=29))]
    for n in range(500):
        ours = n % 23 == 7
        ids.append(
            world.say(
                ANSWER if ours else chance.choice(ANSWERS),
                author=f"{chance.choice(NAMES)} {chance.choice(FAMILIES)}",
                parent=chance.choice(ids[-30:]) if chance.random() < 0.6 else ids[0],
                created_at=now - timedelta(minutes=1700 - n * 3), ours=ours,
            )
        )  # fmt: skip
    return world


async def make_thread(home: Path, theme: Theme, tasks: Tasks) -> None:
    """A conversation of 501 messages in the middle of being read."""
    world = square()
    networks = {"memory": Memory.over({"square": world})}
    engine = Engine(home, MemorySecrets(), networks=networks, poll_by_itself=False)
    engine.start()
    discovery = await asyncio.wrap_future(engine.discover("memory", "memory.example"))
    await asyncio.wrap_future(engine.sign_in(discovery, {"password": world.password}))
    await asyncio.wrap_future(engine.sync())
    reader = Reader(home)
    settings = QSettings(str(home / "window.ini"), QSettings.Format.IniFormat)
    settings.setValue("theme", "light")
    window = Window(engine, reader, theme, tasks, settings=settings)
    window.resize(WIDTH, HEIGHT)
    window.show()
    window.complete()
    window.rail.choose(reading.EVERYTHING)
    await until(lambda: window.list.model.rowCount())
    rows = (window.list.model.row_at(n) for n in range(window.list.model.rowCount()))
    window.list.select(max((r for r in rows if r is not None), key=lambda r: r.messages).id)
    await settle()
    keep(window, "thread-500")
    window.close()
    engine.stop()
    reader.close()


def main() -> int:
    """Make them; returns the exit code."""
    application, theme = make_application(sys.argv[:1])
    application.setFont(QFont("Inter", 10))
    town = Town(seed=1)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        home = Path(scratch)
        engine = Engine(home, MemorySecrets(), poll_by_itself=False, client=practice_client)
        engine.start()
        loop = qasync.QEventLoop(application)
        asyncio.set_event_loop(loop)
        tasks = Tasks(lambda error: sys.excepthook(type(error), error, error.__traceback__))
        reader = Reader(home)
        settings = QSettings(str(home / "window.ini"), QSettings.Format.IniFormat)
        settings.setValue("theme", "light")
        town.start()
        town.clock.stop()
        window = Window(engine, reader, theme, tasks, settings=settings, stripe=PracticeStripe(town, theme))
        window.resize(WIDTH, HEIGHT)
        window.show()
        window.complete()

        async def live() -> None:
            await make_thread(home / "square", theme, tasks)
            await make(window, theme, engine, town, application)
            window.close()
            await tasks.cancel(within_s=2)

        with loop:
            loop.run_until_complete(live())
        engine.stop()
        reader.close()
        town.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
