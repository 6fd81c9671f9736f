"""``sync``: fetch what is new."""

from __future__ import annotations

import argparse

from inbox.command_line.answer import Answer, error_values
from inbox.command_line.exits import Exit
from inbox.command_line.output import table, wrapped
from inbox.command_line.parser import Nouns
from inbox.command_line.session import Session
from inbox.errors import NotFound
from inbox.model import ChannelId
from inbox.store import accounts
from inbox.sync.fetch import Outcome


def commands(nouns: Nouns) -> None:
    """Declare them."""
    sync = nouns.command("sync", "fetch what is new, send what is due, and end", _sync)
    sync.add_argument("channels", nargs="*", metavar="CHANNEL", help="only these (default: all)")
    sync.add_argument("--once", action="store_true", help="do it once; there is no other way yet")


def _sync(args: argparse.Namespace, session: Session) -> Answer:
    with session.engine() as running:
        known = {c.id for c in accounts.channels(running.connection)}
        for id_ in args.channels:
            if id_ not in known:
                raise NotFound(f"There is no channel {id_}.", hint="`account list` shows them.")
        outcomes = running.result(running.engine.sync([ChannelId(id_) for id_ in args.channels]))
    lines = table(
        [("channel", "new", "edited", "moved", "gone", "requests", "")]
        + [
            (o.channel.id, str(o.new), str(o.edited), str(o.moved), str(o.gone), str(o.requests), o.channel.title)
            for o in outcomes
        ]
    )
    for outcome in outcomes:
        if outcome.error is not None:
            lines += wrapped(f"{outcome.channel.id}: {outcome.error.title}: {outcome.error.detail}", "  ")
    errors = [o.error for o in outcomes if o.error is not None]
    return Answer(
        values={"channels": [_values(o) for o in outcomes]},
        lines=lines if outcomes else ["There is no channel yet."],
        errors=errors,
        code=Exit.FAULT_FOUND if errors else Exit.DONE,
    )


def _values(outcome: Outcome) -> dict[str, object]:
    return {
        "channel": outcome.channel.id, "title": outcome.channel.title, "new": outcome.new, "edited": outcome.edited,
        "moved": outcome.moved, "gone": outcome.gone, "requests": outcome.requests,
        "error": error_values(outcome.error) if outcome.error is not None else None,
    }  # fmt: skip
