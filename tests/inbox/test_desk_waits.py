"""What happens while the desk waits for a network, what undo says of what cannot be undone, and photographs."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from inbox.connectors.memory import BEFORE_SEND, Memory
from inbox.errors import NotAllowed, Rejected
from inbox.model import DeliveryState, Limits, Media, Message, MessageState, Moderation
from inbox.publishing.fitting import fitted
from tests.inbox.running import Running


@pytest.fixture
def meanwhile(running: Running, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Approving takes fifteen seconds, in which somebody asks something below ``parent``."""
    approve = Memory.moderate

    def during(parent: str) -> None:
        async def slow(self: Memory, channel: object, message: Message, action: Moderation, words: str = "") -> Message:
            running.world.say("Second question", parent=parent)
            await running.clock.run(15)
            await running.engine._polling.now(())
            return await approve(self, channel, message, action, words)  # type: ignore[arg-type]

        monkeypatch.setattr(Memory, "moderate", slow)

    return during


def test_what_came_while_the_network_approved_is_not_settled_unseen(
    running: Running, meanwhile: Callable[[str], None]
) -> None:
    held = running.world.say("Let me in", state=MessageState.HELD)
    running.do(running.engine.sync())
    meanwhile(held)
    id_ = running.do(running.engine.reply(running.message(held).id, "Welcome", approve_first=True, close=True))
    assert running.delivery(id_).state is DeliveryState.QUEUED, "the seconds for second thoughts begin after the wait"
    assert running.row(held).place == "owed", "nobody has seen the second question"


def test_undo_takes_back_what_was_refused_and_says_what_was_taken_back(running: Running) -> None:
    heard = running.world.say("When?")
    running.do(running.engine.sync())
    running.world.fail("publish", BEFORE_SEND, Rejected("Comments are closed."))
    id_ = running.do(running.engine.reply(running.message(heard).id, "At nine"))
    running.run(30)
    assert running.delivery(id_).state is DeliveryState.REJECTED
    undone = running.do(running.engine.undo())
    assert undone is not None
    assert (undone.words, undone.update and undone.update.text) == ("Taken back before it left.", "At nine")
    id_ = running.do(running.engine.reply(running.message(heard).id, "At ten"))
    running.do(running.engine.cancel(id_))
    assert running.do(running.engine.undo()) is None, "that is no act any more"


def test_what_can_never_be_undone_stands_in_nobodys_way(running: Running) -> None:
    heard, other = running.world.say("When?"), running.world.say("Where?")
    running.do(running.engine.sync())
    running.do(running.engine.moderate(running.message(other).id, Moderation.SPAM))
    running.do(running.engine.moderate(running.message(heard).id, Moderation.SPAM))
    running.world.fail("moderate", BEFORE_SEND, NotAllowed("Not any more."))
    with pytest.raises(NotAllowed):
        running.do(running.engine.undo())
    undone = running.do(running.engine.undo())
    assert undone is not None
    assert running.world.entries[other].state is MessageState.PUBLISHED


def test_a_telephones_photograph_with_a_second_picture_in_it_is_a_photograph(tmp_path: Path) -> None:
    whole, depth = Image.new("RGB", (640, 480), "teal"), Image.new("RGB", (320, 240), "grey")
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    body = BytesIO()
    whole.save(body, "MPO", save_all=True, append_images=[depth], exif=exif)
    path = tmp_path / "photo.jpg"
    path.write_bytes(body.getvalue())
    for types in (("image/jpeg", "image/png"), ()):
        made = fitted(Media(path=str(path), mime_type="image/jpeg"), Limits(media_types=types), tmp_path / "out")
        assert made.mime_type == "image/jpeg"
        assert b"SecretCamera" not in Path(made.path).read_bytes()
