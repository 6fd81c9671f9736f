"""``account add | list | remove``: who Postroom is at which network."""

from __future__ import annotations

import argparse

from inbox.command_line import asking
from inbox.command_line.answer import Answer, WrongUsage
from inbox.command_line.output import moment, one_line, table, wrapped
from inbox.command_line.parser import Nouns
from inbox.command_line.session import Session
from inbox.connectors.connector import Discovery
from inbox.errors import NotFound
from inbox.model import Account, AccountId, Channel
from inbox.store import accounts


def commands(nouns: Nouns) -> None:
    """Declare them."""
    noun = nouns.group("account", "sign in at a network, list accounts, remove one")
    add = noun.command("add", "sign in, or sign in again; the secret goes into the key store and nowhere else", _add)
    add.add_argument("network", choices=sorted(nouns.networks), help="one of: %(choices)s", metavar="NETWORK")
    add.add_argument("address", metavar="ADDRESS", help="as it stands in the browser")
    add.add_argument("--user", metavar="U", default="", help="user name or e-mail, where the network wants one")
    add.add_argument(
        "--answer", metavar="NAME=VALUE", action="append", default=[], help="any other line of the sign-in form"
    )
    add.add_argument(
        "--secret-stdin", action="store_true", help="read the secret from the standard input, a line for each part"
    )
    add.add_argument("--yes", action="store_true", help="accept what Postroom warns of")
    noun.command("list", "accounts with their channels", _list)
    remove = noun.command("remove", "sign out, forget the secret; what arrived stays readable", _remove)
    remove.add_argument("account", metavar="ID")


def _add(args: argparse.Namespace, session: Session) -> Answer:
    with session.engine(makes_inbox=True) as running:
        discovery = running.result(running.engine.discover(args.network, args.address))
        if discovery.warnings and not args.yes:
            raise WrongUsage(
                " ".join(["Not done yet:", *discovery.warnings]), hint="If that is all right, say so with --yes."
            )
        answers = _answers(args, discovery)
        account = running.result(running.engine.sign_in(discovery, answers))
        channels = accounts.channels(running.connection, account_id=account.id)
    lines = [
        *(line for warning in discovery.warnings for line in wrapped(f"Accepted: {warning}")),
        f"Signed in at {one_line(account.title)} as {account.id}. Its channels; fetch them with `sync`:",
        *table(((c.id, c.title) for c in channels), "  "),
    ]
    return Answer(
        values={"account": _values(account), "channels": channels, "warnings": discovery.warnings}, lines=lines
    )


def _answers(args: argparse.Namespace, discovery: Discovery) -> dict[str, str]:
    """What the sign-in form is answered with. Open fields come from arguments, secret ones never do."""
    fields = {field.name: field for field in discovery.fields}
    given = dict(_pair(words) for words in args.answer)
    if args.user:
        given["user"] = args.user
    for name in given:
        if name not in fields:
            raise WrongUsage(
                f"{discovery.title} does not ask for {name!r}.", hint=f"It asks for: {', '.join(fields) or 'nothing'}."
            )
        if fields[name].secret:
            raise WrongUsage(f"{fields[name].label} is a secret.", hint="Hand it in with --secret-stdin.")
    for field in discovery.fields:
        if field.required and not field.secret and field.name not in given:
            how = "--user" if field.name == "user" else f"--answer {field.name}=..."
            raise WrongUsage(f"{discovery.title} asks for: {field.label}.", hint=f"Give it with {how}.")
    wanted = [f for f in discovery.fields if f.secret and (f.required or args.secret_stdin)]
    return given | asking.secrets(wanted, from_standard_input=args.secret_stdin)


def _pair(words: str) -> tuple[str, str]:
    name, equals, value = words.partition("=")
    if not equals:
        raise WrongUsage("--answer wants NAME=VALUE.")
    return name, value


def _list(args: argparse.Namespace, session: Session) -> Answer:
    with session.reader() as connection:
        found = [(one, accounts.channels(connection, account_id=one.id)) for one in accounts.accounts(connection)]
        health = {h.channel.id: h for h in accounts.health(connection)}
    lines: list[str] = []
    for account, channels in found:
        state = "" if account.signed_in else "  sign in again"
        lines.append("  ".join(one_line(w) for w in (account.id, account.title, account.address, account.user)) + state)
        lines += table(((c.id, f"fetched {moment(health[c.id].polled_at)}", c.title) for c in channels), "  ")
        for channel in channels:
            if trouble := health[channel.id].trouble:
                lines += wrapped(f"{channel.id}: {trouble}", "    ")
    values = [_values(account) | {"channels": [_channel_values(c) for c in channels]} for account, channels in found]
    return Answer(values={"accounts": values}, lines=lines or ["There is no account yet."])


def _remove(args: argparse.Namespace, session: Session) -> Answer:
    with session.engine() as running:
        found = [a for a in accounts.accounts(running.connection) if a.id == args.account]
        if not found:
            raise NotFound(f"There is no account {args.account}.", hint="`account list` shows them.")
        running.result(running.engine.remove_account(AccountId(args.account)))
    return Answer(
        values={"removed": args.account},
        lines=[f"Signed out of {args.account}: its secret is forgotten, what arrived stays readable."],
    )


def _values(account: Account) -> dict[str, object]:
    """The account without its settings: they are between it and its connector."""
    return {
        "id": account.id, "network": account.network, "title": account.title, "address": account.address,
        "user": account.user, "signed_in": account.signed_in,
    }  # fmt: skip


def _channel_values(channel: Channel) -> dict[str, object]:
    return {"id": channel.id, "title": channel.title, "url": channel.url, "capabilities": channel.capabilities}
