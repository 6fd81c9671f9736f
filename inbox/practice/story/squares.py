# ruff: noqa: E501 - one line per thing said, so that the script can be read down the page
"""What is said to the council in the two public squares, Mastodon and Bluesky: before the start, and while we watch.

Times are as in ``scene``. Who is ``US`` speaks as the council.
"""

from __future__ import annotations

from typing import NamedTuple

from inbox.practice.story.scene import US


class Said(NamedTuple):
    """Something said in a square ("commons" is the Mastodon server, "sky" is Bluesky).

    ``to``: key of what it answers. ``private``: for the council's eyes only. ``then``: what the person says when we
    answer. ``mood`` as in ``scene.Line``; ``aside``: said in the thread without naming us.
    """

    key: str
    square: str
    who: str
    at: str | float
    text: str
    to: str = ""
    mood: str = "chats"
    warning: str = ""
    private: bool = False
    aside: bool = False
    then: str = ""


class Liked(NamedTuple):
    """A like, or with ``boost`` a boost."""

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
    Said("m1", "commons", US, "6d 09:10", "The new library opens on Monday at nine. Come and see the reading room above the harbour. #library"),
    Said("m1a", "commons", "amara", "6d 09:40", "Is there a lift to the reading room?", to="m1", mood="asks", then="Good to know, thank you."),
    Said("m1b", "commons", US, "6d 10:15", "Yes, from the entrance on Quay Street.", to="m1a"),
    Said("m1c", "commons", "jan", "6d 11:02", "Finally :harbour:", to="m1", mood="thanks"),
    Said("m2", "commons", US, "2d 08:00", "Night works on the Harbour Bridge from Thursday, 22:00 to 5:00. The footpath stays open."),
    Said("m2a", "commons", "skipper", "2d 08:20", "And the boats? Does the span open at night or not?", to="m2", mood="asks"),
    Said("m2b", "commons", "callum", "2d 08:31", "Same question.", to="m2a", aside=True),
    Said("m2c", "commons", "fatou", "2d 09:12", "Merci d’avoir pensé aux piétons !", to="m2", mood="thanks"),
    Liked("m2", "gwen", "2d 09:20", boost=True),
    Liked("m2", "nils", "2d 09:21"),
    Liked("m1", "haruka", "5d 12:00"),
    Said("m3", "commons", "noam", "20h", "האם יש חניה ליד הספרייה החדשה?", mood="asks"),
    Said("b1", "sky", US, "5d 10:00", "🌊 Flood grants: apply by 1 December at https://harbour.example/flood-grants #flood"),
    Said("b1a", "sky", "sunita", "5d 10:30", "Does a shop count as a home if we live above it?", to="b1", mood="asks"),
    Said("b1b", "sky", US, "5d 11:05", "Yes, one application covers both.", to="b1a"),
    Said("b1c", "sky", "kwame", "5d 12:20", "That saved my week 🙏", to="b1b", mood="thanks"),
    Said("b2", "sky", US, "1d 09:00", "Storm tomorrow night. Sandbags at the Town Hall yard from noon. 👨‍👩‍👧‍👦 Take what you need, help your neighbour carry."),
    Said("b2a", "sky", "margaret", "1d 09:15", "I cannot lift them. Is there anybody who brings them?", to="b2", mood="asks", then="Two young men have come. Bless you."),
    Said("b2b", "sky", "wren", "1d 09:40", "Same for my brother, he uses a chair.", to="b2a", aside=True, mood="asks"),
    Said("b2c", "sky", "ravi", "1d 09:55", "I have a van. Where do I come?", to="b2b", aside=True),
    Said("b2d", "sky", "margaret", "1d 10:01", "14 Ropewalk, the blue door. You are an angel.", to="b2c", aside=True),
    Liked("b2", "olwen", "1d 09:30", boost=True),
    Liked("b2", "tane", "1d 09:32"),
    Liked("b1", "ana", "4d 08:00"),
)

EVENTS: tuple[Said | Liked | Changed, ...] = (
    Said("m10", "commons", "priya", 2, "Which entrance do night staff use while the bridge is shut?", mood="asks", then="Perfect, passing it on to the ward."),
    Said("b10", "sky", "dolly", 3, "Will the market be cancelled if it blows like this? 🌬️", mood="asks"),
    Said("m11", "commons", "foi", 6, "I have been sent a letter about my late father’s council tax and I do not understand it. Could somebody explain it to me, not in public?", mood="asks", private=True, then="Thank you for being so quick and so kind."),
    Said("b11", "sky", "reporter", 8, "Robin from the Echo. Is it true that the east pier has a crack? For print tonight.", mood="asks"),
    Liked("m2", "tomasz", 9, boost=True),
    Said("m12", "commons", "derek", 12, "They say the pier is cracked, you can put your hand in it.", to="m2", mood="complains", warning="Bridge, worries"),
    Said("m13", "commons", "ngozi", 15, "It is the render, not the pier. I am a structural engineer and I read the report.", to="m12", aside=True),
    Changed("m12", 21, "They say the pier is cracked. Edit: an engineer below says it is only plaster. Can the council confirm?"),
    Said("b12", "sky", "ratepayer", 24, "So who pays for all those sandbags? Us. As always.", to="b2", mood="complains"),
    Said("b13", "sky", "wren", 27, "@harbour is there an easy-read version of the flood grant form?", mood="asks"),
    Said("m14", "commons", "leila", 31, "هل ستبقى المكتبة مفتوحة أثناء العاصفة؟", mood="asks"),
    Changed("b12", 36),
    Said("m15", "commons", "oksana", 43, "Дякую за переклад попередження українською!", mood="thanks"),
    Said("b14", "sky", "emre", 51, "The last ferry left early and we were forty people on the quay. Nobody said a word.", mood="complains", then="Thank you for answering. And for the bus."),
    Said("b15", "sky", "sunny", 64, "Doris the whale is trending 🐋👩‍👩‍👧‍👦", to="b2", mood="chats"),
    Said("m16", "commons", "teacher", 72, "Are schools open tomorrow? Four hundred parents would like to know before bedtime.", mood="asks", then="Bless you, forwarding now."),
)
# fmt: on
