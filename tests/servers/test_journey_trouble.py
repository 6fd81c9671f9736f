"""Whatever goes wrong between us and the blog: the right words, nothing moved that must not, and recovery."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from inbox.connectors import http as web
from inbox.errors import BadReply, NotAllowed, PostroomError, RateLimited, SignInNeeded, Unavailable
from inbox.model import DeliveryState, Update, UpdateKind
from inbox.store import accounts, ledger, record
from tests.servers.journeys.inbox import PATIENCE_S, Inbox, inbox_in
from tests.servers.journeys.truth import assert_sound, differences
from tests.servers.waiting import until
from tests.servers.wordpress_http import FIRST_POST
from tests.servers.wordpress_site import WordPressSite

WRONG = "aaaa bbbb cccc dddd eeee ffff"
PATIENT_S = 1.0


class Impatient(httpx.AsyncHTTPTransport):
    """Waits a second for an answer where the connector would wait for thirty."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.extensions = {**request.extensions, "timeout": httpx.Timeout(PATIENT_S).as_dict()}
        return await super().handle_async_request(request)


class Forgetful(httpx.AsyncHTTPTransport):
    """Loses the answers to the next writing requests; ``sends``: the blog got them all the same."""

    loses = 0
    sends = True

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method != "POST" or not self.loses:
            return await super().handle_async_request(request)
        self.loses -= 1
        if self.sends:
            response = await super().handle_async_request(request)
            await response.aread()
            await response.aclose()
        raise httpx.ReadTimeout("no answer")


@pytest.fixture
def inbox(clean_site: WordPressSite, tmp_path: Path) -> Iterator[Inbox]:
    """At the shared blog, everything fetched, nothing waits for second thoughts."""
    with inbox_in(tmp_path / "home", client=lambda: web.client(transport=Impatient())) as made:
        made.sign_in(clean_site)
        made.sync()
        made.send_at_once()
        yield made


@dataclass(frozen=True)
class Before:
    """What a failing poll must leave as it is."""

    cursor: str
    complete_to: object
    messages: int

    @classmethod
    def of(cls, inbox: Inbox) -> Before:
        [count] = inbox.store.execute("SELECT count(*) FROM messages").fetchone()
        return cls(inbox.cursor(), inbox.health().complete_to, count)


def test_a_wrong_password_keeps_nothing(clean_site: WordPressSite, tmp_path: Path) -> None:
    with inbox_in(tmp_path / "home") as inbox:
        with pytest.raises(SignInNeeded, match="user name or application password is wrong") as told:
            inbox.sign_in(clean_site, password=WRONG)
        assert "Authorization" in told.value.hint
        with pytest.raises(SignInNeeded) as told:
            inbox.sign_in(clean_site, password=clean_site.password)
        assert "normal password" in told.value.hint
        reader = clean_site.others["reader"]
        with pytest.raises(NotAllowed, match="may not moderate") as refused:
            inbox.sign_in(clean_site, user=reader.user, password=reader.application_password)
        assert "Editor" in refused.value.hint
        clean_site.fault("strip-auth")
        with pytest.raises(SignInNeeded, match="or the host drops it"):
            inbox.sign_in(clean_site)
        clean_site.clear_faults()
        assert accounts.accounts(inbox.store) == []
        assert inbox.secrets._kept == {}


def test_application_passwords_switched_off(clean_site: WordPressSite, tmp_path: Path) -> None:
    clean_site.fault("no-app-passwords")
    with inbox_in(tmp_path / "home") as inbox:
        with pytest.raises(NotAllowed, match="“Organisation blog” has application passwords switched off") as told:
            inbox.sign_in(clean_site)
        assert "administrator" in told.value.hint


def test_a_blog_that_hides_its_interface_is_read_all_the_same(clean_site: WordPressSite, tmp_path: Path) -> None:
    clean_site.fault("no-rest-link")
    with inbox_in(tmp_path / "home") as inbox:
        inbox.sign_in(clean_site)
        assert inbox.sync().error is None
        assert differences(inbox.store, inbox.channel_id, clean_site) == []


