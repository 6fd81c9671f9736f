# ruff: noqa: E501 - one line per thing said, so that the script can be read down the page
"""What the council sent as bulletins, what citizens wrote back, and what they write while somebody practises.

The same storm as in ``inbox.practice.story``. Times as in its ``scene``: ``"12d 18:40"`` before practice begins, or
minutes after it.
"""

from __future__ import annotations

from typing import NamedTuple


class Issue(NamedTuple):
    """A bulletin of the council. ``opens`` and ``clicks`` in percent of those who got it."""

    key: str
    at: str | float
    topics: tuple[str, ...]
    subject: str
    text: str
    opens: int = 40
    clicks: int = 8


class Letter(NamedTuple):
    """A mail to the council. ``about``: key of the bulletin or letter answered; empty: out of the blue."""

    key: str
    who: str
    at: str | float
    about: str
    text: str
    subject: str = ""
    mood: str = "asks"
    then: str = ""
    attach: str = ""
    automatic: bool = False


TOPICS: tuple[tuple[str, str, str, int], ...] = (
    ("HARBOUR_FLOOD", "Flood warnings and grants", "living", 2_310),
    ("HARBOUR_BINS", "Bins and recycling", "living", 4_120),
    ("HARBOUR_ROADS", "Bridge, roads and buses", "moving", 1_840),
    ("HARBOUR_LIB", "Quayside Library", "leisure", 960),
    ("HARBOUR_BUDGET", "Budget consultation", "democracy", 605),
    ("HARBOUR_NEWS", "All council news", "democracy", 7_450),
    ("HARBOUR_DREDGE", "Dredging works (new)", "moving", 0),
)

# fmt: off
PAST: tuple[Issue | Letter, ...] = (
    Issue("flood", "13d 10:00", ("HARBOUR_FLOOD",), "Flood grants: who can apply, and how", "If water came into your home last month you can apply for up to £5,000.\n\nAdvisers sit in the Town Hall foyer every weekday from 10 to 4. https://harbour.example/news/flood-grants", 61, 22),
    Letter("l1", "margaret", "13d 11:20", "flood", "I am 84 and do not have a computer, my niece types this. May somebody come to my house with the form?\n\nMargaret Pellow, Fish Steps", then="The young woman came and brought her own pen. Thank you."),
    Letter("l2", "fatou", "13d 15:02", "flood", "Bonjour, est-ce que les locataires doivent joindre l’accord du propriétaire ? Je joins la lettre que j’ai reçue.", attach="lettre-du-proprietaire.pdf"),
    Letter("l3", "jan", "12d 09:00", "flood", "Ik ben tot maandag niet op kantoor. / I am out of office until Monday.", subject="Automatisch antwoord: Flood grants: who can apply, and how", automatic=True),
    Issue("bins", "12d 09:30", ("HARBOUR_BINS", "HARBOUR_NEWS"), "Your bin day may change", "From next month lorries follow new routes. Type your postcode at https://harbour.example/bins to see your day.", 48, 31),
    Letter("l4", "tomasz", "11d 20:44", "bins", "Third Wednesday that nobody came to Ropewalk. Photographs attached. I would like an answer from a person.", mood="complains", attach="bins-ropewalk.pdf", then="They came. Thank you for ringing me."),
    Letter("l5", "pills", "11d 03:10", "bins", "DISCOUNT for your council!!! http://pills.spam.example", mood="spam"),
    Issue("bridge", "9d 08:30", ("HARBOUR_ROADS",), "Harbour Bridge: closed at night for repairs", "The bearings are 60 years old. Closed from 9pm to 5am, Sunday to Thursday, for six weeks. Buses 4 and 11 turn at the Custom House.", 55, 12),
    Letter("l6", "priya", "9d 12:15", "bridge", "I work nights at the hospital. Will the minibus wait if the ward runs late?"),
    Issue("budget", "8d 12:05", ("HARBOUR_BUDGET", "HARBOUR_NEWS"), "Next year’s budget: tell us what matters", "We have to close a gap of £3.2 million. Read the six proposals and answer online or on paper in any library.", 44, 19),
    Letter("l7", "ratepayer", "8d 18:31", "budget", "Sell the new library.", mood="complains"),
    Letter("l8", "ana", "7d 10:00", "", "Good morning, could I get the last five bulletins about the market? I moved here in May.", subject="Old bulletins"),
    Issue("winter", "6d 09:05", ("HARBOUR_NEWS",), "Gritting, warm rooms and winter fuel", "Warm rooms are open in all libraries and in eleven church halls. Nobody asks why you came.", 50, 9),
)

LIVE: tuple[Issue | Letter, ...] = (
    Letter("m1", "dolly", 7, "winter", "My neighbour has no heating and is too proud to ask. May I apply for her?", then="She cried a little and said yes. Thank you."),
    Letter("m2", "leila", 19, "flood", "مرحبا، هل يمكن ملء النموذج بالعربية؟"),
    Letter("m3", "kwame", 34, "bins", "The card says Tuesday and the website says Thursday. Which one is right?\n\nOn Mon, 23 Nov 2026 at 09:00, Harbour Council wrote:\n> From next month lorries follow new routes.\n> Type your postcode to see your day."),
    Issue("storm", 46, ("HARBOUR_FLOOD", "HARBOUR_NEWS"), "Storm warning for tomorrow night", "Amber for wind and high tide from 6pm. Sandbags are at the depot from noon, and we bring them to you if you cannot lift.", 66, 14),
    Letter("m4", "margaret", 55, "storm", "I cannot lift. Fish Steps, the green door.", then="Two young men have just brought six. Bless you."),
    Letter("m5", "nils", 61, "storm", "Ich bin bis Mittwoch nicht im Büro.", subject="Automatische Antwort: Storm warning for tomorrow night", automatic=True),
    Letter("m6", "reporter", 84, "storm", "For the Echo: how many sandbags are there, and how many streets do you expect to flood? I go to print at six.", then="Received in time. Thank you."),
    Letter("m7", "sunita", 118, "storm", "क्या दुकानें भी रेत की बोरियाँ ले सकती हैं? (May shops take sandbags too?)"),
    Letter("m8", "ngozi", 165, "bridge", "I read your engineer’s report. The crack is in the render only: page 14. You may quote me.", mood="chats", attach="page-14.pdf"),
    Letter("m9", "skipper", 240, "storm", "All boats are in. Tell the lads on the barrier.", mood="thanks"),
)
