"""A composer over a real engine, and pictures to put into posts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QImage, QPalette
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from inbox.clock import SystemClock
from inbox.engine import Engine
from inbox.model import Account
from inbox.tasks import Tasks
from tests.ui.networks import Three, three
from ui.composer.window import Composer
from ui.reader import Reader
from ui.theme import Theme


@pytest.fixture
def image(qapp: QApplication) -> QImage:
    made = QImage(640, 400, QImage.Format.Format_RGB32)
    made.fill(qapp.palette().color(QPalette.ColorRole.Accent))
    return made


@pytest.fixture
def photo(image: QImage, tmp_path: Path) -> Path:
    path = tmp_path / "from the camera.jpg"
    assert image.save(str(path), "JPG")
    return path


@pytest.fixture
def make(
    qtbot: QtBot, engine: Engine, account: Account, reader: Reader, theme: Theme, tasks: Tasks
) -> Callable[[], Composer]:
    def composer() -> Composer:
        made = Composer(engine, reader, theme, tasks, SystemClock())
        qtbot.addWidget(made)
        with qtbot.waitActive(made):
            made.open_new()
        return made

    return composer


@pytest.fixture
def networks(tmp_path: Path, failures: list[BaseException]) -> Iterator[Three]:
    """A blog, a network of long posts and one of short ones, all signed in."""
    made = three(tmp_path / "three", failures.append)
    yield made
    made.reader.close()
    made.engine.stop()


@pytest.fixture
def make_three(qtbot: QtBot, networks: Three, theme: Theme, tasks: Tasks) -> Callable[[], Composer]:
    def composer() -> Composer:
        made = Composer(networks.engine, networks.reader, theme, tasks, SystemClock())
        qtbot.addWidget(made)
        with qtbot.waitActive(made):
            made.open_new()
        return made

    return composer
