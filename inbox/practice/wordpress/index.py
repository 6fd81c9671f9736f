"""The REST root, content types and oEmbed (wordpress.md sections 2 and 9)."""

from __future__ import annotations

import html
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from inbox.practice.blog import Post
from inbox.practice.wordpress import fields, text
from inbox.practice.wordpress.comments_read import CONTEXT
from inbox.practice.wordpress.params import Arg
from inbox.practice.wordpress.post_json import link_of
from inbox.practice.wordpress.wire import CURIES, Answer, Call, RestError

ARGS = {"context": CONTEXT}
OEMBED_ARGS = {"url": Arg(type="string", required=True), "maxwidth": Arg(type="integer", default=600)}
_TYPES = {
    "post": ("Posts", "posts", False, ["category", "post_tag"]),
    "page": ("Pages", "pages", True, []),
    "attachment": ("Media", "media", False, []),
}


def root(call: Call) -> Answer:
    """What the site is and how to sign in. ``_links`` stays whatever ``_fields`` says, as measured."""
    offset = call.blog.now().astimezone(call.blog.zone).utcoffset() or timedelta(0)
    hours = offset.total_seconds() / 3600
    endpoints = {"authorization": f"{call.home}/wp-admin/authorize-application.php"}
    item: dict[str, Any] = {
        "name": call.blog.title,
        "description": call.blog.tagline,
        "url": call.home,
        "home": call.home,
        "gmt_offset": int(hours) if hours.is_integer() else hours,
        "timezone_string": call.blog.zone_name,
        "namespaces": ["oembed/1.0", "wp/v2", "wp-site-health/v1", "wp-block-editor/v1"],
        "authentication": []
        if "no-app-passwords" in call.blog.quirks
        else {"application-passwords": {"endpoints": endpoints}},
        "routes": {
            f"/wp/v2/{name}": {"namespace": "wp/v2", "methods": ["GET", "POST"]}
            for name in ("posts", "pages", "media", "types", "categories", "tags", "users/me", "comments")
        },
        "site_logo": 0,
        "site_icon": 0,
        "site_icon_url": "",
    }
    kept: dict[str, Any] = fields.trimmed(item, fields.wanted(call.query.get("_fields")))
    return Answer(body={**kept, "_links": {"help": [{"href": "https://developer.wordpress.org/rest-api/"}]}})


def type_json(call: Call, slug: str) -> dict[str, Any]:
    """One content type."""
    name, base, hierarchical, taxonomies = _TYPES[slug]
    return {
        "description": "",
        "hierarchical": hierarchical,
        "name": name,
        "slug": slug,
        "icon": f"dashicons-admin-{slug}",
        "has_archive": False,
        "taxonomies": taxonomies,
        "rest_base": base,
        "rest_namespace": "wp/v2",
        "_links": {
            "collection": [{"href": call.rest("wp/v2/types")}],
            "wp:items": [{"href": call.rest(f"wp/v2/{base}")}],
            **CURIES,
        },
    }


def types(call: Call) -> Answer:
    """All content types by slug."""
    return Answer(body={slug: type_json(call, slug) for slug in _TYPES})


def one_type(call: Call) -> Answer:
    """One content type by slug."""
    if call.ids["slug"] not in _TYPES:
        raise RestError(404, "rest_type_invalid", "Invalid post type.")
    return Answer(body=type_json(call, call.ids["slug"]))


def post_at(call: Call, url: str) -> Post | None:
    """The published post behind an address, pretty or ``?p=ID``."""
    query = parse_qs(urlsplit(url).query)
    asked = (query.get("p") or query.get("page_id") or [""])[0]
    for post in call.blog.posts.values():
        if post.status == "publish" and (str(post.id) == asked or link_of(call, post) == url.partition("#")[0]):
            return post
    return None


def oembed(call: Call) -> Answer:
    """Title, author and picture of one of our posts, for link previews."""
    post = post_at(call, call.get("url"))
    if post is None:
        raise RestError(404, "oembed_invalid_url", "Not Found")
    link, author = link_of(call, post), call.blog.users[post.author_id]
    shown = text.texturized(post.title)
    body: dict[str, Any] = {
        "version": "1.0",
        "provider_name": call.blog.title,
        "provider_url": call.home,
        "author_name": author.name,
        "author_url": f"{call.home}/author/{author.login}/",
        "title": post.title,
        "type": "rich",
        "width": 600,
        "height": 338,
        "html": f'<blockquote class="wp-embedded-content"><a href="{html.escape(link)}">{shown}</a></blockquote>',
    }
    picture = call.blog.pictures.get(post.featured_media)
    if picture is not None:
        body |= {
            "thumbnail_url": f"{call.home}/wp-content/uploads/{picture.file}",
            "thumbnail_width": picture.width,
            "thumbnail_height": picture.height,
        }
    return Answer(body=body)
