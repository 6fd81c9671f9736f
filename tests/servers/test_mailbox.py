# ruff: noqa: E501 - a mail is written down as it comes over the wire
"""The mailbox that answers to bulletins arrive in, against a real Dovecot, and answers to them through a real Exim."""

import email
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from email.message import EmailMessage
from email.policy import SMTP, default
from pathlib import Path

import httpx
import pytest

from inbox.connectors.connector import START
from inbox.connectors.govdelivery import GovDelivery, answering, imap
from inbox.connectors.govdelivery.place import Host, Mailbox
from inbox.connectors.govdelivery.signing_in import CHANNEL
from inbox.errors import NotFound, OutcomeUnknown, Rejected, SignInNeeded, Unavailable
from inbox.model import Capability, Delivery, Message, MessageKind, Rendition, UpdateKind
from inbox.practice.govdelivery import Agency, MailServers, PostOffice, agency_app
from tests.connectors.harness import KeptSecret, SetClock, account_of, all_of, channel_of, delivery_of, read_on, room
from tests.connectors.harnesses.govdelivery import KeptSteps
from tests.servers.mail_servers import ADDRESS, PASSWORD, Between, Dovecot, Exim, certified

ROOT = "https://api.govdelivery.example"
CRLF = b"\r\n"


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    server = Dovecot.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def exim() -> Iterator[Exim]:
    server = Exim.start()
    yield server
    server.stop()


class Desk:
    """The connector over a practice account, a real mailbox and a real mail server."""

    def __init__(self, dovecot: Dovecot, exim: Exim) -> None:
        self.dovecot, self.exim = dovecot, exim
        self.imap, self.smtp = Between(dovecot.port), Between(exim.port)
        self.clock = SetClock()
        self.agency = Agency(code="HARBOUR", clock=self.clock, from_address=ADDRESS)
        self.user = "postroom@harbour.example"
        self.password = self.agency.add_user(self.user)
        self.token = self.agency.add_token()
        self.agency.add_topic("FLOOD", "Flood warnings")
        self.agency.subscribe("vera@citizen.example", "FLOOD")
        self.steps = KeptSteps()
        self.sent = ""
        self.channel = channel_of(GovDelivery, CHANNEL)
        self._clients: list[httpx.AsyncClient] = []

    def connector(self, mail_password: str = PASSWORD) -> GovDelivery:
        account = account_of(
            GovDelivery, f"{ROOT}/api/account/HARBOUR", self.user, base=ROOT, code="HARBOUR",
            imap=f"127.0.0.1:{self.imap.port}", smtp=f"127.0.0.1:{self.smtp.port}", mail_user=ADDRESS, sent=self.sent,
            reports=str(self.agency.number),
        )  # fmt: skip
        secret = KeptSecret(password=self.password, token=self.token, mail_password=mail_password)
        given = room(httpx.ASGITransport(agency_app(self.agency)), self.clock, account, secret)
        self._clients.append(given.http)
        return GovDelivery(replace(given, steps=self.steps))

    def send_bulletin(self, subject: str) -> str:
        made = self.agency.draft(subject=subject, body="<p>Words</p>", topics=["FLOOD"], categories=[])
        self.agency.send(made)
        made.created_at = made.sent_at = self.clock.now().replace(year=2023)  # mails here are dated by their file
        return f"bulletin:{made.id}"

    async def read(self) -> list[Message]:
        batches, _ = await read_on(self.connector(), self.channel, START)
        return [m for m in all_of(batches) if not m.remote_id.startswith("bulletin:")]

    def delivery(self, rendition: Rendition, key: str) -> Delivery:
        return delivery_of(self, rendition, key)  # type: ignore[arg-type]

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()
        self.imap.stop()
        self.smtp.stop()


@pytest.fixture
async def desk(dovecot: Dovecot, exim: Exim) -> AsyncIterator[Desk]:
    dovecot.clear()
    exim.clear()
    made = Desk(dovecot, exim)
    yield made
    await made.close()


