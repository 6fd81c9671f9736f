"""Proof of possession (DPoP, RFC 9449): each request carries a fresh ES256 signature over what it asks for.

Servers hand out nonces that have to stand in the next proof; they change within minutes, so the newest is kept per
server, in memory only: without one the server answers with one, and the request is repeated (bluesky.md section 3).

Whoever signed in with an app password never signs a request: the libraries that do (11 MB) are imported with the first
key.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Final

from authlib.common.security import generate_token

from inbox.clock import Clock
from inbox.connectors.bluesky.identity import origin_of
from inbox.connectors.http import Reply
from inbox.errors import BadReply, SignInNeeded

_NONCES: Final[dict[str, str]] = {}
_MOST_NONCES: Final = 200


def new_key() -> str:
    """A fresh private key as JSON; it is a secret and belongs to the tokens it was made for."""
    from joserfc.jwk import ECKey

    return json.dumps(ECKey.generate_key("P-256").as_dict(private=True))


def proof(key: str, method: str, url: str, clock: Clock, *, token: str = "") -> str:
    """The value of the ``DPoP`` header for this one request."""
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import ECKey

    try:
        private = ECKey.import_key(json.loads(key))
    except (ValueError, TypeError, JoseError):
        raise SignInNeeded("The key of this sign-in is damaged") from None
    claims: dict[str, object] = {
        "jti": generate_token(22),
        "htm": method.upper(),
        "htu": url.partition("?")[0].partition("#")[0],
        "iat": int(clock.now().timestamp()),
    }
    if nonce := _NONCES.get(origin_of(url)):
        claims["nonce"] = nonce
    if token:
        digest = hashlib.sha256(token.encode()).digest()
        claims["ath"] = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": private.as_dict(private=False)}
    return jwt.encode(header, claims, private, algorithms=["ES256"])


def wants_nonce(reply: Reply) -> bool:
    """Keep the server's newest nonce; whether this answer only asked for it, so that the request is to be repeated."""
    nonce = reply.headers.get("dpop-nonce", "")
    if nonce:
        if len(_NONCES) > _MOST_NONCES:
            _NONCES.clear()
        _NONCES[origin_of(reply.url)] = nonce
    return bool(nonce) and reply.status in {400, 401} and error_of(reply) == "use_dpop_nonce"


def error_of(reply: Reply) -> str:
    """The error's name, XRPC's or OAuth's (both call it ``error``); empty when the answer is neither."""
    try:
        answer = reply.json("error")
    except BadReply:
        return ""
    return str(answer.get("error") or "") if isinstance(answer, dict) else ""
