"""Who wrote: each looked up once and kept, never by expansion (x.md section 0, point 3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from inbox.connectors.x import fields, prices
from inbox.connectors.x.api import Api
from inbox.connectors.x.cursor import Position
from inbox.connectors.x.parsing import People, Person

AT_ONCE: Final = 100


async def known(api: Api, at: Position, ids: Iterable[str], along: Iterable[Mapping[str, Any]] = ()) -> People:
    """The names of these people. Whoever is not known, nor came along, is looked up."""
    for user in along:
        at.met(str(user.get("id")), person_from(user))
    wanted = [i for i in dict.fromkeys(ids) if i and i != api.us.id]
    found = {i: at.person(i) for i in wanted}
    unknown = [i for i, person in found.items() if person is None]
    for number, person in (await looked_up(api, unknown)).items():
        at.met(number, person)
        found[number] = person
    return {i: person for i, person in found.items() if person is not None}


async def looked_up(api: Api, ids: list[str]) -> dict[str, Person]:
    """These people as X names them; whom it will not name (suspended, gone) comes out nameless."""
    found: dict[str, Person] = {}
    for start in range(0, len(ids), AT_ONCE):
        asked = ids[start : start + AT_ONCE]
        params = {"ids": ",".join(asked), **fields.USER}
        page = await api.page("/2/users", params, kind="user", price=prices.read("user"), what="people looked up")
        found |= {i: Person() for i in asked}
        found |= {str(u["id"]): person_from(u) for u in page.items if isinstance(u, Mapping) and u.get("id")}
    return found


def person_from(user: Mapping[str, Any]) -> Person:
    """The names of a user object."""
    return Person(username=str(user.get("username") or ""), name=" ".join(str(user.get("name") or "").split()))
