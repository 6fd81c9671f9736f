"""The writing calls, with what a self-serve app is refused since 2026 (x.md sections 0 and 5)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from inbox.practice.x.network import Post
from inbox.practice.x.text import has_link, weight
from inbox.practice.x.wire import Answer, Call, bad_body, forbidden, gone, missing, problem

MOST = 280
MOST_PREMIUM = 25_000
MOST_DIRECT = 10_000
_BODY = frozenset(
    {
        "text", "reply", "quote_tweet_id", "media", "poll", "reply_settings", "community_id", "share_with_followers",
        "geo", "made_with_ai", "paid_partnership", "edit_options", "direct_message_deep_link", "card_uri",
        "for_super_followers_only", "nullcast",
    }
)  # fmt: skip
NOT_SUMMONED = (
    "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged by the author "
    "of the post you are replying to."
)
DUPLICATE = "You are not allowed to create a Tweet with duplicate content."
GONE = "You attempted to reply to a Tweet that is deleted or not visible to you."
SETTINGS = ("following", "mentionedUsers", "subscribers", "verified")


def create(call: Call) -> Answer:
    """A post or an answer."""
    _may_write(call, "tweet.write")
    text, body = call.text("text"), call.body
    if unknown := set(body) - _BODY:
        raise bad_body(f"[$.{min(unknown)}: is not defined in the schema and the schema does not allow it]")
    media = _media_of(call, (body.get("media") or {}).get("media_ids") or [])
    poll = body.get("poll")
    if poll and media:
        raise bad_body("Tweet may only contain one of: media, poll, quote_tweet_id, card_uri")
    if not text.strip() and not media:
        raise bad_body("one of text or media must be provided")
    if poll and not (2 <= len(poll.get("options", ())) <= 4 and 5 <= poll.get("duration_minutes", 0) <= 10_080):
        raise bad_body("[$.poll: is not valid]")
    if body.get("reply_settings") not in (None, *SETTINGS):
        raise bad_body("[$.reply_settings: does not have a value in the enumeration]")
    if weight(text) > (MOST_PREMIUM if call.me.subscription != "None" else MOST):
        raise forbidden("Your post text is too long.")
    if body.get("quote_tweet_id"):
        raise problem(403, "Client Forbidden", "Quoting is not available to this app.", "client-forbidden")
    parent = _parent(call, (body.get("reply") or {}).get("in_reply_to_tweet_id"))
    _no_duplicate(call, text, parent)
    post = call.network.say(
        call.me, text, to=parent, media=media, poll=poll, reply_settings=body.get("reply_settings") or "everyone"
    )
    call.network.billing.wrote("post with link" if has_link(text) else "reply" if parent else "post")
    data = {"id": post.id, "text": post.text, "edit_history_tweet_ids": [post.id]}
    return Answer(body={"data": data}, status=201)


def delete(call: Call, number: str) -> Answer:
    """One's own post, with all its versions."""
    _may_write(call, "tweet.write")
    found = call.network.posts.get(number)
    if found is None:
        raise gone(number)
    if found.author_id != call.me.id:
        raise forbidden("You are not permitted to delete this Tweet.")
    call.network.remove(found)
    call.network.billing.wrote("delete")
    return Answer(body={"data": {"deleted": True}})


def hide(call: Call, number: str) -> Answer:
    """An answer below one's own posts."""
    _may_write(call, "tweet.moderate.write")
    found, hidden = call.network.posts.get(number), call.body.get("hidden")
    if not isinstance(hidden, bool):
        raise bad_body("[$.hidden: is missing but it is required]")
    if found is None:
        raise gone(number)
    root = call.network.posts.get(found.conversation_id)
    if root is None or root.author_id != call.me.id or found is root:
        raise forbidden("You are not permitted to perform this action.")
    for version in found.chain:
        call.network.posts[version].hidden = hidden
    call.network.billing.wrote("manage")
    return Answer(body={"data": {"hidden": hidden}})


def repost(call: Call, number: str) -> Answer:
    """Passing on."""
    _may_write(call, "tweet.write")
    _matches(call, number)
    found = call.network.posts.get(call.text("tweet_id"))
    if found is None:
        raise gone(call.text("tweet_id"))
    if call.me.id in found.reposted_by:
        raise forbidden("You have already retweeted this Tweet.")
    found.reposted_by.add(call.me.id)
    call.network.billing.wrote("repost")
    told = {"rest_id": found.id} if call.network.new else {}
    return Answer(body={"data": {"retweeted": True, **told}})


