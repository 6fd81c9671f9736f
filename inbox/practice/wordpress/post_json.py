"""A post or page as REST shows it (recordings ``post-publish.json``, ``post-draft.json``)."""

from __future__ import annotations

from typing import Any

from inbox.practice.blog import Blog, Post
from inbox.practice.wordpress import fields, text
from inbox.practice.wordpress.wire import CURIES, Call, gmt

_EDIT_ONLY = (
    "password", "title.raw", "content.raw", "content.block_version", "excerpt.raw", "guid.raw", "permalink_template",
    "generated_slug",
)  # fmt: skip
_NOT_EMBEDDED = (
    *_EDIT_ONLY, "date_gmt", "guid", "modified", "modified_gmt", "status", "content", "comment_status", "ping_status",
    "sticky", "template", "format", "meta", "categories", "tags", "parent", "menu_order",
)  # fmt: skip


def link_of(call: Call, post: Post) -> str:
    """Where the public finds it: pretty when published, ``?p=ID`` before, and always under plain permalinks."""
    if post.status not in ("publish", "private") or "plain-permalinks" in call.blog.quirks:
        return f"{call.home}/?{'p' if post.type == 'post' else 'page_id'}={post.id}"
    return pattern(call, post).replace("%postname%", post.slug).replace("%pagename%", post.slug)


def pattern(call: Call, post: Post) -> str:
    """The address with its slug left open."""
    if post.type == "page":
        return f"{call.home}/%pagename%/"
    return f"{call.home}/{post.at.astimezone(call.blog.zone):%Y/%m}/%postname%/"


def unique_slug(blog: Blog, slug: str, post: Post) -> str:
    """The slug, numbered when another of the type has it."""
    taken = {p.slug for p in blog.posts.values() if p.type == post.type and p.id != post.id}
    number, wanted = 2, slug
    while wanted in taken:
        wanted, number = f"{slug}-{number}", number + 1
    return wanted


def post_json(call: Call, post: Post, context: str) -> dict[str, Any]:
    """The post for ``context`` view, edit or embed, with its links."""
    address = link_of(call, post)
    item: dict[str, Any] = {
        "id": post.id,
        "date": call.local(post.at),
        "date_gmt": gmt(post.at),
        "guid": {"rendered": f"{call.home}/?p={post.id}", "raw": f"{call.home}/?p={post.id}"},
        "modified": call.local(post.modified_at),
        "modified_gmt": gmt(post.modified_at),
        "password": "",
        "slug": post.slug,
        "status": post.status,
        "type": post.type,
        "link": address,
        "title": {"raw": post.title, "rendered": text.texturized(post.title)},
        "content": {
            "raw": post.content,
            "rendered": text.post_html(post.content),
            "protected": False,
            "block_version": 1 if text.has_blocks(post.content) else 0,
        },
        "excerpt": {
            "raw": post.excerpt,
            "rendered": text.excerpt_html(post.excerpt, post.content),
            "protected": False,
        },
        "author": post.author_id,
        "featured_media": post.featured_media,
        "comment_status": post.comment_status,
        "ping_status": post.ping_status,
        "sticky": post.sticky,
        "template": "",
        "format": "standard",
        "meta": [],
        "categories": list(post.categories),
        "tags": list(post.tags),
        "permalink_template": pattern(call, post),
        "generated_slug": unique_slug(call.blog, text.slug_of(post.title), post),
        "_links": _links(call, post, context),
    }
    if post.type == "page":
        fields.without(item, ("sticky", "format", "categories", "tags"))
        item |= {"parent": post.parent_id, "menu_order": 0}
    if context == "edit":
        return item
    return fields.without(item, _NOT_EMBEDDED if context == "embed" else _EDIT_ONLY)


def _links(call: Call, post: Post, context: str) -> dict[str, list[dict[str, Any]]]:
    base = call.rest(f"wp/v2/{post.type}s/{post.id}")
    links: dict[str, list[dict[str, Any]]] = {
        "self": [{"href": base}],
        "collection": [{"href": call.rest(f"wp/v2/{post.type}s")}],
        "about": [{"href": call.rest(f"wp/v2/types/{post.type}")}],
        "author": [{"embeddable": True, "href": call.rest(f"wp/v2/users/{post.author_id}")}],
        "replies": [{"embeddable": True, "href": call.rest("wp/v2/comments", f"post={post.id}")}],
        "version-history": [{"count": len(post.revisions), "href": f"{base}/revisions"}],
    }
    if post.revisions:
        newest = post.revisions[-1]
        links["predecessor-version"] = [{"id": newest, "href": f"{base}/revisions/{newest}"}]
    if post.featured_media:
        address = call.rest(f"wp/v2/media/{post.featured_media}")
        links["wp:featuredmedia"] = [{"embeddable": True, "href": address}]
    links["wp:attachment"] = [{"href": call.rest("wp/v2/media", f"parent={post.id}")}]
    if post.type == "post":
        links["wp:term"] = [
            {"taxonomy": taxonomy, "embeddable": True, "href": call.rest(f"wp/v2/{base}", f"post={post.id}")}
            for taxonomy, base in (("category", "categories"), ("post_tag", "tags"))
        ]
    if context == "edit":
        actions = ["publish", "unfiltered-html"]
        if post.type == "post":
            actions += ["sticky", "assign-author", "create-categories", "assign-categories", "create-tags"]
            actions += ["assign-tags"]
        else:
            actions += ["assign-author"]
        links |= {f"wp:action-{action}": [{"href": base}] for action in actions}
    return links | CURIES
