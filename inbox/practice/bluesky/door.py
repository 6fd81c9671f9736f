"""Who asks, and whether they may: bearer tokens of sessions, and DPoP tokens with their proofs."""

from __future__ import annotations

from collections.abc import Mapping

from inbox.practice.bluesky.chat import PROXY, Chat
from inbox.practice.bluesky.dpop import ALGORITHMS, NoProof, Proofs
from inbox.practice.bluesky.tokens import APP, FULL, Token, Tokens
from inbox.practice.bluesky.wire import Call, Method, XrpcError, broken


class Door:
    """Lets calls in, or says in the server's words why not."""

    def __init__(self, tokens: Tokens, proofs: Proofs, chat: Chat | None) -> None:
        self._tokens = tokens
        self._proofs = proofs
        self._chat = chat

    def admit(self, call: Call, method: Method | None) -> Method:
        """The method, with ``call`` knowing who asks. Raises XrpcError."""
        if call.nsid.startswith("chat.bsky."):
            return self._admit_to_chat(call, method)
        if method is None:
            raise XrpcError(501, "MethodNotImplemented", "Method Not Implemented")
        wanted = "POST" if method.writes else "GET"
        if call.method != wanted:
            raise XrpcError(400, "InvalidRequest", f"Incorrect HTTP method ({call.method}) expected {wanted}")
        if method.auth == "none":
            return method
        token = self._token(call, "refresh" if method.auth == "refresh" else "access")
        if token is None and method.auth != "optional":
            raise XrpcError(401, "AuthMissing", "Authentication Required")
        if method.auth == "full" and token is not None and token.scope != FULL:
            raise XrpcError(400, "InvalidToken", "Bad token scope")
        return method

    def _admit_to_chat(self, call: Call, method: Method | None) -> Method:
        """The scope first, then the proxy header, then whether there is a service at all (recording chat.json)."""
        token = self._token(call, "access")
        if token is None:
            raise XrpcError(401, "AuthMissing", "Authentication Required")
        if token.scope == APP:
            raise XrpcError(400, "InvalidToken", "Bad token method")
        if call.headers.get("atproto-proxy") != PROXY:
            raise XrpcError(501, "MethodNotImplemented", "Method Not Implemented")
        if self._chat is None:
            raise broken()
        if method is None:
            raise XrpcError(501, "MethodNotImplemented", "Method Not Implemented")
        return method

    def _token(self, call: Call, kind: str) -> Token | None:
        scheme, _, text = call.headers.get("authorization", "").partition(" ")
        if not text:
            return None
        if scheme == "DPoP":
            token = self._bound(call, text)
        else:
            try:
                token = self._tokens.check(text, kind)
            except XrpcError as error:
                error.bare = kind == "refresh"
                raise
            if token.key:
                raise XrpcError(400, "InvalidToken", "Malformed token: DPoP not supported")
        call.viewer, call.token, call.scope = token.account, text, token.scope
        return token

    def _bound(self, call: Call, text: str) -> Token:
        call.out["dpop-nonce"] = self._proofs.nonce
        try:
            key = self._proofs.check(
                call.headers.get("dpop", ""), call.method, f"{call.home}/xrpc/{call.nsid}", token=text
            )
        except NoProof as wrong:
            raise XrpcError(401, wrong.name, str(wrong), headers=_challenge(wrong.name, str(wrong))) from None
        try:
            token = self._tokens.check(text, "access")
        except XrpcError:
            words = '"exp" claim timestamp check failed'
            raise XrpcError(401, "invalid_token", words, headers=_challenge("invalid_token", words)) from None
        if token.key != key:
            words = "Invalid DPoP key binding"
            raise XrpcError(401, "invalid_token", words, headers=_challenge("invalid_token", words))
        return token


def _challenge(name: str, words: str) -> Mapping[str, str]:
    quoted = words.replace('"', '\\"')
    return {"www-authenticate": f'DPoP algs="{" ".join(ALGORITHMS)}", error="{name}", error_description="{quoted}"'}