def unrepost(call: Call, number: str, source: str) -> Answer:
    """Taking it back."""
    _may_write(call, "tweet.write")
    _matches(call, number)
    found = call.network.posts.get(source)
    if found is not None:
        found.reposted_by.discard(call.me.id)
    call.network.billing.wrote("delete")
    return Answer(body={"data": {"retweeted": False}})


def like(call: Call) -> Answer:
    """Closed to self-serve apps since 2026-04-20."""
    raise problem(403, "Client Forbidden", "This app is not enrolled for this endpoint.", "client-forbidden",
                  reason="client-not-enrolled")  # fmt: skip


def message(call: Call, conversation: str) -> Answer:
    """A direct message into a conversation, or to somebody."""
    _may_write(call, "dm.write")
    assert call.grant is not None
    if call.grant.access_level != "read-write-directmessages":
        raise forbidden("Your client app is not configured with the appropriate permissions for this endpoint.")
    text = call.text("text")
    attached = [a.get("media_id") for a in call.body.get("attachments") or ()]
    media = _media_of(call, attached)
    if not text.strip() and not media:
        raise bad_body("one of text or attachments must be provided")
    if len(text) > MOST_DIRECT:
        raise forbidden("The text of your direct message is over the max character limit.")
    if not call.network.takes_part(call.me, conversation):
        raise forbidden("You are not a participant of this conversation.")
    event = call.network.message(call.me, conversation, text, media=media)
    call.network.billing.wrote("dm")
    return Answer(body={"data": {"dm_conversation_id": event.conversation_id, "dm_event_id": event.id}}, status=201)


def message_to(call: Call, number: str) -> Answer:
    """To somebody."""
    if number not in call.network.users:
        return Answer(body={"errors": [missing(number, "user", parameter="participant_id")]}, status=404)
    return message(call, "-".join(sorted((call.me.id, number), key=int)))


def delete_event(call: Call, number: str) -> Answer:
    """One's own message."""
    _may_write(call, "dm.write")
    found = next((e for e in call.network.events if e.id == number and e.sender_id == call.me.id), None)
    if found is None:
        raise gone(number, "dm_event")
    call.network.events.remove(found)
    call.network.billing.wrote("delete")
    return Answer(body={"data": {"deleted": True}})


def _may_write(call: Call, scope: str) -> None:
    assert call.grant is not None
    if call.grant.access_level == "read":
        raise forbidden(
            "Your client app is not configured with the appropriate oauth1 app permissions for this endpoint."
        )
    if call.grant.scopes and scope not in call.grant.scopes:
        raise forbidden(f"Missing required OAuth 2.0 scopes: {scope}")


def _matches(call: Call, number: str) -> None:
    if number != call.me.id:
        raise bad_body(f"The `id` path parameter value [{number}] must be the same as the authenticating user.")


def _parent(call: Call, number: str | None) -> Post | None:
    if not number:
        return None
    parent = call.network.posts.get(number)
    if parent is None or call.network.users[parent.author_id].gone:
        raise forbidden(GONE)
    assert call.grant is not None
    if call.grant.app.self_serve and not call.network.summoned(parent, call.me):
        raise forbidden(NOT_SUMMONED)
    return parent


def _no_duplicate(call: Call, text: str, parent: Post | None) -> None:
    since = call.network.now() - timedelta(hours=24)
    for other in call.network.posts.values():
        same = (other.author_id, other.typed, other.parent_id) == (call.me.id, text, parent.id if parent else "")
        if same and text and other.created_at >= since:
            raise forbidden(DUPLICATE)


def _media_of(call: Call, ids: list[Any]) -> list[str]:
    found = []
    for number in ids:
        upload = call.network.uploads.get(str(number))
        stale = upload is not None and call.network.now() - upload.at > timedelta(seconds=86_400)
        if upload is None or stale or not upload.finished or upload.owner_id != call.me.id:
            raise bad_body("Your media IDs are invalid.")
        found.append(upload.id)
    if len(found) > 4 or (len(found) > 1 and any(call.network.uploads[i].mime_type == "image/gif" for i in found)):
        raise bad_body("Your media IDs are invalid.")
    return found
