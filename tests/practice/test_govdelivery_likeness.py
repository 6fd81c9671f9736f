"""The practice GovDelivery held against what was recorded and documented, and against a client of the real one.

The client is CFPB's ``govdelivery`` 1.5, unchanged. Its ``base_url`` argument is taken and never used, so it is led
here by the environment variable that it reads.
"""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import threading
import warnings
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import uvicorn
from govdelivery.api import GovDelivery

from inbox.clock import SystemClock
from inbox.practice.clock import PracticeClock
from inbox.practice.govdelivery import Agency, Bureau, agency_app
from inbox.practice.govdelivery.agency import NOBODY
from tests.practice.conftest import StillClock

RECORDED = Path(__file__).parents[1] / "connectors/recordings/govdelivery"
USER = "api@council.example"


def recorded(name: str) -> bytes:
    return (RECORDED / name).read_bytes()


def shape(document: bytes, *, without: frozenset[str] = frozenset()) -> Any:
    """The names in a document, nested, with the vendor's hints of type; lists count once."""

    def of(node: ET.Element) -> Any:
        inner = {json.dumps(of(child), sort_keys=True) for child in node if child.tag not in without}
        hint = node.get("type", "") if not node.get("nil") else "nil"
        return [node.tag, "" if hint == "nil" else hint, sorted(inner)]

    return of(ET.fromstring(document))


class Stage:
    """An account like that of the recordings."""

    def __init__(self) -> None:
        self.clock = StillClock()
        self.agency = Agency(code="UKGOVUK", clock=self.clock)
        self.password = self.agency.add_user(USER)
        self.token = self.agency.add_token()
        self.agency.add_topic("UKGOVUK_935", "Topic name", short_name="Topic short name", visibility="Unlisted")
        self.agency.add_topic("UKGOVUK_936", "Listed", visibility="Listed")
        self.agency.subscribe("a@example.org", "UKGOVUK_935")
        self.agency.subscribe("b@example.org", "UKGOVUK_935")
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(agency_app(self.agency)), base_url="http://x")

    async def ask(self, method: str, path: str, content: bytes = b"", **how: Any) -> httpx.Response:
        auth = how.pop("auth", (USER, self.password))
        headers = {"Content-Type": "application/xml"} if content else {}
        return await self.http.request(
            method, f"/api/account/UKGOVUK/{path}", content=content, auth=auth, headers=headers, **how
        )


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    made = Stage()
    yield made
    await made.http.aclose()


async def test_the_recorded_sending_is_answered_as_it_was(stage: Stage) -> None:
    answer = await stage.ask("POST", "bulletins/send_now", recorded("bulletin_send_now_request.xml"))
    assert answer.status_code == 200
    assert shape(answer.content) == shape(recorded("bulletin_send_now_response_200.xml"))
    assert ET.fromstring(answer.content).findtext("total-subscribers") == "2"
    theirs = json.loads(recorded("bulletin_send_now_response_headers.json"))["headers"]
    assert answer.headers["content-type"] == theirs["Content-Type"][0]
    assert {"X-Request-Id", "X-Runtime"} <= {name.title() for name in answer.headers} & set(theirs)


async def test_the_documented_draft_is_made_changed_tried_and_sent(stage: Stage) -> None:
    document = recorded("docs_bulletin_create_full_request.xml").replace(b"TOPIC_1", b"UKGOVUK_935")
    document = document.replace(b"TOPIC_2", b"UKGOVUK_936")
    answer = await stage.ask("POST", "bulletins.xml", document)
    assert shape(answer.content) == shape(recorded("docs_bulletin_draft_response.xml"))
    id_ = ET.fromstring(answer.content).findtext("to-param")
    tried = await stage.ask("PUT", f"bulletins/{id_}/sendtest", recorded("docs_bulletin_sendtest_request.xml"))
    assert shape(tried.content) == shape(recorded("docs_bulletin_sendtest_response.xml"))
    [draft] = stage.agency.bulletins.values()
    assert draft.tests == [["first@example.org", "second@example.org", USER]]
    assert (await stage.ask("PUT", f"bulletins/{id_}/sendtest")).status_code == 200
    assert draft.tests[-1] == ["first@example.org", "second@example.org", USER], "no list: all contacts"
    sent = await stage.ask("POST", f"bulletins/{id_}/send_now")
    assert shape(sent.content) == shape(recorded("bulletin_send_now_response_200.xml"))
    assert (await stage.ask("POST", f"bulletins/{id_}/send_now")).status_code == 404


async def test_topics_have_the_recorded_shapes(stage: Stage) -> None:
    stage.agency.topics["UKGOVUK_935"].rss_url = "https://www.gov.uk/government"
    listed = await stage.ask("GET", "topics.xml")
    assert shape(listed.content) == shape(recorded("cfpb_list_all_topics.xml"))
    read = await stage.ask("GET", "topics/UKGOVUK_935.xml")
    assert shape(read.content) == shape(recorded("topic_read.xml"))
    made = await stage.ask("POST", "topics.xml", recorded("topic_create_request.xml"))
    assert shape(made.content) == shape(recorded("topic_create_response_200.xml"))
    full = recorded("docs_topic_create_full_request.xml")
    assert (await stage.ask("POST", "topics.xml", full)).status_code == 200
    taken = await stage.ask("POST", "topics.xml", full)
    assert (taken.status_code, shape(taken.content)) == (422, shape(recorded("error_422_topic_name_taken.xml")))


