"""Which conversation: pure, by names alone. Against the store it is tried in tests/properties/test_grouping.py."""

from __future__ import annotations

import pytest

from inbox.sync.grouping import roots
from tests.inbox.making import message


def of(parents: dict[str, str], known: dict[str, str] | None = None) -> dict[str, str]:
    return roots([message(m, parent_remote_id=p) for m, p in parents.items()], known or {})


@pytest.mark.parametrize(
    ("parents", "known", "expected"),
    [
        ({}, {}, {}),
        ({"a": ""}, {}, {"a": "a"}),
        ({"a": "z"}, {}, {"a": "z"}),  # named after who has not arrived
        ({"c": "b", "b": "a", "a": ""}, {}, {"a": "a", "b": "a", "c": "a"}),
        ({"c": "b", "b": "a"}, {}, {"b": "a", "c": "a"}),
        ({"b": "a"}, {"a": "r"}, {"b": "r"}),  # the parent is stored, in the conversation of r
        ({"a": "elsewhere"}, {"a": "r"}, {"a": "r"}),  # what is stored stays
        ({"b": "a", "z": "w"}, {"a": "z"}, {"b": "w", "z": "w"}),  # a waits under z, which comes now and answers w
        ({"b": "a", "z": ""}, {"a": "z"}, {"b": "z", "z": "z"}),
        ({"a": "b", "b": "a"}, {}, {"a": "a", "b": "a"}),  # a loop: one of it, always the same
        ({"b": "a", "a": "b"}, {}, {"a": "a", "b": "a"}),
        ({"c": "a", "a": "b", "b": "a"}, {}, {"a": "a", "b": "a", "c": "a"}),
        ({"a": "a"}, {}, {"a": "a"}),
        ({"z": "a"}, {"a": "z"}, {"z": "a"}),  # the loop closes through what is stored
    ],
)
def test_roots(parents: dict[str, str], known: dict[str, str], expected: dict[str, str]) -> None:
    assert of(parents, known) == expected


def test_a_thousand_answers_deep() -> None:
    chain = {f"m{n}": f"m{n - 1}" for n in range(5_000, 0, -1)}
    assert set(of(chain).values()) == {"m0"}
