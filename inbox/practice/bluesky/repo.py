"""com.atproto.repo and sync.getBlob: records and blobs as their PDS keeps them."""

from __future__ import annotations

from typing import Any

from inbox.practice.bluesky import ids, lexicon
from inbox.practice.bluesky.network import Network
from inbox.practice.bluesky.records import BLOCK, FOLLOW, LIKE, REPOST, Account, Record
from inbox.practice.bluesky.server import UPLOAD_LIMIT, did_document
from inbox.practice.bluesky.wire import Call, Method, Raw, XrpcError, broken, invalid

_ONCE = {LIKE, REPOST, FOLLOW, BLOCK}
"""Collections in which a second record of the same subject silently replaces the first."""
_SIGNS = ((b"\x89PNG", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF8", "image/gif"))


def methods(network: Network) -> dict[str, Method]:
    """The methods of this part, by name."""

    def create_record(call: Call) -> Any:
        sent = call.body("repo", "collection", "record")
        account = _own(call, sent["repo"])
        _check_commit(network, account, sent)
        record, known = _create(network, account, sent["collection"], sent.get("rkey", ""), sent["record"], sent)
        return {**record.ref, "commit": _commit(record.rev), "validationStatus": known}

    def put_record(call: Call) -> Any:
        sent = call.body("repo", "collection", "rkey", "record")
        account = _own(call, sent["repo"])
        value, known = _checked(network, account, sent["collection"], sent["record"], sent)
        before = network.find(ids.uri_of(account.did, sent["collection"], sent["rkey"]))
        _check_commit(network, account, sent)
        if before is not None and before.cid == ids.record_cid(value):
            return {**before.ref, "validationStatus": known}
        _check_swap(before, sent)
        _keep_blobs(network, account, value)
        record = network.write(account, sent["collection"], value, rkey=sent["rkey"])
        return {**record.ref, "commit": _commit(record.rev), "validationStatus": known}

    def delete_record(call: Call) -> Any:
        sent = call.body("repo", "collection", "rkey")
        account = _own(call, sent["repo"])
        record = network.find(ids.uri_of(account.did, sent["collection"], sent["rkey"]))
        if record is None:
            return {}
        _check_swap(record, sent)
        network.erase(record)
        return {"commit": _commit(network.revs[account.did])}

    def apply_writes(call: Call) -> Any:
        sent = call.body("repo", "writes")
        account = _own(call, sent["repo"])
        _check_commit(network, account, sent)
        writes = sent["writes"]
        if len(writes) > 200:
            raise invalid("Too many writes. Max: 200")
        for write in writes:  # all or nothing: everything is checked before anything is written
            _check_write(network, account, write, sent)
        results = [_write(network, account, write, sent) for write in writes]
        return {"commit": _commit(network.revs[account.did]), "results": results}

    def get_record(call: Call) -> Any:
        account = network.account(call.need("repo"))
        collection, rkey = call.need("collection"), call.need("rkey")
        uri = ids.uri_of(account.did if account else call.need("repo"), collection, rkey)
        record = network.find(uri)
        if record is None or call.param("cid", record.cid) != record.cid:
            raise XrpcError(400, "RecordNotFound", f"Could not locate record: {uri}")
        return {**record.ref, "value": record.value}

    def list_records(call: Call) -> Any:
        account = network.account(call.need("repo"))
        if account is None:
            raise invalid(f"Could not find repo: {call.need('repo')}")
        limit, cursor = call.number("limit", 50, 100), call.param("cursor")
        oldest_first = call.param("reverse") == "true"
        kept = network.repos[account.did].get(call.need("collection"), {})
        keys = sorted(kept, reverse=not oldest_first)
        if cursor:
            keys = [k for k in keys if (k > cursor if oldest_first else k < cursor)]
        page = [kept[k] for k in keys[:limit]]
        found = {"records": [{**r.ref, "value": r.value} for r in page]}
        return {**found, "cursor": page[-1].rkey} if page else found

    def describe_repo(call: Call) -> Any:
        account = network.account(call.need("repo"))
        if account is None:
            raise invalid(f"Could not find user: {call.need('repo')}")
        return {
            "handle": account.handle,
            "did": account.did,
            "didDoc": did_document(account, call.home),
            "collections": sorted(c for c, kept in network.repos[account.did].items() if kept),
            "handleIsCorrect": True,
        }

    def upload_blob(call: Call) -> Any:
        if len(call.content) > UPLOAD_LIMIT:
            raise XrpcError(413, "PayloadTooLarge", "request entity too large", bare=True)
        if not call.content:
            raise invalid("A request body was expected but none was provided")
        said = call.headers.get("content-type", "application/octet-stream").partition(";")[0]
        seen = next((kind for sign, kind in _SIGNS if call.content.startswith(sign)), said)
        return {"blob": network.add_blob(call.me, call.content, seen).ref}

    def get_blob(call: Call) -> Any:
        blob = network.blob(call.need("did"), call.need("cid"))
        if blob is None:
            raise XrpcError(400, "BlobNotFound", "Blob not found")
        return Raw(content=blob.data, content_type=blob.mime_type)

    name = "com.atproto.repo."
    return {
        f"{name}createRecord": Method(serve=create_record, writes=True),
        f"{name}putRecord": Method(serve=put_record, writes=True),
        f"{name}deleteRecord": Method(serve=delete_record, writes=True),
        f"{name}applyWrites": Method(serve=apply_writes, writes=True),
        f"{name}getRecord": Method(serve=get_record, auth="none"),
        f"{name}listRecords": Method(serve=list_records, auth="none"),
        f"{name}describeRepo": Method(serve=describe_repo, auth="none"),
        f"{name}uploadBlob": Method(serve=upload_blob, writes=True),
        "com.atproto.sync.getBlob": Method(serve=get_blob, auth="none"),
    }


def _own(call: Call, repo: Any) -> Account:
    account = call.network.account(str(repo))
    if account is not call.me:
        raise XrpcError(401, "AuthenticationRequired", "Authentication Required")
    return account


def _checked(
    network: Network, account: Account, collection: str, value: Any, sent: dict[str, Any]
) -> tuple[dict[str, Any], str]:
    """The record as it will be kept, and whether somebody knew its schema."""
    if not isinstance(value, dict):
        raise invalid("Invalid record: Expected object value type")
    value = {"$type": collection, **value}
    known = False
    if sent.get("validate") is not False:
        try:
            known = lexicon.check(value, collection)
        except lexicon.NotValid as wrong:
            raise invalid(str(wrong)) from None
        if not known and sent.get("validate") is True:
            raise invalid(f"Unknown lexicon type: {collection}")
    for ref in lexicon.blobs(value):
        cid = ref["ref"]["$link"]
        if network.blob(account.did, cid) is None:
            raise XrpcError(400, "BlobNotFound", f"Could not find blob: {cid}")
    return value, "valid" if known else "unknown"


def _create(
    network: Network, account: Account, collection: str, rkey: str, value: Any, sent: dict[str, Any]
) -> tuple[Record, str]:
    value, known = _checked(network, account, collection, value, sent)
    if rkey and network.find(ids.uri_of(account.did, collection, rkey)) is not None:
        raise broken()  # a record key cannot be made twice, and the server says no more than this
    if collection in _ONCE:
        subject = value["subject"] if isinstance(value["subject"], str) else value["subject"]["uri"]
        for other in list(network.repos[account.did].get(collection, {}).values()):
            theirs = other.value["subject"]
            if (theirs if isinstance(theirs, str) else theirs["uri"]) == subject:
                network.erase(other)
    _keep_blobs(network, account, value)
    return network.write(account, collection, value, rkey=rkey), known


def _keep_blobs(network: Network, account: Account, value: dict[str, Any]) -> None:
    for ref in lexicon.blobs(value):
        network.blobs[account.did, ref["ref"]["$link"]].used = True


def _check_write(network: Network, account: Account, write: dict[str, Any], sent: dict[str, Any]) -> None:
    kind = str(write.get("$type", "")).partition("#")[2]
    if kind not in ("create", "update", "delete"):
        raise invalid(f"Action not supported: {write.get('$type')}")
    if kind != "delete":
        _checked(network, account, write["collection"], write.get("value"), sent)
    here = network.find(ids.uri_of(account.did, write["collection"], write.get("rkey", "")))
    if (kind == "create" and here is not None) or (kind != "create" and here is None):
        raise broken()


def _write(network: Network, account: Account, write: dict[str, Any], sent: dict[str, Any]) -> dict[str, Any]:
    kind = write["$type"].partition("#")[2]
    collection, rkey = write["collection"], write.get("rkey", "")
    result = {"$type": f"com.atproto.repo.applyWrites#{kind}Result"}
    if kind == "delete":
        record = network.find(ids.uri_of(account.did, collection, rkey))
        if record is not None:
            network.erase(record)
        return result
    if kind == "create":
        record, known = _create(network, account, collection, rkey, write["value"], sent)
    else:
        value, known = _checked(network, account, collection, write["value"], sent)
        _keep_blobs(network, account, value)
        record = network.write(account, collection, value, rkey=rkey)
    return {**result, **record.ref, "validationStatus": known}


def _check_swap(before: Record | None, sent: dict[str, Any]) -> None:
    if "swapRecord" not in sent:
        return
    is_cid = before.cid if before is not None else None
    if sent["swapRecord"] != is_cid:
        raise XrpcError(400, "InvalidSwap", f"Record was at {is_cid or 'null'}")


def _check_commit(network: Network, account: Account, sent: dict[str, Any]) -> None:
    if sent.get("swapCommit") not in (None, _commit(network.revs[account.did])["cid"]):
        raise XrpcError(400, "InvalidSwap", f"Commit was at {_commit(network.revs[account.did])['cid']}")


def _commit(rev: str) -> dict[str, str]:
    return {"cid": ids.record_cid({"rev": rev}), "rev": rev}
