"""Reading the mailbox: what is new in it and in the folder of sent mail, and what each mail belongs to.

A mail belongs to the bulletin it answers by what it says it answers, as far as that is in the mailbox (an answer of
ours, another mail, a copy of the bulletin), else by its subject, to the newest bulletin of that subject. Each
correspondence is a conversation of its own below the bulletin: what one citizen writes is no other's business.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Final, TypeVar

from inbox.connectors.govdelivery import imap, letters
from inbox.connectors.govdelivery.api import Api
from inbox.connectors.govdelivery.bulletin import PREFIX
from inbox.connectors.govdelivery.cursor import Reading, Spot
from inbox.connectors.govdelivery.imap import Envelope, Session
from inbox.connectors.govdelivery.letters import ANSWER, Letter
from inbox.connectors.govdelivery.place import Mailbox
from inbox.errors import BadReply
from inbox.model import Message

Answer = TypeVar("Answer")
IMPORT_DAYS: Final = 60
"""Older mail than this is not brought in when a mailbox is first read."""
AT_ONCE: Final = 40
UNREADABLE_BYTES: Final = 200_000
LONGEST_CHAIN: Final = 3
"""So many of the mails named in References are looked for; the rest is further away than the conversation."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Read:
    """A mail and what was found of what it answers: its name here, and its subject."""

    letter: Letter
    ours: bool
    parent: str = ""
    parent_subject: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """What one look brought: mails, where each folder stands now, and whether that is all."""

    mails: tuple[Read, ...]
    spots: dict[str, Spot]
    complete: bool


async def read(api: Api, reading: Reading) -> tuple[Reading, list[Message], bool]:
    """The next mails after the cursor, how far that got, and whether it is all. Raises as ``imap.run``."""
    mailbox = _mailbox(api)
    first_day = (api.room.clock.now() - timedelta(days=IMPORT_DAYS)).date()
    look = await _run(api, lambda session: _look(session, mailbox, reading, first_day))
    for folder, spot in look.spots.items():
        reading = reading.at(folder, spot)
    return reading, [_message(mailbox, reading, one) for one in look.mails], look.complete


def _look(session: Session, mailbox: Mailbox, reading: Reading, first_day: date) -> Look:
    found: list[Read] = []
    spots: dict[str, Spot] = {}
    complete, left = True, AT_ONCE
    for folder, ours in _folders(mailbox):
        spot = reading.folders.get(folder, Spot())
        validity = session.open(folder)
        if validity != spot.validity:
            next_uid = session.next_uid()
            uids = session.since(first_day)
            spot = Spot(validity, min(uids, default=next_uid) - 1)
        else:
            uids = session.after(spot.uid)
        now = uids[:left]
        left -= len(now)
        complete = complete and len(now) == len(uids)
        read_here = {e.uid: e for e in session.envelopes(now)}
        found += [Read(letter=_letter(session, e, folder), ours=ours) for _, e in sorted(read_here.items())]
        spots[folder] = Spot(validity, max([spot.uid, *now]))
    resolved = [_resolved(session, mailbox, one) for one in found]
    return Look(mails=tuple(resolved), spots=spots, complete=complete)


def _folders(mailbox: Mailbox) -> Sequence[tuple[str, bool]]:
    return [(mailbox.folder, False), *([(mailbox.sent, True)] if mailbox.sent else [])]


def _letter(session: Session, envelope: Envelope, folder: str) -> Letter:
    letter = letters.described(envelope, folder)
    if letter.trouble:  # kept as it came, for a better reader
        return replace(letter, body=session.text(envelope.uid, "", most_bytes=UNREADABLE_BYTES))
    if letter.text_part is None:
        return letter
    return replace(letter, body=session.text(envelope.uid, letter.text_part.section))


def _resolved(session: Session, mailbox: Mailbox, one: Read) -> Read:
    for message_id in one.letter.answers[:LONGEST_CHAIN]:
        if message_id == one.letter.message_id:
            continue
        if key := letters.answer_key(message_id):
            return replace(one, parent=ANSWER + key)
        for folder, ours in _folders(mailbox):
            session.look_at(folder)
            envelope = next(session.envelopes(session.named(message_id)[:1]), None)
            if envelope is None:
                continue
            named = letters.described(envelope, folder)
            if not ours and named.sender[1].casefold() == mailbox.address.casefold():
                return replace(one, parent_subject=named.subject)  # a copy of a bulletin: not itself answered
            return replace(one, parent=named.remote_id, parent_subject=named.subject)
    return one


def _message(mailbox: Mailbox, reading: Reading, one: Read) -> Message:
    letter = one.letter
    at = letter.envelope.received_at or datetime.now(UTC)
    bulletin = next((b for s in (one.parent_subject, letter.subject) if (b := reading.by_subject(s, at))), "")
    return letters.message(
        letter, parent=one.parent, context=PREFIX + bulletin if bulletin else "", ours=one.ours, address=mailbox.address
    )


async def located(api: Api, remote_id: str) -> Letter | None:
    """The mail with this name of ours, found again in the mailbox; None when it is not there any more."""
    mailbox = _mailbox(api)
    mark, _, message_id = remote_id.removeprefix(letters.MAIL).partition(":")

    def work(session: Session) -> Letter | None:
        for folder, _ in _folders(mailbox):
            session.open(folder)
            uids = session.named(message_id) if message_id else session.after(0)[-500:]
            for envelope in session.envelopes(uids):
                if letters.fingerprint(envelope) == mark:
                    return letters.described(envelope, folder)
        return None

    return await _run(api, work)


async def sent_copy(api: Api, message_id: str) -> bool:
    """Whether the folder of sent mail holds a mail of this name."""
    mailbox = _mailbox(api)

    def work(session: Session) -> bool:
        session.open(mailbox.sent)
        return bool(session.named(message_id))

    return await _run(api, work)


async def keep_copy(api: Api, content: bytes) -> None:
    """Put a copy of an answer into the folder of sent mail."""
    mailbox = _mailbox(api)
    await _run(api, lambda session: session.append(mailbox.sent, content))


async def _run(api: Api, work: Callable[[Session], Answer]) -> Answer:
    password = api.room.secret.read().get("mail_password", "")
    return await imap.run(_mailbox(api), password, work, account=api.room.account.id)


def _mailbox(api: Api) -> Mailbox:
    if api.place.mailbox is None:
        raise BadReply("This account has no mailbox")
    return api.place.mailbox
