"""A bulletin goes out in two steps: a draft, then ``send_now`` on it, begun exactly once by the machine.

Source: govdelivery.md sections 0 and 3. Sending cannot be taken back and has no key that would make a repeat harmless.
So the step is noted durably before each request:

    ""            nothing has begun
    drafting      a draft may have been made: the drafts are looked through before another one is
    draft <id>    the draft is there, nobody got anything
    sending <id>  send_now was begun: only the list of what was sent, or a person, can say that it went out
    sent <id>     GovDelivery said so

Whatever refuses ``send_now`` in so many words is final (Rejected): a person may send again. Only a connection that
never came about leaves the delivery queued. Everything else is unknown, and stays so until it is seen or a person
decides; then the same draft is used again.
"""

from __future__ import annotations

import logging
from typing import Final

from inbox.connectors.govdelivery import bulletin, topics, xml
from inbox.connectors.govdelivery.api import Api
from inbox.connectors.govdelivery.bulletin import PREFIX, Sent
from inbox.errors import (
    BadReply,
    NotAllowed,
    NotFound,
    Offline,
    OutcomeUnknown,
    PostroomError,
    RateLimited,
    Rejected,
    SignInNeeded,
    Unavailable,
)
from inbox.model import Receipt, Rendition, Weight

log = logging.getLogger(__name__)

DRAFTING, DRAFT, SENDING, SENT = "drafting", "draft ", "sending ", "sent "
DRAFT_LISTS: Final = ("bulletins/drafts.xml", "bulletins/draft.xml")
"""The vendor names a list of drafts, and no source its address; without it a lost draft is made again, unsent."""
MOST_PAGES: Final = 5
_FINAL_HINT: Final = "Nothing was sent, and Postroom does not repeat it by itself. Send it again when you are ready."
_UNSEEN: Final = "GovDelivery does not list the bulletin as sent; only a look into its own desk can tell"


async def publish(api: Api, rendition: Rendition, key: str) -> Receipt:
    """Draft and send, going on from wherever the delivery with this key got to."""
    content = bulletin.document(rendition, api.place.from_address_id)
    step = api.room.steps.read(key)
    if step.startswith((SENDING, SENT)):
        seen = await _seen(api, step.split()[1])
        if seen is not None:
            return seen
        if step.startswith(SENT):
            return Receipt(remote_id=PREFIX + step.removeprefix(SENT))
    draft = step.split()[1] if " " in step else ""
    if step == DRAFTING:
        draft = await _lost_draft(api, content)
    if not draft:
        draft = await _drafted(api, content, key)
    elif step == DRAFTING:
        api.room.steps.save(key, DRAFT + draft)
    return await _send(api, draft, key)


async def _drafted(api: Api, content: str, key: str) -> str:
    api.room.steps.save(key, DRAFTING)
    try:
        answer = await api.write("POST", "bulletins.xml", "make a draft", content)
    except (OutcomeUnknown, BadReply):
        raise
    except PostroomError:
        api.room.steps.save(key, "")
        raise
    draft = bulletin.id_of(answer, "make a draft")
    api.room.steps.save(key, DRAFT + draft)
    return draft


async def _send(api: Api, draft: str, key: str) -> Receipt:
    steps, where = api.room.steps, "send a bulletin"
    steps.save(key, SENDING + draft)
    try:
        reply = await api.ask("POST", f"bulletins/{draft}/send_now", where)
    except RateLimited as error:  # refused, surely; but what is queued would go out by itself, at a time nobody chose
        steps.save(key, DRAFT + draft)
        raise Rejected("GovDelivery is too busy to send it now", hint=_FINAL_HINT, status=error.status) from None
    except (Offline, Unavailable):
        steps.save(key, DRAFT + draft)  # nothing left this machine
        raise
    if 400 <= reply.status < 500 and reply.status not in {408, 425, 499}:
        steps.save(key, DRAFT + draft)
        try:
            api.fail(reply, where)
        except NotFound:
            steps.save(key, "")  # somebody removed the draft: the next time there is a new one
            raise
        except (SignInNeeded, NotAllowed) as error:
            raise Rejected(str(error), hint=f"{error.hint} {_FINAL_HINT}", status=reply.status) from None
        except Rejected as error:
            error.hint = error.hint if error.hint != Rejected.hint else _FINAL_HINT
            raise
    try:
        answer = api.document(reply, where) if 200 <= reply.status < 300 else None
    except (Rejected, NotAllowed, NotFound) as error:  # an error behind a success: still a refusal
        steps.save(key, DRAFT + draft)
        raise Rejected(str(error), hint=error.hint or _FINAL_HINT, status=reply.status) from None
    except BadReply:
        answer = None
    if answer is None:
        raise OutcomeUnknown(f"GovDelivery answered the sending with {reply.words()}")
    steps.save(key, SENT + draft)
    return Receipt(remote_id=PREFIX + draft)


