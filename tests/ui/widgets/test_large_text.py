"""Text at 200 % in a window of 1024 x 700: nothing that is read or pressed is cut off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QFont, QImage
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from inbox.clock import SystemClock
from inbox.connectors.memory import BEFORE_SEND, World
from inbox.engine import Engine
from inbox.errors import Rejected
from inbox.model import Account, Problem, Update, UpdateKind
from inbox.store import accounts
from inbox.tasks import Tasks
from tests.ui.walk import cut_off
from ui.accounts.dialog import AccountsDialog
from ui.composer.tabs import TextTabs
from ui.composer.window import Composer
from ui.outbox.view import OutboxView
from ui.reader import Reader
from ui.record.view import RecordView
from ui.theme import Theme

Until = Callable[[Callable[[], object]], None]
WIDTH, HEIGHT = 1024, 700


@pytest.fixture
def large(qapp: QApplication) -> Iterator[None]:
    before, doubled = qapp.font(), qapp.font()
    doubled.setPointSizeF(before.pointSizeF() * 2)
    qapp.setFont(doubled)
    yield
    qapp.setFont(before)


@pytest.fixture
def shown(qtbot: QtBot, large: None) -> Callable[[QWidget], None]:
    def show(window: QWidget) -> None:
        qtbot.addWidget(window)
        window.show()
        window.resize(WIDTH, HEIGHT)
        qtbot.waitUntil(lambda: window.width() == WIDTH)

    return show


def test_accounts(
    large: None, shown: Callable[[QWidget], None], engine: Engine, account: Account, reader: Reader, theme: Theme,
    tasks: Tasks, until: Until,
) -> None:  # fmt: skip
    dialog = AccountsDialog(engine, reader, theme, tasks, SystemClock())
    shown(dialog)
    assert cut_off(dialog) == []
    dialog.start_adding()
    dialog.adding.address.setText("memory.example")
    dialog.adding.look()
    until(lambda: dialog.adding.found.isVisible())
    assert cut_off(dialog) == []


def test_composer(
    large: None, shown: Callable[[QWidget], None], engine: Engine, account: Account, reader: Reader, theme: Theme,
    tasks: Tasks, until: Until, tmp_path: Path,
) -> None:  # fmt: skip
    image = QImage(90, 60, QImage.Format.Format_RGB32)
    image.fill(QColor("grey"))
    image.save(str(tmp_path / "p.png"))
    composer = Composer(engine, reader, theme, tasks, SystemClock())
    composer.open_new()
    shown(composer)
    for tick in composer.editor.ticks.values():
        tick.setChecked(True)
    composer.editor.when.later.setChecked(True)
    composer.take_files([str(tmp_path / "p.png")])
    until(lambda: composer.editor.strip.cards and composer.editor.strip.cards[0].remove.isVisible())
    until(lambda: cut_off(composer) == [])


def test_outbox(
    large: None, shown: Callable[[QWidget], None], engine: Engine, account: Account, reader: Reader, tasks: Tasks,
    world: World, until: Until,
) -> None:  # fmt: skip
    world.fail("publish", BEFORE_SEND, Rejected(problems=(Problem(words="The title is rude."),)))
    update = Update(kind=UpdateKind.POST, title="Library opens", text="x")
    channels = [c.id for c in accounts.channels(reader.connection)]
    first, _ = engine.publish(update, channels).result(5)
    view = OutboxView(engine, reader, tasks, SystemClock())
    shown(view)
    engine.send_now(first).result(5)

    def refused() -> bool:
        view.refresh()
        return view.rows[first].standing is not None and view.rows[first].standing.words == "refused"

    until(refused)
    until(lambda: cut_off(view) == [])


def test_record(
    large: None, shown: Callable[[QWidget], None], engine: Engine, account: Account, reader: Reader, tasks: Tasks
) -> None:
    view = RecordView(reader, tasks, SystemClock())
    shown(view)
    assert cut_off(view) == []
    assert view.table.rowHeight(0) >= view.fontMetrics().height()


def test_text_grows_while_the_composer_is_open(
    qapp: QApplication, qtbot: QtBot, engine: Engine, account: Account, reader: Reader, theme: Theme, tasks: Tasks,
) -> None:  # fmt: skip
    """Somebody makes the system's text larger in the middle of a post: every word of it grows."""
    composer = Composer(engine, reader, theme, tasks, SystemClock())
    qtbot.addWidget(composer)
    composer.open_new()
    shown = [
        w for w in composer.findChildren(QWidget) if isinstance(w, QLabel | QLineEdit | QAbstractButton | TextTabs)
    ]
    shown += [composer.editor.text]
    before = {w: w.font().pointSizeF() for w in shown}
    usual = qapp.font()
    doubled = QFont(usual)
    doubled.setPointSizeF(usual.pointSizeF() * 2)
    try:
        qapp.setFont(doubled)
        qtbot.wait(50)
        small = [
            f"{type(w).__name__} {w.accessibleName()!r} {w.font().pointSizeF()}"
            for w, size in before.items() if w.font().pointSizeF() < size * 1.9
        ]  # fmt: skip
        assert small == []
        composer.resize(WIDTH, HEIGHT)
        qtbot.waitUntil(lambda: cut_off(composer) == [])
    finally:
        qapp.setFont(usual)
