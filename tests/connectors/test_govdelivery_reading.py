"""Bulletins and their figures, and the mailbox beside them: nothing is lost, and no half holds up the other."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from types import FrameType

import pytest

from inbox.connectors.connector import START
from inbox.connectors.govdelivery.cursor import MOST_KNOWN
from inbox.connectors.govdelivery.polling import REPORT_EVERY_S, UNDATED, WALK_EVERY_S
from inbox.errors import BadReply, Unavailable
from inbox.model import Capability, Message, MessageKind, Visibility
from inbox.practice.faults import FaultKind
from inbox.practice.govdelivery import Bulletin
from inbox.practice.govdelivery.post_office import MailFault
from tests.connectors.harness import all_of, read_on
from tests.connectors.harnesses.govdelivery import ADDRESS, GovDeliveryHarness


@pytest.fixture
async def desk() -> AsyncIterator[GovDeliveryHarness]:
    made = GovDeliveryHarness()
    yield made
    await made.close()


def send(desk: GovDeliveryHarness, subject: str = "Flood grants", body: str = "<p>Words &amp; more</p>") -> Bulletin:
    desk.clock.forward(60)
    made = desk.agency.draft(subject=subject, body=body, topics=["HARBOUR_NEWS"], categories=[])
    return desk.agency.send(made)


async def read(desk: GovDeliveryHarness, cursor: object = START) -> list[Message]:
    batches, _ = await read_on(desk.connector(), desk.channel, cursor)  # type: ignore[arg-type]
    return all_of(batches)


async def test_a_bulletin_comes_back_as_ours_with_its_figures_and_its_page(desk: GovDeliveryHarness) -> None:
    made = send(desk)
    made.opens, made.clicks = 1, 1
    [message] = await read(desk)
    assert (message.remote_id, message.kind, message.ours) == (f"bulletin:{made.id}", MessageKind.POST, True)
    assert (message.title, message.text) == ("Flood grants", "Words & more")
    assert message.created_at == made.sent_at
    assert {n: message.details[n] for n in ("addresses", "opens", "clicks")} == {
        "addresses": "2", "opens": "1", "clicks": "1",
    }  # fmt: skip
    assert message.visibility is Visibility.PUBLIC
    assert Capability.REPLY in message.denied
    assert message.url == "", "the page of an unknown system is not guessed"


async def test_on_the_real_host_the_public_page_is_linked() -> None:
    from inbox.connectors.govdelivery.place import REAL, Place

    assert Place(base=REAL, code="UKGOVUK").public("56d553") == (
        "https://content.govdelivery.com/accounts/UKGOVUK/bulletins/56d553"
    )
    assert Place(base="https://stage-api.govdelivery.com", code="X").public("56d553") == ""


async def test_figures_come_again_when_they_changed_and_only_then(desk: GovDeliveryHarness) -> None:
    made = send(desk)
    connector = desk.connector()
    _, cursor = await read_on(connector, desk.channel)
    made.opens = 2
    assert all_of((await read_on(connector, desk.channel, cursor))[0]) == [], "not asked for with every poll"
    desk.clock.forward(REPORT_EVERY_S)
    batches, after = await read_on(connector, desk.channel, cursor)
    [message] = all_of(batches)
    assert message.details["opens"] == "2"
    desk.clock.forward(REPORT_EVERY_S)
    again, same = await read_on(connector, desk.channel, after)
    assert (all_of(again), same) == ([], after)


async def test_more_than_a_page_is_read_whole_in_either_order(desk: GovDeliveryHarness) -> None:
    for order in (set[str](), {"ascending"}):
        desk.agency.quirks = order
        made = [send(desk, f"Bulletin {order} {n}") for n in range(47)]
        found = {m.remote_id for m in await read(desk)}
        assert {f"bulletin:{b.id}" for b in made} <= found


async def test_what_is_new_is_found_where_the_list_begins_with_the_oldest(desk: GovDeliveryHarness) -> None:
    desk.agency.quirks = {"ascending"}
    for number in range(45):
        send(desk, f"Bulletin {number}")
    connector = desk.connector()
    _, cursor = await read_on(connector, desk.channel)
    new = send(desk, "New")
    batches, _ = await read_on(connector, desk.channel, cursor)
    assert [m.remote_id for m in all_of(batches)] == [f"bulletin:{new.id}"]


async def test_a_draft_of_long_ago_that_is_sent_today_is_not_missed(desk: GovDeliveryHarness) -> None:
    old = desk.agency.draft(subject="Old draft", body="<p>x</p>", topics=["HARBOUR_NEWS"], categories=[])
    for number in range(30):
        send(desk, f"Bulletin {number}")
    connector = desk.connector()
    _, cursor = await read_on(connector, desk.channel)
    desk.agency.send(old)
    # As if the list were in order of numbers, which nobody has documented: it stands on the second page.
    desk.agency.sent_order.sort()
    batches, cursor = await read_on(connector, desk.channel, cursor)
    assert all_of(batches) == []
    desk.clock.forward(WALK_EVERY_S)
    batches, _ = await read_on(connector, desk.channel, cursor)
    assert f"bulletin:{old.id}" in [m.remote_id for m in all_of(batches)]


async def test_without_statistics_a_bulletin_has_the_time_it_was_first_seen() -> None:
    desk = GovDeliveryHarness(statistics=False)
    try:
        made = [send(desk, f"Bulletin {n}") for n in range(UNDATED + 5)]
        desk.clock.forward(5_000)
        connector = desk.connector()
        batches, cursor = await read_on(connector, desk.channel)
        found = all_of(batches)
        assert len(found) == UNDATED, "a whole past of today would be a lie"
        assert all("dated" in m.details for m in found)
        assert f"bulletin:{made[-1].id}" in {m.remote_id for m in found}
        desk.clock.forward(WALK_EVERY_S)
        assert all_of((await read_on(connector, desk.channel, cursor))[0]) == []
        assert any("statistics" in line for line in connector.validity().words)
    finally:
        await desk.close()


@pytest.mark.parametrize("oldest_first", [True, False])
async def test_without_statistics_the_newest_come_in_whatever_the_order(oldest_first: bool) -> None:
    desk = GovDeliveryHarness(statistics=False, oldest_first=oldest_first)
    try:
        made = [send(desk, f"Bulletin {n}") for n in range(UNDATED * 3)]
        found = await read(desk)
        oldest_to_newest = [m.title for m in sorted(found, key=lambda m: m.created_at)]
        assert oldest_to_newest == [b.subject for b in made[-UNDATED:]]
    finally:
        await desk.close()


async def test_one_old_draft_on_top_does_not_turn_the_list_round() -> None:
    desk = GovDeliveryHarness(statistics=False)
    try:
        old = desk.agency.draft(subject="Old draft", body="<p>x</p>", topics=["HARBOUR_NEWS"], categories=[])
        made = [send(desk, f"Bulletin {n}") for n in range(UNDATED * 2)]
        desk.agency.send(old)
        found = {m.title for m in await read(desk)}
        assert found == {"Old draft", *(b.subject for b in made[1 - UNDATED :])}
    finally:
        await desk.close()


@pytest.mark.parametrize(("oldest_first", "page"), [(True, 20), (True, 1_000), (False, 20), (False, 1_000)])
@pytest.mark.parametrize("statistics", [True, False])
async def test_what_the_cursor_has_forgotten_is_not_brought_in_as_of_today(
    monkeypatch: pytest.MonkeyPatch, oldest_first: bool, page: int, statistics: bool
) -> None:
    monkeypatch.setattr("inbox.practice.govdelivery.app.PAGE", page)
    desk = GovDeliveryHarness(statistics=statistics, oldest_first=oldest_first)
    try:
        for number in range(MOST_KNOWN + 50):
            desk.clock.forward(2 * 86_400)
            send(desk, f"Bulletin {number}")
        waiting = desk.agency.draft(subject="Waited", body="<p>x</p>", topics=["HARBOUR_NEWS"], categories=[])
        newest = send(desk, "Newest")
        connector = desk.connector()
        batches, cursor = await read_on(connector, desk.channel)
        assert f"bulletin:{newest.id}" in {m.remote_id for m in all_of(batches)}
        for wait_s in (300, 300, WALK_EVERY_S):
            desk.clock.forward(wait_s)
            batches, cursor = await read_on(connector, desk.channel, cursor)
            assert all_of(batches) == []
        desk.agency.send(waiting)  # its number is lower than the newest known, and it is new
        send(desk, "News")
        batches, cursor = await read_on(desk.connector(), desk.channel, cursor)
        assert sorted(m.title for m in all_of(batches)) == ["News", "Waited"]
        assert all_of((await read_on(desk.connector(), desk.channel, cursor))[0]) == []
    finally:
        await desk.close()


async def test_a_token_that_lost_its_right_costs_figures_and_nothing_else(desk: GovDeliveryHarness) -> None:
    desk.agency.tokens.clear()
    send(desk)
    connector = desk.connector()
    [message] = all_of((await read_on(connector, desk.channel))[0])
    assert "opens" not in message.details
    assert any("read statistics" in line for line in connector.validity().words)


async def test_where_bulletins_may_not_be_read_the_subject_stands_for_them(desk: GovDeliveryHarness) -> None:
    desk.agency.quirks.add("no-bodies")
    send(desk)
    [message] = await read(desk)
    assert (message.text, message.html) == ("Flood grants", "")


async def test_a_list_with_another_number_beside_the_uri_is_read_by_the_uri(desk: GovDeliveryHarness) -> None:
    desk.agency.quirks.add("plain-params")
    made = send(desk)
    [message] = await read(desk)
    assert message.remote_id == f"bulletin:{made.id}"


# --- two halves ---


@pytest.mark.parametrize("half", ["bulletins", "mail"])
async def test_one_half_that_fails_does_not_hold_up_the_other(desk: GovDeliveryHarness, half: str) -> None:
    made = send(desk)
    desk.office.write("Vera", "vera@citizen.example", "Hello", "Words")
    if half == "bulletins":
        desk.faults.add(FaultKind.STATUS, path="sent", status=503)
    else:
        desk.office.broken.add(MailFault.AWAY)
    connector = desk.connector()
    cursor = START
    for poll in range(3):  # each saves what it could read, then says what failed
        batch = await connector.fetch(desk.channel, cursor)
        assert not batch.complete
        assert batch.cursor != cursor, "or the reader would take it for the end"
        kinds = {m.kind for m in batch.messages}
        assert kinds == (set() if poll else {MessageKind.DIRECT if half == "bulletins" else MessageKind.POST})
        cursor = batch.cursor
        with pytest.raises(Unavailable):
            await connector.fetch(desk.channel, cursor)
    desk.faults.clear()
    desk.mend()
    batches, _ = await read_on(connector, desk.channel, cursor)
    [late] = all_of(batches)
    assert late.kind is (MessageKind.POST if half == "bulletins" else MessageKind.DIRECT)
    assert late.context_remote_id == ""
    assert made.sent_at is not None


async def test_a_report_that_is_no_report_is_a_bad_reply(desk: GovDeliveryHarness) -> None:
    send(desk)
    desk.faults.add(FaultKind.BROKEN_JSON, path="reports")
    connector = desk.connector()
    batch = await connector.fetch(desk.channel, START)
    with pytest.raises(BadReply):
        await connector.fetch(desk.channel, batch.cursor)


# --- the mailbox ---


async def test_a_letter_belongs_to_the_newest_bulletin_of_its_subject(desk: GovDeliveryHarness) -> None:
    send(desk, "Bin day")
    second = send(desk, "Bin day")
    desk.clock.forward(60)
    desk.office.write("Vera", "vera@citizen.example", "AW: BIN  day", "Which one?")
    desk.clock.forward(60)
    third = send(desk, "Bin day")
    [letter] = [m for m in await read(desk) if m.kind is MessageKind.DIRECT]
    assert letter.context_remote_id == f"bulletin:{second.id}"
    assert third.id != second.id
    assert letter.visibility is Visibility.DIRECT, "what one citizen writes is no other's business"
    assert letter.parent_remote_id == "", "a conversation of its own"


async def test_a_letter_is_threaded_through_a_copy_of_the_bulletin(desk: GovDeliveryHarness) -> None:
    made = send(desk, "Bin day")
    desk.clock.forward(10)
    desk.office.write("Harbour Council", ADDRESS, "Bin day", "Words", message_id="<copy@govdelivery.example>")
    desk.clock.forward(10)
    desk.office.write("Vera", "vera@citizen.example", "A question", "Which one?", answers="<copy@govdelivery.example>")
    copy, letter = [m for m in await read(desk) if not m.ours]
    assert (copy.kind, copy.ours) == (MessageKind.NOTICE, False), "a forger may write that address too"
    assert (letter.context_remote_id, letter.parent_remote_id) == (f"bulletin:{made.id}", "")


async def test_an_answer_to_our_answer_stands_below_it(desk: GovDeliveryHarness) -> None:
    [asked] = desk.seed(1)
    await desk.connector().publish(desk.channel, desk.reply(asked), "0123abcd")
    desk.office.write(
        "Citizen", "citizen0@citizen.example", "Re: Word 0", "Thank you",
        answers="<postroom.0123abcd@harbour.example>",
    )  # fmt: skip
    thanks = next(m for m in await read(desk) if m.text == "Thank you")
    assert thanks.parent_remote_id == "answer:0123abcd"


@pytest.mark.parametrize(
    "headers",
    [{"Auto_Submitted": "auto-replied"}, {"Precedence": "bulk"}, {"X_Autoreply": "yes"}, {"Return_Path": "<>"}],
)
async def test_what_a_machine_answered_is_quiet(desk: GovDeliveryHarness, headers: dict[str, str]) -> None:
    desk.office.write("Jan", "jan@citizen.example", "Out of office", "Until Monday", **headers)
    [message] = await read(desk)
    assert message.kind is MessageKind.NOTICE
    assert Capability.REPLY in message.denied


async def test_a_person_who_says_that_she_is_none_is_heard(desk: GovDeliveryHarness) -> None:
    desk.office.write("Jan", "jan@citizen.example", "Hello", "Words", Auto_Submitted="no")
    [message] = await read(desk)
    assert message.kind is MessageKind.DIRECT
    assert message.denied is Capability.NONE


async def test_the_history_below_an_answer_is_folded_and_kept(desk: GovDeliveryHarness) -> None:
    text = "Yes please.\n\nOn Mon, 23 Nov 2026 at 09:00, Council wrote:\n> Which day <b>suits</b> you?"
    desk.office.write("Vera", "vera@citizen.example", "Re: day", text)
    [message] = await read(desk)
    assert message.text == "Yes please."
    assert "Which day &lt;b&gt;suits&lt;/b&gt; you?" in message.html
    assert b"Which day" in message.raw


async def test_attachments_are_listed_and_stay_where_they_are(desk: GovDeliveryHarness) -> None:
    desk.office.write("Vera", "vera@citizen.example", "Photo", "See", attach=("bins.pdf", b"%PDF" * 9_000))
    [message] = await read(desk)
    [attached] = message.attachments
    assert (attached.description, attached.kind, attached.url) == ("bins.pdf", "file", "")
    assert b"%PDF" not in message.raw
    assert b"JVBERi" not in message.raw


async def test_looking_changes_nothing_in_the_mailbox(desk: GovDeliveryHarness) -> None:
    desk.seed(5)
    await read(desk)
    assert desk.office.changes == 0
    assert all(mail.flags == set() for mail in desk.office.folders["INBOX"].mails)


async def test_a_renumbered_mailbox_repeats_nothing_and_loses_nothing(desk: GovDeliveryHarness) -> None:
    said = desk.seed(6)
    connector = desk.connector()
    first, cursor = await read_on(connector, desk.channel)
    desk.office.renumber()
    new = desk.seed(1)
    second, _ = await read_on(connector, desk.channel, cursor)
    assert {m.remote_id for m in all_of(first)} == set(said)
    assert {m.remote_id for m in all_of(second)} == {*said, *new}, "the same names: nothing is stored twice"


async def test_a_connection_that_drops_in_the_middle_moves_no_cursor(desk: GovDeliveryHarness) -> None:
    said = desk.seed(5)
    desk.office.broken.add(MailFault.DROPPED)
    connector = desk.connector()
    with pytest.raises(Unavailable):
        await read_on(connector, desk.channel)
    desk.mend()
    assert {m.remote_id for m in await read(desk)} == set(said)


async def test_a_forger_of_our_names_is_a_stranger(desk: GovDeliveryHarness) -> None:
    [asked] = desk.seed(1)
    await desk.connector().publish(desk.channel, desk.reply(asked), "0123abcd")
    desk.office.write(
        "Harbour Council", ADDRESS, "Re: Word 0", "We resign", message_id="<postroom.0123abcd@harbour.example>"
    )
    found = await read(desk)
    assert [m.text for m in found if m.ours] == ["We open at nine"], "our answer is not covered by it"
    [forged] = [m for m in found if m.text == "We resign"]
    assert (forged.remote_id.partition(":")[0], forged.kind) == ("mail", MessageKind.NOTICE)


async def test_a_mailbox_of_old_mail_alone_is_not_brought_in_by_the_second_poll(desk: GovDeliveryHarness) -> None:
    for days in (900, 400, 100):
        at = desk.clock.now() - timedelta(days=days)
        desk.office.write("Vera", "vera@citizen.example", f"{days} days ago", "Words", at=at)
    connector = desk.connector()
    first, cursor = await read_on(connector, desk.channel)
    desk.office.write("Vera", "vera@citizen.example", "Today", "Words")
    second, _ = await read_on(connector, desk.channel, cursor)
    assert (all_of(first), [m.title for m in all_of(second)]) == ([], ["Today"])


async def test_what_cannot_be_read_is_kept_as_it_came(desk: GovDeliveryHarness) -> None:
    desk.say_unknown()
    [message] = await read(desk)
    assert (message.kind, message.title) == (MessageKind.UNREADABLE, "Boxes in boxes")
    assert message.raw == desk.office.folders["INBOX"].mails[0].content
    assert "mailbox itself" in message.text


@pytest.mark.parametrize(
    ("kind", "body", "html"),
    [
        ("html", "<div>" * 150_000 + "words", False),
        ("html", "<div></b>" * 90_000 + "words", False),
        ("html", "<div><!--</div>-->" * 50_000 + "words", False),
        ("html", "<p>" + "".join(f"<font a={n}>" for n in range(1_000)) + "</p>" + "<p>words</p>" * 50_000, False),
        ("html", "<p>words" * 90_000, True),
        ("html", "<p>words</p><blockquote>" + "<br>" * 90_000 + "</blockquote>", True),
        ("plain", "words\n" * 150_000, False),
        ("plain", "words\n\n> " + "https://x.example/" + ")" * 300_000, True),
        ("plain", "words " * 160_000, False),
    ],
)
async def test_a_bottomless_letter_takes_no_time(desk: GovDeliveryHarness, kind: str, body: str, html: bool) -> None:
    head = f"From: e@evil.example\r\nMIME-Version: 1.0\r\nContent-Type: text/{kind}; charset=utf-8\r\n\r\n"
    desk.office.deliver((head + body.replace("\n", "\r\n")).encode())
    started = time.process_time()
    [message] = await read(desk)
    assert time.process_time() - started < 20, "the same letter would take the parser minutes"
    assert "words" in message.text
    assert len(message.text) <= 250_001
    assert bool(message.html) is html


async def test_giving_up_a_look_hangs_up_at_once(desk: GovDeliveryHarness) -> None:
    desk.office.broken.add(MailFault.SILENT)
    given_up = asyncio.ensure_future(desk.connector().fetch(desk.channel, START))
    for _ in range(500):
        if _at_work():
            break
        await asyncio.sleep(0.01)
    assert _at_work()
    given_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await given_up
    for _ in range(500):
        if not _at_work():
            break
        await asyncio.sleep(0.01)
    assert not _at_work(), "a thread waits for an answer that nobody wants"


def _at_work() -> bool:
    """Whether a thread waits for the mail server to answer."""
    return any(_within(frame, "connectors/govdelivery/imap.py", "login") for frame in sys._current_frames().values())


def _within(frame: FrameType | None, file: str, function: str) -> bool:
    inside = False
    while frame is not None:
        inside = inside or frame.f_code.co_name == function
        if inside and frame.f_code.co_filename.endswith(file):
            return True
        frame = frame.f_back
    return False
