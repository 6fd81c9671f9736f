"""The picture of the house (ARCHITECTURE.md, and house rules on who may import whom) as a test, so that it cannot rot.

Imports are read with ``ast``: those inside functions count too, those under ``if TYPE_CHECKING`` as well, except for
cycles, where they do no harm.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("inbox", "ui", "main.py")

ROOMS_OF_THE_HOUSE = [
    "main.py", "inbox/model.py", "inbox/errors.py", "inbox/events.py", "inbox/engine.py", "inbox/accounts.py",
    "inbox/secrets.py", "inbox/clock.py", "inbox/tasks.py", "inbox/store/database.py", "inbox/store/schema.py",
    "inbox/store/messages.py", "inbox/store/outbox.py", "inbox/store/accounts.py", "inbox/store/record.py",
    "inbox/connectors/__init__.py", "inbox/connectors/connector.py", "inbox/connectors/http.py",
    "inbox/connectors/text.py", "inbox/connectors/memory", "inbox/connectors/wordpress", "inbox/connectors/feed",
    "inbox/sync/fetch.py", "inbox/sync/schedule.py", "inbox/sync/grouping.py", "inbox/publishing/render.py",
    "inbox/publishing/outbox.py", "inbox/practice", "ui", "resources", "tests/properties", "tests/connectors",
    "packaging", "docs/decisions",
]  # fmt: skip
"""What house.md section 1 draws, as far as this version has it (``record`` is a file of the store: decision there)."""

# Every exception stands here with its reason; one that is not needed any more fails.
MAY_IMPORT_HTTPX = {
    "inbox/accounts.py": "hands the engine's one client on to the connectors; names its type, makes no request",
}
MAY_START_TASKS = {
    "inbox/tasks.py": "is the one maker of tasks",
    # The practice network is the far side of the wire, outside the engine, and keeps each task in a variable of the
    # function that also ends it (test_no_task_is_started_and_forgotten).
    "inbox/practice/clock.py": "waits for a change or for time, whichever is first",
    "inbox/practice/town.py": "tells the story beside the server, for as long as the server runs",
    "inbox/practice/faults/app.py": "listens for the visitor leaving while it answers him",
}
MAY_CATCH_ALL = {
    "inbox/engine.py": "the error hook: whatever ends the thread is told to who started it",
    "inbox/store/database.py": "rolls back or closes, and raises again",
    "inbox/command_line/main.py": "the last hook of the command line",
}


@dataclass(frozen=True, slots=True)
class Import:
    """One name imported somewhere: ``inbox.store.messages``, also when written ``from inbox.store import messages``."""

    file: str
    line: int
    module: str
    typing_only: bool


@cache
def trees() -> dict[str, ast.Module]:
    """Every source file of the program, by its path from the root."""
    files = [ROOT / "main.py", *sorted((ROOT / "inbox").rglob("*.py")), *sorted((ROOT / "ui").rglob("*.py"))]
    return {str(f.relative_to(ROOT)): ast.parse(f.read_text(encoding="utf-8")) for f in files if f.exists()}


def module_of(file: str) -> str:
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@cache
def modules() -> set[str]:
    return {module_of(f) for f in trees()}


@cache
def imports() -> tuple[Import, ...]:
    return tuple(found for file, tree in trees().items() for found in _imports_of(file, tree, typing_only=False))


def _imports_of(file: str, node: ast.AST, *, typing_only: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for name in child.names:
                yield Import(file, child.lineno, name.name, typing_only)
        elif isinstance(child, ast.ImportFrom):
            for name in child.names:
                whole = f"{child.module}.{name.name}"
                yield Import(file, child.lineno, whole if whole in modules() else str(child.module), typing_only)
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            for part in child.body:
                yield from _imports_of(file, ast.Module([part], []), typing_only=True)
            for part in child.orelse:
                yield from _imports_of(file, ast.Module([part], []), typing_only=typing_only)
        else:
            yield from _imports_of(file, child, typing_only=typing_only)


def within(module: str, *packages: str) -> bool:
    return any(module == p or module.startswith(p + ".") for p in packages)


def offenders(importer: str, *forbidden: str, unless: dict[str, str] | None = None) -> list[str]:
    """``file:line imports module`` for each file under ``importer`` that imports one of ``forbidden``."""
    return [
        f"{i.file}:{i.line} imports {i.module}"
        for i in imports()
        if within(module_of(i.file), importer) and within(i.module, *forbidden) and i.file not in (unless or {})
    ]


@pytest.mark.parametrize(
    ("importer", "forbidden"),
    [
        ("inbox.store", ("inbox.connectors", "inbox.sync", "inbox.publishing", "inbox.practice", "inbox.engine", "ui")),
        ("inbox.connectors", ("inbox.store", "inbox.sync", "inbox.publishing", "inbox.engine", "ui", "inbox.secrets")),
        ("inbox.practice", ("inbox.store", "inbox.sync", "inbox.publishing", "inbox.engine", "inbox.secrets", "ui")),
        ("inbox.sync", ("inbox.publishing", "inbox.engine", "inbox.secrets", "ui")),
        ("inbox.publishing", ("inbox.engine", "inbox.secrets", "ui")),
        ("inbox.model", ("inbox", "ui")),
        ("inbox", ("PySide6", "PyQt6", "qasync", "shiboken6", "ui", "main")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_room_does_not_know_those_above_it(importer: str, forbidden: tuple[str, ...]) -> None:
    assert offenders(importer, *forbidden) == []


def test_no_connector_knows_another() -> None:
    networks = {p.name.removesuffix(".py") for p in (ROOT / "inbox/connectors").iterdir() if p.name[:1] not in "_."}
    networks -= {"connector", "http", "oauth", "text"}
    assert {"wordpress", "feed", "memory"} <= networks
    found = []
    for network in networks:
        others = [f"inbox.connectors.{other}" for other in networks - {network}]
        found += offenders(f"inbox.connectors.{network}", *others)
    assert found == []


def test_only_the_table_of_connectors_names_the_networks() -> None:
    """All else asks CONNECTORS; ``sync``, ``publishing`` and the engine know the contract, no network."""
    networks = ("wordpress", "feed", "memory")
    allowed = {"inbox/connectors/__init__.py": "is the table"}
    found = [
        o
        for room in ("inbox", "ui")
        for o in offenders(room, *(f"inbox.connectors.{n}" for n in networks), unless=allowed)
        if not o.startswith("inbox/connectors/")
    ]
    assert found == []


def test_the_window_opens_no_connector() -> None:
    allowed = ("inbox.connectors", "inbox.connectors.connector")
    found = [o for o in offenders("ui", "inbox.connectors") if o.split()[-1] not in allowed]
    assert found == []


def test_httpx_is_spoken_by_connectors_and_practice_alone() -> None:
    found = [
        o
        for room in ("inbox", "ui", "main")
        for o in offenders(room, "httpx", unless=MAY_IMPORT_HTTPX)
        if not o.startswith(("inbox/connectors/", "inbox/practice/"))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("library", "place"),
    [("keyring", "inbox/secrets.py"), ("sqlite_utils", "inbox/store/"), ("feedparser", "inbox/connectors/feed/")],
)
def test_a_library_has_one_door(library: str, place: str) -> None:
    found = [o for room in ("inbox", "ui", "main") for o in offenders(room, library) if not o.startswith(place)]
    assert found == []


def _nodes(file: str, *kinds: type[ast.AST]) -> Iterator[ast.AST]:
    return (node for node in ast.walk(trees()[file]) if isinstance(node, kinds))


def makers_of_tasks() -> dict[str, list[int]]:
    """Lines that start a task by themselves, by file."""
    found: dict[str, list[int]] = {}
    for file in trees():
        for node in _nodes(file, ast.Attribute, ast.Name, ast.alias):
            name = {ast.Attribute: "attr", ast.Name: "id", ast.alias: "name"}[type(node)]
            if getattr(node, name) in ("create_task", "ensure_future", "TaskGroup"):
                found.setdefault(file, []).append(node.lineno)
    return found


def test_tasks_are_made_in_one_place() -> None:
    assert {f: lines for f, lines in makers_of_tasks().items() if f not in MAY_START_TASKS} == {}


def test_no_task_is_started_and_forgotten() -> None:
    for file in MAY_START_TASKS:
        for node in _nodes(file, ast.Expr):
            call = node.value
            assert not (isinstance(call, ast.Call) and "create_task" in ast.unparse(call.func)), f"{file}:{node.lineno}"
            assert not (isinstance(call, ast.Call) and "ensure_future" in ast.unparse(call.func)), (
                f"{file}:{node.lineno}"
            )


def catchers_of_all() -> dict[str, list[int]]:
    """Lines with ``except:``, ``except Exception`` or ``except BaseException``, by file."""
    found: dict[str, list[int]] = {}
    for file in trees():
        for node in _nodes(file, ast.ExceptHandler):
            caught = ast.unparse(node.type) if node.type else "BaseException"
            if re.search(r"\b(Base)?Exception\b", caught):
                found.setdefault(file, []).append(node.lineno)
    return found


def test_everything_is_caught_in_named_places_only() -> None:
    assert {f: lines for f, lines in catchers_of_all().items() if f not in MAY_CATCH_ALL} == {}


def test_the_store_catches_all_only_to_clean_up() -> None:
    for handler in _nodes("inbox/store/database.py", ast.ExceptHandler):
        if ast.unparse(handler.type) in ("Exception", "BaseException"):
            last = handler.body[-1]
            assert isinstance(last, ast.Raise), f"line {handler.lineno} swallows"
            assert last.exc is None, f"line {handler.lineno} raises something else"


def test_no_exception_outlives_its_need() -> None:
    httpx = {i.file for i in imports() if within(i.module, "httpx")}
    assert set(MAY_IMPORT_HTTPX) <= httpx
    assert set(MAY_START_TASKS) <= set(makers_of_tasks())
    assert set(MAY_CATCH_ALL) <= set(catchers_of_all())


def test_no_import_goes_in_circles() -> None:
    graph: dict[str, set[str]] = {module: set() for module in modules()}
    for one in imports():
        if not one.typing_only and one.module in modules() and one.module != module_of(one.file):
            graph[module_of(one.file)].add(one.module)
    assert _circle(graph) == []


def _circle(graph: dict[str, set[str]]) -> list[str]:
    """A way that returns to its start, or an empty list."""
    done: set[str] = set()

    def walk(here: str, path: list[str]) -> list[str]:
        if here in path:
            return [*path[path.index(here) :], here]
        if here in done:
            return []
        for there in sorted(graph[here]):
            if found := walk(there, [*path, here]):
                return found
        done.add(here)
        return []

    return next((found for start in sorted(graph) if (found := walk(start, []))), [])


def test_the_search_for_circles_finds_them() -> None:
    assert _circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert _circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


@pytest.mark.parametrize("room", ROOMS_OF_THE_HOUSE)
def test_every_room_of_the_house_is_there(room: str) -> None:
    path = ROOT / room
    assert path.exists()
    if path.is_dir() and room.startswith(("inbox", "ui")):
        assert list(path.rglob("*.py")), f"{room} is empty"


def test_every_place_that_the_plan_names_is_there() -> None:
    """ARCHITECTURE.md leads to rooms by their paths: each of them must exist."""
    plan = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:inbox|ui|tests|packaging|resources|docs)/[\w./-]*)`", plan))
    assert named, "it names no room"
    assert sorted(name for name in named if not (ROOT / name).exists()) == []


def test_nothing_is_called_after_nobody() -> None:
    vague = {"utils", "util", "misc", "helpers", "helper", "common"}
    assert [f for f in trees() if set(Path(f).with_suffix("").parts) & vague] == []
