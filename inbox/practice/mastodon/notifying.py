"""Who is told of what, and what a policy keeps back (mastodon.md section 4, S ``app/services/notify_service.rb``)."""

from __future__ import annotations

from datetime import datetime, timedelta

from inbox.practice.mastodon.entities import Notice, Person, Request, Status, order
from inbox.practice.mastodon.records import Records

GROUPED = ("favourite", "reblog", "follow", "admin.sign_up")
_NEVER_FILTERED = ("admin.sign_up", "admin.report", "poll", "update", "moderation_warning", "severed_relationships")
_NEW_ACCOUNT = timedelta(days=30)


class Notifying(Records):
    """Records that tell people."""

    def notify(
        self,
        person: Person,
        kind: str,
        by: Person,
        status: Status | None = None,
        *,
        report_id: str = "",
        at: datetime | None = None,
    ) -> Notice | None:
        """Tell a local person; ``None`` when they are not told. ``kind`` may be one that nobody has heard of."""
        if person.domain or (person.id == by.id and kind != "poll"):
            return None
        if (person.id, by.id) in self.blocks or self.mutes.get((person.id, by.id)):
            return None
        if status is not None and (person.id, self.thread_root(status)) in self.muted_threads:
            return None
        verdict = self._verdict(person, kind, by, status)
        if verdict == "drop":
            return None
        when = at or self.now()
        notice = Notice(
            id=self.serial("notice"), type=kind, at=when, person_id=person.id, from_id=by.id,
            status_id=status.id if status else "", report_id=report_id, filtered=verdict == "filter",
            held=self.delay_notices,
        )  # fmt: skip
        notice.group_key = self._group_key(notice)
        self.notices[person.id].append(notice)
        self.notice_ids[notice.id] = notice
        if notice.filtered:
            if kind in ("mention", "quote"):
                self._request(person, by, when)
        elif not notice.held:
            self.push(person.id, "notification", {"notice": notice.id})
        return notice

    def _group_key(self, notice: Notice) -> str:
        if notice.type not in GROUPED:
            return f"ungrouped-{notice.id}"
        bucket = int(notice.at.timestamp() // 3600)
        return "-".join(part for part in (notice.type, notice.status_id, str(bucket)) if part)

    def _verdict(self, person: Person, kind: str, by: Person, status: Status | None) -> str:
        """accept, filter or drop."""
        if self.flavour.api_version is None:  # policies came with 4.3
            return "accept"
        if kind in _NEVER_FILTERED or by.staff or (person.id, by.id) in self.permitted:
            return "accept"
        policy = person.policy
        following = (person.id, by.id) in self.follows
        verdicts = []
        if not following:
            verdicts.append(policy.for_not_following)
            if status is not None and status.visibility == "direct" and not self._answers(person, by, status):
                verdicts.append(policy.for_private_mentions)
            if by.limited:
                verdicts.append(policy.for_limited_accounts)
            if by.at > self.now() - _NEW_ACCOUNT:
                verdicts.append(policy.for_new_accounts)
            if by.bot:
                verdicts.append(policy.for_bots)
        if (by.id, person.id) not in self.follows:
            verdicts.append(policy.for_not_followers)
        return "drop" if "drop" in verdicts else "filter" if "filter" in verdicts else "accept"

    def _answers(self, person: Person, by: Person, status: Status) -> bool:
        """Whether ``person`` has written to ``by`` privately above this."""
        above = self.statuses.get(status.parent_id or "")
        while above is not None:
            if above.person_id == person.id and by.id in above.mentions:
                return True
            above = self.statuses.get(above.parent_id or "")
        return False

    def _request(self, person: Person, by: Person, at: datetime) -> None:
        known = self.request_from(person.id, by.id)
        if known is None:
            request_id = self.snowflake(at)
            self.requests[request_id] = Request(
                id=request_id, person_id=person.id, from_id=by.id, at=at, updated_at=at
            )  # fmt: skip
        else:
            known.updated_at = at

    def request_from(self, person_id: str, from_id: str) -> Request | None:
        """The request that keeps this sender's notifications."""
        return next((r for r in self.requests.values() if (r.person_id, r.from_id) == (person_id, from_id)), None)

    def filtered_from(self, person_id: str, from_id: str) -> list[Notice]:
        """What is kept back from one sender, oldest first."""
        return [n for n in self.notices[person_id] if n.filtered and n.from_id == from_id]

    def accept(self, request: Request) -> None:
        """Let this sender through, from now on and for what is kept back (merged after ``merging_s``)."""
        self.permitted.add((request.person_id, request.from_id))
        self.requests.pop(request.id, None)
        due_at = self.now() + timedelta(seconds=self.merging_s)
        self.merging.append((due_at, request.person_id, request.from_id))
        self.merge_due()

    def merge_due(self) -> None:
        """Put accepted notifications into the list; they keep their old ids."""
        waiting = [m for m in self.merging if m[0] > self.now()]
        done = [m for m in self.merging if m[0] <= self.now()]
        self.merging = waiting
        for _, person_id, from_id in done:
            for notice in self.filtered_from(person_id, from_id):
                notice.filtered = False
            if not any(m[1] == person_id for m in waiting):
                self.push(person_id, "notifications_merged", "1")

    def release(self, *notices: Notice) -> None:
        """Make notifications visible that were held (all when none is named): old ids appear below newer ones."""
        for notice in notices or tuple(self.notice_ids.values()):
            if notice.held:
                notice.held = False
                if not notice.filtered:
                    self.push(notice.person_id, "notification", {"notice": notice.id})

    def forget_notices(self, person_id: str, *, status_id: str = "", from_id: str = "") -> None:
        """Delete notifications about a status or from a person, as the server does silently."""

        def goes(notice: Notice) -> bool:
            return bool(status_id and notice.status_id == status_id) or bool(from_id and notice.from_id == from_id)

        for notice in [n for n in self.notices[person_id] if goes(n)]:
            self.drop_notice(notice)

    def drop_notice(self, notice: Notice) -> None:
        """Delete one notification for good."""
        self.notices[notice.person_id].remove(notice)
        self.notice_ids.pop(notice.id, None)
        request = self.request_from(notice.person_id, notice.from_id)
        if notice.filtered and request and not self.filtered_from(notice.person_id, notice.from_id):
            self.requests.pop(request.id, None)

    def newest_notice(self, person_id: str) -> Notice | None:
        """The one with the highest id."""
        return max(self.notices[person_id], key=lambda n: order(n.id), default=None)
