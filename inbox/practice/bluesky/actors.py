"""app.bsky.actor and graph: people, and what we do not want to see of them. Reports to moderators."""

from __future__ import annotations

from typing import Any

from inbox.practice.bluesky import ids
from inbox.practice.bluesky.network import Network
from inbox.practice.bluesky.records import BLOCK, FOLLOW, Account
from inbox.practice.bluesky.views import Views
from inbox.practice.bluesky.wire import Call, Method, Raw, invalid


def methods(network: Network) -> dict[str, Method]:
    """The methods of this part, by name."""

    def get_profile(call: Call) -> Any:
        return Views(network, call.mine, call.home).person_in_full(_actor(network, call.need("actor")).did)

    def get_profiles(call: Call) -> Any:
        views = Views(network, call.mine, call.home)
        found = [network.account(name) for name in call.many("actors", 25)]
        return {"profiles": [views.person_in_full(a.did) for a in found if a is not None]}

    def search_actors(call: Call) -> Any:
        views, words = Views(network, call.mine, call.home), (call.param("q") or call.param("term")).lower()
        found = [
            a.did
            for a in network.accounts.values()
            if words in a.handle or words in str(views.profile_record(a.did).get("displayName", "")).lower()
        ]
        return {"actors": [views.person_listed(did) for did in found[: call.number("limit", 25, 100)]]}

    def get_preferences(call: Call) -> Any:
        return {"preferences": []}

    def mute_actor(call: Call) -> Any:
        network.mutes[call.mine].add(_actor(network, str(call.body("actor")["actor"])).did)
        return Raw()

    def unmute_actor(call: Call) -> Any:
        network.mutes[call.mine].discard(_actor(network, str(call.body("actor")["actor"])).did)
        return Raw()

    def mute_thread(call: Call) -> Any:
        network.muted_threads[call.mine].add(str(call.body("root")["root"]))
        return Raw()

    def unmute_thread(call: Call) -> Any:
        network.muted_threads[call.mine].discard(str(call.body("root")["root"]))
        return Raw()

    def get_mutes(call: Call) -> Any:
        views = Views(network, call.mine, call.home)
        return {"mutes": [views.person_listed(did) for did in sorted(network.mutes[call.mine])]}

    def get_blocks(call: Call) -> Any:
        views = Views(network, call.mine, call.home)
        blocked = [s for (c, s), by in network.reactions.items() if c == BLOCK and call.mine in by]
        return {"blocks": [views.person_listed(did) for did in blocked]}

    def get_followers(call: Call) -> Any:
        views, account = Views(network, call.mine, call.home), _actor(network, call.need("actor"))
        followers = list(network.reactions[FOLLOW, account.did])
        return {
            "subject": views.person_listed(account.did),
            "followers": [views.person_listed(did) for did in reversed(followers)][: call.number("limit", 50, 100)],
        }

    def create_report(call: Call) -> Any:
        sent = call.body("reasonType", "subject")
        report = {
            "id": len(network.reports) + 1,
            "reasonType": sent["reasonType"],
            **({"reason": sent["reason"]} if "reason" in sent else {}),
            "subject": sent["subject"],
            "reportedBy": call.mine,
            "createdAt": ids.stamp(network.now()),
        }
        network.reports.append(report)
        return report

    return {
        "app.bsky.actor.getProfile": Method(serve=get_profile, auth="optional", labelled=True, fresh=True),
        "app.bsky.actor.getProfiles": Method(serve=get_profiles, auth="optional", labelled=True),
        "app.bsky.actor.searchActors": Method(serve=search_actors, auth="optional", labelled=True),
        "app.bsky.actor.searchActorsTypeahead": Method(serve=search_actors, auth="optional", labelled=True),
        "app.bsky.actor.getPreferences": Method(serve=get_preferences),
        "app.bsky.graph.muteActor": Method(serve=mute_actor, writes=True),
        "app.bsky.graph.unmuteActor": Method(serve=unmute_actor, writes=True),
        "app.bsky.graph.muteThread": Method(serve=mute_thread, writes=True),
        "app.bsky.graph.unmuteThread": Method(serve=unmute_thread, writes=True),
        "app.bsky.graph.getMutes": Method(serve=get_mutes, labelled=True),
        "app.bsky.graph.getBlocks": Method(serve=get_blocks, labelled=True),
        "app.bsky.graph.getFollowers": Method(serve=get_followers, auth="optional", labelled=True),
        "com.atproto.moderation.createReport": Method(serve=create_report, writes=True),
    }


def _actor(network: Network, name: str) -> Account:
    account = network.account(name)
    if account is None:
        raise invalid("Profile not found")
    return account
