"""What is asked of each kind of thing: the ``fields`` lists, once for lists, single reads and read-after-write.

From ``facebook_fields.json`` (v25.0 era) and facebook.md section 2. The basic lists are fallen back to when Facebook
refuses a name, so that a version that lacks one does not silence a Page. What a comment may not go without is kept as
long as it can be: who may see it, and its picture. Only when that is refused too, the plainest list is asked for, which
holds what every recorded answer has.
"""

from __future__ import annotations

from typing import Final

from inbox.connectors.facebook.graph import Session

MOST_ROWS: Final = 100
FEED_ROWS: Final = 50
COMMENT_ROWS: Final = 50
FEWEST_ROWS: Final = 3

COMMENT: Final = (
    "id,parent{id},from{id,name},message,message_tags,created_time,permalink_url,attachment,comment_count,like_count,"
    "can_comment,can_hide,can_remove,can_like,can_reply_privately,is_hidden,is_private,user_likes"
)
COMMENT_PLAINEST: Final = (
    "id,parent{id},from{id,name},message,created_time,permalink_url,comment_count,like_count,is_hidden"
)
COMMENT_BASIC: Final = f"{COMMENT_PLAINEST},is_private,attachment"
_TOTALS: Final = "comments.filter(stream).limit(0).summary(true)"
POST: Final = (
    "id,created_time,updated_time,message,message_tags,story,status_type,permalink_url,from{id,name},parent_id,"
    "is_published,is_hidden,is_expired,scheduled_publish_time,can_reply_privately,shares,"
    "attachments{media_type,type,title,description,url,unshimmed_url,media,target,subattachments.limit(10)},"
    f"reactions.summary(total_count).limit(0),{_TOTALS}"
)
POST_BASIC: Final = f"id,created_time,updated_time,message,story,permalink_url,from{{id,name}},is_published,{_TOTALS}"
REEL: Final = f"id,description,created_time,updated_time,permalink_url,{_TOTALS}"
RATING: Final = (
    "created_time,recommendation_type,review_text,has_review,has_rating,rating,reviewer{id,name},open_graph_story"
)
TALK: Final = "id,updated_time,message_count,can_reply,participants,link"
WORDS: Final = "id,created_time,from,to,message,attachments,shares,sticker"


def of_post(session: Session, post: str) -> str:
    """Fields of a post; of a reel or video, whose id is one number."""
    if "_" not in post:
        return REEL
    return POST_BASIC if session.basic else POST


def of_comment(session: Session) -> str:
    """Fields of a comment."""
    if session.plainest:
        return COMMENT_PLAINEST
    return COMMENT_BASIC if session.basic else COMMENT


def who_sees(session: Session) -> bool:
    """Whether it is asked who may see a comment; where it is not, nobody may take one for public."""
    return "is_private" in of_comment(session)
