"""What each command does, from the words on the command line to what stands at the network and in the store."""

from __future__ import annotations

import contextlib
import json
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image

from inbox.engine import Engine
from inbox.model import MessageKind, MessageState, Moderation
from inbox.secrets import MemorySecrets
from inbox.store import reading
from inbox.store.database import open_reader
from tests.inbox.command_line_office import CHANNEL, SECRET, Office


@pytest.fixture
def office(home: Path, capsys: pytest.CaptureFixture[str]) -> Office:
    return Office(home, capsys)


def bytes_of(home: Path) -> bytes:
    """Everything that lies in the inbox's folder."""
    return b"".join(f.read_bytes() for f in home.rglob("*") if f.is_file())


def test_adding_an_account_keeps_the_secret_in_the_key_store_alone(office: Office) -> None:
    ran = office.sign_in()
    assert ran.code == 0
    assert "memory-1" in ran.out
    assert office.secrets.read("memory-1") == {"password": SECRET}
    assert SECRET not in ran.out + ran.err
    everything = bytes_of(office.home)
    assert b"memory.example" in everything  # the search finds what is there
    assert SECRET.encode() not in everything
    [account] = office.ask("account", "list")["accounts"]
    assert account["id"] == "memory-1"
    assert account["signed_in"] is True
    assert [c["id"] for c in account["channels"]] == [CHANNEL]
    assert "settings" not in account


def test_a_wrong_secret_leaves_nothing_behind(office: Office) -> None:
    ran = office.run(
        "account", "add", "memory", "memory.example", "--secret-stdin", "--json", standard_input="wrong-word\n"
    )
    assert ran.code == 3
    assert ran.error["error"] == "SignInNeeded"
    assert ran.out == ""
    assert office.ask("account", "list") == {"accounts": []}
    assert office.secrets.read("memory-1") == {}
    assert b"wrong-word" not in bytes_of(office.home)


def test_removing_an_account_forgets_its_secret_and_keeps_what_arrived(office: Office) -> None:
    office.world.say("When does the bridge open?")
    office.fetch()
    assert office.ask("account", "remove", "memory-1") == {"removed": "memory-1"}
    assert office.secrets.read("memory-1") == {}
    assert office.ask("account", "list") == {"accounts": []}
    assert office.message_id("bridge") > 0
    assert office.run("account", "remove", "memory-1").code == 8


def test_sync_says_what_each_channel_came_to(office: Office) -> None:
    for text in ("one", "two", "three"):
        office.world.say(text)
    office.sign_in()
    [first] = office.ask("sync", "--once")["channels"]
    assert (first["channel"], first["new"], first["error"]) == (CHANNEL, 3, None)
    office.world.edit("m1", "one, mended")
    office.world.set_state("m2", MessageState.SPAM)
    [second] = office.ask("sync", CHANNEL)["channels"]
    assert (second["new"], second["edited"], second["moved"], second["gone"]) == (0, 1, 1, 0)
    office.world.remove("m3")
    [third] = office.ask("sync")["channels"]
    assert third["gone"] == 1
    assert third["requests"] > 0


def test_conversations_show_what_the_window_shows(office: Office) -> None:
    office.world.say("When does the bridge open?", author="Vera")
    office.clock.move(60)
    office.world.say("And the ferry?", author="Ismail")
    office.fetch()
    told = office.ask("conversations")["conversations"]
    with contextlib.closing(open_reader(office.home / "inbox.sqlite3")) as connection:
        rows = reading.page(connection, "owed")
    assert [c["id"] for c in told] == [r.id for r in rows]
    assert [c["author"] for c in told] == ["Ismail", "Vera"]
    assert [c["snippet"] for c in told] == [r.snippet for r in rows]
    assert len(office.ask("conversations", "--limit", 1)["conversations"]) == 1
    assert office.ask("conversations", "--place", "done")["conversations"] == []
    assert len(office.ask("conversations", "--place", "everything", "--network", "memory")["conversations"]) == 2
    text = office.run("conversations").out
    assert "Vera: When does the bridge open?" in text
    assert max(map(len, text.splitlines())) <= 80


