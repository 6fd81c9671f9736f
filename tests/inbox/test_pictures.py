"""The shelf of fetched pictures: what is taken, what is refused, and its ceiling."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import httpx
import pytest

from inbox import pictures
from inbox.errors import BadReply, NotFound, Unavailable
from inbox.pictures import Pictures
from tests.clock import TestClock

PNG = b"\x89PNG" + b"." * 996


class Host:
    """Answers every address; counts what was asked."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []
        self.status, self.kind = 200, "image/png"

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return httpx.Response(self.status, content=PNG, headers={"content-type": self.kind})


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture
def shelf(tmp_path: Path, host: Host, clock: TestClock) -> Pictures:
    client = httpx.AsyncClient(transport=httpx.MockTransport(host))
    return Pictures(tmp_path / "fetched", client, clock)


def get(shelf: Pictures, name: str) -> Path:
    return asyncio.run(shelf.get(f"https://pictures.invalid/{name}"))


def test_a_picture_is_fetched_once_and_tells_nothing_of_us(shelf: Pictures, host: Host) -> None:
    first = get(shelf, "a")
    assert first.read_bytes() == PNG
    assert get(shelf, "a") == first
    [request] = host.asked
    assert not {"cookie", "authorization", "referer"} & set(request.headers)


def test_what_is_no_picture_is_refused_and_not_kept(shelf: Pictures, host: Host, tmp_path: Path) -> None:
    for kind in ("text/html", "image/svg+xml", ""):
        host.kind = kind
        with pytest.raises(BadReply):
            get(shelf, "page")
    host.status, host.kind = 404, "image/png"
    with pytest.raises(NotFound):
        get(shelf, "gone")
    host.status = 503
    with pytest.raises((Unavailable, NotFound)):
        get(shelf, "down")
    with pytest.raises(NotFound):
        asyncio.run(shelf.get("file:///etc/hostname"))
    assert not (tmp_path / "fetched").exists() or not list((tmp_path / "fetched").iterdir())


def test_the_shelf_never_grows_over_its_ceiling_and_the_longest_unseen_go(
    shelf: Pictures, host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "KEPT_BYTES", 5 * len(PNG))
    kept = []
    for n in range(5):
        kept.append(get(shelf, str(n)))
        os.utime(kept[-1], (1_000_000 + n, 1_000_000 + n))
    assert get(shelf, "0") == kept[0]  # looked at again: the newest of them now
    for n in range(5, 7):
        kept.append(get(shelf, str(n)))
        assert sum(f.stat().st_size for f in (tmp_path / "fetched").iterdir()) <= 5 * len(PNG)
    assert [k.exists() for k in kept] == [True, False, False, True, True, True, True]
    assert len(host.asked) == 7
    get(shelf, "1")
    assert len(host.asked) == 8


def test_only_what_somebody_asked_for_follows_to_another_host(tmp_path: Path, clock: TestClock) -> None:
    strangers: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "stranger.invalid":
            strangers.append(str(request.url))
            return httpx.Response(200, content=PNG, headers={"content-type": "image/png"})
        return httpx.Response(302, headers={"location": "https://stranger.invalid/pixel"})

    moved = Pictures(tmp_path / "fetched", httpx.AsyncClient(transport=httpx.MockTransport(answer)), clock)
    with pytest.raises(NotFound):
        asyncio.run(moved.get("https://trusted.invalid/a", asked=False))
    assert strangers == []
    assert asyncio.run(moved.get("https://trusted.invalid/a")).read_bytes() == PNG
    assert len(strangers) == 1
