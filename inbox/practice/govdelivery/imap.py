"""IMAP as much as a reader of a mailbox needs, over the practice post office (RFC 3501, 4315 and 6154 in part)."""

from __future__ import annotations

import re
import socketserver
from datetime import UTC, datetime
from typing import ClassVar

from inbox.practice.govdelivery import structure
from inbox.practice.govdelivery.post_office import Folder, Mail, MailFault, PostOffice

_LITERAL = re.compile(rb"\{(\d+)\+?\}\r\n$")
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|(\([^)]*\))|(\S+)')
_MOST = 2_000_000


class ImapTalk(socketserver.StreamRequestHandler):
    """One connection."""

    office: ClassVar[PostOffice]
    timeout = 60
    disable_nagle_algorithm = True  # else each answer of two packets waits 40 ms for an acknowledgement

    def handle(self) -> None:
        """Talk until one of us ends it."""
        self.folder: Folder | None = None
        self.read_only = True
        self.signed_in = False
        if MailFault.AWAY in self.office.broken:
            return
        self._say("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN UIDPLUS SPECIAL-USE] Practice post office ready.")
        while (command := self._command()) is not None:
            tag, name, rest, literal = command
            if name == "LOGOUT":
                self._say("* BYE Logging out")
                self._say(f"{tag} OK Logout completed.")
                return
            if name == "LOGIN" and MailFault.SILENT in self.office.broken:
                self.rfile.readline(_MOST)  # until the other side hangs up
                return
            with self.office.lock:
                answer = self._answer(name, rest, literal)
            if answer is None:
                return
            self._say(f"{tag} {answer}")

    def _command(self) -> tuple[str, str, str, bytes] | None:
        line, literal = b"", b""
        while True:
            piece = self.rfile.readline(_MOST)
            if not piece:
                return None
            found = _LITERAL.search(piece)
            if found is None:
                line += piece
                break
            line += piece[: found.start()]
            self._say("+ OK")
            literal = self.rfile.read(min(int(found[1]), _MOST))
        words = line.decode("utf-8", "replace").strip().split(" ", 2)
        if len(words) < 2:
            return None
        name, rest = words[1].upper(), words[2] if len(words) > 2 else ""
        if name == "UID":
            verb, _, rest = rest.partition(" ")
            name = f"UID {verb.upper()}"
        return words[0], name, rest, literal

    def _answer(self, name: str, rest: str, literal: bytes) -> str | None:
        if name in {"CAPABILITY", "NOOP"}:
            if name == "CAPABILITY":
                self._say("* CAPABILITY IMAP4rev1 AUTH=PLAIN UIDPLUS SPECIAL-USE")
            return "OK Completed."
        if name == "LOGIN":
            given = _words(rest)
            self.signed_in = given == [self.office.address, self.office.password]
            return "OK Logged in." if self.signed_in else "NO [AUTHENTICATIONFAILED] Authentication failed."
        if not self.signed_in:
            return "NO Please log in first."
        if name in {"SELECT", "EXAMINE"}:
            return self._open(_words(rest)[0], read_only=name == "EXAMINE")
        if name == "LIST":
            for folder in self.office.folders:
                use = " \\Sent" if folder == "Sent" else ""
                self._say(f'* LIST (\\HasNoChildren{use}) "/" "{folder}"')
            return "OK List completed."
        if name == "APPEND":
            folder = _words(rest)[0]
            if folder not in self.office.folders:
                return "NO [TRYCREATE] Mailbox doesn't exist."
            self.office.changes += 1
            self.office.deliver(literal, folder=folder).flags.add("\\Seen")
            return "OK Append completed."
        if self.folder is None:
            return "BAD No mailbox selected."
        if name == "UID SEARCH":
            found = [m.uid for m in self.folder.mails if _matches(m, rest, self.folder)]
            self._say(f"* SEARCH {' '.join(map(str, found))}".rstrip())
            return "OK Search completed."
        if name == "UID FETCH":
            return self._fetch(*rest.split(" ", 1))
        if name == "UID STORE":
            self.office.changes += 1
            return "NO [READ-ONLY] Read-only mailbox." if self.read_only else "OK Stored."
        return "BAD Unknown command."

    def _open(self, name: str, *, read_only: bool) -> str:
        self.folder = self.office.folders.get(name)
        self.read_only = read_only
        if self.folder is None:
            return "NO [NONEXISTENT] Mailbox doesn't exist."
        self._say("* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)")
        self._say(f"* {len(self.folder.mails)} EXISTS")
        self._say("* 0 RECENT")
        self._say(f"* OK [UIDVALIDITY {self.folder.validity}] UIDs valid")
        self._say(f"* OK [UIDNEXT {self.folder.next_uid}] Predicted next UID")
        return f"OK [{'READ-ONLY' if read_only else 'READ-WRITE'}] Opened."

    def _fetch(self, wanted: str, what: str) -> str | None:
        assert self.folder is not None
        uids = {int(u) for u in wanted.split(",") if u.isdigit()}
        for number, mail in enumerate(self.folder.mails, 1):
            if mail.uid not in uids:
                continue
            out = [f"* {number} FETCH (UID {mail.uid}".encode()]
            if "RFC822.SIZE" in what:
                out.append(f" RFC822.SIZE {len(mail.content)}".encode())
            if "INTERNALDATE" in what:
                out.append(f' INTERNALDATE "{mail.at.astimezone(UTC):%d-%b-%Y %H:%M:%S} +0000"'.encode())
            if "BODYSTRUCTURE" in what:
                out.append(f" BODYSTRUCTURE {structure.described(mail)}".encode())
            asked = re.search(r"BODY(\.PEEK)?\[([\w.]*)\](?:<(\d+)\.(\d+)>)?", what)
            if asked:
                if not asked[1]:
                    self.office.changes += 1
                    mail.flags.add("\\Seen")
                whole = _asked_for(mail, asked[2])
                piece = whole[int(asked[3]) :][: int(asked[4])] if asked[4] else whole
                origin = f"<{asked[3]}>" if asked[3] else ""
                out.append(f" BODY[{asked[2]}]{origin} {{{len(piece)}}}\r\n".encode() + piece)
            if MailFault.DROPPED in self.office.broken:
                self.wfile.write(b"".join(out)[: max(len(b"".join(out)) // 2, 1)])
                return None
            self._write(b"".join(out) + b")\r\n")
        return "OK Fetch completed."

    def _say(self, line: str) -> None:
        self._write(line.encode() + b"\r\n")

    def _write(self, content: bytes) -> None:
        self.wfile.write(content)


def _asked_for(mail: Mail, section: str) -> bytes:
    if not section:
        return mail.content
    return mail.header if section == "HEADER" else structure.part(mail, section)


def _words(rest: str) -> list[str]:
    return [
        re.sub(r"\\(.)", r"\1", match[1]) if match[1] is not None else match[2] or match[3]
        for match in _WORD.finditer(rest)
    ]


def _matches(mail: Mail, criteria: str, folder: Folder) -> bool:
    uid = re.fullmatch(r"UID (\d+):\*", criteria)
    if uid:
        return mail.uid >= int(uid[1]) or mail is folder.mails[-1]  # "n:*" always names the last one
    since = re.fullmatch(r"SINCE (\S+)", criteria)
    if since:
        return mail.at.date() >= datetime.strptime(since[1], "%d-%b-%Y").replace(tzinfo=UTC).date()
    header = re.fullmatch(r'HEADER Message-ID "(.*)"', criteria, re.IGNORECASE)
    if header:
        named = re.search(rb"^Message-ID:\s*(.*?)\r\n(?!\s)", mail.header, re.IGNORECASE | re.MULTILINE | re.DOTALL)
        return named is not None and header[1].encode().lower() in named[1].lower()
    return criteria == "ALL"
