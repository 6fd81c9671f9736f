"""The mailbox that answers to bulletins arrive in, and what was posted through its mail server. No protocol.

The servers run in threads of their own and the story on another, so everything happens under one lock.
"""

from __future__ import annotations

import enum
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr

from inbox.clock import Clock


class MailFault(enum.StrEnum):
    """How the mail servers may fail."""

    AWAY = "nobody answers"  # the connection is closed at once
    SILENT = "no answer to the sign-in"
    DROPPED = "closed in the middle of what was fetched"
    LOST = "closed after the words were taken"
    REFUSED = "the words are refused"
    LATER = "the words are refused for now"


@dataclass(kw_only=True, slots=True)
class Mail:
    """One mail in a folder."""

    uid: int
    content: bytes = field(repr=False)
    at: datetime
    flags: set[str] = field(default_factory=set)

    @property
    def header(self) -> bytes:
        """Up to and with the empty line."""
        end = self.content.find(b"\r\n\r\n")
        return self.content if end < 0 else self.content[: end + 4]


@dataclass(kw_only=True, slots=True)
class Folder:
    """One folder; ``validity`` changes when it is numbered anew."""

    validity: int
    mails: list[Mail] = field(default_factory=list)
    next_uid: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Posted:
    """What the mail server took from a sender."""

    sender: str
    to: list[str]
    content: bytes


class PostOffice:
    """One mailbox. ``copies``: its server puts what we send into Sent by itself, as some do. ``answered`` is told what
    was posted; ``broken`` how the servers fail just now, ``changes`` counts whatever changed a folder by IMAP."""

    def __init__(self, *, address: str, clock: Clock) -> None:
        self.address = address
        self.clock = clock
        self.password = secrets.token_urlsafe(12)
        self.lock = threading.RLock()
        self.folders = {"INBOX": Folder(validity=17_001), "Sent": Folder(validity=17_002)}
        self.copies = True
        self.posted: list[Posted] = []
        self.answered: list[Callable[[Posted], None]] = []
        self.broken: set[MailFault] = set()
        self.changes = 0

    def deliver(self, content: bytes, *, folder: str = "INBOX", at: datetime | None = None) -> Mail:
        """A mail arrives."""
        with self.lock:
            here = self.folders[folder]
            mail = Mail(uid=here.next_uid, content=content, at=at or self.clock.now())
            here.next_uid += 1
            here.mails.append(mail)
            return mail

    def write(
        self, sender: str, address: str, subject: str, text: str, *, message_id: str = "", answers: str = "",
        at: datetime | None = None, attach: tuple[str, bytes] | None = None, **headers: str,
    ) -> Mail:  # fmt: skip
        """Somebody writes to the mailbox."""
        mail = EmailMessage(policy=SMTP)
        when = at or self.clock.now()
        mail["Received"] = f"from mx.example.org by {self.address.rpartition('@')[2]}; {format_datetime(when)}"
        mail["From"] = formataddr((sender, address))
        mail["To"] = self.address
        mail["Subject"] = subject
        mail["Date"] = format_datetime(when)
        mail["Message-ID"] = message_id or f"<{secrets.token_hex(8)}@{address.rpartition('@')[2]}>"
        if answers:
            mail["In-Reply-To"] = mail["References"] = answers
        for name, value in headers.items():
            mail[name.replace("_", "-")] = value
        mail.set_content(text)
        if attach is not None:
            mail.add_attachment(attach[1], maintype="application", subtype="pdf", filename=attach[0])
        return self.deliver(mail.as_bytes(), at=when)

    def remove(self, mail: Mail, *, folder: str = "INBOX") -> None:
        """A colleague deletes it for good."""
        with self.lock:
            self.folders[folder].mails.remove(mail)

    def renumber(self, folder: str = "INBOX") -> None:
        """The server lost its index: every mail gets another number."""
        with self.lock:
            here = self.folders[folder]
            here.validity += 1
            for number, mail in enumerate(here.mails, 1):
                mail.uid = number * 3
            here.next_uid = len(here.mails) * 3 + 1

    def post(self, posted: Posted) -> None:
        """The mail server took it: it goes out."""
        with self.lock:
            self.posted.append(posted)
            if self.copies:
                self.deliver(posted.content, folder="Sent")
        for listener in tuple(self.answered):
            listener(posted)
