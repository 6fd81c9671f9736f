"""com.atproto.server and identity: who is here, signing in and out."""

from __future__ import annotations

from typing import Any

from inbox.practice.bluesky.network import Network
from inbox.practice.bluesky.records import Account
from inbox.practice.bluesky.tokens import APP, FULL, PRIVILEGED, Token, Tokens
from inbox.practice.bluesky.wire import Call, Method, Raw, XrpcError

UPLOAD_LIMIT = 5 * 1024 * 1024


def did_document(account: Account, home: str) -> dict[str, Any]:
    """What the PLC directory says of an account."""
    return {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/suites/secp256k1-2019/v1"],
        "id": account.did,
        "alsoKnownAs": [f"at://{account.handle}"],
        "verificationMethod": [
            {
                "id": "#atproto",
                "type": "EcdsaSecp256k1VerificationKey2019",
                "controller": account.did,
                "publicKeyMultibase": f"zQ3sh{account.did[8:] * 2}",
            }
        ],
        "service": [{"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": home}],
    }


def methods(network: Network, tokens: Tokens) -> dict[str, Method]:
    """The methods of this part, by name."""

    def describe_server(call: Call) -> Any:
        return {
            "did": "did:web:localhost",
            "availableUserDomains": [f".{network.host}"],
            "inviteCodeRequired": False,
            "blobUploadLimit": UPLOAD_LIMIT,
            "links": {"privacyPolicy": f"{call.home}/privacy", "termsOfService": f"{call.home}/terms"},
            "contact": {},
        }

    def resolve_handle(call: Call) -> Any:
        account = network.account(call.need("handle"))
        if account is None:
            raise XrpcError(400, "HandleNotFound", "Unable to resolve handle")
        return {"did": account.did}

    def create_session(call: Call) -> Any:
        sent = call.body("identifier", "password")
        account = _identified(network, str(sent["identifier"]))
        scope = "" if account is None else _scope_of(account, str(sent["password"]))
        if account is None or not scope:
            raise XrpcError(401, "AuthenticationRequired", "Invalid identifier or password")
        if not account.active:
            raise XrpcError(401, "AccountTakedown", "Account has been taken down")
        return _session(call, account, tokens.sign_in(account, scope))

    def refresh_session(call: Call) -> Any:
        return _session(call, call.me, tokens.refresh(tokens.check(call.token, "refresh")))

    def delete_session(call: Call) -> Any:
        tokens.end(tokens.check(call.token, "refresh").session)
        return Raw()

    def get_session(call: Call) -> Any:
        return _session(call, call.me, None)

    def service_auth(call: Call) -> Any:
        call.need("aud")
        token, _ = tokens.sign_in(call.me, call.scope)
        return {"token": token.text}

    def list_app_passwords(call: Call) -> Any:
        return {"passwords": [{"name": p.name, "privileged": p.privileged} for p in call.me.passwords]}

    return {
        "com.atproto.server.describeServer": Method(serve=describe_server, auth="none"),
        "com.atproto.identity.resolveHandle": Method(serve=resolve_handle, auth="none"),
        "com.atproto.server.createSession": Method(serve=create_session, auth="none", writes=True),
        "com.atproto.server.refreshSession": Method(serve=refresh_session, auth="refresh", writes=True),
        "com.atproto.server.deleteSession": Method(serve=delete_session, auth="refresh", writes=True),
        "com.atproto.server.getSession": Method(serve=get_session),
        "com.atproto.server.getServiceAuth": Method(serve=service_auth),
        "com.atproto.server.listAppPasswords": Method(serve=list_app_passwords, auth="full"),
    }


def _identified(network: Network, identifier: str) -> Account | None:
    found = next((a for a in network.accounts.values() if a.email == identifier.lower()), None)
    if found is not None or identifier.startswith("did:") or "." in identifier:
        return found or network.account(identifier)
    return None  # a short name is ours, not the network's


def _scope_of(account: Account, password: str) -> str:
    if password == account.password:
        return FULL
    for app in account.passwords:
        if password == app.secret:
            return PRIVILEGED if app.privileged else APP
    return ""


def _session(call: Call, account: Account, pair: tuple[Token, Token] | None) -> dict[str, Any]:
    jwts = {} if pair is None else {"accessJwt": pair[0].text, "refreshJwt": pair[1].text}
    return {
        **jwts,
        "did": account.did,
        "didDoc": did_document(account, call.home),
        "handle": account.handle,
        "email": account.email,
        "emailConfirmed": False,
        "active": True,
    }
