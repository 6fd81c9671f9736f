"""What GovDelivery sends, as recorded and as the vendor documents it: all of it is read, nothing of it is dropped."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from inbox.connectors.govdelivery import bulletin, polling, xml
from inbox.connectors.govdelivery.api import Api, Memory
from inbox.connectors.govdelivery.cursor import Reading, bare, mark_of
from inbox.connectors.govdelivery.letters import split_history
from inbox.connectors.govdelivery.place import Place
from inbox.connectors.govdelivery.structure import Unreadable, header_text, items, parts
from inbox.connectors.govdelivery.topics import CATEGORY, TOPIC, target
from inbox.errors import BadReply, CursorExpired, NotAllowed, NotFound, Rejected
from inbox.model import Cursor, Rendition, UpdateKind
from tests.connectors.harness import KeptSecret, SetClock, account_of, room
from tests.connectors.harnesses.govdelivery import GovDeliveryHarness

RECORDED = Path(__file__).parent / "recordings/govdelivery"
NOT_ASKED_FOR = {
    "cfpb_create_subscriber.xml": "subscribers are personal data that Postroom never touches",
    "cfpb_list_subscriber_topics.xml": "the same",
    "cfpb_question_responses.xml": "the same",
    "tms_inbound_sms_attributes.json": "another product (TMS)",
    "v2_reports_bulletins_links_page.json": "clicks per link are not shown",
    "v2_reports_subscriber_activity_summary.json": "counts of subscribers come with each topic",
    "v2_reports_topics_page.json": "the same",
    "topic_create_request.xml": "topics are made in GovDelivery's own desk",
    "topic_create_response_200.xml": "the same",
    "topic_create_response_headers.json": "the same",
    "docs_topic_create_full_request.xml": "the same",
}


def recorded(name: str) -> bytes:
    return (RECORDED / name).read_bytes()


def node(name: str) -> xml.Node:
    return xml.read(recorded(name), name)


def api() -> Api:
    account = account_of(GovDeliveryHarness.connector_class, "x", "user@x.example", base="https://x.example", code="X")
    given = room(httpx.MockTransport(lambda r: httpx.Response(500)), SetClock(), account, KeptSecret())
    return Api(given, Place.of(account), Memory())


def test_every_recording_is_read_here_or_named_with_its_reason() -> None:
    here = Path(__file__).read_text(encoding="utf-8")
    names = {p.name for p in RECORDED.iterdir()} - {"INDEX.md"}
    assert names
    assert {n for n in names if here.count(n) < 1} == set()
    assert set(NOT_ASKED_FOR) <= names


@pytest.mark.parametrize("name", sorted(p.name for p in RECORDED.glob("*.xml")))
def test_every_document_parses_whole(name: str) -> None:
    root = node(name)
    assert root.tag in {"topics", "topic", "bulletin", "bulletins", "errors", "subscriber", "responses"}


def test_topics_in_a_list_have_no_counts_and_nil_is_nothing() -> None:
    found = [target(n, TOPIC) for n in node("cfpb_list_all_topics.xml").all("topic")]
    assert [(t.code, t.title, t.reaches, t.listed) for t in found] == [
        ("topic:XYZ_999", "Test Topic", None, True),
        ("topic:XYZ_998", "Test Unlisted Topic", None, False),
    ]
    [first, _] = node("cfpb_list_all_topics.xml").all("topic")
    assert first.text("description") == ""
    assert first.number("subscribers-count") is None


def test_a_topic_by_itself_says_how_many_and_whether_it_watches_a_page() -> None:
    found = target(node("topic_read.xml"), TOPIC)
    assert (found.code, found.reaches, found.watches, found.sends_itself) == ("topic:UKGOV_1234", 0, False, False)
    assert found.warning == "Nobody has subscribed to it."
    words = recorded("topic_read.xml").replace(b'enabled type="boolean">false', b'enabled type="boolean">true')
    words = words.replace(b'suspended type="boolean">true', b'suspended type="boolean">false')
    assert "Page Watch makes" in target(xml.read(words, "topic"), CATEGORY).warning
    words = words.replace(b'autosend type="boolean">false', b'autosend type="boolean">true')
    assert "by itself" in target(xml.read(words, "topic"), TOPIC).warning


def test_the_id_of_a_bulletin_is_the_one_in_its_uri() -> None:
    [first, second] = [bulletin.sent_item(n) for n in node("bulletins_sent.xml").all("bulletin")]
    assert first is not None
    assert second is not None
    assert (first.id, second.id) == ("12791099", "12791019"), "to-param says 1928 and 1019"
    assert (first.subject, first.public_id) == ("Australia travel advice", "")
    for name, id_ in (
        ("bulletin_send_now_response_200.xml", "7895129"),
        ("docs_bulletin_draft_response.xml", "39783"),
        ("docs_bulletin_sendtest_response.xml", "10391"),
    ):
        assert bulletin.id_of(node(name), name) == id_
    assert [one.tag for one in node("bulletin_send_now_response_200.xml").all("link")] == ["link", "link"]
    headers = json.loads(recorded("bulletin_send_now_response_headers.json"))
    assert headers["status"]["code"] == 200, "a creation is answered with 200, not 201"


@pytest.mark.parametrize(
    ("param", "public"),
    [("56d553", "56d553"), ("1928", ""), ("c32d7b", "c32d7b"), ("12791099", ""), ("not hex", "")],
)
def test_a_page_is_only_linked_where_its_name_is_certain(param: str, public: str) -> None:
    words = f"<bulletin><subject>x</subject><bulletin-uri>/b/bulletins/12791099.xml</bulletin-uri><to-param>{param}</to-param></bulletin>"  # noqa: E501
    found = bulletin.sent_item(xml.read(words.encode(), "item"))
    assert found is not None
    assert found.public_id == public


@pytest.mark.parametrize(
    ("name", "status", "error"),
    [
        ("error_403_no_permission.xml", 403, NotAllowed),
        ("error_422_topic_name_taken.xml", 422, Rejected),
        ("error_bulletin_invalid.xml", 422, Rejected),
        ("error_bulletin_no_subscribers.xml", 422, Rejected),
        ("error_bulletin_not_found.xml", 404, NotFound),
        ("error_bulletin_not_found.xml", 402, NotFound),
        ("error_topic_not_found.xml", 404, NotFound),
        ("error_topic_not_found.xml", 200, NotFound),
    ],
)
def test_errors_are_told_apart_by_code_and_text_not_by_status(name: str, status: int, error: type[Exception]) -> None:
    found = api().judged(node(name), status, "send a bulletin")
    assert type(found) is error
    assert "GD-" in str(found) or "Nobody has subscribed" in str(found)


def test_the_two_causes_of_one_code_are_two_errors() -> None:
    nobody = api().judged(node("error_bulletin_no_subscribers.xml"), 422, "send a bulletin")
    invalid = api().judged(node("error_bulletin_invalid.xml"), 422, "send a bulletin")
    assert "Nobody has subscribed" in str(nobody)
    assert "not tried again" in nobody.hint
    assert [p.words for p in invalid.problems] == ["GovDelivery says: Invalid bulletin"]  # type: ignore[attr-defined]


def test_all_errors_of_a_document_are_said() -> None:
    words = b"<errors><code>GD-12004</code><error>One</error><error>Two</error></errors>"
    found = api().judged(xml.read(words, "x"), 422, "send")
    assert [p.words for p in found.problems] == ["GovDelivery says: One", "GovDelivery says: Two"]  # type: ignore[attr-defined]


def test_statistics_are_read_with_their_odd_keys() -> None:
    [item] = json.loads(recorded("v2_reports_bulletins_page.json"))["bulletin_activity_details"]
    assert bulletin.report_id(item) == "10004"
    assert bulletin.moment(item["created_at"]) == datetime(2017, 1, 15, 20, 33, 55, tzinfo=UTC)
    whole: dict[str, Any] = json.loads(recorded("v2_reports_bulletin.json"))
    figures = bulletin.figures_of(whole)
    assert (figures["addresses"], figures["opens"], figures["all_opens"], figures["clicks"]) == (
        "12054",
        "837",
        "1288",
        "742",
    )
    assert figures["facebook"] == "No"
    assert bulletin.in_words(figures) == "Sent to 12,054 addresses, opened by 837, clicked by 742"
    line = polling._line(whole)
    assert line.subject == "Example"


def test_a_stranger_number_in_v2_is_matched_by_a_subject_only_when_there_is_one() -> None:
    sent = [bulletin.Sent(id="7", subject="Flood"), bulletin.Sent(id="8", subject="Bins")]
    lines = {n: polling.Report(subject=s, at=None) for n, s in (("701", "Flood"), ("702", "Bins"), ("703", "Bins"))}
    assert set(polling._matched(lines, sent)) == {"7"}


# --- what we send ---


def rendition(text: str = "Words", title: str = "Subject", *categories: str) -> Rendition:
    return Rendition(kind=UpdateKind.POST, text=text, title=title, categories=categories or ("topic:T1",))


def test_what_we_send_has_the_parts_of_the_recorded_request_and_no_empty_ones() -> None:
    sent = xml.read(bulletin.document(rendition(), "").encode(), "ours")
    theirs = node("bulletin_send_now_request.xml")
    names = [child.tag for child in sent._element]
    assert names == [child.tag for child in theirs._element] == ["subject", "body", "topics"]
    documented = [child.tag for child in node("docs_bulletin_create_full_request.xml")._element]
    several = bulletin.document(rendition("Words", "Subject", "topic:T1", "topic:T2", "category:C1"), "1234")
    ours = [child.tag for child in xml.read(several.encode(), "ours")._element]
    assert ours == [name for name in documented if name in ours]
    assert "<topic><code>T2</code></topic>" in several
    assert "<categories type='array'><category><code>C1</code></category></categories>" in several
    assert "<footer" not in several, "an empty footer would take the link to unsubscribe away"


def test_a_test_sending_is_asked_for_as_documented() -> None:
    theirs = node("docs_bulletin_sendtest_request.xml").one("email_addresses")
    assert theirs is not None
    assert len(list(theirs.all("email_address"))) == 2


@pytest.mark.parametrize("text", ["]]>", "a ]]> b ]]]]> c", "]]]]><![CDATA[>", "“ö” 😀 & <b> \x00\x0b", "\ud83d half"])
def test_markup_survives_cdata(text: str) -> None:
    back = xml.read(f"<r>{xml.marked_up('body', text)}</r>".encode(), "ours")
    assert back.one("body").words == xml.clean(text)  # type: ignore[union-attr]


def test_typed_text_becomes_paragraphs_and_links() -> None:
    assert bulletin.body_of("One\nTwo & <b>\n\n\nSee https://x.example/?a=1&b=2.") == (
        '<p>One<br/>Two &amp; &lt;b&gt;</p><p>See <a href="https://x.example/?a=1&amp;b=2">'
        "https://x.example/?a=1&amp;b=2</a>.</p>"
    )


@pytest.mark.parametrize(
    ("text", "title", "categories", "where"),
    [("", "T", ("topic:T",), "text"), ("x", " ", ("topic:T",), "title"), ("x", "T", ("News",), "categories")],
)
def test_half_a_bulletin_is_refused_before_anything_leaves(
    text: str, title: str, categories: tuple[str, ...], where: str
) -> None:
    with pytest.raises(Rejected) as caught:
        bulletin.document(rendition(text, title, *categories), "")
    assert [p.where for p in caught.value.problems] == [where]


@pytest.mark.parametrize(
    "words",
    [
        b"",
        b"<html><p>Please wait",
        b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
        b'<?xml version="1.0" encoding="no-such"?><a/>',
        b"<!DOCTYPE html><html/>",
        b"\xff\xfe",
    ],
)
def test_what_is_no_harmless_xml_is_a_bad_reply(words: bytes) -> None:
    with pytest.raises(BadReply):
        xml.read(words, "the topics")


# --- cursors, subjects, structures ---


def test_a_cursor_comes_back_as_it_was_and_another_is_expired() -> None:
    reading = Reading()
    assert Reading.of(reading.cursor()) == reading
    for strange in ("x", "{}", '{"v":2}', "[]", '{"v":1,"b":[],"m":{},"t":0}'):
        with pytest.raises(CursorExpired):
            Reading.of(Cursor(strange))


@pytest.mark.parametrize(
    "subject",
    [
        "Re: Bin day",
        "RE:  bin   Day",
        "AW: Re: Bin day",
        "Fwd: Re[2]: Bin day",
        "SV: bin day",
        "Odp: Bin day",
        "回复：Bin day",
        "Automatic reply: Bin day",
    ],
)
def test_a_subject_is_known_behind_its_marks(subject: str) -> None:
    assert bare(subject) == "bin day"
    assert mark_of(bare(subject)) == mark_of("bin day")


@pytest.mark.parametrize(
    ("text", "new", "history"),
    [
        ("Yes please\n\nOn Mon, 23 Nov 2026 at 09:00, Council wrote:\n> Words", "Yes please", True),
        ("Ja\n\nAm 23.11.2026 um 09:00 schrieb Council:\n> Words\n> more", "Ja", True),
        ("Oui\n-----Original Message-----\nFrom: x", "Oui", True),
        ("Below\n\n> quoted\n> more\n", "Below", True),
        ("> only quoted\n> all of it", "> only quoted\n> all of it", False),
        ("On Monday I rang and nobody wrote:\nwhy?", "On Monday I rang and nobody wrote:\nwhy?", False),
        ("Plain", "Plain", False),
        ("", "", False),
    ],
)
def test_the_history_below_an_answer_is_folded_away(text: str, new: str, history: bool) -> None:
    said, rest = split_history(text)
    assert said == new
    assert bool(rest) is history


def test_a_structure_is_read_with_literals_and_a_mail_within_a_mail_is_one_part() -> None:
    answer: list[Any] = [
        (b'1 (UID 7 BODYSTRUCTURE (("TEXT" "PLAIN" ("CHARSET" "utf-8") NIL NIL "QUOTED-PRINTABLE" 12 1 NIL NIL NIL NIL)'
         b'("APPLICATION" "PDF" ("NAME" {6}', b"a (b).", ),
        b') NIL NIL "BASE64" 900 NIL ("ATTACHMENT" ("FILENAME*0*" "utf-8\'\'%C3%A4" "FILENAME*1" ".pdf")) NIL NIL)'
        b'("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 40 ("d" "s" NIL NIL NIL NIL NIL NIL NIL "<x@y>")'
        b' ("TEXT" "PLAIN" NIL NIL NIL "7BIT" 3 1) 3 NIL ("INLINE" NIL) NIL NIL) "MIXED" NIL NIL NIL NIL))',
    ]  # fmt: skip
    found = items(answer)
    leaves = parts(found["BODYSTRUCTURE"])
    assert [(p.section, p.kind, p.subtype, p.name, p.size_bytes, p.attached) for p in leaves] == [
        ("1", "text", "plain", "", 12, False),
        ("2", "application", "pdf", "ä.pdf", 900, True),
        ("3", "message", "rfc822", "", 40, True),
    ]


@pytest.mark.parametrize("words", [b"1 (UID 7 ", b"1 UID 7)", b"1 (UID)", b"1 " + b"(" * 500])
def test_a_broken_description_is_unreadable(words: bytes) -> None:
    with pytest.raises(Unreadable):
        items([words])
    with pytest.raises(Unreadable):
        parts([[], "x"])


@pytest.mark.parametrize("value", ["=?utf-8?b?w6Q=?= b", "=?x?q?=E4?=", "=?utf-8?b?!?=", "a\x00b\u202egpj", "\udce4"])
def test_a_header_always_comes_out_as_whole_characters(value: str) -> None:
    text = header_text(value)
    text.encode()
    assert "\x00" not in text
    assert "\u202e" not in text
