"""Adding an account, or signing in again: the address, what stands there, the fields its connector declares.

What is typed stays typed through every failure. While the engine is asked, only Cancel can be pressed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import replace
from typing import TypeVar

from PySide6.QtCore import Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from inbox.connectors.connector import Connector, Discovery
from inbox.engine import Engine
from inbox.errors import Offline, PostroomError, SignInNeeded, Unavailable
from inbox.model import Account, AccountId
from inbox.tasks import Tasks
from ui.accounts.done import Done
from ui.accounts.found import Found
from ui.notices import Notice, notice_for
from ui.slots import async_slot
from ui.theme import GAP
from ui.widgets.flow import FlowLayout
from ui.widgets.form import Form, button, heading, words
from ui.widgets.inline_notice import InlineNotice, announce
from ui.widgets.scrolled import Scrolled
from ui.widgets.tick import Choice

T = TypeVar("T")


class AddPage(QScrollArea):
    """``signed_in(Account)`` once it is done and said; ``left`` when the person turns back, ``finished`` after Done."""

    signed_in = Signal(object)
    finished = Signal()
    left = Signal()
    _address_to_open = Signal(str)  # from the engine's thread

    def __init__(self, engine: Engine, tasks: Tasks) -> None:
        super().__init__()
        self.tasks = tasks
        self._engine = engine
        self._again: Account | None = None
        self._discovery: Discovery | None = None
        self._asked: Future[object] | None = None
        self._focus_before: QWidget | None = None
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inner = Scrolled()
        column = QVBoxLayout(inner)
        column.setContentsMargins(5 * GAP, 5 * GAP, 5 * GAP, 5 * GAP)
        column.setSpacing(4 * GAP)
        self.title = heading(self.tr("Add an account"), 125)
        self._parts = QWidget()
        parts = QVBoxLayout(self._parts)
        parts.setContentsMargins(0, 0, 0, 0)
        parts.setSpacing(4 * GAP)
        self._networks = self._network_row()
        self._form = Form()
        self.address = QLineEdit()
        self.address.textEdited.connect(self._address_edited)
        self.address.returnPressed.connect(self.look)
        self._address_row = self._form.add(self.tr("Address"), self.address)
        self.look_there = button(self.tr("Look there"), "primary")
        self.look_there.clicked.connect(self.look)
        self.found = Found()
        self.found.browser_wanted.connect(self._open_browser)
        self.found.by_browser.connect(self.sign_in_by_browser)
        self.found.by_code.connect(self.fetch_code)
        self.found.confirmed.connect(self.sign_in)
        self._address_to_open.connect(self._open_sign_in)
        self._code_kept: Mapping[str, str] = {}
        self.found.hide()
        for part in (self._networks, self._form, self.look_there, self.found):
            parts.addWidget(part)
        self.notice = InlineNotice()
        self._busy = self._busy_row()
        self.back = button(self.tr("Back"), "quiet")
        self.back.clicked.connect(self.left)
        self.done = Done()
        self.done.closed.connect(self.finished)
        self.done.hide()
        for part in (self.title, self._parts, self.notice, self._busy, self.done):
            column.addWidget(part)
        foot = FlowLayout()
        foot.addWidget(self.back)
        column.addLayout(foot)
        column.addStretch(1)
        self.setWidget(inner)
        self._network_chosen()

    def _network_row(self) -> QWidget:
        holder = QWidget()
        row = FlowLayout(holder)  # more of them than fit beside each other
        row.setSpacing(5 * GAP)
        self.networks = QButtonGroup(holder)
        titles = self._engine.titles  # not the networks themselves: their code takes a second of the window's time
        self._names = list(titles)
        for number, (name, title) in enumerate(titles.items()):
            choice = Choice(title, name)
            choice.setAccessibleName(self.tr("Network: {0}").format(title))
            choice.setObjectName(name)
            self.networks.addButton(choice, number)
            row.addWidget(choice)
        if self.networks.buttons():
            self.networks.buttons()[0].setChecked(True)
        self.networks.idClicked.connect(self._network_chosen)
        return holder

    def _busy_row(self) -> QWidget:
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(3 * GAP)
        self._busy_words = words("", "text-2")
        self.cancel = button(self.tr("Cancel"))
        self.cancel.clicked.connect(self.stop)
        row.addWidget(self._busy_words, 1)
        row.addWidget(self.cancel)
        holder.hide()
        return holder

    # What the dialog asks for

    @property
    def network(self) -> type[Connector]:
        """The connector of the chosen network."""
        return self._engine.networks[self._names[max(self.networks.checkedId(), 0)]]

    @property
    def busy(self) -> bool:
        """Whether the engine is being asked."""
        return self._asked is not None

    def begin(self, *, can_turn_back: bool) -> None:
        """Add an account. What was typed before and not used is still there."""
        if self._again is not None or not self.done.isHidden():
            self._clear()
        self._again = None
        self.title.setText(self.tr("Add an account"))
        self._networks.setVisible(len(self._names) > 1)
        self.address.setReadOnly(False)
        self.back.setVisible(can_turn_back)
        (self.networks.checkedButton() or self.address).setFocus(Qt.FocusReason.OtherFocusReason)
        if len(self._names) == 1 or self.address.text():
            self.address.setFocus(Qt.FocusReason.OtherFocusReason)

    def begin_again(self, account: Account) -> None:
        """Sign in again at the same place: the address is known, so it is looked up at once."""
        self._clear()
        self._again = account
        self.title.setText(self.tr("Sign in again: {0}").format(account.title))
        if account.network in self._names:
            self.networks.button(self._names.index(account.network)).setChecked(True)
        self._network_chosen()
        self._networks.hide()
        self.back.show()
        self.address.setText(account.address)
        self.address.setReadOnly(True)  # another place would be another account
        self.look()

    def stop(self) -> None:
        """Give up what the engine is asked; nothing was kept, and all that was typed is still there."""
        if self._asked is not None:
            self._asked.cancel()

    # What happens

    def _clear(self) -> None:
        self.address.clear()
        self.done.hide()
        self._parts.show()
        self.notice.clear()
        self._forget_found()

    def _network_chosen(self) -> None:
        asked = self.network.address_field
        self._address_row.rename(asked.label, asked.hint)
        self._address_row.show_error("")
        self.address.setPlaceholderText(asked.placeholder)
        self._address_edited()

    def _address_edited(self) -> None:
        """What was found belongs to another address now."""
        self._address_row.show_error("")
        if self._discovery is not None:
            self._forget_found()

    def _forget_found(self) -> None:
        self._discovery = None
        self.found.hide()
        self.look_there.show()

    @async_slot
    async def look(self) -> None:
        address = self.address.text().strip()
        if not address:
            self._address_row.show_error(self.tr("Type the address first."))
            self._address_row.take_focus()
            return
        looking = self.tr("Looking at {0} …").format(address)
        discovery = await self._ask(looking, self._engine.discover(self.network.name, address))
        if discovery is None:
            self.address.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        self._discovery = discovery
        user = self._again.user if self._again is not None else ""
        self.found.show_discovery(discovery, self.network.title, user=user)
        self.look_there.hide()
        self.found.show()
        announce(self, self.tr("Found: {0}").format(discovery.title))
        self.found.take_focus()

    @async_slot
    async def sign_in(self) -> None:
        discovery, answers = self._discovery, self.found.answers()
        if discovery is None or answers is None:
            return
        if "code" in answers:
            answers = {**answers, **self._code_kept}
        asking = self.tr("Signing in at {0} …").format(discovery.title)
        account = await self._ask(asking, self._engine.sign_in(discovery, answers, self._again_id()))
        self._welcome(account)

    @async_slot
    async def sign_in_by_browser(self) -> None:
        discovery = self._discovery
        if discovery is None:
            return
        waiting = self.tr("Your browser shows the page of {0}. Postroom waits until you come back …")
        asked = self._engine.sign_in_by_browser(
            discovery, self._address_to_open.emit, self._again_id(), self.found.app_answers()
        )
        account = await self._ask(waiting.format(discovery.title), asked)
        self._welcome(account)

    @async_slot
    async def fetch_code(self) -> None:
        discovery = self._discovery
        if discovery is None:
            return
        asked = self._engine.authorize(discovery, self.found.app_answers())
        begun = await self._ask(self.tr("Asking {0} …").format(discovery.title), asked)
        if begun is not None:
            self._code_kept = begun.keep
            self._open_browser(begun.url)
            self.found.show_code()

    def _again_id(self) -> AccountId | None:
        return self._again.id if self._again is not None else None

    def _open_sign_in(self, address: str) -> None:
        """The page where the person allows it; its address can be copied from the notice when no browser opens."""
        self._open_browser(address)

    def _welcome(self, account: Account | None) -> None:
        if account is None:
            self.found.take_focus()
            return
        self._code_kept = {}
        self.found.forget_secrets()
        self._parts.hide()
        self.back.hide()
        self.signed_in.emit(account)
        self.done.take_focus()

    async def _ask(self, what: str, asked: Future[T]) -> T | None:
        """The engine's answer; ``None`` when it failed or was given up, which then is said already."""
        self.notice.clear()
        self._show_busy(what, asked)
        try:
            return await asyncio.wrap_future(asked)
        except PostroomError as error:
            self._show_busy("", None)
            self._tell(error)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise  # the window is going
            self._show_busy("", None)
            hint = self.tr("What you typed is still here.")
            self.notice.tell(Notice(title=self.tr("Stopped"), words="", hint=hint, alarm=False))
            self._show_notice()
        finally:
            self._show_busy("", None)
        return None

    def _tell(self, error: PostroomError) -> None:
        notice = notice_for(error)
        if isinstance(error, Offline | Unavailable):  # nothing polls there yet, so nothing tries again by itself
            notice = replace(notice, hint=self.tr("Check the address and try again."))
        if isinstance(error, SignInNeeded):  # its usual words are for an account that was signed in once
            usual = error.hint == SignInNeeded.hint
            hint = self.tr("Check what you typed and try again.") if usual else notice.hint
            notice = replace(notice, title=self.tr("That did not open the account"), hint=hint)
        self.notice.tell(notice)
        self._show_notice()

    def _show_notice(self) -> None:
        QTimer.singleShot(0, self.notice, lambda: self.ensureWidgetVisible(self.notice))  # once it is laid out

    def _show_busy(self, what: str, asked: Future[T] | None) -> None:
        was_busy, self._asked = self._asked is not None, asked  # type: ignore[assignment]
        if asked is not None:
            self._focus_before = self.window().focusWidget()
        self._busy_words.setText(what)
        self._busy.setVisible(asked is not None)
        self._parts.setEnabled(asked is None)
        self.back.setEnabled(asked is None)
        if asked is not None:
            self.cancel.setFocus(Qt.FocusReason.OtherFocusReason)
            announce(self, what)
        elif was_busy and self._focus_before is not None:
            self._focus_before.setFocus(Qt.FocusReason.OtherFocusReason)

    def _open_browser(self, address: str) -> None:
        if QUrl(address).scheme() in {"http", "https"} and QDesktopServices.openUrl(QUrl(address)):
            self.found.take_focus()
            return
        hint = self.tr("Open this address yourself: {0}").format(address)
        self.notice.tell(Notice(title=self.tr("No browser opened"), words="", hint=hint, alarm=False))

    def show_channels(self, titles: Mapping[str, str]) -> None:
        """The channels that the account opened, title -> address."""
        self.done.show_channels(titles)
        self.done.show()
