"""The Mastodon connector against a real server: what is read, compared with what the server holds."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from inbox.connectors.mastodon import Mastodon
from inbox.errors import SignInNeeded
from inbox.model import Capability, MessageKind, MessageState, Moderation, Reaction, Visibility
from tests.servers.desk import Desk, post
from tests.servers.mastodon_desk import desk_at
from tests.servers.mastodon_server import MastodonServer, Person


@pytest.fixture
async def desk(mastodon: MastodonServer, office: Person) -> AsyncIterator[Desk]:
    made = await desk_at(mastodon, office)
    yield made
    await made.http.aclose()


async def test_seeded_replies_mentions_quotes_and_direct_messages_arrive_once(mastodon: MastodonServer) -> None:
    """Everything the citizens did before we came, against what the server says of it itself."""
    mastodon.clear_faults()
    council = mastodon.person("council")
    wanted: dict[str, str] = {}
    for item in council.notifications():
        if item["type"] in {"mention", "quote"}:
            wanted[item["status"]["id"]] = item["type"]
        elif item["type"] not in {"favourite", "reblog"}:
            wanted[f"notification:{item['id']}"] = item["type"]
    desk = await desk_at(mastodon, council)
    await desk.read()
    ours = {s["id"] for s in council.statuses()}
    scheduled = {f"scheduled:{mastodon.state['seed']['scheduled']}"}
    assert desk.held.keys() == wanted.keys() | ours | scheduled
    assert set(desk.arrived.values()) == {1}
    assert len([t for t in wanted.values() if t == "mention"]) == 9
    kinds = {m.kind for m in desk.held.values()}
    assert kinds >= {MessageKind.COMMENT, MessageKind.MENTION, MessageKind.QUOTE, MessageKind.DIRECT, MessageKind.POST}
    [question] = [m for m in desk.held.values() if m.kind is MessageKind.DIRECT]
    assert not question.public
    road = desk.held[mastodon.state["seed"]["posts"]["road"]]
    assert (road.counts.likes, road.counts.boosts) == (5, 2), "favourites and boosts are counts, not messages"
    assert road.attachments[0].description == "Map of the closed road"
    assert road.attachments[0].preview_url.startswith(mastodon.url)
    budget = desk.held[mastodon.state["seed"]["posts"]["budget"]]
    assert budget.poll is not None
    assert [o.votes for o in budget.poll.options] == [2, 1, 0]
    assert [e.code for e in budget.emojis] == ["council_logo"]
    press = next(m for m in desk.held.values() if m.warning == "Press enquiry")
    assert press.parent_remote_id == road.remote_id
    arabic = next(m for m in desk.held.values() if m.language == "ar")
    assert arabic.addressees == ("@amal@arabic.example",)
    await desk.http.aclose()


async def test_news_arrives_once_and_an_idle_poll_asks_little(mastodon: MastodonServer, desk: Desk) -> None:
    await desk.read()
    maria, yusuf = mastodon.person("maria"), mastodon.person("yusuf")
    acct = desk.account.settings["acct"]
    first = maria.post(f"@{acct} when does it open?")
    second = yusuf.post(f"@{acct} and where?", visibility="direct")
    await desk.read()
    assert desk.arrived == {first["id"]: 1, second["id"]: 1}
    assert desk.held[second["id"]].visibility is Visibility.DIRECT
    desk.clock.ahead_s = 130
    await desk.read()  # once more, for what becomes visible late
    cursor = desk.cursor
    desk.clock.ahead_s = 260
    desk.wire.requests.clear()
    [idle] = await desk.read()
    assert idle.messages == ()
    assert desk.cursor == cursor
    assert len(desk.wire.requests) == 2, "notifications and our own posts"
    assert max(desk.arrived.values()) <= 2


async def test_ids_that_become_visible_out_of_order_lose_nothing(mastodon: MastodonServer, desk: Desk) -> None:
    """Serials are drawn before they are committed: a lower id may be seen after a higher one (section 4, point 3)."""
    await desk.read()
    maria, acct = mastodon.person("maria"), desk.account.settings["acct"]
    maria.post(f"@{acct} the first of all")
    await desk.read()
    desk.clock.ahead_s += 300
    await desk.read()
    late = maria.post(f"@{acct} drawn first, seen last")
    office_token = desk.secret.parts["token"]
    office = Person(mastodon, "office", acct, office_token)
    number = office.notifications()[0]["id"]
    whose = mastodon.hide_notification(number)
    seen = maria.post(f"@{acct} drawn last, seen first")
    await desk.read()
    assert seen["id"] in desk.held
    assert late["id"] not in desk.held
    mastodon.show_notification(number, whose)
    desk.clock.ahead_s += 125  # polls further apart than the overlap
    await desk.read()
    assert late["id"] in desk.held


async def test_more_than_a_page_of_news_is_walked_upwards(mastodon: MastodonServer, desk: Desk) -> None:
    maria, acct = mastodon.person("maria"), desk.account.settings["acct"]
    first = maria.post(f"@{acct} zero")
    await desk.read()
    said = [maria.post(f"@{acct} number {n}")["id"] for n in range(170)]
    await desk.read()
    assert set(said) <= desk.held.keys()
    assert all(desk.arrived[i] == 1 for i in said)
    assert first["id"] in desk.held


async def test_edits_and_deletions_are_seen_by_reading_again(mastodon: MastodonServer, desk: Desk) -> None:
    maria, acct = mastodon.person("maria"), desk.account.settings["acct"]
    edited, deleted, kept = (maria.post(f"@{acct} {word}")["id"] for word in ("brokn", "mistake", "fine"))
    await desk.read()
    maria.edit(edited, f"@{acct} broken")
    maria.delete(deleted)
    batch = await desk.reread(edited, deleted, kept)
    assert batch.gone == (deleted,)
    assert desk.held[edited].text == f"@{acct} broken"
    assert desk.held[edited].edited_at is not None
    assert desk.held[kept].edited_at is None


async def test_our_posts_made_elsewhere_and_their_new_counts_come(
    mastodon: MastodonServer, office: Person, desk: Desk
) -> None:
    await desk.read()
    made = office.post("Written in the browser")
    await desk.read()
    assert desk.held[made["id"]].ours
    mastodon.person("maria").call("POST", f"/api/v1/statuses/{made['id']}/favourite")
    mastodon.person("press").call("POST", f"/api/v1/statuses/{made['id']}/reblog")
    await desk.read()
    counts = desk.held[made["id"]].counts
    assert (counts.likes, counts.boosts) == (1, 1)
    assert {m.kind for m in desk.held.values()} == {MessageKind.POST}


async def test_thread_brings_what_did_not_name_us(mastodon: MastodonServer, office: Person, desk: Desk) -> None:
    root = office.post("The bridge opens")
    maria, yusuf = mastodon.person("maria"), mastodon.person("yusuf")
    first = maria.post(f"@{office.acct} when?", to=root["id"])
    aside = yusuf.post("@maria at nine, I heard", to=first["id"])
    await desk.read()
    assert aside["id"] not in desk.held
    batch = await desk.connector.thread(desk.channel, desk.held[first["id"]])
    found = {m.remote_id: m for m in batch.messages}
    assert found.keys() == {root["id"], first["id"], aside["id"]}
    assert {m.root_remote_id for m in batch.messages} == {root["id"]}
    assert found[aside["id"]].parent_remote_id == first["id"]
    assert found[aside["id"]].kind is MessageKind.COMMENT


async def test_thread_names_a_message_that_is_gone(mastodon: MastodonServer, desk: Desk) -> None:
    maria, acct = mastodon.person("maria"), desk.account.settings["acct"]
    said = maria.post(f"@{acct} gone soon")
    await desk.read()
    maria.delete(said["id"])
    batch = await desk.connector.thread(desk.channel, desk.held[said["id"]])
    assert batch.gone == (said["id"],)


async def test_private_question_kept_back_by_the_filter_is_read_and_let_in(
    mastodon: MastodonServer, office: Person, desk: Desk
) -> None:
    office.call("PATCH", "/api/v2/notifications/policy", json={"for_private_mentions": "filter"})
    await desk.read()
    olena = mastodon.person("olena")
    said = olena.post(f"@{office.acct} about my tax", visibility="direct")
    desk.clock.ahead_s = 700  # this server does not mark what it kept back, so it shows when the requests are read
    await desk.read()
    question = desk.held[said["id"]]
    assert question.details["filtered"] == "1"
    assert question.visibility is Visibility.DIRECT
    [again] = (await desk.connector.reread(desk.channel, [said["id"]])).messages
    assert again.details["filtered"] == "1", "reading it again does not let it in"
    let_in = await desk.connector.moderate(desk.channel, question, Moderation.ACCEPT)
    assert "filtered" not in let_in.details
    await desk.read()
    assert "filtered" not in desk.held[said["id"]].details
    assert office.call("GET", "/api/v1/notifications/requests") == []
    assert (await desk.connector.moderate(desk.channel, question, Moderation.ACCEPT)).remote_id == said["id"]


async def test_stream_hints_at_news(mastodon: MastodonServer, desk: Desk) -> None:
    await desk.read()
    desk.http._transport = desk.wire._server  # the wire reads answers to their end, a stream has none
    hints = desk.connector.hints(desk.channel)
    await anext(hints)
    said = mastodon.person("maria").post(f"@{desk.account.settings['acct']} hello there")
    await anext(hints)
    await desk.read()
    assert said["id"] in desk.held
    await hints.aclose()  # type: ignore[attr-defined]


async def test_stream_of_a_revoked_token_asks_to_sign_in(mastodon: MastodonServer, desk: Desk) -> None:
    mastodon.revoke(desk.secret.parts["token"])
    hints = desk.connector.hints(desk.channel)
    with pytest.raises(SignInNeeded):
        await anext(hints)


async def test_scheduled_post_made_elsewhere_is_shown_and_goes_when_deleted(office: Person, desk: Desk) -> None:
    made = office.post("Tomorrow", scheduled_at="2036-01-01T12:00:00.000Z")
    await desk.read()
    waiting = desk.held[f"scheduled:{made['id']}"]
    assert waiting.state is MessageState.SCHEDULED
    office.call("DELETE", f"/api/v1/scheduled_statuses/{made['id']}")
    desk.clock.ahead_s = 700
    await desk.read()
    assert f"scheduled:{made['id']}" not in desk.held


async def test_reactions_are_done_and_taken_back(mastodon: MastodonServer, desk: Desk) -> None:
    maria, acct = mastodon.person("maria"), desk.account.settings["acct"]
    said = maria.post(f"@{acct} well done")
    await desk.read()
    message = desk.held[said["id"]]
    for reaction, reacted in (
        (Reaction.LIKE, (Reaction.LIKE,)),
        (Reaction.BOOST, (Reaction.LIKE, Reaction.BOOST)),
        (Reaction.UNLIKE, (Reaction.BOOST,)),
        (Reaction.UNBOOST, ()),
    ):
        for _ in range(2):
            message = await desk.connector.react(desk.channel, message, reaction)
            assert message.reacted == reacted
            assert message.remote_id == said["id"]
            assert message.text == desk.held[said["id"]].text


async def test_block_mute_and_report_reach_the_server(mastodon: MastodonServer, office: Person, desk: Desk) -> None:
    spammer = mastodon.new_person("spammer")
    said = spammer.post(f"@{office.acct} WIN COINS")
    await desk.read()
    message = desk.held[said["id"]]
    for action, what, is_so in (
        (Moderation.MUTE, "muting", True),
        (Moderation.UNMUTE, "muting", False),
        (Moderation.BLOCK, "blocking", True),
        (Moderation.UNBLOCK, "blocking", False),
    ):
        done = await desk.connector.moderate(desk.channel, message, action)
        assert done.text == message.text
        [relation] = office.call("GET", f"/api/v1/accounts/relationships?id[]={spammer.id}")
        assert relation[what] is is_so
    done = await desk.connector.moderate(desk.channel, message, Moderation.REPORT, "Advertises fraud")
    assert done.details["reported"] == "1"


async def test_channel_says_what_the_server_allows(mastodon: MastodonServer, desk: Desk) -> None:
    assert desk.channel.capabilities == Mastodon.capabilities
    limits = await desk.connector.limits(desk.channel)
    assert limits == desk.channel.limits
    assert (limits.text_graphemes, limits.link_length, limits.media_count) == (500, 23, 4)
    assert Capability.SWEEP not in desk.channel.capabilities
    assert desk.secret.parts["token"] not in f"{desk.account}{desk.channel}{desk.connector}{post('x')}"
