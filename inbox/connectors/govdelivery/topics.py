"""What a bulletin may go to: topics and categories, how many each reaches, and what to know before choosing one.

Source: govdelivery.md sections 2, 4 and 9. The list of topics is slow and carries no counts, so each is read by
itself, one after the other, and only now and then; what is about to be sent is read afresh (``chosen``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from inbox.connectors.govdelivery import xml
from inbox.connectors.govdelivery.api import LONG_TIMEOUT_S, Api
from inbox.errors import NotAllowed, NotFound, Rejected
from inbox.model import Choice, Limits, Problem, Rendition

TOPIC: Final = "topic:"
CATEGORY: Final = "category:"
MOST_READ: Final = 150
"""So many topics are read one by one for their counts; the rest says its count when it is chosen."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """A topic or category as GovDelivery has it."""

    code: str
    title: str
    reaches: int | None = None
    listed: bool = True
    watches: bool = False
    sends_itself: bool = False

    @property
    def warning(self) -> str:
        """What to know before it is chosen; empty when there is nothing."""
        if self.sends_itself:
            return (
                "Page Watch sends bulletins to this topic by itself when its web page changes: "
                "subscribers may get the same news twice."
            )
        if self.watches:
            return "Page Watch makes bulletins for this topic when its web page changes: look at the drafts first."
        if self.reaches == 0:
            return "Nobody has subscribed to it."
        return ""

    def choice(self) -> Choice:
        """As the composer offers it."""
        title = self.title if self.listed else f"{self.title} (unlisted)"
        return Choice(code=self.code, title=title, reaches=self.reaches, warning=self.warning)


async def limits(api: Api) -> Limits:
    """The topics and categories of the account; pictures would need a host of their own, so there are none."""
    found = await everything(api)
    return Limits(choices=tuple(t.choice() for t in found), choice_needed=True)


async def everything(api: Api) -> Sequence[Target]:
    """All topics, then all categories, each with its count where it can be read."""
    listed = await api.read("topics.xml", "list topics", timeout_s=LONG_TIMEOUT_S)
    topics = [target(node, TOPIC) for node in listed.all("topic") if _code(node)]
    try:
        grouped = await api.read("categories.xml", "list categories", timeout_s=LONG_TIMEOUT_S)
    except (NotAllowed, NotFound):
        categories: list[Target] = []  # a bulletin goes to topics without that right as well
    else:
        categories = [target(node, CATEGORY) for node in grouped.all("category") if _code(node)]
    read = [await _whole(api, one) if number < MOST_READ else one for number, one in enumerate(topics)]
    return [*read, *categories]


async def chosen(api: Api, codes: Iterable[str]) -> Sequence[Target]:
    """Each of these as it is now. Raises Rejected when one of them is no more."""
    found = []
    for code in codes:
        try:
            found.append(await _now(api, code))
        except NotFound:
            name = code.partition(":")[2]
            words = f"GovDelivery has no topic or category “{name}” any more"
            raise Rejected(words, problems=(Problem(words=f"{words}.", where="categories"),)) from None
    return found


def codes_of(rendition: Rendition) -> Sequence[str]:
    """Those of the chosen categories that are GovDelivery's: other channels of the same update have others."""
    return [c for c in dict.fromkeys(rendition.categories) if c.startswith((TOPIC, CATEGORY))]


def target(node: xml.Node, prefix: str) -> Target:
    """A topic or category from its document; lists carry less than the document itself."""
    suspended = node.flag("pagewatch-suspended")
    watches = node.flag("pagewatch-enabled") and not suspended
    return Target(
        code=prefix + _code(node),
        title=node.text("name", "short-name") or _code(node),
        reaches=node.number("subscribers-count"),
        listed=node.text("visibility").lower() in {"", "listed"},
        watches=watches,
        sends_itself=watches and node.flag("pagewatch-autosend"),
    )


async def _whole(api: Api, listed: Target) -> Target:
    try:
        return await _now(api, listed.code)
    except (NotAllowed, NotFound):
        return listed


async def _now(api: Api, code: str) -> Target:
    """Codes go into the path as they are, but for what would lead out of it (govdelivery.md section 0)."""
    prefix = TOPIC if code.startswith(TOPIC) else CATEGORY
    folder = "topics" if prefix == TOPIC else "categories"
    where = "read a topic" if prefix == TOPIC else "read a category"
    node = await api.read(f"{folder}/{quote(code.removeprefix(prefix), safe='')}.xml", where)
    return target(node, prefix) if _code(node) else Target(code=code, title=code.removeprefix(prefix))


def _code(node: xml.Node) -> str:
    return node.text("code", "to-param")
