"""What can be done with a message: only what its channel allows and what makes sense for it."""

from __future__ import annotations

from datetime import UTC, datetime

from inbox.model import Capability, Channel, Message, MessageKind, MessageState, Moderation, Reaction
from inbox.store.reading import StoredMessage
from inbox.store.relations import BLOCKED, MUTED
from ui.format import cut_name

ASIDE = (MessageState.SPAM, MessageState.TRASHED, MessageState.DELETED)
DONE = {
    Moderation.APPROVE: "Approved", Moderation.HOLD: "Held back", Moderation.SPAM: "Marked as spam",
    Moderation.UNSPAM: "No longer spam", Moderation.TRASH: "Moved to the bin", Moderation.RESTORE: "Restored",
    Moderation.HIDE: "Hidden for everybody", Moderation.UNHIDE: "Shown again", Moderation.BLOCK: "Blocked",
    Moderation.UNBLOCK: "No longer blocked", Moderation.MUTE: "Muted", Moderation.UNMUTE: "No longer muted",
    Moderation.REPORT: "Reported", Moderation.ACCEPT: "The sender is let in", Moderation.DISMISS: "Dismissed",
    Reaction.LIKE: "Liked", Reaction.UNLIKE: "No longer liked", Reaction.BOOST: "Boosted",
    Reaction.UNBOOST: "No longer boosted",
}  # fmt: skip
"""What is said when it is done."""
LASTING = (Moderation.REPORT, Moderation.ACCEPT, Moderation.DISMISS)
"""What cannot be taken back."""


def answerable(m: Message, channel: Channel) -> bool:
    """Whether it can be answered where it stands."""
    can = channel.capabilities
    if Capability.REPLY not in can or m.state in ASIDE or m.kind is MessageKind.UNREADABLE:
        return False
    if m.kind is MessageKind.POST:
        return not m.ours and Capability.THREAD in can
    return m.kind is not MessageKind.NOTICE or Capability.THREAD not in can  # a blog's link back is a comment


def by_hand(m: Message) -> bool:
    """Whether the network takes an answer to this message from no program."""
    return Capability.REPLY in m.denied


def privately(m: Message, channel: Channel, now: datetime) -> bool:
    """Whether a public message can be answered by a private one, still."""
    can = channel.capabilities & ~m.denied
    in_time = m.reply_until is None or now < m.reply_until
    return Capability.PRIVATE_REPLY in can and m.public and not m.ours and m.state not in ASIDE and in_time


def offers(stored: StoredMessage, channel: Channel) -> list[tuple[str, str]]:
    """Commands that make sense for this message at this channel, most likely first: (command, words)."""
    m, can = stored.message, channel.capabilities & ~stored.message.denied
    found: list[tuple[str, str]] = []
    if m.kind is MessageKind.UNREADABLE or m.state is MessageState.DELETED:
        return found
    aside = m.state in ASIDE
    if m.state is MessageState.HELD and Capability.APPROVE in can:
        found.append((Moderation.APPROVE, "Approve"))
    if m.details.get("filtered") and Capability.REQUESTS in can:
        found += [(Moderation.ACCEPT, "Let the sender in"), (Moderation.DISMISS, "Dismiss")]
    if answerable(m, channel):
        words = "Answer by hand" if by_hand(m) else "Reply"
        found.append(("reply", words if m.state is not MessageState.HELD else "Approve and reply"))
    if stored.withheld:
        found.append(("fetch_again", "Fetch the words again"))
    found += _reactions(m, can)
    if m.ours and Capability.EDIT in can and not aside:
        found.append(("edit", "Edit"))
    if m.state is MessageState.SPAM and Capability.SPAM in can:
        found.append((Moderation.UNSPAM, "Not spam"))
    if m.state is MessageState.TRASHED and Capability.TRASH in can:
        found.append((Moderation.RESTORE, "Restore"))
    if not m.ours and not aside and m.kind is not MessageKind.POST:
        if m.state is MessageState.PUBLISHED and Capability.HOLD in can:
            found.append((Moderation.HOLD, "Hold back"))
        if Capability.SPAM in can:
            found.append((Moderation.SPAM, "Spam"))
    if not aside and Capability.TRASH in can:
        found.append((Moderation.TRASH, "Bin"))
    return found


def more_offers(stored: StoredMessage, channel: Channel) -> list[tuple[str, str]]:
    """What is wanted seldom: it stands in a menu."""
    m, can = stored.message, channel.capabilities & ~stored.message.denied
    found: list[tuple[str, str]] = []
    if m.ours or m.kind is MessageKind.UNREADABLE or not (m.author.remote_id or m.author.handle or m.author.name):
        return found
    who = cut_name(m.author.handle or m.author.name, 32)
    if privately(m, channel, datetime.now(UTC)):
        found.append(("reply_privately", f"Answer {who} privately …"))
    if Capability.HIDE in can and m.state is not MessageState.DELETED:
        if m.state is MessageState.HIDDEN:
            found.append((Moderation.UNHIDE, "Show this answer again"))
        elif m.kind is MessageKind.COMMENT:
            found.append((Moderation.HIDE, "Hide this answer for everybody"))
    muted, blocked = (r in stored.relations or r in m.details for r in (MUTED, BLOCKED))  # by us, or as it is told
    mute = (Moderation.UNMUTE, f"Lift the mute of {who}") if muted else (Moderation.MUTE, f"Mute {who}")
    block = (Moderation.UNBLOCK, f"Lift the block of {who}") if blocked else (Moderation.BLOCK, f"Block {who}")
    report = (Moderation.REPORT, "Report to the network …")
    offered = ((Capability.MUTE, mute), (Capability.BLOCK, block), (Capability.REPORT, report))
    return found + [command for needed, command in offered if needed in can]


def _reactions(m: Message, can: Capability) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    if m.state not in (MessageState.PUBLISHED, MessageState.HIDDEN) or m.kind is MessageKind.NOTICE:
        return found
    if Capability.REACT_LIKE in can and not m.ours:
        liked = Reaction.LIKE in m.reacted
        found.append((Reaction.UNLIKE, "Unlike") if liked else (Reaction.LIKE, "Like"))
    if Capability.REACT_BOOST in can and m.public:
        boosted = Reaction.BOOST in m.reacted
        found.append((Reaction.UNBOOST, "Unboost") if boosted else (Reaction.BOOST, "Boost"))
    return found
