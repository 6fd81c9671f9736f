"""The address on this machine to which a browser brings a person back after they allowed Postroom (RFC 8252, 7.3).

Listens on 127.0.0.1 only, at a port of the system's choice or one that the network knows, until the answer with the
right ``state`` came; whatever else asks gets nothing. What the answer carries is a secret for a moment, never logged.
"""

from __future__ import annotations

import asyncio
import contextlib
import html
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from inbox.errors import NotAllowed, Unavailable

PATH: Final = "/callback"
_MOST_BYTES: Final = 16_384
_WITHIN_S: Final = 20.0


class Landing:
    """Where the browser lands. ``redirect_uri`` is given to the network; ``answer`` waits for the person."""

    def __init__(self) -> None:
        self.redirect_uri = ""
        self._answered: asyncio.Future[Mapping[str, str]] = asyncio.get_running_loop().create_future()
        self._state = ""

    async def answer(self, state: str) -> Mapping[str, str]:
        """What the browser brought: ``code`` and whatever the network adds. Raises NotAllowed when the person refused.

        Only an answer that carries ``state`` counts: anybody on this machine can call the port.
        """
        self._state = state
        found = await self._answered
        if "error" in found:
            raise NotAllowed(
                "The sign-in was refused in the browser", hint="Try again, and allow Postroom when the page asks."
            )
        return found

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request of a browser."""
        try:
            async with asyncio.timeout(_WITHIN_S):
                head = (await reader.readuntil(b"\r\n\r\n"))[:_MOST_BYTES]
                status, words = self._take(head.split(b"\r\n", 1)[0].decode("latin-1"))
                body = _page(words).encode()
                writer.write(
                    f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
                    "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n"
                    "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n"
                    "Connection: close\r\n\r\n".encode()
                    + body
                )
                await writer.drain()
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            pass  # a browser that went away; it may come again
        finally:
            writer.close()

    def _take(self, line: str) -> tuple[str, str]:
        method, _, rest = line.partition(" ")
        asked = urlsplit(rest.partition(" ")[0])
        found = dict(parse_qsl(asked.query, keep_blank_values=True))
        if method != "GET" or asked.path != PATH:
            return "404 Not Found", "There is nothing here."
        if not self._state or not secrets.compare_digest(found.get("state", "").encode(), self._state.encode()):
            return "400 Bad Request", "This answer does not belong to a sign-in that Postroom began. Begin again there."
        if not self._answered.done():
            self._answered.set_result(found)
        if "error" in found:
            return "200 OK", "Nothing was allowed. You can close this page and go back to Postroom."
        return "200 OK", "That is all. You can close this page and go back to Postroom."


@asynccontextmanager
async def landing(ports: Sequence[int] = (), host: str = "127.0.0.1") -> AsyncIterator[Landing]:
    """Listen as long as this lasts, at the first of ``ports`` that is free (none named: at any). ``host`` is the name
    that the network knows this machine by: 127.0.0.1 or localhost. Raises Unavailable when all ports are taken."""
    here = Landing()
    server = await _listening(here, ports)
    async with server:
        here.redirect_uri = f"http://{host}:{server.sockets[0].getsockname()[1]}{PATH}"
        yield here


async def _listening(here: Landing, ports: Sequence[int]) -> asyncio.Server:
    for port in ports or (0,):
        with contextlib.suppress(OSError):
            return await asyncio.start_server(here.serve, "127.0.0.1", port, limit=_MOST_BYTES)
    names = ", ".join(str(p) for p in ports)
    raise Unavailable(
        f"The ports that the browser comes back to are taken on this computer ({names})",
        hint="Close the program that uses them, or paste a token instead.",
    )


def _page(words: str) -> str:
    return (
        '<!doctype html><meta charset="utf-8"><title>Postroom</title><style>body{font:1.1rem system-ui,sans-serif;'
        "max-width:32rem;margin:20vh auto;padding:0 1rem;color-scheme:light dark}</style>"
        f"<h1>Postroom</h1><p>{html.escape(words)}</p>"
    )