def letter(subject: str, text: str = "When does it open?", **headers: str) -> EmailMessage:
    mail = EmailMessage(policy=SMTP)
    mail["From"] = headers.pop("From", "Vera Citizen <vera@citizen.example>")
    mail["To"] = ADDRESS
    mail["Subject"] = subject
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail


async def test_letters_are_threaded_and_attachments_listed(desk: Desk) -> None:
    bulletin = desk.send_bulletin("Flood grants: who can apply")
    first = letter("Re: Flood grants: who can apply", "Can tenants apply?", Message_ID="<1@citizen.example>")
    first.add_attachment(
        b"%PDF-1.4" * 5_000, maintype="application", subtype="pdf", filename="Mietvertrag für Ämter.pdf"
    )
    first.add_attachment(b"\x89PNG" * 900, maintype="image", subtype="png", filename="cellar.png")
    desk.dovecot.deliver(first.as_bytes())
    second = letter(
        "AW: flood grants:  who can apply", "And shops?", Message_ID="<2@x.example>", In_Reply_To="<1@citizen.example>"
    )
    desk.dovecot.deliver(second.as_bytes())
    desk.dovecot.deliver(letter("Something else", "Hello", Message_ID="<3@x.example>").as_bytes())
    before = desk.dovecot.state()
    one, two, three = await desk.read()
    assert (one.context_remote_id, two.context_remote_id, three.context_remote_id) == (bulletin, bulletin, "")
    assert (one.parent_remote_id, two.parent_remote_id) == ("", one.remote_id)
    assert [(a.description, a.kind, a.url) for a in one.attachments] == [
        ("Mietvertrag für Ämter.pdf", "file", ""),
        ("cellar.png", "file", ""),
    ]
    assert all(a.size_bytes for a in one.attachments)
    assert b"%PDF" not in one.raw, "an attachment was fetched"
    assert (one.text, one.author.name, one.author.handle) == (
        "Can tenants apply?",
        "Vera Citizen",
        "vera@citizen.example",
    )
    assert one.kind is MessageKind.DIRECT
    assert desk.dovecot.state() == before


def nested(depth: int) -> bytes:
    opened = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(depth))
    return (
        b"From: a <a@evil.example>\r\nSubject: boxes\r\nMIME-Version: 1.0\r\n"
        + opened
        + b"Content-Type: text/plain\r\n\r\nhi"
    )


HOSTILE: dict[str, bytes] = {
    "nothing": b"",
    "no header": b"\r\nwords without a header",
    "nul": b"From: n\x00ul <n@evil.example>\r\nSubject: a\x00b\r\n\r\nwords\x00 and \x00 more\r\n",
    "broken charset": b"From: c@evil.example\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=no-such-8\r\n\r\nGr\xfc\xdfe",
    "a charset that is none": b"From: c@evil.example\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=unicode_escape\r\n\r\n\\x41",
    "halves of characters": b"From: c@evil.example\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-7\r\n\r\n+2AA- half",
    "broken base64": b"From: c@evil.example\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\nSGVsbG8gd29ybGQ!!!=x",
    "broken encoded words": b"From: =?utf-8?b?////?= <c@evil.example>\r\nSubject: =?no-such?q?=E4?= =?utf-8?b?!!?=\r\n\r\nwords",
    "deep": nested(60),
    "very deep": nested(3_000),
    "many parts": b"From: m@evil.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    + b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n" * 5_000
    + b"--b--\r\n",
    "huge": b"From: h@evil.example\r\nSubject: huge\r\n\r\n" + b"x" * 79 * 150_000,
    "huge header": b"From: h@evil.example\r\n" + b"X-Junk: " + b"y" * 2_000_000 + b"\r\nSubject: behind\r\n\r\nwords",
    "way out": b"From: w@evil.example\r\nMIME-Version: 1.0\r\nContent-Type: application/octet-stream; name=\"../../etc/passwd\"\r\n"
    b"Content-Disposition: attachment; filename=\"..\\\\..\\\\evil\xe2\x80\xaegpj.exe\"\r\n\r\nx",
    "an id that ends a command": b"From: i@evil.example\r\nMessage-ID: <a\" LOGOUT@evil.example>\r\nIn-Reply-To: <x\"\r\nReferences: <a)(b@c> <ok@evil.example>\r\n\r\nwords",
    "as if from us": b"From: Harbour Council <news@harbour.example>\r\nMessage-ID: <postroom.0123456789abcdef@harbour.example>\r\nSubject: We resign\r\n\r\nBelieve it",
    "many to answer": b"From: l@evil.example\r\nReply-To: " + b", ".join(b"v%d@victim.example" % n for n in range(500)) + b"\r\n\r\nwords",
}  # fmt: skip