def test_warnings_in_front_of_the_json_do_no_harm(inbox: Inbox, clean_site: WordPressSite) -> None:
    clean_site.fault("junk")
    fresh = clean_site.comment(FIRST_POST, "Vera", "Behind the warnings")
    assert inbox.sync().error is None
    assert inbox.comment(fresh).message.text == "Behind the warnings"
    assert differences(inbox.store, inbox.channel_id, clean_site) == []


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        ("status=503", RateLimited, "The network asks us to wait: 127.0.0.1 asks us to wait"),
        ("status=500", Unavailable, "127.0.0.1 answered with status 500"),
        ("status=200", BadReply, "The reply could not be read: the comments: expected JSON, got status 200, text/html"),
        ("slow=2.5", Unavailable, "127.0.0.1 did not answer within"),
    ],
)
def test_a_blog_in_trouble_is_waited_for(
    inbox: Inbox, clean_site: WordPressSite, fault: str, error: type[PostroomError], words: str
) -> None:
    fresh = clean_site.comment(FIRST_POST, "Vera", "While it was ill")
    before = Before.of(inbox)
    clean_site.fault(fault)
    outcome = inbox.sync()
    assert type(outcome.error) is error
    assert Before.of(inbox) == before
    health = inbox.health()
    assert words in health.trouble
    assert health.signed_in
    assert health.failing_since == before.complete_to
    assert [g.closed_at for g in ledger.gaps(inbox.store, since=inbox.clock.now() - timedelta(days=1))] == [None]
    clean_site.clear_faults()
    inbox.later(11 * 60)
    assert inbox.sync().error is None
    _whole_again(inbox, clean_site, fresh)


@pytest.mark.parametrize(
    "how", ["the password was withdrawn", "the header is stripped", "application passwords are off"]
)
def test_sign_in_lost_stops_and_is_taken_up_again(inbox: Inbox, clean_site: WordPressSite, how: str) -> None:
    fresh = clean_site.comment(FIRST_POST, "Vera", "Nobody saw me")
    before = Before.of(inbox)
    withdrawn = how == "the password was withdrawn"
    if withdrawn:
        withdraw = "WP_Application_Passwords::delete_all_application_passwords(username_exists('officer')); return 1;"
        clean_site.php(withdraw)
    else:
        clean_site.fault("strip-auth" if "header" in how else "no-app-passwords")
    outcome = inbox.sync()
    assert isinstance(outcome.error, SignInNeeded)
    assert Before.of(inbox) == before
    health = inbox.health()
    assert not health.signed_in
    assert not inbox.account().signed_in
    assert health.trouble.startswith("Sign in again: The blog no longer accepts the sign-in. The application password")
    assert "Authorization" in health.trouble
    # an answer waits meanwhile
    delivery = inbox.engine.reply(inbox.comment(1).id, "Said while signed out").result(PATIENCE_S)
    inbox.later(3600)
    assert inbox.sync().error is not None
    assert inbox.delivery(delivery).state is DeliveryState.QUEUED
    new_password = ""
    if withdrawn:
        code = (
            "return WP_Application_Passwords::chunk_password(WP_Application_Passwords::create_new_application_password("
            "username_exists('officer'), ['name' => 'Once more'])[0]);"
        )
        new_password = clean_site.php(code)
    clean_site.clear_faults()
    account = inbox.sign_in(clean_site, password=new_password, again=inbox.account().id)
    assert account.id == inbox.account().id
    assert inbox.sync().error is None
    assert inbox.wait_for(delivery).attempts == 1
    _whole_again(inbox, clean_site, fresh)
    assert clean_site.sql("SELECT count(*) FROM wp_comments WHERE comment_content = 'Said while signed out'") == [(1,)]


def test_sign_in_lost_while_answers_are_on_their_way(inbox: Inbox, clean_site: WordPressSite) -> None:
    first = inbox.engine.reply(inbox.comment(1).id, "Answer 0").result(PATIENCE_S)
    inbox.wait_for(first)
    clean_site.fault("strip-auth")
    rest = [inbox.engine.reply(inbox.comment(1).id, f"Answer {n}").result(PATIENCE_S) for n in range(1, 6)]
    until(lambda: not inbox.account().signed_in, "the account to be signed out")
    held = inbox.wait_for(rest[0], DeliveryState.QUEUED)
    until(lambda: "no longer accepts the sign-in" in inbox.delivery(rest[0]).words, "the answer to say why it waits")
    assert held.remote_id == ""
    assert clean_site.sql("SELECT count(*) FROM wp_comments WHERE comment_content LIKE 'Answer %'") == [(1,)]
    clean_site.clear_faults()
    inbox.sign_in(clean_site, again=inbox.account().id)
    inbox.later(60)
    for delivery in rest:
        inbox.wait_for(delivery)
    inbox.sync()
    answers = "SELECT comment_content FROM wp_comments WHERE comment_content LIKE 'Answer %' ORDER BY comment_ID"
    assert clean_site.sql(answers) == [(f"Answer {n}",) for n in range(6)]
    assert differences(inbox.store, inbox.channel_id, clean_site) == []


def test_the_host_mends_the_header_and_fetch_now_is_enough(inbox: Inbox, clean_site: WordPressSite) -> None:
    clean_site.fault("strip-auth")
    inbox.sync()
    assert not inbox.account().signed_in
    delivery = inbox.engine.reply(inbox.comment(1).id, "Still waiting").result(PATIENCE_S)
    clean_site.clear_faults()
    assert inbox.sync().error is None
    assert inbox.account().signed_in
    inbox.wait_for(delivery)
    assert clean_site.sql("SELECT count(*) FROM wp_comments WHERE comment_content = 'Still waiting'") == [(1,)]


