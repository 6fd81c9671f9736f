"""The outbox: what has not arrived first, oldest on top, then what went lately, each update with the fates of all its
channels together. A timer runs only while one counts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine, Sequence
from concurrent.futures import Future
from typing import Any

from PySide6.QtCore import Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication, QHideEvent, QShowEvent
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from inbox.clock import Clock
from inbox.engine import Engine
from inbox.errors import PostroomError
from inbox.events import Changed
from inbox.model import Channel, ChannelId, Delivery, DeliveryId, UpdateId, UpdateKind
from inbox.store import accounts
from inbox.tasks import Tasks
from ui.format import plural
from ui.notices import notice_for
from ui.outbox.carrying import carry_over, copy_pictures
from ui.outbox.fates import fates
from ui.outbox.group import UpdateGroup
from ui.outbox.row import DeliveryRow
from ui.outbox.standing import Around, Deed, concerned, standing
from ui.reader import Reader
from ui.theme import GAP
from ui.widgets.form import heading, words
from ui.widgets.inline_notice import InlineNotice, announce
from ui.widgets.scrolled import Scrolled

TICK_MS = 500


class OutboxView(QWidget):
    """``edit_wanted(Update, channel ids)``: a post to go on with. ``conversation_wanted(id)``: a reply that went back
    into its box. ``sign_in_wanted(account id)``. Call ``on_changed`` for each change."""

    edit_wanted = Signal(object, list)
    conversation_wanted = Signal(int)
    sign_in_wanted = Signal(str)

    def __init__(
        self, engine: Engine, reader: Reader, tasks: Tasks, clock: Clock, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.tasks = tasks
        self._engine = engine
        self._reader = reader
        self._clock = clock
        self._titles = engine.titles
        self._channels: dict[str, Channel | None] = {}
        self._signed_in: dict[str, bool] = {}
        self._stale = True
        self._busy: set[DeliveryId] = set()
        self.rows: dict[DeliveryId, DeliveryRow] = {}
        self.groups: dict[UpdateId, UpdateGroup] = {}
        self.setAccessibleName(self.tr("Outbox"))
        self.title = heading(self.tr("Outbox"))
        self.count = words("", "text-3")
        self.notice = InlineNotice()
        self.empty = words(self.tr("Nothing waits to go out."), "text-2")
        self._recent = words(self.tr("Lately"), "text-3")
        inner = Scrolled()
        self._column = QVBoxLayout(inner)
        self._column.setContentsMargins(5 * GAP, 4 * GAP, 5 * GAP, 4 * GAP)
        self._column.setSpacing(2 * GAP)
        self._column.addWidget(self.title)
        self._column.addWidget(self.count)
        self._column.addWidget(self.notice)
        self._column.addWidget(self.empty)
        self._waiting_rows, self._recent_rows = QVBoxLayout(), QVBoxLayout()
        for rows in (self._waiting_rows, self._recent_rows):
            rows.setSpacing(2 * GAP)
        self._column.addLayout(self._waiting_rows)
        self._column.addSpacing(2 * GAP)
        self._column.addWidget(self._recent)
        self._column.addLayout(self._recent_rows)
        self._column.addStretch(1)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidget(inner)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._area)
        self.timer = QTimer(self, interval=TICK_MS)
        self.timer.timeout.connect(self._tick)

    # What the window tells

    def on_changed(self, changed: Changed) -> None:
        """Read again when deliveries were touched, or what they wait for; while hidden only note it."""
        if not (changed.deliveries or changed.accounts or changed.connectivity):
            return
        self._stale = True
        if self.isVisible():
            self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self.refresh()
        else:
            self._tick()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.timer.stop()

    def take_focus(self) -> None:
        """Go to the first thing that can be done."""
        for group in self._groups_in_order():
            for button in group.controls():
                button.setFocus(Qt.FocusReason.OtherFocusReason)
                return
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    # Reading

    def refresh(self) -> None:
        """Read all that is shown; rows that stay are not made anew."""
        self._stale = False
        connection = self._reader.connection
        self._signed_in = {h.channel.id: h.signed_in for h in accounts.health(connection)}
        found = fates(connection)
        for layout, updates in ((self._waiting_rows, found.waiting), (self._recent_rows, found.recent)):
            for number, (update_id, deliveries) in enumerate(updates.items()):
                group = self.groups.get(update_id) or self._make_group(update_id)
                group.show_rows([self._row(d) for d in deliveries])
                if layout.indexOf(group) != number:
                    self._waiting_rows.removeWidget(group)
                    self._recent_rows.removeWidget(group)
                    layout.insertWidget(number, group)
                    group.show()
        shown = {d.id for of_one in (*found.waiting.values(), *found.recent.values()) for d in of_one}
        for id_ in [i for i in self.rows if i not in shown]:
            self._drop(id_)
        for gone in [i for i in self.groups if i not in found.waiting and i not in found.recent]:
            group = self.groups.pop(gone)
            self._waiting_rows.removeWidget(group)
            self._recent_rows.removeWidget(group)
            group.hide()
            group.deleteLater()
        self.empty.setVisible(not found.count)
        self._recent.setVisible(bool(found.recent))
        self.count.setText(self.tr("{0} on the way or waiting for you").format(plural(found.count, "message")))
        self.count.setVisible(bool(found.count))
        self._tick()
        self._order_focus()

    def _row(self, delivery: Delivery) -> DeliveryRow:
        row = self.rows.get(delivery.id) or self._make(delivery)
        row.delivery = delivery
        return row

    def _make(self, delivery: Delivery) -> DeliveryRow:
        channel = self._channel(delivery)
        network = channel.network if channel is not None else ""
        row = DeliveryRow(delivery, network, channel.title if channel is not None else str(delivery.channel_id))
        row.wanted.connect(self._wanted)
        self.rows[delivery.id] = row
        return row

    def _make_group(self, update_id: UpdateId) -> UpdateGroup:
        group = self.groups[update_id] = UpdateGroup(update_id)
        group.wanted.connect(self._wanted_together)
        return group

    def _drop(self, id_: DeliveryId) -> None:
        row = self.rows.pop(id_)
        had_focus = row.isAncestorOf(self.focusWidget()) if self.focusWidget() is not None else False
        row.hide()
        row.deleteLater()
        if had_focus:
            QTimer.singleShot(0, self, self.take_focus)

    def _channel(self, delivery: Delivery) -> Channel | None:
        if delivery.channel_id not in self._channels:
            found = accounts.channel(self._reader.connection, delivery.channel_id)
            self._channels[delivery.channel_id] = found
        return self._channels[delivery.channel_id]

    def _groups_in_order(self) -> list[UpdateGroup]:
        found = []
        for layout in (self._waiting_rows, self._recent_rows):
            for number in range(layout.count()):
                item = layout.itemAt(number)
                if item is not None and isinstance(group := item.widget(), UpdateGroup):
                    found.append(group)
        return found

    def _in_order(self) -> list[DeliveryRow]:
        return [row for group in self._groups_in_order() for row in group.rows]

    def _order_focus(self) -> None:
        before: QWidget | None = None
        for group in self._groups_in_order():
            for button in (*group.buttons.values(), *(b for row in group.rows for b in row.buttons.values())):
                if before is not None:
                    QWidget.setTabOrder(before, button)
                before = button

    # Showing

    def _tick(self) -> None:
        """Say again how each stands; the timer runs on only while a visible one counts."""
        now, state = self._clock.now(), self._engine.state()
        counting = False
        for row in self.rows.values():
            delivery = row.delivery
            channel = self._channel(delivery)
            around = Around(
                place=row.place,
                network=self._titles.get(channel.network, channel.network) if channel is not None else "",
                signed_in=self._signed_in.get(delivery.channel_id, False),
                offline=state.offline_since is not None,
                paused=state.paused,
            )
            how = standing(delivery, around, now)
            counting |= how.counting
            row.show_standing(delivery, how)
        for group in self.groups.values():
            group.show_together()
        if counting and self.isVisible():
            if not self.timer.isActive():
                self.timer.start()
        else:
            self.timer.stop()

    # Doing

    def _wanted(self, delivery_id: int, deed: str) -> None:
        row = self.rows.get(DeliveryId(delivery_id))
        if row is None:
            return
        self.notice.clear()
        if delivery_id in self._busy and deed not in (Deed.OPEN, Deed.COPY, Deed.CARRY, Deed.PICTURES):
            return  # a second press before the first was answered
        match deed:
            case Deed.OPEN:
                self._open(row.delivery.url)
            case Deed.COPY:
                QGuiApplication.clipboard().setText(row.delivery.url)
                announce(self, self.tr("Copied."))
            case Deed.SIGN_IN:
                channel = self._channel(row.delivery)
                self.sign_in_wanted.emit(channel.account_id if channel is not None else "")
            case Deed.CARRY:
                carry_over(row.delivery)
                announce(self, self.tr("Copied. Paste it in the page that opens."))
            case Deed.PICTURES:
                copy_pictures(row.delivery)
                announce(self, self.tr("Copied."))
            case Deed.DONE:
                self._start([row.delivery], self._done(self._engine.carried(row.delivery.id)))
            case Deed.UNDO | Deed.EDIT | Deed.TAKE_BACK:
                self._start([row.delivery], self._take_back(row.delivery))
            case Deed.SEND_NOW | Deed.SEND_AGAIN | Deed.LOOK_AGAIN:
                self._start([row.delivery], self._done(self._engine.send_now(row.delivery.id)))
            case Deed.IS_THERE | Deed.IS_NOT_THERE:
                arrived = deed == Deed.IS_THERE
                decided = self._engine.decide_unknown(row.delivery.id, arrived=arrived)
                self._start([row.delivery], self._done(decided))

    def _wanted_together(self, update_id: int, deed: str) -> None:
        group = self.groups.get(UpdateId(update_id))
        found = concerned([row.delivery for row in group.rows], Deed(deed)) if group is not None else []
        found = [d for d in found if d.id not in self._busy]
        self.notice.clear()
        if deed == Deed.UNDO and found:
            self._start(found, self._take_back(*found))
        elif deed == Deed.SEND_NOW:
            for one in found:
                self._start([one], self._done(self._engine.send_now(one.id)))

    def _open(self, address: str) -> None:
        if QUrl(address).scheme() in {"http", "https"}:
            QDesktopServices.openUrl(QUrl(address))

    def _start(self, deliveries: Sequence[Delivery], work: Coroutine[Any, Any, None]) -> None:
        ids = {d.id for d in deliveries}
        self._busy |= ids
        task = self.tasks.start(work, name=f"outbox view {min(ids)}")
        task.add_done_callback(lambda _: self._busy.difference_update(ids))

    async def _take_back(self, *deliveries: Delivery) -> None:
        """Take these back, all of one update, and go on with what they say in one draft."""
        taken: list[ChannelId] = []
        update = None
        for one in deliveries:
            if (found := await self._answer(asyncio.wrap_future(self._engine.cancel(one.id)))) is not None:
                update = found
                taken.append(one.channel_id)
        if update is None:
            return
        self.refresh()
        announce(self, self.tr("Taken back."))
        if update.kind is UpdateKind.REPLY:
            if deliveries[0].conversation_id is not None:
                self.conversation_wanted.emit(deliveries[0].conversation_id)
        else:
            self.edit_wanted.emit(update, taken)

    async def _done(self, asked: Future[None]) -> None:
        await self._answer(asyncio.wrap_future(asked))
        self.refresh()

    async def _answer(self, asked: Awaitable[Any]) -> Any:
        try:
            return await asked
        except PostroomError as error:
            self.notice.tell(notice_for(error))
            self.refresh()
        return None
