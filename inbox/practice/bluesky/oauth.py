"""The authorization server: announced requests, the page in the browser, codes, single-use refresh tokens.

The page asks who you are and whether you agree; no password, in practice one click is the login. A test does the same
with ``POST /oauth/authorize``: a form of ``client_id``, ``request_uri``, ``person`` (a handle) and ``decision`` (allow
or deny), answered by a redirect. Only the loopback client is known: no client document is ever fetched.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html import escape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from inbox.practice.bluesky.dpop import ALGORITHMS, NoProof, Proofs
from inbox.practice.bluesky.network import Network
from inbox.practice.bluesky.records import Account
from inbox.practice.bluesky.tokens import APP, PRIVILEGED, Tokens

SCOPES = ("atproto", "transition:email", "transition:generic", "transition:chat.bsky")
_REQUEST_LIVES = timedelta(minutes=5)
_CODE_LIVES = timedelta(minutes=5)
_ACCESS_LIVES = timedelta(hours=1)
_LOOPBACK = {"127.0.0.1", "::1"}


class OAuthError(Exception):
    """A refusal in OAuth's own shape."""

    def __init__(self, name: str, words: str, status: int = 400) -> None:
        super().__init__(words)
        self.name = name
        self.status = status


@dataclass(kw_only=True, slots=True, eq=False)
class Asked:
    """An announced request, and after the person's yes the code for it. ``key``: thumbprint of the DPoP key."""

    form: Mapping[str, str]
    key: str
    until: datetime
    account: Account | None = None


@dataclass(kw_only=True, slots=True, eq=False)
class Grant:
    """What a person allowed. Refresh tokens are used once; one that comes twice ends it all."""

    account: Account
    client_id: str
    scope: str
    key: str
    refresh: str = field(default="", repr=False)
    used: set[str] = field(default_factory=set, repr=False)


class Authority:
    """The authorization server of the PDS."""

    def __init__(self, network: Network, tokens: Tokens) -> None:
        self.network = network
        self.tokens = tokens
        self.proofs = Proofs(network)
        self._asked: dict[str, Asked] = {}
        self._codes: dict[str, Asked] = {}
        self._grants: list[Grant] = []

    def announce(self, form: Mapping[str, str], proof: str, url: str) -> dict[str, Any]:
        """PAR: keep a request for five minutes."""
        key = self._proved(proof, url)
        _check_client(form)
        if form.get("response_type") != "code":
            raise OAuthError("invalid_request", "Invalid authorization request: response_type must be code")
        if form.get("code_challenge_method") != "S256" or not form.get("code_challenge"):
            raise OAuthError("invalid_request", "Use of PKCE with the S256 method is required")
        request_uri = f"urn:ietf:params:oauth:request_uri:req-{secrets.token_hex(16)}"
        self._asked[request_uri] = Asked(form=dict(form), key=key, until=self.network.now() + _REQUEST_LIVES)
        return {"request_uri": request_uri, "expires_in": 299}

    def page(self, query: Mapping[str, str]) -> str:
        """What the browser shows."""
        asked = self._request(query)
        hint = escape(asked.form.get("login_hint", ""))
        hidden = "".join(
            f'<input type="hidden" name="{n}" value="{escape(query[n])}">' for n in ("client_id", "request_uri")
        )
        scope = escape(asked.form.get("scope", ""))
        return (
            "<!DOCTYPE html><html lang=en><meta charset=utf-8><title>Practice: allow Postroom?</title>"
            f"<h1>Allow this program?</h1><p>It asks for: {scope}</p><form method=post>{hidden}"
            f'<label>Account <input name="person" value="{hint}"></label> '
            '<button name="decision" value="allow">Allow</button> '
            '<button name="decision" value="deny">Deny</button></form>'
        )

    def decide(self, form: Mapping[str, str], home: str) -> str:
        """What the person pressed: the address the browser goes to."""
        asked = self._request(form)
        back = asked.form["redirect_uri"]
        answer = {"iss": home, "state": asked.form.get("state", "")}
        del self._asked[form["request_uri"]]
        account = self.network.account(form.get("person", ""))
        if form.get("decision") != "allow" or account is None:
            answer |= {"error": "access_denied", "error_description": "Access denied"}
        else:
            code = f"cod-{secrets.token_hex(32)}"
            asked.account, asked.until = account, self.network.now() + _CODE_LIVES
            self._codes[code] = asked
            answer["code"] = code
        return f"{back}{'&' if urlsplit(back).query else '?'}{urlencode(answer)}"

    def token(self, form: Mapping[str, str], proof: str, url: str) -> dict[str, Any]:
        """Tokens for a code, or for a refresh token."""
        key = self._proved(proof, url)
        match form.get("grant_type"):
            case "authorization_code":
                return self._answer(self._redeem(form, key))
            case "refresh_token":
                return self._answer(self._renew(form, key))
        raise OAuthError("unsupported_grant_type", f'Grant type "{form.get("grant_type")}" not supported')

    def revoke(self, form: Mapping[str, str]) -> None:
        """Forget a grant by its refresh token; what is unknown is forgotten already."""
        self._grants = [g for g in self._grants if g.refresh != form.get("token", "")]

    def _redeem(self, form: Mapping[str, str], key: str) -> Grant:
        asked = self._codes.pop(form.get("code", ""), None)
        if asked is None or asked.account is None or asked.until < self.network.now():
            raise OAuthError("invalid_grant", "Invalid code")
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != asked.form["code_challenge"]:
            raise OAuthError("invalid_grant", "Invalid code_verifier")
        if form.get("client_id") != asked.form["client_id"] or form.get("redirect_uri") != asked.form["redirect_uri"]:
            raise OAuthError("invalid_grant", "The request is not the one that was authorized")
        if key != asked.key:
            raise OAuthError("invalid_grant", "DPoP proof does not match the expected JKT")
        scope = asked.form.get("scope", "atproto")
        grant = Grant(account=asked.account, client_id=asked.form["client_id"], scope=scope, key=key)
        self._grants.append(grant)
        return grant

    def _renew(self, form: Mapping[str, str], key: str) -> Grant:
        sent = form.get("refresh_token", "")
        for grant in self._grants:
            if sent in grant.used:
                self._grants.remove(grant)  # and with it the token that came after this one
                raise OAuthError("invalid_grant", "Refresh token replayed")
            if sent == grant.refresh:
                if grant.key != key or grant.client_id != form.get("client_id"):
                    raise OAuthError("invalid_grant", "DPoP proof does not match the expected JKT")
                grant.used.add(sent)
                return grant
        raise OAuthError("invalid_grant", "Invalid refresh token")

    def _answer(self, grant: Grant) -> dict[str, Any]:
        inside = PRIVILEGED if "transition:chat.bsky" in grant.scope.split() else APP
        access = self.tokens.issue(
            grant.account, "access", inside, life=_ACCESS_LIVES, session=secrets.token_hex(8), key=grant.key
        )
        grant.refresh = f"ref-{secrets.token_hex(32)}"
        return {
            "access_token": access.text,
            "token_type": "DPoP",
            "refresh_token": grant.refresh,
            "scope": grant.scope,
            "expires_in": 3599,
            "sub": grant.account.did,
        }

    def _request(self, query: Mapping[str, str]) -> Asked:
        asked = self._asked.get(query.get("request_uri", ""))
        if asked is None or asked.until < self.network.now():
            raise OAuthError("invalid_request", "Unknown request_uri")
        if asked.form["client_id"] != query.get("client_id"):
            raise OAuthError("invalid_request", "This request was initiated for another client")
        return asked

    def _proved(self, proof: str, url: str) -> str:
        try:
            return self.proofs.check(proof, "POST", url)
        except NoProof as wrong:
            raise OAuthError(wrong.name, str(wrong)) from None


