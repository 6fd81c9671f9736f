"""``reply`` and ``moderate``: what is done with one message."""

from __future__ import annotations

import argparse

from inbox.command_line import asking
from inbox.command_line.answer import Answer
from inbox.command_line.conversation import count
from inbox.command_line.delivery import add_wait, follow
from inbox.command_line.parser import Nouns
from inbox.command_line.session import Session
from inbox.errors import NotFound
from inbox.model import MessageId, Moderation
from inbox.store import reading


def commands(nouns: Nouns) -> None:
    """Declare them."""
    reply = nouns.command("reply", "answer a message in public; the text from --text or the standard input", _reply)
    reply.add_argument("message", type=count, metavar="MESSAGE")
    reply.add_argument("--text", metavar="TEXT", help="the answer itself (- or absent: the standard input)")
    reply.add_argument("--approve", action="store_true", help="approve the message first if it is held")
    reply.add_argument("--close", action="store_true", help="and the conversation is done")
    add_wait(reply)
    moderate = nouns.command("moderate", "what becomes of somebody's message at its network", _moderate)
    moderate.add_argument("message", type=count, metavar="MESSAGE")
    moderate.add_argument("action", choices=[m.value for m in Moderation])


def _reply(args: argparse.Namespace, session: Session) -> Answer:
    session.must_exist()  # before anybody types an answer for nothing
    text = asking.text(None) if args.text in (None, "-") else args.text
    with session.engine() as running:
        delivery_id = running.result(
            running.engine.reply(MessageId(args.message), text, close=args.close, approve_first=args.approve)
        )
        return follow(running, [delivery_id], wait=args.wait)


def _moderate(args: argparse.Namespace, session: Session) -> Answer:
    with session.engine() as running:
        running.result(running.engine.moderate(MessageId(args.message), Moderation(args.action)))
        stored = reading.message(running.connection, args.message)
    if stored is None:
        raise NotFound(f"There is no message {args.message}.")
    return Answer(values={"message": stored}, lines=[f"Message {stored.id} is {stored.message.state.value} now."])
