"""Names of members: a call each, so a few a day; kept for a day in memory and nowhere else (sections 4.4 and 5)."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Final

from inbox.connectors.linkedin.restli import encode
from inbox.connectors.linkedin.server import Api
from inbox.connectors.linkedin.urns import PAGES, number_of
from inbox.errors import BadReply, NotAllowed, NotFound, OutOfBudget, Rejected, Unavailable

log = logging.getLogger(__name__)

A_DAY: Final = 5
LEFT_OVER: Final = 10
KEPT: Final = timedelta(hours=24)
_PEOPLE, _PAGES = "people", "other pages"


async def learn(api: Api, urns: Iterable[str]) -> None:
    """Look up a few of these, while the day's calls allow it. Whoever cannot be looked up stays "LinkedIn member"."""
    now, session = api.now(), api.session
    session.names = {urn: one for urn, one in session.names.items() if now - one[2] < KEPT}
    for urn in dict.fromkeys(urns):
        kind = _PEOPLE if ":person:" in urn else _PAGES
        if not urn.startswith("urn:li:") or urn in session.names or kind in session.absent or not _more(api):
            continue
        try:
            session.names[urn] = (*await _looked_up(api, urn), now)
        except (NotAllowed, Rejected) as error:
            log.info("%s: %s cannot be looked up: %s", api.account, kind, error)
            session.absent.add(kind)
        except NotFound:
            session.names[urn] = ("", "", now)
        except (Unavailable, BadReply, OutOfBudget) as error:
            log.info("%s: a name cannot be looked up now: %s", api.account, error)
            return


def known(api: Api) -> Mapping[str, tuple[str, str]]:
    """Names and pages by URN, as far as they are a day old at most."""
    now = api.now()
    return {urn: (name, url) for urn, (name, url, at) in api.session.names.items() if now - at < KEPT}


def _more(api: Api) -> bool:
    today = [at for _, _, at in api.session.names.values() if at.date() == api.now().date()]
    return len(today) < A_DAY and api.spare() > LEFT_OVER


async def _looked_up(api: Api, urn: str) -> tuple[str, str]:
    """Name and page."""
    if ":person:" in urn:
        number = urn.rpartition(":")[2]
        person = await api.one(f"/rest/people/(id:{encode(number)})", what="names looked up")
        name = f"{_word(person, 'localizedFirstName')} {_word(person, 'localizedLastName')}".strip()
        vanity = _word(person, "vanityName")
        return name, f"{PAGES}/in/{vanity}" if vanity else ""
    page = await api.one(f"/rest/organizations/{encode(number_of(urn))}", what="names looked up")
    vanity = _word(page, "vanityName")
    return _word(page, "localizedName"), f"{PAGES}/company/{vanity}/" if vanity else ""


def _word(item: Mapping[str, Any], name: str) -> str:
    return str(item.get(name) or "").strip()