def test_the_host_dies_in_the_middle_of_a_poll(clean_site: WordPressSite, tmp_path: Path) -> None:
    clean_site.seed(12, 60, 2)
    with inbox_in(tmp_path / "home") as inbox:
        inbox.sign_in(clean_site)
        clean_site.fault("slow=0.2")
        arrived = threading.Event()
        inbox.engine.bus.subscribe(lambda changed: arrived.set() if changed.arrived > 90 else None)
        poll = inbox.engine.sync()
        assert arrived.wait(PATIENCE_S), "no comment of the import arrived"
        clean_site.kill_web()
        [outcome] = poll.result(PATIENCE_S)
        assert isinstance(outcome.error, Unavailable)
        assert inbox.health().complete_to is None
        assert not inbox.health().backfilled
        half = Before.of(inbox)
        assert half.cursor
        assert 90 < half.messages < clean_site.sql("SELECT count(*) FROM wp_comments")[0][0]  # type: ignore[operator]
        # still dead
        assert "127.0.0.1 refuses the connection" in str(inbox.sync().error)
        assert Before.of(inbox) == half
        clean_site.clear_faults()
        clean_site.restart_web()
        outcome = inbox.sync()
        assert outcome.error is None
        assert outcome.new < clean_site.sql("SELECT count(*) FROM wp_comments")[0][0]  # type: ignore[operator]  # it went on
        assert differences(inbox.store, inbox.channel_id, clean_site) == []
        assert inbox.health().trouble == ""
        assert_sound(inbox.store)


def test_by_itself_it_waits_as_long_as_asked_and_recovers(clean_site: WordPressSite, tmp_path: Path) -> None:
    with inbox_in(tmp_path / "home", poll_by_itself=True, interval_s=1) as inbox:
        inbox.sign_in(clean_site)
        until(lambda: inbox.health().backfilled, "the first poll")
        clean_site.fault("status=503")
        until(lambda: inbox.health().trouble, "the trouble to be noticed")
        fresh = clean_site.comment(FIRST_POST, "Vera", "By itself")
        clean_site.clear_faults()
        until(lambda: not inbox.health().trouble, "the recovery")
        lines = inbox.store.execute("SELECT at, problem FROM polls ORDER BY id").fetchall()
        failed = next(n for n, (_, problem) in enumerate(lines) if problem)
        assert lines[failed + 1][0] - lines[failed][0] >= 7_000, "it asked again before Retry-After was over"
        assert lines[failed + 1][1] == ""
        assert inbox.comment(fresh).message.text == "By itself"


@pytest.mark.parametrize("arrives", [True, False])
def test_a_lost_receipt_is_looked_for_and_nothing_goes_twice(
    clean_site: WordPressSite, tmp_path: Path, arrives: bool
) -> None:
    wire = Forgetful()
    with inbox_in(tmp_path / "home", client=lambda: web.client(transport=wire)) as inbox:
        inbox.sign_in(clean_site)
        inbox.sync()
        inbox.send_at_once()
        wire.loses, wire.sends = 1, arrives
        reply = inbox.engine.reply(inbox.comment(1).id, "Once and no more").result(PATIENCE_S)
        inbox.wait_for(reply)
        wire.loses = 1
        update = Update(kind=UpdateKind.POST, title="Once and no more", text="Indeed.")
        [post] = inbox.engine.publish(update, [inbox.channel_id]).result(PATIENCE_S)
        inbox.wait_for(post)
        for delivery in (reply, post):
            verbs = [e.verb for e in record.lines(inbox.store, subject=f"delivery:{delivery}")][::-1]
            ending = ["found"] if arrives else ["proven absent", "sending", "sent"]
            assert verbs == ["queued", "sending", "outcome unknown", *ending]
        assert clean_site.sql("SELECT count(*) FROM wp_comments WHERE comment_content = 'Once and no more'") == [(1,)]
        posts = "SELECT count(*) FROM wp_posts WHERE post_type = 'post' AND post_title = 'Once and no more'"
        assert clean_site.sql(posts) == [(1,)]
        inbox.sync()
        assert differences(inbox.store, inbox.channel_id, clean_site) == []


def _whole_again(inbox: Inbox, site: WordPressSite, fresh: int) -> None:
    """No trouble left, what came meanwhile is here, and the gap is closed for all to see."""
    health = inbox.health()
    assert health.trouble == ""
    assert health.failing_since is None
    assert health.signed_in
    assert inbox.comment(fresh).message.author.name == "Vera"
    assert differences(inbox.store, inbox.channel_id, site) == []
    gaps = ledger.gaps(inbox.store, since=inbox.clock.now() - timedelta(days=1))
    assert len(gaps) == 1
    assert gaps[0].closed_at is not None
    assert health.complete_to is not None
    assert health.complete_to > gaps[0].to_at - timedelta(seconds=1)
    assert_sound(inbox.store)
