"""The address the browser comes back to: only the right answer counts, and nothing of it is told to anybody."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from inbox.connectors.loopback import landing
from inbox.errors import NotAllowed


async def get(address: str) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.get(address)


async def test_the_answer_with_the_right_state_counts_and_no_other() -> None:
    async with landing() as here:
        assert here.redirect_uri.startswith("http://127.0.0.1:")
        waiting = asyncio.create_task(here.answer("s1"))
        await asyncio.sleep(0)
        assert (await get(f"{here.redirect_uri}?code=evil&state=guess")).status_code == 400
        assert (await get(f"{here.redirect_uri}?code=evil")).status_code == 400
        assert (await get(here.redirect_uri.replace("/callback", "/favicon.ico"))).status_code == 404
        assert not waiting.done()
        page = await get(f"{here.redirect_uri}?code=c%201&state=s1&iss=x")
        assert page.status_code == 200
        assert "close this page" in page.text
        assert "c 1" not in page.text
        assert await waiting == {"code": "c 1", "state": "s1", "iss": "x"}


async def test_a_refusal_is_said() -> None:
    async with landing() as here:
        waiting = asyncio.create_task(here.answer("s1"))
        await asyncio.sleep(0)
        await get(f"{here.redirect_uri}?error=access_denied&state=s1")
        with pytest.raises(NotAllowed):
            await waiting


async def test_an_endless_or_broken_request_hurts_nobody() -> None:
    async with landing() as here:
        waiting = asyncio.create_task(here.answer("s1"))
        port = httpx.URL(here.redirect_uri).port
        for body in (b"x" * 40_000, b"GET /callback?state=s1", b"\r\n\r\n"):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(body)
            writer.write_eof()
            await asyncio.wait_for(reader.read(), 5)
            writer.close()
        assert not waiting.done()
        await get(f"{here.redirect_uri}?code=c&state=s1")
        assert (await waiting)["code"] == "c"


async def test_before_anybody_waits_nothing_is_taken() -> None:
    async with landing() as here:
        assert (await get(f"{here.redirect_uri}?code=c&state=")).status_code == 400
