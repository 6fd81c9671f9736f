"""A group of former pupils: pages and nothing else, out of any program's reach, so that carrying by hand can be tried.

A person pastes a text into the page's form, and it stands there. There is no interface for programs, on purpose.
"""

from __future__ import annotations

import html
from datetime import datetime
from typing import NamedTuple
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from inbox.clock import Clock

MOST_CHARACTERS = 2_000
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Harbour School alumni (practice)</title>
<style>body{{font:1.05rem system-ui,sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem;color-scheme:light dark}}
textarea{{width:100%;font:inherit}}article{{border-top:1px solid #8888;padding:.5rem 0;white-space:pre-wrap}}</style>
<h1>Harbour School alumni</h1><p><strong>Practice:</strong> this page is on your own computer only.</p>
<form method="post"><label>Write to the group<br><textarea name="text" rows="6" maxlength="{most}"></textarea></label>
<p><button>Post</button></p></form>{posts}</html>"""


class Posted(NamedTuple):
    """What somebody pasted."""

    text: str
    at: datetime


class Board:
    """The group. ``posted``: oldest first."""

    def __init__(self, clock: Clock) -> None:
        self.posted: list[Posted] = []
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The page, and what is written there."""
        request = Request(scope, receive)
        await (await self._answer(request))(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.url.path not in ("/", "/alumni"):
            return HTMLResponse("Not found", 404)
        if request.method == "POST":
            text = parse_qs((await request.body()).decode("utf-8", "replace")).get("text", [""])[0].strip()
            if text:
                self.posted.append(Posted(text[:MOST_CHARACTERS], self._clock.now()))
            return RedirectResponse(request.url.path, 303)
        shown = "".join(f"<article>{html.escape(p.text)}</article>" for p in reversed(self.posted))
        return HTMLResponse(_PAGE.format(most=MOST_CHARACTERS, posts=shown))
