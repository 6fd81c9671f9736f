"""The address a person types, the form, and the proof of every sign-in in it before anything is kept.

Source: govdelivery.md section 1. There may be up to three: the API user (an administrator of its own, whose rights
Granicus support grants one by one), the token of the statistics, and the mailbox that answers arrive in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

import httpx

from inbox.clock import Clock
from inbox.connectors.connector import Discovery, Room, SignedIn
from inbox.connectors.govdelivery import answering, imap
from inbox.connectors.govdelivery.api import LONG_TIMEOUT_S, Api, Memory
from inbox.connectors.govdelivery.place import REAL, Mailbox, Place, host_typed, mailbox_of
from inbox.connectors.http import is_loopback
from inbox.errors import NotAllowed, NotFound, SignInNeeded
from inbox.model import Account, AccountId, Capability, ChannelFound, Field, Limits

NAME: Final = "govdelivery"
TITLE: Final = "GovDelivery"
CHANNEL: Final = "bulletins"
ADDRESS_FIELD: Final = Field(
    name="address", label="Account code", placeholder="UKCOUNCIL",
    hint="It stands in the address of GovDelivery's admin pages. For another host than api.govdelivery.com: the host, a blank, the code.",  # noqa: E501
)  # fmt: skip
FIELDS: Final = (
    Field(name="user", label="E-mail of the API user", hint="An administrator made for Postroom, with API rights."),
    Field(name="password", label="Its password", secret=True),
    Field(
        name="from_address_id", label="Number of the From address", required=False,
        hint="Of an address set up in GovDelivery. Empty: the account's usual one.",
    ),
    Field(
        name="trial_to", label="Address for trial sendings", required=False,
        hint="Empty: the API user's. GovDelivery always sends the API user a copy.",
    ),
    Field(name="token", label="Token for statistics (v2)", secret=True, required=False, hint="For opens and clicks."),
    Field(name="reports", label="Numeric account id for statistics", required=False),
    Field(
        name="imap", label="Mailbox for answers: IMAP server", required=False, placeholder="imap.example.org",
        hint="Where answers to bulletins arrive. Postroom only looks into it. Microsoft 365 lets no password in.",
    ),
    Field(name="mail_user", label="Mailbox user", required=False),
    Field(name="mail_password", label="Mailbox password", secret=True, required=False),
    Field(name="mail_address", label="Mailbox address", required=False, hint="Empty: the user is the address."),
    Field(name="folder", label="Folder with the answers", required=False, hint="Empty: INBOX."),
    Field(
        name="smtp", label="Server for sending answers (SMTP)", required=False,
        hint="Empty: the same as IMAP. A hyphen: Postroom only reads.",
    ),
    Field(
        name="sent", label="Folder of sent mail", required=False, placeholder="Sent",
        hint="Where a lost answer is looked for. With a plus before it (+Sent) Postroom puts its copies there; else it changes nothing in the mailbox.",  # noqa: E501
    ),
)  # fmt: skip
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{1,63}")
_EMAIL = re.compile(r"[^@\s<>\"(),:;]+@[^@\s<>\"(),:;]+")
_HINT: Final = "Type the account code, such as UKCOUNCIL; before it, only for another system, the address of its API."
_READING: Final = Capability.FETCH | Capability.POST | Capability.TITLE | Capability.TERMS
_ALWAYS: Final = _READING | Capability.WEIGH | Capability.TRIAL
EVERYTHING: Final = _ALWAYS | Capability.REPLY | Capability.DIRECT


def discover(typed: str) -> Discovery:
    """The account that was typed. Asks nobody: without a sign-in no answer would mean anything. Raises NotFound."""
    base, code = _typed(typed)
    warnings = []
    host = urlsplit(base).hostname or ""
    if base != REAL and not host.endswith(".govdelivery.com") and not is_loopback(base):
        warnings.append(f"User and password will be sent to {host}, which is not a host of GovDelivery.")
    if host.startswith("stage-"):
        warnings.append("This is the staging system. It may really send mail to the addresses it holds.")
    return Discovery(
        network=NAME, title=code, address=Place(base=base, code=code).address, fields=FIELDS,
        settings={"base": base, "code": code}, warnings=tuple(warnings),
    )  # fmt: skip


def _typed(typed: str) -> tuple[str, str]:
    words = typed.strip().strip("<>\"'").split()
    base, code = REAL, ""
    if len(words) == 1 and "/" in words[0]:  # the account's own address, or one of its pages
        found = re.fullmatch(r"(https?://[^/]+)/(?:api/account|accounts)/([\w-]+)(?:/.*)?", words[0])
        if found:
            base, code = found[1], found[2]
    elif len(words) == 1:
        code = words[0]
    elif len(words) == 2:
        base, code = words[0].rstrip("/"), words[1]
        base = base if "://" in base else f"https://{base}"
    try:
        parts = urlsplit(base)
        port = f":{parts.port}" if parts.port else ""
        host = parts.hostname or ""
    except ValueError:
        host, port, parts = "", "", urlsplit("")
    if not _CODE.fullmatch(code) or not re.fullmatch(r"[A-Za-z0-9.-]+", host) or (not port and "." not in host):
        raise NotFound("This is not the code of a GovDelivery account", hint=_HINT)
    if host in {"admin.govdelivery.com", "public.govdelivery.com", "content.govdelivery.com"}:
        return REAL, code
    base = f"{parts.scheme}://{host}{port}"
    if parts.scheme != "https" and not is_loopback(base):
        raise NotFound("A password may only go over a secure connection (https)", hint=_HINT)
    return base, code


async def sign_in(discovery: Discovery, answers: Mapping[str, str], http: httpx.AsyncClient, clock: Clock) -> SignedIn:
    """Prove all that was typed. Raises SignInNeeded, NotAllowed, NotFound, Offline, Unavailable."""
    typed = {name: value.strip() for name, value in answers.items() if value.strip()}
    if not typed.get("user") or not typed.get("password"):
        raise SignInNeeded("User and password are both needed", hint="Fill in both lines.")
    password, mail_password = answers["password"], answers.get("mail_password", "")
    secret = {"password": password}
    secret |= {
        name: value for name, value in (("token", typed.get("token", "")), ("mail_password", mail_password)) if value
    }
    settings = {**discovery.settings, **_checked(typed)}
    account = Account(
        id=AccountId(""), network=NAME, title=discovery.title, address=discovery.address, user=typed["user"],
        settings=settings,
    )  # fmt: skip
    place = Place.of(account)
    api = Api(Room(account=account, http=http, secret=_Given(secret), clock=clock), place, Memory())
    await api.read("topics.xml", "list topics", timeout_s=LONG_TIMEOUT_S)
    if place.reports:
        try:
            await api.report("bulletins", {"days": "1", "page": "1"}, "read statistics")
        except (SignInNeeded, NotAllowed, NotFound) as error:
            hint = "Check the token and the numeric account id, or leave both empty."
            raise SignInNeeded(
                "The statistics cannot be read with this token", hint=hint, status=error.status
            ) from None
    if place.mailbox is not None:
        if is_loopback(place.base) and not all(is_loopback(f"http://{host}") for host in _mail_hosts(place.mailbox)):
            raise NotFound("In practice no real mailbox is opened", hint="Use the mailbox that practice names.")
        await _mailbox_opens(place.mailbox, mail_password)
    return SignedIn(
        title=place.code, address=place.address, user=typed["user"], settings=settings, secret=secret,
        channels=(channel_of(place, Limits(choice_needed=True)),),
    )  # fmt: skip


def _mail_hosts(mailbox: Mailbox) -> list[str]:
    return [mailbox.imap.name, *([mailbox.smtp.name] if mailbox.smtp is not None else [])]


async def _mailbox_opens(mailbox: Mailbox, password: str) -> None:
    def look(session: imap.Session) -> None:
        session.open(mailbox.folder)
        if mailbox.sent:
            session.open(mailbox.sent)

    await imap.run(mailbox, password, look)
    if mailbox.smtp is not None:
        await answering.check(mailbox, password)


def _checked(typed: Mapping[str, str]) -> dict[str, str]:
    """What of the form is kept, each line of it sensible. Raises SignInNeeded naming the one that is not."""
    kept: dict[str, str] = {}
    for name in ("from_address_id", "reports"):
        if value := typed.get(name, ""):
            if not re.fullmatch(r"\d{1,12}", value):
                raise SignInNeeded("This number has to be digits only", hint=_label(name))
            kept[name] = value
    if bool(typed.get("token")) != bool(kept.get("reports")):
        raise SignInNeeded("Statistics need both a token and the account's number", hint="Fill in both, or neither.")
    if value := typed.get("trial_to", ""):
        if not _EMAIL.fullmatch(value):
            raise SignInNeeded("Trial sendings go to exactly one address", hint=_label("trial_to"))
        kept["trial_to"] = value
    if typed.get("imap"):
        kept |= _mail_lines(typed)
    return kept


def _mail_lines(typed: Mapping[str, str]) -> dict[str, str]:
    if not typed.get("mail_user") or not typed.get("mail_password"):
        raise SignInNeeded("The mailbox needs a user and a password", hint="Fill in both, or leave the mailbox empty.")
    kept = {n: typed[n] for n in ("imap", "mail_user", "mail_address", "folder", "sent") if n in typed}
    if any(not value.isprintable() for value in kept.values()):
        raise SignInNeeded("A line holds characters that nobody can type", hint="Type it instead of pasting it.")
    smtp = typed.get("smtp", "")
    imap_host = host_typed(typed["imap"], tls_port=993, default_port=993)
    if imap_host is None:
        raise SignInNeeded("This is not the name of a mail server", hint=_label("imap"))
    if smtp != "-":
        kept["smtp"] = smtp or imap_host.name
        if host_typed(kept["smtp"], tls_port=465, default_port=465) is None:
            raise SignInNeeded("This is not the name of a mail server", hint=_label("smtp"))
        if not _EMAIL.fullmatch(typed.get("mail_address") or typed["mail_user"]):
            raise SignInNeeded("Answers need an address to come from", hint=_label("mail_address"))
    if mailbox_of(kept) is None:
        raise SignInNeeded("This is not a mailbox", hint=_label("imap"))
    return kept


def _label(name: str) -> str:
    return f"Line “{next(f.label for f in FIELDS if f.name == name)}”."


def channel_of(place: Place, limits: Limits) -> ChannelFound:
    """The one channel of an account."""
    sign_up = f"https://public.govdelivery.com/accounts/{place.code}/subscriber/new" if place.base == REAL else ""
    return ChannelFound(
        remote_id=CHANNEL, title=f"{place.code} bulletins", url=sign_up, speaks_as=place.code,
        capabilities=capabilities_of(place), limits=limits,
    )  # fmt: skip


def capabilities_of(place: Place) -> Capability:
    """Answers only where there is a way to send them."""
    return EVERYTHING if place.mailbox is not None and place.mailbox.smtp is not None else _ALWAYS


class _Given:
    """The secret while it is being proved; kept nowhere yet."""

    def __init__(self, parts: Mapping[str, str]) -> None:
        self._parts = dict(parts)

    def read(self) -> Mapping[str, str]:
        return self._parts

    def save(self, parts: Mapping[str, str]) -> None:
        self._parts = dict(parts)
