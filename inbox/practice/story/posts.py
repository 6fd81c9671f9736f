"""What the council and its museum published in the two weeks before practice begins, oldest first per blog."""

from __future__ import annotations

from inbox.practice.story.scene import Entry

ENTRIES: tuple[Entry, ...] = (
    Entry("flood", "council", "13d 09:30", "Flood grants: who can apply, and how", (
        "If water came into your home or business during last month’s storm, you can apply for up to £5,000 to make "
        "the building safer against the next one.",
        "You can apply whether you own or rent. Tenants need a short note from the landlord; we have a form for that.",
        "Our advisers sit in the Town Hall foyer every weekday from 10am to 4pm and will fill in the form with you.",
    ), tags=("flooding", "grants")),
    Entry("bins", "council", "12d 10:00", "Your bin day may change", (
        "From next month lorries follow new routes. About one household in three gets a new collection day.",
        "Type your postcode on the bins page to see your day. A card comes through every door as well.",
        "Assisted collections stay as they are: nobody who is helped today needs to do anything.",
    ), tags=("bins", "recycling")),
    Entry("library", "council", "10d 11:00", "The Quayside Library opens its doors", (
        "After two years of building, the new library opens on the first Saturday of the month at 10am.",
        "There are 40,000 books in 23 languages, a quiet floor, a noisy floor for children, and step-free access "
        "from the quay.",
        "Library cards are free for everyone, with or without a fixed address.",
    ), category="Projects", tags=("library",)),
    Entry("bridge", "council", "9d 08:15", "Harbour Bridge: closed at night for repairs", (
        "The bearings of the bridge are 60 years old. We replace them over six weeks, from 9pm to 5am, "
        "Sunday to Thursday.",
        "Buses 4 and 11 turn at the Custom House. Ambulances and fire engines can always cross.",
        "People on foot and bicycles can cross with a steward, every quarter of an hour.",
    ), category="Projects", tags=("bridge", "roads")),
    Entry("budget", "council", "8d 12:00", "Next year’s budget: tell us what matters", (
        "We have to close a gap of £3.2 million. Before anything is decided we want to hear from you.",
        "Read the six proposals, then answer online, on paper in any library, or at one of four meetings.",
        "The consultation is open for eight weeks. We publish what you said, and what we did about it.",
    ), category="Consultations", tags=("budget", "consultation")),
    Entry("winter", "council", "6d 09:00", "Gritting, warm rooms and winter fuel", (
        "Our five gritters cover the main roads and every hill with a school on it.",
        "Warm rooms are open in all libraries and in eleven church halls. Nobody asks why you came.",
        "If you cannot heat your home, ring us: there is money for that, and it does not have to be paid back.",
    ), tags=("winter",)),
    Entry("foi", "council", "4d 10:30", "Questions you asked under Freedom of Information", (
        "Last month we answered 41 requests, 38 of them in time. The answers are all in our disclosure log.",
        "The most asked: parking income, empty council homes, and what the bridge repair costs.",
    ), category="Transparency", tags=("foi",)),
    Entry("market", "council", "2d 08:00", "Saturday market moves to Anchor Square", (
        "While the quay wall is rebuilt the market moves 200 metres, to Anchor Square. Same traders, same hours.",
        "There is room for 62 stalls, level ground for wheelchairs and prams, and a toilet that opens at six.",
    ), category="Events", tags=("market",)),
    Entry("bell", "museum", "11d 10:00", "The Drowned Bell: our new exhibition", (
        "For 200 years it lay under the harbour mud. Now the bell of St Piran’s hangs in our great hall.",
        "Open daily except Monday. Pay what you can.",
    ), category="Exhibitions", tags=("bell",)),
    Entry("schools", "museum", "7d 14:00", "Free workshops for schools", (
        "Knots, charts and stars: three workshops for classes of up to 30, free for every school in the county.",
        "Ask for a quiet session if that suits your pupils better.",
    ), category="Learning", tags=("schools",)),
    Entry("whale", "museum", "5d 09:30", "Help us name the whale", (
        "The skeleton in the foyer has been called “the whale” since 1911. We think it deserves better.",
        "Leave your suggestion below. A jury of nine-year-olds decides.",
    ), category="Events", tags=("whale",)),
    Entry("closure", "museum", "3d 16:00", "Closed for two days for the lift", (
        "The new lift is tested next Tuesday and Wednesday. The café stays open, and so does the toilet.",
    ), category="News", tags=("access",)),
)
