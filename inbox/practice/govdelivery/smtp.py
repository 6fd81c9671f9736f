"""SMTP as much as a sender of mail needs, over the practice post office (RFC 5321, 4954 in part)."""

from __future__ import annotations

import base64
import binascii
import re
import socketserver
from typing import ClassVar

from inbox.practice.govdelivery.post_office import MailFault, Posted, PostOffice

_MOST = 12_000_000
_PATH = re.compile(r"(?:FROM|TO):\s*<([^>]*)>", re.IGNORECASE)


class SmtpTalk(socketserver.StreamRequestHandler):
    """One connection."""

    office: ClassVar[PostOffice]
    timeout = 60
    disable_nagle_algorithm = True  # else each answer of two packets waits 40 ms for an acknowledgement

    def handle(self) -> None:
        """Talk until one of us ends it."""
        if MailFault.AWAY in self.office.broken:
            return
        self.signed_in = False
        self.sender, self.to = "", list[str]()
        self._say("220 post.harbour.example ESMTP practice")
        while (line := self.rfile.readline(2_000)) and self._heard(line.decode("ascii", "replace").strip()):
            pass

    def _heard(self, line: str) -> bool:
        verb, _, rest = line.partition(" ")
        match verb.upper():
            case "EHLO" | "HELO":
                self._say("250-post.harbour.example")
                self._say("250-AUTH PLAIN LOGIN")
                self._say("250 SIZE 12000000")
            case "AUTH":
                self._sign_in(rest)
            case "MAIL" | "RCPT" | "DATA" if not self.signed_in:
                self._say("530 5.7.0 Authentication required")
            case "MAIL":
                self.sender, self.to = _path(rest), []
                self._say("250 2.1.0 OK")
            case "RCPT":
                if "@" not in _path(rest) or _path(rest).endswith("@nowhere.example"):
                    self._say("550 5.1.1 No such address")
                else:
                    self.to.append(_path(rest))
                    self._say("250 2.1.5 OK")
            case "DATA":
                return self._data()
            case "RSET" | "NOOP":
                self._say("250 OK")
            case "QUIT":
                self._say("221 Bye")
                return False
            case _:
                self._say("502 5.5.1 Unknown command")
        return True

    def _sign_in(self, rest: str) -> None:
        how, _, given = rest.partition(" ")
        try:
            if how.upper() == "PLAIN":
                if not given:
                    self._say("334 ")
                    given = self.rfile.readline(2_000).decode("ascii", "replace").strip()
                _, user, password = base64.b64decode(given).decode().split("\0")
            else:
                asked = []
                for prompt in ("VXNlcm5hbWU6", "UGFzc3dvcmQ6"):
                    self._say(f"334 {prompt}")
                    asked.append(base64.b64decode(self.rfile.readline(2_000).strip()).decode())
                user, password = asked
        except (ValueError, binascii.Error):
            self._say("501 5.5.2 Cannot be read")
            return
        self.signed_in = (user, password) == (self.office.address, self.office.password)
        self._say("235 2.7.0 OK" if self.signed_in else "535 5.7.8 Not accepted")

    def _data(self) -> bool:
        if not self.to:
            self._say("503 5.5.1 No valid recipients")
            return True
        self._say("354 Go ahead")
        content = bytearray()
        while (line := self.rfile.readline(_MOST)) and line != b".\r\n":
            content += line[1:] if line.startswith(b".") else line
            if len(content) > _MOST:
                return False
        if not line:
            return False
        if MailFault.REFUSED in self.office.broken:
            self._say("554 5.7.1 Refused")
            return True
        if MailFault.LATER in self.office.broken:
            self._say("451 4.3.0 Try again later")
            return True
        self.office.post(Posted(sender=self.sender, to=list(self.to), content=bytes(content)))
        if MailFault.LOST in self.office.broken:
            return False
        self._say("250 2.0.0 Queued")
        return True

    def _say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")


def _path(rest: str) -> str:
    found = _PATH.match(rest)
    return found[1] if found else ""