def test_show_tells_a_conversation_in_order(office: Office) -> None:
    root = office.world.say("When does the bridge open?", author="Vera")
    office.clock.move(60)
    office.world.say("I wonder too.", author="Ismail", parent=root)
    office.fetch()
    [conversation] = office.ask("conversations")["conversations"]
    shown = office.ask("show", conversation["id"])
    assert [m["message"]["text"] for m in shown["messages"]] == ["When does the bridge open?", "I wonder too."]
    assert shown["messages"][0]["message"]["created_at"] == "2026-03-02T09:00:00.000Z"
    text = office.run("show", conversation["id"]).out
    assert text.index("Vera") < text.index("When does") < text.index("Ismail") < text.index("I wonder too.")


def test_a_reply_goes_out_and_closes_the_conversation(office: Office) -> None:
    office.world.say("When does the bridge open?")
    office.fetch()
    question = office.message_id("bridge")
    ran = office.run("reply", question, "--close", "--json", standard_input="At nine, each day.\nSee you!\n")
    assert ran.code == 0, ran
    [delivery] = ran.value["deliveries"]
    assert (delivery["state"], delivery["error"], delivery["attempts"]) == ("sent", None, 1)
    assert len(office.world.made) == 1
    entry = office.world.entries[office.world.made[0][1]]
    assert (entry.text, entry.parent) == ("At nine, each day.\nSee you!", "m1")
    [conversation] = office.ask("conversations", "--place", "done")["conversations"]
    assert conversation["messages"] == 2
    assert office.message_id("each day") != question
    assert [d["state"] for d in office.ask("deliveries")["deliveries"]] == ["sent"]


def test_a_reply_that_does_not_wait_leaves_with_a_later_sync(office: Office) -> None:
    office.world.say("When does the bridge open?")
    office.fetch()
    ran = office.run("reply", office.message_id("bridge"), "--text", "At nine.", "--no-wait", "--json")
    assert ran.code == 0
    assert ran.value["deliveries"][0]["state"] == "queued"
    assert office.world.made == []
    office.clock.move(60)
    office.run("sync")
    assert [office.world.entries[i].text for _, i in office.world.made] == ["At nine."]


def test_a_held_message_is_approved_before_it_is_answered(office: Office) -> None:
    held = office.world.say("When does the bridge open?", state=MessageState.HELD)
    office.fetch()
    message = office.message_id("bridge")
    refused = office.run("reply", message, "--text", "At nine.", "--json")
    assert (refused.code, refused.error["error"]) == (4, "Rejected")
    assert "held" in refused.error["detail"]
    assert office.world.made == []
    assert office.run("reply", message, "--text", "At nine.", "--approve").code == 0
    assert office.world.entries[held].state is MessageState.PUBLISHED
    assert len(office.world.made) == 1


@pytest.mark.parametrize(
    ("before", "action", "after"),
    [
        (MessageState.HELD, Moderation.APPROVE, MessageState.PUBLISHED),
        (MessageState.PUBLISHED, Moderation.HOLD, MessageState.HELD),
        (MessageState.PUBLISHED, Moderation.SPAM, MessageState.SPAM),
        (MessageState.PUBLISHED, Moderation.TRASH, MessageState.TRASHED),
    ],
)
def test_moderating(office: Office, before: MessageState, action: Moderation, after: MessageState) -> None:
    office.world.say("Cheap watches!", state=before)
    office.fetch()
    message = office.message_id("watches")
    told = office.ask("moderate", message, action)
    assert told["message"]["message"]["state"] == after
    assert office.world.entries["m1"].state is after


def test_settling(office: Office) -> None:
    office.world.say("When does the bridge open?")
    office.fetch()
    [conversation] = office.ask("conversations")["conversations"]
    assert office.ask("settle", conversation["id"], "waiting")["conversation"]["place"] == "waiting"
    assert office.ask("settle", conversation["id"], "done")["conversation"]["place"] == "done"
    assert office.ask("settle", conversation["id"], "open")["conversation"]["place"] == "owed"


