# ruff: noqa: E501, N806, N812, B904 - it patches a library of other people, in their words; run by a Python of its own
"""A loopback Mastodon-API server for connector tests: the PyPI package mastodon_mock, tightened where it is
laxer than a real server (measured against the API documentation and Mastodon's own behaviour).

  python mastodon_strict.py serve DIR PORT     serve on 127.0.0.1:PORT, state in DIR (SQLite + media)
  python mastodon_strict.py seed  DIR PORT     fill a running server through its API; prints JSON

Environment: MASTODON_RATELIMIT requests per token per 5 min (300), MASTODON_MEDIA_DELAY seconds that video/audio/GIF
stay "processing" (2), MASTODON_MEDIA_LIMIT uploads per 30 min (30), MASTODON_SCHEDULE_MIN seconds ahead from which
scheduled_at schedules instead of publishing (300), MASTODON_SCOPES=0 to switch scope checks off.
Faults: POST /api/v1/_mock/faults {"match": {"path": "/api/v1/notifications"}, "effect": {"type": "ratelimit"}, "count": 1};
types status (with "status": 503), ratelimit, latency ("delay_ms"), timeout, malformed; DELETE the same path clears them.
"""

import base64
import contextvars
import hashlib
import html
import itertools
import json
import os
import re
import secrets
import struct
import sys
import time
import unicodedata
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

PEOPLE = [  # username, domain (None: local), display name, bio, locked/bot
    ("council", None, "City Council", "Official account. Replies Mon-Fri 9-17."),
    ("maria", None, "María Ortega", "Neighbour. :bicycle:"),
    ("yusuf", "fedi.example", "Yusuf :bicycle: Kaya", "Cyclist, parent"),
    ("olena", "social.example", "Олена Шевченко", ""),
    ("amal", "arabic.example", "أمل الحداد", "مواطنة"),
    ("spammy", "spam.example", "FREE CRYPTO", "bot"),
    ("press", "news.example", "Daily Gazette", "Newsroom"),
]
EMOJI = {"bicycle": b"\x20\x90\x40", "council_logo": b"\x30\x50\xa0", "blobcat": b"\xf0\xc0\x30"}
# A link as Mastodon finds it (config/initializers/twitter_regex.rb and the library below it, read 2026-11-23): not
# behind a letter or digit of ASCII; a path may hold anything but <>()? and ends in no punctuation, brackets come in
# pairs; then perhaps a query. Unlike there any name of two letters counts as a top domain.
_BRACKETS = r"\((?:[^\s<>()?]|\([^\s<>()?]+\))+\)"
_PATH = rf"(?:(?:[^\s<>()?]|{_BRACKETS})*(?:[^\s()?!*\"'「」<>;:=,.$%\[\]~&|@]|{_BRACKETS})|[^\s<>()?]+/)"
_HOST = r"(?:[^\W_](?:[^\W_]|[_-])*(?<!-)\.)+(?:xn--[a-z0-9-]+|[^\W\d_]{2,})"
_QUERY = r"\?[a-z0-9!?*'();:&=+$/%#\[\]\-_.,~|@^\u00a0-\U0010fffd]*[a-z0-9_&=#/\-\u00a0-\U0010fffd]"
URL = re.compile(rf"(?<![A-Za-z0-9@＠$#＃])https?://{_HOST}(?::\d+)?(?:/(?:{_PATH})*)?(?:{_QUERY})?", re.IGNORECASE)
MENTION = re.compile(r"(?<![\w/@])@([A-Za-z0-9_]+)(@[A-Za-z0-9.-]+[A-Za-z0-9])?")
VIEWER = contextvars.ContextVar("viewer", default=None)


def token_for(name):
    return f"{name}-token"


