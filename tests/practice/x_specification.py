"""X's own OpenAPI documents as a judge of requests and answers: 2.166 (classic vocabulary) and 2.167 (new)."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

FOLDER = Path(__file__).parent / "specifications"
CLASSIC, NEW = "2.166", "2.167"
SEEN = {
    "/2/tweets": {"edit_history_tweet_ids"},  # POST was seen to answer so (x.md section 3)
    "/2/media/upload": {"type"},  # demanded by 2.166, and not described there
    "/2/media/upload/{id}/finalize": {"type"},
}
"""Members that come although the document has no word for them."""


class Specification:
    """One version of the document."""

    def __init__(self, version: str) -> None:
        body = gzip.decompress((FOLDER / f"x_openapi_{version}.json.gz").read_bytes())
        self.document: dict[str, Any] = json.loads(body)
        self._registry: Registry[Any] = (
            Registry().with_resource("x", Resource(contents=self.document, specification=DRAFT202012)).crawl()
        )
        self._validators: dict[str, Draft202012Validator] = {}

    def faults_of_request(self, request: httpx.Request) -> list[str]:
        """What of a request the document does not allow."""
        template, operation = self._operation(request)
        if operation is None:
            return [f"{request.method} {request.url.path} is not in the document"]
        declared = {p["name"]: p for p in map(self._resolved, operation.get("parameters", ()))}
        query = dict(parse_qsl(request.url.query.decode(), keep_blank_values=True))
        placed = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template), request.url.path)
        given = {**query, **(placed.groupdict() if placed else {})}
        found = [f"{n} is not declared" for n in query if declared.get(n, {}).get("in") != "query"]
        found += [f"{n} is missing" for n, p in declared.items() if p.get("required") and n not in given]
        for name in given.keys() & declared.keys():
            schema = declared[name]["schema"]
            found += self._faults(_value(given[name], self._resolved(schema)), schema, name)
        return found + self._faults_of_body(request, operation)

    def faults_of_answer(self, request: httpx.Request, response: httpx.Response) -> list[str]:
        """What of an answer the document does not describe."""
        template, operation = self._operation(request)
        if operation is None:
            return [f"{request.method} {request.url.path} is not in the document"]
        status = str(response.status_code)
        described = operation["responses"].get(status) or operation["responses"]["default"]
        kind = response.headers["content-type"].partition(";")[0]
        if kind not in described["content"]:
            return [f"status {status} is not described as {kind}"]
        schema, body = described["content"][kind]["schema"], response.json()
        named = self.document["components"]["schemas"]["Problem"]["discriminator"]["mapping"]
        if response.status_code >= 400 and body.get("type") not in named:
            return [] if body.keys() >= {"type", "title"} else [f"status {status} is no problem: {body}"]
        found = self._faults(body, schema, status)
        extra = [m for m in self._undescribed(body, schema) if m.rpartition(".")[2] not in SEEN.get(template, set())]
        return found + [f"{m} is not described" for m in extra if status.startswith("2")]

    def _faults_of_body(self, request: httpx.Request, operation: Mapping[str, Any]) -> list[str]:
        content = request.read()
        described = operation.get("requestBody", {}).get("content", {})
        if not content:
            return ["the body is missing"] if operation.get("requestBody", {}).get("required") else []
        kind = request.headers["content-type"].partition(";")[0]
        if kind not in described:
            return [f"a body of {kind} is not described"]
        if kind == "application/json":
            return self._faults(json.loads(content), described[kind]["schema"], "body")
        names = re.findall(rb'form-data; name="(\w+)"', content)
        schema = self._resolved(described[kind]["schema"])
        known: set[str] = set()
        for one in [schema, *map(self._resolved, schema.get("anyOf", ()))]:
            known |= set(one.get("properties", {}))
        return [f"{n.decode()} is not described" for n in names if n.decode() not in known]

    def _operation(self, request: httpx.Request) -> tuple[str, dict[str, Any] | None]:
        fitting = [
            t for t, methods in self.document["paths"].items()
            if re.fullmatch(re.sub(r"\{\w+\}", r"[^/]+", t), request.url.path) and request.method.lower() in methods
        ]  # fmt: skip
        template = min(fitting, key=lambda t: t.count("{"), default="")
        return template, self.document["paths"].get(template, {}).get(request.method.lower())

    def _faults(self, value: Any, schema: Mapping[str, Any], where: str) -> list[str]:
        anchored = json.dumps(schema).replace('"#/', '"x#/')
        if (validator := self._validators.get(anchored)) is None:
            validator = Draft202012Validator(json.loads(anchored), registry=self._registry)
            self._validators[anchored] = validator
        return [f"{where}{error.json_path[1:]}: {error.message}"[:300] for error in validator.iter_errors(value)]

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in schema:
            found: Any = self.document
            for step in schema["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            schema = found
        return schema

    def _undescribed(self, value: Any, schema: Mapping[str, Any], where: str = "$") -> Iterator[str]:
        """Members that the document has no word for, in those objects that it describes."""
        schema = self._resolved(schema)
        if isinstance(value, list):
            for one in value:
                yield from self._undescribed(one, schema.get("items", {}), where)
        elif isinstance(value, dict):
            known: dict[str, Any] = {}
            for part in [schema, *map(self._resolved, [*schema.get("allOf", ()), *schema.get("anyOf", ())])]:
                known |= part.get("properties", {})
                for deeper in part.get("allOf", ()):
                    known |= self._resolved(deeper).get("properties", {})
            if not known or where.endswith(".errors"):
                return  # problems of each kind have members of their own
            for name, inner in value.items():
                if name in known:
                    yield from self._undescribed(inner, known[name], f"{where}.{name}")
                elif not (where == "$" and name == "meta"):
                    yield f"{where}.{name}"


def _value(words: str, schema: Mapping[str, Any]) -> Any:
    match schema.get("type"):
        case "integer":
            return int(words) if re.fullmatch(r"-?\d+", words) else words
        case "array":
            return words.split(",")
        case "boolean":
            return {"true": True, "false": False}.get(words, words)
    return words


@cache
def specification(version: str) -> Specification:
    return Specification(version)
