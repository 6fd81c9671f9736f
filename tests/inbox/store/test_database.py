"""The file: opened, migrated after a backup, refused where it is not ours or not sound, and one engine at a time."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlite_utils
from sqlite_utils import Migrations

from inbox.errors import StoreDamaged, StoreError, StoreFull, StoreLocked, StoreReadOnly, StoreTooNew
from inbox.store import accounts, reading, schema
from inbox.store import database as database_module
from inbox.store.database import BACKUPS_KEPT, FILE_NAME, PATIENCE, Database, damage, open_reader
from inbox.store.version import APPLICATION_ID, VERSION
from tests.inbox.making import add_channel, message, queue, row_of, save, tables


def test_the_version_counts_the_migrations() -> None:
    assert len(schema.migrations._migrations) == VERSION


def test_a_file_of_this_version_is_opened_without_what_migrates(home: Path) -> None:
    Database.open(home).close()
    script = f"from inbox.store.database import Database; Database.open(Path({str(home)!r})).close()"
    words = f"import sys; from pathlib import Path; {script}; print('sqlite_utils' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"


def test_a_new_file_is_ours_and_of_this_version(home: Path) -> None:
    with contextlib.closing(Database.open(home)) as opened:
        assert opened.connection.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID
        assert opened.connection.execute("PRAGMA user_version").fetchone()[0] == VERSION
        assert opened.connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert opened.connection.execute("PRAGMA synchronous").fetchone()[0] == 2, "a committed receipt must last"
    assert damage(home / FILE_NAME) == ""
    assert not (home / "backups").exists()


def test_what_was_saved_is_there_after_opening_again(home: Path) -> None:
    with contextlib.closing(Database.open(home)) as opened:
        save(opened, add_channel(opened), message("m1", "Still here?"))
        before = tables(opened.connection)
    with contextlib.closing(Database.open(home)) as opened:
        assert tables(opened.connection) == before
    assert not (home / "backups").exists(), "nothing was migrated"


def older_file(home: Path, migrations: int) -> Path:
    """An inbox as an earlier version made it, with only the first so many migrations, and something in it."""
    home.mkdir()
    path = home / FILE_NAME
    early = Migrations("postroom")
    for one in schema.migrations._migrations[:migrations]:
        early(name=one.name)(one.fn)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        early.apply(sqlite_utils.Database(connection))
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version={migrations}")
        connection.execute(
            "INSERT INTO accounts (id, network, title, address, user, settings, signed_in, added_at)"
            " VALUES ('a-1', 'memory', 'Old', '', '', '{}', 1, 0)"
        )
    return path


@pytest.mark.parametrize("migrations", range(1, len(schema.migrations._migrations)))
def test_an_older_file_is_copied_and_then_migrated(home: Path, migrations: int) -> None:
    older_file(home, migrations)
    with contextlib.closing(Database.open(home)) as opened:
        assert [a.title for a in accounts.accounts(opened.connection)] == ["Old"]
        assert opened.connection.execute("PRAGMA user_version").fetchone()[0] == VERSION
        queue(opened, add_channel(opened))  # the newest tables are there
    [copy] = (home / "backups").iterdir()
    assert copy.name.startswith(f"inbox-v{migrations}-")
    assert damage(copy) == ""
    with contextlib.closing(open_reader(copy)) as connection:
        assert connection.execute("SELECT title FROM accounts").fetchall() == [("Old",)]
        assert connection.execute("PRAGMA user_version").fetchone()[0] == migrations


def test_an_older_file_gives_no_id_of_a_conversation_a_second_time(home: Path) -> None:
    """Those that are gone are on the record."""
    path = older_file(home, 6)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("INSERT INTO events VALUES (1, 0, '', 'joined', 'conversation:9', '', '', '', '')")
        connection.execute("INSERT INTO events VALUES (2, 0, '', 'joined', 'conversation:10', '', '', '', '')")
        connection.execute("INSERT INTO events VALUES (3, 0, '', 'sent', 'delivery:99', '', '', '', '')")
    with contextlib.closing(Database.open(home)) as opened:
        channel = add_channel(opened)
        save(opened, channel, message("m1"))
        assert row_of(opened, channel, "m1").id == 11


def with_a_last_migration(monkeypatch: pytest.MonkeyPatch, work: str) -> None:
    """From here on the program has one migration more, which runs this script."""
    longer = Migrations("postroom")
    for one in schema.migrations._migrations:
        longer(name=one.name)(one.fn)
    longer(name="m999_new")(lambda db: db.executescript(work))
    monkeypatch.setattr(schema, "migrations", longer)
    monkeypatch.setattr(database_module, "VERSION", VERSION + 1)


def test_a_migration_that_fails_leaves_the_file_as_it_was(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = older_file(home, 2)
    with contextlib.closing(open_reader(path)) as connection:
        before = connection.execute("SELECT * FROM sqlite_master").fetchall(), tables(connection)
    with monkeypatch.context() as newer:
        with_a_last_migration(
            newer, "CREATE TABLE extra (id); INSERT INTO extra VALUES (1); SELECT no_such_function();"
        )
        with pytest.raises(sqlite3.OperationalError, match="no_such_function"):
            Database.open(home)
    with contextlib.closing(open_reader(path)) as connection:
        assert (connection.execute("SELECT * FROM sqlite_master").fetchall(), tables(connection)) == before
        assert connection.execute("PRAGMA user_version").fetchone()[0] == 2
    assert len(list((home / "backups").iterdir())) == 1
    with contextlib.closing(Database.open(home)) as opened:  # the lock was let go, and the program that works opens it
        assert [a.title for a in accounts.accounts(opened.connection)] == ["Old"]


def test_a_first_start_that_fails_half_way_can_be_repeated(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as newer:
        with_a_last_migration(newer, "CREATE TABLE extra (id); SELECT no_such_function();")
        with pytest.raises(sqlite3.OperationalError):
            Database.open(home)
    with contextlib.closing(Database.open(home)) as opened:
        add_channel(opened)


def test_only_the_newest_backups_are_kept(home: Path) -> None:
    with contextlib.closing(Database.open(home)) as opened:
        made = [Database.back_up(opened.connection, home / "backups") for _ in range(BACKUPS_KEPT + 3)]
    assert sorted((home / "backups").iterdir()) == sorted(made[-BACKUPS_KEPT:])


@pytest.mark.skipif(os.name != "posix", reason="rights of files are those of POSIX")
@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077], ids=oct)
def test_what_is_made_is_for_its_owner_only(home: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        with contextlib.closing(Database.open(home / "deeper" / "still")) as opened:
            save(opened, add_channel(opened), message("m1"))
            Database.back_up(opened.connection, opened.path.parent / "backups")
            made = {p: p.is_dir() for p in [home, *home.rglob("*")]}
            rights = {p: stat.S_IMODE(p.stat().st_mode) for p in made}
    finally:
        os.umask(before)
    assert {FILE_NAME, f"{FILE_NAME}-wal", f"{FILE_NAME}-shm", "inbox.lock", "backups"} < {p.name for p in made}
    assert any(p.parent.name == "backups" for p in made)
    assert {(folder, rights[p]) for p, folder in made.items()} == {(True, 0o700), (False, 0o600)}


@pytest.mark.skipif(os.name != "posix", reason="rights of files are those of POSIX")
def test_rights_that_a_person_gave_stay(home: Path) -> None:
    Database.open(home).close()
    home.chmod(0o750)
    (home / FILE_NAME).chmod(0o640)
    Database.open(home).close()
    assert [stat.S_IMODE(p.stat().st_mode) for p in (home, home / FILE_NAME)] == [0o750, 0o640]


def test_another_database_is_not_ours(home: Path) -> None:
    home.mkdir()
    with contextlib.closing(sqlite3.connect(home / FILE_NAME)) as connection:
        connection.execute("CREATE TABLE somebody_elses (id)")
    before = (home / FILE_NAME).read_bytes()
    with pytest.raises(StoreDamaged, match="not an inbox") as caught:
        Database.open(home)
    assert caught.value.hint == "Choose another folder."
    assert (home / FILE_NAME).read_bytes() == before


def test_a_file_of_a_newer_version_is_left_alone(home: Path) -> None:
    with contextlib.closing(Database.open(home)) as opened:
        opened.connection.execute("PRAGMA user_version=999")
    before = (home / FILE_NAME).read_bytes()
    with pytest.raises(StoreTooNew, match="999"):
        Database.open(home)
    assert (home / FILE_NAME).read_bytes() == before
    assert not (home / "backups").exists()


@pytest.mark.parametrize(
    "content", [b"no database at all, but long enough to be one" * 100, b"SQLite format 3\0" + b"\xff" * 4096]
)
def test_a_file_with_a_broken_head_is_damaged(home: Path, content: bytes) -> None:
    home.mkdir()
    (home / FILE_NAME).write_bytes(content)
    with pytest.raises(StoreDamaged):
        Database.open(home)
    assert (home / FILE_NAME).read_bytes() == content


def test_an_overwritten_head_is_damaged_and_left_alone(home: Path) -> None:
    with contextlib.closing(Database.open(home)) as opened:
        save(opened, add_channel(opened), message("m1"))
    spoil(home / FILE_NAME, 0, 100)
    before = (home / FILE_NAME).read_bytes()
    with pytest.raises(StoreDamaged) as caught:
        Database.open(home)
    assert "backups" in caught.value.hint
    assert (home / FILE_NAME).read_bytes() == before


def spoil(path: Path, start: int, length: int) -> None:
    with path.open("r+b") as file:
        file.seek(start)
        file.write(b"\xa5" * length)


def test_damage_in_the_middle_is_found_and_named(home: Path) -> None:
    """Opening does not read everything, so it cannot see this; looking for damage does, and so does touching it."""
    with contextlib.closing(Database.open(home)) as opened:
        channel = add_channel(opened)
        save(opened, channel, *(message(f"m{i}", f"Message {i} " + "x" * 500) for i in range(400)))
        page_of = "SELECT rootpage FROM sqlite_master WHERE name = 'messages'"
        root_page = opened.connection.execute(page_of).fetchone()[0]
        page_bytes = opened.connection.execute("PRAGMA page_size").fetchone()[0]
    path = home / FILE_NAME
    assert damage(path) == ""
    spoil(path, (root_page - 1) * page_bytes, page_bytes)
    before = path.read_bytes()
    assert damage(path) != ""
    opened = Database.open(home)
    with pytest.raises(StoreDamaged), opened.transaction() as connection:
        connection.execute("DELETE FROM messages WHERE id = 200")
    opened.connection.close()
    opened._lock.close()
    assert path.read_bytes() == before


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a thread has no priority of its own to give up")
def test_a_patient_check_stands_back_alone(home: Path) -> None:
    Database.open(home).close()
    before = os.getpriority(os.PRIO_PROCESS, 0)

    def look() -> tuple[str, int]:
        return damage(home / FILE_NAME, patiently=True), os.getpriority(os.PRIO_PROCESS, 0)

    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(look).result() == ("", min(before + PATIENCE, 19))
    assert damage(home / FILE_NAME) == ""
    assert os.getpriority(os.PRIO_PROCESS, 0) == before


def test_a_second_engine_is_kept_out(home: Path) -> None:
    with contextlib.closing(Database.open(home)):
        with pytest.raises(StoreLocked):
            Database.open(home)
        with contextlib.closing(open_reader(home / FILE_NAME)) as reader:  # a window may read
            assert reader.execute("SELECT count(*) FROM messages").fetchone() == (0,)
    Database.open(home).close()


def test_a_reader_cannot_write_and_sees_only_what_is_committed(database: Database) -> None:
    channel = add_channel(database)
    with contextlib.closing(database.reader()) as reader:
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reader.execute("DELETE FROM channels")
        with database.transaction() as connection:
            connection.execute("UPDATE channels SET title = 'New'")
            assert reader.execute("SELECT title FROM channels").fetchone() == (channel.title,)
        assert reader.execute("SELECT title FROM channels").fetchone() == ("New",)


def test_readers_see_whole_batches_while_the_writer_writes(database: Database) -> None:
    channel = add_channel(database)
    with contextlib.closing(database.reader()) as reader:
        for batch in range(20):
            reader.execute("BEGIN")
            seen = reader.execute("SELECT count(*) FROM messages").fetchone()[0]
            save(database, channel, *(message(f"b{batch}-{i}") for i in range(10)))
            assert reader.execute("SELECT count(*) FROM messages").fetchone()[0] == seen == batch * 10
            reader.execute("COMMIT")
            page = reading.page(reader, reading.EVERYTHING, limit=1_000)
            assert sum(row.messages for row in page) == (batch + 1) * 10


def test_a_transaction_is_whole_or_nothing(database: Database) -> None:
    channel = add_channel(database)
    before = tables(database.connection)
    with pytest.raises(ZeroDivisionError), database.transaction() as connection:  # noqa: PT012
        connection.execute("UPDATE channels SET title = 'Half' WHERE id = ?", (channel.id,))
        raise ZeroDivisionError
    assert tables(database.connection) == before
    save(database, channel, message("m1"))  # and the next one works


def test_a_wrong_statement_is_a_bug_and_no_store_error(database: Database) -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such table"), database.transaction() as connection:
        connection.execute("SELECT * FROM nowhere")


# Places that cannot be written. The tests run as root in some places, where rights do not bite: a mount does.


@pytest.fixture
def mount() -> Iterator[object]:
    """Mounts something for one test, as ``mount(*arguments, at)``; skips where that is not allowed."""
    mounted: list[Path] = []

    def mount(*arguments: str, at: Path) -> None:
        if os.name != "posix" or os.geteuid() != 0 or shutil.which("mount") is None:
            pytest.skip("only root may mount")
        done = subprocess.run(["mount", *arguments, str(at)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            pytest.skip(f"nothing may be mounted here: {done.stderr.strip()}")
        if at not in mounted:
            mounted.append(at)

    yield mount
    for at in reversed(mounted):
        subprocess.run(["umount", "-l", str(at)], check=True)


def test_a_read_only_file_system(home: Path, mount: object) -> None:
    with contextlib.closing(Database.open(home)) as opened:
        save(opened, add_channel(opened), message("m1"))
    before = (home / FILE_NAME).read_bytes()
    mount("--bind", str(home), at=home)
    mount("-o", "remount,bind,ro", at=home)
    with pytest.raises(StoreReadOnly):
        Database.open(home)
    assert (home / FILE_NAME).read_bytes() == before


def test_a_folder_on_a_read_only_file_system(home: Path, mount: object) -> None:
    home.mkdir()
    mount("--bind", str(home), at=home)
    mount("-o", "remount,bind,ro", at=home)
    with pytest.raises(StoreReadOnly):
        Database.open(home)
    with pytest.raises(StoreReadOnly):
        Database.open(home / "deeper")


def test_a_write_protected_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a person without the right sees; told by the system call, since root may write anything."""
    Database.open(home).close()
    monkeypatch.setattr(os, "access", lambda path, mode: not (mode & os.W_OK))
    with pytest.raises(StoreReadOnly, match="write-protected"):
        Database.open(home)