def png(rgb, n=24):
    def chunk(t, d):
        return struct.pack(">I", len(d)) + t + d + struct.pack(">I", zlib.crc32(t + d))

    rows = b"".join(b"\0" + rgb * n for _ in range(n))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", n, n, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def clusters(text):
    """How many grapheme clusters a text has: Unicode's rules for them, told by general categories.

    Made from what Python knows of characters and nothing else, so that it can judge a count made by a library. Ruby's
    tables before Unicode 15.1 do not join consonants at a virama, and neither does this.
    """
    count, before, flags, pictured = 0, "", 0, False
    for c in text:
        kind, number = unicodedata.category(c), ord(c)
        flag = 0x1F1E6 <= number <= 0x1F1FF
        extends = kind in ("Mn", "Me") or c == "\u200c" or 0x1F3FB <= number <= 0x1F3FF or 0xE0020 <= number <= 0xE007F
        spacing = kind == "Mc" or c in "\u0e33\u0eb3"
        picture = kind == "So" or c in "\u203c\u2049\u2122\u2139\u2194\u2195"
        control = kind in ("Cc", "Zl", "Zp") or (kind == "Cf" and not extends and c != "\u200d")
        joined = (
            (before == "\r" and c == "\n")
            or (not control and before not in ("", "\r", "\n") and (extends or spacing or c == "\u200d"))
            or (picture and before == "\u200d" and pictured)
            or (flag and flags % 2 == 1)
        )
        count += not joined
        pictured = picture or (pictured and (extends or c == "\u200d"))
        flags = flags + 1 if flag else 0
        before = "\n" if control and c != "\r" else c
    return count


def countable(text, spoiler=""):
    """Length as Mastodon counts it: a URL is 23, a remote mention only its local part, the warning is included."""
    return clusters(spoiler + MENTION.sub(lambda m: "@" + m[1], URL.sub("x" * 23, text)))


