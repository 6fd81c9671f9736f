"""An answer to a mail, by SMTP: once. Its Message-ID is made from the delivery's key, so that it can be known again.

Steps noted durably: "" nothing left, "mailing" the words may have been taken, "mailed" the server took them. A lost
answer is looked for in the folder of sent mail, where the officer named one; its presence is proof, its absence none
(a copy may be late or never made), so then a person decides.
"""

from __future__ import annotations

import asyncio
import logging
import re
import socket
import ssl
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, formataddr
from typing import Final

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from inbox.connectors.govdelivery import mail
from inbox.connectors.govdelivery.api import Api
from inbox.connectors.govdelivery.letters import ANSWER, MAIL, Letter
from inbox.connectors.govdelivery.place import Mailbox
from inbox.errors import (
    NotFound,
    Offline,
    OutcomeUnknown,
    PostroomError,
    Rejected,
    SignInNeeded,
    Unavailable,
    Unsupported,
)
from inbox.model import Problem, Receipt, Rendition

log = logging.getLogger(__name__)

MAILING: Final = "mailing"
MAILED: Final = "mailed"
TIMEOUT_S: Final = 60.0
_RE = re.compile(r"^\s*re\s*:", re.IGNORECASE)


async def publish(api: Api, rendition: Rendition, key: str) -> Receipt:
    """Answer a mail, once."""
    mailbox = _able(api)
    receipt = Receipt(remote_id=ANSWER + key)
    step = api.room.steps.read(key)
    if step == MAILED or (step == MAILING and mailbox.sent and await mail.sent_copy(api, message_id(mailbox, key))):
        return receipt
    if not rendition.text.strip():
        raise Rejected(problems=(Problem(words="There is nothing written yet."),))
    letter = await mail.located(api, rendition.reply_to) if rendition.reply_to.startswith(MAIL) else None
    if letter is None:
        raise NotFound("The mail that this answers is not in the mailbox any more")
    if not letter.answer_to:
        raise Rejected(problems=(Problem(words="Its sender gave no address that an answer could go to."),))
    content = composed(mailbox, letter, rendition, key, api)
    await _deliver(api, mailbox, letter.answer_to, content, key)
    if mailbox.sent and mailbox.copies:
        try:
            await mail.keep_copy(api, content)
        except PostroomError as error:  # it went out all the same
            log.warning("the copy of an answer could not be put into the mailbox: %s", error)
    return receipt


async def find(api: Api, key: str, step: str) -> Receipt | None:
    """Look for an answer of ours; None while none can have left."""
    step = api.room.steps.read(key) or step
    if step == MAILED:
        return Receipt(remote_id=ANSWER + key)
    if step != MAILING:
        return None
    mailbox = api.place.mailbox
    if mailbox is not None and mailbox.sent and await mail.sent_copy(api, message_id(mailbox, key)):
        return Receipt(remote_id=ANSWER + key)
    raise OutcomeUnknown(
        "The mail server took the answer's words and then said nothing more",
        hint="Look into the folder of sent mail, or ask whether it arrived. Then say so here.",
    )


def message_id(mailbox: Mailbox, key: str) -> str:
    """The answer's own name: always the same for the same delivery."""
    domain = mailbox.address.rpartition("@")[2]
    return f"<postroom.{key}@{domain if re.fullmatch(r'[A-Za-z0-9.-]+', domain) else 'postroom.invalid'}>"


def composed(mailbox: Mailbox, letter: Letter, rendition: Rendition, key: str, api: Api) -> bytes:
    """The answer as it goes over the wire: plain text, as typed."""
    answer = EmailMessage(policy=SMTP_POLICY.clone(cte_type="7bit"))  # not every server takes eight bits
    subject = letter.subject or "your message"
    answer["From"] = formataddr((api.room.account.title, mailbox.address))
    answer["To"] = letter.answer_to
    answer["Subject"] = subject if _RE.match(subject) else f"Re: {subject}"
    answer["Date"] = format_datetime(api.room.clock.now())
    answer["Message-ID"] = message_id(mailbox, key)
    if letter.message_id:
        answer["In-Reply-To"] = letter.message_id
    if letter.references:
        answer["References"] = " ".join(letter.references)
    answer.set_content(rendition.text, charset="utf-8")
    return answer.as_bytes()


