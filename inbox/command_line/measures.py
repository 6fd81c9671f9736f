"""``measures``: what accounts use up and what runs out; ``budget``: the officer's ceiling."""

from __future__ import annotations

import argparse
from decimal import Decimal, InvalidOperation

from inbox.command_line.answer import Answer, WrongUsage
from inbox.command_line.output import moment, table
from inbox.command_line.parser import Nouns
from inbox.command_line.session import Session
from inbox.errors import NotFound
from inbox.metering import MICRO, Unit, Use
from inbox.model import Account, AccountId
from inbox.store import accounts, spending

MOST = 1_000_000_000
"""Of a budget: nobody means more, and a row holds no more than so many millionths."""


def commands(nouns: Nouns) -> None:
    """Declare them."""
    nouns.command("measures", "what each account uses up of calls and money, and what runs out when", _measures)
    budget = nouns.command("budget", "set how much an account may spend in a month, or how often it may ask", _budget)
    budget.add_argument("account", metavar="ACCOUNT")
    budget.add_argument("amount", type=_amount_typed, metavar="AMOUNT", help="such as 12.50 (US dollars), or calls")


def _amount_typed(words: str) -> Decimal:
    """Exactly, so that cents stay cents."""
    try:
        amount = Decimal(words.removeprefix("$"))
    except InvalidOperation:
        raise argparse.ArgumentTypeError(f"{words!r} is no amount") from None
    if not amount.is_finite() or not 0 <= amount <= MOST or amount != round(amount, 2):
        raise argparse.ArgumentTypeError(f"{words!r} is no amount in dollars and cents")
    return amount


def _measures(args: argparse.Namespace, session: Session) -> Answer:
    lines: list[str] = []
    values: list[dict[str, object]] = []
    now = session.clock.now()
    with session.reader() as connection:
        for account in accounts.accounts(connection):
            allowances = session.networks[account.network].allowances if account.network in session.networks else ()
            uses = [spending.use(connection, account.id, a, now=now) for a in allowances]
            validity = spending.validity(connection, account.id)
            values.append(
                {
                    "account": account.id,
                    "uses": [
                        _use_values(u, spending.lines(connection, account.id, u.allowance, now=now)) for u in uses
                    ],
                    "sign_in_ends_at": validity.sign_in_ends_at,
                    "version": validity.version,
                    "version_ends_on": str(validity.version_ends_on or ""),
                    "words": validity.words,
                }
            )
            rows = [_row(account, u) for u in uses]
            if validity.sign_in_ends_at is not None:
                rows.append((account.id, "sign-in", f"until {moment(validity.sign_in_ends_at)}"))
            if validity.version:
                until = f", until {validity.version_ends_on}" if validity.version_ends_on else ""
                rows.append((account.id, "API version", f"{validity.version}{until}"))
            lines += table([*rows, *((account.id, "to know", words) for words in validity.words)])
    return Answer(values={"accounts": values}, lines=lines or ["No account uses anything up."])


def _row(account: Account, use: Use) -> tuple[str, str, str]:
    of = f" of {_amount(use, use.limit)}" if use.limit is not None and use.allowance.unit is not Unit.SHARE else ""
    return (account.id, use.allowance.title, f"{_amount(use, use.used)}{of} until {moment(use.ends_at)}")


def _amount(use: Use, amount: int) -> str:
    match use.allowance.unit:
        case Unit.MONEY:
            return f"${Decimal(amount) / MICRO:,.2f}"
        case Unit.SHARE:
            return f"{amount} %"
        case Unit.CALLS:
            return f"{amount:,}"


def _use_values(use: Use, lines: list[spending.Line]) -> dict[str, object]:
    return {
        "name": use.allowance.name, "unit": use.allowance.unit, "used": use.used, "limit": use.limit,
        "begins_at": use.begins_at, "ends_at": use.ends_at,
        "spent": [{"what": line.what, "times": line.times, "amount": line.amount} for line in lines],
    }  # fmt: skip


def _budget(args: argparse.Namespace, session: Session) -> Answer:
    with session.engine() as running:
        account = next((a for a in accounts.accounts(running.connection) if a.id == args.account), None)
        if account is None:
            raise NotFound(f"There is no account {args.account}.", hint="`account list` shows them.")
        settable = [a for a in session.networks[account.network].allowances if a.settable]
        if not settable:
            raise WrongUsage(f"{account.title} has no limit that could be set.")
        [allowance, *_] = settable
        amount = int(args.amount * MICRO) if allowance.unit is Unit.MONEY else int(args.amount)
        running.result(running.engine.set_budget(AccountId(args.account), allowance.name, amount))
    return Answer(
        values={"account": args.account, "allowance": allowance.name, "limit": amount},
        lines=[f"{allowance.title}: at most {args.amount:,} from now on."],
    )
