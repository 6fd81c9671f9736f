"""LinkedIn's ways of writing: little text, Rest.li addresses, URNs, and the table of versions."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.connectors.linkedin import little, restli, urns, versions
from inbox.practice.linkedin import little as theirs
from inbox.practice.linkedin import restli as their_restli

RECORDINGS = Path(__file__).parent / "recordings" / "linkedin"
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
FIFTEEN = "|{}@[]()<>#\\*_~"


def vectors(name: str) -> Any:
    return json.loads((RECORDINGS / name).read_text(encoding="utf-8"))


# --- little text ---


def test_there_are_fifteen_reserved_characters() -> None:
    assert sorted(little.RESERVED) == sorted(FIFTEEN)
    assert len(set(FIFTEEN)) == 15


@pytest.mark.parametrize("character", FIFTEEN)
def test_each_reserved_character_survives_alone_and_in_words(character: str) -> None:
    for text in (character, f"a{character}b", f"{character} {character}{character}", f"https://x.example/{character}1"):
        written = little.written(text)
        assert theirs.taken_in(written) == written, "LinkedIn would cut the post off there"
        assert theirs.visible(written) == text
        assert little.plain(written) == text


def test_what_is_not_escaped_cuts_the_post_off_silently() -> None:
    assert theirs.taken_in("Open until 6 (not 5) today") == "Open until 6 "
    assert theirs.taken_in(little.written("Open until 6 (not 5) today")).endswith("today")


@given(st.text(alphabet=st.one_of(st.sampled_from(FIFTEEN), st.characters(exclude_categories=["Cs"]))))
def test_whatever_is_typed_is_shown_and_read_back_as_it_was(text: str) -> None:
    written = little.written(text)
    assert theirs.taken_in(written) == written
    assert theirs.visible(written) == little.plain(written) == little.shown(text)
    if "@[" not in text:
        assert little.shown(text) == text


@given(st.text(alphabet=st.one_of(st.sampled_from(FIFTEEN), st.characters(exclude_categories=["Cs"]))))
def test_escaping_alone_comes_back_whole(text: str) -> None:
    assert little.plain(little.escaped(text)) == text


def test_hashtags_and_mentions_are_put_in_after_escaping() -> None:
    typed = "Storm #Flood_2026 & #storm! @[Harbour (Museum)](urn:li:organization:7) @vera https://x.example/#part #1"
    written = little.written(typed)
    assert r"{hashtag|\#|Flood}\_2026" in written
    assert r"{hashtag|\#|storm}!" in written
    assert r"@[Harbour \(Museum\)](urn:li:organization:7)" in written
    assert r"\@vera" in written
    assert r"https://x.example/\#part \#1" in written
    assert little.plain(written) == typed.replace("@[Harbour (Museum)](urn:li:organization:7)", "Harbour (Museum)")


# --- Rest.li ---


@pytest.mark.parametrize("pair", vectors("restli_encoding_vectors.json")["encode"], ids=lambda p: str(p["input"]))
def test_values_are_encoded_as_by_linkedins_own_client(pair: dict[str, Any]) -> None:
    assert restli.encode(pair["input"]) == pair["expected"]


@pytest.mark.parametrize("pair", vectors("restli_encoding_vectors.json")["param_encode"], ids=lambda p: str(p["input"]))
def test_queries_are_encoded_as_by_linkedins_own_client(pair: dict[str, Any]) -> None:
    assert restli.query(pair["input"] or {}) == pair["expected"]


@pytest.mark.parametrize("pair", vectors("restli_decoding_vectors.json")["test_decode"], ids=lambda p: p["input"])
def test_the_practice_network_reads_them_as_linkedin_does(pair: dict[str, Any]) -> None:
    assert their_restli.decoded(pair["input"]) == pair["expected"]


def test_composite_keys_are_encoded_whole() -> None:
    assert restli.encode("urn:li:organization:1") == "urn%3Ali%3Aorganization%3A1"
    composite = restli.encode("urn:li:comment:(urn:li:activity:123,789)")
    assert composite == "urn%3Ali%3Acomment%3A%28urn%3Ali%3Aactivity%3A123%2C789%29"


def test_httpx_leaves_a_finished_query_alone_and_spoils_parameters() -> None:
    query = restli.query({"ids": ["urn:li:share:1", "b"], "timeRange": {"start": 1, "end": 2}})
    client = httpx.Client()
    whole = client.build_request("GET", f"https://api.linkedin.com/rest/x?{query}")
    assert whole.url.raw_path.decode() == "/rest/x?ids=List(urn%3Ali%3Ashare%3A1,b)&timeRange=(start:1,end:2)"
    spoilt = client.build_request("GET", "https://api.linkedin.com/rest/x", params={"ids": "List(1,2)"})
    assert b"List%28" in spoilt.url.raw_path, "the trap is gone: params could be used again"


# --- URNs ---


def test_both_forms_of_a_comment_are_one() -> None:
    long = "urn:li:comment:(urn:li:activity:7094637247890620418,7094977717598625792)"
    assert urns.comment_urn("urn:li:comment:(activity:7094637247890620418,7094977717598625792)") == long
    assert urns.comment_urn(long) == long
    assert urns.object_of(long) == "urn:li:activity:7094637247890620418"
    assert urns.number_of(long) == "7094977717598625792"
    assert urns.comment_urn("urn:li:share:1") == urns.comment_urn(None) == urns.comment_urn("") == ""


def test_ids_tell_when_a_thing_was_made() -> None:
    created = datetime.fromtimestamp(1691743122.924, UTC)
    born = urns.born_at("urn:li:comment:(urn:li:activity:7095684521727016961,7095684947448897536)", NOW)
    assert born is not None
    assert abs(born - created) < timedelta(milliseconds=200)
    assert urns.born_at("urn:li:comment:(urn:li:activity:123,789)", NOW) is None
    assert urns.born_at("urn:li:share:9999999999999999999", NOW) is None


def test_a_page_of_a_comment_is_the_posts_with_the_comment_in_sight() -> None:
    urn = "urn:li:comment:(urn:li:activity:1,2)"
    assert urns.page_of(urn) == (
        "https://www.linkedin.com/feed/update/urn:li:activity:1"
        "?commentUrn=urn%3Ali%3Acomment%3A%28urn%3Ali%3Aactivity%3A1%2C2%29"
    )
    assert urns.page_of("urn:li:share:5") == "https://www.linkedin.com/feed/update/urn:li:share:5"


def test_marks_are_short_and_say_nothing() -> None:
    marks = {urns.mark_of(f"urn:li:comment:(urn:li:activity:1,{n})") for n in range(7_000_000, 7_005_000)}
    assert len(marks) == 5_000
    assert {len(mark) for mark in marks} == {6}


# --- versions ---


def test_the_version_is_two_to_four_months_old_where_it_can_be() -> None:
    assert versions.choose(date(2026, 11, 23)) == "202609"
    assert versions.choose(date(2026, 11, 23), {"202609"}) == "202606"
    assert versions.choose(date(2027, 1, 10)) == "202610"
    assert versions.choose(date(2027, 8, 1)) == "202610", "what is known to live goes before what is guessed"


def test_dead_versions_are_never_tried_and_the_calendar_helps_when_the_table_is_old() -> None:
    assert versions.ends_on("202601") == date(2027, 1, 15)
    assert versions.announced("202601")
    assert versions.ends_on("202609") == date(2027, 9, 15)
    assert not versions.announced("202609")
    assert "202601" not in versions.choices(date(2027, 1, 15))
    late = versions.choices(date(2028, 6, 1))
    assert late[:2] == ["202803", "202804"]
    assert all(versions.ends_on(v) > date(2028, 6, 1) for v in late)
    assert versions.choose(date(2028, 6, 1), set(late)) == ""
