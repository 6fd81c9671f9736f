"""What a page says of itself, for a link card."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from PIL import Image

from inbox.connectors import cards
from inbox.errors import BadReply, NotFound, PostroomError
from inbox.pictures import Pictures
from tests.clock import TestClock

URL = "https://harbour.example/flood"
PAGE = """<!doctype html><html><head><title> Flood
 grants &amp; loans </title>
<meta property="og:title" content="Flood grants"><meta property='og:description' content="Apply by
 1 December.  It takes ten minutes."><meta name=description content="Other words">
<meta property="og:image" content="/flood.png"><meta property="og:image" content="/second.png"></head>
<body><title>No</title><meta property="og:title" content="Later"></body>"""


def serving(answer: httpx.Response, picture: httpx.Response | None = None) -> httpx.AsyncClient:
    def handle(request: httpx.Request) -> httpx.Response:
        return (picture or httpx.Response(404)) if request.url.path.endswith(".png") else answer

    return httpx.AsyncClient(transport=httpx.MockTransport(handle))


async def look(answer: httpx.Response) -> cards.LinkCard:
    async with serving(answer) as http:
        return await cards.look(URL, http, TestClock())


async def test_what_it_says_for_sharing_comes_first() -> None:
    card = await look(httpx.Response(200, html=PAGE))
    assert (card.title, card.description) == ("Flood grants", "Apply by 1 December. It takes ten minutes.")
    assert card.image_url == "https://harbour.example/flood.png"


async def test_else_its_title_and_description() -> None:
    page = "<title>Flood\n grants</title><meta name='Description' content='How to apply'>"
    card = await look(httpx.Response(200, html=page))
    assert (card.title, card.description, card.image_url) == ("Flood grants", "How to apply", "")


@pytest.mark.parametrize("page", ["", "<", "<title>", "<meta property=og:image content='javascript:x'>", "\0" * 99])
async def test_a_page_that_says_nothing_is_no_harm(page: str) -> None:
    card = await look(httpx.Response(200, html=page))
    assert (card.image_url, card.url) == ("", URL)


@pytest.mark.parametrize(
    ("answer", "error"),
    [(httpx.Response(404, html="gone"), NotFound), (httpx.Response(200, content=b"%PDF"), BadReply)],
)
async def test_what_is_no_page_is_said(answer: httpx.Response, error: type[PostroomError]) -> None:
    with pytest.raises(error):
        await look(answer)


def png(folder: Path, mode: str = "RGBA") -> bytes:
    path = folder / "made.png"
    Image.new(mode, (2_400, 1_200), 128 if mode == "L" else (0, 90, 160, 255)).save(path)
    return path.read_bytes()


async def test_the_picture_stays_as_a_file_of_ours(tmp_path: Path) -> None:
    picture = httpx.Response(200, headers={"content-type": "image/png"}, content=png(tmp_path))
    async with serving(httpx.Response(200, html=PAGE), picture) as http:
        card = await Pictures(tmp_path / "media" / "fetched", http, TestClock()).card(URL)
    kept = Path(card.image_path)
    assert kept.parent == tmp_path / "media", "not in the cache, which forgets"
    with Image.open(kept) as image:
        assert (image.format, image.size) == ("JPEG", (1_200, 600))


@pytest.mark.parametrize(
    "picture",
    [
        httpx.Response(404),
        httpx.Response(200, headers={"content-type": "image/png"}, content=b"no picture at all"),
        httpx.Response(200, headers={"content-type": "text/html"}, content=b"<p>"),
    ],
)
async def test_without_its_picture_the_card_is_good(tmp_path: Path, picture: httpx.Response) -> None:
    async with serving(httpx.Response(200, html=PAGE), picture) as http:
        card = await Pictures(tmp_path / "media" / "fetched", http, TestClock()).card(URL)
    assert (card.title, card.image_path) == ("Flood grants", "")
