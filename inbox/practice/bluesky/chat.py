"""chat.bsky.convo: direct messages (bluesky.md section 8), where an app is given a ``Chat``.

The real service is not open source: shapes after the lexicons, behaviour as documented. Each convo is between two.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from inbox.practice.bluesky import ids, lexicon
from inbox.practice.bluesky.network import Network
from inbox.practice.bluesky.records import Account
from inbox.practice.bluesky.views import Views
from inbox.practice.bluesky.wire import Call, Method, XrpcError, invalid

PROXY = "did:web:api.bsky.chat#bsky_chat"
_NAME = "chat.bsky.convo."
_TEXT = lexicon.text(10_000, 1_000)


@dataclass(kw_only=True, slots=True, eq=False)
class Convo:
    """Two people, and what they said, oldest first; deleted ones are kept as such."""

    id: str
    members: tuple[str, str]
    rev: str
    messages: list[dict[str, Any]] = field(default_factory=list)
    read: dict[str, str] = field(default_factory=dict)


class Chat:
    """The chat service. ``say`` is how somebody else writes."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.begun = network.next_tid()  # where an empty log stands
        self.convos: dict[str, Convo] = {}
        self.log: list[tuple[Convo, dict[str, Any]]] = []
        self.said: list[Callable[[Convo, dict[str, Any]], None]] = []
        """Told of every message, whoever wrote it."""

    def say(self, who: Account, to: Account, text: str, *, at: datetime | None = None) -> dict[str, Any]:
        """A direct message; begins their conversation when there is none. ``at``: when it was written."""
        return self.send(self.between(who.did, to.did), who, {"text": text}, at=at)

    def between(self, one: str, other: str) -> Convo:
        """The conversation of two."""
        for convo in self.convos.values():
            if set(convo.members) == {one, other}:
                return convo
        convo = Convo(id=self.network.next_tid(), members=(one, other), rev=self.network.next_tid())
        self.convos[convo.id] = convo
        self._log(convo, "logBeginConvo")
        return convo

    def send(
        self, convo: Convo, who: Account, sent: Mapping[str, Any], *, at: datetime | None = None
    ) -> dict[str, Any]:  # fmt: skip
        """Add a message."""
        convo.rev = self.network.next_tid()
        message = {
            "id": self.network.next_tid(),
            "rev": convo.rev,
            "text": sent["text"],
            **({"facets": sent["facets"]} if sent.get("facets") else {}),
            "sender": {"did": who.did},
            "sentAt": ids.stamp(at or self.network.now()),
            "$type": "chat.bsky.convo.defs#messageView",
        }
        convo.messages.append(message)
        convo.read[who.did] = message["id"]
        self._log(convo, "logCreateMessage", message)
        for listener in tuple(self.said):
            listener(convo, message)
        return message

    def remove(self, convo: Convo, message_id: str, who: Account) -> dict[str, Any]:
        """Delete a message for oneself (practice has one of each, so it is gone for both)."""
        convo.rev = self.network.next_tid()
        for number, message in enumerate(convo.messages):
            if message["id"] == message_id:
                gone = {name: message[name] for name in ("id", "sender", "sentAt")}
                gone |= {"rev": convo.rev, "$type": "chat.bsky.convo.defs#deletedMessageView"}
                convo.messages[number] = gone
                self._log(convo, "logDeleteMessage", gone)
                return gone
        raise invalid("Message not found")

    def _log(self, convo: Convo, kind: str, message: Mapping[str, Any] | None = None) -> None:
        entry = {"$type": f"chat.bsky.convo.defs#{kind}", "rev": self.network.next_tid(), "convoId": convo.id}
        self.log.append((convo, entry | ({"message": message} if message is not None else {})))


def methods(chat: Chat) -> dict[str, Method]:
    """The methods of this part, by name."""
    network = chat.network

    def view(call: Call, convo: Convo) -> dict[str, Any]:
        views = Views(network, call.mine, call.home)
        read = convo.read.get(call.mine, "")
        last = {"lastMessage": convo.messages[-1]} if convo.messages else {}
        return {
            "id": convo.id,
            "rev": convo.rev,
            "members": [views.person(did) for did in convo.members],
            **last,
            "muted": False,
            "status": "accepted",
            "unreadCount": sum(1 for m in convo.messages if m["id"] > read and m["sender"]["did"] != call.mine),
        }

    def mine(call: Call) -> list[Convo]:
        return sorted((c for c in chat.convos.values() if call.mine in c.members), key=lambda c: c.rev, reverse=True)

    def asked(call: Call, convo_id: str) -> Convo:
        convo = chat.convos.get(convo_id)
        if convo is None or call.mine not in convo.members:
            raise XrpcError(400, "InvalidConvo", "Convo not found")
        return convo

    def list_convos(call: Call) -> Any:
        limit, cursor = call.number("limit", 50, 100), call.param("cursor")
        convos = [c for c in mine(call) if not cursor or c.rev < cursor]
        more = {"cursor": convos[limit - 1].rev} if len(convos) > limit else {}
        return {"convos": [view(call, c) for c in convos[:limit]]} | more

    def get_convo(call: Call) -> Any:
        return {"convo": view(call, asked(call, call.need("convoId")))}

    def get_convo_for(call: Call) -> Any:
        others = [m for m in call.many("members", 10) if m != call.mine]
        if len(others) != 1 or others[0] not in network.accounts:
            raise invalid("Practice has conversations of two only")
        return {"convo": view(call, chat.between(call.mine, others[0]))}

    def get_messages(call: Call) -> Any:
        limit, cursor = call.number("limit", 50, 100), call.param("cursor")
        said = [m for m in reversed(asked(call, call.need("convoId")).messages) if not cursor or m["id"] < cursor]
        more = {"cursor": said[limit - 1]["id"]} if len(said) > limit else {}
        return {"messages": said[:limit]} | more

    def get_log(call: Call) -> Any:
        cursor = call.param("cursor")
        own = [entry for convo, entry in chat.log if call.mine in convo.members]
        # Without a cursor only where the log stands now: what was before is read from the conversations.
        page = [entry for entry in own if entry["rev"] > cursor][:100] if cursor else []
        end = page[-1]["rev"] if page else cursor or (own[-1]["rev"] if own else chat.begun)
        return {"logs": page, "cursor": end}

    def send_message(call: Call) -> Any:
        sent = call.body("convoId", "message")
        message = sent["message"]
        try:
            _TEXT(message.get("text"), "$.message.text")
        except lexicon.NotValid as wrong:
            raise invalid(f"Invalid {call.nsid} input: {wrong}") from None
        return chat.send(asked(call, str(sent["convoId"])), call.me, message)

    def delete_message(call: Call) -> Any:
        sent = call.body("convoId", "messageId")
        return chat.remove(asked(call, str(sent["convoId"])), str(sent["messageId"]), call.me)

    def update_read(call: Call) -> Any:
        sent = call.body("convoId")
        convo = asked(call, str(sent["convoId"]))
        if convo.messages:
            convo.read[call.mine] = sent.get("messageId", convo.messages[-1]["id"])
        return {"convo": view(call, convo)}

    served = {
        "listConvos": list_convos,
        "getConvo": get_convo,
        "getConvoForMembers": get_convo_for,
        "getMessages": get_messages,
        "getLog": get_log,
        "sendMessage": send_message,
        "deleteMessageForSelf": delete_message,
        "updateRead": update_read,
    }
    writing = {"sendMessage", "deleteMessageForSelf", "updateRead"}
    return {_NAME + name: Method(serve=serve, auth="chat", writes=name in writing) for name, serve in served.items()}
