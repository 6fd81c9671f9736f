"""X's own vectors for counting (twitter-text, conformance/validate.yml at 30e2430d, Apache-2.0), and our two hooks."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from inbox.links import links
from inbox.model import Counting, Limits
from inbox.publishing.counting import length, overrun
from inbox.publishing.counting_x import valid, weight

VECTORS: dict[str, Any] = json.loads(
    gzip.decompress((Path(__file__).parent / "vectors" / "twitter_text.json.gz").read_bytes())
)
BEFORE_EMOJI = "WeightedTweetsCounterTest"  # configuration version 2
X = Limits(text_graphemes=280, counting=Counting.X, link_length=23)
NOT_FOUND_IN_TEXT = {
    # Good addresses, which twitter-text finds in no text all the same: its extractor wants a name with a known ending.
    "Valid url: port and userinfo", "Valid url: ipv4", "Valid url: ipv6",
    # Found up to where an address in running text ends.
    "Valid url: sub delims and question marks",
}  # fmt: skip


@pytest.mark.parametrize(
    ("section", "case"),
    [
        pytest.param(section, case, id=f"{section}-{number}")
        for section, cases in VECTORS["weighted"].items()
        for number, case in enumerate(cases)
    ],
)
def test_the_networks_own_vectors(section: str, case: dict[str, Any]) -> None:
    text, expected = case["text"], case["expected"]
    assert weight(text, emoji=section != BEFORE_EMOJI) == expected["weightedLength"], case["description"]
    if section != BEFORE_EMOJI:
        assert valid(text, 280) == expected["valid"], case["description"]
        assert length(text, X) == expected["weightedLength"]


def test_there_are_44_of_them() -> None:
    assert sum(len(cases) for cases in VECTORS["weighted"].values()) == 44


@pytest.mark.parametrize("case", [*VECTORS["urls"], *VECTORS["urls_without_protocol"]], ids=lambda c: c["description"])
def test_what_is_a_link(case: dict[str, Any]) -> None:
    whole = links(case["text"]) == [(0, len(case["text"]))]
    assert whole == (case["expected"] and case["description"] not in NOT_FOUND_IN_TEXT)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see example.com, or x.com/a?b=c.", ["example.com", "x.com/a?b=c"]),
        ("(https://en.wikipedia.org/wiki/X_(b))", ["https://en.wikipedia.org/wiki/X_(b)"]),
        ("mail office@town.example or a@b.com", []),
        ("twitter.comの日本http://t.co/abc", ["twitter.com", "http://t.co/abc"]),
        ("Version 1.2.3, e.g. this. Then that", []),
        ("a.library new.library.dev", ["new.library.dev"]),
    ],
)
def test_links_in_running_text(text: str, found: list[str]) -> None:
    assert [text[a:b] for a, b in links(text)] == found


def test_nothing_is_cut_in_the_middle() -> None:
    address = "https://town.example/" + "a" * 40
    assert overrun("x" * 280, X) == 280
    assert overrun("x" * 281, X) == 280
    assert overrun("x" * 270 + " " + address, X) == 271, "a link counts 23 and stays whole"
    assert overrun("x" * 270 + " @harbour_council", X) == 271
    assert overrun("👨‍👩‍👧‍👦" * 141, X) == 140 * len("👨‍👩‍👧‍👦")
    assert overrun("水" * 141, X) == 140
    assert length("x" * 257 + address, X) != 280
    assert length("x" * 256 + " " + address, X) == 280


@pytest.mark.parametrize("odd", ["\ufffe", "\ufeff", "\uffff", "", "   "])
def test_what_x_takes_in_no_text(odd: str) -> None:
    assert not valid(odd, 280)
