# ruff: noqa: E501 - one line per thing said, so that the script can be read down the page
"""What was said under the museum's posts before practice begins."""

from __future__ import annotations

from inbox.practice.story.scene import US, Line

# fmt: off
LINES: tuple[Line, ...] = (
    Line("mb1", "bell", "dolly", "11d 13:00", "My grandfather was on the boat that lost it. Is there a list of the crew?", mood="asks"),
    Line("mb1a", "bell", US, "11d 15:30", "There is, and his name may be on it. Ask for Tamsin at the desk and she will take you to the archive.", to="mb1"),
    Line("mb1b", "bell", "dolly", "9d 17:20", "Found him! Third from the top. I cried in front of everybody. Thank you, Tamsin.", to="mb1a", mood="thanks"),
    Line("mb2", "bell", "jan", "10d 11:45", "Is it going to be rung?", mood="asks"),
    Line("mb2a", "bell", US, "10d 12:10", "Once a day, at noon, by whoever is youngest in the room.", to="mb2"),
    Line("mb3", "bell", "ahmed", "8d 10:00", "The label says bronze & tin. Bronze IS copper <i>and</i> tin.", mood="argues"),
    Line("mb3a", "bell", US, "8d 10:50", "You are right. The label is being reprinted, with thanks.", to="mb3"),
    # Carried over from the museum's old guest book, which filtered nothing.
    Line("mb4", "bell", "wren", "7d 09:00", 'Lovely display <script>alert(\'old guest book\')</script><img src="http://tracker.example/p.gif" onerror="alert(1)"> and kind staff.', mood="thanks", imported=True),
    Line("mb5", "bell", "lucia", "3d 16:05", "¿Hay visitas guiadas en español?", mood="asks"),
    Line("ms1", "schools", "teacher", "7d 16:20", "Thirty-two eight-year-olds, two of them with wheelchairs. Are we too many?", mood="asks"),
    Line("ms1a", "schools", US, "6d 09:40", "Not at all: we make it two groups of sixteen. The knots room is step-free; for the stars we bring the planetarium down to you.", to="ms1"),
    Line("ms1b", "schools", "teacher", "6d 12:05", "You are angels. Booking now.", to="ms1a", mood="thanks"),
    Line("ms2", "schools", "clement", "4d 10:30", "Et pour les lycées ? Nous avons une classe de navigation.", mood="asks"),
    Line("mw1", "whale", "sunny", "5d 10:10", "Whaley McWhaleface 🐋 (sorry)", mood="chats"),
    Line("mw2", "whale", "tane", "5d 11:00", "Tohorā. It is simply the word for whale, and it sounds like the sea.", mood="chats"),
    Line("mw3", "whale", "nils", "5d 12:30", "Brunhilde.", mood="chats"),
    Line("mw4", "whale", "sunny", "4d 18:00", "My daughter (6) says: Doris. She will not be moved on this.", mood="chats"),
    Line("mw4a", "whale", US, "4d 18:30", "Doris has been handed to the jury, with your daughter’s regards.", to="mw4"),
    Line("mw5", "whale", "seo", "2d 04:44", "Nice blog! Buy 5000 visitors http://rank.example/museum", mood="spam", status="spam"),
    Line("mw6", "whale", "kwame", "6h", "Is the jury open to bribes? Asking for a seven-year-old with a strong opinion and a packet of biscuits.", mood="asks", status="hold"),
    Line("mc1", "closure", "margaret", "3d 17:10", "Does the lift go to the tower now? I have not seen the view since my hip.", mood="asks", then="Then I shall come on Thursday, and bring my granddaughter."),
    Line("mc2", "closure", "priya", "2d 19:45", "Closed on the one day I have off. Could you put this on the door as well?", mood="complains"),
    Line("mc2a", "closure", US, "1d 09:15", "Sorry, Priya. It is on both doors now, and Thursday is open until eight, if that helps.", to="mc2"),
)
