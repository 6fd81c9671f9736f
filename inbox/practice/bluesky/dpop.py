"""The other side of DPoP (RFC 9449): nonces that change within minutes, and proofs that are believed only once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import timedelta
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from inbox.practice.bluesky.network import Network

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES256K", "ES384", "ES512"]
_NONCE_LIVES = timedelta(minutes=3)
_PROOF_LIVES = timedelta(minutes=5)


class NoProof(Exception):
    """The proof is missing, wrong or stale. ``name``: what OAuth calls that."""

    def __init__(self, name: str, words: str) -> None:
        super().__init__(words)
        self.name = name


class Proofs:
    """Checks the proofs of one server."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self._secret = secrets.token_bytes(32)
        self._seen: set[str] = set()

    @property
    def nonce(self) -> str:
        """The nonce of these minutes."""
        return self._nonce(0)

    def check(self, proof: str, method: str, url: str, token: str = "") -> str:
        """The thumbprint of the key that signed this proof for this request. Raises NoProof."""
        if not proof:
            raise NoProof("invalid_dpop_proof", "DPoP proof required")
        try:
            header = jws.extract_compact(proof.encode()).headers()
            if header.get("typ") != "dpop+jwt" or header.get("alg") != "ES256":
                raise NoProof("invalid_dpop_proof", "Invalid DPoP proof: unexpected typ or alg")
            key = ECKey.import_key(header["jwk"])
            claims = jwt.decode(proof, key, algorithms=["ES256"]).claims
        except (JoseError, ValueError, KeyError, TypeError):
            raise NoProof("invalid_dpop_proof", "Invalid DPoP proof: signature verification failed") from None
        if key.is_private:
            raise NoProof("invalid_dpop_proof", "Invalid DPoP proof: the key is not a public one")
        self._judge(claims, method, url, token)
        return key.thumbprint()

    def _judge(self, claims: dict[str, Any], method: str, url: str, token: str) -> None:
        now_s = self.network.now().timestamp()
        issued = claims.get("iat")
        if not isinstance(issued, int | float) or abs(now_s - issued) > _PROOF_LIVES.total_seconds():
            raise NoProof("invalid_dpop_proof", 'Invalid DPoP proof: "iat" claim timestamp check failed')
        if claims.get("nonce") not in (self._nonce(0), self._nonce(-1)):
            raise NoProof("use_dpop_nonce", "Authorization server requires nonce in DPoP proof")
        if claims.get("htm") != method or claims.get("htu") != url:
            wrong = "htm" if claims.get("htm") != method else "htu"
            raise NoProof("invalid_dpop_proof", f"Invalid DPoP proof: DPoP {wrong} mismatch")
        digest = base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()
        if token and claims.get("ath") != digest:
            raise NoProof("invalid_dpop_proof", "Invalid DPoP proof: DPoP ath mismatch")
        jti = str(claims.get("jti", ""))
        if not jti or jti in self._seen:
            raise NoProof("invalid_dpop_proof", "Invalid DPoP proof: DPoP proof replayed")
        self._seen.add(jti)

    def _nonce(self, turn: int) -> str:
        turn += int(self.network.now().timestamp() // _NONCE_LIVES.total_seconds())
        digest = hmac.digest(self._secret, str(turn).encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
