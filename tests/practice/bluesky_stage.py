"""A Bluesky network prepared like the one that was recorded, whose people do what they did there; in this process."""

from __future__ import annotations

import base64
import hashlib
import secrets
import struct
import zlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey

from inbox.practice.bluesky import Chat, Network, People, Tokens, bluesky_app
from inbox.practice.bluesky.records import Account, Record
from inbox.practice.faults import Faults
from tests.practice.conftest import StillClock

HOME = "http://localhost:22590"
NAMES = {
    "org": "City of Testville", "amina": "Amina K. 🌻", "bruno": "Bruno Ferreira", "chen": "陈小明",
    "dana": "דנה לוי", "emeka": "Emeka O.", "farah": "فرح حداد",
}  # fmt: skip
FAMILY = "👩‍👩‍👧‍👦"


def png(width: int = 64, height: int = 48, padding: int = 0) -> bytes:
    """A grey picture, made longer by a comment where wanted."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    comment = chunk(b"tEXt", b"pad\0" + b"x" * padding) if padding else b""
    rows = zlib.compress((b"\0" + b"\x80" * 3 * width) * height)
    return b"\x89PNG\r\n\x1a\n" + header + comment + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


class Stage:
    """The network, its app, and ways to ask it. The clock goes on by a little with each request and each act."""

    def __init__(self, *, chat: bool = False, oauth: bool = True) -> None:
        self.clock = StillClock()
        self.network = Network(self.clock)
        self.network.oauth = oauth
        self.people = People(self.network)
        self.tokens = Tokens(self.network)
        self.chat = Chat(self.network)
        self.faults = Faults()
        self.accounts: dict[str, Account] = {n: self.network.add_account(n, shown) for n, shown in NAMES.items()}
        self.org = self.accounts["org"]
        app = bluesky_app(self.network, self.faults, self.tokens, self.chat if chat else None)
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=HOME)
        self.key = ECKey.generate_key("P-256")
        self.posts: list[Record] = []
        self._access: dict[str, str] = {}

    def hop(self, seconds: float = 0.013) -> None:
        """A little later."""
        self.clock.at += timedelta(seconds=seconds)
        self.clock.steady_s += seconds

    def token(self, name: str) -> str:
        """A main-password session's access token, made without asking."""
        if name not in self._access:
            self._access[name] = self.tokens.sign_in(self.accounts[name])[0].text
        return self._access[name]

    async def ask(self, nsid: str, who: str = "org", *, token: str = "", **params: Any) -> httpx.Response:
        """A query as ``who`` (empty: nobody)."""
        self.hop()
        headers = self.auth(token or (self.token(who) if who else ""))
        return await self.http.get(f"/xrpc/{nsid}", params=params, headers=headers)

    async def tell(self, nsid: str, body: Any, who: str = "org", *, token: str = "", **headers: str) -> httpx.Response:
        """A procedure as ``who``; bytes go out as they are, with ``content_type``."""
        self.hop()
        sent = {
            **self.auth(token or (self.token(who) if who else "")),
            **{n.replace("_", "-"): v for n, v in headers.items()},
        }
        how = {"content": body} if isinstance(body, bytes) else {"json": body} if body is not None else {}
        return await self.http.post(f"/xrpc/{nsid}", headers=sent, **how)

    async def put(self, collection: str, fields: dict[str, Any], who: str = "org", **more: Any) -> httpx.Response:
        """``createRecord``."""
        self.hop()
        record = {"$type": collection, "createdAt": self.now(), **fields}
        body = {"repo": self.accounts[who].did, "collection": collection, "record": record, **more}
        return await self.tell("com.atproto.repo.createRecord", body, who)

    async def post(self, text: str, who: str = "org", **fields: Any) -> httpx.Response:
        """A post of ``who``."""
        return await self.put("app.bsky.feed.post", {"text": text, "langs": ["en"], **fields}, who)

    def now(self) -> str:
        return self.network.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def record(self, answer: httpx.Response) -> Record:
        """What a write has made."""
        found = self.network.find(answer.json()["uri"])
        assert found is not None
        return found

    def proof(self, method: str, url: str, nonce: str = "", token: str = "", **claims: Any) -> str:
        """A DPoP proof of our key."""
        said: dict[str, Any] = {
            "jti": secrets.token_hex(8), "htm": method, "htu": url, "iat": int(self.network.now().timestamp())
        }  # fmt: skip
        if nonce:
            said["nonce"] = nonce
        if token:
            digest = hashlib.sha256(token.encode()).digest()
            said["ath"] = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": self.key.as_dict(private=False)}
        return jwt.encode(header, {**said, **claims}, self.key, algorithms=["ES256"])

    @staticmethod
    def auth(token: str) -> dict[str, str]:
        return {"authorization": f"Bearer {token}"} if token else {}

    def seed(self, actions: int) -> None:
        """The organisation's five posts, then citizens' acts of 14 kinds in turn."""
        say, org = self.people.say, self.org
        works = "🚧 Água: Main Street is closed on Monday. Details: https://testville.example/roads #roadworks"
        budget = {"uri": "https://testville.example/budget", "title": "Budget 2027", "description": "What it costs."}
        for make in (
            lambda: say(org, works),
            lambda: say(org, "The new playground opens at noon 🎉", pictures=[(png(), "image/png", "A square")]),
            lambda: say(org, "Budget 2027: read the summary.", card=budget),
            lambda: say(org, "مرحبا! مكتبة المدينة مفتوحة يوم السبت. @amina.test", langs=["ar"]),
            lambda: say(org, "Water is back on in every district. Thank you for your patience."),
        ):
            self.hop()
            self.posts.append(make())
        citizens = [a for name, a in self.accounts.items() if name != "org"]
        kinds = self._kinds()
        for number in range(actions):
            turn = number // len(kinds)
            self.hop(0.1)
            who = citizens[(number + 3 * turn) % len(citizens)]
            kinds[number % len(kinds)](who, self.posts[(number + 2 * turn) % len(self.posts)], number)

    def _kinds(self) -> list[Callable[[Account, Record, int], object]]:
        people, last = self.people, [self.posts[0]]

        def keep(record: Record) -> None:
            last[0] = record

        def taken_back(who: Account, post: Record, number: int) -> None:
            people.remove(people.say(who, f"Reply {number}: deleted by its author", to=post))

        def long(who: Account, post: Record, number: int) -> Record:
            words = f"Reply {number}: "
            return people.say(who, words + FAMILY * 100, to=post)

        two_days = timedelta(days=2)
        picture = (png(), "image/png", "A square")
        rtl = f"تم إصلاح الطريق؟ שאלה טובה 🙏🏽 {FAMILY}"
        return [
            lambda w, p, n: keep(people.say(w, f"Reply {n}: when will the road open again?", to=p)),
            lambda w, p, n: keep(people.say(w, f"Reply {n}: {rtl}", to=p, langs=["ar", "he"])),
            lambda w, p, n: keep(people.say(w, f"Reply {n}: same question here, further down the thread", to=last[0])),
            lambda w, p, n: people.say(w, f"{FAMILY} Ünïcode {n}: hey @org.test, the bin on Elm Street is full #bins"),
            lambda w, p, n: people.say(w, f"Quote {n}: worth reading", quote=p),
            lambda w, p, n: people.like(w, p),
            lambda w, p, n: people.repost(w, p),
            lambda w, p, n: people.follow(w, self.org),
            lambda w, p, n: people.say(
                w, f"Reply {n}: see the photo", to=p, pictures=[(picture[0], picture[1], "A red square: the pothole")]
            ),
            lambda w, p, n: people.say(
                w, f"Reply {n}: not for the faint-hearted", to=p, warnings=["graphic-media"],
                pictures=[(picture[0], picture[1], "A grey square")],
            ),
            lambda w, p, n: people.say(w, f"@org.test reply {n} that also mentions you", to=p),
            taken_back,
            lambda w, p, n: people.say(
                w, f"Reply {n}: imported later, createdAt in the past", to=p, at=self.clock.now() - two_days
            ),
            long,
        ]  # fmt: skip
