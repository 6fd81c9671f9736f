"""The accounts dialog over a real engine: adding, failing, signing in again, removing; by keyboard."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import httpx
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from inbox.clock import Clock, SystemClock
from inbox.connectors.connector import NOTHING, Authorization, Discovery, SignedIn
from inbox.connectors.memory import BEFORE_SEND, Memory, World
from inbox.engine import Engine
from inbox.errors import Unavailable
from inbox.events import Changed
from inbox.model import Account, Field, SignIn
from inbox.store import accounts
from inbox.tasks import Tasks
from tests.ui.walk import colours_in, tab_order
from ui.accounts.dialog import AccountsDialog
from ui.reader import Reader
from ui.theme import Theme

Until = Callable[[Callable[[], object]], None]
ALLOW = "https://memory.example/allow"
WARNING = "The password will be sent to another host."


class Careful(Memory):
    """The network in memory, asking for as much as a connector may: a browser page, a warning, two fields."""

    @classmethod
    async def discover(cls, address: str, http: httpx.AsyncClient, clock: Clock) -> Discovery:
        found = await super().discover(address, http, clock)
        return replace(
            found, fields=(Field(name="user", label="User name"), *found.fields), browser_url=ALLOW,
            sign_in=(SignIn.BROWSER, SignIn.PASTE), warnings=(WARNING,),
        )  # fmt: skip

    @classmethod
    async def sign_in(
        cls, discovery: Discovery, answers: dict[str, str], http: httpx.AsyncClient, clock: Clock
    ) -> SignedIn:
        return replace(await super().sign_in(discovery, answers, http, clock), user=answers["user"])


@pytest.fixture
def make(qtbot: QtBot, engine: Engine, reader: Reader, theme: Theme, tasks: Tasks) -> Callable[[], AccountsDialog]:
    def dialog() -> AccountsDialog:
        made = AccountsDialog(engine, reader, theme, tasks, SystemClock())
        qtbot.addWidget(made)
        with qtbot.waitActive(made):
            made.show()
            made.activateWindow()
        return made

    return dialog


@pytest.fixture
def careful(engine: Engine, world: World) -> None:
    engine.networks["memory"] = Careful.over({"square": world})  # type: ignore[index]


def focus() -> QWidget:
    found = QApplication.focusWidget()
    assert found is not None
    return found


def press(qtbot: QtBot, key: Qt.Key) -> None:
    qtbot.keyClick(focus(), key)


def typed(qtbot: QtBot, text: str) -> None:
    qtbot.keyClicks(focus(), text)


def test_an_account_is_added_with_the_keyboard_alone(
    make: Callable[[], AccountsDialog], qtbot: QtBot, until: Until, world: World, reader: Reader
) -> None:
    dialog = make()
    assert focus() is dialog.adding.address  # nothing to choose from: the address is the first thing asked
    typed(qtbot, "memory.example")
    press(qtbot, Qt.Key.Key_Return)
    until(lambda: dialog.adding.found.isVisible())
    assert "Memory" in dialog.adding.found.address.text()
    typed(qtbot, world.password)
    press(qtbot, Qt.Key.Key_Return)
    until(lambda: dialog.adding.done.isVisible())
    said = [w.text() for w in dialog.adding.done.findChildren(QLabel)]
    assert "square" in said
    assert "harbour" in said
    until(lambda: focus() is dialog.adding.done.close_)
    press(qtbot, Qt.Key.Key_Return)
    until(lambda: not dialog.isVisible())
    dialog.open()  # used again: it shows the accounts, not the good news of last time
    assert dialog._stack.currentWidget() is dialog.page
    assert [a.user for a in accounts.accounts(reader.connection)] == ["officer"]
    assert world.password not in [edit.text() for _, edit, _ in dialog.adding.found.form.edits.values()]


def test_a_wrong_address_is_said_in_three_parts_and_stays_typed(
    make: Callable[[], AccountsDialog], qtbot: QtBot, until: Until
) -> None:
    dialog = make()
    press(qtbot, Qt.Key.Key_Return)
    until(dialog.adding._address_row.error.isVisible)
    typed(qtbot, "memry.example")
    assert not dialog.adding._address_row.error.isVisible()
    press(qtbot, Qt.Key.Key_Return)
    until(dialog.adding.notice.text)
    assert dialog.adding.notice.text().endswith("There is no memory network at this address Try memory.example")
    assert dialog.adding.address.text() == "memry.example"
    assert focus() is dialog.adding.address


def test_a_wrong_password_keeps_everything_typed_and_the_page(
    make: Callable[[], AccountsDialog], qtbot: QtBot, until: Until, world: World
) -> None:
    dialog = make()
    typed(qtbot, "memory.example")
    press(qtbot, Qt.Key.Key_Return)
    until(lambda: dialog.adding.found.isVisible())
    _, edit, row = dialog.adding.found.form.edits["password"]
    press(qtbot, Qt.Key.Key_Return)
    until(row.error.isVisible)  # empty: not even asked
    assert not world.requests
    typed(qtbot, "guess")
    press(qtbot, Qt.Key.Key_Return)
    until(dialog.adding.notice.text)
    assert "The password is not the one of this network" in dialog.adding.notice.text()
    assert edit.text() == "guess"
    assert dialog.adding.found.isVisible()
    assert "guess" not in dialog.adding.notice.text()


def test_a_secret_is_masked_until_shown(make: Callable[[], AccountsDialog], qtbot: QtBot, until: Until) -> None:
    dialog = make()
    typed(qtbot, "memory.example")
    press(qtbot, Qt.Key.Key_Return)
    until(lambda: dialog.adding.found.isVisible())
    _, edit, row = dialog.adding.found.form.edits["password"]
    typed(qtbot, "sesame")
    assert "sesame" not in edit.displayText()
    press(qtbot, Qt.Key.Key_Tab)
    assert focus() is row.control.toggle  # type: ignore[attr-defined]
    press(qtbot, Qt.Key.Key_Space)
    assert edit.displayText() == "sesame"
    press(qtbot, Qt.Key.Key_Space)
    assert "sesame" not in edit.displayText()


@pytest.mark.usefixtures("careful")
def test_a_warning_must_be_ticked_and_the_browser_is_opened(
    make: Callable[[], AccountsDialog], qtbot: QtBot, until: Until, world: World, browser: list[str],
    named: Callable[[QWidget], None],
) -> None:  # fmt: skip
    dialog = make()
    typed(qtbot, "memory.example")
    press(qtbot, Qt.Key.Key_Return)
    until(lambda: dialog.adding.found.isVisible())
    named(dialog)
    found = dialog.adding.found
    tick = found._agreements[0].tick
    assert focus() is tick
    order = tab_order(found)
    user, password = found.form.edits["user"][1], found.form.edits["password"]
    assert order == [tick, found.browser, user, password[1], password[2].control.toggle, found.confirm]  # type: ignore[attr-defined]
    found.browser.setFocus()
    found.confirm.click()
    until(lambda: focus() is tick)
    assert not world.requests
    press(qtbot, Qt.Key.Key_Space)
    press(qtbot, Qt.Key.Key_Tab)
    press(qtbot, Qt.Key.Key_Space)
    assert browser == [ALLOW]
    assert focus() is user
    typed(qtbot, "k.lowe")
    press(qtbot, Qt.Key.Key_Tab)
    typed(qtbot, world.password)
    press(qtbot, Qt.Key.Key_Return)
    until(lambda: dialog.adding.done.isVisible())


def test_cancel_gives_up_and_keeps_what_was_typed(
    make: Callable[[], AccountsDialog], qtbot: QtBot, until: Until, world: World, engine: Engine, reader: Reader
) -> None:
    reached, go = threading.Event(), threading.Event()

    async def held() -> None:
        reached.set()
        while not go.is_set():
            await SystemClock().sleep(0.01)

    dialog = make()
    typed(qtbot, "memory.example")
    press(qtbot, Qt.Key.Key_Return)
    until(lambda: dialog.adding.found.isVisible())
    world.hook = lambda operation, moment: held() if (operation, moment) == ("sign_in", BEFORE_SEND) else None
    typed(qtbot, world.password)
    press(qtbot, Qt.Key.Key_Return)
    until(reached.is_set)
    assert focus() is dialog.adding.cancel
    press(qtbot, Qt.Key.Key_Escape)
    until(dialog.adding.notice.text)
    go.set()
    assert "Stopped" in dialog.adding.notice.text()
    assert dialog.isVisible()
    assert dialog.adding.found.form.edits["password"][1].text() == world.password
    assert accounts.accounts(reader.connection) == []
    assert engine.sync().result(5) == []  # the engine is free again


@pytest.mark.usefixtures("account")
def test_health_is_said_in_words_and_follows_the_engine(
    make: Callable[[], AccountsDialog], qtbot: QtBot, until: Until, world: World, engine: Engine,
    named: Callable[[QWidget], None],
) -> None:  # fmt: skip
    world.say("Hello")
    dialog = make()
    stop = engine.bus.subscribe(lambda _: None)
    named(dialog)
    assert spoken(dialog) == "Memory, Memory, Not fetched yet"
    qtbot.mouseClick(dialog.page.fetch, Qt.MouseButton.LeftButton)
    until(dialog.page.outcome.isVisible)
    assert dialog.page.outcome.text() == "Fetched: 1 new message."
    assert "Complete to" in spoken(dialog)
    world.fail("fetch", BEFORE_SEND, Unavailable("The server is being repaired"))
    engine.sync().result(5)
    dialog.on_changed(Changed(accounts=True))
    assert "No answer since" in spoken(dialog)
    assert any("being repaired" in w.text() for w in dialog.page.findChildren(QLabel))
    stop()


@pytest.mark.usefixtures("careful")
def test_signing_in_again_is_filled_in_and_keeps_the_account(
    make: Callable[[], AccountsDialog], qtbot: QtBot, until: Until, world: World, engine: Engine, reader: Reader
) -> None:
    discovery = engine.discover("memory", "memory.example").result(5)
    before = engine.sign_in(discovery, {"user": "k.lowe", "password": world.password}).result(5)
    world.password = "a-new-one"
    engine.sync().result(5)
    dialog = make()
    assert "Signed out" in spoken(dialog)
    assert "Sign in again" in dialog.page.notice.text()
    dialog.page.notice.findChild(QPushButton).click()
    until(lambda: dialog.adding.found.isVisible())
    assert dialog.adding.address.text() == "memory.example"
    assert dialog.adding.address.isReadOnly()
    assert dialog.adding.found.form.edits["user"][1].text() == "k.lowe"
    press(qtbot, Qt.Key.Key_Space)  # the warning
    dialog.adding.found.take_focus()
    assert focus() is dialog.adding.found.form.edits["password"][1]
    typed(qtbot, "a-new-one")
    press(qtbot, Qt.Key.Key_Return)
    until(lambda: dialog.adding.done.isVisible())
    assert [(a.id, a.signed_in) for a in accounts.accounts(reader.connection)] == [(before.id, True)]


def test_removing_says_what_stays_and_asks_first(
    make: Callable[[], AccountsDialog], qtbot: QtBot, until: Until, account: Account, reader: Reader
) -> None:
    dialog = make()
    dialog.page.remove.click()
    assert "stay here and can be read" in dialog.question.informativeText()
    keep = dialog.question.findChild(QPushButton, "keep")
    until(lambda: QApplication.focusWidget() is keep)
    qtbot.keyClick(keep, Qt.Key.Key_Escape)
    assert [a.id for a in accounts.accounts(reader.connection)] == [account.id]
    dialog.page.remove.click()
    dialog.question.findChild(QPushButton, "remove").click()
    until(lambda: not accounts.accounts(reader.connection))
    until(lambda: dialog._stack.currentWidget() is dialog.adding)


@pytest.mark.usefixtures("account")
def test_escape_goes_one_step_out(make: Callable[[], AccountsDialog], qtbot: QtBot, until: Until) -> None:
    dialog = make()
    dialog.add.click()
    typed(qtbot, "memory.exam")
    press(qtbot, Qt.Key.Key_Escape)
    assert dialog.isVisible()
    assert focus() is dialog.list
    dialog.add.click()
    assert dialog.adding.address.text() == "memory.exam"
    press(qtbot, Qt.Key.Key_Escape)
    press(qtbot, Qt.Key.Key_Escape)
    until(lambda: not dialog.isVisible())


def test_no_colour_is_named_outside_the_theme() -> None:
    root = Path(__file__).parents[3] / "ui"
    assert colours_in(root / "theme.py")  # the look works
    for folder in ("accounts", "composer", "outbox", "record", "widgets"):
        assert colours_in(root / folder) == []


def spoken(dialog: AccountsDialog) -> str:
    return str(dialog.list.item(0).data(Qt.ItemDataRole.AccessibleTextRole))


def test_after_a_wrong_password_the_right_one_opens_it(
    make: Callable[[], AccountsDialog], qtbot: QtBot, until: Until, world: World, account: Account, reader: Reader
) -> None:
    dialog = make()
    dialog.add.click()
    dialog.adding.address.setText("memory.example")
    dialog.adding.look()
    until(lambda: dialog.adding.found.isVisible())
    edit = dialog.adding.found.form.edits["password"][1]
    for typed_, holds in (("guess", dialog.adding.notice.text), (world.password, dialog.adding.done.isVisible)):
        edit.setText(typed_)
        dialog.adding.found.confirm.click()
        until(holds)
    assert dialog.adding.notice.text() == ""
    assert [a.id for a in accounts.accounts(reader.connection)] == [account.id]  # no second one


class Returning(Memory):
    """The network in memory, signed in to by a browser that comes back."""

    @classmethod
    async def discover(cls, address: str, http: httpx.AsyncClient, clock: Clock) -> Discovery:
        return replace(await super().discover(address, http, clock), sign_in=(SignIn.BROWSER, SignIn.PASTE))


@pytest.fixture
def returning(engine: Engine, world: World) -> None:
    engine.networks["memory"] = Returning.over({"square": world})  # type: ignore[index]


def come_back(address: str, answer: str) -> None:
    redirect = address.partition("?to=")[2]
    threading.Thread(target=lambda: httpx.get(f"{redirect}?{answer}"), daemon=True).start()


@pytest.mark.usefixtures("returning")
def test_the_browser_brings_the_person_back(
    make: Callable[[], AccountsDialog], qtbot: QtBot, until: Until, world: World, reader: Reader, browser: list[str]
) -> None:
    dialog = make()
    typed(qtbot, "memory.example")
    press(qtbot, Qt.Key.Key_Return)
    until(lambda: not dialog.adding.found.isHidden() and not dialog.adding.busy)
    assert focus() is dialog.adding.found.browser, "nothing has to be typed any more"
    press(qtbot, Qt.Key.Key_Space)
    until(lambda: browser)
    assert focus() is dialog.adding.cancel, "it can be given up while the browser is open"
    come_back(browser[0], f"code={world.password}&state=s1")
    until(lambda: not dialog.adding.done.isHidden())
    assert [a.network for a in accounts.accounts(reader.connection)] == ["memory"]


@pytest.mark.usefixtures("returning")
def test_a_refusal_in_the_browser_is_said_and_nothing_is_kept(
    make: Callable[[], AccountsDialog], qtbot: QtBot, until: Until, reader: Reader, browser: list[str]
) -> None:
    dialog = make()
    typed(qtbot, "memory.example")
    press(qtbot, Qt.Key.Key_Return)
    until(lambda: not dialog.adding.found.isHidden() and not dialog.adding.busy)
    press(qtbot, Qt.Key.Key_Space)
    until(lambda: browser)
    come_back(browser[0], "error=access_denied&state=s1")
    until(lambda: not dialog.adding.notice.isHidden())
    assert accounts.accounts(reader.connection) == []


@pytest.mark.usefixtures("returning")
def test_a_code_can_be_pasted_when_the_browser_cannot_come_back(
    make: Callable[[], AccountsDialog], qtbot: QtBot, until: Until, world: World, reader: Reader, browser: list[str]
) -> None:
    dialog = make()
    typed(qtbot, "memory.example")
    press(qtbot, Qt.Key.Key_Return)
    until(lambda: not dialog.adding.found.isHidden() and not dialog.adding.busy)
    dialog.adding.found.code_wanted.click()
    until(lambda: browser and not dialog.adding.found.code.isHidden() and not dialog.adding.busy)
    assert focus() is dialog.adding.found.code
    press(qtbot, Qt.Key.Key_Return)
    assert accounts.accounts(reader.connection) == [], "an empty code asks for one"
    typed(qtbot, world.password)
    press(qtbot, Qt.Key.Key_Return)
    until(lambda: not dialog.adding.done.isHidden())
    assert len(accounts.accounts(reader.connection)) == 1


class OwnApp(Memory):
    """Asks for the organisation's own client id before the browser opens, and cannot come back by itself."""

    begun: ClassVar[list[Mapping[str, str]]] = []
    ways: ClassVar[tuple[SignIn, ...]] = (SignIn.BROWSER_CODE, SignIn.PASTE)

    @classmethod
    async def discover(cls, address: str, http: httpx.AsyncClient, clock: Clock) -> Discovery:
        return replace(
            await super().discover(address, http, clock),
            sign_in=cls.ways,
            app_fields=(
                Field(name="client", label="Client id"),
                Field(name="hidden", label="Client secret", secret=True, required=False),
            ),
        )

    @classmethod
    async def authorize(
        cls,
        discovery: Discovery,
        redirect_uri: str,
        http: httpx.AsyncClient,
        clock: Clock,
        answers: Mapping[str, str] = NOTHING,
    ) -> Authorization:
        cls.begun.append(answers)
        return await super().authorize(discovery, redirect_uri, http, clock, answers)

    @classmethod
    async def sign_in(
        cls, discovery: Discovery, answers: Mapping[str, str], http: httpx.AsyncClient, clock: Clock
    ) -> SignedIn:
        cls.begun.append(answers)
        return await super().sign_in(discovery, answers, http, clock)


