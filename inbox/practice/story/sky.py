# ruff: noqa: E501 - one line per thing said, so that the script can be read down the page
"""What is said to the council on Bluesky: before the start, and while we watch. (Mastodon's is in ``mastodon.script``.)

Times are as in ``scene``. Who is ``US`` speaks as the council.
"""

from __future__ import annotations

from typing import NamedTuple

from inbox.practice.story.scene import US


class Said(NamedTuple):
    """Something said in the open, or (``private``) to the council alone.

    ``to``: key of what it answers. ``then``: what the person says when we answer. ``mood`` as in ``scene.Line``;
    ``aside``: said to somebody else. ``quotes``: key of the post that is shown again with these words. ``labels``: what
    the author warns of. ``picture``: there is one, described so.
    """

    key: str
    who: str
    at: str | float
    text: str
    to: str = ""
    mood: str = "chats"
    aside: bool = False
    then: str = ""
    quotes: str = ""
    labels: tuple[str, ...] = ()
    picture: str = ""
    private: bool = False


class Liked(NamedTuple):
    """A like, or with ``boost`` a boost. Whoever likes ``US`` follows the council."""

    key: str
    who: str
    at: str | float
    boost: bool = False


class Changed(NamedTuple):
    """Somebody changes their words; empty ones take them back."""

    key: str
    at: float
    text: str = ""


# fmt: off
HISTORY: tuple[Said | Liked, ...] = (
    Said("b1", US, "5d 10:00", "🌊 Flood grants: apply by 1 December at https://harbour.example/flood-grants #flood"),
    Said("b1a", "sunita", "5d 10:30", "Does a shop count as a home if we live above it?", to="b1", mood="asks"),
    Said("b1b", US, "5d 11:05", "Yes, one application covers both.", to="b1a"),
    Said("b1c", "kwame", "5d 12:20", "That saved my week 🙏", to="b1b", mood="thanks"),
    Said("b2", US, "1d 09:00", "Storm tomorrow night. Sandbags at the Town Hall yard from noon. 👨‍👩‍👧‍👦 Take what you need, help your neighbour carry."),
    Said("b2a", "margaret", "1d 09:15", "I cannot lift them. Is there anybody who brings them?", to="b2", mood="asks", then="Two young men have come. Bless you."),
    Said("b2b", "wren", "1d 09:40", "Same for my brother, he uses a chair.", to="b2a", aside=True, mood="asks"),
    Said("b2c", "ravi", "1d 09:55", "I have a van. Where do I come?", to="b2b", aside=True),
    Said("b2d", "margaret", "1d 10:01", "14 Ropewalk, the blue door. You are an angel.", to="b2c", aside=True),
    Said("b2e", "ravi", "1d 10:20", "On my way with six. Wren, your brother is next.", to="b2d", aside=True),
    Said("b2f", "wren", "1d 10:22", "He says thank you, and that he makes very good tea.", to="b2e", aside=True),
    Said("b2g", "kwame", "1d 10:41", "Which door is the yard’s, the one on Fore Street or the one at the back?", to="b2f", mood="asks"),
    Said("b2h", "leila", "1d 11:05", "شكرًا لكم 🙏🏽 هل يصل الماء إلى شارع Ropewalk؟", to="b2", mood="asks"),
    Said("b3", "jan", "1d 11:30", "This is how a town should do it.", quotes="b2", mood="thanks"),
    Said("b4", "callum", "1d 12:10", "The drain in Chapel Lane, this morning.", mood="complains", picture="Brown water over a kerb, a bicycle lying in it", then="A crew came within the hour. Fair play."),
    Said("b5", "sunita", "3d 16:20", "I would rather not say this in the open: we cannot pay the garden plot this year. Do we lose it?", mood="asks", private=True),
    Said("b5a", US, "3d 16:48", "Not at all. Send us two lines by e-mail and you keep it; nobody else will know.", to="b5", private=True),
    Liked(US, "jan", "1d 11:29"),
    Liked("b2", "olwen", "1d 09:30", boost=True),
    Liked("b2", "tane", "1d 09:32"),
    Liked("b1", "ana", "4d 08:00"),
)

EVENTS: tuple[Said | Liked | Changed, ...] = (
    Said("b10", "dolly", 5, "Will the market be cancelled if it blows like this? 🌬️", mood="asks"),
    Said("b11", "reporter", 8, "Robin from the Echo. Is it true that the east pier has a crack? For print tonight.", mood="asks"),
    Said("b16", "noam", 14, "האם הגן הציבורי סגור מחר? (Harbour Gardens) 👨‍👩‍👧", mood="asks"),
    Liked(US, "emre", 18),
    Said("b19", "wren", 20, "Just between us: my brother’s blue badge ran out on Friday and the office cannot find his form. Who can look?", mood="asks", private=True, then="He has it. Thank you for not making a fuss of it."),
    Said("b12", "ratepayer", 24, "So who pays for all those sandbags? Us. As always.", to="b2", mood="complains"),
    Said("b13", "wren", 27, "@harbour is there an easy-read version of the flood grant form?", mood="asks"),
    Changed("b12", 36),
    Said("b17", "nils", 33, "The council’s own words. Remember them when the bill comes.", quotes="b1", mood="complains"),
    Said("b18", "siobhan", 40, "There is a seal on the slipway and it is hurt. Who do I ring?", mood="asks", labels=("graphic-media",), picture="A grey seal on wet stones, blood at its flipper", then="They are on their way. Thank you, I stay with her."),
    Said("b14", "emre", 51, "The last ferry left early and we were forty people on the quay. Nobody said a word.", mood="complains", then="Thank you for answering. And for the bus."),
    Liked("b2", "haruka", 58),
    Said("b15", "sunny", 64, "Doris the whale is trending 🐋👩‍👩‍👧‍👦", to="b2", mood="chats"),
)
# fmt: on
