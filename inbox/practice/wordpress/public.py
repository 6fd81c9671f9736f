"""Pages to look at in a browser, and the form a visitor comments with. Minimal, readable, no scripts."""

from __future__ import annotations

import hashlib
from html import escape
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from inbox.practice.blog import Blog, Comment, Post
from inbox.practice.wordpress import text
from inbox.practice.wordpress.comment_json import comment_link, stored
from inbox.practice.wordpress.comments_write import refuse_repeats
from inbox.practice.wordpress.post_json import link_of
from inbox.practice.wordpress.wire import Call, RestError

_STYLE = (
    "body{font:17px/1.55 system-ui,sans-serif;max-width:42rem;margin:2rem auto;padding:0 1rem;color:#1c2733}"
    "header{border-bottom:4px solid #1d5a7a;margin-bottom:1.5rem}a{color:#1d5a7a}"
    "article,form{margin:0 0 2rem}.c{border-left:3px solid #c9d6de;padding:0 0 0 1rem;margin:1rem 0}"
    ".c .c{margin-left:.5rem}.w{color:#5a6b78;font-size:.85rem}input,textarea{font:inherit;width:100%;margin:.2rem 0}"
    ".p{background:#fff3c4;padding:.4rem .8rem}button{font:inherit;padding:.4rem 1rem}code{font-size:1.2rem}"
)
# Comments may hold scripts, as on a real blog; here they must never run.
_POLICY = "default-src 'self'; style-src 'unsafe-inline'; script-src 'none'; img-src 'self'"


def home_of(blog: Blog, request: Request) -> str:
    """The address of the site, without a slash at its end."""
    return blog.address or f"{request.url.scheme}://{request.url.netloc}{request.scope.get('root_path', '')}"


def viewer(blog: Blog, request: Request) -> Call:
    """A visitor's view of the blog, for addresses and times."""
    return Call(
        blog=blog, home=home_of(blog, request), method="GET", path="", headers=request.headers, user=None
    )  # fmt: skip


