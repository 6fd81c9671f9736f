"""The corporate news feed's items."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from inbox.practice.story.scene import News


@dataclass(kw_only=True, slots=True)
class NewsItem:
    """One item of the corporate news feed. ``updated_at`` moves when a correction is made."""

    key: str
    title: str
    summary: str
    paragraphs: tuple[str, ...]
    category: str
    at: datetime
    updated_at: datetime


def news_item(news: News, at: datetime) -> NewsItem:
    """The item as it stands in the feed since ``at``."""
    return NewsItem(
        key=news.key, title=news.title, summary=news.summary, paragraphs=news.paragraphs, category=news.category,
        at=at, updated_at=at,
    )  # fmt: skip
