"""What the composer says: on its button, of time and room, of pictures and problems. Pure: the present moment is a
parameter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from PySide6.QtCore import QCoreApplication, QLocale

from inbox.model import Audience, Capability, Channel, Media, Problem, Visibility
from ui.composer.room import NEAR, Room, changed_for, takes_fewer
from ui.composer.state import Shown
from ui.format import cut_name, long_time, plural


def button_words(
    channels: int, publish_at: datetime | None, now: datetime, *, replaces: bool = False, ready: int | None = None
) -> str:
    """What will happen: "Publish to 2 now", "Schedule 1 for Tue 10:00", "Update 1 now", "Publish to 2 of 3 now".

    ``ready``: how many of the channels nothing stops. While none is ready the button counts them all, and says why
    when it is pressed.
    """
    if not channels:
        return _tr("Update") if replaces else _tr("Publish")
    held = ready is not None and 0 < ready < channels
    count = _tr("{0} of {1}").format(ready, channels) if held else str(channels)
    if publish_at is not None:
        return _tr("Schedule {0} for {1}").format(count, _moment(publish_at, now))
    words = _tr("Update {0} now") if replaces else _tr("Publish to {0} now")
    return words.format(count)


def time_words(channels: Iterable[Channel], titles: dict[str, str]) -> str:
    """Who keeps the time, for the chosen channels, and whether Postroom has to be running then."""
    chosen = list(channels)
    keepers = _networks((c for c in chosen if Capability.SCHEDULE in c.capabilities), titles)
    others = _networks((c for c in chosen if Capability.SCHEDULE not in c.capabilities), titles)
    said = []
    if keepers:
        words = _tr("{0} keeps the time itself.") if len(keepers) == 1 else _tr("{0} keep the time themselves.")
        if not others:
            words = _tr("{0} keeps the time, the PC may be off.") if len(keepers) == 1 else _tr(
                "{0} keep the time, the PC may be off."
            )  # fmt: skip
        said.append(words.format(_all_of(keepers)))
    if others:
        said.append(_tr("For {0} Postroom has to be running then.").format(_all_of(others)))
    return " ".join(said)


def room_words(room: Room) -> str:
    """ "12 left", "7 over", "fits"."""
    if room.left is None:
        return _tr("fits")
    words = _tr("{0} left") if room.left >= 0 else _tr("{0} over")
    if room.in_bytes:
        words = _tr("{0} bytes left") if room.left >= 0 else _tr("{0} bytes over")
    return words.format(f"{abs(room.left):,}")


def standing_words(shown: Shown, *, alone: bool) -> tuple[str, str]:
    """The chip at the head of a preview, and its role: "edited · 7 over", "inherits". ``alone``: the only channel."""
    parts = [] if alone else [_tr("edited") if shown.edited else _tr("inherits")]
    if shown.room.left is not None:
        parts.append(room_words(shown.room))
    stops = sum(p.stops for p in shown.problems)
    too_long = shown.room.left is not None and shown.room.left < 0
    if stops > too_long:
        parts.append((_tr("{0} more to fix") if too_long else _tr("{0} to fix")).format(stops - too_long))
        return " · ".join(parts), "chip-danger"
    if shown.room.left is not None and shown.room.left <= NEAR:
        return " · ".join(parts), shown.room.tone
    return " · ".join(parts) or _tr("ready"), "chip" if parts else "chip-ok"


def when_words(shown: Shown, network: str, now: datetime) -> tuple[str, str, str]:
    """When one channel publishes it, who keeps that time, and the role of the chip; empty when it goes now."""
    if shown.at is None:
        return "", "", "chip"
    when = long_time(shown.at, now)
    if shown.rendition.publish_at is not None:
        return when, _tr("{0} keeps the time").format(network), "chip-ok"
    return when, _tr("Postroom has to be running then"), "chip-owed"


def things(shown: Sequence[Shown]) -> int:
    """How many things there are to look at: the same words on three channels are one."""
    return len({p.words for s in shown for p in listed(s)})


def listed(shown: Shown) -> list[Problem]:
    """The problems that want something done, each once. That Postroom has to be running stands on the time's chip."""
    return list(dict.fromkeys(p for p in shown.problems if p.stops or p.where != "time"))


def summary_words(shown: Sequence[Shown]) -> str:
    """ "3 channels · 2 things to look at · Bluesky is held back"."""
    count = things(shown)
    looks = _tr("{0} to look at").format(plural(count, _tr("thing"))) if count else _tr("nothing to fix")
    said = [plural(len(shown), _tr("channel")), looks]
    held = [cut_name(s.channel.title) for s in shown if s.stopped]
    if held and len(held) < len(shown):
        words = _tr("{0} is held back") if len(held) == 1 else _tr("{0} are held back")
        said.append(words.format(_all_of(held)))
    return " · ".join(said)