def page(
    blog: Blog,
    title: str,
    body: str,
    *,
    call: Call | None = None,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    """A whole HTML page; with ``call`` it says where the REST API is."""
    links, extra = "", {"Content-Security-Policy": _POLICY, **(headers or {})}
    if call is not None:
        feed = f"{call.home}/comments/feed/"
        links = (
            f'<link rel="alternate" type="application/rss+xml" title="{escape(blog.title)} &raquo; Comments Feed" '
            f'href="{escape(feed)}" />\n'
        )
        if "no-rest-link" not in blog.quirks:
            extra["Link"] = f'<{call.rest()}>; rel="https://api.w.org/"'
            links += f'<link rel="https://api.w.org/" href="{escape(call.rest())}" />'
    html = (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="UTF-8" /><title>{escape(title)}</title>\n{links}'
        f"<style>{_STYLE}</style></head><body><p class=p>Practice: nothing here is real.</p>"
        f'<header><h1><a href="/">{escape(blog.title)}</a></h1><p>{escape(blog.tagline)}</p></header>'
        f"{body}</body></html>"
    )
    return Response(html, status_code=status, media_type="text/html; charset=UTF-8", headers=extra)


def not_found(blog: Blog, request: Request) -> Response:
    """The theme's own 404, which names the REST API, too."""
    call = None if "plain-permalinks" in blog.quirks else viewer(blog, request)
    headers = {"Cache-Control": "no-cache, must-revalidate, max-age=0"}
    return page(blog, "Nothing here", "<p>That page can’t be found.</p>", call=call, status=404, headers=headers)


def front_page(blog: Blog, request: Request) -> Response:
    """Published posts, newest first; ``?p=ID`` redirects to the post."""
    call = viewer(blog, request)
    asked = request.query_params.get("p") or request.query_params.get("page_id")
    if asked is not None:
        post = blog.posts.get(int(asked)) if asked.isdigit() else None
        if post is None or post.status != "publish":
            return not_found(blog, request)
        link = link_of(call, post)
        return one_page(blog, call, post) if urlsplit(link).query else RedirectResponse(link, 301)
    posts = sorted((p for p in blog.posts.values() if p.status == "publish" and p.type == "post"), key=_newest)
    rows = [
        f'<article><h2><a href="{escape(link_of(call, p))}">{text.texturized(p.title)}</a></h2>'
        f"<p class=w>{p.at.astimezone(blog.zone):%d %B %Y}, {_count(blog, p)} comments</p>"
        f"{text.excerpt_html(p.excerpt, p.content)}</article>"
        for p in posts
    ]
    return page(blog, blog.title, "".join(rows), call=call)


def _newest(post: Post) -> tuple[float, int]:
    return -post.at.timestamp(), -post.id


def _count(blog: Blog, post: Post) -> int:
    return sum(c.post_id == post.id and c.status == "approved" for c in blog.comments.values())


def post_page(blog: Blog, request: Request) -> Response:
    """A published post with its comments and the form for one more."""
    return _by_slug(blog, request, "post")


def page_page(blog: Blog, request: Request) -> Response:
    """A published page."""
    return _by_slug(blog, request, "page")


def _by_slug(blog: Blog, request: Request, kind: str) -> Response:
    # Slugs keep other alphabets percent-encoded; the server has decoded the path.
    slug = text.slug_of(request.path_params["slug"])
    for post in blog.posts.values():
        if post.type == kind and post.status == "publish" and slug == post.slug:
            return one_page(blog, viewer(blog, request), post)
    return not_found(blog, request)


def one_page(blog: Blog, call: Call, post: Post) -> Response:
    """The page of one post."""
    form = (
        f'<form method="post" action="{escape(call.home)}/wp-comments-post.php"><h3>Leave a comment</h3>'
        f'<input type="hidden" name="comment_post_ID" value="{post.id}">'
        '<input type="hidden" name="comment_parent" value="0">'
        '<input name="author" placeholder="Name" required>'
        '<input name="email" type="email" placeholder="E-mail" required>'
        '<textarea name="comment" rows="4" required></textarea><button>Post comment</button></form>'
    )
    body = (
        f"<article><h2>{text.texturized(post.title)}</h2>{text.post_html(post.content)}</article>"
        f"<h3>{_count(blog, post)} comments</h3>{_tree(blog, post, 0, 0)}"
        f"{form if post.comment_status == 'open' else '<p>Comments are closed.</p>'}"
    )
    return page(blog, post.title, body, call=call)


def _tree(blog: Blog, post: Post, parent_id: int, depth: int) -> str:
    out = []
    approved = {c.id for c in blog.comments.values() if c.post_id == post.id and c.status == "approved"}
    for comment in sorted(blog.comments.values(), key=lambda c: c.id):
        above = comment.parent_id if comment.parent_id in approved else 0
        if comment.id in approved and above == parent_id and depth < 20:
            out.append(
                f'<div class=c id="comment-{comment.id}"><p class=w><b>{escape(comment.name)}</b>, '
                f"{comment.at.astimezone(blog.zone):%d %B, %H:%M}</p>{text.comment_html(stored(comment))}"
                f"{_tree(blog, post, comment.id, depth + 1)}</div>"
            )
    return "".join(out)


def take_comment(blog: Blog, request: Request, form: dict[str, Any]) -> Response:
    """What the visitor's form does: 302 back to the post, 409 for a repeat, 429 for haste."""
    call = viewer(blog, request)
    asked = str(form.get("comment_post_ID", ""))
    post = blog.posts.get(int(asked)) if asked.isdigit() else None
    words, name, email = (str(form.get(key, "")).strip() for key in ("comment", "author", "email"))
    no_cache = {"Cache-Control": "no-cache, must-revalidate, max-age=0"}
    if post is None or post.status != "publish" or post.comment_status != "open":
        return page(blog, "Comments", "<p>Sorry, comments are closed for this item.</p>", status=403)
    if not (words and name and "@" in email):
        return page(blog, "Comments", "<p>Please fill the required fields.</p>", status=200, headers=no_cache)
    parent = str(form.get("comment_parent", "0"))
    comment = Comment(
        id=0, post_id=post.id, parent_id=int(parent) if parent.isdigit() else 0, user_id=0, name=name, email=email,
        at=blog.now(), text=words, status="approved" if blog.known(email) else "hold",
        agent=request.headers.get("user-agent", ""),
    )  # fmt: skip
    try:
        refuse_repeats(blog, comment, trusted=False)
    except RestError as error:
        status = 429 if error.code == "comment_flood" else error.status
        return page(blog, "Comments", f"<p>{error.message}</p>", status=status, headers=no_cache)
    blog.add_comment(comment)
    link = comment_link(call, comment)
    if comment.status == "hold":
        mark = hashlib.md5(f"{comment.id}{email}".encode(), usedforsecurity=False).hexdigest()
        link = link.replace("#", f"{'&' if '?' in link else '?'}unapproved={comment.id}&moderation-hash={mark}#")
    return RedirectResponse(link, 302, headers={**no_cache, "Content-Type": "text/html; charset=UTF-8"})


def upload(blog: Blog, request: Request) -> Response:
    """An uploaded file."""
    for picture in blog.pictures.values():
        if picture.file == request.path_params["file"]:
            return Response(picture.data, media_type=picture.mime_type)
    return not_found(blog, request)


def avatar(blog: Blog, request: Request) -> Response:
    """A plain coloured disc instead of a third party's picture."""
    hue = int(hashlib.md5(request.path_params["digest"].encode(), usedforsecurity=False).hexdigest()[:4], 16) % 360
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 2"><circle cx="1" cy="1" r="1" '
        f'fill="hsl({hue} 45% 55%)"/></svg>'
    )
    return Response(svg, media_type="image/svg+xml")