async def check(mailbox: Mailbox, password: str) -> None:
    """Sign in and leave again. Raises what signing in raises."""
    smtp = await _connected(mailbox, password, "")
    await _leave(smtp)


async def _deliver(api: Api, mailbox: Mailbox, to: str, content: bytes, key: str) -> None:
    account = api.room.account.id
    smtp = await _connected(mailbox, api.room.secret.read().get("mail_password", ""), account)
    try:
        try:
            await smtp.mail(mailbox.address, timeout=TIMEOUT_S)
            await smtp.rcpt(to, timeout=TIMEOUT_S)
        except (SMTPException, OSError, TimeoutError) as error:
            raise _refused(error, mailbox, account) from None
        api.room.steps.save(key, MAILING)
        try:
            await smtp.data(content, timeout=TIMEOUT_S)
        except SMTPDataError as error:
            api.room.steps.save(key, "")
            raise _refused(error, mailbox, account) from None
        except (SMTPException, OSError, TimeoutError, ValueError):
            raise OutcomeUnknown("The mail server broke off after it was given the answer", account=account) from None
        api.room.steps.save(key, MAILED)
    finally:
        await _leave(smtp)


async def _connected(mailbox: Mailbox, password: str, account: str) -> SMTP:
    host = mailbox.smtp
    assert host is not None
    smtp = SMTP(
        hostname=host.name, port=host.port, timeout=TIMEOUT_S, use_tls=host.tls, local_hostname="postroom.invalid",
        start_tls=not (host.tls or host.plain),
    )  # fmt: skip
    try:
        await smtp.connect()
        await smtp.ehlo()
        if not host.plain or smtp.supports_extension("auth"):  # a relay on this machine may want none
            await smtp.login(mailbox.user, password)
    except (SMTPException, OSError, TimeoutError, ValueError, UnicodeError) as error:
        await _drop(smtp, smtp.transport)
        raise _refused(error, mailbox, account) from None
    except asyncio.CancelledError:
        smtp.close()
        raise
    return smtp


async def _leave(smtp: SMTP) -> None:
    transport = smtp.transport
    with suppress(SMTPException, OSError, TimeoutError):
        await smtp.quit(timeout=5)
    await _drop(smtp, transport)


async def _drop(smtp: SMTP, transport: asyncio.BaseTransport | None) -> None:
    """Hang up at once: all is said, and nobody waits for the other side to end its TLS in style."""
    smtp.close()
    if isinstance(transport, asyncio.WriteTransport):
        transport.abort()
        await asyncio.sleep(0)


def _refused(error: BaseException, mailbox: Mailbox, account: str) -> PostroomError:
    """Why nothing was sent, by who has to act; nothing of the server's own words but its code."""
    host = mailbox.smtp.name if mailbox.smtp else ""
    code = error.code if isinstance(error, SMTPResponseException) else 0
    if isinstance(error, SMTPAuthenticationError) and code not in {421, 451, 454}:
        return SignInNeeded(
            f"The mail server {host} did not accept user and password ({code})",
            hint="Sign in again with the mailbox's password.", account=account,
        )  # fmt: skip
    if isinstance(error, SMTPRecipientRefused) and 500 <= code < 600:
        words = f"The mail server does not deliver to this address ({code})."
        return Rejected(problems=(Problem(words=words),), account=account)
    if isinstance(error, SMTPSenderRefused | SMTPDataError) and 500 <= code < 600:
        words = f"The mail server refused the answer ({code})."
        return Rejected(problems=(Problem(words=words),), account=account)
    for cause in (error, error.__cause__, error.__context__):
        if isinstance(cause, socket.gaierror):
            return Offline(f"The name {host} cannot be found", account=account)
        if isinstance(cause, ssl.SSLError):
            return Unavailable(f"The secure connection to {host} failed", account=account)
    if isinstance(error, SMTPServerDisconnected | SMTPTimeoutError) or not code:
        return Unavailable(f"The mail server {host} does not answer properly", account=account)
    return Unavailable(f"The mail server {host} refuses for now ({code})", account=account)


def _able(api: Api) -> Mailbox:
    if api.place.mailbox is None or api.place.mailbox.smtp is None:
        raise Unsupported("This account has no way to answer by mail")
    return api.place.mailbox
