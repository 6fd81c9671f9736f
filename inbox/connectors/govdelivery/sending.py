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
decides; then the same draft is used again, after one more look at the list.

Once it is in doubt, nothing but its own success ends the doubt: a later attempt that is refused, or never leaves this
machine, says nothing about the earlier one. Least of all does 404, which is how a bulletin that has gone is refused
(section 0). So ``sending <id>`` stays, and another draft, which would be another mail to everybody, is never made.
"""

from __future__ import annotations

import logging
from itertools import pairwise
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
_LOOK_HINT: Final = "Look into GovDelivery under Bulletins, Sent. Then say here whether it arrived."


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
    return await _send(api, draft, key, in_doubt=step.startswith(SENDING))


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


async def _send(api: Api, draft: str, key: str, *, in_doubt: bool) -> Receipt:
    """Begin ``send_now`` and note what came of it. ``in_doubt``: an earlier attempt may already have sent it."""
    steps = api.room.steps
    steps.save(key, SENDING + draft)
    try:
        await _release(api, draft)
    except (Offline, Unavailable):  # nothing left this machine this time
        if not in_doubt:
            steps.save(key, DRAFT + draft)
        raise
    except (NotFound, Rejected) as error:
        if in_doubt:
            raise OutcomeUnknown(
                f"It may already have gone: GovDelivery refused another attempt ({error})",
                hint=_LOOK_HINT, status=error.status,
            ) from None  # fmt: skip
        # Not there: somebody removed the draft, and the next time there is a new one.
        steps.save(key, "" if isinstance(error, NotFound) else DRAFT + draft)
        raise
    steps.save(key, SENT + draft)
    return Receipt(remote_id=PREFIX + draft)


async def _release(api: Api, draft: str) -> None:
    """One ``send_now``. Raises Offline and Unavailable when it never left, NotFound and Rejected when it was refused,
    else OutcomeUnknown."""
    where = "send a bulletin"
    try:
        reply = await api.ask("POST", f"bulletins/{draft}/send_now", where)
    except RateLimited as error:  # refused, surely; but what is queued would go out by itself, at a time nobody chose
        raise Rejected("GovDelivery is too busy to send it now", hint=_FINAL_HINT, status=error.status) from None
    if 400 <= reply.status < 500 and reply.status not in {408, 425, 499}:
        try:
            api.fail(reply, where)
        except (SignInNeeded, NotAllowed) as error:
            raise Rejected(str(error), hint=f"{error.hint} {_FINAL_HINT}", status=reply.status) from None
        except BadReply as error:  # refused in a way nobody foresaw: repeated, it would be refused for ever
            raise Rejected(str(error), hint=_FINAL_HINT, status=reply.status) from None
        except Rejected as error:
            error.hint = error.hint if error.hint != Rejected.hint else _FINAL_HINT
            raise
    try:
        answer = api.document(reply, where) if 200 <= reply.status < 300 else None
    except (Rejected, NotAllowed, NotFound) as error:  # an error behind a success: still a refusal
        raise Rejected(str(error), hint=error.hint or _FINAL_HINT, status=reply.status) from None
    except BadReply:
        answer = None
    if answer is None:
        raise OutcomeUnknown(f"GovDelivery answered the sending with {reply.words()}")


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
    raise OutcomeUnknown(_UNSEEN, hint=_LOOK_HINT)


async def _seen(api: Api, draft: str) -> Receipt | None:
    """The receipt of a bulletin that is in the list of what was sent; None proves nothing.

    The order of the list is not documented. So the bulletin is looked for at the top, then by its own id, which begins
    a page with it where it is listed, then on from the top or from the newest that is known.
    """
    try:
        page = await sent_page(api)
    except (NotFound, Rejected) as error:  # no word about this bulletin, so its delivery is not refused by it
        raise OutcomeUnknown(f"The list of what was sent cannot be read ({error})", hint=_LOOK_HINT) from None
    if (receipt := _receipt(api, page, draft)) is not None:
        return receipt
    if (receipt := _receipt(api, await _page_at(api, draft), draft)) is not None:
        return receipt
    start_at = page[-1].id if page else ""
    if is_rising(page) and api.memory.newest_sent:
        start_at = api.memory.newest_sent
    for _ in range(MOST_PAGES - 1):
        if not start_at:
            break
        page = await _page_at(api, start_at)
        if (receipt := _receipt(api, page, draft)) is not None:
            return receipt
        start_at = page[-1].id if page and page[-1].id != start_at else ""
    return None


def _receipt(api: Api, page: list[Sent], draft: str) -> Receipt | None:
    urls = [api.place.public(sent.public_id) for sent in page if sent.id == draft]
    return Receipt(remote_id=PREFIX + draft, url=urls[0]) if urls else None


async def _page_at(api: Api, id_: str) -> list[Sent]:
    """The page from an item on; empty where the list does not know it."""
    try:
        return await sent_page(api, id_)
    except (NotFound, Rejected):
        return []


def is_rising(sent: list[Sent]) -> bool:
    """Whether a list begins with the oldest. One draft that was sent long after it was made does not turn it round."""
    steps = [number(after.id) - number(before.id) for before, after in pairwise(sent)]
    return sum(step > 0 for step in steps) > sum(step < 0 for step in steps)


def number(id_: str) -> int:
    """An id as a number, for comparing; 0 where it is none."""
    return int(id_) if id_.isdigit() else 0


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
