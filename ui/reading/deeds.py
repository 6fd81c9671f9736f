"""What is done from the conversation pane: answer, change, take back, moderate, react, report. The engine does it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QInputDialog, QWidget

from inbox.engine import Engine
from inbox.errors import PostroomError
from inbox.model import ConversationId, DeliveryId, MessageId, MessageState, Moderation, Reaction, Update
from inbox.store.reading import StoredMessage
from inbox.tasks import Tasks
from ui.reading.markup import plain
from ui.reading.offers import DONE, LASTING
from ui.slots import async_slot


class Deeds(QObject):
    """``failed(error)``; ``moderated(words, undoable)`` when something is done; ``replied(conversation,
    closed)``; ``refused(conversation, text)``: an answer that did not get into the outbox, with its words;
    ``settled(conversation)``: no answer is on its way there any more."""

    failed = Signal(object)
    moderated = Signal(str, bool)
    replied = Signal(int, bool)
    refused = Signal(int, str)
    settled = Signal(int)
    taken_back = Signal()

    def __init__(self, engine: Engine, tasks: Tasks, parent: QWidget) -> None:
        super().__init__(parent)
        self.tasks = tasks
        self._engine = engine
        self._pane = parent
        self._at_work: set[MessageId] = set()

    def moderate(self, stored: StoredMessage, action: Moderation, words: str = "") -> None:
        """Do this to a message. While the network takes its time others can be moderated, this cannot."""
        if action is Moderation.REPORT and not words:
            self._report(stored)
        else:
            self._start(stored, action, lambda: self._engine.moderate(stored.id, action, words))

    def react(self, stored: StoredMessage, reaction: Reaction) -> None:
        """Like or boost it, or take that back."""
        self._start(stored, reaction, lambda: self._engine.react(stored.id, reaction))

    def _report(self, stored: StoredMessage) -> None:
        """A report cannot be taken back, so the words for it are asked first."""
        asked = QInputDialog(self._pane)
        asked.setWindowTitle(self.tr("Report to the network"))
        name = plain(stored.message.author.handle or stored.message.author.name)
        asked.setLabelText(
            self.tr("What is wrong with what {0} wrote? The network's own moderators read this.").format(name)
        )
        asked.setOption(QInputDialog.InputDialogOption.UsePlainTextEditForTextInput)
        asked.setOkButtonText(self.tr("Send the report"))
        asked.setCancelButtonText(self.tr("Do not report"))
        asked.setInputMode(QInputDialog.InputMode.TextInput)
        asked.textValueSelected.connect(
            lambda words: self.moderate(stored, Moderation.REPORT, words.strip()) if words.strip() else None
        )
        asked.finished.connect(asked.deleteLater)
        asked.open()

    def _start(self, stored: StoredMessage, deed: Moderation | Reaction, work: Callable[[], Future[None]]) -> None:
        if stored.id not in self._at_work:
            self._at_work.add(stored.id)
            self.tasks.start(self._work(stored.id, deed, work), name=f"{deed} {stored.id}")

    async def _work(self, id_: MessageId, deed: Moderation | Reaction, work: Callable[[], Future[None]]) -> None:
        try:
            await asyncio.wrap_future(work())
        except PostroomError as error:
            self.failed.emit(error)
            return
        finally:
            self._at_work.discard(id_)
        self.moderated.emit(DONE[deed], deed not in LASTING)

    def answer(
        self, target: StoredMessage, conversation_id: ConversationId, text: str, close: bool, options: Update | None
    ) -> None:
        """Hand an answer to the outbox; a held comment is approved on the way, which may take a while."""
        self.tasks.start(self._queue(target, conversation_id, text, close, options), name="reply")

    async def _queue(
        self, target: StoredMessage, conversation_id: ConversationId, text: str, close: bool, options: Update | None
    ) -> None:
        held = target.message.state is MessageState.HELD
        try:
            await asyncio.wrap_future(
                self._engine.reply(target.id, text, close=close, approve_first=held, options=options)
            )
        except PostroomError as error:
            self.refused.emit(conversation_id, text)
            self.failed.emit(error)
            return
        finally:
            self.settled.emit(conversation_id)  # also when it ends in a fault of ours
        self.replied.emit(conversation_id, close)

    async def change_words(self, target: StoredMessage, text: str) -> bool:
        """Publish other words for a message of ours; whether it worked."""
        try:
            await asyncio.wrap_future(self._engine.edit(target.id, text))
        except PostroomError as error:  # shown beside the text, which stays
            self.failed.emit(error)
            return False
        self.keep_draft(f"edit:{target.id}", "")
        return True

    @property
    def busy(self) -> bool:
        """Whether the network is being asked to do something to a message."""
        return bool(self._at_work)

    def keep_draft(self, place: str, text: str) -> None:
        """Keep what is being written."""
        self._engine.save_draft(place, text).add_done_callback(self._draft_kept)

    def _draft_kept(self, done: Future[None]) -> None:
        if (error := done.exception()) is not None:
            self._engine.on_error(error)

    @async_slot
    async def take_back(self, delivery_id: int) -> None:
        """Take back what has not left."""
        try:
            await asyncio.wrap_future(self._engine.cancel(DeliveryId(delivery_id)))
        except PostroomError as error:
            self.failed.emit(error)
            return
        self.taken_back.emit()

    @async_slot
    async def again(self, delivery_id: int) -> None:
        """Try again, or do not wait any longer."""
        try:
            await asyncio.wrap_future(self._engine.send_now(DeliveryId(delivery_id)))
        except PostroomError as error:
            self.failed.emit(error)

    @async_slot
    async def carried(self, delivery_id: int) -> None:
        """Somebody carried it over by hand."""
        try:
            await asyncio.wrap_future(self._engine.carried(DeliveryId(delivery_id)))
        except PostroomError as error:
            self.failed.emit(error)

    def read_around(self, id_: MessageId) -> None:
        """Read the whole conversation around this message; offline or refused, what is here has to do."""
        try:
            self._engine.read_around(id_).add_done_callback(self._read)
        except PostroomError:
            return

    def _read(self, done: Future[None]) -> None:
        if not done.cancelled() and (error := done.exception()) is not None and not isinstance(error, PostroomError):
            self._engine.on_error(error)
