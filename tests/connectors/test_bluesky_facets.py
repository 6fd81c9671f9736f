"""Facets are bytes, and nobody checks them (bluesky.md section 5)."""

from __future__ import annotations

import pytest

from inbox.connectors.bluesky.facets import LINK, MENTION, TAG, facets_of, markup, mentioned, pieces
from tests.connectors.bluesky_recorded import AMINA, DID, body_of, recorded

FAMILY = "👩‍👩‍👧‍👦"


async def did_for(handle: str) -> str:
    return {"amina.test": AMINA, "org.test": DID}.get(handle, "")


def facet(start: object, end: object, **feature: str) -> dict[str, object]:
    feature = {name.replace("type", "$type"): value for name, value in feature.items()}
    return {"index": {"byteStart": start, "byteEnd": end}, "features": [feature]}


def link(start: object, end: object, uri: str = "https://city.example/") -> dict[str, object]:
    return facet(start, end, type=LINK, uri=uri)


async def test_what_we_write_is_what_was_recorded() -> None:
    record = recorded("publish")["post-facets"]["request"]["body"]["record"]
    made = await facets_of(record["text"], did_for)
    assert made == record["facets"]


def test_recorded_facets_become_links_at_the_right_bytes() -> None:
    record = body_of("posts", "posts-by-uri")["posts"][0]["record"]
    assert record["text"].startswith("🚧 Água: ")
    html = markup(record["text"], record["facets"])
    assert '<a href="https://testville.example/roads">https://testville.example/roads</a>' in html
    assert '<a href="https://bsky.app/hashtag/roadworks">#roadworks</a>' in html


def test_text_without_facets_needs_no_markup() -> None:
    assert markup("See https://city.example", None) == ""
    assert markup("See https://city.example", []) == ""


def test_what_is_around_a_facet_is_escaped() -> None:
    text = '<b>&amp; "hi"</b> there\nnext'
    html = markup(text, [link(0, 3)])
    assert html == ('<p><a href="https://city.example/">&lt;b&gt;</a>&amp;amp; "hi"&lt;/b&gt; there<br>next</p>')


@pytest.mark.parametrize(
    "facets",
    [
        [link(0, 99)],  # beyond the end: the server takes it (publish.json, facet-out-of-range-accepted)
        [link(3, 3)],
        [link(4, 2)],
        [link(-1, 2)],
        [link(1, 4)],  # inside the é
        [link(None, 4)],
        [link("0", 4)],
        [link(True, 4)],
        [link(0, 3, "javascript:alert(1)")],
        [facet(0, 3, type=MENTION, did="somebody")],
        [facet(0, 3, type="app.bsky.richtext.facet#hologram")],
        [{"index": None, "features": []}],
        [None, 7, "x"],
        "facets",
        {"a": 1},
    ],
)
def test_an_unusable_facet_is_left_out(facets: object) -> None:
    assert pieces("é café", facets) == []


def test_of_two_that_overlap_the_first_stays() -> None:
    found = pieces("one two three", [link(4, 13), link(0, 7, "https://first.example/"), link(8, 13)])
    assert [(p.start, p.end) for p in found] == [(0, 7), (8, 13)]


def test_the_recorded_facet_out_of_range_does_no_harm() -> None:
    record = recorded("publish")["facet-out-of-range-accepted"]["request"]["body"]["record"]
    assert markup(record["text"], record["facets"]) == ""


def test_only_a_mention_of_somebody_real_is_one() -> None:
    record = {"text": "@org.test hi", "facets": [facet(0, 9, type=MENTION, did=DID)]}
    assert mentioned(record) == {DID}
    assert mentioned({"text": "@org.test hi"}) == set(), "text alone mentions nobody"


async def shown(text: str) -> dict[str, dict[str, str]]:
    encoded = text.encode()
    made = await facets_of(text, did_for)
    return {encoded[f["index"]["byteStart"] : f["index"]["byteEnd"]].decode(): f["features"][0] for f in made}


async def test_emoji_and_other_scripts_before_a_link_do_not_shift_it() -> None:
    for before in (FAMILY, "مرحبا ", "דנה: ", "🇧🇷", "e\u0301 "):
        text = f"{before} https://city.example/a #سلام"
        found = await shown(text)
        assert found["https://city.example/a"]["uri"] == "https://city.example/a"
        assert found["#سلام"]["tag"] == "سلام"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("See https://city.example/a.", {"https://city.example/a": "https://city.example/a"}),
        ("(https://city.example/a_(b))", {"https://city.example/a_(b)": "https://city.example/a_(b)"}),
        ("https://city.example/?a=1&b=2!", {"https://city.example/?a=1&b=2": "https://city.example/?a=1&b=2"}),
        ("city.example/roads, then", {"city.example/roads": "https://city.example/roads"}),
        ("https://x.example/%C3%A1", {"https://x.example/%C3%A1": "https://x.example/%C3%A1"}),
        ("mail me@city.example or file.txt or v1.2 or e.g.this", {}),
        ("http:// nothing", {}),
    ],
)
async def test_addresses_are_found_as_people_type_them(text: str, expected: dict[str, str]) -> None:
    assert {words: feature["uri"] for words, feature in (await shown(text)).items()} == expected


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("#a #b_c, #d!", ["a", "b_c", "d"]),
        ("#1 is no tag, #2027plan is", ["2027plan"]),
        ("a#b https://city.example/#part", []),
        ("#" + "x" * 65, []),
        ("(#inside)", ["inside"]),
    ],
)
async def test_tags_are_found(text: str, tags: list[str]) -> None:
    assert [f["tag"] for f in (await shown(text)).values() if f["$type"] == TAG] == tags


async def test_only_handles_that_exist_are_mentions() -> None:
    found = await shown("@amina.test, @nobody.test and a@org.test; @Org.Test.")
    assert {words: f["did"] for words, f in found.items()} == {"@amina.test": AMINA, "@Org.Test": DID}
