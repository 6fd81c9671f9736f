"""What we ask X to tell of each object, in either of its vocabularies (x.md section 3).

In the classic one the author is a field and free; in the new one it is an expansion, and each author is billed. Both
are answered; replies are read in both spellings wherever they come from.
"""

from __future__ import annotations

from typing import Final

from inbox.connectors.x import prices
from inbox.connectors.x.us import NEW

_SHARED: Final = (
    "conversation_id,created_at,entities,attachments,display_text_range,lang,public_metrics,reply_settings,"
    "edit_controls,possibly_sensitive,withheld"
)
POST_CLASSIC: Final = {
    "tweet.fields": f"author_id,in_reply_to_user_id,referenced_tweets,edit_history_tweet_ids,note_tweet,{_SHARED}"
}
POST_NEW: Final = {
    "post.fields": f"note_post,{_SHARED}",
    "expansions": "author_id,in_reply_to_user_id,referenced_posts,edit_history_post_ids",
}
DM_SHARED: Final = "id,text,event_type,created_at,dm_conversation_id,attachments,entities"
DM_CLASSIC: Final = {"dm_event.fields": f"{DM_SHARED},sender_id,participant_ids,referenced_tweets"}
DM_NEW: Final = {
    "dm_event.fields": DM_SHARED,
    "expansions": "sender_id,referenced_posts",
}
USER: Final = {"user.fields": "id,name,username,verified_type,subscription_type"}


def for_posts(dialect: str) -> dict[str, str]:
    """The parameters that describe a post."""
    return dict(POST_NEW if dialect == NEW else POST_CLASSIC)


def for_dms(dialect: str) -> dict[str, str]:
    """The parameters that describe an event of a conversation."""
    return dict(DM_NEW if dialect == NEW else DM_CLASSIC)


def dearest_post(price: int, dialect: str) -> int:
    """The most that one post of a page may cost: itself, its author, and in the new vocabulary what it refers to."""
    author = prices.read("user")
    if dialect != NEW:
        return price + author
    # Whom it answers, what it answers and what it quotes come along, and may be billed; earlier versions of it too.
    return price + 2 * author + 2 * prices.read("post") + 5 * prices.read("post")


def dearest_dm(dialect: str) -> int:
    """The most that one event may cost: itself and whoever sent it."""
    return prices.read("dm") + prices.read("user") + (prices.read("post") if dialect == NEW else 0)
