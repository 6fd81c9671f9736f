"""The composer and the accounts: made when first wanted, since a start has no time for them, and kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from inbox.clock import Clock
from inbox.engine import Engine
from inbox.events import Changed
from inbox.model import Capability, ChannelId, Update
from inbox.store import accounts
from inbox.store.reading import StoredMessage
from inbox.tasks import Tasks
from ui.reader import Reader
from ui.theme import Theme

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from ui.accounts.dialog import AccountsDialog
    from ui.composer.window import Composer


class Dialogs(QObject):
    """``queued`` when a post is on its way, ``not_quotable`` when a message cannot be quoted."""

    queued = Signal()
    not_quotable = Signal()

    def __init__(
        self, engine: Engine, reader: Reader, theme: Theme, tasks: Tasks, clock: Clock, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._with = (engine, reader, theme, tasks, clock)
        self._reader = reader
        self._window = parent
        self._composer: Composer | None = None
        self._accounts: AccountsDialog | None = None

    @property
    def composer(self) -> Composer:
        """Where posts are written."""
        if self._composer is None:
            from ui.composer.window import Composer

            self._composer = Composer(*self._with, parent=self._window)
            self._composer.queued.connect(lambda _: self.queued.emit())
        return self._composer

    @property
    def accounts(self) -> AccountsDialog:
        """Where accounts are added, signed in to and removed."""
        if self._accounts is None:
            from ui.accounts.dialog import AccountsDialog

            self._accounts = AccountsDialog(*self._with, parent=self._window)
        return self._accounts

    def on_changed(self, changed: Changed) -> None:
        """Tell those that are open."""
        for dialog in (self._composer, self._accounts):
            if dialog is not None and dialog.isVisible():
                dialog.on_changed(changed)

    def save(self) -> None:
        """The window closes: keep what is being written."""
        if self._composer is not None:
            self._composer.save()

    def compose(self, existing: StoredMessage | None = None) -> None:
        """Write a post, or change one of ours."""
        if existing is not None:
            self.composer.open_post(existing.id)
        else:
            self.composer.open_new()

    def compose_again(self, update: Update, channel_ids: Sequence[ChannelId]) -> None:
        """Go on with an update that was taken back or refused."""
        self.composer.open_update(update, channel_ids)

    def quote(self, stored: StoredMessage) -> None:
        """Write a post that quotes this message, where its network has that."""
        channel = accounts.channel(self._reader.connection, stored.channel_id)
        if channel is not None and Capability.QUOTE in channel.capabilities and stored.message.public:
            self.composer.open_quote(stored.id)
        else:
            self.not_quotable.emit()

    def show_accounts(self) -> None:
        """Open the accounts."""
        self.accounts.refresh()
        self.accounts.open()

    def sign_in_again(self, account_id: str) -> None:
        """Open the accounts where this one is signed in to."""
        self.show_accounts()
        self.accounts.sign_in_again(account_id)
