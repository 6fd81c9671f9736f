"""One update on three channels in the outbox: what it says once, each channel's fate, and what can be done at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from inbox.clock import SystemClock
from inbox.connectors.memory import BEFORE_SEND
from inbox.errors import Rejected, Unavailable
from inbox.model import DeliveryId, DeliveryState, Problem, Update, UpdateKind
from inbox.store import outbox
from inbox.tasks import Tasks
from tests.ui.networks import Three, three
from tests.ui.walk import tab_order
from ui.bridge import Bridge
from ui.outbox.group import UpdateGroup
from ui.outbox.standing import Deed
from ui.outbox.view import OutboxView

Until = Callable[[Callable[[], object]], None]
NAMES = ("blog", "town", "sky")


@pytest.fixture
def networks(tmp_path: Path, failures: list[BaseException]) -> Iterator[Three]:
    made = three(tmp_path / "three", failures.append)
    yield made
    made.reader.close()
    made.engine.stop()


@pytest.fixture
def view(qtbot: QtBot, networks: Three, tasks: Tasks) -> OutboxView:
    made = OutboxView(networks.engine, networks.reader, tasks, SystemClock())
    bridge = Bridge(networks.engine.bus, made)
    bridge.changed.connect(made.on_changed)
    qtbot.addWidget(made, before_close_func=lambda _: bridge.close())
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    return made


def publish(networks: Three, text: str = "The library opens on Monday.", **own: str) -> list[DeliveryId]:
    variations = {networks.id(name): said for name, said in own.items()}
    update = Update(kind=UpdateKind.POST, title="Library opens", text=text, variations=variations)
    return networks.engine.publish(update, [networks.id(n) for n in NAMES]).result(5)


def group_of(view: OutboxView, id_: DeliveryId) -> UpdateGroup:
    return view.groups[view.rows[id_].delivery.update_id]


def said(view: OutboxView, id_: DeliveryId) -> str:
    standing = view.rows[id_].standing
    return standing.words if standing is not None else ""


def test_one_is_refused_and_the_others_are_plainly_out(
    view: OutboxView, networks: Three, until: Until, named: Callable[[QWidget], None]
) -> None:
    refusal = Rejected(problems=(Problem(words="The picture is rude."),))
    networks.worlds["sky"].fail("publish", BEFORE_SEND, refusal)
    blog, town, sky = publish(networks, sky="Library! Monday!")
    until(lambda: {blog, town, sky} <= set(view.rows))
    group = group_of(view, blog)
    assert group.title.text() == "Library opens"
    assert [row.place for row in group.rows] == list(NAMES)
    assert group.fate.text() == "0 of 3 are out"
    for id_ in (blog, town, sky):
        networks.engine.send_now(id_).result(5)
    until(lambda: group.fate.text() == "2 of 3 are out · 1 needs you")
    assert group_of(view, blog) is group
    assert view.rows[sky]._reason.text() == "The picture is rude."
    assert view.rows[sky]._said.text() == "Library! Monday!"
    assert view.rows[town]._address.text().startswith("memory.example/")
    assert not view.rows[blog]._said.isVisible()  # the head says it
    assert group in view._groups_in_order()
    named(view)
    view.rows[town].buttons[Deed.COPY].click()
    assert QGuiApplication.clipboard().text() == view.rows[town].delivery.url
    networks.engine.send_now(sky).result(5)
    until(lambda: said(view, sky).startswith("sent "))
    assert group.fate.text() == "all 3 are out"
    assert view.empty.isVisible()
    assert [len(world.made) for world in networks.worlds.values()] == [1, 1, 1]


def test_one_that_is_down_goes_by_itself_and_only_once(view: OutboxView, networks: Three, until: Until) -> None:
    networks.worlds["sky"].fail("publish", BEFORE_SEND, Unavailable("The server is away"))
    blog, town, sky = publish(networks)
    until(lambda: sky in view.rows)
    for id_ in (blog, town, sky):
        networks.engine.send_now(id_).result(5)
    until(lambda: said(view, sky).startswith("tries again"))
    assert group_of(view, sky).fate.text() == "2 of 3 are out"
    view.rows[sky].buttons[Deed.SEND_NOW].click()
    until(lambda: said(view, sky).startswith("sent "))
    assert [len(world.made) for world in networks.worlds.values()] == [1, 1, 1]


def test_all_are_taken_back_at_once_into_one_draft(
    view: OutboxView, networks: Three, until: Until, qtbot: QtBot
) -> None:
    ids = publish(networks, sky="Library! Monday!")
    until(lambda: set(ids) <= set(view.rows))
    view.take_focus()
    group = group_of(view, ids[0])
    assert QApplication.focusWidget() is group.buttons[Deed.UNDO]
    assert group.buttons[Deed.UNDO].accessibleName() == "Take all back: Library opens"
    order = tab_order(view)
    first = order.index(group.buttons[Deed.UNDO])
    rows = [b for id_ in ids for b in view.rows[id_].buttons.values()]
    assert order[first : first + 8] == [*group.buttons.values(), *rows]
    with qtbot.waitSignal(view.edit_wanted) as wanted:
        group.buttons[Deed.UNDO].click()
    update, channels = wanted.args
    assert channels == [networks.id(n) for n in NAMES]
    assert update.variations == {networks.id("sky"): "Library! Monday!"}
    assert {d.state for d in outbox.deliveries(networks.reader.connection)} == {DeliveryState.CANCELLED}
    until(lambda: not view.groups)
    assert view.empty.isVisible()


def test_one_is_taken_back_and_stays_in_sight_beside_the_others(
    view: OutboxView, networks: Three, until: Until, qtbot: QtBot
) -> None:
    ids = publish(networks)
    until(lambda: set(ids) <= set(view.rows))
    with qtbot.waitSignal(view.edit_wanted) as wanted:
        view.rows[ids[1]].buttons[Deed.UNDO].click()
    assert wanted.args[1] == [networks.id("town")]
    until(lambda: said(view, ids[1]) == "taken back")
    assert [d.id for d in (row.delivery for row in group_of(view, ids[0]).rows)] == ids


def test_all_are_sent_at_once(view: OutboxView, networks: Three, until: Until) -> None:
    ids = publish(networks)
    until(lambda: set(ids) <= set(view.rows))
    group = group_of(view, ids[0])
    group.buttons[Deed.SEND_NOW].click()
    until(lambda: group.fate.text() == "all 3 are out")
    assert not group.buttons[Deed.SEND_NOW].isVisible()
    assert not group.buttons[Deed.UNDO].isVisible()