async def test_hostile_mail_is_harmless_and_kept(desk: Desk) -> None:
    for content in HOSTILE.values():
        desk.dovecot.deliver(content)
    good = letter("Among them", "I am a citizen.", Message_ID="<good@citizen.example>")
    desk.dovecot.deliver(good.as_bytes())
    before = desk.dovecot.state()
    found = await desk.read()
    assert len(found) == len(HOSTILE) + 1, "each mail is a message, whatever it is like"
    assert len({m.remote_id for m in found}) == len(found)
    for message in found:
        assert not message.ours
        assert message.text
        message.text.encode()  # whole characters only
        message.title.encode()
        message.author.name.encode()
        for words in (message.text, message.html, message.title, message.author.name):
            assert "\x00" not in words
        assert len(message.raw) < 1_200_000
        assert all(a.url == "" and "\\" not in a.description for a in message.attachments)
    by = dict(zip(HOSTILE, found, strict=False))
    assert by["very deep"].kind in (MessageKind.UNREADABLE, MessageKind.DIRECT)
    assert by["many parts"].kind is MessageKind.UNREADABLE
    assert by["many parts"].raw
    assert by["broken charset"].text.startswith("Gr")
    assert by["as if from us"].kind is MessageKind.NOTICE
    assert by["as if from us"].remote_id.startswith("mail:")
    assert by["broken base64"].text.startswith("Hello world")
    assert [a.description for a in by["way out"].attachments] == ["evilgpj.exe"]
    assert Capability.REPLY in by["nothing"].denied
    assert found[-1].text == "I am a citizen."
    assert desk.dovecot.state() == before


async def test_a_second_mail_of_the_same_name_covers_nothing(desk: Desk) -> None:
    desk.dovecot.deliver(letter("Mine", "The true one.", Message_ID="<same@citizen.example>").as_bytes())
    desk.dovecot.deliver(letter("Mine too", "The false one.", Message_ID="<same@citizen.example>").as_bytes())
    found = await desk.read()
    assert [m.text for m in found] == ["The true one.", "The false one."]
    assert found[0].remote_id != found[1].remote_id


async def test_a_connection_that_drops_in_the_middle_loses_nothing(desk: Desk) -> None:
    for number in range(30):
        desk.dovecot.deliver(
            letter(f"Letter {number}", f"Words {number}", Message_ID=f"<n{number}@x.example>").as_bytes()
        )
    before = desk.dovecot.state()
    for after_bytes in (10, 700, 2_500, 9_000, 14_000):
        desk.imap.cut = lambda said, limit=after_bytes: len(said) > limit  # type: ignore[misc]
        with pytest.raises(Unavailable):
            await read_on(desk.connector(), desk.channel)
    desk.imap.cut = lambda said: False
    assert [m.text for m in await desk.read()] == [f"Words {number}" for number in range(30)]
    assert desk.dovecot.state() == before


async def test_only_what_is_new_is_read_and_a_renumbered_mailbox_repeats_nothing(desk: Desk) -> None:
    for number in range(3):
        desk.dovecot.deliver(letter(f"Letter {number}", Message_ID=f"<r{number}@x.example>").as_bytes())
    connector = desk.connector()
    first, cursor = await read_on(connector, desk.channel)
    desk.dovecot.deliver(letter("Letter 3", Message_ID="<r3@x.example>").as_bytes())
    second, cursor = await read_on(connector, desk.channel, cursor)
    assert [m.title for m in all_of(second)] == ["Letter 3"]
    third, again = await read_on(connector, desk.channel, cursor)
    assert (all_of(third), again) == ([], cursor)
    desk.dovecot.renumber()
    fourth, _ = await read_on(connector, desk.channel, cursor)
    assert {m.remote_id for m in all_of(fourth)} == {m.remote_id for m in all_of(first) + all_of(second)}


