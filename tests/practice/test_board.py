"""The place that only a person can reach."""

from __future__ import annotations

import httpx

from inbox.practice.board import MOST_CHARACTERS, Board
from tests.clock import TestClock


async def test_a_person_pastes_and_it_stands_there_harmless() -> None:
    board = Board(TestClock())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(board), base_url="http://alumni.example") as http:
        assert "Practice" in (await http.get("/alumni")).text
        answer = await http.post("/alumni", data={"text": "Reunion <script>alert(1)</script>"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/alumni")
        await http.post("/alumni", data={"text": "x" * (MOST_CHARACTERS + 9)})
        page = (await http.get("/alumni")).text
        assert (await http.get("/api")).status_code == 404
    assert "Reunion &lt;script&gt;" in page
    assert [len(p.text) for p in board.posted] == [33, MOST_CHARACTERS]
