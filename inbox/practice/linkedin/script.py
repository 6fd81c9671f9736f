# ruff: noqa: E501 - one line per thing said, so that the script can be read down the page
"""What happened on the council's LinkedIn page, and what happens while somebody practises.

The same storm as in ``inbox.practice.story``, as it is talked about where people work: engineers, traders, carers, a
reporter, somebody who looks for a job. Times as in ``inbox.practice.story.scene``: ``"12d 18:40"`` or ``"5h"`` before
practice begins, or minutes after it. A post of ours is written as an officer types it.
"""

from __future__ import annotations

from typing import NamedTuple

US = "us"


class Said(NamedTuple):
    """A post of ours (``who`` is ``US`` and ``to`` empty), or a comment. ``to``: key of what it stands below."""

    key: str
    who: str
    at: str | float
    text: str
    to: str = ""
    mood: str = "chats"
    then: str = ""
    poll: tuple[str, ...] = ()
    quiet: bool = False  # LinkedIn notifies nobody of it: only a look at the comments finds it


class Shared(NamedTuple):
    """Somebody's own post: shares ours (``of``), or names the page."""

    key: str
    who: str
    at: str | float
    text: str
    of: str = ""
    mood: str = "chats"


class Changed(NamedTuple):
    key: str
    at: float
    text: str


class Withdrawn(NamedTuple):
    key: str
    at: float


class Liked(NamedTuple):
    key: str
    at: str | float
    by: tuple[str, ...]


Scene = Said | Shared | Changed | Withdrawn | Liked

# fmt: off
PAST: tuple[Scene, ...] = (
    Said("p1", US, "13d 09:50", "Flood grants of up to £5,000 are open to every shop and workshop below the quay (tenants included). Our advisers sit in the Town Hall foyer on weekdays.\n\nhttps://harbour.example/news/flood-grants-who-can-apply-and-how #flooding #smallbusiness"),
    Said("c1", "kwame", "13d 11:15", "Does this cover stock, or only the building?", to="p1", mood="asks", then="Clear, thank you. I will send the receipts."),
    Said("c1r", US, "13d 13:02", "Both: stock up to £1,500, with receipts or photographs.", to="c1"),
    Said("c2", "clement", "13d 18:30", "Mon atelier est en location. Dois-je demander l'accord du propriétaire ?", to="p1", mood="asks"),
    Liked("p1", "12d 08:10", ("ngozi", "priya", "reporter")),
    Said("p2", US, "9d 08:30", "Six weeks of night work on Harbour Bridge: new bearings, 40 welders, one crane of 300 tonnes. Ambulances can always cross. #bridge #engineering"),
    Said("c3", "ngozi", "9d 10:05", "Which load model did you design the new bearings for? The 1974 drawings would not pass today.", to="p2", mood="asks", then="That is the answer I hoped for. Well done to the team."),
    Said("c4", "skipper", "9d 12:20", "Will the air draught stay at 11.4 m under the scaffold?", to="p2", mood="asks"),
    Said("c4r", US, "9d 13:10", "10.9 m until Friday the 18th, then 11.4 m again. The notice to mariners says the same.", to="c4"),
    Said("c4t", "skipper", "9d 15:40", "And on the flood?", to="c4", mood="asks"),
    Shared("s1", "ngozi", "9d 19:00", "A council that publishes its inspection reports. More of this, please.", of="p2", mood="thanks"),
    Said("p3", US, "8d 12:20", "We have a gap of £3.2 million and six proposals. Employers: which of them would cost you most?", poll=("Business rates", "Parking", "Market fees", "None of them")),
    Said("c5", "ratepayer", "8d 13:00", "None of them? You have not asked about the bandstand. {£400,000} for a roof!", to="p3", mood="complains"),
    Said("c6", "jan", "8d 16:45", "Is there a version on paper for members of our trade association who are not online?", to="p3", mood="asks"),
    Said("p4", US, "5d 09:00", "We are looking for two flood engineers and a traffic planner. Part time is possible, and we mean it. https://harbour.example/jobs #jobs"),
    Said("c7", "haruka", "5d 10:30", "Are qualifications from outside the country recognised for the engineer post?", to="p4", mood="asks", then="Wonderful. My application is in."),
    Said("c8", "crypto", "5d 11:00", "Work from home, 9000 a month!!! Write me.", to="p4", mood="spam"),
    Said("c9", "teacher", "4d 15:10", "Two of my former pupils have applied. You will not regret it.", to="p4", mood="thanks"),
    Shared("m1", "reporter", "2d 17:20", "Spent the morning with the crews of @[Harbour Council](urn:li:organization:2414183) at the lock gates. Story tomorrow.", mood="chats"),
    Said("p5", US, "1d 08:15", "Storm warning for tomorrow night: amber for wind and high tide from 6pm. If your business is below the quay, move stock up today. Sandbags are at the depot."),
    Said("c10", "olwen", "1d 09:05", "We have room for pallets above the chandlery, free, first come.", to="p5", mood="chats"),
    Said("c11", "sunita", "1d 09:40", "Can somebody bring sandbags to the market hall? We are three women and a trolley.", to="p5", mood="asks", then="They came with twenty. Thank you."),
)

LIVE: tuple[Scene, ...] = (
    Said("d1", "emre", 4, "My bakery starts at 2am. Is Fish Steps open to vans tonight?", to="p5", mood="asks"),
    Said("d2", "priya", 11, "The hospital's night shift crosses at eight. Is there still a minibus?", to="p5", mood="asks", then="On it. Thank you."),
    Liked("p5", 14, ("gwen", "kwame")),
    Said("d3", "derek", 19, "Every winter the same. Why is the depot on the side that floods?", to="p5", mood="complains"),
    Changed("d1", 24, "My bakery starts at 2am. Is Fish Steps open to vans tonight, and to a lorry at 4?"),
    Said("d4", "ratepayer", 33, "So the pier is cracked after all? Ask them about page 12.", to="p2", mood="complains"),
    Said("d5", "derek", 36, "Heard the same. East pier.", to="d4"),
    Said("d6", "ngozi", 44, "I have read it: the crack is in the render, not in the pier. Please publish the page so that this ends.", to="d4", mood="asks", then="Thank you. Shared it with our branch."),
    Shared("s2", "kwame", 52, "If you trade below the quay, read this today.", of="p5", mood="thanks"),
    Withdrawn("d5", 58),
    Said("d7", "lucia", 66, "¿Quién avisa a las empresas sin LinkedIn?", to="p5", mood="asks"),
    Said("d8", "tane", 78, "Our hall takes forty people and their dogs. Tell anybody who asks.", to="p5", mood="chats"),
    Shared("m2", "haruka", 95, "First week at @[Harbour Council](urn:li:organization:2414183): I have already been in a lock.", mood="thanks"),
    Said("d9", "seo", 110, "Your page deserves more followers: https://rank.example/harbour", to="p4", mood="spam"),
    Said("d10", "foi", 130, "Under FOI: please send every inspection report of the east pier since 2015.", to="p2", mood="asks"),
    Said("d11", "wren", 150, "Nobody was notified of this comment, and it still needs an answer: is the text phone staffed tonight?", to="p5", mood="asks", quiet=True),
    Said("d12", "joao", 200, "O seguro pede um certificado da câmara. Onde o peço?", to="p1", mood="asks"),
    Said("d13", "margaret", 260, "My nephew says thank you for the sandbags, he is not on here.", to="p5", mood="thanks"),
)
# fmt: on
