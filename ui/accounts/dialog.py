"""The accounts dialog: the list at the left; at the right how one account is doing, or a new one being added."""

from __future__ import annotations

import asyncio

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from inbox.clock import Clock
from inbox.engine import Engine
from inbox.errors import PostroomError
from inbox.events import Changed
from inbox.model import Account, AccountId
from inbox.store import accounts, outbox, spending
from inbox.tasks import Tasks
from ui.accounts.adding import AddPage
from ui.accounts.health import AccountHealth, read
from ui.accounts.listing import AccountList
from ui.accounts.page import AccountPage
from ui.format import plural
from ui.notices import notice_for
from ui.reader import Reader
from ui.slots import async_slot
from ui.theme import GAP, Theme
from ui.widgets.ask import ask
from ui.widgets.form import button, fit


class AccountsDialog(QDialog):
    """``added(Account)`` after signing in, for the first time or again. Call ``on_changed`` for each change."""

    added = Signal(object)

    def __init__(
        self, engine: Engine, reader: Reader, theme: Theme, tasks: Tasks, clock: Clock, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.tasks = tasks
        self._engine = engine
        self._reader = reader
        self._clock = clock
        self._accounts: dict[AccountId, AccountHealth] = {}
        self._titles = engine.titles
        self.setWindowTitle(self.tr("Accounts"))
        self.list = AccountList(theme)
        self.add = button(self.tr("Add an account"))
        self.page = AccountPage()
        self.adding = AddPage(engine, tasks)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.page)
        self._stack.addWidget(self.adding)
        left = QFrame()
        left.setProperty("role", "sunken")
        left_column = QVBoxLayout(left)
        left_column.setContentsMargins(2 * GAP, 3 * GAP, 2 * GAP, 3 * GAP)
        left_column.setSpacing(2 * GAP)
        left_column.addWidget(self.list, 1)
        left_column.addWidget(self.add, 0, Qt.AlignmentFlag.AlignHCenter)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(left)
        row.addWidget(self._stack, 1)
        letter = self.fontMetrics().averageCharWidth()
        left.setFixedWidth(letter * 30)
        fit(self, 118, 36)
        self.list.chosen.connect(self._chosen)
        self.list.itemActivated.connect(lambda _: self._chosen(self.list.current_id() or ""))
        self.add.clicked.connect(self.start_adding)
        self.page.fetch_wanted.connect(self._fetch)
        self.page.sign_in_wanted.connect(self.sign_in_again)
        self.page.removal_wanted.connect(self._ask_removal)
        self.page.budget_wanted.connect(self._set_budget)
        self.adding.signed_in.connect(self._signed_in)
        self.adding.finished.connect(self.accept)
        self.adding.left.connect(self._turn_back)
        self.refresh()
        if self._accounts:
            self.list.setCurrentRow(0)
            self.list.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.start_adding()

    # What the window asks for

    def on_changed(self, changed: Changed) -> None:
        """Read again what was touched; the row and what is typed stay."""
        if self.isVisible() and (changed.accounts or changed.channels or changed.connectivity):
            self.refresh()

    def refresh(self) -> None:
        """Read all accounts and how they are doing."""
        found = read(self._reader.connection)
        self._accounts = {one.account.id: one for one in found}
        self.list.show_accounts(found, self._clock.now(), self._titles)
        self._show_page()

    def start_adding(self) -> None:
        """Go to the page for a new account."""
        self._stack.setCurrentWidget(self.adding)
        self.adding.begin(can_turn_back=bool(self._accounts))

    def sign_in_again(self, account_id: str) -> None:
        """Go to the page for signing in, filled in for this account."""
        one = self._accounts.get(AccountId(account_id))
        if one is not None:
            self.list.choose(account_id)
            self._stack.setCurrentWidget(self.adding)
            self.adding.begin_again(one.account)

    # What happens

    def _chosen(self, _: str) -> None:
        if self.adding.busy:
            return
        self._stack.setCurrentWidget(self.page)
        self._show_page()

    def _show_page(self) -> None:
        one = self._accounts.get(self.list.current_id() or AccountId(""))
        if one is not None:
            polling = self._engine.state().polling
            fetching = any(h.channel.id in polling for h in one.channels)
            title = self._titles.get(one.account.network, one.account.network)
            now, id_ = self._clock.now(), one.account.id
            uses = [
                (use, spending.lines(self._reader.connection, id_, use.allowance, now=now))
                for use in self._engine.state().uses.get(id_, ())
            ]
            self.page.show_account(one, title, now, fetching=fetching, uses=uses)

    def _turn_back(self) -> None:
        self._stack.setCurrentWidget(self.page)
        self.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def _signed_in(self, account: Account) -> None:
        self.refresh()
        self.list.blockSignals(True)  # the row moves, the page with the good news stays
        self.list.choose(account.id)
        self.list.blockSignals(False)
        opened = accounts.channels(self._reader.connection, account_id=account.id)
        self.adding.show_channels({c.title: c.url for c in opened})
        self.added.emit(account)

    @async_slot
    async def _fetch(self, account_id: str) -> None:
        one = self._accounts.get(AccountId(account_id))
        if one is None:
            return
        try:
            outcomes = await asyncio.wrap_future(self._engine.sync([h.channel.id for h in one.channels]))
        except PostroomError as error:
            self.page.notice.tell(notice_for(error))
            return
        self.refresh()
        failed = next((o.error for o in outcomes if o.error is not None), None)
        if failed is not None:
            self.page.say(f"{failed.title}. {failed.detail} {failed.hint}")
            return
        new = sum(o.new for o in outcomes)
        self.page.say(self.tr("Fetched: {0}.").format(plural(new, "new message") if new else self.tr("nothing new")))

    @async_slot
    async def _set_budget(self, account_id: str, allowance: str, amount: int) -> None:
        try:
            await asyncio.wrap_future(self._engine.set_budget(AccountId(account_id), allowance, amount))
        except PostroomError as error:
            self.page.notice.tell(notice_for(error))
            return
        self.refresh()
        self.page.say(self.tr("The new limit holds from now on."))

    def _ask_removal(self, account_id: str) -> None:
        one = self._accounts.get(AccountId(account_id))
        if one is None:
            return
        mine = {h.channel.id for h in one.channels}
        waiting = sum(d.channel_id in mine for d in outbox.waiting(self._reader.connection))
        what = [
            self.tr("Postroom signs out, forgets the password and fetches nothing more."),
            self.tr("All messages that arrived, and the record of what was done, stay here and can be read."),
        ]
        if waiting:
            what.append(self.tr("{0} in the outbox will not be sent.").format(plural(waiting, "message")))
        answers = {"remove": self.tr("Remove the account"), "keep": self.tr("Keep it")}
        self.question = ask(
            self, self.tr("Remove {0}?").format(one.account.title), "\n".join(what), answers,
            lambda answer: self._remove(account_id) if answer == "remove" else None, default="keep",
        )  # fmt: skip

    @async_slot
    async def _remove(self, account_id: str) -> None:
        try:
            await asyncio.wrap_future(self._engine.remove_account(AccountId(account_id)))
        except PostroomError as error:
            self.page.notice.tell(notice_for(error))
            return
        self.refresh()
        if self._accounts:
            self.list.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.start_adding()

    # One step out

    def reject(self) -> None:
        """Escape: first give up the question under way, then leave the page, then the dialog."""
        if self.adding.busy:
            self.adding.stop()
        elif self._stack.currentWidget() is self.adding and self._accounts and self.adding.done.isHidden():
            self._turn_back()
        else:
            super().reject()

    def done(self, result: int) -> None:
        """However it ends: the next time it opens with the accounts, unless something half typed waits."""
        if self._accounts and not self.adding.done.isHidden():
            self._turn_back()
        super().done(result)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.adding.stop()
        super().reject()  # not one step: the person closes the window
        event.accept()
