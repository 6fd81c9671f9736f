"""``publish`` and ``deliveries``: what goes out, and whether it did."""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import mimetypes
import shutil
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from inbox.command_line import asking
from inbox.command_line.answer import Answer, WrongUsage, error_values, file_trouble
from inbox.command_line.conversation import count
from inbox.command_line.output import clipped, moment, one_line, visible, wrapped
from inbox.command_line.parser import Nouns
from inbox.command_line.session import Running, Session
from inbox.errors import (
    ByHand,
    NotAllowed,
    NotFound,
    Offline,
    OutcomeUnknown,
    OutOfBudget,
    PostroomError,
    RateLimited,
    Rejected,
    SignInNeeded,
    Unavailable,
)
from inbox.model import ChannelId, Delivery, DeliveryId, DeliveryState, Media, Update, UpdateKind, Weight
from inbox.secrets import KeyringTrouble
from inbox.store import accounts, outbox, record

MEDIA_FOLDER: Final = "media"
_HELD: Final = {
    kind.__name__: kind
    for kind in (Offline, Unavailable, RateLimited, SignInNeeded, NotAllowed, OutOfBudget, KeyringTrouble)
}


def commands(nouns: Nouns) -> None:
    """Declare them."""
    publish = nouns.command("publish", "one post for one or more channels", _publish)
    publish.add_argument("channels", nargs="+", metavar="CHANNEL")
    publish.add_argument("--title", required=True, metavar="T")
    publish.add_argument("--text", metavar="FILE", help="a file in UTF-8 (- or absent: the standard input)")
    publish.add_argument("--excerpt", default="", metavar="TEXT")
    publish.add_argument("--category", action="append", default=[], metavar="C", help="may be repeated")
    publish.add_argument("--tag", action="append", default=[], metavar="T", help="may be repeated")
    publish.add_argument("--image", type=Path, metavar="FILE", help="needs --alt")
    publish.add_argument("--alt", metavar="TEXT", help="what the picture shows, for those who do not see it")
    publish.add_argument(
        "--to", action="append", default=[], metavar="CODE", help="a topic of the channel that receives it; repeatable"
    )
    publish.add_argument("--yes", action="store_true", help="send also what cannot be taken back")
    publish.add_argument("--at", type=_time, metavar="TIME", help="ISO 8601; without offset: the time here")
    add_wait(publish)
    carried = nouns.command("carried", "say that what was handed over is there now", _carried)
    carried.add_argument("delivery", type=count, metavar="DELIVERY")
    carried.add_argument("--url", default="", metavar="URL", help="where it stands")
    listed = nouns.command("deliveries", "what went out or is to go out, newest first", _list)
    listed.add_argument("--limit", type=count, default=50, metavar="N", help="at most so many (default: %(default)s)")


def add_wait(parser: argparse.ArgumentParser) -> None:
    """Declare ``--wait`` and ``--no-wait``."""
    parser.add_argument(
        "--wait",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="wait until it is there, refused or in doubt; --no-wait: only queue it, a later `sync` or window sends it",
    )


def _time(words: str) -> datetime:
    at = datetime.fromisoformat(words)
    return at if at.tzinfo is not None else at.astimezone()


def _publish(args: argparse.Namespace, session: Session) -> Answer:
    session.must_exist()
    if (args.image is None) != (args.alt is None):
        raise WrongUsage("--image and --alt belong together.")
    update = Update(
        kind=UpdateKind.POST,
        title=args.title,
        text=asking.text(args.text),
        excerpt=args.excerpt,
        categories=tuple(args.category),
        tags=tuple(args.tag),
        media=(_kept(session.home, args.image, args.alt),) if args.image is not None else (),
        publish_at=args.at,
    )
    with session.engine() as running:
        channels = [ChannelId(id_) for id_ in dict.fromkeys(args.channels)]
        update = replace(update, choices={id_: tuple(args.to) for id_ in channels})
        if not args.yes:
            _know_first(running.result(running.engine.weigh(update, channels)))
        ids = running.result(running.engine.publish(update, channels))
        return follow(running, ids, wait=args.wait)


def _know_first(weights: dict[ChannelId, Weight | PostroomError]) -> None:
    """What cannot be taken back is not sent before somebody knows what it means."""
    for id_, weight in weights.items():
        if isinstance(weight, PostroomError):
            raise weight
        if weight.confirm:
            reaches = f" It reaches {weight.reaches:,} people." if weight.reaches is not None else ""
            said = " ".join((f"Not sent yet: {id_} cannot take it back.{reaches}", *weight.words))
            raise WrongUsage(said, hint="If that is all right, say so with --yes.")


def _carried(args: argparse.Namespace, session: Session) -> Answer:
    with session.engine() as running:
        running.result(running.engine.carried(DeliveryId(args.delivery), url=args.url))
        found = _found(running.connection, [DeliveryId(args.delivery)])
    return Answer(
        values={"deliveries": [_values(d, None) for d in found]}, lines=[line for d in found for line in _lines(d)]
    )


