"""The app factory: one blog of the world, as WordPress serves it."""

from __future__ import annotations

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from inbox.practice.blog import Blog
from inbox.practice.faults import Faults, FaultyApp
from inbox.practice.wordpress import admin, feeds, forms, public
from inbox.practice.wordpress.routes import answer
from inbox.practice.wordpress.wire import Call, encoded, signed_in
from inbox.practice.world import World

_NO_CACHE = "no-cache, must-revalidate, max-age=0"
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def wordpress_app(world: World, site: str | Blog, faults: Faults | None = None) -> Starlette:
    """The blog ``site`` ("council", "museum", or a Blog) as an ASGI app; needs no lifespan.

    Addresses in answers begin with ``blog.address`` when it is set, else with the host the request names. With
    ``faults`` things go wrong on demand, over sockets and under ``httpx.ASGITransport`` alike (see ``faults.py``).
    """
    blog = world.blogs[site] if isinstance(site, str) else site
    pages: tuple[tuple[str, Callable[[Blog, Request], Response]], ...] = (
        ("/comments/feed/", feeds.rss),
        ("/comments/feed/atom/", feeds.atom),
        ("/avatar/{digest}", public.avatar),
        ("/wp-content/uploads/{file:path}", public.upload),
        ("/{year:int}/{month:int}/{slug}/", public.post_page),
        ("/{slug}/", public.page_page),
    )

    async def rest(request: Request) -> Response:
        return await rest_answer(blog, request, request.path_params.get("path", ""))

    async def front(request: Request) -> Response:
        if "rest_route" in request.query_params:
            return await rest_answer(blog, request, request.query_params["rest_route"])
        return public.front_page(blog, request)

    async def consent(request: Request) -> Response:
        return admin.authorize(blog, request, forms.query((await request.body()).decode("utf-8", "replace")))

    async def login(request: Request) -> Response:
        return admin.login(blog, request, forms.query((await request.body()).decode("utf-8", "replace")))

    async def visitor(request: Request) -> Response:
        return public.take_comment(blog, request, forms.query((await request.body()).decode("utf-8", "replace")))

    def page(show: Callable[[Blog, Request], Response]) -> Callable[[Request], Response]:
        return lambda request: show(blog, request)

    routes = [
        Route("/wp-json", rest, methods=_METHODS),
        Route("/wp-json/{path:path}", rest, methods=_METHODS),
        Route("/wp-admin/authorize-application.php", consent, methods=["GET", "POST"]),
        Route("/wp-login.php", login, methods=["GET", "POST"]),
        Route("/wp-comments-post.php", visitor, methods=["POST"]),
        Route("/", front, methods=_METHODS),
        Route("/index.php", front, methods=_METHODS),
        *[Route(path, _async(page(show)), methods=["GET"]) for path, show in pages],
    ]
    middleware = [Middleware(FaultyApp, faults=faults)] if faults is not None else []

    async def lost(request: Request, _: Exception) -> Response:
        return public.not_found(blog, request)

    return Starlette(routes=routes, middleware=middleware, exception_handlers={404: lost})


def _async(show: Callable[[Request], Response]) -> Callable[[Request], object]:
    # Starlette runs plain functions in a thread; the blog belongs to this loop alone.
    async def handler(request: Request) -> Response:
        return show(request)

    return handler


async def rest_answer(blog: Blog, request: Request, path: str) -> Response:
    """One REST request, answered; afterwards the blog's cron runs, so a quiet blog publishes late."""
    if "plain-permalinks" in blog.quirks and request.url.path.startswith("/wp-json"):
        return public.not_found(blog, request)
    content = await request.body()
    user, password, wrong = signed_in(blog, request.headers.get("authorization", ""))
    form, files, json_broken = forms.body(request.headers.get("content-type", ""), content)
    call = Call(
        blog=blog,
        home=public.home_of(blog, request),
        method=_method(request),
        path=path.strip("/"),
        headers=request.headers,
        user=user,
        password=password,
        query=forms.query(request.url.query),
        form=form,
        files=files,
        content=content,
        json_broken=json_broken,
    )
    reply = answer(call, wrong)
    headers = {
        "Content-Type": "application/json; charset=UTF-8",
        "X-Robots-Tag": "noindex",
        "Link": f'<{call.rest()}>; rel="https://api.w.org/"',
        "X-Content-Type-Options": "nosniff",
        "Access-Control-Expose-Headers": "X-WP-Total, X-WP-TotalPages, Link",
        "Access-Control-Allow-Headers": "Authorization, X-WP-Nonce, Content-Disposition, Content-MD5, Content-Type",
    }
    if user is not None:
        headers["Cache-Control"] = _NO_CACHE
    elif request.method in ("GET", "HEAD"):
        headers["Vary"] = "Origin"
    blog.publish_due()
    body = b"" if request.method == "HEAD" else encoded(reply.body)
    return Response(body, status_code=reply.status, headers=headers | reply.headers)


def _method(request: Request) -> str:
    override = request.headers.get("x-http-method-override", "")
    return override.upper() if request.method == "POST" and override else request.method