def alt_words(count: int) -> tuple[str, str, dict[str, str]]:
    """The question about pictures without description: title, reason, the answers by name."""
    which = _tr("A picture has no description") if count == 1 else _tr("{0} pictures have none").format(count)
    why = _tr("People who cannot see it are told nothing about it. A picture that only decorates needs none.")
    answers = {
        "describe": _tr("Describe it"),
        "decorative": _tr("It is decoration only"),
        "anyway": _tr("Publish without"),
    }
    return which, why, answers


def refusal_words(stopped: Sequence[Shown], gone: Sequence[Shown], *, any_channel: bool) -> tuple[str, list[str], str]:
    """What is said when something was not published: a title, the reasons, and what has left."""
    if not stopped:
        why = _tr("Choose where to publish.") if any_channel else _tr("No account can publish yet.")
        return _tr("Not published yet"), [why], _tr("Nothing has left. Change it and publish again.")
    many = len(stopped) + len(gone) > 1
    stops = [(s.channel.title, p) for s in stopped for p in s.problems if p.stops]
    named = (f"{t}: {p.words}" if many and t not in p.words else p.words for t, p in stops)
    what = list(dict.fromkeys(named))
    if not gone:
        return _tr("Not published yet"), what, _tr("Nothing has left. Change it and publish again.")
    names = _all_of([s.channel.title for s in stopped])
    hint = _tr("{0} on the way: see the outbox. What is left here is for {1} only.").format(
        _tr("One is") if len(gone) == 1 else _tr("{0} are").format(len(gone)), names
    )
    return _tr("Not yet on {0}").format(names), what, hint


def fix_words(problem: Problem, channel: Channel) -> str:
    """What the button beside a problem leads to."""
    return {
        "text": _tr("Edit for {0}").format(channel.title),
        "media": _tr("Pictures"),
        "time": _tr("Change the time"),
        "title": _tr("Add a title"),
        "channel": _tr("Channels"),
        "poll": _tr("Poll"),
        "visibility": _tr("Who may read it"),
        "warning": _tr("Content warning"),
        "quotes": _tr("Quote"),
        "card": _tr("Link card"),
    }.get(problem.where, _tr("Show"))


def picture_words(pictures: Sequence[Media], channels: Sequence[Channel], most: int) -> str:
    """What becomes of the pictures: how many there may be, where fewer go, where they are made smaller."""
    if not pictures:
        return ""
    said = []
    if len(pictures) >= most:
        said.append(_tr("No more than {0} here.").format(plural(most, _tr("picture"))))
    for channel, taken in takes_fewer(len(pictures), channels):
        said.append(
            _tr("{0} takes {1}.").format(channel.title, plural(taken, _tr("picture")) if taken else _tr("no pictures"))
        )
    changed: dict[str, list[str]] = {}
    for number, media in enumerate(pictures, 1):
        if names := [c.title for c in changed_for(media, channels)]:
            changed.setdefault(_all_of(names), []).append(str(number))
    for where, numbers in changed.items():
        which = _tr("Picture {0} is") if len(numbers) == 1 else _tr("Pictures {0} are")
        said.append(_tr("{0} made to fit {1}.").format(which.format(_all_of(numbers)), where))
    return " ".join(said)


def visibility_words(visibility: Visibility | None) -> str:
    """Who may see it."""
    return {
        None: _tr("As each account usually does"),
        Visibility.PUBLIC: _tr("Everybody"),
        Visibility.UNLISTED: _tr("Everybody, not announced"),
        Visibility.FOLLOWERS: _tr("Followers only"),
        Visibility.DIRECT: _tr("Only those named in it"),
    }[visibility]


def audience_words(audience: Audience) -> str:
    """Who may answer."""
    return {
        Audience.EVERYONE: _tr("Everybody"),
        Audience.FOLLOWERS: _tr("Our followers"),
        Audience.FOLLOWED: _tr("Those we follow"),
        Audience.MENTIONED: _tr("Those named in it"),
        Audience.NOBODY: _tr("Nobody"),
    }[audience]


def duration_words(lasts_s: int) -> str:
    """ "1 day", "6 hours", "30 minutes"."""
    for size, word in ((86_400, "day"), (3_600, "hour")):
        if lasts_s >= size and lasts_s % size == 0:
            return plural(lasts_s // size, _tr(word))
    return plural(round(lasts_s / 60), _tr("minute"))


def language_words(code: str) -> str:
    """The language of a code such as "cy"."""
    language = QLocale(code).language()
    return code if language == QLocale.Language.C else QLocale.languageToString(language)


def _networks(channels: Iterable[Channel], titles: dict[str, str]) -> list[str]:
    return list(dict.fromkeys(titles.get(c.network, c.network) for c in channels))


def _all_of(names: Sequence[str]) -> str:
    if len(names) < 3:
        return _tr(" and ").join(names)
    return _tr("{0} and {1}").format(", ".join(names[:-1]), names[-1])


def _moment(at: datetime, now: datetime) -> str:
    """ "Tue 10:00" within a week, else with the date."""
    long = long_time(at, now)
    if timedelta(0) <= at - now < timedelta(days=6):
        return f"{long.split()[0]} {at.astimezone():%H:%M}"
    return long


def _tr(text: str) -> str:
    return QCoreApplication.translate("composer", text)