def _kept(home: Path, picture: Path, alt_text: str) -> Media:
    """The picture, copied into the inbox's own folder: the one named may be gone when it is delivered."""
    mime_type = mimetypes.guess_type(picture.name)[0] or ""
    if not mime_type.startswith("image/"):
        raise WrongUsage(f"{picture.name} does not look like a picture.")
    try:
        content = picture.read_bytes()
        folder = home / MEDIA_FOLDER
        folder.mkdir(exist_ok=True)
        kept = folder / f"{hashlib.sha256(content).hexdigest()[:24]}{picture.suffix.lower()}"
        if not kept.exists():
            shutil.copyfile(picture, kept)
    except OSError as error:
        raise file_trouble(error) from None
    return Media(path=str(kept), mime_type=mime_type, alt_text=alt_text, size_bytes=len(content))


def follow(running: Running, ids: Sequence[DeliveryId], *, wait: bool) -> Answer:
    """Send these without the time for second thoughts, and wait until each has ended or has to wait for something."""
    if wait:
        for id_ in ids:
            with contextlib.suppress(NotFound):  # it left already
                running.result(running.engine.send_now(id_))
        running.wait(lambda: all(_ended(running, d) for d in _found(running.connection, ids)))
    found = _found(running.connection, ids)
    errors = {d.id: _error(running.connection, d) if wait else None for d in found}
    return Answer(
        values={"deliveries": [_values(d, errors[d.id]) for d in found]},
        lines=[line for d in found for line in _lines(d)],
        errors=[e for e in errors.values() if e is not None],
    )


def _found(connection: sqlite3.Connection, ids: Sequence[DeliveryId]) -> list[Delivery]:
    return [d for d in (outbox.delivery(connection, id_) for id_ in ids) if d is not None]


def _ended(running: Running, delivery: Delivery) -> bool:
    """Nothing happens to it without a person or a later time: it has its fate, or was tried and waits."""
    if delivery.state in (DeliveryState.QUEUED, DeliveryState.UNKNOWN):
        later = delivery.not_before_at is not None and delivery.not_before_at > running.now()
        return (later and bool(delivery.words)) or not _signed_in(running.connection, delivery)
    return delivery.state is not DeliveryState.SENDING


def _signed_in(connection: sqlite3.Connection, delivery: Delivery) -> bool:
    return any(h.channel.id == delivery.channel_id and h.signed_in for h in accounts.health(connection))


def _error(connection: sqlite3.Connection, delivery: Delivery) -> PostroomError | None:
    """What stands between this delivery and its channel; ``None`` when it is there."""
    if delivery.state is DeliveryState.SENT:
        return None
    if delivery.state is DeliveryState.REJECTED:
        return Rejected(delivery.words, hint=delivery.hint)
    if delivery.state is DeliveryState.BY_HAND:
        return ByHand(delivery.words, url=delivery.url, text=delivery.rendition.text, hint=delivery.hint)
    if delivery.state is DeliveryState.UNKNOWN:
        return OutcomeUnknown(delivery.words, hint=delivery.hint or None)
    if not _signed_in(connection, delivery):
        return SignInNeeded(f"{delivery.words} Delivery {delivery.id} stays queued.".strip())
    # The record says by name what held it: "held: NotAllowed" (publishing/outbox.py).
    newest = record.lines(connection, subject=f"delivery:{delivery.id}", limit=1)
    kind = _HELD.get(newest[0].verb.removeprefix("held: ") if newest else "", Unavailable)
    return kind(f"{delivery.words} Delivery {delivery.id} stays queued.", hint=delivery.hint or None)


def _list(args: argparse.Namespace, session: Session) -> Answer:
    with session.reader() as connection:
        found = outbox.deliveries(connection, limit=args.limit)
    return Answer(
        values={"deliveries": [_values(d, None) for d in found]},
        lines=[line for d in found for line in _lines(d)] or ["Nothing was sent from here yet."],
    )


def _lines(delivery: Delivery) -> list[str]:
    at = delivery.sent_at or delivery.sending_at or delivery.not_before_at
    shown = one_line(delivery.rendition.title or delivery.rendition.text)
    lines = [
        clipped(f"{delivery.id:>6}  {delivery.state.value:<9}  {moment(at)}  {delivery.channel_id}  {shown}"),
    ]
    if delivery.words:
        lines += wrapped(f"{delivery.words} {delivery.hint}", "        ")
    return [*lines, f"        {visible(delivery.url)}"] if delivery.url else lines


def _values(delivery: Delivery, error: PostroomError | None) -> dict[str, object]:
    return {
        "id": delivery.id, "channel": delivery.channel_id, "state": delivery.state, "attempts": delivery.attempts,
        "kind": delivery.rendition.kind, "title": delivery.rendition.title, "text": delivery.rendition.text,
        "not_before_at": delivery.not_before_at, "sending_at": delivery.sending_at, "sent_at": delivery.sent_at,
        "publish_at": delivery.rendition.publish_at, "remote_id": delivery.remote_id, "url": delivery.url,
        "words": delivery.words, "hint": delivery.hint, "reply_to": delivery.reply_to,
        "conversation_id": delivery.conversation_id, "error": error_values(error) if error is not None else None,
    }  # fmt: skip
