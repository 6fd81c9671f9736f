"""Posts and answers, each sent once; what they cost; and looking for what may have arrived (x.md section 5.1).

X knows no key of ours. What may have arrived is looked for among our own posts before anything is sent again; besides,
X itself refuses the same words a second time. An answer that X refuses to programs is carried over by hand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NoReturn
from urllib.parse import urlencode

from inbox.connectors.http import Reply
from inbox.connectors.x import direct, fields, prices
from inbox.connectors.x.api import Api
from inbox.connectors.x.attaching import GIF, pictures
from inbox.connectors.x.parsing import references, spoken, time_in
from inbox.connectors.x.problems import judge, problem_in, type_of, words_of
from inbox.connectors.x.snowflake import at as id_at
from inbox.connectors.x.us import NEW
from inbox.connectors.x.words import same_words
from inbox.errors import BadReply, ByHand, OutcomeUnknown, Rejected
from inbox.metering import MICRO
from inbox.model import Audience, Delivery, Problem, Receipt, Rendition, Weight

AUDIENCES: Final[Mapping[Audience, str]] = {
    Audience.FOLLOWED: "following",
    Audience.MENTIONED: "mentionedUsers",
    Audience.NOBODY: "mentionedUsers",
}
"""X has no "nobody"; of a post that names nobody, those named are nobody."""

SENDING: Final = "sending"
DONE: Final = "done"
SAFELY_BEFORE: Final = timedelta(seconds=10)
CLOCKS_DIFFER: Final = timedelta(hours=1)
WITHOUT_A_TIME: Final = timedelta(days=7)
_HANDLE: Final = re.compile(r"(?<!\w)@\w{1,15}")
_NEVER: Final = re.compile("[\ufffe\ufeff\uffff]")
_CASHTAG: Final = re.compile(r"(?<![\w$])\$[a-z]{1,6}(?:[._][a-z]{1,2})?(?!\w)", re.IGNORECASE)
# X gives its refusals of a post no code of their own, only sentences (section 7).
_DUPLICATE: Final = re.compile(r"duplicate", re.IGNORECASE)
_GONE: Final = re.compile(r"deleted or not visible|does not exist", re.IGNORECASE)
_NOT_SUMMONED: Final = re.compile(r"\breply\b.*\bnot (allowed|permitted)\b", re.IGNORECASE)


async def publish(api: Api, rendition: Rendition, key: str) -> Receipt:
    """Send it, once. Raises ByHand where X lets only a person answer."""
    _check(rendition)
    began = api.steps.read(key)
    if began and (there := await _found(api, rendition, key, None, began)):
        return there
    kind, price = _price(rendition)
    with api.purse.hold(price + _described(rendition)):
        pass  # before a picture is uploaded for nothing
    private = direct.is_direct(rendition.reply_to)
    media_ids = await pictures(api, rendition.media, direct=private)
    path, body = direct.request_for(rendition, media_ids) if private else ("/2/tweets", _body(rendition, media_ids))
    api.steps.save(key, SENDING)
    try:
        reply = await api.send("POST", path, body, what=f"{kind} published", price=price)
    except OutcomeUnknown:
        api.steps.save(key, DONE)  # paid for already, should it be found
        raise
    if reply.status == 403 and (there := await _refused(api, reply, rendition, key, began)):
        return there
    judge(reply, "publishing", api.clock, account=api.account, writing=True)
    api.steps.save(key, DONE)
    data = api.data(reply, "publishing")
    if private:
        return direct.receipt_for(api, rendition, data)
    if not data.get("id"):
        raise OutcomeUnknown("The post was accepted without an id", account=api.account)
    return _receipt(api, str(data["id"]))


async def find(api: Api, delivery: Delivery) -> Receipt | None:
    """What this delivery made: by its words and what it answers. None is proof: all since it was approved was read."""
    step = delivery.step or api.steps.read(delivery.key)
    return await _found(api, delivery.rendition, delivery.key, delivery.sending_at, step)


def weigh(rendition: Rendition) -> Weight:
    """What publishing this would cost."""
    kind, price = _price(rendition)
    cost = price + _described(rendition)
    words: tuple[str, ...] = ()
    if kind == "post with link":
        without = prices.write("reply" if rendition.reply_to else "post")
        words = (f"X charges ${price / MICRO:.3f} for a post with a link, ${without / MICRO:.3f} without one.",)
    return Weight(cost=cost, words=words)


# --- sending ---


def _check(rendition: Rendition) -> None:
    """What X would refuse anyway, before anything is asked or paid."""
    if rendition.poll and rendition.media:
        _reject("X takes either a poll or pictures", where="poll")
    gifs = sum(1 for one in rendition.media if one.mime_type == GIF)
    if gifs and len(rendition.media) > 1:
        _reject("X takes one moving picture alone, or up to four still ones", where="media")
    if len(rendition.media) > 4:
        _reject("X takes four pictures", where="media")
    if direct.is_direct(rendition.reply_to):
        if len(rendition.media) > 1:
            _reject("A direct message at X takes one picture", where="media")
        if rendition.poll:
            _reject("A direct message holds no poll", where="poll")
    if _NEVER.search(rendition.text):
        _reject("The text holds an invisible character (a byte order mark or the like) that X takes in no text")
    if len(_CASHTAG.findall(rendition.text)) > 1:
        _reject("X takes one $name of a share per post from apps like ours")
    if rendition.audience is Audience.FOLLOWERS:
        _reject("X cannot limit answers to our followers", where="audience")
    if rendition.audience is Audience.NOBODY and _HANDLE.search(rendition.text):
        _reject("Whoever is named could answer all the same: X has no “nobody”", where="audience")


def _body(rendition: Rendition, media_ids: list[str]) -> dict[str, Any]:
    """The post as JSON; what is empty is left out, since X takes no unknown or empty member."""
    poll = rendition.poll
    body: dict[str, Any] = {
        "text": rendition.text,
        "reply": {"in_reply_to_tweet_id": rendition.reply_to} if rendition.reply_to else None,
        "media": {"media_ids": media_ids} if media_ids else None,
        "poll": {"options": list(poll.options), "duration_minutes": max(poll.lasts_s // 60, 5)} if poll else None,
        "reply_settings": AUDIENCES.get(rendition.audience),
    }
    return {name: value for name, value in body.items() if value}


async def _refused(api: Api, reply: Reply, rendition: Rendition, key: str, began: str) -> Receipt | None:
    """A 403: perhaps it is there already, perhaps only a person may answer; None when it is something else."""
    problem = problem_in(reply)
    if type_of(problem) in {"client-forbidden", "unsupported-authentication"}:
        return None
    words = words_of(problem)
    if _DUPLICATE.search(words):
        there = await _found(api, rendition, key, None, DONE)
        if there is not None:
            return there
        if began:  # an earlier try is the likely twin, and X does not list it yet
            raise OutcomeUnknown("X says that it is there already, and does not show it yet", account=api.account)
        _reject("X takes this for a repetition of an earlier post; change some words")
    if rendition.reply_to and _GONE.search(words):
        _reject("What this answers is not there any more", where="reply_to")
    if rendition.reply_to and _NOT_SUMMONED.search(words):
        raise ByHand(
            "X lets programs answer only those who named us themselves",
            url=intent(api.us.web, rendition), text=rendition.text, account=api.account,
        )  # fmt: skip
    return None


def intent(web: str, rendition: Rendition) -> str:
    """The page where a person posts the answer: free, and on any plan."""
    return f"{web}/intent/tweet?{urlencode({'in_reply_to': rendition.reply_to, 'text': rendition.text})}"


def _price(rendition: Rendition) -> tuple[str, int]:
    if direct.is_direct(rendition.reply_to):
        return "direct message", prices.write("direct message")
    return prices.of_post(rendition.text, answers=bool(rendition.reply_to))


def _described(rendition: Rendition) -> int:
    return prices.write("alt text") * sum(1 for one in rendition.media if one.alt_text.strip())


def _receipt(api: Api, number: str) -> Receipt:
    return Receipt(remote_id=number, url=api.us.post(api.us.username, number))


# --- looking ---


async def _found(api: Api, rendition: Rendition, key: str, sending_at: datetime | None, step: str) -> Receipt | None:
    since = _since(api, key, sending_at)
    if direct.is_direct(rendition.reply_to):
        receipt = await direct.find(api, rendition, since)
    else:
        receipt = await _among_ours(api, rendition, since)
    if receipt is not None and step == SENDING:  # the program ended before it could note the price
        kind, price = _price(rendition)
        api.purse.wrote(price, f"{kind} published")
        api.steps.save(key, DONE)
    return receipt


async def _among_ours(api: Api, rendition: Rendition, since: datetime) -> Receipt | None:
    price = prices.read("owned" if api.us.owned else "post")
    each = price if api.us.dialect != NEW else fields.dearest_post(price, api.us.dialect)
    # Asked from well before, since our clock may be wrong; what it is off by stands in the first answer.
    above, token = since - CLOCKS_DIFFER, ""
    while True:
        most = api.purse.affords(each, 100, 5)
        params = {
            "max_results": str(most),
            "since_id": id_at(above),
            "exclude": "retweets",
            **fields.for_posts(api.us.dialect),
        }
        if token:
            params["pagination_token"] = token
        with api.purse.hold(most * each):
            page = await api.page(
                f"/2/users/{api.us.id}/tweets", params, kind="post", price=price, what="own posts looked at"
            )
        if not token and api.skew > CLOCKS_DIFFER / 2 and above > since - CLOCKS_DIFFER - api.skew:
            above = since - CLOCKS_DIFFER - api.skew
            continue
        for item in page.items:
            if not isinstance(item, Mapping) or not item.get("id"):
                raise BadReply("own posts looked at: one of them cannot be read", account=api.account)
            if _is_it(api, item, rendition, since):
                return _receipt(api, str(item["id"]))
        if not page.token or page.token == token:
            return None
        token = page.token


def _is_it(api: Api, item: Mapping[str, Any], rendition: Rendition, since: datetime) -> bool:
    said_at = time_in(item.get("created_at"))
    if said_at is None or said_at < since - api.skew - timedelta(seconds=1):
        return False
    if references(item).get("replied_to", "") != rendition.reply_to:
        return False
    attached = item.get("attachments")
    has: Mapping[str, Any] = attached if isinstance(attached, Mapping) else {}
    if len(has.get("media_keys") or ()) != len(rendition.media) or bool(has.get("poll_ids")) != bool(rendition.poll):
        return False
    return same_words(rendition.text, spoken(item, api.us).text)


def _since(api: Api, key: str, sending_at: datetime | None) -> datetime:
    """Nothing made by this delivery is older, by our clock: when it was approved stands in its key."""
    try:
        approved: datetime | None = datetime.fromtimestamp(int(key[:12], 16) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        approved = None
    times = [t for t in (approved, sending_at) if t is not None]
    return min(times, default=api.now() - WITHOUT_A_TIME) - SAFELY_BEFORE


def _reject(words: str, *, where: str = "text") -> NoReturn:
    raise Rejected(problems=(Problem(words=words, where=where),))
