"""The reading calls: pages, newest first, of at most so many, as far back as X lists (x.md section 4)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from itertools import islice, takewhile
from typing import Any

from inbox.practice.x.ids import floor_of
from inbox.practice.x.network import Event, Post
from inbox.practice.x.objects import Wanted, event_json, long_ago, post_json, user_json
from inbox.practice.x.wire import Answer, Call, closed, forbidden, invalid, missing, problem

MENTIONS_REACH = 800
POSTS_REACH = 3_200
SEARCH_DAYS = 7
DM_DAYS = 30
SEARCH_LAG = timedelta(seconds=30)
_PLACE = "7140dibdnow9c7btw"


def me(call: Call) -> Answer:
    """Who is signed in."""
    call.network.billing.read("user", call.me.id)
    return Answer(body={"data": user_json(call.me, Wanted.of(call.params))})


def users(call: Call) -> Answer:
    """People by their ids."""
    wanted, ids = Wanted.of(call.params), _ids(call)
    found = [call.network.users[i] for i in ids if i in call.network.users and not call.network.users[i].gone]
    for user in found:
        call.network.billing.read("user", user.id)
    body: dict[str, Any] = {"data": [user_json(u, wanted) for u in found]} if found else {}
    lost = [missing(i, "user") for i in ids if i not in {u.id for u in found}]
    return Answer(body={**body, **({"errors": lost} if lost else {})})


def user(call: Call, *, name: str = "", number: str = "") -> Answer:
    """One of them."""
    found = call.network.named(name) if name else call.network.users.get(number)
    if found is None or found.gone:
        entry = missing(name or number, "user", parameter="username" if name else "id")
        return Answer(body={"errors": [entry]})
    call.network.billing.read("user", found.id)
    return Answer(body={"data": user_json(found, Wanted.of(call.params))})


def mentions(call: Call, number: str) -> Answer:
    """Posts of others that name somebody; the 800 newest."""
    user = call.network.users.get(number)
    if user is None:
        return Answer(body={"errors": [missing(number, "user", parameter="id")]})
    listed = (
        p for p in call.network.listed(call.params.get("since_id", ""))
        if p.author_id != user.id and call.network.mentions(p, user)
    )  # fmt: skip
    owned = call.owns_app and call.me.id == number
    return _page(call, islice(listed, MENTIONS_REACH), least=5, usual=10, owned=owned)


def posts_of(call: Call, number: str) -> Answer:
    """Somebody's own posts."""
    left_out = set(call.params.get("exclude", "").split(","))
    listed = [p for p in call.network.listed(call.params.get("since_id", "")) if p.author_id == number]
    if "replies" in left_out:
        listed = [p for p in listed if not p.parent_id]
    owned = call.owns_app and call.me.id == number
    return _page(
        call, listed[: MENTIONS_REACH if "replies" in left_out else POSTS_REACH], least=5, usual=10, owned=owned
    )


def search(call: Call) -> Answer:
    """The last seven days, but for the last half minute."""
    query = call.params.get("query", "")
    if not query or len(query) > 512:
        raise invalid("query", query, "must be between 1 and 512 characters")
    now = call.network.now()
    since = call.params.get("since_id", "")
    oldest = floor_of(now - timedelta(days=SEARCH_DAYS))
    if since and int(since) < oldest:
        raise invalid("since_id", since, f"must be a tweet id created after [{SEARCH_DAYS} days ago]")
    if "next_token" in call.params:
        call.params["pagination_token"] = call.params["next_token"]
    listed = [
        p for p in call.network.listed()
        if int(p.id) >= oldest and now - p.created_at >= SEARCH_LAG and all(_fits(call, p, w) for w in query.split())
    ]  # fmt: skip
    return _page(call, listed, least=10, usual=10)


def quotes(call: Call, number: str) -> Answer:
    """Posts that quote one."""
    listed = (p for p in call.network.listed() if p.quoted_id == number)
    return _page(call, listed, least=10, usual=10, with_ends=False)


def posts(call: Call) -> Answer:
    """Posts by their ids; what is missing stands in ``errors`` and is free."""
    return _looked_up(call, _ids(call), lambda data: data)


def post(call: Call, number: str) -> Answer:
    """One of them."""
    return _looked_up(call, [number], lambda data: data[0])


def events(call: Call, chosen: Callable[[Event], bool] = lambda _: True) -> Answer:
    """Direct messages, newest first, of thirty days. There is no "since"."""
    _direct(call)
    now, most, below = call.network.now(), call.number("max_results", 1, 100, 100), _below(call, least_length=16)
    mine = (
        e for e in takewhile(lambda e: not long_ago(e.created_at, DM_DAYS, now), reversed(call.network.events))
        if call.network.takes_part(call.me, e.conversation_id) and chosen(e) and (below is None or int(e.id) < below)
    )  # fmt: skip
    listed = list(islice(mine, most + 1))
    wanted, page = Wanted.of(call.params), listed[:most]
    for event in page:
        call.network.billing.read("dm", event.id)
    items = [event_json(call.network, e, wanted) for e in page]
    _bill_included(call, wanted)
    meta: dict[str, Any] = {"result_count": len(page)}
    if len(listed) > most:
        meta["next_token"] = _token(page[-1].id)
    return _answer(items, wanted, meta)


