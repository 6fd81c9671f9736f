"""Who is signed in, their pages, other members, notifications, uploads."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from inbox.practice.linkedin.entities import Organization, Upload
from inbox.practice.linkedin.wire import Answer, ApiError, Call, invalid, not_found, not_yours, paged, unresolved

RETENTION = timedelta(days=60)
ACTIONS = {"LIKE", "COMMENT", "SHARE", "SHARE_MENTION", "ADMIN_COMMENT", "COMMENT_EDIT", "COMMENT_DELETE"}


def me(call: Call) -> Answer:
    call.need("r_basicprofile", resource="me.GET.NO_VERSION")
    return Answer(
        body={"id": call.me.id, "localizedFirstName": call.me.first, "localizedLastName": call.me.last}
    )  # fmt: skip


def acls(call: Call) -> Answer:
    """q=roleAssignee: the pages that whoever calls has a role at."""
    call.need("rw_organization_admin", "r_organization_admin", resource="organizationAcls.FINDER-roleAssignee")
    if call.text("q") != "roleAssignee":
        raise unresolved()
    rows = []
    for page in call.network.organizations.values():
        role, state = page.roles.get(call.me.urn, ("", ""))
        wanted = call.text("state") in ("", state) and call.text("role") in ("", role)
        if role and wanted:
            one = {"roleAssignee": call.me.urn, "state": state, "role": role, "organization": page.urn}
            rows.append({**one, "organizationTarget": page.urn})
    return paged(call, rows)


def organization(call: Call) -> Answer:
    page = call.network.organizations.get(f"urn:li:organization:{call.keys[0]}")
    if page is None:
        raise not_found("Organization")
    if page.roles.get(call.me.urn, ("", ""))[1] == "REVOKED":
        raise ApiError(403, "ADMIN_ONLY VisibilityReduction", "ACCESS_DENIED")
    return Answer(body=_page_json(page))


def organizations(call: Call) -> Answer:
    """By id: Standard tier only."""
    app = call.network.apps.get(call.token.client_id)
    if app is None or app.tier == "development":
        raise ApiError(403, "Not enough permissions to access: organizations.BATCH_GET", "ACCESS_DENIED", 100)
    ids = [str(i) for i in call.params.get("ids") or ()]
    found = {i: call.network.organizations.get(f"urn:li:organization:{i}") for i in ids}
    return Answer(
        body={
            "results": {i: _page_json(page) for i, page in found.items() if page},
            "statuses": {i: 200 if page else 404 for i, page in found.items()},
            "errors": {},
        }
    )


def person(call: Call) -> Answer:
    """A member's name, unless they are private."""
    key = call.keys[0] if isinstance(call.keys[0], dict) else {}
    found = call.network.members.get(f"urn:li:person:{key.get('id')}")
    if found is None or found.private:
        raise not_found("Person")
    return Answer(
        body={
            "id": found.id, "localizedFirstName": found.first, "localizedLastName": found.last,
            "localizedHeadline": found.headline, "vanityName": found.vanity,
        }
    )  # fmt: skip


def notifications(call: Call) -> Answer:
    """q=criteria: of the last 60 days."""
    call.need("rw_organization_admin", resource="organizationalEntityNotifications.FINDER-criteria")
    page = call.text("organizationalEntity")
    if call.text("q") != "criteria" or not page:
        raise unresolved()
    if call.role(page) != "ADMINISTRATOR":
        raise not_yours(page)
    actions = call.params.get("actions")
    if not isinstance(actions, list) or not set(actions) <= ACTIONS:
        raise unresolved()
    span = call.params.get("timeRange")
    if span is not None and (call.network.no_ranges or not isinstance(span, dict)):
        raise invalid("Invalid query parameters passed to request")
    start = _moment(span, "start") or datetime.min.replace(tzinfo=UTC)
    end = _moment(span, "end") or datetime.max.replace(tzinfo=UTC)
    source, since = call.text("sourcePost"), call.network.now() - RETENTION
    rows = [
        n for n in call.network.notifications
        if n.organization == page and (n.action in actions or n.action not in ACTIONS) and n.at >= since
        and start <= n.at <= end and source in ("", n.source)
    ]  # fmt: skip
    rows.sort(key=lambda n: (n.at, n.id), reverse=True)
    if call.network.shuffled:
        random.Random(7).shuffle(rows)
    return paged(call, rows, lambda notice: notice.body)


def begin_upload(call: Call) -> Answer:
    """action=initializeUpload, for images and documents."""
    call.need("w_organization_social", resource=f"{call.path}.ACTION-initializeUpload")
    if call.text("action") != "initializeUpload":
        raise unresolved()
    owner = call.speak_as((call.body().get("initializeUploadRequest") or {}).get("owner"))
    kind = "document" if "/documents" in call.path else "image"
    urn = f"urn:li:{kind}:D4E10AQ{call.network.number()}"
    call.network.uploads[urn] = Upload(urn=urn, owner=owner)
    expires = int((call.network.now() + timedelta(days=1)).timestamp() * 1000)
    value: dict[str, Any] = {"uploadUrlExpiresAt": expires, "uploadUrl": f"{call.home}/uploads/{urn}", kind: urn}
    return Answer(body={"value": value})


def upload_state(call: Call) -> Answer:
    upload = call.network.uploads.get(str(call.keys[0]))
    if upload is None:
        raise not_found("Image")
    upload.asked += 1
    state = "WAITING_UPLOAD"
    if upload.failed:
        state = "PROCESSING_FAILED"
    elif upload.body:
        state = "AVAILABLE" if upload.asked >= call.network.upload_waits else "PROCESSING"
    return Answer(body={"id": upload.urn, "owner": upload.owner, "status": state})


def _page_json(page: Organization) -> dict[str, Any]:
    return {"id": int(page.id), "localizedName": page.name, "vanityName": page.vanity}


def _moment(span: Any, name: str) -> datetime | None:
    words = span.get(name) if isinstance(span, dict) else None
    return datetime.fromtimestamp(int(words) / 1000, UTC) if isinstance(words, str) and words.isdigit() else None
