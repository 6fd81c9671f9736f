"""From "Publish" to the outbox: what is stopped stays here, what cannot be taken back is asked first."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMessageBox

from inbox.engine import Engine
from inbox.errors import PostroomError
from inbox.model import Capability, ChannelId, Rendition
from ui.composer.frame import ask_for_alt
from ui.composer.state import Shown
from ui.composer.weighing import confirm_words, weigh_first
from ui.composer.wording import refusal_words
from ui.notices import Notice, notice_for
from ui.slots import async_slot
from ui.widgets.ask import ask

if TYPE_CHECKING:
    from ui.composer.window import Composer


class Sending(QObject):
    """Publishes what the composer holds; ``question`` is what a person is asked meanwhile."""

    def __init__(self, engine: Engine, composer: Composer) -> None:
        super().__init__(composer)
        self.tasks = composer.tasks
        self._engine = engine
        self._composer = composer
        self.question: QMessageBox | None = None
        self.agreed: dict[ChannelId, Rendition] = {}  # to what cannot be taken back, as it was then

    @async_slot
    async def publish(self) -> None:
        """Queue it for each channel that nothing stops; what is stopped stays here, with its reason."""
        composer, state = self._composer, self._composer.state
        composer.check()
        composer.notice.clear()
        ready = [s for s in composer.shown if not s.stopped]
        stopped = [s for s in composer.shown if s.stopped]
        if not ready:
            self._tell_stopped(stopped, [])
            return
        if state.undescribed and not state.alt_asked:
            self.question = ask_for_alt(composer, len(state.undescribed), self._alt_answered)
            return
        held = await self._confirmed(ready)
        if held is None or state is not composer.state:
            return
        stopped += held
        ready = [s for s in ready if s.channel.id not in {h.channel.id for h in held}]
        if not ready:
            self._tell_stopped(stopped, [])
            return
        ids = [s.channel.id for s in ready]
        stay = [c for c in state.channels if c not in ids]
        left = replace(state, channels=stay).saved() if stopped else ""
        with composer.busy():
            try:
                asked = self._engine.publish(state.update(ids), ids, draft=(composer.begin_leaving(), left))
                queued = await asyncio.wrap_future(asked)
            except PostroomError as error:
                composer.notice.tell(notice_for(error))
                return
        self.agreed.clear()  # the same words again are another sending
        if stopped:
            state.channels = stay
        if state is composer.state:  # else another post was opened meanwhile
            if stopped:
                composer.go_on()
                self._tell_stopped(stopped, ready)
                composer.save()
            else:
                composer.finish()
        composer.queued.emit(queued)

    async def _confirmed(self, ready: Sequence[Shown]) -> Sequence[Shown] | None:
        """Those that stay because nobody can say now what it would mean. None: a person is asked first."""
        asked = [s for s in ready if Capability.WEIGH in s.channel.capabilities]
        asked = [s for s in asked if self.agreed.get(s.channel.id) != s.rendition]
        if not asked:
            return []
        composer = self._composer
        with composer.busy():
            try:
                weighed = await weigh_first(self._engine, composer.state, asked)
            except PostroomError as error:
                composer.notice.tell(notice_for(error))
                return None
        if not any(w.confirm for w in weighed.weights.values()):
            return weighed.held
        question, what, on_button = confirm_words(weighed.weights, {s.channel.id: s.channel.title for s in asked})

        def answered(answer: str) -> None:
            if answer == "send":
                self.agreed |= {s.channel.id: s.rendition for s in weighed.known}
                self.publish()

        answers = {"keep": self.tr("Not yet"), "send": on_button}
        self.question = ask(composer, question, what, answers, answered, default="keep")
        return None

    @async_slot
    async def try_it(self, channel_id: str) -> None:
        """Send it to ourselves only."""
        notice, id_ = self._composer.notice, ChannelId(channel_id)
        notice.clear()
        try:
            said = await asyncio.wrap_future(self._engine.trial(self._composer.state.update([id_]), id_))
        except PostroomError as error:
            notice.tell(notice_for(error))
            return
        notice.tell(Notice(title=self.tr("A test is on its way"), words=said, hint="", alarm=False))

    def _tell_stopped(self, stopped: Sequence[Shown], gone: Sequence[Shown]) -> None:
        """Say what stops it and what has left, with the focus where it can be mended."""
        composer = self._composer
        title, what, hint = refusal_words(stopped, gone, any_channel=composer.can_publish)
        composer.notice.tell(Notice(title=title, words="\n".join(what), hint=hint, alarm=False))
        first = next(((s, p) for s in stopped for p in s.problems if p.stops), None)
        if first is None:
            composer.editor.take_focus("channel")
        else:
            alike = all(any(p.where == first[1].where for p in s.problems if p.stops) for s in stopped)
            common = alike and not gone and not any(s.edited for s in stopped) and len(stopped) == len(composer.shown)
            composer.editor.take_focus(first[1].where, None if common else first[0].channel.id)

    def _alt_answered(self, answer: str) -> None:
        state, strip = self._composer.state, self._composer.editor.strip
        if answer == "describe":
            strip.take_focus()
            return
        if answer == "decorative":
            for one in state.undescribed:
                one.decorative = True
            strip.show_pictures(state.pictures)
        state.alt_asked = True
        self.publish()
