# ruff: noqa: E501 - one line per thing said, so that the script can be read down the page
"""The corporate news before practice begins, oldest first: what the press office puts into its feed."""

from __future__ import annotations

from inbox.practice.story.scene import News

# fmt: off
ITEMS: tuple[News, ...] = (
    News("n1", "13d 09:00", "Grants of up to £5,000 after the storm", "Homes and businesses can apply from today, owners and tenants alike.", ("The council opens the flood grant scheme. Advisers help with the form every weekday in the Town Hall foyer.",), "Flooding"),
    News("n2", "12d 09:45", "New bin routes from next month", "One household in three gets a new day. Assisted collections stay as they are.", ("The new routes save 40,000 miles a year.",), "Waste"),
    News("n3", "10d 10:30", "Quayside Library to open", "40,000 books in 23 languages, step-free from the quay.", ("The Mayor cuts no ribbon: the first child in the queue opens the door.",), "Libraries"),
    News("n4", "9d 08:00", "Night closures of Harbour Bridge", "Six weeks, 9pm to 5am, Sunday to Thursday.", ("The bearings are 60 years old. Ambulances and fire engines can always cross.",), "Roads"),
    News("n5", "8d 11:45", "Budget consultation begins", "Six proposals, eight weeks, four meetings.", ("The council has to close a gap of £3.2 million & wants to hear from residents first.",), "Budget"),
    News("n6", "6d 08:45", "Eleven church halls open as warm rooms", "Nobody asks why you came.", ("Volunteers from all faiths and none keep the kettles on.",), "Winter"),
    News("n7", "4d 10:00", "Council answers 38 of 41 FOI requests in time", "All answers are in the disclosure log.", ("Three were late; the reasons are published.",), "Transparency"),
    News("n8", "2d 07:45", "Market moves to Anchor Square", "Same traders, same hours, level ground.", ("The quay wall is being rebuilt until spring.",), "Events"),
)
