"""Strangers' markup is harmless, and still readable."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.reading.markup import breakable, clean, directed, from_text, isolated, pictures, plain, shown

HOSTILE = [
    "<script>alert(1)</script>hello",
    '<img src="http://evil.example/pixel.gif" onerror="alert(1)">hello',
    '<a href="javascript:alert(1)">hello</a>',
    '<a href="data:text/html,x" onclick="x()">hello</a>',
    "<iframe src=http://evil.example></iframe>hello",
    '<p style="background:url(http://evil.example)">hello</p>',
    "<svg><image href=http://evil.example/x></svg>hello",
    "<style>@import 'http://evil.example'</style>hello",
    "<form action=http://evil.example><input name=x></form>hello",
    "<p><b>hello",
    '<<img src=x onerror=alert(1)//">hello',
    '<a href="file:///etc/passwd">hello</a>',
]


@pytest.mark.parametrize("html", HOSTILE)
def test_nothing_that_runs_or_loads_stays(html: str) -> None:
    kept = clean(html).lower()
    assert "hello" in kept
    for bad in (
        "<script",
        "<img",
        "onerror=",
        "onclick=",
        "javascript:",
        "<iframe",
        "style=",
        "<svg",
        "<form",
        "file:",
    ):
        assert bad not in kept.replace("&lt;", "‹")


@given(st.text(max_size=300))
def test_whatever_arrives_never_loads(html: str) -> None:
    kept = clean(html)
    assert "<img" not in kept.lower()
    assert " src=" not in kept.lower() or "<" not in kept


def test_pictures_become_words() -> None:
    assert "[picture: the quay]" in clean('<p><img alt="the quay" src="http://x.example/q.png"></p>')
    assert "[picture]" in clean('<img src="http://x.example/q.png">')


def test_formatting_and_links_stay() -> None:
    assert clean('<p><b>so</b> <a href="https://e.example/?a=1&amp;b=2">see</a></p>').count("<") == 6


def test_direction_tricks_are_taken_out() -> None:
    assert "\u202e" not in clean("<p>\u202egpj.exe\u202c</p>")
    assert "\u202e" not in plain("a\u202eb")
    assert "\u202e" not in from_text("a\u202eb")


def test_plain_text_stays_literally_what_it_is() -> None:
    assert "&lt;b&gt;" in from_text("<b>not bold</b>")
    assert from_text("one\n\ntwo").count("<p>") == 2
    assert '<a href="https://e.example/x">https://e.example/x</a>.' in from_text("see https://e.example/x.")


def test_markup_that_cleans_to_nothing_shows_the_text() -> None:
    assert "kept" in shown("<p> </p>", "kept")


def test_pictures_are_named_with_their_address_and_words() -> None:
    html = (
        '<p><img src="https://x.example/a.png?w=1&amp;h=2" alt="the quay &amp; the mill"></p>'
        "<img src='data:image/png,x'>"
        '<img alt="" src="https://x.example/b.png"><img src="https://x.example/b.png" alt="again">'
    )
    assert pictures(html) == [
        ("https://x.example/a.png?w=1&h=2", "the quay & the mill"),
        ("https://x.example/b.png", ""),
    ]


def test_a_direction_trick_written_as_an_entity_is_taken_out_too() -> None:
    assert "\u202e" not in clean("<p>a&#8238;gpj.exe &#x202E;b</p>")


def test_each_paragraph_runs_its_own_way() -> None:
    html = "<p>שלום &amp; עוד</p><p>Hello שלום</p><ul><li><b>مرحبا</b></li></ul>"
    assert directed(html) == '<p dir="rtl">שלום &amp; עוד</p><p>Hello שלום</p><ul><li dir="rtl"><b>مرحبا</b></li></ul>'


def test_their_direction_stays_inside_our_line() -> None:
    assert isolated("Anna") == "Anna"
    assert isolated("נועם") == "\u2068נועם\u2069"


def test_endless_words_may_break_and_nothing_else_changes() -> None:
    address = "https://e.example/?a=1&amp;b=" + "x" * 90
    html = f'<p>See <a href="{address}">{address}</a></p>'
    broken = breakable(html)
    assert f'href="{address}"' in broken
    assert broken.count("\u200b") >= 4
    assert broken.replace("\u200b", "") == html
    assert breakable("<p>Ordinary words, and 佐藤花子さん。</p>") == "<p>Ordinary words, and 佐藤花子さん。</p>"


@given(st.text(max_size=200))
def test_a_place_to_break_never_cuts_an_entity(text: str) -> None:
    html = from_text(text * 3)
    assert breakable(html).replace("\u200b", "") == html.replace("\u200b", "")
    assert "&\u200b" not in breakable(html).replace("&amp;", "")