async def test_what_was_sent_is_listed_in_the_recorded_shape_and_paged_on_from_an_item(stage: Stage) -> None:
    for number in range(45):
        draft = stage.agency.draft(subject=f"Advice {number}", body="x", topics=["UKGOVUK_935"], categories=[])
        stage.agency.send(draft)
    page = await stage.ask("GET", "bulletins/sent.xml")
    assert shape(page.content) == shape(recorded("bulletins_sent.xml"))
    items = ET.fromstring(page.content).findall("bulletin")
    last = (items[-1].findtext("bulletin-uri") or "").rpartition("/")[2].removesuffix(".xml")
    onward = ET.fromstring((await stage.ask("GET", f"bulletins/sent.xml?start_at={last}")).content)
    assert onward[0].findtext("bulletin-uri") == items[-1].findtext("bulletin-uri")


@pytest.mark.parametrize(
    ("method", "path", "status", "name"),
    [
        ("GET", "bulletins/99.xml", 404, "error_bulletin_not_found.xml"),
        ("GET", "topics/NONE.xml", 404, "error_topic_not_found.xml"),
        ("GET", "categories.xml", 403, "error_403_no_permission.xml"),
    ],
)
async def test_errors_have_the_recorded_codes_and_texts(
    stage: Stage, method: str, path: str, status: int, name: str
) -> None:
    stage.agency.refused.add("list categories")
    answer = await stage.ask(method, path)
    assert answer.status_code == status
    ours, theirs = ET.fromstring(answer.content), ET.fromstring(recorded(name))
    assert [(n.tag, n.text) for n in ours] == [(n.tag, n.text) for n in theirs]


async def test_nobody_subscribed_has_the_recorded_words(stage: Stage) -> None:
    document = recorded("bulletin_send_now_request.xml").replace(b"UKGOVUK_935", b"UKGOVUK_936")
    answer = await stage.ask("POST", "bulletins/send_now", document)
    theirs = ET.fromstring(recorded("error_bulletin_no_subscribers.xml"))
    assert answer.status_code == 422
    assert ET.fromstring(answer.content).findtext("error") == theirs.findtext("error") == NOBODY
    invalid = await stage.ask("POST", "bulletins.xml", b"<bulletin><body>x</body></bulletin>")
    assert ET.fromstring(invalid.content).findtext("error") == "Invalid bulletin"
    assert stage.agency.sent_order == []


async def test_statistics_have_the_documented_fields(stage: Stage) -> None:
    await stage.ask("POST", "bulletins/send_now", recorded("bulletin_send_now_request.xml"))
    headers = {"X-AUTH-TOKEN": stage.token}
    root = f"/api/v2/accounts/{stage.agency.number}/reports"
    page = (await stage.http.get(f"{root}/bulletins?days=30", headers=headers)).json()
    theirs = json.loads(recorded("v2_reports_bulletins_page.json"))
    [ours], [other] = page["bulletin_activity_details"], theirs["bulletin_activity_details"]
    assert set(ours) == set(other)
    assert {name: type(value) for name, value in ours.items()} == {n: type(v) for n, v in other.items()}
    one = (await stage.http.get(f"{root}/bulletins/{stage.agency.sent_order[0]}", headers=headers)).json()
    whole = json.loads(recorded("v2_reports_bulletin.json"))
    assert set(one) == set(whole)
    assert isinstance(one["percent_opened"], str)
    topics = (await stage.http.get(f"{root}/topics", headers=headers)).json()["topic_details"]
    assert set(topics[0]) == set(json.loads(recorded("v2_reports_topics_page.json"))["topic_details"][0])
    assert (await stage.http.get(f"{root}/bulletins", headers={"X-AUTH-TOKEN": "no"})).status_code == 401


async def test_a_stranger_is_not_let_in(stage: Stage) -> None:
    for auth in ((USER, "wrong"), ("nobody", stage.password), ("", "")):
        assert (await stage.ask("GET", "topics.xml", auth=auth)).status_code == 401
    for content in (b"<!DOCTYPE a [<!ENTITY b 'c'>]><bulletin/>", b"<bulletin>", b"x"):
        assert (await stage.ask("POST", "bulletins.xml", content)).status_code == 422


# --- a client written for the real one ---


class Served:
    """The account on a loopback port, in a thread of its own."""

    def __init__(self) -> None:
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        self.agency = Agency(code="UKGOVUK", clock=SystemClock())
        self.password = self.agency.add_user(USER)
        self.agency.add_topic("XYZ_999", "Test Topic")
        self.agency.add_topic("XYZ_998", "Test Unlisted Topic", visibility="Unlisted")
        config = uvicorn.Config(agency_app(self.agency), lifespan="off", ws="none", log_config=None)
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self._run, args=(listening,), daemon=True)
        self.thread.start()
        while not self.server.started and self.thread.is_alive():
            threading.Event().wait(0.01)

    def _run(self, listening: socket.socket) -> None:
        asyncio.run(self.server.serve(sockets=[listening]))

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(5)


