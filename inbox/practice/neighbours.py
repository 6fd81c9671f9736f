"""The networks of the town besides its blogs and its feed: what each of them is told by, served as, and opened with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from starlette.types import ASGIApp

from inbox.clock import Clock
from inbox.metering import MICRO
from inbox.practice.board import MOST_CHARACTERS, Board
from inbox.practice.facebook import facebook_app
from inbox.practice.facebook.square import USERNAME, Square
from inbox.practice.faults import Faults
from inbox.practice.govdelivery import Bureau, agency_app
from inbox.practice.linkedin import Village, linkedin_app
from inbox.practice.mastodon import mastodon_app
from inbox.practice.mastodon.fediverse import Fediverse
from inbox.practice.x import x_app
from inbox.practice.x.street import Street


class Story(Protocol):
    """What goes on at a network while we watch."""

    def advance(self) -> object:
        """Let happen all that is due by the story clock."""
        ...

    def next_due_s(self) -> float | None:
        """The story second at which the next thing happens; ``None`` when nothing is planned."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Neighbour:
    """One network. ``serve`` is told its address, without a slash at the end; ``sign_in`` too, and says the address to
    type and the answers to the sign-in form (secrets). ``budget``: allowance and amount, for a town that lives faster
    than the limits of its networks were made for."""

    site: str
    network: str
    serve: Callable[[str, Faults], ASGIApp]
    sign_in: Callable[[str], tuple[str, Mapping[str, str]]]
    story: Story | None = None
    close: Callable[[], None] = lambda: None
    budget: tuple[str, int] | None = None


def neighbours(seed: int, clock: Clock, real: Clock) -> dict[str, Neighbour]:
    """All of them, by site, in the order in which the officer signs in."""
    square, village, bureau = Square(seed, clock), Village(seed, clock), Bureau(seed, clock)
    fediverse, street, board = Fediverse(seed, clock), Street(seed, clock), Board(real)

    def on_the_square(address: str, faults: Faults) -> ASGIApp:
        square.network.address = address
        return facebook_app(square.network, faults)

    def on_the_street(address: str, faults: Faults) -> ASGIApp:
        street.network.address = address
        street.network.limits = False  # the story goes faster than fifteen minutes
        return x_app(street.network, faults)

    def mailing(_: str, faults: Faults) -> ASGIApp:
        bureau.mail.start()
        return agency_app(bureau.agency, faults)

    def social(address: str, faults: Faults) -> ASGIApp:
        fediverse.place.address = address
        return mastodon_app(fediverse.place, faults)

    found = (
        Neighbour(
            site="social", network="mastodon", story=fediverse, serve=social,
            sign_in=lambda at: (at, {"token": fediverse.place.token_for(fediverse.office)}),
        ),
        Neighbour(
            site="square", network="facebook", story=square,
            serve=on_the_square,
            sign_in=lambda at: (f"{at}/{USERNAME}", {"token": square.token}),
        ),
        Neighbour(
            site="village", network="linkedin", story=village,
            serve=lambda _, faults: linkedin_app(village.network, faults),
            sign_in=lambda at: (at, {"token": village.token()}), budget=("calls", 1_000_000),
        ),
        Neighbour(
            site="street", network="x", story=street, serve=on_the_street, sign_in=lambda at: (at, street.keys),
            budget=("credits", 1_000 * MICRO),
        ),
        Neighbour(
            site="bureau", network="govdelivery", story=bureau, serve=mailing, close=bureau.mail.stop,
            sign_in=lambda at: (f"{at} {bureau.agency.code}", bureau.sign_in),
        ),
        Neighbour(
            site="alumni", network="manual", serve=lambda _, __: board,
            sign_in=lambda at: (
                f"{at}/alumni", {"title": "School alumni", "speaks_as": "Harbour Council", "most": str(MOST_CHARACTERS)}
            ),
        ),
    )  # fmt: skip
    return {one.site: one for one in found}
