"""Comm Cloud v2: statistics as JSON, in pages of twenty, under a numeric account id and a token of their own."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from inbox.practice.govdelivery.agency import Agency, Bulletin

PAGE = 20


def answer(agency: Agency, path: str, query: Mapping[str, str], token: str) -> tuple[int, str]:
    """Status and JSON for a path below ``/api/v2/``."""
    if token not in agency.tokens:
        return 401, json.dumps({"error": "Unauthorized"})
    found = re.fullmatch(r"accounts/(\d+)/reports/(.*)", path)
    if found is None or int(found[1]) != agency.number:
        return 404, json.dumps({"error": "Not found"})
    rest = found[2]
    if rest == "bulletins":
        since, until = _span(agency, query)
        number = max(int(query.get("page", "1") or 1), 1)
        sent = sorted(
            (b for b in agency.bulletins.values() if b.sent_at is not None and since <= b.sent_at <= until),
            key=lambda b: b.id, reverse=True,
        )  # fmt: skip
        shown = sent[(number - 1) * PAGE : number * PAGE]
        return 200, _written({"bulletin_activity_details": [_line(agency, b, whole=False) for b in shown]})
    one = re.fullmatch(r"bulletins/(\d+)", rest)
    if one and (bulletin := agency.bulletins.get(int(one[1]))) is not None and bulletin.sent_at is not None:
        return 200, _written(_line(agency, bulletin, whole=True))
    if rest == "topics":
        return 200, _written({"topic_details": [_topic(agency, n, code) for n, code in enumerate(agency.topics)]})
    return 404, json.dumps({"error": "Not found"})


def _span(agency: Agency, query: Mapping[str, str]) -> tuple[datetime, datetime]:
    now = agency.clock.now()
    try:
        if "start_date" in query:
            start = datetime.fromisoformat(query["start_date"]).replace(tzinfo=UTC)
            end = datetime.fromisoformat(query.get("end_date", query["start_date"])).replace(tzinfo=UTC)
            return start, end + timedelta(days=1)
        return now - timedelta(days=int(query.get("days") or 30 * int(query.get("months", "1")))), now
    except ValueError:
        return now, now


def _line(agency: Agency, bulletin: Bulletin, *, whole: bool) -> dict[str, Any]:
    many = len(bulletin.recipients)
    line: dict[str, Any] = {
        "created_at": _moment(bulletin.sent_at or bulletin.created_at), "subject": bulletin.subject,
        "delivery_status_name": "Delivered", "addresses_count": many, "success_count": many, "failed_count": 0,
        "immediate_email_recipients": many, "emails_delivered": many, "emails_failed": 0,
        "opens_count": bulletin.opens, "nonunique_opens_count": bulletin.all_opens, "links_count": 0,
        "clicks_count": bulletin.clicks, "nonunique_clicks_count": bulletin.all_clicks,
        "sender_email": agency.from_address, "digest_email_recipients": 0, "wireless_recipients": 0,
        "wireless_delivered": 0, "wireless_failed_count": 0, "bulletin_visibility?": "Public",
        "publish_to_facebook": "No", "publish_to_twitter": "No", "publish_to_rss?": "No", "wireless_unique_clicks": 0,
        "wireless_nonunique_clicks": 0, "facebook_nonunique_clicks": 0, "twitter_nonunique_clicks": 0,
    }  # fmt: skip
    if whole:
        line |= {
            "to_text": "Subscribers of " + ", ".join(agency.topics[c].name for c in bulletin.topics),
            "percent_success": _percent(many, many),
            "percent_emails_delivered": _percent(many, many),
            "percent_opened": _percent(bulletin.opens, many),
            "click_rate": _percent(bulletin.clicks, many),
            "facebook_name": "",
            "twitter_account": "",
        }
    return line | {
        "_links": {
            "self": {"href": f"/api/v2/accounts/{agency.number}/reports/bulletins/{bulletin.id}"},
            "topics": {"href": f"/api/v2/bulletins/{bulletin.id}/topics"},
        }
    }


def _topic(agency: Agency, number: int, code: str) -> dict[str, Any]:
    topic, subscribed = agency.topics[code], agency.count(code)
    return {
        "name": topic.name, "code": code, "visibility": topic.visibility, "total_subscriptions_to_date": subscribed,
        "new_subscriptions_to_date": subscribed, "new_subscriptions_this_period": 0,
        "deleted_subscriptions_to_date": 0, "deleted_subscriptions_this_period": 0,
        "bulletins_sent_this_period": 0,
        "bulletins_sent_to_date": sum(code in agency.bulletins[i].topics for i in agency.sent_order),
        "_links": {
            "self": {"href": f"/api/v2/accounts/{agency.number}/reports/topics/{10_462 + number}"},
            "topic": {"href": f"/api/v2/topics/{10_462 + number}"},
        },
    }  # fmt: skip


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.18f}" if whole else "0.0"


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
