"""What a script can tell from the exit code; ``--help`` ends with this table.

0    done
1    a channel failed, or verify or doctor found a fault
2    wrong usage, or a file named on the command line cannot be used
3    a person has to let Postroom in: sign in, more rights, budget, key store
4    refused: by the network, or not possible there; nothing went out
5    outcome unknown: it may have gone out; Postroom looks for it first
6    offline or unavailable: nothing went out, what was queued stays queued
7    the inbox file cannot be used: missing, in use, full, damaged, too new
8    not found
9    handed over: a person carries it there, and says so with `carried`
70   a fault in Postroom
130  interrupted
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import Final

from inbox.command_line.answer import FileTrouble, WrongUsage
from inbox.errors import (
    ByHand,
    NotAllowed,
    NotFound,
    OutcomeUnknown,
    OutOfBudget,
    PostroomError,
    Rejected,
    SignInNeeded,
    StoreError,
    Unsupported,
)
from inbox.secrets import KeyringTrouble


class Exit(enum.IntEnum):
    """The codes of the table above."""

    DONE = 0
    FAULT_FOUND = 1
    WRONG_USAGE = 2
    NOT_LET_IN = 3
    REFUSED = 4
    OUTCOME_UNKNOWN = 5
    UNAVAILABLE = 6
    STORE = 7
    NOT_FOUND = 8
    BY_HAND = 9
    BUG = 70
    INTERRUPTED = 130


_BY_ERROR: Final[tuple[tuple[type[PostroomError], Exit], ...]] = (
    (WrongUsage, Exit.WRONG_USAGE),
    (FileTrouble, Exit.WRONG_USAGE),
    (ByHand, Exit.BY_HAND),
    (SignInNeeded, Exit.NOT_LET_IN),
    (NotAllowed, Exit.NOT_LET_IN),
    (OutOfBudget, Exit.NOT_LET_IN),
    (KeyringTrouble, Exit.NOT_LET_IN),
    (Rejected, Exit.REFUSED),
    (Unsupported, Exit.REFUSED),
    (OutcomeUnknown, Exit.OUTCOME_UNKNOWN),
    (StoreError, Exit.STORE),
    (NotFound, Exit.NOT_FOUND),
)
_WORST_FIRST: Final = (Exit.OUTCOME_UNKNOWN, Exit.REFUSED, Exit.NOT_LET_IN, Exit.BY_HAND, Exit.UNAVAILABLE)


def exit_of(error: PostroomError) -> Exit:
    """The code for what went wrong. What is not in the table (Offline, Unavailable, BadReply ...) passes by itself."""
    return next((code for kind, code in _BY_ERROR if isinstance(error, kind)), Exit.UNAVAILABLE)


def exit_of_all(errors: Iterable[PostroomError]) -> Exit:
    """One code for several fates: the one that most needs a person."""
    codes = {exit_of(error) for error in errors}
    if not codes:
        return Exit.DONE
    return next((code for code in _WORST_FIRST if code in codes), min(codes))