def build(directory, port):
    import mastodon_mock.app as app_module
    from fastapi import HTTPException, Request
    from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
    from mastodon_mock import ids, middleware, pagination, versioning
    from mastodon_mock.config import MastodonMockConfig, SeedAccount, SeedConfig
    from mastodon_mock.db import models as M
    from mastodon_mock.routers import helpers, instance, notifications, oauth, statuses
    from mastodon_mock.routers import media as media_router
    from mastodon_mock.serializers import accounts as sa
    from mastodon_mock.serializers import common
    from mastodon_mock.serializers import instance as si
    from mastodon_mock.serializers import statuses as ss
    from mastodon_mock.services import add_notification, find_relationship
    from mastodon_mock.streaming_events import flush_stream_notifications
    from sqlalchemy import event, select
    from sqlalchemy import text as sql
    from sqlalchemy.orm import Session
    from starlette.routing import Route

    def swap(old, new):  # replace a function wherever mastodon_mock imported it by name
        for module in [m for n, m in list(sys.modules.items()) if n.startswith("mastodon_mock")]:
            for key, value in list(vars(module).items()):
                if value is old:
                    setattr(module, key, new)

    root = Path(directory)
    base = f"http://127.0.0.1:{port}"
    limit = int(os.environ.get("MASTODON_RATELIMIT", "300"))
    delay = float(os.environ.get("MASTODON_MEDIA_DELAY", "2"))
    config = MastodonMockConfig.model_validate(
        {
            "domain": f"127.0.0.1:{port}",
            "url_scheme": "http",
            "title": "Townhall Social",
            "description": "Local test instance",
            "mocked_version": "4.6.4",
            "media_storage_path": str(root / "media"),
            "database": {"path": str(root / "mastodon.sqlite")},
            "auth": {"enforce_scopes": os.environ.get("MASTODON_SCOPES", "1") != "0"},
            "ratelimit": {"enabled": True, "limit": limit, "window_seconds": 300},
            "rules": ["Be civil", "No spam"],
        }
    )
    config.seed = SeedConfig(
        accounts=[
            SeedAccount(username=u, domain=d, display_name=n, note=b, bot=u == "spammy", access_token=token_for(u))
            for u, d, n, b in PEOPLE
        ]
    )
    # The package asks for the whole of read or write, and refuses the narrow rights that a careful client asks for.
    middleware._scopes_satisfy = lambda granted, wanted: any(s.split(":")[0] == wanted for s in granted)
    ids._counter = itertools.count(int(time.time() * 1000) << 16)  # 18-digit snowflakes, above 2**53
    pagination.MAX_LIMIT = 80
    versioning.API_VERSION_BY_MASTODON_VERSION[(4, 6)] = 11  # what 4.6.4 reports
    si._STATUS_CONFIG["max_characters"] = 500
    si._MEDIA_CONFIG.update(
        image_size_limit=16777216,
        image_matrix_limit=33177600,
        video_size_limit=103809024,
        description_limit=10000,
        supported_mime_types=[
            "image/jpeg",
            "image/png",
            "image/gif",
            "image/webp",
            "video/mp4",
            "video/webm",
            "audio/mpeg",
            "audio/ogg",
        ],
    )

    # --- shapes -------------------------------------------------------------------------------------------------
    def iso(dt):
        if dt is None:
            return None
        dt = dt.replace(tzinfo=UTC) if dt.tzinfo is None else dt.astimezone(UTC)
        return dt.strftime("%Y-%m-%dT%H:%M:%S.") + f"{dt.microsecond // 1000:03d}Z"

    swap(common.iso, iso)

    def emojis_in(*texts):
        names = sorted({n for t in texts for n in re.findall(r":(\w+):", t or "") if n in EMOJI})
        return [
            {
                "shortcode": n,
                "url": f"{base}/emoji/{n}.png",
                "static_url": f"{base}/emoji/{n}.png",
                "visible_in_picker": True,
            }
            for n in names
        ]

    swap(instance._default_custom_emojis, lambda config: emojis_in(*(f":{n}:" for n in EMOJI)))

    old_account = sa.serialize_account

    def account_json(session, account, config, **kw):
        data = old_account(session, account, config, **kw)
        data["emojis"] = emojis_in(account.display_name, account.note)
        data["created_at"] = (data["created_at"] or "")[:10] + "T00:00:00.000Z"
        data["last_status_at"] = (data["last_status_at"] or "")[:10] or None
        if account.domain:
            data["url"] = data["uri"] = f"https://{account.domain}/@{account.username}"
        return data

    swap(old_account, account_json)

    old_status = ss.serialize_status

    def status_json(session, status, config, viewer, **kw):
        data = old_status(session, status, config, viewer, **kw)
        data["emojis"] = emojis_in(status.text, status.content, status.spoiler_text)
        data.pop("quote_approval_policy", None)
        data["quote_approval"] = {
            "automatic": ["public"] if status.quote_approval_policy == "public" else [],
            "manual": [],
            "current_user": "automatic",
        }
        if data.get("card") and data["card"]["title"] == "Example link":
            data["card"] = None  # a real card appears seconds later, by crawling; there is nothing to crawl here
        return data

    swap(old_status, status_json)

    def render(text):
        def link(m):
            url = m[0]
            scheme, rest = re.match(r"(https?://(?:www\.)?)(.*)", url, re.DOTALL).groups()
            tail = (
                f'<span class="invisible">{rest[30:]}</span>' if len(rest) > 30 else '<span class="invisible"></span>'
            )
            cls = "ellipsis" if len(rest) > 30 else ""
            return (
                f'<a href="{url}" target="_blank" rel="nofollow noopener" translate="no"><span class="invisible">'
                f'{scheme}</span><span class="{cls}">{rest[:30]}</span>{tail}</a>'
            )

        def mention(m):
            domain = m[2][1:] if m[2] else None
            if domain == config.domain:
                domain = None
            with Session(app.state.engine) as s:
                acc = s.scalar(select(M.Account).where(M.Account.username == m[1], M.Account.domain == domain))
            if acc is None:
                return m[0]
            url = f"https://{domain}/@{m[1]}" if domain else f"{base}/@{m[1]}"
            return f'<span class="h-card" translate="no"><a href="{url}" class="u-url mention">@<span>{m[1]}</span></a></span>'

        def words(chunk):
            chunk = MENTION.sub(mention, chunk)
            return re.sub(
                r"(?<![\w&/])#(\w+)",
                lambda m: (
                    f'<a href="{base}/tags/{m[1].lower()}" class="mention hashtag" rel="tag">#<span>{m[1]}</span></a>'
                ),
                chunk,
            )

        out, pos, escaped = [], 0, html.escape(text, quote=False)
        for m in re.finditer(r"https?://[^\s<]+", escaped):
            out += [words(escaped[pos : m.start()]), link(m)]
            pos = m.end()
        out.append(words(escaped[pos:]))
        body = "".join(out).strip()
        return "".join("<p>" + p.replace("\n", "<br />") + "</p>" for p in re.split(r"\n{2,}", body)) if body else ""

    swap(statuses.render_status_html, render)

    # --- paging ---------------------------------------------------------------------------------------------------
    old_link = helpers.set_link_header

    def set_link_header(request, response, page, extra_params=None):
        keep = [
            (k, v) for k, v in request.query_params.multi_items() if k not in ("max_id", "min_id", "since_id", "limit")
        ]
        old_link(request, response, page, extra_params)
        if keep and "Link" in response.headers:
            response.headers["Link"] = response.headers["Link"].replace("?", "?" + urlencode(keep) + "&")

    swap(old_link, set_link_header)
    old_paginate = pagination.paginate
    swap(old_paginate, lambda *a, limit=None, **kw: old_paginate(*a, limit=min(limit, 40) if limit else limit, **kw))
    notifications.paginate = lambda *a, **kw: old_paginate(*a, default_limit=40, **kw)

    # --- who may read -----------------------------------------------------------------------------------------------
    def readable(db, status):
        viewer = VIEWER.get()
        if status.visibility not in ("private", "direct") or viewer == status.account_id:
            return True
        if viewer and db.scalar(
            select(M.StatusMention).where(M.StatusMention.status_id == status.id, M.StatusMention.account_id == viewer)
        ):
            return True
        rel = find_relationship(db, viewer, status.account_id) if viewer else None
        return status.visibility == "private" and bool(rel and rel.following)

    old_get = statuses._get_status_or_404

    def get_status(db, status_id):
        status = old_get(db, status_id)
        if not readable(db, status):
            raise HTTPException(404, "Record not found")
        return status

    swap(old_get, get_status)
    old_list = ss.serialize_status_list
    swap(old_list, lambda db, rows, *a, **kw: old_list(db, [s for s in rows if readable(db, s)], *a, **kw))

    # --- publishing -------------------------------------------------------------------------------------------------
    processing = {}  # media id -> time it is ready

    def validate(params):
        def bad(m):
            return JSONResponse({"error": m}, 422)

        body, spoiler, poll = str(params.get("status") or ""), str(params.get("spoiler_text") or ""), params.get("poll")
        raw = params.get("media_ids") or []
        media_ids = raw if isinstance(raw, list) else [raw]
        if not body.strip() and not spoiler and not media_ids:
            return bad("Validation failed: Text can't be blank")
        if countable(body, spoiler) > 500:
            return bad("Validation failed: Text character limit of 500 exceeded")
        if str(params.get("visibility") or "public") not in ("public", "unlisted", "private", "direct"):
            return bad("Validation failed: Visibility is not included in the list")
        if len(media_ids) > 4 or (media_ids and poll):
            return bad("Cannot attach more than 4 files" if not poll else "Cannot attach a poll together with media")
        if any(processing.get(str(i), 0) > time.time() for i in media_ids):
            return bad("Cannot attach files that have not finished processing. Try again in a moment!")
        if isinstance(poll, dict):
            options = poll.get("options") or []
            if len(options) < 2:
                return bad("Validation failed: Poll options must be more than one item")
            if len(options) > 4 or any(len(o) > 50 for o in options):
                return bad(
                    "Validation failed: Poll options can't contain more than 4 items or exceed 50 characters each"
                )
            if not 300 <= int(poll.get("expires_in") or 0) <= 2629746:
                return bad("Validation failed: Poll expiration date is too soon")
        return None

    swap(statuses._validate_status_params, validate)
    old_form = statuses._form_or_json

    async def form_or_json(request):  # poll[options][]=..&poll[expires_in]=.. in a form body
        params = await old_form(request)
        for key in [k for k in params if k.startswith("poll[")]:
            value = params.pop(key)
            name = key[5:].split("]")[0]
            params.setdefault("poll", {})[name] = (
                (value if isinstance(value, list) else [value]) if name == "options" else value
            )
        return params

    swap(old_form, form_or_json)
    old_create = statuses._create_status_from_params

    def create(db, account, params):
        if params.get("in_reply_to_id"):
            try:
                get_status(db, params["in_reply_to_id"])
            except HTTPException:
                raise HTTPException(404, "The post you are trying to reply to does not appear to exist.")
        status = old_create(db, account, params)
        if account.domain:  # a post that arrived from another server: its own URL, its own HTML
            status.url = f"https://{account.domain}/@{account.username}/{status.id}"
            status.content = params.get("_html") or status.content
        status.sensitive = status.sensitive or bool(status.spoiler_text)
        if status.quoted_status_id:
            add_notification(
                db,
                recipient_id=db.get(M.Status, status.quoted_status_id).account_id,
                from_account_id=account.id,
                type_="quote",
                status_id=status.id,
            )
        return status

    swap(old_create, create)
    statuses.SCHEDULE_THRESHOLD = timedelta(seconds=float(os.environ.get("MASTODON_SCHEDULE_MIN", "300")))
    old_emit = statuses.emit_status_event

    def emit(app_, db, status, config_, *, name):
        if name == "status_update":  # those who boosted a post hear of its edit
            name = "status.update"
            for booster in db.scalars(select(M.Status.account_id).where(M.Status.reblog_of_id == status.id)).all():
                add_notification(
                    db, recipient_id=booster, from_account_id=status.account_id, type_="update", status_id=status.id
                )
            db.commit()
            flush_stream_notifications(app_, db, config_)
        old_emit(app_, db, status, config_, name=name)

    statuses.emit_status_event = emit

    @event.listens_for(M.Status, "before_delete")
    def forget(_mapper, conn, status):  # a deleted post takes its notifications, boosts and likes along
        for q in (
            "DELETE FROM notifications WHERE status_id=:i",
            "DELETE FROM favourites WHERE status_id=:i",
            "DELETE FROM bookmarks WHERE status_id=:i",
            "DELETE FROM statuses WHERE reblog_of_id=:i",
            "UPDATE statuses SET in_reply_to_id=NULL WHERE in_reply_to_id=:i",
        ):
            conn.execute(sql(q), {"i": status.id})

    app = app_module.create_app(config)

    # --- media: images at once, the rest 202 then 206 then 200 --------------------------------------------------------
    uploads = {}

    async def upload(request: Request):
        form = await request.form()
        file = form.get("file")
        with app.state.session_factory() as db:
            account = db.get(M.Account, VIEWER.get()) if VIEWER.get() else None
            if account is None:
                return JSONResponse({"error": "This method requires an authenticated user"}, 401)
            if request.url.path.endswith("/media"):
                used = uploads.setdefault(account.id, [])
                used[:] = [t for t in used if t > time.time() - 1800]
                if len(used) >= int(os.environ.get("MASTODON_MEDIA_LIMIT", "30")):
                    return JSONResponse(
                        {"error": "Too many requests"},
                        429,
                        {
                            "X-RateLimit-Limit": "30",
                            "X-RateLimit-Remaining": "0",
                            "X-RateLimit-Reset": str(int(used[0] + 1800)),
                        },
                    )
                used.append(time.time())
            if not hasattr(file, "filename"):
                return JSONResponse({"error": "Validation failed: File can't be blank"}, 422)
            kind = file.content_type or ""
            if kind not in si._MEDIA_CONFIG["supported_mime_types"]:
                return JSONResponse({"error": "Validation failed: File content type is invalid, File is invalid"}, 422)
            top = 16777216 if kind.startswith("image/") else 103809024
            if (file.size or 0) > top:
                return JSONResponse(
                    {"error": f"Validation failed: File file size must be less than {top >> 20} MB"}, 422
                )
            if len(str(form.get("description") or "")) > 10000:
                return JSONResponse(
                    {"error": "Validation failed: Description is too long (maximum is 10000 characters)"}, 422
                )
            data = await media_router.media_post(request, db, account, file, form.get("description"), form.get("focus"))
        if data["type"] != "image" and request.url.path.startswith("/api/v2"):
            processing[data["id"]] = time.time() + delay
            return JSONResponse({**data, "url": None}, 202)
        return JSONResponse(data)

    async def media_get(request: Request):
        with app.state.session_factory() as db:
            try:
                data = media_router.get_media(request.path_params["id"], db)
            except HTTPException:
                return JSONResponse({"error": "Record not found"}, 404)
        busy = processing.get(data["id"], 0) > time.time()
        return JSONResponse({**data, "url": None} if busy else data, 206 if busy else 200)

    # --- OAuth as Doorkeeper does it ------------------------------------------------------------------------------------
    codes = {}
    OOB = "urn:ietf:wg:oauth:2.0:oob"

    def find_app(db, client_id):
        return db.scalar(select(M.OAuthApp).where(M.OAuthApp.client_id == (client_id or "")))

    def same_uri(url, registered):  # loopback IP literals may differ in port only (RFC 8252)
        loop = re.compile(r"http://(127\.0\.0\.1|\[::1\])(?::\d+)?(/.*|$)")
        a, b = loop.match(url), loop.match(registered)
        return url == registered or bool(a and b and a.groups() == b.groups())

    def subset(asked, granted):
        return all(s in granted or s.split(":")[0] in granted for s in asked)

    def refuse(status, error, text):
        return JSONResponse({"error": error, "error_description": text}, status)

    async def fields(request):
        data = {**request.query_params, **await helpers.read_body(request)}
        basic = request.headers.get("authorization", "")
        if basic.lower().startswith("basic "):
            data["client_id"], _, data["client_secret"] = base64.b64decode(basic[6:]).decode().partition(":")
        return data

    async def authorize(request: Request):
        q = await fields(request)
        with app.state.session_factory() as db:
            client = find_app(db, q.get("client_id"))
            if client is None or q.get("response_type", "code") != "code":
                return HTMLResponse("<h1>Client authentication failed due to unknown client</h1>", 401)
            if not any(same_uri(q.get("redirect_uri", ""), u) for u in client.redirect_uris):
                return HTMLResponse("<h1>The redirect uri included is not valid.</h1>", 422)
            uri, state, scopes = q["redirect_uri"], q.get("state"), (q.get("scope") or "read").split()

            def back(**kw):
                return RedirectResponse(
                    uri
                    + ("&" if "?" in uri else "?")
                    + urlencode({k: v for k, v in {**kw, "state": state}.items() if v}),
                    302,
                )

            if not subset(scopes, client.scopes):
                return back(
                    error="invalid_scope", error_description="The requested scope is invalid, unknown, or malformed."
                )
            if q.get("code_challenge") and q.get("code_challenge_method") != "S256":
                return back(
                    error="invalid_code_challenge_method", error_description="The code challenge method must be S256."
                )
            if request.method == "GET":
                hidden = "".join(
                    f'<input type="hidden" name="{k}" value="{html.escape(str(v))}">' for k, v in q.items()
                )
                buttons = "".join(
                    f'<button name="username" value="{u}">Authorize as {html.escape(n)}</button>'
                    for u, d, n, _ in PEOPLE
                    if d is None
                )
                return HTMLResponse(
                    f"<!doctype html><title>Authorization required</title><h1>{html.escape(client.name)} would "
                    f'like permission: {html.escape(" ".join(scopes))}</h1><form method="post" action='
                    f'"/oauth/authorize">{hidden}{buttons}<button name="deny" value="1">Deny</button></form>'
                )
            if q.get("deny") or not q.get("username"):
                return back(
                    error="access_denied",
                    error_description="The resource owner or authorization server denied the request.",
                )
            code = secrets.token_urlsafe(32)
            codes[code] = {
                "client": client.client_id,
                "uri": uri,
                "scopes": scopes,
                "user": q["username"],
                "challenge": q.get("code_challenge"),
                "until": time.time() + 600,
            }
        if uri == OOB:
            return HTMLResponse(f'<!doctype html><title>Authorization code</title><input readonly value="{code}">')
        return back(code=code)

    async def token(request: Request):
        q = await fields(request)
        with app.state.session_factory() as db:
            client = find_app(db, q.get("client_id"))
            if client is None or q.get("client_secret") != client.client_secret:
                return refuse(
                    401,
                    "invalid_client",
                    "Client authentication failed due to unknown client, no client "
                    "authentication included, or unsupported authentication method.",
                )
            if q.get("grant_type") == "client_credentials":
                scopes, account = (q.get("scope") or "read").split(), None
                if not subset(scopes, client.scopes):
                    return refuse(400, "invalid_scope", "The requested scope is invalid, unknown, or malformed.")
            elif q.get("grant_type") == "authorization_code":
                grant = codes.pop(q.get("code"), None)  # single use
                verifier = str(q.get("code_verifier") or "").encode()
                digest = base64.urlsafe_b64encode(hashlib.sha256(verifier).digest()).rstrip(b"=").decode()
                if (
                    not grant
                    or grant["until"] < time.time()
                    or grant["client"] != client.client_id
                    or grant["uri"] != q.get("redirect_uri")
                    or (grant["challenge"] or digest) != digest
                ):
                    return refuse(
                        400,
                        "invalid_grant",
                        "The provided authorization grant is invalid, expired, revoked, does not "
                        "match the redirection URI used in the authorization request, or was issued to another client.",
                    )
                scopes = grant["scopes"]
                account = db.scalar(
                    select(M.Account).where(M.Account.username == grant["user"], M.Account.domain.is_(None))
                )
            else:
                return refuse(
                    400,
                    "unsupported_grant_type",
                    "The authorization grant type is not supported by the authorization server.",
                )
            row = M.OAuthToken(
                access_token=secrets.token_urlsafe(32),
                app_id=client.id,
                scopes=scopes,
                account_id=account.id if account else None,
                created_at=M.utcnow(),
            )
            db.add(row)
            db.commit()
            return JSONResponse(oauth._token_response(row))

    async def revoke(request: Request):
        q = await fields(request)
        with app.state.session_factory() as db:
            client = find_app(db, q.get("client_id"))
            row = db.scalar(select(M.OAuthToken).where(M.OAuthToken.access_token == (q.get("token") or "")))
            if (
                client is None
                or q.get("client_secret") != client.client_secret
                or not q.get("token")
                or (row and row.app_id != client.id)
            ):
                return refuse(403, "unauthorized_client", "You are not authorized to revoke this token")
            if row:
                db.delete(row)
                db.commit()
        return JSONResponse({})

    async def emoji_png(request: Request):
        rgb = EMOJI.get(request.path_params["name"])
        return Response(png(rgb), media_type="image/png") if rgb else Response(status_code=404)

    app.router.routes[:0] = [
        Route("/oauth/authorize", authorize, methods=["GET", "POST"]),
        Route("/oauth/token", token, methods=["POST"]),
        Route("/oauth/revoke", revoke, methods=["POST"]),
        Route("/api/v1/media", upload, methods=["POST"]),
        Route("/api/v2/media", upload, methods=["POST"]),
        Route("/api/v1/media/{id}", media_get, methods=["GET"]),
        Route("/emoji/{name}.png", emoji_png, methods=["GET"]),
    ]

    async def outer(scope, receive, send):
        """Refuse unknown tokens everywhere, know the viewer, and write rate-limit resets as ISO 8601 without Retry-After."""
        if scope["type"] != "http":
            return await app(scope, receive, send)
        headers = {k.decode().lower(): v.decode("latin-1") for k, v in scope["headers"]}
        bearer = headers.get("authorization", "")
        if bearer.lower().startswith("bearer "):
            with app.state.session_factory() as db:
                row = db.scalar(select(M.OAuthToken).where(M.OAuthToken.access_token == bearer[7:].strip()))
                VIEWER.set(row.account_id if row else None)
                if row and row.account_id and scope["path"].startswith("/api/"):
                    statuses._publish_due_scheduled(db, db.get(M.Account, row.account_id))
            if row is None:
                return await JSONResponse({"error": "The access token is invalid"}, 401)(scope, receive, send)

        async def fixed(message):
            if message["type"] == "http.response.start":
                out = []
                for k, v in message.get("headers", []):
                    if k.lower() == b"retry-after":
                        continue
                    if k.lower() == b"x-ratelimit-reset" and v.isdigit():
                        v = datetime.fromtimestamp(int(v), UTC).strftime("%Y-%m-%dT%H:%M:%S.000000Z").encode()
                    out.append((k, v))
                message = {**message, "headers": out}
            await send(message)

        await app(scope, receive, fixed)
        return None

    return outer


