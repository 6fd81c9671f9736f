"""Every command in one table: its words, its keys, where its single key may act. The key sheet and menus read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Command:
    """``keys``: portable key sequences, the first is shown. ``single``: a bare letter, so it acts in lists and
    conversations only, never inside a text box."""

    name: str
    words: str
    keys: tuple[str, ...]
    group: str
    single: bool = True


COMMANDS: Final = (
    Command("next", "Next conversation", ("J",), "Move"),
    Command("previous", "Previous conversation", ("K",), "Move"),
    Command("open", "Open the conversation", ("Return", "Enter", "O"), "Move"),
    Command("back", "One step out", ("Escape",), "Move", single=False),
    Command("panes", "Go to the next pane", ("F6",), "Move", single=False),
    Command("next_tab", "Next network", ("Ctrl+Tab",), "Move", single=False),
    Command("previous_tab", "Previous network", ("Ctrl+Shift+Tab",), "Move", single=False),
    Command("search", "Search everything", ("/", "Ctrl+F"), "Move"),
    Command("newest", "Show what is new", (".",), "Move"),
    Command("reply", "Reply", ("R",), "Answer"),
    Command("send", "Send and close", ("Ctrl+Return", "Ctrl+Enter"), "Answer", single=False),
    Command("done", "Done, and on to the next", ("E",), "Answer"),
    Command("waiting", "Waiting for somebody", ("W",), "Answer"),
    Command("reopen", "Open again", ("Shift+E",), "Answer"),
    Command("unread", "Mark as not read", ("Shift+U",), "Answer"),
    Command("unfold", "Show what a warning hides, or hide it", ("U",), "Answer"),
    Command("like", "Like, or not any more", ("Shift+L",), "Answer"),
    Command("boost", "Boost, or not any more", ("Shift+B",), "Answer"),
    Command("undo", "Undo the last thing", ("Z", "Ctrl+Z"), "Answer"),
    Command("approve", "Approve a held comment", ("A",), "Moderate"),
    Command("hold", "Hold a comment back", ("Shift+A",), "Moderate"),
    Command("spam", "Spam, or not spam", ("S",), "Moderate"),
    Command("trash", "To the bin, or back", ("D",), "Moderate"),
    Command("hide", "Hide an answer for everybody, or show it", ("H",), "Moderate"),
    Command("mute", "Mute a person", ("M",), "Moderate"),
    Command("block", "Block a person", ("Shift+X",), "Moderate"),
    Command("report", "Report to the network", ("Shift+F",), "Moderate"),
    Command("accept", "Let a filtered sender in", ("Y",), "Moderate"),
    Command("dismiss", "Dismiss a filtered sender", ("Shift+Y",), "Moderate"),
    Command("edit", "Change our own words", ("Shift+R",), "Moderate"),
    Command("compose", "Write a post", ("C", "Ctrl+N"), "Publish"),
    Command("quote", "Quote the message in a post", ("Shift+C",), "Publish"),
    Command("outbox", "Outbox", ("G, X",), "Publish"),
    Command("owed", "Owed", ("G, O",), "Go to"),
    Command("waiting_list", "Waiting", ("G, W",), "Go to"),
    Command("done_list", "Done", ("G, D",), "Go to"),
    Command("everything", "Everything", ("G, E",), "Go to"),
    Command("sync", "Fetch now", ("F5",), "Program", single=False),
    Command("accounts", "Accounts", ("Ctrl+,",), "Program", single=False),
    Command("practice_pause", "Stop or start the practice town", ("Ctrl+P",), "Program", single=False),
    Command("theme", "Light, dark, or as the system", ("Ctrl+Shift+L",), "Program", single=False),
    Command("rows", "One line per row, or three", ("Ctrl+Shift+D",), "Program", single=False),
    Command("help", "This list of keys", ("?", "F1"), "Program"),
    Command("quit", "Quit", ("Ctrl+Q",), "Program", single=False),
)
BY_NAME: Final = {c.name: c for c in COMMANDS}


def key_words(command: Command) -> str:
    """The first key as people write it: "r", "Ctrl+Enter", "Esc", "g o"."""
    first = command.keys[0].replace("Return", "Enter").replace("Escape", "Esc")
    return first.replace(", ", " ").lower() if len(first.split(", ")) > 1 or len(first) == 1 else first
