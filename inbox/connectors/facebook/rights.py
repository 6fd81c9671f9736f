"""What a token allows on a Page: permissions and tasks to capabilities, and to words (facebook.md section 1.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from inbox.connectors.facebook.attaching import MOST_BYTES, TYPES
from inbox.connectors.facebook.publishing import COMMENT_BYTES, MOST_PICTURES, POST_CHARACTERS, PRIVATE_BYTES
from inbox.model import Capability, ChannelFound, Limits

SCOPES: Final = (
    "pages_show_list", "pages_read_engagement", "pages_read_user_content", "pages_manage_posts",
    "pages_manage_engagement", "pages_manage_metadata", "pages_messaging", "business_management",
)  # fmt: skip
_READ: Final = Capability.FETCH | Capability.REREAD
_POST: Final = Capability.POST | Capability.SCHEDULE | Capability.MEDIA | Capability.UPDATE_POST
_ANSWER: Final = (
    Capability.REPLY | Capability.HIDE | Capability.BLOCK | Capability.REACT_LIKE | Capability.EDIT | Capability.DELETE
)
_PRIVATE: Final = Capability.DIRECT | Capability.PRIVATE_REPLY
EVERYTHING: Final = _READ | _POST | _ANSWER | _PRIVATE
_GRANTS: Final = (
    (_READ, ("pages_read_engagement", "pages_read_user_content"), "MODERATE", "read posts and comments"),
    (_POST, ("pages_manage_posts",), "CREATE_CONTENT", "publish posts"),
    (_ANSWER, ("pages_manage_engagement",), "MODERATE", "answer, hide and like"),
    (_PRIVATE, ("pages_messaging", "pages_manage_metadata"), "MESSAGING", "read and answer private messages"),
)
LIMITS: Final = Limits(
    text_graphemes=POST_CHARACTERS,
    reply_bytes=COMMENT_BYTES,
    direct_graphemes=PRIVATE_BYTES,
    media_count=MOST_PICTURES,
    media_bytes=MOST_BYTES,
    media_types=TYPES,
    schedule_ahead_s=660,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Granted:
    """A Page that a token opens. ``tasks`` and ``scopes``: empty where Facebook did not say; then they are tried."""

    id: str
    name: str
    token: str
    link: str = ""
    tasks: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()

    @property
    def capabilities(self) -> Capability:
        """What may be done there."""
        can = Capability.NONE
        for capability, scopes, task, _ in _GRANTS:
            can |= Capability.NONE if self._missing(scopes, task) else capability
        if Capability.REPLY not in can:
            can &= ~Capability.PRIVATE_REPLY
        return can

    @property
    def words(self) -> tuple[str, ...]:
        """What is missing, for an administrator."""
        found = []
        for _, scopes, task, what in _GRANTS:
            missing = self._missing(scopes, task)
            if missing:
                found.append(f"{self.name}: cannot {what}, for want of {', '.join(missing)}.")
        return tuple(found)

    def channel(self) -> ChannelFound:
        """The Page as a channel."""
        return ChannelFound(
            remote_id=self.id,
            title=self.name,
            url=self.link,
            speaks_as=self.name,
            capabilities=self.capabilities,
            limits=LIMITS,
        )

    def _missing(self, scopes: tuple[str, ...], task: str) -> list[str]:
        lacking = [scope for scope in scopes if self.scopes and scope not in self.scopes]
        return lacking + ([f"the task {task}"] if self.tasks and task not in self.tasks else [])


def scopes_for(page: str, told: Mapping[str, Any]) -> frozenset[str]:
    """The permissions that a token has on this Page: some are granted for other Pages only."""
    scopes = {str(scope) for scope in told.get("scopes") or ()}
    granular = told.get("granular_scopes")
    for grant in granular if isinstance(granular, list) else ():
        if not isinstance(grant, Mapping):
            continue
        scope, targets = str(grant.get("scope")), grant.get("target_ids")
        everywhere = not isinstance(targets, list) or scope == "business_management"
        if everywhere or page in map(str, targets or ()):
            scopes.add(scope)
        else:
            scopes.discard(scope)
    return frozenset(scopes)
