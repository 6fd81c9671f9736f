"""What we decided about people: whom we blocked or muted, by channel. Most networks never say it again."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Final

from inbox.model import Author, ChannelId, Moderation
from inbox.store.database import to_ms

BLOCKED: Final = "blocked"
MUTED: Final = "muted"
MEANS: Final = {
    Moderation.BLOCK: (BLOCKED, True),
    Moderation.UNBLOCK: (BLOCKED, False),
    Moderation.MUTE: (MUTED, True),
    Moderation.UNMUTE: (MUTED, False),
}
"""The acts that decide something about a person, and not about a message."""


def decide(
    connection: sqlite3.Connection, channel_id: ChannelId, author: Author, action: Moderation, *, at: datetime
) -> None:
    """Note what an act of ``MEANS`` made of somebody; by their remote id or, where the network names none, handle."""
    relation, holds = MEANS[action]
    who = (channel_id, author.remote_id or author.handle, relation)
    if not who[1]:
        return  # nobody could be told from anybody else
    if holds:
        connection.execute("INSERT OR IGNORE INTO relations VALUES (?,?,?,?)", (*who, to_ms(at)))
    else:
        connection.execute("DELETE FROM relations WHERE channel_id = ? AND author = ? AND relation = ?", who)


OF_AUTHOR: Final = (
    "(SELECT group_concat(relation) FROM relations r WHERE r.channel_id = m.channel_id AND r.author ="
    " coalesce(nullif(m.author ->> 'remote_id', ''), nullif(m.author ->> 'handle', '')))"
)
"""As a column of a query over ``messages m``: what holds of the author, with commas between; NULL for most."""