def usage(call: Call) -> Answer:
    """How many posts were read; for bearer tokens."""
    counted = {"project_cap": 3_000_000, "project_usage": 0}
    told = {k: str(v) for k, v in counted.items()} if call.network.new else counted
    return Answer(body={"data": {"project_id": "1", "cap_reset_day": 1, **told}})


def _fits(call: Call, post: Post, word: str) -> bool:
    name, _, value = word.partition(":")
    match name:
        case "conversation_id":
            return post.conversation_id == value
        case "quotes_of_tweet_id":
            return post.quoted_id == value
        case "-is":
            return True
        case "from":
            return call.network.users[post.author_id].username == value
    if word.startswith("@"):
        user = call.network.named(word[1:])
        return user is not None and call.network.mentions(post, user)
    return word.casefold() in post.text.casefold()


def _page(
    call: Call, listed: Iterable[Post], *, least: int, usual: int, owned: bool = False, with_ends: bool = True
) -> Answer:
    most = call.number("max_results", least, 100, usual)
    since, until, below = call.params.get("since_id", ""), call.params.get("until_id", ""), _below(call)
    start = call.params.get("start_time", "")
    fitting = (
        p for p in listed
        if (not since or int(p.id) > int(since)) and (not until or int(p.id) < int(until))
        and (below is None or int(p.id) < below) and (not start or f"{p.created_at:%Y-%m-%dT%H:%M:%SZ}" >= start)
    )  # fmt: skip
    found = list(islice(fitting, most + 1))
    wanted, page = Wanted.of(call.params), found[:most]
    for one in page:
        call.network.billing.read("post", one.id, owned=owned)
    items = [post_json(call.network, p, wanted) for p in page]
    _bill_included(call, wanted)
    meta: dict[str, Any] = {"result_count": len(page)}
    if page and with_ends:
        meta |= {"newest_id": page[0].id, "oldest_id": page[-1].id}
    if len(found) > most:
        meta["next_token"] = _token(page[-1].id)
    return _answer(items, wanted, meta)


def _looked_up(call: Call, ids: Sequence[str], shape: Callable[[list[Any]], Any]) -> Answer:
    wanted, data, lost = Wanted.of(call.params), [], []
    for number in ids:
        found = call.network.posts.get(number)
        if found is None:
            lost.append(missing(number))
        elif call.network.users[found.author_id].gone:
            lost.append(closed(number))
        else:
            call.network.billing.read("post", number, owned=False)
            data.append(post_json(call.network, found, wanted))
    _bill_included(call, wanted)
    body: dict[str, Any] = {"data": shape(data)} if data else {}
    if included := wanted.includes():
        body["includes"] = included
    return Answer(body={**body, **({"errors": lost} if lost else {})})


def _answer(items: list[Any], wanted: Wanted, meta: dict[str, Any]) -> Answer:
    body: dict[str, Any] = {"data": items} if items else {}
    if included := wanted.includes():
        body["includes"] = included
    return Answer(body={**body, "meta": meta})


def _bill_included(call: Call, wanted: Wanted) -> None:
    for key in wanted.included:
        kind, _, number = key.partition(":")
        if kind in {"user", "post"}:
            call.network.billing.read(kind, number)


def _direct(call: Call) -> None:
    assert call.grant is not None
    if call.grant.access_level != "read-write-directmessages":
        raise forbidden("Your client app is not configured with the appropriate permissions for this endpoint.")
    if call.grant.scopes and "dm.read" not in call.grant.scopes:
        raise problem(403, "Forbidden", "Missing required OAuth 2.0 scopes: dm.read", "about:blank")


def _ids(call: Call) -> list[str]:
    ids = call.params.get("ids", "").split(",")
    wrong = next((i for i in ids if not re.fullmatch(r"\d{1,19}", i)), None)
    if wrong is not None or len(ids) > 100:
        raise invalid("ids", str(wrong or len(ids)), "is not valid")
    return ids


def _token(number: str) -> str:
    return f"{_PLACE}{int(number):x}"


def _below(call: Call, *, least_length: int = 1) -> int | None:
    token = call.params.get("pagination_token", "")
    if not token:
        return None
    if len(token) < least_length or not token.startswith(_PLACE):
        raise invalid("pagination_token", token, "is not valid")
    return int(token.removeprefix(_PLACE), 16)