def metadata(home: str) -> dict[str, Any]:
    """What the server says of itself (RFC 8414)."""
    return {
        "issuer": home,
        "request_parameter_supported": True,
        "request_uri_parameter_supported": True,
        "require_request_uri_registration": True,
        "scopes_supported": list(SCOPES),
        "subject_types_supported": ["public"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "code_challenge_methods_supported": ["S256"],
        "ui_locales_supported": ["en-US"],
        "display_values_supported": ["page", "popup", "touch"],
        "request_object_signing_alg_values_supported": [*ALGORITHMS, "none"],
        "authorization_response_iss_parameter_supported": True,
        "request_object_encryption_alg_values_supported": [],
        "request_object_encryption_enc_values_supported": [],
        "jwks_uri": f"{home}/oauth/jwks",
        "authorization_endpoint": f"{home}/oauth/authorize",
        "token_endpoint": f"{home}/oauth/token",
        "token_endpoint_auth_methods_supported": ["none", "private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        "revocation_endpoint": f"{home}/oauth/revoke",
        "pushed_authorization_request_endpoint": f"{home}/oauth/par",
        "require_pushed_authorization_requests": True,
        "dpop_signing_alg_values_supported": ALGORITHMS,
        "protected_resources": [home],
        "client_id_metadata_document_supported": True,
        "prompt_values_supported": ["none", "login", "consent", "select_account", "create"],
    }


def resource(home: str) -> dict[str, Any]:
    """Which authorization server a PDS trusts (RFC 9728)."""
    return {
        "resource": home,
        "authorization_servers": [home],
        "scopes_supported": [],
        "bearer_methods_supported": ["header"],
        "resource_documentation": "https://atproto.com",
    }


def _check_client(form: Mapping[str, str]) -> None:
    """The loopback client's rules: its id says where it may be sent back to and what it may ask for."""
    client = urlsplit(form.get("client_id", ""))
    if client.scheme != "http" or client.netloc != "localhost" or client.path not in ("", "/"):
        raise OAuthError("invalid_client_metadata", "Practice knows only the loopback client (http://localhost?...)")
    said = parse_qs(client.query)
    back = urlsplit(form.get("redirect_uri", ""))
    if back.hostname == "localhost":
        words = 'Use of "localhost" hostname is not allowed (RFC 8252), use a loopback IP such as "127.0.0.1" instead'
        raise OAuthError("invalid_request", f"Invalid authorization request: {words} at body.redirect_uri")
    allowed = [urlsplit(uri) for uri in said.get("redirect_uri", ("http://127.0.0.1/", "http://[::1]/"))]
    here = (back.scheme, back.hostname, back.path or "/")
    if back.hostname not in _LOOPBACK or here not in [(a.scheme, a.hostname, a.path or "/") for a in allowed]:
        raise OAuthError("invalid_request", "Invalid redirect_uri")
    wanted = form.get("scope", "").split()
    if "atproto" not in wanted:
        raise OAuthError("invalid_scope", 'The "atproto" scope is required')
    for scope in wanted:
        if scope not in said.get("scope", ["atproto"])[0].split() or scope not in SCOPES:
            raise OAuthError("invalid_scope", f'Scope "{scope}" is not declared in the client metadata')
