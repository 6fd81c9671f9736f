"""Counting as the networks count. The examples for Mastodon are those of its own specification
(spec/validators/status_length_validator_spec.rb, read 2026-11-23), the graphemes those of UAX 29."""

from __future__ import annotations

import pytest

from inbox.model import Counting, Limits
from inbox.publishing.counting import graphemes, length, overrun

MASTODON = Limits(text_graphemes=500, counting=Counting.MASTODON, link_length=23)
BLUESKY = Limits(text_graphemes=300, text_bytes=3_000)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("water", 5),
        ("a\r\nb", 3),
        ("👨‍👩‍👧‍👦", 1),
        ("🇨🇭🇩🇪", 2),
        ("👍🏽", 1),
        ("e\u0301", 1),
        ("नमस्ते", 4),
        ("한국어", 3),
        ("\u1112\u1161\u11ab", 1),
        ("ก็", 1),
        ("🏴󠁧󠁢󠁳󠁣󠁴󠁿", 1),
    ],
)
def test_graphemes_are_what_a_reader_counts(text: str, count: int) -> None:
    assert graphemes(text) == count


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("a" * 476 + f" http://{'b' * 30}.com/example", 500),
        ("a" * 476 + f"http://{'b' * 30}.com/example", 476 + 49),  # no link: it stands straight behind a letter
        ("a" * 475 + f" @alice@{'b' * 30}.com", 475 + 7),
        ("https://a.io", 23),  # a short one counts as much
        ("See https://example.org/x, and (https://example.org/y).", 4 + 23 + 7 + 23 + 2),
        ("a@example.org", 13),  # an address of e-mail is none of it
        ("😀" * 10, 10),
        ("ftp://example.org", 17),
        ("https://localhost/x", 19),  # no host that could be linked
        ("水位https://a.io/はここ", 2 + 23),  # scripts without spaces: a link, and its path
    ],
)
def test_mastodon_counts_links_and_handles_short(text: str, count: int) -> None:
    assert length(text, MASTODON) == count


def test_the_warning_counts_too() -> None:
    assert length("b" * 251, MASTODON, warning="a" * 250) == 501


def test_bluesky_counts_every_grapheme() -> None:
    assert length("https://example.org/long/way 👨‍👩‍👧", BLUESKY) == 30


@pytest.mark.parametrize("limits", [MASTODON, BLUESKY])
def test_what_is_too_much_begins_between_graphemes_links_and_handles(limits: Limits) -> None:
    for text in ("👩‍👩‍👧" * 600, "word " * 200, ("x" * 290) + " https://example.org/" + "y" * 400, "e\u0301" * 700):
        cut = overrun(text, limits)
        assert length(text[:cut], limits) <= (limits.text_graphemes or 0)
        assert graphemes(text[:cut]) + graphemes(text[cut:]) == graphemes(text)
        assert "https" not in text[:cut] or cut == len(text)


def test_what_fits_has_nothing_too_much() -> None:
    assert overrun("water", MASTODON) == 5
