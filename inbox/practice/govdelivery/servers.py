"""The post office's two servers on loopback ports, each in a thread of its own, from ``start()`` to ``stop()``."""

from __future__ import annotations

import socketserver
import threading

from inbox.practice.govdelivery.imap import ImapTalk
from inbox.practice.govdelivery.post_office import PostOffice
from inbox.practice.govdelivery.smtp import SmtpTalk


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever hung up had their reasons."""


class MailServers:
    """IMAP and SMTP over one post office."""

    def __init__(self, office: PostOffice) -> None:
        self.office = office
        self._servers: dict[str, _Server] = {}

    def start(self) -> MailServers:
        """Listen on ports of 127.0.0.1 that the system chooses; harmless when listening already."""
        if not self._servers:
            for name, talk in (("imap", ImapTalk), ("smtp", SmtpTalk)):
                server = _Server(("127.0.0.1", 0), type(talk.__name__, (talk,), {"office": self.office}))
                threading.Thread(
                    target=server.serve_forever, args=(0.05,), name=f"practice {name}", daemon=True
                ).start()
                self._servers[name] = server
        return self

    def stop(self) -> None:
        """Listen no more; harmless when not listening."""
        for server in self._servers.values():
            server.shutdown()
            server.server_close()
        self._servers.clear()

    @property
    def imap(self) -> str:
        """Where IMAP is, as it is typed at sign-in."""
        return f"127.0.0.1:{self._servers['imap'].server_address[1]}"

    @property
    def smtp(self) -> str:
        """Where SMTP is."""
        return f"127.0.0.1:{self._servers['smtp'].server_address[1]}"
