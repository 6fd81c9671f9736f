"""Remote ids, and what the Graph calls the same things (facebook.md section 2.2).

A post's id is its own ("123_456", a reel's is one number); "123_456:456_789" is a comment (its post, then its own id),
so that what answers it knows where it stands; "rating:..." a recommendation, which has no id of its own; "m_..." a
private message, and "t_..." the conversation it stands in.
"""

from __future__ import annotations


def tail(id_: str) -> str:
    """The last part of an id: some answers leave the rest away, so that part is what is compared."""
    return id_.rpartition(":")[2].rpartition("_")[2]


def comment_id(post: str, id_: str) -> str:
    """A comment's remote id, whole also where the answer named its last part only."""
    return f"{post}:{id_ if '_' in id_ else f'{tail(post)}_{id_}'}"


def post_of(remote_id: str) -> str:
    """The post a comment stands under; of anything else, itself."""
    return remote_id.partition(":")[0]


def bare(remote_id: str) -> str:
    """How the Graph calls a post or comment."""
    return remote_id.rpartition(":")[2]


def is_comment(remote_id: str) -> bool:
    """Whether this is the remote id of a comment."""
    return ":" in remote_id and not is_rating(remote_id)


def is_rating(remote_id: str) -> bool:
    """Whether this is the remote id of a recommendation."""
    return remote_id.startswith("rating:")


def is_private(remote_id: str) -> bool:
    """Whether this is the remote id of a private message."""
    return remote_id.startswith("m_")
