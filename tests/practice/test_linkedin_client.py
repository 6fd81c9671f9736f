"""LinkedIn's official Python client does its work against the practice network over real loopback HTTP, unchanged: only
the three constants that hold its base addresses are pointed here."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import uvicorn
from linkedin_api.clients.auth import client as auth_module
from linkedin_api.clients.auth.client import AuthClient
from linkedin_api.clients.auth.utils import oauth as auth_urls
from linkedin_api.clients.restli.client import RestliClient
from linkedin_api.clients.restli.utils.encoder import encode, param_encode
from linkedin_api.common import constants

from inbox.clock import SystemClock
from inbox.model import Reaction
from inbox.practice.linkedin import SCOPES, Network, linkedin_app, restli
from tests.connectors.harness import read_on
from tests.connectors.harnesses.linkedin import LinkedInHarness

REDIRECT = "http://localhost:3000/callback"


class Harbour:
    """The practice network on a loopback port, in a thread of its own."""

    def __init__(self) -> None:
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        self.network = Network(SystemClock())
        self.page = self.network.add_organization("Harbour Council")
        self.ada = self.network.add_member("Ada", "Admin")
        self.network.appoint(self.ada, self.page)
        self.network.add_app(refreshes=True)
        self.vera = self.network.add_member("Vera", "Citizen")
        self.token = self.network.token_for(self.ada)
        self.version = time.strftime("%Y%m", time.gmtime(time.time() - 60 * 86_400))
        config = uvicorn.Config(linkedin_app(self.network), lifespan="off", ws="none", log_config=None)
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self._run, args=(listening,), daemon=True)
        self.thread.start()
        deadline_s = time.monotonic() + 10
        while not self.server.started and time.monotonic() < deadline_s:
            threading.Event().wait(0.01)

    def _run(self, listening: socket.socket) -> None:
        asyncio.run(self.server.serve(sockets=[listening]))

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(10)

    def how(self, **more: Any) -> dict[str, Any]:
        return {"access_token": self.token, "version_string": self.version, **more}


@pytest.fixture
def harbour(monkeypatch: pytest.MonkeyPatch) -> Iterator[Harbour]:
    made = Harbour()
    monkeypatch.setattr(constants, "VERSIONED_BASE_URL", f"{made.url}/rest")
    monkeypatch.setattr(constants, "NON_VERSIONED_BASE_URL", f"{made.url}/v2")
    monkeypatch.setattr(constants, "OAUTH_BASE_URL", f"{made.url}/oauth/v2")
    monkeypatch.setattr(auth_urls, "OAUTH_BASE_URL", f"{made.url}/oauth/v2")
    assert auth_module.constants is constants
    yield made
    made.stop()


@pytest.fixture
def client() -> Iterator[RestliClient]:
    made = RestliClient()
    yield made
    made.session.close()


def test_signing_in_refreshing_and_asking_about_a_token(harbour: Harbour) -> None:
    auth = AuthClient(client_id="77postroom", client_secret="s3cret==", redirect_url=REDIRECT)
    url = auth.generate_member_auth_url(scopes=list(SCOPES), state="s1")
    assert "Postroom" in httpx.get(url).text
    answer = httpx.get(f"{url}&allow={harbour.ada.urn}")
    brought = parse_qs(urlsplit(answer.headers["location"]).query)
    assert brought["state"] == ["s1"]
    token = auth.exchange_auth_code_for_access_token(brought["code"][0])
    assert (token.status_code, token.scope) == (200, ",".join(SCOPES))
    assert 5_183_990 < token.expires_in <= 5_184_000
    told = auth.introspect_access_token(token.access_token)
    assert (told.active, told.status, told.client_id) == (True, "active", "77postroom")
    again = auth.exchange_refresh_token_for_access_token(token.refresh_token)
    assert again.status_code == 200
    assert again.access_token != token.access_token
    assert again.refresh_token_expires_in <= token.refresh_token_expires_in
    auth.session.close()


def test_pages_and_whoever_is_signed_in(harbour: Harbour, client: RestliClient) -> None:
    me = client.get(resource_path="/me", access_token=harbour.token)
    assert me.entity["localizedFirstName"] == "Ada"
    found = client.finder(
        resource_path="/organizationAcls", finder_name="roleAssignee", query_params={"state": "APPROVED"},
        **harbour.how(),
    )  # fmt: skip
    assert [e["organization"] for e in found.elements] == [harbour.page.urn]
    assert found.paging.total == 1
    page = client.get(resource_path="/organizations/{id}", path_keys={"id": harbour.page.id}, **harbour.how())
    assert page.entity["localizedName"] == "Harbour Council"
    person = client.get(resource_path="/people/{id}", path_keys={"id": {"id": harbour.vera.id}}, **harbour.how())
    assert person.entity["localizedFirstName"] == "Vera"


def test_notifications_and_comments(harbour: Harbour, client: RestliClient) -> None:
    post = harbour.network.publish(harbour.page.urn, "News")
    asked = harbour.network.comment(harbour.vera.urn, post, "When?")
    end = int(time.time() * 1000) + 60_000
    found = client.finder(
        resource_path="/organizationalEntityNotifications", finder_name="criteria",
        query_params={
            "organizationalEntity": harbour.page.urn, "actions": ["COMMENT", "SHARE_MENTION"],
            "timeRange": {"start": end - 3_600_000, "end": end},
        }, **harbour.how(),
    )  # fmt: skip
    assert [e["decoratedGeneratedActivity"]["comment"]["text"] for e in found.elements] == ["When?"]
    listed = client.get_all(
        resource_path="/socialActions/{urn}/comments", path_keys={"urn": post.urn}, **harbour.how()
    )  # fmt: skip
    assert [e["commentUrn"] for e in listed.elements] == [asked.urn]
    made = client.create(
        resource_path="/socialActions/{urn}/comments", path_keys={"urn": asked.urn},
        entity={
            "actor": harbour.page.urn, "object": post.activity, "parentComment": asked.urn,
            "message": {"text": "At nine"},
        }, **harbour.how(),
    )  # fmt: skip
    assert made.status_code == 201
    assert made.entity["commentUrn"].endswith(f",{made.entity_id})")
    keys = {"urn": post.activity, "id": made.entity_id}
    changed = client.partial_update(
        resource_path="/socialActions/{urn}/comments/{id}", path_keys=keys,
        patch_set_object={"text": "At ten"}, query_params={"actor": harbour.page.urn}, **harbour.how(),
    )  # fmt: skip
    assert changed.status_code == 400, "its patch has no place for the inner $set that comments want"
    gone = client.delete(
        resource_path="/socialActions/{urn}/comments/{id}", path_keys=keys,
        query_params={"actor": harbour.page.urn}, **harbour.how(),
    )  # fmt: skip
    assert gone.status_code == 204
    one = {"urn": post.activity, "id": asked.id}
    read = client.get(resource_path="/socialActions/{urn}/comments/{id}", path_keys=one, **harbour.how())
    assert read.entity["message"]["text"] == "When?"


def test_posts_counts_uploads_and_reactions(harbour: Harbour, client: RestliClient) -> None:
    entity = {
        "author": harbour.page.urn, "lifecycleState": "PUBLISHED", "visibility": "PUBLIC",
        "commentary": "Sample text post created with /posts API",
        "distribution": {
            "feedDistribution": "MAIN_FEED", "targetEntities": [], "thirdPartyDistributionChannels": [],
        },
    }  # fmt: skip
    made = client.create(resource_path="/posts", entity=entity, **harbour.how())
    assert made.status_code == 201
    assert made.decoded_entity_id.startswith("urn:li:share:")
    changed = client.partial_update(
        resource_path="/posts/{id}", path_keys={"id": made.entity_id}, patch_set_object={"commentary": "Other"},
        **harbour.how(),
    )  # fmt: skip
    assert changed.status_code == 204
    read = client.get(resource_path="/posts/{id}", path_keys={"id": made.entity_id}, **harbour.how())
    assert read.entity["lifecycleStateInfo"]["isEditedByAuthor"] is True
    found = client.finder(
        resource_path="/posts", finder_name="author",
        query_params={"author": harbour.page.urn, "sortBy": "LAST_MODIFIED", "count": 20}, **harbour.how(),
    )  # fmt: skip
    assert [e["id"] for e in found.elements] == [made.entity_id]
    counted = client.finder(
        resource_path="/organizationalEntityShareStatistics", finder_name="organizationalEntity",
        query_params={"organizationalEntity": harbour.page.urn, "shares": [made.entity_id]}, **harbour.how(),
    )  # fmt: skip
    assert counted.elements[0]["totalShareStatistics"]["commentCount"] == 0
    upload = client.action(
        resource_path="/images", action_name="initializeUpload",
        action_params={"initializeUploadRequest": {"owner": harbour.page.urn}}, **harbour.how(),
    )  # fmt: skip
    assert upload.value["image"].startswith("urn:li:image:")
    liked = client.create(
        resource_path="/reactions", entity={"root": made.entity_id, "reactionType": "LIKE"},
        query_params={"actor": harbour.page.urn}, **harbour.how(),
    )  # fmt: skip
    assert liked.status_code == 201
    key = {"actor": harbour.page.urn, "entity": made.entity_id}
    unliked = client.delete(resource_path="/reactions/{key}", path_keys={"key": key}, **harbour.how())
    assert unliked.status_code == 204
    gone = client.delete(resource_path="/posts/{id}", path_keys={"id": made.entity_id}, **harbour.how())
    assert gone.status_code == 204


def test_a_question_too_long_for_an_address_goes_through_the_tunnel(harbour: Harbour, client: RestliClient) -> None:
    posts = [harbour.network.publish(harbour.page.urn, f"News {n}").urn for n in range(120)]
    found = client.finder(
        resource_path="/organizationalEntityShareStatistics", finder_name="organizationalEntity",
        query_params={"organizationalEntity": harbour.page.urn, "shares": posts}, **harbour.how(),
    )  # fmt: skip
    assert len(found.elements) == 120


async def test_our_connector_writes_its_addresses_as_the_official_client_does() -> None:
    """Each call of a day's work: decoded, and encoded again by the official client, it is the same."""
    made = LinkedInHarness()
    said = made.seed(4)
    made.network.mention(made.vera, made.page, "Thanks")
    connector = made.connector()
    await read_on(connector, made.channel)
    answer = await connector.publish(made.channel, made.reply(said[0]), "key-1")
    assert answer.message is not None
    await connector.publish(made.channel, made.post(), "key-2")
    await connector.react(made.channel, answer.message, Reaction.LIKE)
    await connector.react(made.channel, answer.message, Reaction.UNLIKE)
    await connector.edit(made.channel, answer.message, "At ten")
    await connector.delete(made.channel, answer.message)
    await connector.channels()
    await made.close()
    assert len(made.wire.requests) > 12
    for request in made.wire.requests:
        path, _, query = request.url.raw_path.decode().partition("?")
        params = restli.parameters(query)
        # It sorts the keys of maps, which mean the same in any order.
        ours, theirs = (sorted(re.split(r"([&=(),:])", words)) for words in (query, param_encode(params)))
        assert ours == theirs
        for part in path.split("/"):
            value = restli.decoded(part)
            assert encode(value) == part, f"{part} in {path}"
        assert request.headers["X-Restli-Protocol-Version"] == "2.0.0"
        assert request.headers["Content-Type"] == "application/json" if request.content else True
