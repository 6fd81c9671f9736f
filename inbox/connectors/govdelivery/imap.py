"""The mailbox that answers arrive in, over IMAP: only looked at (EXAMINE, BODY.PEEK), never changed.

imap-tools is synchronous: everything here runs in a thread of its own (``run``). The one thing that ever writes is
``append``, for the copy of an answer of ours, where the officer asked for that at sign-in.
"""

from __future__ import annotations

import asyncio
import imaplib
import re
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Final, TypeVar

from imap_tools import MailBox, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError, MailboxFolderSelectError, MailboxLoginError

from inbox.connectors.govdelivery.place import Host, Mailbox
from inbox.connectors.govdelivery.structure import Unreadable, items, responses
from inbox.errors import BadReply, NotFound, Offline, PostroomError, SignInNeeded, Unavailable

Box = MailBox | MailBoxStartTls | MailBoxUnencrypted
TIMEOUT_S: Final = 30.0
HEADER_BYTES: Final = 65_536
TEXT_BYTES: Final = 1_000_000
_FETCH: Final = f"(UID RFC822.SIZE INTERNALDATE BODYSTRUCTURE BODY.PEEK[HEADER]<0.{HEADER_BYTES}>)"
_NOT_NOW = re.compile(rb"\[(?:UNAVAILABLE|INUSE|LIMIT|SERVERBUG|OVERQUOTA|CONTACTADMIN)\]", re.IGNORECASE)
MESSAGE_ID: Final = re.compile(r"<[\w.!#$%&'*+/=?^`{|}~-]{1,150}@[\w.\[\]:-]{1,100}>", re.ASCII)
"""A message id that may be put into a search: no quotes, no brackets, nothing that could end the command."""
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
Answer = TypeVar("Answer")


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
    """A mail as the server describes it. ``structure`` None: the server's description makes no sense."""

    uid: int
    header: bytes
    size_bytes: int
    received_at: datetime | None
    structure: object = None


class Session:
    """One signed-in connection, looking at one folder at a time."""

    def __init__(self, box: Box) -> None:
        self._box = box
        self._folder = ""

    def open(self, folder: str) -> int:
        """Look at a folder, read-only; its UIDVALIDITY."""
        self._box.folder.set(folder, readonly=True)
        self._folder = folder
        _, found = self._box.client.response("UIDVALIDITY")
        return int(found[-1]) if found and found[-1] else 0

    def next_uid(self) -> int:
        """What the next mail in the folder just opened will be numbered; 1 where the server does not say."""
        _, found = self._box.client.response("UIDNEXT")
        return int(found[-1]) if found and found[-1] else 1

    def look_at(self, folder: str) -> None:
        """Look at a folder unless that is done already."""
        if self._folder != folder:
            self.open(folder)

    def after(self, uid: int) -> list[int]:
        """UIDs above ``uid``, rising."""
        # "n:*" always names the last mail, even where n is higher.
        return sorted(int(u) for u in self._box.uids(f"UID {uid + 1}:*", charset=None) if int(u) > uid)

    def since(self, day: date) -> list[int]:
        """UIDs of what arrived on that day or later, rising."""
        criteria = f"SINCE {day.day}-{_MONTHS[day.month - 1]}-{day.year}"
        return sorted(int(u) for u in self._box.uids(criteria, charset=None))

    def named(self, message_id: str) -> list[int]:
        """UIDs of the mails that carry this message id, rising."""
        if not MESSAGE_ID.fullmatch(message_id):
            return []
        return sorted(int(u) for u in self._box.uids(f'HEADER Message-ID "{message_id}"', charset=None))

    def envelopes(self, uids: Sequence[int]) -> Iterator[Envelope]:
        """These mails without their words; those that are gone meanwhile are left out."""
        if not uids:
            return
        for answer in responses(self._fetch(uids, _FETCH)):
            try:
                yield _envelope(items(answer))
            except Unreadable:
                if (uid := _uid_in(answer)) is not None:
                    yield from self._described_badly(uid)

    def _described_badly(self, uid: int) -> Iterator[Envelope]:
        """A mail whose structure cannot be read: its header alone."""
        plain = f"(UID RFC822.SIZE INTERNALDATE BODY.PEEK[HEADER]<0.{HEADER_BYTES}>)"
        for answer in responses(self._fetch([uid], plain)):
            with suppress(Unreadable):
                yield _envelope(items(answer))

    def text(self, uid: int, section: str, *, most_bytes: int = TEXT_BYTES) -> bytes:
        """One part of a mail, still encoded, cut where it is longer than anybody writes."""
        for answer in responses(self._fetch([uid], f"(UID BODY.PEEK[{section}]<0.{most_bytes}>)")):
            try:
                found = items(answer)
            except Unreadable:
                continue
            if found.get("UID") == str(uid).encode():
                part = next((v for k, v in found.items() if k.startswith("BODY[")), None)
                return part if isinstance(part, bytes) else b""
        return b""

    def append(self, folder: str, content: bytes) -> None:
        """Put a copy into a folder, as read."""
        self._box.append(content, folder, flag_set=["\\Seen"])

    def _fetch(self, uids: Sequence[int], what: str) -> list[bytes | tuple[bytes, bytes]]:
        typ, found = self._box.client.uid("FETCH", ",".join(map(str, uids)), what)
        if typ != "OK":
            raise imaplib.IMAP4.error("FETCH was refused")
        return list(found)