def test_an_organisations_own_app_is_asked_for_first_and_its_code_is_pasted(
    engine: Engine, world: World, make: Callable[[], AccountsDialog], qtbot: QtBot, until: Until, reader: Reader,
    browser: list[str],
) -> None:  # fmt: skip
    OwnApp.begun.clear()
    engine.networks["memory"] = OwnApp.over({"square": world})  # type: ignore[index]
    dialog = make()
    typed(qtbot, "memory.example")
    press(qtbot, Qt.Key.Key_Return)
    until(lambda: not dialog.adding.found.isHidden() and not dialog.adding.busy)
    found = dialog.adding.found
    assert focus() is found.app.edits["client"][1]
    found.browser.click()
    assert not browser, "without the client id there is no page to open"
    assert "needed" in found.app.edits["client"][2].error.text()
    typed(qtbot, "city-app")
    press(qtbot, Qt.Key.Key_Return)
    until(lambda: browser and not found.code.isHidden() and not dialog.adding.busy)
    assert OwnApp.begun == [{"client": "city-app", "hidden": ""}]
    assert focus() is found.code
    typed(qtbot, world.password)
    press(qtbot, Qt.Key.Key_Return)
    until(lambda: not dialog.adding.done.isHidden())
    assert OwnApp.begun[1]["client"] == "city-app"
    assert len(accounts.accounts(reader.connection)) == 1


class Pasting(OwnApp):
    ways = (SignIn.PASTE, SignIn.BROWSER_CODE)


def test_where_pasting_works_best_it_comes_first_and_the_browser_after_it(
    engine: Engine, world: World, make: Callable[[], AccountsDialog], qtbot: QtBot, until: Until, reader: Reader
) -> None:
    engine.networks["memory"] = Pasting.over({"square": world})  # type: ignore[index]
    dialog = make()
    typed(qtbot, "memory.example")
    press(qtbot, Qt.Key.Key_Return)
    until(lambda: not dialog.adding.found.isHidden() and not dialog.adding.busy)
    found = dialog.adding.found
    assert focus() is found.form.edits["password"][1]
    assert found.confirm.y() < found.browser.y()
    assert (found.confirm.property("role"), found.browser.property("role")) == ("primary", "")
    typed(qtbot, world.password)
    press(qtbot, Qt.Key.Key_Return)
    until(lambda: not dialog.adding.done.isHidden())
    assert len(accounts.accounts(reader.connection)) == 1