@pytest.fixture
def served() -> Iterator[Served]:
    made = Served()
    yield made
    made.stop()


@pytest.fixture
def client(served: Served, monkeypatch: pytest.MonkeyPatch) -> Iterator[GovDelivery]:
    monkeypatch.setenv("GOVDELIVERY_BASE_URL", served.url)
    made = GovDelivery(USER, served.password, "UKGOVUK", base_url=served.url)
    yield made
    made.session.close()


def test_the_library_lists_topics(client: GovDelivery) -> None:
    assert client.get_all_topics() == {"XYZ_999": "Test Topic", "XYZ_998": "Test Unlisted Topic"}
    assert client.get_visible_topics() == {"XYZ_999": "Test Topic"}


def test_the_library_makes_and_subscribes_people(client: GovDelivery, served: Served) -> None:
    made = client.create_subscriber("me@example.com", digest_for=1)
    assert made.status_code == 200
    assert shape(made.content) == shape(recorded("cfpb_create_subscriber.xml"))
    assert client.create_subscriber("me@example.com").status_code == 422
    assert client.set_subscriber_topics("me@example.com", ["XYZ_999"]).status_code == 200
    assert served.agency.subscribers["me@example.com"].topics == {"XYZ_999"}
    assert served.agency.subscribers["me@example.com"].digest_for == 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        assert client.create_subscriber("2025550123", contact_method="phone").status_code == 200


def test_the_library_writes_bytes_into_addresses_and_is_told_that_nobody_is_there(
    client: GovDelivery, served: Served
) -> None:
    """govdelivery.md section 4: on Python 3 it asks for ``subscribers/b'...'``; nobody can be found under that."""
    client.create_subscriber("me@example.com")
    client.set_subscriber_topics("me@example.com", ["XYZ_999"])
    assert client.set_subscriber_categories("me@example.com", ["c"]).status_code == 404
    right = quote(base64.b64encode(b"me@example.com"), safe="")
    answer = client.call_api(f"/api/account/UKGOVUK/subscribers/{right}/topics.xml")
    assert shape(answer.content) == shape(recorded("cfpb_list_subscriber_topics.xml"))


def test_the_library_sends_a_bulletin_through_its_general_call(client: GovDelivery, served: Served) -> None:
    client.set_subscriber_topics("me@example.com", ["XYZ_999"])
    document = recorded("bulletin_send_now_request.xml").replace(b"UKGOVUK_935", b"XYZ_999")
    answer = client.call_api("/api/account/UKGOVUK/bulletins/send_now", "post", document)
    assert shape(answer.content) == shape(recorded("bulletin_send_now_response_200.xml"))
    assert len(served.agency.sent_order) == 1


# --- the story ---


def test_two_weeks_lie_before_the_start_and_the_evening_follows() -> None:
    still = StillClock()
    clock = PracticeClock(still, running=False)
    bureau = Bureau(1, clock)
    sent = [bureau.agency.bulletins[i] for i in bureau.agency.sent_order]
    assert len(sent) >= 5
    assert all(b.sent_at is not None and b.sent_at < still.now() and b.recipients and b.opens for b in sent)
    inbox = bureau.office.folders["INBOX"].mails
    assert len(inbox) >= 8
    assert [m.at for m in inbox] == sorted(m.at for m in inbox)
    assert bureau.advance() == []
    while (due_s := bureau.next_due_s()) is not None:
        clock.step(max(0.0, due_s - clock.monotonic_s()))
        assert bureau.advance()
    assert len(bureau.office.folders["INBOX"].mails) > len(inbox) or len(inbox) > 15
    assert {h.what for h in bureau.happened} == {"Letter", "Issue"}


def test_citizens_write_back_when_we_send_or_answer() -> None:
    still = StillClock()
    clock = PracticeClock(still, running=False)
    bureau = Bureau(1, clock)
    bureau.mail.start()
    try:
        before = len(bureau.office.folders["INBOX"].mails)
        draft = bureau.agency.draft(subject="Our own", body="x", topics=["HARBOUR_BINS"], categories=[])
        bureau.agency.send(draft)
        clock.step(26 * 60)
        bureau.advance()
        mails = bureau.office.folders["INBOX"].mails[before:]
        assert sum(b"Re: Our own" in m.content for m in mails) == 2
        assert draft.opens > 0
    finally:
        bureau.mail.stop()


def test_the_same_seed_tells_the_same_story() -> None:
    def told() -> list[str]:
        clock = PracticeClock(StillClock(), running=False)
        bureau = Bureau(7, clock)
        clock.step(36_000)
        return [f"{h.what} {h.key}" for h in bureau.advance()]

    assert told() == told()