async def run(mailbox: Mailbox, password: str, work: Callable[[Session], Answer], *, account: str = "") -> Answer:
    """Do ``work`` over a connection of its own, in a thread.

    Raises SignInNeeded, NotFound (no such folder), Offline, Unavailable, BadReply.
    """
    held: list[Box] = []
    try:
        return await asyncio.to_thread(_run, mailbox, password, work, account, held)
    except asyncio.CancelledError:
        for box in held:  # the thread would wait for its time-out, and the program for the thread
            with suppress(OSError):
                box.client.socket().shutdown(socket.SHUT_RDWR)
        raise


def _run(
    mailbox: Mailbox, password: str, work: Callable[[Session], Answer], account: str, held: list[Box]
) -> Answer:  # fmt: skip
    try:
        with _opened(mailbox.imap, mailbox.user, password, held) as box:
            return work(Session(box))
    except PostroomError:
        raise
    except (ImapToolsError, imaplib.IMAP4.error, OSError, EOFError) as error:
        raise named(error, mailbox.imap, account) from None
    except (ValueError, TypeError, AttributeError, IndexError, KeyError):  # imaplib over an answer that is none
        raise BadReply(f"The mailbox at {mailbox.imap.name} answers with something that is no IMAP") from None


@contextmanager
def _opened(host: Host, user: str, password: str, held: list[Box]) -> Iterator[Box]:
    box: Box
    if host.tls:
        box = MailBox(host.name, host.port, timeout=TIMEOUT_S, ssl_context=ssl.create_default_context())
    elif host.plain:
        box = MailBoxUnencrypted(host.name, host.port, timeout=TIMEOUT_S)
    else:
        box = MailBoxStartTls(host.name, host.port, timeout=TIMEOUT_S, ssl_context=ssl.create_default_context())
    held.append(box)
    try:
        if user.isascii() and password.isascii():
            box.login(user, password, initial_folder=None)
        else:
            box.login_utf8(user, password, initial_folder=None)
        yield box
    finally:
        with suppress(ImapToolsError, imaplib.IMAP4.error, OSError, EOFError, ValueError):
            box.logout()
        with suppress(imaplib.IMAP4.error, OSError):
            box.client.shutdown()


def named(error: Exception, host: Host, account: str) -> PostroomError:
    """What went wrong on the way to a mail server, by who has to act; nothing of the server's own words."""
    if isinstance(error, MailboxLoginError) or (type(error) is imaplib.IMAP4.error and "LOGIN" in str(error).upper()):
        if _NOT_NOW.search(str(error).encode("ascii", "replace")):
            return Unavailable(f"The mailbox at {host.name} lets nobody in just now", account=account)
        return _wrong_password(host, account)
    if isinstance(error, MailboxFolderSelectError):
        return NotFound("The mailbox has no such folder", hint="Sign in again and check the folders.", account=account)
    if isinstance(error, socket.gaierror):
        return Offline(f"The name {host.name} cannot be found", account=account)
    if isinstance(error, ssl.SSLError):
        return Unavailable(f"The secure connection to {host.name} failed", account=account)
    if isinstance(error, ConnectionRefusedError):
        return Unavailable(f"{host.name} refuses the connection", account=account)
    if isinstance(error, imaplib.IMAP4.error) and not isinstance(error, imaplib.IMAP4.abort):
        if "AUTHENTICATIONFAILED" in str(error).upper():
            return _wrong_password(host, account)
        return BadReply(f"The mailbox at {host.name} refused what was asked", account=account)
    return Unavailable(f"The connection to {host.name} broke off ({type(error).__name__})", account=account)


def _wrong_password(host: Host, account: str) -> SignInNeeded:
    return SignInNeeded(
        f"The mailbox at {host.name} did not accept user and password",
        hint="Sign in again with the mailbox's password; many providers want an app password here.",
        account=account,
    )


def _envelope(found: dict[str, object]) -> Envelope:
    uid, size = found.get("UID"), found.get("RFC822.SIZE")
    header = next((v for k, v in found.items() if k.startswith("BODY[HEADER]")), b"")
    if not isinstance(uid, bytes) or not uid.isdigit():
        raise Unreadable("no UID")
    return Envelope(
        uid=int(uid), header=header if isinstance(header, bytes) else b"",
        size_bytes=int(size) if isinstance(size, bytes) and size.isdigit() else 0,
        received_at=moment(found.get("INTERNALDATE")), structure=found.get("BODYSTRUCTURE"),
    )  # fmt: skip


def _uid_in(answer: Sequence[bytes | tuple[bytes, bytes]]) -> int | None:
    text = b"".join(c[0] if isinstance(c, tuple) else c for c in answer)
    found = re.search(rb"\bUID (\d+)", text)
    return int(found[1]) if found else None


def moment(value: object) -> datetime | None:
    """A time as IMAP or a mail writes it, aware UTC; None when it is none."""
    words = value.decode("ascii", "replace") if isinstance(value, bytes) else str(value or "")
    try:
        at = parsedate_to_datetime(re.sub(r"^\s*(\d+)-(\w{3})-(\d{4})", r"\1 \2 \3", words))
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
