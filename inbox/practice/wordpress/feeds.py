"""The public comment feeds: newest ten approved, with ETag and 304 (wordpress.md section 10)."""

from __future__ import annotations

import hashlib
from datetime import datetime
from email.utils import format_datetime
from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import Response

from inbox.practice.blog import Blog, Comment
from inbox.practice.wordpress import text
from inbox.practice.wordpress.comment_json import comment_link, stored
from inbox.practice.wordpress.post_json import link_of
from inbox.practice.wordpress.public import viewer
from inbox.practice.wordpress.wire import Call


def _newest(blog: Blog) -> list[Comment]:
    public = {p.id for p in blog.posts.values() if p.status == "publish"}
    shown = [c for c in blog.comments.values() if c.status == "approved" and c.post_id in public]
    return sorted(shown, key=lambda c: (c.at, c.id), reverse=True)[:10]


def _changed_at(blog: Blog) -> datetime:
    times = [c.at for c in blog.comments.values() if c.status == "approved"]
    times += [p.modified_at for p in blog.posts.values() if p.status == "publish"]
    return max(times, default=blog.now())


def cdata(words: str) -> str:
    """Text inside CDATA, whatever it holds."""
    return f"<![CDATA[{words.replace(']]>', ']]]]><![CDATA[>')}]]>"


def _title(blog: Blog, comment: Comment) -> str:
    return escape(f"Comment on {blog.posts[comment.post_id].title} by {comment.name}")


def _response(blog: Blog, request: Request, body: str, kind: str) -> Response:
    changed_at = _changed_at(blog)
    headers = {
        "Last-Modified": format_datetime(changed_at, usegmt=True),
        "ETag": f'"{hashlib.md5(changed_at.isoformat().encode(), usedforsecurity=False).hexdigest()}"',
    }
    asked = request.headers.get("if-none-match")
    if asked == headers["ETag"] or (
        asked is None and request.headers.get("if-modified-since") == headers["Last-Modified"]
    ):
        return Response(status_code=304, headers={**headers, "Content-Type": f"{kind}; charset=UTF-8"})
    headers["Link"] = f'<{viewer(blog, request).rest()}>; rel="https://api.w.org/"'
    return Response(body, media_type=f"{kind}; charset=UTF-8", headers=headers)


def rss(blog: Blog, request: Request) -> Response:
    """RSS 2."""
    call = viewer(blog, request)
    items = "".join(_rss_item(call, c) for c in _newest(blog))
    body = (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom" '
        'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">\n<channel>\n'
        f"<title>\n\tComments for {escape(blog.title)}\t</title>\n"
        f'<atom:link href="{escape(call.home)}/comments/feed/" rel="self" type="application/rss+xml" />\n'
        f"<link>{escape(call.home)}</link>\n<description>{escape(blog.tagline)}</description>\n"
        f"<lastBuildDate>{format_datetime(_changed_at(blog))}</lastBuildDate>\n"
        "<sy:updatePeriod>\n\thourly\t</sy:updatePeriod>\n<sy:updateFrequency>\n\t1\t</sy:updateFrequency>\n"
        f"<generator>https://wordpress.org/?v=6.5.5</generator>\n{items}</channel>\n</rss>\n"
    )
    return _response(blog, request, body, "application/rss+xml")


def _rss_item(call: Call, comment: Comment) -> str:
    link, raw = escape(comment_link(call, comment)), stored(comment)
    return (
        f"<item>\n<title>\n\t\t{_title(call.blog, comment)}\t\t</title>\n<link>{link}</link>\n"
        f"<dc:creator>{cdata(comment.name)}</dc:creator>\n<pubDate>{format_datetime(comment.at)}</pubDate>\n"
        f'<guid isPermaLink="false">{link}</guid>\n<description>{cdata(text.plain(raw))}</description>\n'
        f"<content:encoded>{cdata(text.comment_html(raw))}</content:encoded>\n</item>\n"
    )


def atom(blog: Blog, request: Request) -> Response:
    """Atom, with ``thr:in-reply-to``."""
    call = viewer(blog, request)
    entries = "".join(_atom_entry(call, c) for c in _newest(blog))
    body = (
        '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en-US" '
        'xmlns:thr="http://purl.org/syndication/thread/1.0">\n'
        f'<title type="text">Comments for {escape(blog.title)}</title>\n'
        f'<subtitle type="text">{escape(blog.tagline)}</subtitle>\n'
        f"<updated>{_changed_at(blog):%Y-%m-%dT%H:%M:%SZ}</updated>\n"
        f'<link rel="alternate" type="text/html" href="{escape(call.home)}" />\n'
        f'<link rel="self" type="application/atom+xml" href="{escape(call.home)}/comments/feed/atom/" />\n'
        f"<id>{escape(call.home)}/comments/feed/atom/</id>\n{entries}</feed>\n"
    )
    return _response(blog, request, body, "application/atom+xml")


def _atom_entry(call: Call, comment: Comment) -> str:
    link, at = escape(comment_link(call, comment)), f"{comment.at:%Y-%m-%dT%H:%M:%SZ}"
    parent = call.blog.comments.get(comment.parent_id)
    above = escape(comment_link(call, parent) if parent else link_of(call, call.blog.posts[comment.post_id]))
    return (
        f"<entry>\n<title>\n\t\t{_title(call.blog, comment)}\t\t</title>\n"
        f'<link rel="alternate" href="{link}" type="text/html" />\n'
        f"<author>\n<name>{escape(comment.name)}</name>\n</author>\n"
        f"<id>{link}</id>\n<updated>{at}</updated>\n<published>{at}</published>\n"
        f'<content type="html" xml:base="{link}">{cdata(text.comment_html(stored(comment)))}</content>\n'
        f'<thr:in-reply-to ref="{above}" href="{above}" type="text/html" />\n</entry>\n'
    )
