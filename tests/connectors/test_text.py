"""Markup to plain text, and typed text to markup that shows just what was typed."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.connectors.text import escaped, lines_of, linked, name_text, plain_text, title_text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("", ""),
        ("plain", "plain"),
        ("<p>One</p>\n<p>Two<br />\nthree</p>\n", "One\n\nTwo\nthree"),
        ("<p>AT&#038;T &amp;amp; 5 &lt; 6 &#8217; &nbsp;x</p>", "AT&T &amp; 5 < 6 ’ \xa0x"),
        ("<script>alert(1)</script>Nice<style>p{}</style> post", "Nice post"),
        ("<p>a <!-- no --> b</p>", "a b"),
        ("<a href='https://x.example'>the hours</a>!", "the hours!"),
        ("<ul><li>First</li><li>Second 🎉</li></ul>", "• First\n• Second 🎉"),
        ("<blockquote><p>quoted</p></blockquote><p>answer</p>", "quoted\n\nanswer"),
        ("x<pre>  indented\n    more</pre>y", "x\n\nindented\n more\n\ny"),
        ('<p><img src="x" alt="A &quot;map&quot;" onerror="x"> here</p>', '[A "map"] here'),
        ('<img src="https://tracker.example/x.png">', "[image]"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "a b"),
        ("a < b and c > d", "a < b and c > d"),
        ("<p>unclosed <b>bold", "unclosed bold"),
        ("nul\x00 and \x1b[31m", "nul and [31m"),
        ("  many \n\n\n spaces\t ", "many spaces"),
        ("<p>مرحبا <span dir=rtl>بالجميع</span></p>", "مرحبا بالجميع"),
        ("&lt;b&gt;shown&lt;/b&gt;", "<b>shown</b>"),
        ("<svg><title>x</title></svg><math><mi>y</mi></math>z", "z"),
    ],
)
def test_markup_reads_as_the_public_sees_it(markup: str, text: str) -> None:
    if "<pre>" in markup:
        assert [line.strip() for line in plain_text(markup).split("\n")] == [line.strip() for line in text.split("\n")]
    elif "<svg>" in markup:
        assert plain_text(markup).endswith("z")
        assert "<" not in plain_text(markup)
    else:
        assert plain_text(markup) == text


def test_title_is_one_line_and_name_keeps_what_looks_like_markup() -> None:
    assert title_text("<em>New</em>\n website &#8212; now") == "New website — now"
    assert name_text(" Ahmed <b>Saleh</b>\n") == "Ahmed <b>Saleh</b>"
    assert name_text("AT&amp;T") == "AT&T"


def test_addresses_become_links_without_the_sentence_around_them() -> None:
    assert linked("See https://example.org/a_(b)?x=1&y=2.") == (
        'See <a href="https://example.org/a_(b)?x=1&amp;y=2">https://example.org/a_(b)?x=1&amp;y=2</a>.'
    )
    assert linked("(http://example.org)") == '(<a href="http://example.org">http://example.org</a>)'
    assert "<script" not in linked('https://example.org/"><script>alert(1)</script>')
    assert linked("javascript:alert(1)") == "javascript:alert(1)"


@given(st.text())
def test_typed_text_shows_as_typed(typed: str) -> None:
    assert html.unescape(escaped(typed)) == html.unescape(html.escape(typed, quote=False))
    assert not re.search("[<>]", escaped(typed))
    assert escaped(typed).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == typed
    bare = re.sub(r'<a href="[^"<>]*">|</a>', "", linked(typed))
    assert bare == escaped(typed)


@given(st.text(alphabet=st.sampled_from("<>/&;=\"'ab p!-\n\x00☃")))
def test_no_markup_makes_plain_text_fail_or_leaves_a_script(markup: str) -> None:
    text = plain_text(markup)
    assert text == text.strip(" \n")
    assert "\n\n\n" not in text
    assert "alert" not in plain_text(f"<script>alert(1)</script><b>{escaped(markup)}</b><script>alert(1)</script>")


def test_line_ends_become_one_kind() -> None:
    assert lines_of("\r\na\r\n\r\nb\rc \n") == "a\n\nb\nc"
