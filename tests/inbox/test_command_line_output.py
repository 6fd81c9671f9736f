"""Lines and JSON for any text that strangers may write."""

from __future__ import annotations

import json
import unicodedata
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from inbox.command_line.output import as_json, clipped, columns, one_line, plain, table, visible, wrapped
from inbox.model import Attachment, Author, Capability, Message, MessageKind

ANY = st.text(st.characters(codec="utf-8"), max_size=200)
STEERING = set("\u061c\u200b\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def steers(text: str) -> set[str]:
    return {c for c in text if c in STEERING or (unicodedata.category(c) == "Cc" and c not in "\n\t")}


@given(ANY)
def test_nothing_that_steers_a_terminal_is_left(text: str) -> None:
    assert steers(visible(text)) == set()
    assert steers("".join(wrapped(text))) == set()
    assert "\n" not in one_line(text)


@given(ANY)
def test_json_gives_back_the_very_text_and_steers_nothing(text: str) -> None:
    written = as_json({"text": text, text: [1, None, True]})
    assert json.loads(written) == {"text": text, text: [1, None, True]}
    assert steers(written) == set()


@given(ANY, st.integers(5, 100))
def test_a_line_is_cut_to_its_width(text: str, width: int) -> None:
    line = one_line(text)
    cut = clipped(line, width)
    assert columns(cut) <= width
    assert cut == line or (cut.endswith("…") and line.startswith(cut[:-1]))


@given(st.lists(st.sampled_from(["a", "word", "longer-word", "Straße", "ü"]), max_size=80))
def test_wrapping_loses_no_word_and_keeps_to_80_columns(words: list[str]) -> None:
    lines = wrapped(" ".join(words), "    ", hanging="  ")
    assert " ".join(lines).split() == words
    assert all(columns(line) <= 80 for line in lines)


def test_what_people_write_with_stays() -> None:
    family, flag, persian = "👩‍👩‍👧", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "می\u200cخواهم"
    assert visible(f"{family} {flag} {persian} naïve\tßtraße\r\nnext\rone") == (
        f"{family} {flag} {persian} naïve\tßtraße\nnext\none"
    )


def test_a_long_address_stays_whole() -> None:
    address = "https://council.example/" + "a" * 100
    assert address in wrapped(f"See {address} for more.")


def test_tables_line_up_also_with_wide_letters() -> None:
    lines = table([("京都", "1", "x" * 100), ("Rome", "22", "y")], "  ")
    assert lines[0].startswith("  京都  1   xxx")
    assert lines[1] == "  Rome  22  y"
    assert max(map(columns, lines)) == 80


def test_values_in_json() -> None:
    message = Message(
        remote_id="m1", kind=MessageKind.COMMENT, author=Author(name="Vera"), text="Hi", raw=b"secret wire",
        created_at=datetime(2026, 3, 2, 9, 0, 0, 5000, tzinfo=UTC), attachments=(Attachment(url="https://a.example"),),
    )  # fmt: skip
    told = plain(message)
    assert told["created_at"] == "2026-03-02T09:00:00.005Z"
    assert told["kind"] == "comment"
    assert told["author"]["name"] == "Vera"
    assert told["attachments"][0]["kind"] == "image"
    assert "raw" not in told
    assert plain(Capability.FETCH | Capability.REPLY) == ["fetch", "reply"]