async def test_a_wrong_password_is_for_a_person(desk: Desk) -> None:
    with pytest.raises(SignInNeeded):
        await read_on(desk.connector("wrong"), desk.channel)


def reply_to(message: Message, text: str = "Yes, on Monday.\n\n.\nFrom here on: “ö” & <b>") -> Rendition:
    return Rendition(kind=UpdateKind.REPLY, text=text, reply_to=message.remote_id)


async def test_an_answer_goes_out_once_and_changes_no_mailbox(desk: Desk) -> None:
    desk.dovecot.deliver(letter("Grants", Message_ID="<q@citizen.example>", References="<older@x.example>").as_bytes())
    [asked] = await desk.read()
    before = desk.dovecot.state()
    connector = desk.connector()
    receipt = await connector.publish(desk.channel, reply_to(asked), "0123abcd")
    again = await desk.connector().publish(desk.channel, reply_to(asked), "0123abcd")
    assert receipt == again
    [content] = desk.exim.wait_for(1)
    mail = email.message_from_bytes(content, policy=default)
    assert mail["In-Reply-To"] == "<q@citizen.example>"
    assert mail["References"] == "<older@x.example> <q@citizen.example>"
    assert mail["Message-ID"] == "<postroom.0123abcd@harbour.example>"
    assert mail["To"] == "vera@citizen.example"
    assert mail["Subject"] == "Re: Grants"
    assert mail.get_content().strip() == reply_to(asked).text  # type: ignore[attr-defined]
    assert desk.dovecot.state() == before


async def test_a_copy_is_put_into_the_folder_that_was_named_and_read_back_as_ours(desk: Desk) -> None:
    desk.sent = "+Sent"
    desk.dovecot.deliver(letter("Grants", Message_ID="<q2@citizen.example>").as_bytes())
    [asked] = await desk.read()
    before = desk.dovecot.state()
    await desk.connector().publish(desk.channel, reply_to(asked), "0123abce")
    after = desk.dovecot.state()
    assert {name: sum_ for name, sum_ in after.items() if name in before} == before
    assert all(name.startswith(".Sent/") for name in after.keys() - before.keys())
    [ours] = [m for m in await desk.read() if m.ours]
    assert ours.remote_id == "answer:0123abce"
    assert ours.parent_remote_id == asked.remote_id
    assert ours.text == reply_to(asked).text


async def test_a_lost_answer_is_never_sent_twice(desk: Desk) -> None:
    desk.dovecot.deliver(letter("Grants", Message_ID="<q3@citizen.example>").as_bytes())
    [asked] = await desk.read()
    desk.smtp.cut = lambda said: b"OK id=" in said
    with pytest.raises(OutcomeUnknown):
        await desk.connector().publish(desk.channel, reply_to(asked), "0123abcf")
    desk.smtp.cut = lambda said: False
    desk.exim.wait_for(1)
    with pytest.raises(OutcomeUnknown):  # nobody named a folder of sent mail: a person decides
        await desk.connector().find(desk.channel, desk.delivery(reply_to(asked), "0123abcf"))
    assert len(desk.exim.delivered()) == 1


async def test_what_was_cut_before_the_words_is_sent_again_without_a_person(desk: Desk) -> None:
    desk.dovecot.deliver(letter("Grants", Message_ID="<q4@citizen.example>").as_bytes())
    [asked] = await desk.read()
    desk.smtp.cut = lambda said: b"AUTH" in said
    with pytest.raises(Unavailable):
        await desk.connector().publish(desk.channel, reply_to(asked), "0123abd0")
    desk.smtp.cut = lambda said: False
    assert await desk.connector().find(desk.channel, desk.delivery(reply_to(asked), "0123abd0")) is None
    await desk.connector().publish(desk.channel, reply_to(asked), "0123abd0")
    assert len(desk.exim.wait_for(1)) == 1