def fill_up(database: Database, channel_save: object) -> int:
    """Save batches until the disk is full; how many went in."""
    for number in range(10_000):
        try:
            channel_save(number)
        except StoreFull:
            return number
    raise AssertionError("it never became full")


def test_a_full_disk_loses_nothing_and_works_again_when_there_is_space(home: Path, mount: object) -> None:
    home.mkdir()
    mount("-t", "tmpfs", "-o", "size=3m", "tmpfs", at=home)
    ballast = home / "ballast"
    ballast.write_bytes(b"x" * 500_000)
    opened = Database.open(home)
    channel = add_channel(opened)

    def one(number: int) -> None:
        save(opened, channel, *(message(f"{number}-{i}", os.urandom(2_000).hex()) for i in range(5)))

    saved = fill_up(opened, one)
    assert saved > 3
    with pytest.raises(StoreFull) as caught:
        one(saved)
    assert "space" in caught.value.hint
    assert opened.connection.execute("SELECT count(*) FROM messages").fetchone() == (saved * 5,)
    assert damage(home / FILE_NAME) == ""
    ballast.unlink()
    one(saved)
    assert opened.connection.execute("SELECT count(*) FROM messages").fetchone() == (saved * 5 + 5,)
    opened.close()
    with contextlib.closing(Database.open(home)) as again:
        assert again.connection.execute("SELECT count(*) FROM messages").fetchone() == (saved * 5 + 5,)
        assert damage(home / FILE_NAME) == ""


