"""In whatever order messages arrive and however they are cut into batches, the same conversations come out."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from inbox.model import Author, Message, MessageKind, MessageState, Visibility
from inbox.store import reading
from inbox.store.database import Database
from tests.inbox.making import add_channel, fresh_tallies, kept_tallies, later, message, save
from tests.properties.house import empty_inbox

KINDS = [MessageKind.COMMENT, MessageKind.POST, MessageKind.NOTICE]
STATES = [MessageState.PUBLISHED, MessageState.PUBLISHED, MessageState.HELD, MessageState.SPAM, MessageState.DELETED]


@st.composite
def forests(draw: st.DrawFn, *, loops: bool = False, named: bool = False) -> list[Message]:
    """Up to a dozen messages; each answers nobody, one of the others, or somebody who never arrives.

    ``named``: the network says which conversation each belongs to, also when what it answers is gone.
    """
    tops = {"missing": "top", "unseen": "unseen"}
    size = draw(st.integers(1, 12))
    said = []
    for n in range(size):
        others = [f"m{i}" for i in range(size if loops else n)] + ["missing", "unseen"]
        ours = draw(st.booleans())
        parent = draw(st.sampled_from(["", *others]))
        tops[f"m{n}"] = tops.get(parent, f"m{n}")
        said.append(
            message(
                f"m{n}",
                f"text {n}",
                title=f"title {n}",
                ours=ours,
                parent_remote_id=parent,
                root_remote_id=tops[parent] if named and parent else "",
                kind=draw(st.sampled_from(KINDS)),
                state=draw(st.sampled_from(STATES)),
                visibility=draw(st.sampled_from(Visibility)),
                created_at=later(draw(st.integers(0, 5))),
                author=Author(name="We" if ours else f"Vera {n}", handle=f"@{n}"),
            )
        )
    return said


@st.composite
def arrivals(draw: st.DrawFn, said: Sequence[Message]) -> list[list[Message]]:
    """The same messages in some order, cut into batches."""
    order = draw(st.permutations(said))
    cuts = sorted(draw(st.sets(st.integers(0, len(order)), max_size=5)))
    return [order[a:b] for a, b in zip([0, *cuts], [*cuts, len(order)], strict=True)]


def outcome(batches: Sequence[Sequence[Message]], *, rows: bool = True) -> dict[frozenset[str], object]:
    """Each conversation by its members, with what its row says; nothing of the order in which rows were made.

    ``unread`` is left out on purpose: a question that was answered elsewhere is unread if Postroom saw it before the
    answer, and read if both came together.
    """
    with empty_inbox() as home, contextlib.closing(Database.open(home)) as database:
        channel = add_channel(database)
        for n, batch in enumerate(batches):
            save(database, channel, *batch, at=later(n))
            assert kept_tallies(database.connection) == fresh_tallies(database.connection)
        found = {}
        connection = database.connection
        for (id_,) in connection.execute("SELECT id FROM conversations").fetchall():
            members = frozenset(m.message.remote_id for m in reading.conversation(connection, id_))
            assert members, "an empty conversation was left behind"
            r = reading.rows(connection, [id_])[id_]
            found[members] = rows and (
                r.kind,
                r.status,
                r.place,
                r.held,
                r.public,
                r.messages,
                r.owed,
                r.last_at,
                r.author,
                r.handle,
                r.snippet,
                r.subject,
            )
        assert sorted(m for members in found for m in members) == sorted(m.remote_id for b in batches for m in b)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        return found


@given(st.data())
def test_conversations_do_not_depend_on_the_order_of_arrival(data: st.DataObject) -> None:
    said = data.draw(forests())
    assert outcome(data.draw(arrivals(said))) == outcome([said])


@given(st.data())
def test_nor_where_the_network_names_the_conversation(data: st.DataObject) -> None:
    said = data.draw(forests(named=True))
    assert outcome(data.draw(arrivals(said))) == outcome([said])
    assert len(outcome([said])) == len({m.root_remote_id or m.remote_id for m in said})


@given(st.data())
def test_not_even_where_answers_run_in_circles(data: st.DataObject) -> None:
    """Which of a circle is its root may differ; who belongs together does not."""
    said = data.draw(forests(loops=True))
    assert outcome(data.draw(arrivals(said)), rows=False) == outcome([said], rows=False)


@given(st.data())
def test_saying_it_again_changes_nothing(data: st.DataObject) -> None:
    said = data.draw(forests())
    batches = data.draw(arrivals(said))
    assert outcome_members([*batches, *batches]) == outcome_members(batches)


def outcome_members(batches: Sequence[Sequence[Message]]) -> list[tuple[object, ...]]:
    with empty_inbox() as home, contextlib.closing(Database.open(home)) as database:
        channel = add_channel(database)
        for batch in batches:
            save(database, channel, *batch)
        columns = "id, root_remote_id, status, place, unread, messages, owed, last_at, snippet"
        return database.connection.execute(f"SELECT {columns} FROM conversations ORDER BY id").fetchall()
