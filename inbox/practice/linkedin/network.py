"""The practice LinkedIn: what stands there, and what members do on it. No HTTP here; ``app`` serves it."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from inbox.clock import Clock
from inbox.practice.linkedin.entities import (
    App,
    Code,
    Comment,
    Member,
    Notification,
    Organization,
    Post,
    Token,
    Upload,
)

SCOPES = (
    "r_basicprofile", "r_organization_social", "r_organization_social_feed", "rw_organization_admin",
    "w_organization_social", "w_organization_social_feed",
)  # fmt: skip
TOKEN_LASTS = timedelta(seconds=5_184_000)
REFRESH_LASTS = timedelta(days=365)


class Network:
    """All of it, in memory.

    ``calls_a_day`` and ``app_calls_a_day``: the Development tier's limits. ``lag_s``: so long a new post or comment is
    not seen in lists; ``statistics_lag_s``: so far statistics lie behind. ``no_ranges``: timeRange is refused.
    ``active``: versions spoken; None: those of the last eleven months, but for the present one.
    ``shuffled``: notifications come in no order at all. ``old_names``: comments bear ``$URN``. ``silent``: no
    notification is written. ``closed``: posts, by URN, whose comments are refused to whoever asks. ``said`` and
    ``posted``: called with what the page itself wrote.
    """

    def __init__(self, clock: Clock, *, seed: int = 1) -> None:
        self.clock = clock
        self.chance = random.Random(seed)
        self.members: dict[str, Member] = {}
        self.organizations: dict[str, Organization] = {}
        self.posts: dict[str, Post] = {}
        self.comments: dict[str, Comment] = {}  # by number
        self._activities: dict[str, Post] = {}
        self._under: dict[str, dict[str, Comment]] = {}  # by activity
        self.notifications: list[Notification] = []
        self.uploads: dict[str, Upload] = {}
        self.tokens: dict[str, Token] = {}
        self.apps: dict[str, App] = {}
        self.codes: dict[str, Code] = {}
        self.active: set[str] | None = None
        self.calls_a_day = 100
        self.app_calls_a_day = 500
        self.most_count = 100
        self.calls: dict[tuple[str, str], int] = {}  # by token or app, and day
        self.lag_s = 0.0
        self.statistics_lag_s = 7200.0
        self.upload_waits = 1
        self.no_ranges = False
        self.shuffled = False
        self.old_names = False
        self.silent = False
        self.closed: set[str] = set()
        self.said: list[Callable[[Comment], None]] = []
        self.posted: list[Callable[[Post], None]] = []
        self._last = 0
        self._notice = 5_603_453_217

    def now(self) -> datetime:
        return self.clock.now()

    def speaks(self, version: str) -> bool:
        """Whether this version is active today."""
        if self.active is not None:
            return version in self.active
        if len(version) != 6 or not version.isdigit() or not 1 <= int(version[4:]) <= 12:
            return False
        now = self.now()
        return 1 <= (now.year - int(version[:4])) * 12 + now.month - int(version[4:]) <= 11

    def number(self, at: datetime | None = None) -> str:
        """A new id, which holds the time as LinkedIn's do."""
        milliseconds = int((at or self.now()).timestamp() * 1000)
        self._last += 1
        return str((milliseconds << 22) + self._last % (1 << 22))

    # --- who is there ---

    def add_member(self, first: str, last: str = "", *, private: bool = False, headline: str = "") -> Member:
        number = f"m{len(self.members):06d}A"
        member = Member(
            id=number, first=first, last=last, headline=headline, vanity=f"{first}-{number}".lower(), private=private
        )
        self.members[member.urn] = member
        return member

    def add_organization(self, name: str, vanity: str = "") -> Organization:
        number = str(2_414_183 + 7 * len(self.organizations))
        made = Organization(id=number, name=name, vanity=vanity or name.lower().replace(" ", "-"))
        self.organizations[made.urn] = made
        return made

    def appoint(self, member: Member, page: Organization, role: str = "ADMINISTRATOR", state: str = "APPROVED") -> None:
        page.roles[member.urn] = (role, state)

    def add_app(self, client_id: str = "77postroom", **how: Any) -> App:
        how.setdefault("redirects", ("http://localhost:3000/callback", "http://localhost:3017/callback"))
        self.apps[client_id] = App(client_id=client_id, client_secret=how.pop("client_secret", "s3cret=="), **how)
        return self.apps[client_id]

    def token_for(self, member: Member, scopes: tuple[str, ...] = SCOPES, client_id: str = "77postroom") -> str:
        """A token as the developer portal makes it."""
        secret = f"AQV{self.chance.getrandbits(160):040x}"
        now = self.now()
        self.tokens[secret] = Token(
            secret=secret, member=member.urn, client_id=client_id, scopes=scopes, created_at=now,
            expires_at=now + TOKEN_LASTS,
        )  # fmt: skip
        return secret

    # --- what happens ---

    def publish(
        self, author: str, commentary: str, *, at: datetime | None = None, kind: str = "share", **how: Any
    ) -> Post:
        """A post by anybody. ``commentary`` is little text already."""
        now = at or self.now()
        number = self.number(now)
        post = Post(
            urn=f"urn:li:{kind}:{number}", activity=f"urn:li:activity:{self.number(now)}", author=author,
            commentary=commentary, at=now, changed_at=now,
            visible_at=now + timedelta(seconds=self.lag_s) if at is None else now, **how,
        )  # fmt: skip
        self.posts[post.urn] = self._activities[post.activity] = post
        return post

    def comment(
        self, actor: str, post: Post, text: str, *, to: Comment | None = None, at: datetime | None = None,
        impersonator: str = "", key: str = "",
    ) -> Comment:  # fmt: skip
        """Somebody comments, or answers a comment (of the first level, where all answers stand)."""
        now = at or self.now()
        parent = to.parent or to.id if to is not None else ""
        made = Comment(
            id=self.number(now), activity=post.activity, actor=actor, text=text, at=now, changed_at=now,
            impersonator=impersonator, parent=parent, key=key,
            visible_at=now + timedelta(seconds=self.lag_s) if at is None else now,
        )  # fmt: skip
        self.comments[made.id] = self._under.setdefault(made.activity, {})[made.id] = made
        self._tell("ADMIN_COMMENT" if actor == post.author else "COMMENT", post, comment=made, at=now)
        return made

    def edit_comment(self, comment: Comment, text: str) -> None:
        comment.text, comment.changed_at = text, self.now()
        self._tell("COMMENT_EDIT", self.post_of(comment), comment=comment)

    def remove_comment(self, comment: Comment) -> None:
        """It goes with what answers it."""
        for one in [comment, *self.answers(comment)]:
            if self.comments.pop(one.id, None) is not None:
                del self._under[one.activity][one.id]
                self._tell("COMMENT_DELETE", self.post_of(one), comment=one, gone=True)

    def share(self, member: Member, post: Post, text: str, *, at: datetime | None = None) -> Post:
        made = self.publish(member.urn, text, at=at, reshares=post.urn)
        self._tell("SHARE", post, share=made, at=at)
        return made

    def mention(self, member: Member, page: Organization, text: str, *, at: datetime | None = None) -> Post:
        """A member's own post that names the page."""
        made = self.publish(member.urn, text, at=at)
        self._tell("SHARE_MENTION", made, share=made, at=at, page=page.urn)
        return made

    def like(self, member: Member, post: Post, *, at: datetime | None = None) -> None:
        post.likes[member.urn] = "LIKE"
        self._tell("LIKE", post, at=at)

    def remove_post(self, post: Post) -> None:
        self.posts.pop(post.urn, None)
        self._activities.pop(post.activity, None)
        for comment in self._under.pop(post.activity, {}).values():
            del self.comments[comment.id]

    # --- looking up ---

    def post(self, urn: str) -> Post | None:
        """By share, ugcPost or activity."""
        return self.posts.get(urn) or self._activities.get(urn)

    def post_of(self, comment: Comment) -> Post | None:
        return self.post(comment.activity)

    def below(self, post: Post, parent: str = "") -> list[Comment]:
        """One level of comments, as far as lists show them already."""
        now = self.now()
        return [
            c for c in self.under(post) if c.parent == parent and (c.visible_at or c.at) <= now
        ]  # fmt: skip

    def under(self, post: Post) -> list[Comment]:
        """All comments below a post."""
        return list(self._under.get(post.activity, {}).values())

    def answers(self, comment: Comment) -> list[Comment]:
        return [c for c in self._under.get(comment.activity, {}).values() if c.parent == comment.id]

    def _tell(
        self, action: str, post: Post | None, *, comment: Comment | None = None, share: Post | None = None,
        at: datetime | None = None, page: str = "", gone: bool = False,
    ) -> None:  # fmt: skip
        """Write the notification, in the shape that was recorded; nothing for posts that are not public."""
        if post is None or self.silent or post.visibility != "PUBLIC":
            return
        whose = page or post.author
        if whose not in self.organizations:
            return
        now = at or self.now()
        self._notice += 1 + self.chance.randrange(100)
        number = self._notice if action != "LIKE" else -self._notice
        body: dict[str, Any] = {
            "subscriber": next(iter(self.organizations[whose].roles), ""),
            "lastModifiedAt": int(now.timestamp() * 1000),
            "decoratedSourcePost": {
                "owner": post.author, "mediaCategory": "NONE", "text": post.commentary, "entity": post.urn,
            },
            "sourcePost": post.activity,
            "action": action,
            "notificationId": number,
            "organizationalEntity": whose,
        }  # fmt: skip
        if comment is not None:
            short = comment.activity.removeprefix("urn:li:")
            body["generatedActivity"] = f"urn:li:comment:({short},{comment.id})"
            if not gone:
                body["decoratedGeneratedActivity"] = {
                    "comment": {
                        "owner": comment.actor, "text": comment.text, "entity": comment.urn, "object": comment.activity,
                    }
                }  # fmt: skip
        if share is not None:
            body["generatedActivity"] = share.urn
            body["decoratedGeneratedActivity"] = {
                "share": {
                    "owner": share.author, "mediaCategory": "NONE", "text": share.commentary, "entity": share.urn,
                }
            }  # fmt: skip
        made = Notification(id=number, organization=whose, action=action, at=now, source=post.activity, body=body)
        self.notifications.append(made)

    def tell_unknown(self, page: Organization, action: str = "HOLOGRAM") -> Notification:
        """A notification of a kind that nobody has heard of."""
        self._notice += 1
        at = self.now()
        body = {
            "notificationId": self._notice, "action": action, "organizationalEntity": page.urn,
            "lastModifiedAt": int(at.timestamp() * 1000), "generatedActivity": "urn:li:hologram:9",
        }  # fmt: skip
        made = Notification(
            id=self._notice, organization=page.urn, action=action, at=at, source="", body=body
        )  # fmt: skip
        self.notifications.append(made)
        return made