def test_a_file_that_may_not_grow_loses_nothing(database: Database) -> None:
    channel = add_channel(database)
    pages = database.connection.execute("PRAGMA page_count").fetchone()[0]
    database.connection.execute(f"PRAGMA max_page_count={pages + 20}")

    def one(number: int) -> None:
        save(database, channel, message(f"m{number}", "x" * 3_000))

    saved = fill_up(database, one)
    assert saved > 0
    before = tables(database.connection)
    with pytest.raises(StoreFull):
        one(saved)
    assert tables(database.connection) == before
    assert damage(database.path) == ""
    database.connection.execute("PRAGMA max_page_count=1000000")
    one(saved)
    assert database.connection.execute("SELECT count(*) FROM messages").fetchone() == (saved + 1,)


def test_no_space_for_the_backup_leaves_everything_as_it_was(home: Path, mount: object) -> None:
    home.mkdir()
    mount("-t", "tmpfs", "-o", "size=1m", "tmpfs", at=home)
    outside = home.with_name("outside")
    path = older_file(outside, 3)
    shutil.copy(path, home / FILE_NAME)
    (home / "ballast").write_bytes(b"x" * (1_000_000 - path.stat().st_size - 60_000))
    before = (home / FILE_NAME).read_bytes()
    with pytest.raises(StoreError) as caught:
        Database.open(home)
    assert isinstance(caught.value, StoreFull)
    assert (home / FILE_NAME).read_bytes() == before
    assert list((home / "backups").iterdir()) == []
    (home / "ballast").unlink()
    with contextlib.closing(Database.open(home)) as opened:
        assert [a.title for a in accounts.accounts(opened.connection)] == ["Old"]
