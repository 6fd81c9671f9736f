"""Markup that would take a parser minutes or gigabytes is never given to one."""

from __future__ import annotations

import time

import pytest

from inbox.connectors.text import linked, plain_text
from inbox.markup import overgrown
from inbox.store.database import Database
from tests.inbox.making import add_channel, message, save, stored

BOMBS = {
    "nested": "<div>" * 100_000 + "Help" + "</div>" * 100_000,
    "left open": "".join("<font color=red>" for _ in range(3_000)) + "<p>Help</p>" * 3_000,
    "closed at last": "<font>" * 3_000 + "<p>Help" * 3_000 + "</font>" * 3_000,
    "closed in comments only": "<div><!--</div>-->" * 60_000 + "Help",
    "closed in values only": "<div title='</div>'>" * 60_000 + "Help",
    "never closed": "<blockquote>" * 60_000 + "Help",
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_read_as_words_at_once(bomb: str) -> None:
    began = time.process_time()
    assert "Help" in plain_text(BOMBS[bomb])
    assert time.process_time() - began < 5, "a parser was given it: it takes minutes"


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_never_kept_to_be_shown(database: Database, bomb: str) -> None:
    channel = add_channel(database)
    save(
        database,
        channel,
        message("m1", "Help", html=BOMBS[bomb], raw=b"whole"),
        message("m2", "Yes", html="<b>Yes</b>"),
    )
    assert stored(database, channel, "m1").message.html == ""
    assert stored(database, channel, "m2").message.html == "<b>Yes</b>"


def test_a_long_honest_page_is_parsed() -> None:
    page = "".join(f"<section><h2>{n}</h2><p>Words <b>and</b> <a href='/x'>links</a>.<ul><li>a<li>b</ul></section>"
                   for n in range(150))  # fmt: skip
    assert not overgrown(page)
    assert plain_text(page).startswith("0\n\nWords and links.")


def test_an_address_that_ends_in_brackets_without_end_takes_no_time() -> None:
    began = time.process_time()
    assert linked("https://x.example/" + ")" * 200_000).startswith('<a href="https://x.example/">')
    assert time.process_time() - began < 5
