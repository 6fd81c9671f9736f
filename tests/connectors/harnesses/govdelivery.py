"""GovDelivery over the practice account in this process, and the practice mailbox over loopback sockets."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import httpx

from inbox.connectors.govdelivery import GovDelivery
from inbox.connectors.govdelivery.signing_in import CHANNEL
from inbox.model import Account, Rendition, UpdateKind
from inbox.practice.faults import Faults, FaultyTransport
from inbox.practice.govdelivery import Agency, MailServers, PostOffice, agency_app
from inbox.practice.govdelivery.post_office import Mail, MailFault
from tests.connectors.harness import Break, KeptSecret, SetClock, Wire, account_of, channel_of, room

ROOT = "https://api.govdelivery.example"
API_USER = "postroom@harbour.example"
ADDRESS = "news@harbour.example"
TOPIC = "topic:HARBOUR_NEWS"

NEST = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n" for n in range(90))
"""Deeper than anybody can mean."""


class KeptSteps:
    """How far each delivery got, as long as the test lives."""

    def __init__(self) -> None:
        self.words: dict[str, str] = {}

    def read(self, key: str) -> str:
        return self.words.get(key, "")

    def save(self, key: str, step: str) -> None:
        self.words[key] = step


class ReleaseWire(Wire):
    """A lost answer is that of ``send_now``: a draft reaches nobody, and its loss has tests of its own."""

    executed: ClassVar[frozenset[Break]] = frozenset(
        {Break.LOST_ANSWER, Break.HALF_ANSWER, Break.BROKEN_BODY, Break.WRONG_TYPE, Break.ENDLESS}
    )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        how = self.breaks.get(True)
        if how in self.executed and request.method == "POST" and not request.url.path.endswith("send_now"):
            self.requests.append(request)
            return await self._server.handle_async_request(request)
        return await super().handle_async_request(request)


class GovDeliveryHarness:
    connector_class: ClassVar[type[GovDelivery]] = GovDelivery
    breaks: ClassVar[frozenset[Break]] = frozenset(Break)
    many: ClassVar[int] = 90  # three looks into the mailbox
    overlaps: ClassVar[bool] = False
    edits: ClassVar[bool] = False  # what was mailed stays as it is

    def __init__(self, *, statistics: bool = True, oldest_first: bool = False) -> None:
        self.clock = SetClock()
        self.agency = Agency(code="HARBOUR", clock=self.clock, from_address=ADDRESS)
        self.agency.quirks |= {"ascending"} if oldest_first else set()
        self.secret = self.agency.add_user(API_USER)
        self.token = self.agency.add_token()
        self.agency.add_topic("HARBOUR_NEWS", "All council news")
        self.agency.add_topic("HARBOUR_EMPTY", "Dredging works")
        self.agency.add_category("living", "Living here")
        self.agency.subscribe("vera@citizen.example", "HARBOUR_NEWS")
        self.agency.subscribe("emre@citizen.example", "HARBOUR_NEWS", category="living")
        self.office = PostOffice(address=ADDRESS, clock=self.clock)
        self._mail_password = self.office.password
        self.servers = MailServers(self.office)
        self.steps = KeptSteps()
        self.statistics = statistics
        self.faults = Faults()
        served = FaultyTransport(httpx.ASGITransport(agency_app(self.agency)), self.faults)
        self.wire = ReleaseWire(served, self.clock)
        self.channel = channel_of(GovDelivery, CHANNEL)
        self._clients: list[httpx.AsyncClient] = []
        self._said: dict[str, Mail] = {}

    @property
    def requests(self) -> int:
        return len(self.wire.requests)

    @property
    def made(self) -> list[str]:
        sent = [f"bulletin:{i}" for i in self.agency.sent_order]
        named = [p.content.split(b"Message-ID: <postroom.")[1].split(b"@")[0].decode() for p in self.office.posted]
        return sent + [f"answer:{key}" for key in named]

    @property
    def account(self) -> Account:
        self.servers.start()
        settings = {
            "base": ROOT, "code": "HARBOUR", "imap": self.servers.imap, "smtp": self.servers.smtp,
            "mail_user": ADDRESS, "sent": "Sent",
        }  # fmt: skip
        if self.statistics:
            settings["reports"] = str(self.agency.number)
        return account_of(GovDelivery, f"{ROOT}/api/account/HARBOUR", API_USER, **settings)

    def connector(self) -> GovDelivery:
        secret = KeptSecret(password=self.secret, token=self.token, mail_password=self._mail_password)
        given = replace(room(self.wire, self.clock, self.account, secret), steps=self.steps)
        self._clients.append(given.http)
        return GovDelivery(given)

    def seed(self, count: int) -> list[str]:
        said: list[str] = []
        for number in range(count):
            self.clock.forward(1)
            parent = f"<{said[number // 2].partition('<')[2]}" if number % 3 == 2 else ""
            who = f"citizen{len(self._said)}@citizen.example"
            mail = self.office.write("Citizen", who, f"Word {number}", f"Word {number} & more", answers=parent)
            said.append(self.remember(mail))
        return said

    def ask_privately(self, text: str) -> None:
        self.clock.forward(1)
        self.remember(self.office.write("Vera", "vera@citizen.example", "A question", text))

    def remember(self, mail: Mail) -> str:
        """The name that the connector will have for a mail."""
        from inbox.connectors.govdelivery.imap import Envelope
        from inbox.connectors.govdelivery.letters import described

        envelope = Envelope(uid=mail.uid, header=mail.header, size_bytes=len(mail.content), received_at=None)
        remote_id = described(envelope, "INBOX").remote_id
        self._said[remote_id] = mail
        return remote_id

    def say_unknown(self) -> str:
        self.clock.forward(1)
        self.office.deliver(f"From: Vera <vera@citizen.example>\r\nSubject: Boxes in boxes\r\n{NEST}".encode())
        return ""

    def edit(self, remote_id: str, text: str) -> None:
        """Nobody edits what was mailed."""

    def remove(self, remote_id: str) -> None:
        self.office.remove(self._said[remote_id])

    def hold(self, remote_id: str) -> None:
        """Nothing is ever held in a mailbox."""

    def sign_out(self) -> None:
        self.agency.users.clear()
        self.office.password = "another"

    def break_reads(self, how: Break) -> None:
        self.wire.breaks[False] = how
        self.office.broken.add(MailFault.AWAY)

    def break_writes(self, how: Break) -> None:
        self.wire.breaks[True] = how
        if how is Break.LOST_ANSWER:
            self.office.broken.add(MailFault.LOST)

    def mend(self) -> None:
        self.wire.breaks.clear()
        self.office.broken.clear()

    def most_bytes(self, kind: UpdateKind) -> int | None:
        return None

    def post(self, text: str = "The library opens on Monday", **others: object) -> Rendition:
        return Rendition(kind=UpdateKind.POST, title="Notice", text=text, categories=(TOPIC,), **others)  # type: ignore[arg-type]

    def reply(self, remote_id: str, text: str = "We open at nine") -> Rendition:
        return Rendition(kind=UpdateKind.REPLY, text=text, reply_to=remote_id)

    async def close(self) -> None:
        self.servers.stop()
        for client in self._clients:
            await client.aclose()
