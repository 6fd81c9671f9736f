"""Whatever a message has besides its words comes back from its column as it was, however little or much is in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from inbox.model import (
    Attachment,
    Capability,
    Counts,
    Emoji,
    LinkCard,
    Poll,
    PollOption,
    Quoted,
    Reaction,
    Visibility,
)
from inbox.store.extras import extras_json, extras_of
from tests.inbox.making import message

words = st.sampled_from(["", "a", "https://city.example/1", "Zoë 👩‍👩‍👧", "שלום", "\n"])
number = st.none() | st.integers(0, 10**9)
moment = st.none() | st.integers(1_600_000_000, 1_900_000_000).map(lambda s: datetime.fromtimestamp(s, UTC))
attachment = st.builds(
    Attachment, url=words, kind=st.sampled_from(["image", "file"]), description=words, size_bytes=number,
    preview_url=words, width_px=number, height_px=number,
)  # fmt: skip
counts = st.builds(Counts, replies=st.integers(0, 9), boosts=st.integers(0, 9))
quoted = st.builds(Quoted, remote_id=words, author=words, handle=words, text=words, url=words, withheld=words)
card = st.builds(LinkCard, url=words, title=words, description=words, image_url=words, image_path=words)
option = st.builds(PollOption, title=words, votes=number)
poll = st.builds(
    Poll, options=st.lists(option, max_size=3).map(tuple), ends_at=moment, ended=st.booleans(), voters=number
)
extras = st.fixed_dictionaries(
    {},
    optional={
        "attachments": st.lists(attachment, max_size=3).map(tuple),
        "visibility": st.sampled_from(Visibility),
        "language": words,
        "details": st.dictionaries(words, words, max_size=2),
        "root_remote_id": words,
        "addressees": st.lists(words, max_size=2).map(tuple),
        "warning": words,
        "counts": counts,
        "reacted": st.lists(st.sampled_from(Reaction), max_size=2).map(tuple),
        "quoted": st.none() | quoted,
        "card": st.none() | card,
        "poll": st.none() | poll,
        "emojis": st.dictionaries(st.sampled_from("ab"), words).map(
            lambda d: tuple(Emoji(code=c, url=u) for c, u in d.items())
        ),
        "denied": st.sampled_from([Capability.NONE, Capability.REPLY | Capability.HIDE, Capability.TRIAL]),
        "reply_until": moment,
    },
)


@given(extras)
def test_what_is_kept_comes_back(fields: dict[str, Any]) -> None:
    said = message("m1", **fields)
    column = extras_json(said)
    back = replace(message("m1"), **extras_of(column, public=said.public))
    assert replace(back, emojis=()) == replace(said, emojis=())
    assert sorted(back.emojis, key=str) == sorted(said.emojis, key=str)
    assert extras_json(back) == column