def test_publishing_with_everything(office: Office, tmp_path: Path) -> None:
    office.fetch()
    picture, text = tmp_path / "Bridge.PNG", tmp_path / "text.txt"
    Image.new("RGB", (40, 30), "red").save(picture)
    text.write_text("\ufeffFrom Monday on.\n", encoding="utf-8")
    at = (office.clock.now() + timedelta(hours=2)).isoformat()
    ran = office.run(
        "publish", CHANNEL, CHANNEL, "--title", "The bridge opens", "--text", text, "--excerpt", "Soon.", "--category",
        "Roads", "--category", "News", "--tag", "bridge", "--image", picture, "--alt", "The bridge, raised",
        "--at", at, "--json",
    )  # fmt: skip
    assert ran.code == 0, ran
    [delivery] = ran.value["deliveries"]
    assert delivery["state"] == "sent"
    [(_, remote_id)] = office.world.made
    entry = office.world.entries[remote_id]
    assert (entry.title, entry.text, entry.state) == ("The bridge opens", "From Monday on.", MessageState.SCHEDULED)
    assert entry.kind == MessageKind.POST
    assert entry.publish_at == office.clock.now() + timedelta(hours=2)
    [media] = entry.media
    assert (media.mime_type, media.alt_text, media.width_px) == ("image/png", "The bridge, raised", 40)
    picture.unlink()
    with Image.open(media.path) as sent:
        assert sent.convert("RGB").getpixel((5, 5)) == (255, 0, 0)
    assert Path(media.path).is_relative_to(office.home)


def test_search_finds_words_with_and_without_accents(office: Office) -> None:
    office.world.say("Wann öffnet die Brücke?", author="Jörg")
    office.world.say("Something else.")
    office.fetch()
    [hit] = office.ask("search", "brucke", "OFFNET")["hits"]
    assert hit["author"] == "Jörg"
    assert office.ask("search", "nowhere") == {"hits": []}
    assert office.run("search", "nowhere").out == "Nothing holds all these words.\n"


def test_reading_works_while_a_window_holds_the_inbox_and_writing_says_why_not(office: Office) -> None:
    office.world.say("When does the bridge open?")
    office.fetch()
    question = office.message_id("bridge")
    window = Engine(office.home, MemorySecrets(), clock=office.clock, networks=office.networks, poll_by_itself=False)
    window.start()
    try:
        assert len(office.ask("conversations")["conversations"]) == 1
        for words in (["search", "bridge"], ["show", 1], ["deliveries"], ["verify"], ["doctor"], ["account", "list"]):
            assert office.run(*words).code == 0
        for words in (["sync"], ["settle", 1, "done"], ["reply", question, "--text", "At nine."]):
            ran = office.run(*words, "--json")
            assert ran.code == 7
            assert ran.error["error"] == "StoreLocked"
    finally:
        window.stop()
    assert office.run("settle", 1, "done").code == 0


def test_export_writes_both_formats(office: Office, tmp_path: Path) -> None:
    office.world.say("When does the bridge open?")
    office.fetch()
    told = office.ask("export", "--format", "csv", tmp_path / "tables")["exported"]
    assert (told["conversations"], told["messages"]) == (1, 1)
    assert sorted(Path(f).name for f in told["files"]) == ["conversations.csv", "gaps.csv", "messages.csv"]
    assert office.run("export", "--format", "json", tmp_path).code == 0
    whole = json.loads((tmp_path / "postroom.json").read_text(encoding="utf-8"))
    assert whole["conversations"][0]["messages"][0]["text"] == "When does the bridge open?"


def test_what_strangers_write_cannot_steer_the_terminal(office: Office) -> None:
    office.world.say("Look \x1b[2J\x1b]0;gotcha\x07 here \u202edoc.exe", author="Ve\x1b[31mra\u2066")
    office.fetch()
    [conversation] = office.ask("conversations")["conversations"]
    for words in (["conversations"], ["show", conversation["id"]], ["search", "here"], ["conversations", "--json"]):
        out = office.run(*words).out
        assert "Look" in out
        assert not set(out) & set("\x1b\x07\u202e\u2066")
    assert "<U+001B>[31m" in office.run("show", conversation["id"]).out
    assert conversation["author"] == "Ve\x1b[31mra\u2066"  # JSON says it escaped, but whole


def test_an_account_is_signed_in_to_again_by_adding_it_again(office: Office) -> None:
    office.sign_in()
    office.world.password = "new-word-43"
    ran = office.run("sync", "--json")
    assert ran.code == 1
    assert ran.value["channels"][0]["error"]["error"] == "SignInNeeded"
    assert office.ask("account", "list")["accounts"][0]["signed_in"] is False
    again = office.run("account", "add", "memory", "memory.example", "--secret-stdin", standard_input="new-word-43\n")
    assert again.code == 0
    [account] = office.ask("account", "list")["accounts"]
    assert (account["id"], account["signed_in"]) == ("memory-1", True)
    assert office.run("sync").code == 0
