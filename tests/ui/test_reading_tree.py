"""Conversations across depth: the order, how far to the right, and what folds away, whatever arrives when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from inbox.model import Author, ChannelId, ConversationId, Message, MessageId, MessageKind
from inbox.store.reading import StoredMessage
from ui.reading.tree import FOLD_FROM, LEAST_FOLDED, MOST_DEPTH, TOP, Branch, Fold, arranged

NOON = datetime(2026, 6, 9, 12, tzinfo=UTC)


def said(
    number: int, parent: int = 0, *, minute: int | None = None, ours: bool = False, by: str = "", context: str = ""
) -> StoredMessage:
    at = NOON + timedelta(minutes=number if minute is None else minute)
    message = Message(
        remote_id=f"r{number}", kind=MessageKind.COMMENT, author=Author(name=by or f"P{number % 7}"), created_at=at,
        text=f"Words {number}", parent_remote_id=f"r{parent}" if parent else "", ours=ours, context_remote_id=context,
    )  # fmt: skip
    return StoredMessage(
        id=MessageId(number), channel_id=ChannelId("c"), conversation_id=ConversationId(1), message=message,
        seen_at=at, versions=0,
    )  # fmt: skip


def numbers(lines: list[Branch | Fold]) -> list[int]:
    return [line.key for line in lines if isinstance(line, Branch)]


@st.composite
def conversations(draw: st.DrawFn) -> list[StoredMessage]:
    """Messages 1 to n; each answers an earlier one, nothing, or (now and then) something later or missing."""
    count = draw(st.integers(1, 45))
    made = []
    for number in range(1, count + 1):
        parent = draw(st.one_of(st.integers(0, number - 1), st.integers(0, count + 3)))
        made.append(said(number, parent, minute=draw(st.integers(0, 30)), ours=draw(st.integers(0, 9)) == 0))
    return made


def leads_to(messages: list[StoredMessage], top: int) -> set[int]:
    found, fresh = {top}, {top}
    while fresh:
        fresh = {int(s.id) for s in messages if s.message.parent_remote_id in {f"r{f}" for f in fresh}} - found
        found |= fresh
    return found


def test_answers_stand_below_what_they_answer_in_order_of_time() -> None:
    lines = arranged([said(1), said(2, 1), said(3, 1), said(4, 2), said(5)])
    assert numbers(lines) == [1, 2, 4, 3, 5]
    assert [line.depth for line in lines] == [0, 1, 2, 1, 0]
    assert [line.answers for line in lines if isinstance(line, Branch)] == ["", "", "", "P1", ""]


def test_the_distance_to_the_right_ends_and_words_begin() -> None:
    lines = arranged([said(n, n - 1) for n in range(1, 12)])
    assert [line.depth for line in lines] == [0, 1, 2, 3, *[MOST_DEPTH] * 7]
    assert [bool(line.answers) for line in lines if isinstance(line, Branch)] == [False] * 5 + [True] * 6


def test_what_answers_something_that_is_not_here_says_so() -> None:
    lines = arranged([said(1), said(2, 99), said(3, 50, context="r50")])
    assert [line.lost for line in lines if isinstance(line, Branch)] == [False, True, False]


@given(conversations(), st.randoms())
def test_the_order_depends_on_the_messages_alone(messages: list[StoredMessage], chance: object) -> None:
    mixed = list(messages)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert arranged(mixed) == arranged(messages)


@given(conversations(), st.data())
def test_every_message_is_shown_or_counted_once(messages: list[StoredMessage], data: st.DataObject) -> None:
    ids = [s.id for s in messages]
    owed = data.draw(st.sets(st.sampled_from(ids), max_size=4))
    opened = data.draw(st.sets(st.sampled_from([TOP, *ids]), max_size=3))
    lines = arranged(messages, owed=owed, opened=opened)
    shown = numbers(lines)
    hidden = sum(line.count for line in lines if isinstance(line, Fold) and not line.opened)
    assert len(shown) == len(set(shown))
    assert len(shown) + hidden == len(messages)
    assert len({line.key for line in lines}) == len(lines)
    assert {int(i) for i in owed} | {int(s.id) for s in messages if s.message.ours} <= set(shown)
    assert all(line.count >= LEAST_FOLDED for line in lines if isinstance(line, Fold))
    assert all(0 <= line.depth <= MOST_DEPTH for line in lines)


@given(conversations(), st.data())
def test_a_parent_that_arrives_late_moves_its_answers_and_nothing_else(
    messages: list[StoredMessage], data: st.DataObject
) -> None:
    forwards = [s for s in messages if int(s.message.parent_remote_id[1:] or 0) < int(s.id)]  # no circles here
    late = data.draw(st.sampled_from(forwards or messages))
    before = numbers(arranged([s for s in forwards if s is not late]))
    after = numbers(arranged(forwards))
    if len(forwards) >= FOLD_FROM:  # then what is folded away may be another
        return
    above = late.message.parent_remote_id
    if above and above not in {s.message.remote_id for s in forwards}:
        return  # one of those that wait for the same message: their place goes by the earliest of them
    moved = leads_to(forwards, int(late.id))
    assert [n for n in before if n not in moved] == [n for n in after if n not in moved]
    assert [n for n in before if n in moved] == [n for n in after if n in moved and n != late.id]


def test_answers_to_the_same_missing_message_stay_together_when_it_comes() -> None:
    here = [said(1), said(4, 2), said(6), said(7, 2), said(8, 4)]
    assert numbers(arranged(here)) == [1, 4, 8, 7, 6]
    assert numbers(arranged([*here, said(2)])) == [1, 2, 4, 8, 7, 6]
    assert numbers(arranged([*here, said(2, 1)])) == [1, 2, 4, 8, 7, 6]


def test_messages_that_answer_each_other_are_all_there() -> None:
    assert sorted(numbers(arranged([said(1, 2), said(2, 1), said(3, 2)]))) == [1, 2, 3]


def busy() -> list[StoredMessage]:
    """Our post; forty answers by seven people, each with one below it; to the thirty-first we have answered."""
    made = [said(1, ours=True)]
    for n in range(2, 42):
        made += [said(n, 1), said(n + 100, n, minute=n)]
    made.append(said(300, 31, ours=True))
    return made


def test_branches_without_anything_of_ours_fold_into_one_line() -> None:
    lines = arranged(busy(), owed={MessageId(5)})
    assert numbers(lines) == [1, 5, 105, 31, 131, 300]  # a line for one answer would save nothing
    [fold] = [line for line in lines if isinstance(line, Fold)]
    assert (fold.below, fold.count, fold.people, fold.depth) == (1, 76, 7, 1)
    assert lines[-1] is fold


def test_a_fold_opens_in_order_of_time_and_can_be_closed() -> None:
    lines = arranged(busy(), owed={MessageId(5)}, opened={MessageId(1)})
    assert numbers(lines)[:5] == [1, 2, 102, 3, 103]
    assert len(numbers(lines)) == 82
    [fold] = [line for line in lines if isinstance(line, Fold)]
    assert fold.opened
    assert fold.key == -2


def test_a_short_conversation_is_shown_whole() -> None:
    messages = [said(1), *(said(n, 1) for n in range(2, FOLD_FROM))]
    assert len(numbers(arranged(messages))) == FOLD_FROM - 1
    assert isinstance(arranged([*messages, said(50, 1)], keep={MessageId(1)})[-1], Fold)


def test_a_thousand_deep_is_no_deeper_than_the_page() -> None:
    lines = arranged([said(n, n - 1, ours=n == 1200) for n in range(1, 1201)])
    assert len(lines) == 1200