async def find(api: Api, key: str, step: str) -> Receipt | None:
    """Look for what a delivery made. None while sending was never begun; afterwards a Receipt or OutcomeUnknown."""
    step = api.room.steps.read(key) or step
    if not step.startswith((SENDING, SENT)):
        return None  # our own note, made durable before each step, is the proof
    seen = await _seen(api, step.split()[1])
    if seen is not None:
        return seen
    if step.startswith(SENT):  # its own answer said so; the list is behind
        return Receipt(remote_id=PREFIX + step.removeprefix(SENT))
    raise OutcomeUnknown(
        _UNSEEN,
        hint="Look into GovDelivery under Bulletins, Sent. Then say here whether it arrived.",
    )


async def _seen(api: Api, draft: str) -> Receipt | None:
    """The receipt of a bulletin that is in the list of what was sent."""
    start_at = ""
    for _ in range(MOST_PAGES):
        page = await sent_page(api, start_at)
        for sent in page:
            if sent.id == draft:
                return Receipt(remote_id=PREFIX + sent.id, url=api.place.public(sent.public_id))
        if not page or page[-1].id == start_at:
            return None
        start_at = page[-1].id
    return None


async def sent_page(api: Api, start_at: str = "") -> list[Sent]:
    """One page of what was sent, as the network orders it; ``start_at`` is the id of an item and comes again."""
    path = f"bulletins/sent.xml?start_at={start_at}" if start_at else "bulletins/sent.xml"
    listed = await api.read(path, "list sent bulletins")
    return [sent for node in listed.all("bulletin") if (sent := bulletin.sent_item(node)) is not None]


async def _lost_draft(api: Api, content: str) -> str:
    """The draft that an earlier attempt made without our hearing of it; empty when there is none.

    The words and the topics have to be the very same: a colleague's draft of the same subject is not ours to send.
    """
    wanted = xml.read(content.encode(), "our own bulletin")
    for path in DRAFT_LISTS:
        try:
            listed = await api.read(path, "list drafts")
        except (NotFound, NotAllowed, BadReply):
            continue
        for node in listed.all("bulletin"):
            if _folded(node.text("subject")) != _folded(wanted.text("subject")):
                continue
            id_ = bulletin.id_of(node, "list drafts")
            try:
                whole = await api.read(f"bulletins/{id_}.xml", "read a draft")
            except NotFound:
                continue
            if _same(whole, wanted):
                return id_
        return ""
    log.info("the list of drafts cannot be read: a draft whose answer was lost is made again; it is never sent")
    return ""


def _same(one: xml.Node, other: xml.Node) -> bool:
    return all(_folded(one.text(n)) == _folded(other.text(n)) for n in ("subject", "body")) and all(
        _codes(one, plural, name) == _codes(other, plural, name)
        for plural, name in (("topics", "topic"), ("categories", "category"))
    )


def _codes(node: xml.Node, plural: str, name: str) -> set[str]:
    group = node.one(plural)
    return {one.text("code", "to-param") for one in group.all(name)} if group is not None else set()


def _folded(words: str) -> str:
    return " ".join(words.split())


async def weigh(api: Api, rendition: Rendition) -> Weight:
    """How many it goes to, read now, and what to know before it does."""
    codes = topics.codes_of(rendition)
    found = await topics.chosen(api, codes)
    counts = [t.reaches for t in found]
    words = [f"{t.title}: {t.reaches:,} subscribers" for t in found if t.reaches is not None]
    words += [f"{t.title}: GovDelivery does not say how many subscribers" for t in found if t.reaches is None]
    if len(found) > 1:
        words.append("Whoever subscribed to several of these gets it once, so it may be fewer.")
    words += [f"{t.title}: {t.warning}" for t in found if t.warning]
    words.append("Subscribers with a daily or weekly digest get it later.")
    words.append("Header, footer, the bar for sharing it and counted links (lnks.gd) are as your account has them.")
    words.append("Once sent it cannot be taken back.")
    reaches = None if None in counts or not counts else sum(n for n in counts if n is not None)
    return Weight(reaches=reaches, words=tuple(words), confirm=True)


async def trial(api: Api, rendition: Rendition) -> str:
    """Send it to one address and to the API user, never to "My Contacts": the list of addresses is never left out."""
    content = bulletin.document(rendition, api.place.from_address_id)
    marked = content.replace("<subject>", "<subject>[Trial] ", 1)
    draft = api.memory.trial_draft
    if draft:
        try:
            await api.write("PUT", f"bulletins/{draft}.xml", "change a draft", marked)
        except (NotFound, Rejected):
            draft = ""
    if not draft:
        draft = bulletin.id_of(await api.write("POST", "bulletins.xml", "make a draft", marked), "make a draft")
        api.memory.trial_draft = draft
    address = api.place.trial_to or api.place.user
    addresses = f"<email_addresses type='array'>{xml.element('email_address', address)}</email_addresses>"
    await api.write("PUT", f"bulletins/{draft}/sendtest", "send a test", f"<bulletin>{addresses}</bulletin>")
    whom = address if address == api.place.user else f"{address} and {api.place.user}"
    return f"Sent to {whom}. A draft that begins with [Trial] stays in GovDelivery; it goes to nobody by itself."
