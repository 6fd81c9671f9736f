"""A bulletin goes out once, whatever becomes of an answer; what can be said about it is said before."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from inbox.connectors.govdelivery import GovDelivery
from inbox.errors import NotFound, Offline, OutcomeUnknown, PostroomError, Rejected, Unavailable
from inbox.model import Capability, Rendition
from inbox.practice.faults import FaultKind
from tests.connectors.harness import Break, delivery_of, read_on
from tests.connectors.harnesses.govdelivery import API_USER, TOPIC, GovDeliveryHarness

KEY = "019ab3c4d5e6f7a8b9c0d1e2f3a4b5c6"
SEND = "/send_now$"
DRAFT = r"/bulletins\.xml$"


@pytest.fixture
async def desk() -> AsyncIterator[GovDeliveryHarness]:
    made = GovDeliveryHarness()
    yield made
    await made.close()


async def publish(desk: GovDeliveryHarness, rendition: Rendition | None = None, key: str = KEY) -> str:
    receipt = await desk.connector().publish(desk.channel, rendition or desk.post(), key)
    return receipt.remote_id


async def find(desk: GovDeliveryHarness, key: str = KEY) -> str | None:
    found = await desk.connector().find(desk.channel, delivery_of(desk, desk.post(), key))
    return found.remote_id if found else None


def asked(desk: GovDeliveryHarness) -> list[str]:
    return [f"{r.method} {r.url.path.partition('/HARBOUR/')[2]}" for r in desk.wire.requests]


async def test_a_draft_then_one_deliberate_sending(desk: GovDeliveryHarness) -> None:
    remote_id = await publish(desk)
    draft = remote_id.removeprefix("bulletin:")
    assert asked(desk) == ["POST bulletins.xml", f"POST bulletins/{draft}/send_now"]
    assert desk.steps.read(KEY) == f"sent {draft}"
    request = desk.wire.requests[1]
    assert request.content == b"", "the draft holds everything: nothing is sent for a second time"
    assert desk.wire.requests[0].headers["content-type"] == "application/xml; charset=utf-8"
    assert desk.wire.requests[0].headers["authorization"].startswith("Basic ")
    assert "@" not in str(request.url), "no user or password in an address"


async def test_the_step_is_noted_before_each_request(desk: GovDeliveryHarness) -> None:
    noted: list[tuple[str, str]] = []

    async def watch(request: object) -> None:
        noted.append((str(getattr(request, "url", "")).rpartition("/")[2], desk.steps.read(KEY).split()[0]))

    connector = desk.connector()
    desk._clients[-1].event_hooks["request"].append(watch)
    await connector.publish(desk.channel, desk.post(), KEY)
    assert noted == [("bulletins.xml", "drafting"), ("send_now", "sending")]


@pytest.mark.parametrize("kind", [FaultKind.LOST_ANSWER, FaultKind.TIMEOUT_AFTER, FaultKind.HALF, FaultKind.HTML_PAGE])
async def test_a_lost_answer_to_the_sending_is_looked_for_and_never_repeated(
    desk: GovDeliveryHarness, kind: FaultKind
) -> None:
    desk.faults.add(kind, path=SEND, times=1)
    with pytest.raises(OutcomeUnknown):
        await publish(desk)
    if kind is FaultKind.HTML_PAGE:  # nothing was executed: but who could know?
        with pytest.raises(OutcomeUnknown):
            await find(desk)
        assert desk.made == []
        return
    assert await find(desk) == desk.made[0]
    assert await publish(desk) == desk.made[0]
    assert len(desk.made) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408, 302])
async def test_a_server_error_on_sending_is_unknown_for_ever(desk: GovDeliveryHarness, status: int) -> None:
    desk.faults.add(FaultKind.STATUS, path=SEND, status=status, times=1)
    with pytest.raises(OutcomeUnknown):
        await publish(desk)
    for _ in range(3):
        desk.clock.forward(100_000)
        with pytest.raises(OutcomeUnknown):
            await find(desk)
    assert sum(line.endswith("send_now") for line in asked(desk)) == 1


async def test_absence_from_a_list_that_is_late_is_no_proof(desk: GovDeliveryHarness) -> None:
    desk.agency.quirks.add("late-list")
    desk.faults.add(FaultKind.LOST_ANSWER, path=SEND, times=1)
    with pytest.raises(OutcomeUnknown):
        await publish(desk)
    with pytest.raises(OutcomeUnknown) as caught:
        await find(desk)
    assert "Sent" in caught.value.hint
    desk.agency.quirks.clear()
    assert await find(desk) == desk.made[0]


async def test_when_a_person_says_it_did_not_arrive_the_same_draft_goes(desk: GovDeliveryHarness) -> None:
    desk.faults.add(FaultKind.STATUS, path=SEND, status=500, times=1)
    with pytest.raises(OutcomeUnknown):
        await publish(desk)
    draft = next(iter(desk.agency.bulletins))
    assert await publish(desk) == f"bulletin:{draft}"
    assert list(desk.agency.bulletins) == [draft]


@pytest.mark.parametrize(
    ("kind", "error"), [(FaultKind.UNREACHABLE, Unavailable), (FaultKind.TIMEOUT_BEFORE, Unavailable)]
)
async def test_only_a_connection_that_never_came_about_leaves_it_queued(
    desk: GovDeliveryHarness, kind: FaultKind, error: type[PostroomError]
) -> None:
    desk.faults.add(kind, path=SEND, times=1)
    with pytest.raises(error) as caught:
        await publish(desk)
    assert not isinstance(caught.value, OutcomeUnknown)
    assert await find(desk) is None, "proven by our own note"
    assert await publish(desk) == desk.made[0]
    assert len(desk.agency.bulletins) == 1


async def test_no_name_on_sending_leaves_it_queued(desk: GovDeliveryHarness) -> None:
    desk.break_writes(Break.NO_NAME)
    with pytest.raises(Offline):
        await publish(desk)
    assert desk.steps.read(KEY) == ""


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 422, 429, 451])
async def test_a_refusal_of_the_sending_is_final(desk: GovDeliveryHarness, status: int) -> None:
    desk.faults.add(FaultKind.STATUS, path=SEND, status=status, retry_after=60, times=1)
    with pytest.raises((Rejected, NotFound)) as caught:
        await publish(desk)
    assert caught.value.hint
    assert desk.made == []
    assert await find(desk) is None


async def test_nobody_subscribed_is_final_and_the_first_new_subscriber_gets_nothing_old(
    desk: GovDeliveryHarness,
) -> None:
    rendition = replace(desk.post(), categories=("topic:HARBOUR_EMPTY",))
    with pytest.raises(Rejected) as caught:
        await publish(desk, rendition)
    assert "Nobody has subscribed" in str(caught.value)
    desk.agency.subscribe("new@citizen.example", "HARBOUR_EMPTY")
    assert desk.made == []


async def test_an_error_behind_a_success_is_an_error(desk: GovDeliveryHarness) -> None:
    desk.agency.quirks.add("errors-as-success")
    with pytest.raises(Rejected):
        await publish(desk, replace(desk.post(), categories=("topic:HARBOUR_EMPTY",)))
    assert await find(desk) is None


async def test_a_draft_that_somebody_removed_is_made_again_when_a_person_sends_again(desk: GovDeliveryHarness) -> None:
    desk.faults.add(FaultKind.UNREACHABLE, path=SEND, times=1)
    with pytest.raises(Unavailable):
        await publish(desk)
    desk.agency.bulletins.clear()
    with pytest.raises(NotFound):
        await publish(desk)
    assert await publish(desk) == desk.made[0]


# --- a bulletin in doubt ---


async def leave_in_doubt(desk: GovDeliveryHarness) -> str:
    """It went out, nobody here heard of it, and the list does not show it yet. Its step."""
    desk.agency.quirks.add("late-list")
    desk.faults.add(FaultKind.LOST_ANSWER, path=SEND, times=1)
    with pytest.raises(OutcomeUnknown):
        await publish(desk)
    [sent] = desk.agency.sent_order
    assert desk.steps.read(KEY) == f"sending {sent}"
    return f"sending {sent}"


async def assert_still_in_doubt(desk: GovDeliveryHarness, step: str) -> None:
    """Nothing was freed: neither the queue nor a person can make a second mail, and a later look still finds it."""
    assert desk.steps.read(KEY) == step
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            await find(desk)
        with pytest.raises(OutcomeUnknown):
            await publish(desk)
    assert desk.steps.read(KEY) == step
    assert len(desk.agency.bulletins) == 1, "another draft would be another mail to everybody"
    assert len(desk.made) == 1
    desk.agency.quirks.clear()
    assert await find(desk) == desk.made[0]


async def test_a_bulletin_that_went_unseen_is_never_drafted_again(desk: GovDeliveryHarness) -> None:
    step = await leave_in_doubt(desk)
    with pytest.raises(OutcomeUnknown) as caught:  # GovDelivery refuses a sent draft as "not found"
        await publish(desk)
    assert "may already have gone" in str(caught.value)
    assert "Sent" in caught.value.hint
    await assert_still_in_doubt(desk, step)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 422, 429, 500])
async def test_a_second_attempt_that_is_refused_says_nothing_of_the_first(
    desk: GovDeliveryHarness, status: int
) -> None:
    step = await leave_in_doubt(desk)
    desk.faults.add(FaultKind.STATUS, path=SEND, status=status, times=1)
    with pytest.raises(OutcomeUnknown):
        await publish(desk)
    await assert_still_in_doubt(desk, step)


async def test_an_error_behind_a_success_ends_no_doubt(desk: GovDeliveryHarness) -> None:
    step = await leave_in_doubt(desk)
    desk.agency.quirks.add("errors-as-success")
    with pytest.raises(OutcomeUnknown):
        await publish(desk)
    await assert_still_in_doubt(desk, step)


@pytest.mark.parametrize("kind", [FaultKind.UNREACHABLE, FaultKind.TIMEOUT_BEFORE])
async def test_a_second_attempt_that_never_left_proves_nothing_of_the_first(
    desk: GovDeliveryHarness, kind: FaultKind
) -> None:
    step = await leave_in_doubt(desk)
    desk.faults.add(kind, path=SEND, times=1)
    with pytest.raises(Unavailable):
        await publish(desk)
    await assert_still_in_doubt(desk, step)


async def test_without_a_network_a_bulletin_in_doubt_stays_so(desk: GovDeliveryHarness) -> None:
    step = await leave_in_doubt(desk)
    desk.break_writes(Break.NO_NAME)
    with pytest.raises(Offline):
        await publish(desk)
    desk.mend()
    await assert_still_in_doubt(desk, step)


async def test_the_list_is_looked_at_before_a_repeated_sending(desk: GovDeliveryHarness) -> None:
    await leave_in_doubt(desk)
    desk.faults.add(FaultKind.UNREACHABLE, path=SEND, times=1)
    with pytest.raises(Unavailable):
        await publish(desk)
    desk.agency.quirks.clear()
    begun = sum(line.endswith("send_now") for line in asked(desk))
    assert await publish(desk) == desk.made[0], "as the queue does by itself, without asking find"
    assert sum(line.endswith("send_now") for line in asked(desk)) == begun


@pytest.mark.parametrize("status", [404, 422])
async def test_a_list_that_is_not_there_ends_no_doubt_and_nothing_is_sent(
    desk: GovDeliveryHarness, status: int
) -> None:
    step = await leave_in_doubt(desk)
    begun = sum(line.endswith("send_now") for line in asked(desk))
    desk.faults.add(FaultKind.STATUS, path=r"/sent\.xml", status=status)
    with pytest.raises(OutcomeUnknown):
        await publish(desk)
    with pytest.raises(OutcomeUnknown):
        await find(desk)
    assert sum(line.endswith("send_now") for line in asked(desk)) == begun
    desk.faults.clear()
    await assert_still_in_doubt(desk, step)


def many_are_sent(desk: GovDeliveryHarness, count: int) -> None:
    for number in range(count):
        desk.clock.forward(3_600)
        made = desk.agency.draft(subject=f"B{number}", body="<p>x</p>", topics=["HARBOUR_NEWS"], categories=[])
        desk.agency.send(made)


@pytest.mark.parametrize("quirks", [{"ascending"}, set[str]()])
async def test_a_lost_sending_is_found_wherever_a_long_list_has_it(desk: GovDeliveryHarness, quirks: set[str]) -> None:
    desk.agency.quirks |= quirks
    many_are_sent(desk, 130)
    desk.faults.add(FaultKind.LOST_ANSWER, path=SEND, times=1)
    with pytest.raises(OutcomeUnknown):
        await publish(desk)
    if not quirks:
        many_are_sent(desk, 130)  # it is no longer among the newest hundred
    looked = desk.requests
    assert await find(desk) == f"bulletin:{desk.agency.sent_order[130]}"
    assert desk.requests - looked <= 2, "asked for by its own id"


async def test_where_a_page_begins_behind_its_start_it_is_found_behind_the_newest_known(
    desk: GovDeliveryHarness,
) -> None:
    desk.agency.quirks |= {"ascending", "start-behind"}
    many_are_sent(desk, 130)
    connector = desk.connector()
    await read_on(connector, desk.channel)
    desk.faults.add(FaultKind.LOST_ANSWER, path=SEND, times=1)
    with pytest.raises(OutcomeUnknown):
        await connector.publish(desk.channel, desk.post(), KEY)
    found = await connector.find(desk.channel, delivery_of(desk, desk.post(), KEY))
    assert found is not None
    assert found.remote_id == desk.made[-1]


async def test_in_a_long_list_that_does_not_have_it_a_look_ends_soon(desk: GovDeliveryHarness) -> None:
    for quirks in ({"ascending"}, set[str]()):
        desk.agency.quirks = quirks
        many_are_sent(desk, 130)
        desk.steps.save(KEY, "sending 4")
        looked = desk.requests
        with pytest.raises(OutcomeUnknown):
            await find(desk)
        assert desk.requests - looked <= 6


# --- a draft whose answer was lost ---


async def lose_a_draft(desk: GovDeliveryHarness) -> None:
    desk.faults.add(FaultKind.LOST_ANSWER, path=DRAFT, times=1)
    with pytest.raises(OutcomeUnknown):
        await publish(desk)
    assert (len(desk.agency.bulletins), desk.made) == (1, [])
    assert await find(desk) is None, "a draft reaches nobody"


async def test_a_lost_draft_is_looked_for_before_another_is_made(desk: GovDeliveryHarness) -> None:
    await lose_a_draft(desk)
    draft = next(iter(desk.agency.bulletins))
    assert await publish(desk) == f"bulletin:{draft}"
    assert list(desk.agency.bulletins) == [draft]


async def test_a_colleagues_draft_of_the_same_subject_is_not_ours(desk: GovDeliveryHarness) -> None:
    desk.agency.draft(subject="Notice", body="<p>Not ours</p>", topics=["HARBOUR_NEWS"], categories=[])
    desk.agency.draft(
        subject="Notice", body="<p>The library opens on Monday</p>", topics=["HARBOUR_EMPTY"], categories=[]
    )
    desk.steps.save(KEY, "drafting")
    remote_id = await publish(desk)
    assert len(desk.agency.bulletins) == 3
    assert desk.made == [remote_id]
    assert desk.agency.bulletins[int(remote_id.removeprefix("bulletin:"))].recipients


@pytest.mark.parametrize("right", ["no-drafts", "list drafts"])
async def test_without_a_list_of_drafts_a_lost_one_is_made_again_and_never_sent(
    desk: GovDeliveryHarness, right: str
) -> None:
    await lose_a_draft(desk)
    desk.agency.quirks |= {right}
    desk.agency.refused |= {right}
    await publish(desk)
    assert (len(desk.agency.bulletins), len(desk.made)) == (2, 1)


async def test_while_the_drafts_cannot_be_looked_through_nothing_is_made(desk: GovDeliveryHarness) -> None:
    await lose_a_draft(desk)
    desk.faults.add(FaultKind.STATUS, path="drafts", status=503, times=1)
    with pytest.raises(Unavailable):
        await publish(desk)
    assert len(desk.agency.bulletins) == 1


async def test_a_topic_that_is_gone_is_a_refusal(desk: GovDeliveryHarness) -> None:
    with pytest.raises((Rejected, NotFound)):
        await publish(desk, replace(desk.post(), categories=("topic:GONE",)))
    assert desk.agency.bulletins == {}


async def test_tags_and_other_channels_categories_are_left_out(desk: GovDeliveryHarness) -> None:
    await publish(desk, replace(desk.post(), categories=("News", TOPIC, "category:living"), tags=("flood",)))
    [made] = desk.agency.bulletins.values()
    assert (made.topics, made.categories) == (["HARBOUR_NEWS"], ["living"])
    assert made.recipients == ["vera@citizen.example", "emre@citizen.example"], "each address once"


# --- before it goes ---


async def test_the_number_of_recipients_is_read_now_and_has_to_be_confirmed(desk: GovDeliveryHarness) -> None:
    connector = desk.connector()
    rendition = replace(desk.post(), categories=(TOPIC, "category:living"))
    weight = await connector.weigh(desk.channel, rendition)
    assert (weight.reaches, weight.confirm, weight.cost) == (3, True, None)
    words = "\n".join(weight.words)
    assert "All council news: 2 subscribers" in words
    assert "several of these gets it once" in words
    assert "cannot be taken back" in words
    assert "sharing" in words
    desk.agency.subscribe("third@citizen.example", "HARBOUR_NEWS")
    assert (await connector.weigh(desk.channel, rendition)).reaches == 4
    assert desk.agency.bulletins == {}


async def test_page_watch_is_warned_of(desk: GovDeliveryHarness) -> None:
    topic = desk.agency.topics["HARBOUR_NEWS"]
    topic.watches, topic.autosend = True, True
    weight = await desk.connector().weigh(desk.channel, desk.post())
    assert any("Page Watch" in line and "twice" in line for line in weight.words)
    limits = await desk.connector().limits(desk.channel)
    assert any("Page Watch" in choice.warning for choice in limits.choices)


async def test_topics_and_categories_are_offered_with_their_counts(desk: GovDeliveryHarness) -> None:
    limits = await desk.connector().limits(desk.channel)
    assert [(c.code, c.title, c.reaches) for c in limits.choices] == [
        ("topic:HARBOUR_NEWS", "All council news", 2),
        ("topic:HARBOUR_EMPTY", "Dredging works", 0),
        ("category:living", "Living here", None),
    ]
    assert limits.choice_needed
    assert limits.media_count == 0
    assert limits.choices[1].warning


@pytest.mark.parametrize("right", ["read topics", "list categories"])
async def test_a_right_that_is_not_granted_is_named_and_the_rest_goes_on(desk: GovDeliveryHarness, right: str) -> None:
    desk.agency.refused.add(right)
    connector = desk.connector()
    limits = await connector.limits(desk.channel)
    assert limits.choices
    assert any("Granicus" in line for line in connector.validity().words)


async def test_a_trial_goes_to_one_address_and_never_to_a_whole_list(desk: GovDeliveryHarness) -> None:
    desk.agency.contacts[API_USER] = ["everybody@city.example", "mayor@city.example"]
    connector = desk.connector()
    said = await connector.trial(desk.channel, desk.post())
    [draft] = desk.agency.bulletins.values()
    assert draft.tests == [[API_USER]]
    assert API_USER in said
    assert draft.subject == "[Trial] Notice"
    await connector.trial(desk.channel, desk.post("Other words"))
    assert len(desk.agency.bulletins) == 1, "one draft serves all trials"
    assert "Other words" in draft.body
    assert desk.made == []
    place = replace(connector._place, trial_to="desk@harbour.example")
    connector._place = place
    said = await connector.trial(desk.channel, desk.post())
    assert draft.tests[-1] == ["desk@harbour.example", API_USER]
    assert "desk@harbour.example" in said


async def test_one_request_at_a_time_and_each_is_counted(desk: GovDeliveryHarness) -> None:
    assert [a.name for a in GovDelivery.allowances] == ["calls"]
    assert GovDelivery.allowances[0].limit is None
    assert Capability.MEDIA not in GovDelivery.capabilities
