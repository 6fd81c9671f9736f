"""``conversations``, ``show``, ``search``, ``settle``: what is there, and how far the officer is with it."""

from __future__ import annotations

import argparse

from inbox.command_line.answer import Answer
from inbox.command_line.output import clipped, moment, one_line, visible, wrapped
from inbox.command_line.parser import Nouns
from inbox.command_line.session import Session
from inbox.errors import NotFound
from inbox.model import ConversationStatus
from inbox.store import outbox, reading
from inbox.store.reading import EVERYTHING, ConversationRow, StoredMessage
from inbox.store.schema import PLACES


def commands(nouns: Nouns) -> None:
    """Declare them."""
    listed = nouns.command("conversations", "what is there, newest first", _list)
    listed.add_argument("--place", choices=(*PLACES, EVERYTHING), default="owed", help="default: %(default)s")
    listed.add_argument("--network", choices=sorted(nouns.networks), default="", help="only this one")
    listed.add_argument("--limit", type=count, default=50, metavar="N", help="at most so many (default: %(default)s)")
    show = nouns.command("show", "one conversation whole, oldest message first", _show)
    show.add_argument("conversation", type=count, metavar="CONVERSATION")
    search = nouns.command("search", "messages that hold all the words, newest arrivals first", _search)
    search.add_argument("words", nargs="+", metavar="WORDS")
    search.add_argument("--network", choices=sorted(nouns.networks), default="", help="only this one")
    search.add_argument("--limit", type=count, default=50, metavar="N", help="at most so many (default: %(default)s)")
    settle = nouns.command("settle", "note how far you are with a conversation", _settle)
    settle.add_argument("conversation", type=count, metavar="CONVERSATION")
    settle.add_argument("status", choices=[s.value for s in ConversationStatus])


def count(words: str) -> int:
    """A number from 1 on that a row can have. Raises ValueError, which argparse puts into words."""
    number = int(words)
    if not 1 <= number < 2**63:
        raise ValueError(words)
    return number


def _list(args: argparse.Namespace, session: Session) -> Answer:
    with session.reader() as connection:
        rows = reading.page(connection, args.place, network=args.network, limit=args.limit)
    lines = [line for row in rows for line in _row_lines(row)]
    return Answer(values={"place": args.place, "conversations": rows}, lines=lines or ["There is nothing here."])


def _row_lines(row: ConversationRow) -> list[str]:
    marks = [row.place, *(["unread"] if row.unread else []), *([f"{row.held} held"] if row.held else [])]
    marks += [f"outgoing: {row.outgoing}"] if row.outgoing else []
    number = f"{row.messages} message{'s' if row.messages != 1 else ''}"
    about = row.context_title or row.subject
    lines = [
        clipped(f"{row.id:>6}  {moment(row.last_at)}  {one_line(row.channel_id)}  {', '.join(marks)}  {number}"),
        clipped(f"        {one_line(row.author) or 'unnamed'}: {one_line(row.snippet)}"),
    ]
    return [*lines, clipped(f"        under: {one_line(about)}")] if about else lines


def _show(args: argparse.Namespace, session: Session) -> Answer:
    with session.reader() as connection:
        row = reading.rows(connection, [args.conversation]).get(args.conversation)
        if row is None:
            raise NotFound(f"There is no conversation {args.conversation}.")
        messages = reading.conversation(connection, row.id)
        context = reading.context(connection, row)
        under_way = outbox.of_conversation(connection, row.id)
    lines = [f"Conversation {row.id} at {one_line(row.channel_id)}: {row.place}, {row.status}"]
    if context is not None:
        lines += wrapped(f"Under: {context.message.title or context.message.text[:200]} {context.message.url}")
    for stored in messages:
        lines += ["", *_message_lines(stored)]
    for delivery in under_way:
        lines += ["", *wrapped(f"Delivery {delivery.id}, {delivery.state.value}: {delivery.words}")]
        lines += wrapped(delivery.rendition.text, "    ")
    values = {"conversation": row, "context": context, "messages": messages, "deliveries": under_way}
    return Answer(values=values, lines=lines)


def _message_lines(stored: StoredMessage) -> list[str]:
    m = stored.message
    marks = [m.kind.value, m.state.value, *(["ours"] if m.ours else []), *([] if m.public else ["not public"])]
    marks += [f"edited, {stored.versions} earlier"] if stored.versions else []
    lines = wrapped(f"[{stored.id}] {one_line(m.author.name) or 'unnamed'}  {moment(m.created_at)}  {', '.join(marks)}")
    if m.title:
        lines += wrapped(m.title, "    ")
    lines += wrapped(m.text or stored.withheld, "    ")
    return [*lines, f"    {visible(m.url)}"] if m.url else lines


def _search(args: argparse.Namespace, session: Session) -> Answer:
    with session.reader() as connection:
        hits = reading.search(connection, " ".join(args.words), network=args.network, limit=args.limit)
    lines = []
    for hit in hits:
        lines.append(
            clipped(
                f"[{hit.message_id}] {one_line(hit.author) or 'unnamed'}  {moment(hit.created_at)}"
                f"  conversation {hit.row.id}, {hit.row.place}"
            )
        )
        lines.append(clipped(f"    {one_line(hit.text)}"))
    return Answer(values={"hits": hits}, lines=lines or ["Nothing holds all these words."])


def _settle(args: argparse.Namespace, session: Session) -> Answer:
    with session.engine() as running:
        if args.conversation not in reading.rows(running.connection, [args.conversation]):
            raise NotFound(f"There is no conversation {args.conversation}.")
        running.result(running.engine.set_status([args.conversation], ConversationStatus(args.status)))
        row = reading.rows(running.connection, [args.conversation])[args.conversation]
    return Answer(values={"conversation": row}, lines=[f"Conversation {row.id} is {row.status} (place: {row.place})."])