async def test_a_refusal_is_final_and_leaves_nothing_in_doubt(desk: Desk) -> None:
    desk.dovecot.deliver(letter("Ask", From="x@nowhere.example", Message_ID="<q5@nowhere.example>").as_bytes())
    desk.dovecot.deliver(letter("refuse me", Message_ID="<q6@citizen.example>").as_bytes())
    for number, asked in enumerate(await desk.read()):
        with pytest.raises(Rejected):
            await desk.connector().publish(desk.channel, reply_to(asked), f"0123abe{number}")
        assert await desk.connector().find(desk.channel, desk.delivery(reply_to(asked), f"0123abe{number}")) is None
    assert desk.exim.delivered() == []


async def test_an_answer_to_a_mail_that_is_gone_is_refused(desk: Desk) -> None:
    lying = desk.dovecot.deliver(letter("Grants", Message_ID="<q7@citizen.example>").as_bytes())
    [asked] = await desk.read()
    lying.unlink()
    with pytest.raises(NotFound):
        await desk.connector().publish(desk.channel, reply_to(asked), "0123abf0")


LETTERS = [
    letter("Plain", "Words & <more>\n\n-- \nVera", Message_ID="<p1@x.example>"),
    letter("Re: Plain", "Yes\n\nOn Mon, 23 Nov 2026 at 09:00, Council wrote:\n> Words", In_Reply_To="<p1@x.example>"),
    letter("Ünicode “ö” 日本", "Grüße 👩‍👩‍👧 " * 40, Message_ID="<p3@x.example>"),
    letter("Away", "Until Monday", Auto_Submitted="auto-replied"),
]
LETTERS[2].add_alternative("<p>Grüße</p>", subtype="html")
LETTERS[3].add_attachment(b"%PDF" * 99, maintype="application", subtype="pdf", filename="Ä (1).pdf")


async def test_the_practice_mailbox_says_what_dovecot_says(desk: Desk) -> None:
    office = PostOffice(address=ADDRESS, clock=desk.clock)
    office.password = PASSWORD
    servers = MailServers(office).start()
    try:
        for mail in LETTERS:
            desk.dovecot.deliver(mail.as_bytes())
            office.deliver(mail.as_bytes())
        real = await desk.read()
        direct, desk.imap = desk.imap, Between(int(servers.imap.rpartition(":")[2]))
        practised = await desk.read()
        desk.imap.stop()
        desk.imap = direct
    finally:
        servers.stop()
    assert len(real) == len(LETTERS)
    same = {"created_at": desk.clock.now()}
    assert [replace(m, **same) for m in practised] == [replace(m, **same) for m in real]  # type: ignore[arg-type]


@pytest.mark.parametrize("tls", [True, False], ids=["from the first byte", "by STARTTLS"])
async def test_the_way_to_both_servers_is_secure(tls: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, key = certified(tmp_path)
    dovecot, exim = Dovecot.start(certificate=certificate, key=key), Exim.start(certificate=certificate, key=key)
    monkeypatch.setattr(Host, "plain", property(lambda host: False))  # as if they were on another machine
    ports = (dovecot.tls_port, exim.tls_port) if tls else (dovecot.port, exim.port)
    mailbox = Mailbox(
        imap=Host("localhost", ports[0], tls), smtp=Host("localhost", ports[1], tls), user=ADDRESS, address=ADDRESS
    )
    try:
        with pytest.raises(Unavailable, match="secure"):  # nobody vouches for it
            await imap.run(mailbox, PASSWORD, lambda session: session.open("INBOX"))
        with pytest.raises(Unavailable):
            await answering.check(mailbox, PASSWORD)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert await imap.run(mailbox, PASSWORD, lambda session: session.open("INBOX")) > 0
        await answering.check(mailbox, PASSWORD)
        with pytest.raises(SignInNeeded):
            await answering.check(mailbox, "wrong")
    finally:
        dovecot.stop()
        exim.stop()