def seed(port):
    """Citizens react to three posts of the council: replies, a thread, warnings, a poll, boosts, quotes, a DM, spam, RTL, HTML."""
    import httpx

    c = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False)

    def call(who, method, path, **kw):
        r = c.request(
            method, path, headers={"Authorization": "Bearer " + token_for(who), **kw.pop("headers", {})}, **kw
        )
        r.raise_for_status()
        return r.json()

    def post(who, text, **kw):
        return call(who, "POST", "/api/v1/statuses", json={"status": text, **kw})

    me = call("council", "GET", "/api/v1/accounts/verify_credentials")["id"]
    for who in ("maria", "yusuf", "olena", "press"):
        call(who, "POST", f"/api/v1/accounts/{me}/follow")
    pic = call(
        "council",
        "POST",
        "/api/v2/media",
        files={"file": ("map.png", png(b"\x60\xa0\xe0", 64), "image/png")},
        data={"description": "Map of the closed road", "focus": "0.2,-0.4"},
    )
    road = post(
        "council",
        "Main Street is closed 3-7 May for works. Details: https://council.example/roads/2026/main-street-works-phase-2?lang=en #roads",
        language="en",
        media_ids=[pic["id"]],
    )
    budget = post(
        "council",
        "The 2026 budget is out :council_logo:\n\nWhat should come first?",
        language="en",
        poll={"options": ["Parks", "Roads", "Libraries"], "expires_in": 86400},
    )
    flood = post(
        "council",
        "Flood warning lifted for all districts.",
        language="en",
        spoiler_text="Weather",
        visibility="unlisted",
    )
    r1 = post("maria", "@council which buses are diverted? :bicycle:", in_reply_to_id=road["id"], language="en")
    r2 = post("council", "@maria lines 4 and 12, via Oak Road.", in_reply_to_id=r1["id"], language="en")
    post("maria", "@council thank you!", in_reply_to_id=r2["id"], language="en")
    post(
        "yusuf",
        "@council and cyclists?",
        in_reply_to_id=r1["id"],
        language="en",
        _html=(
            '<p><span class="h-card"><a href="#" class="u-url mention">@<span>council</span></a></span> and <strong>cyclists</strong>? '
            'See <a href="https://fedi.example/map?a=1&amp;b=2" rel="nofollow noopener" target="_blank">the map</a></p>'
            "<blockquote><p>closed to <em>all</em> traffic</p></blockquote><ul><li>day</li><li>night</li></ul><pre><code>A &lt; B</code></pre>"
        ),
    )
    post("olena", "@council Дякую за інформацію! Чи буде доступ до лікарні?", in_reply_to_id=road["id"], language="uk")
    post("amal", "@council متى يفتح الشارع من جديد؟ (Main Street) 7-3 مايو", in_reply_to_id=road["id"], language="ar")
    post(
        "press",
        "@council Any comment on the cost overrun? Deadline 17:00.",
        in_reply_to_id=road["id"],
        language="en",
        spoiler_text="Press enquiry",
        sensitive=True,
    )
    post("press", "Council closes Main Street again", quoted_status_id=road["id"], language="en")
    post("maria", "@council my address is 5 Elm Row, water came in the cellar", visibility="direct", language="en")
    post("spammy", "@council WIN 1000 COINS https://spam.example/win?u=1 https://spam.example/win?u=2", language="en")
    edited = post("yusuf", "@council the link is brokn", in_reply_to_id=budget["id"], language="en")
    call(
        "yusuf", "PUT", f"/api/v1/statuses/{edited['id']}", json={"status": "@council the link is broken (fixed typo)"}
    )
    gone = post("olena", "@council posted by mistake", in_reply_to_id=flood["id"], language="en")
    call("olena", "DELETE", f"/api/v1/statuses/{gone['id']}")
    for who in ("maria", "yusuf", "olena", "amal", "press"):
        call(who, "POST", f"/api/v1/statuses/{road['id']}/favourite")
    for who in ("maria", "press"):
        call(who, "POST", f"/api/v1/statuses/{road['id']}/reblog")
    poll = budget["poll"]["id"]
    for who, choice in (("maria", 0), ("yusuf", 1), ("olena", 0)):
        call(who, "POST", f"/api/v1/polls/{poll}/votes", json={"choices": [choice]})
    when = (datetime.now(UTC) + timedelta(hours=6)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    later = post("council", "Reminder: Main Street opens tomorrow.", scheduled_at=when, language="en")
    return {
        "posts": {"road": road["id"], "budget": budget["id"], "flood": flood["id"]},
        "deleted": gone["id"],
        "edited": edited["id"],
        "scheduled": later["id"],
        "notifications": len(call("council", "GET", "/api/v1/notifications?limit=80")),
    }


if __name__ == "__main__":
    command, directory, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
    if command == "seed":
        print(json.dumps(seed(port)))
    else:
        import uvicorn

        uvicorn.run(build(directory, port), host="127.0.0.1", port=port, log_level="warning", server_header=False)
