"""What publishing would mean, asked of the networks that can say: how many it reaches, and what it costs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QCoreApplication, QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from inbox.engine import Engine
from inbox.errors import PostroomError
from inbox.model import Capability, ChannelId, Problem, Update, Weight
from inbox.tasks import Tasks
from ui.composer.state import ComposerState, Shown
from ui.format import money

PAUSE_MS = 700


@dataclass(frozen=True, slots=True)
class Weighed:
    """``known`` with their ``weights``; ``held``: those that do not go now, each with the reason among its problems."""

    known: Sequence[Shown]
    weights: Mapping[ChannelId, Weight]
    held: Sequence[Shown]


class Weighing(QObject):
    """Asks after a pause in the writing; ``weighed`` when answers are there. A network that does not answer says
    nothing: what it means is asked again before anything goes that cannot be taken back."""

    weighed = Signal()

    def __init__(self, engine: Engine, tasks: Tasks, composer: QWidget) -> None:
        super().__init__(composer)
        self._composer = composer
        self._engine = engine
        self._tasks = tasks
        self.weights: dict[ChannelId, Weight] = {}
        self._wanted: tuple[Update, tuple[ChannelId, ...]] | None = None
        self._known: tuple[Update, tuple[ChannelId, ...]] | None = None
        self._timer = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._timer.timeout.connect(self._ask)

    def look(self, state: ComposerState, shown: Sequence[Shown]) -> None:
        """These are to be weighed, once nothing was changed for a moment."""
        ids = tuple(s.channel.id for s in shown if not s.stopped and Capability.WEIGH in s.channel.capabilities)
        self.weights = {i: w for i, w in self.weights.items() if i in ids}
        if not ids:
            self._timer.stop()
            self._known = None
            return
        wanted = (state.update(ids), ids)
        if wanted != self._known:
            self._wanted = wanted
            self._timer.start()

    def stop(self) -> None:
        """Nobody looks any more."""
        self._timer.stop()
        self._known = None

    def _ask(self) -> None:
        if self._wanted is not None and self._composer.isVisible():
            self._tasks.start(self._answer(*self._wanted), name="weigh")

    async def _answer(self, update: Update, ids: tuple[ChannelId, ...]) -> None:
        try:
            found = await asyncio.wrap_future(self._engine.weigh(update, ids))
        except PostroomError:
            return
        if self._wanted == (update, ids):  # else something else was written meanwhile
            self._known = self._wanted
            self.weights = {i: w for i, w in found.items() if isinstance(w, Weight)}
            self.weighed.emit()


async def weigh_first(engine: Engine, state: ComposerState, asked: Sequence[Shown]) -> Weighed:
    """What is known before these are published. Raises PostroomError when no channel could be asked at all."""
    ids = [s.channel.id for s in asked]
    found = await asyncio.wrap_future(engine.weigh(state.update(ids), ids))
    weights = {i: w for i, w in found.items() if isinstance(w, Weight)}
    held = [_held(s, e) for s in asked if isinstance(e := found.get(s.channel.id), PostroomError)]
    return Weighed([s for s in asked if s.channel.id in weights], weights, held)


def _held(shown: Shown, error: PostroomError) -> Shown:
    words = _tr("What it would mean cannot be told now: {0}.").format(error.detail.rstrip("."))
    return replace(shown, problems=(*shown.problems, Problem(words=words, where="channel")))


def weight_words(weight: Weight) -> str:
    """ "Reaches 12,483 people · costs $0.20"; empty when there is nothing to say."""
    said = []
    if weight.reaches is not None:
        said.append(_tr("Reaches {0} people").format(f"{weight.reaches:,}"))
    if weight.cost:
        said.append(_tr("Costs {0}").format(money(weight.cost)))
    return " · ".join([*said, *weight.words])


def confirm_words(weights: Mapping[ChannelId, Weight], titles: Mapping[ChannelId, str]) -> tuple[str, str, str]:
    """Question, what to know, and the words on the button, for what cannot be taken back."""
    asked = {i: w for i, w in weights.items() if w.confirm}
    reached = [w.reaches for w in asked.values()]
    people = sum(r for r in reached if r is not None)
    known = all(r is not None for r in reached)
    where = ", ".join(titles[i] for i in asked)
    question = (
        _tr("Send to {0} people?").format(f"{people:,}") if known else _tr("Send at {0}?").format(where)
    )  # fmt: skip
    lines = [f"{titles[i]}: {weight_words(w)}" for i, w in asked.items()]
    lines.append(_tr("Once it has left it cannot be taken back, changed or deleted."))
    on_button = _tr("Send to {0} people").format(f"{people:,}") if known else _tr("Send it")
    return question, "\n".join(lines), on_button


def _tr(text: str) -> str:
    return QCoreApplication.translate("composer", text)
