"""Opens the one file, keeps it sound, and hands out its one writing and its many reading connections."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from inbox import private
from inbox.errors import StoreDamaged, StoreError, StoreFull, StoreLocked, StoreReadOnly, StoreTooNew
from inbox.store import fleeting
from inbox.store.version import APPLICATION_ID, VERSION

FILE_NAME = "inbox.sqlite3"
LOCK_NAME = "inbox.lock"
BACKUPS_KEPT = 5
PATIENCE = 10
"""How much nicer a check of the whole file is than all other work, as ``nice`` counts: it has a tenth of the turns."""
CACHE_KIB = 16_384
"""Of the writer. Readers keep SQLite's own two megabytes: what they read lies in the system's cache of files too."""

_BY_CODE: dict[int, type[StoreError]] = {
    sqlite3.SQLITE_FULL: StoreFull,
    sqlite3.SQLITE_BUSY: StoreLocked,
    sqlite3.SQLITE_LOCKED: StoreLocked,
    sqlite3.SQLITE_READONLY: StoreReadOnly,
    sqlite3.SQLITE_PERM: StoreReadOnly,
    sqlite3.SQLITE_CANTOPEN: StoreReadOnly,
    sqlite3.SQLITE_CORRUPT: StoreDamaged,
    sqlite3.SQLITE_NOTADB: StoreDamaged,
    sqlite3.SQLITE_IOERR: StoreError,
}


def to_ms(at: datetime) -> int:
    """Milliseconds since 1970 UTC of an aware time."""
    return round(at.timestamp() * 1000)


def from_ms(ms: int) -> datetime:
    """The aware UTC time of milliseconds since 1970."""
    return datetime.fromtimestamp(ms / 1000, UTC)


@contextlib.contextmanager
def errors_named(path: Path) -> Iterator[None]:
    """Turn what SQLite says about the file or the disk into the StoreError a person can act on."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", 0)
        kind = _BY_CODE.get(code & 0xFF)
        if kind is None:
            raise  # a wrong statement is a bug of ours, not a state of the file
        raise kind(f"{path.name}: {error}") from error


class Database:
    """The inbox file, open for one writer.

    ``connection`` belongs to the thread that opened it. Readers open their own with ``reader``.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, lock: sqlite3.Connection) -> None:
        self.path = path
        self.connection = connection
        self._lock = lock

    @classmethod
    def open(cls, home: Path) -> Database:
        """Open or make ``home/inbox.sqlite3``, migrate it after taking a backup, and check that it is ours and sound.

        Raises StoreTooNew, StoreDamaged, StoreReadOnly, StoreFull, StoreLocked; in each case nothing was changed.
        """
        path = home / FILE_NAME
        try:
            private.make_folder(home)
        except OSError as error:
            raise StoreReadOnly(f"{home} cannot be made: {error.strerror}") from error
        if path.exists() and not os.access(path, os.W_OK):
            raise StoreReadOnly(f"{path.name} is write-protected")
        with errors_named(path):
            lock = cls._take_lock(home)
            try:
                _remove_halves(home / "backups")
                _make_private(path)  # SQLite gives the write-ahead log and its index the rights of the file
            except BaseException:
                lock.close()
                raise
            connection = sqlite3.connect(path, isolation_level=None, timeout=5, cached_statements=256)
            try:
                cls._check_identity(path, connection)
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute("PRAGMA synchronous=FULL")  # a receipt that was committed survives a power cut
                connection.execute("PRAGMA foreign_keys=ON")
                connection.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
                cls._migrate(path, connection)
            except BaseException:
                connection.close()
                lock.close()
                raise
        return cls(path, connection, lock)

    @staticmethod
    def _take_lock(home: Path) -> sqlite3.Connection:
        """One engine per inbox: two outboxes on one file could send twice. The system lets go of it at any crash."""
        _make_private(home / LOCK_NAME)
        lock = sqlite3.connect(home / LOCK_NAME, isolation_level=None, timeout=0)
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.DatabaseError as error:
            lock.close()
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise  # a folder that cannot be written is not somebody else's doing
            raise StoreLocked(f"{FILE_NAME} is in use") from error
        return lock

    @staticmethod
    def _check_identity(path: Path, connection: sqlite3.Connection) -> None:
        application_id = connection.execute("PRAGMA application_id").fetchone()[0]
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if application_id == APPLICATION_ID:
            if connection.execute("PRAGMA user_version").fetchone()[0] > VERSION:
                raise StoreTooNew(f"{path.name} has version {connection.execute('PRAGMA user_version').fetchone()[0]}")
        elif tables:
            raise StoreDamaged(
                f"{path.name} is a database, but not an inbox of Postroom", hint="Choose another folder."
            )

    @classmethod
    def _migrate(cls, path: Path, connection: sqlite3.Connection) -> None:
        said = [connection.execute(f"PRAGMA {what}").fetchone()[0] for what in ("application_id", "user_version")]
        if said == [APPLICATION_ID, VERSION]:
            return
        import sqlite_utils  # a sixteenth of a second, that only the first start of a new version needs

        from inbox.store.schema import migrations

        database = sqlite_utils.Database(connection, execute_plugins=False)
        if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            cls.back_up(connection, path.parent / "backups")
        with database.atomic():  # the file becomes ours, and of this version, whole or not at all
            migrations.apply(database)
            connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version={VERSION}")

    @staticmethod
    def back_up(connection: sqlite3.Connection, folder: Path) -> Path:
        """Copy the whole inbox into ``folder``, without words that may not be kept, and return the copy's path; only
        the newest few copies are kept."""
        private.make_folder(folder)
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        target = folder / f"inbox-v{version}-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}.sqlite3"
        unfinished = target.with_suffix(".part")
        _make_private(unfinished)
        copy = sqlite3.connect(unfinished)
        try:
            connection.backup(copy, pages=2048)
            fleeting.strip(copy)
            copy.close()
            unfinished.replace(target)
        finally:
            copy.close()
            unfinished.unlink(missing_ok=True)  # half a copy only fills the disk further
        for old in sorted(folder.glob("inbox-v*.sqlite3"), key=lambda p: p.stat().st_mtime)[:-BACKUPS_KEPT]:
            old.unlink()
        return target

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of the block is written, or none of it. Raises StoreError for what only a person can mend."""
        with errors_named(self.path):
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
                self.connection.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:  # a full disk has rolled back already
                    self.connection.execute("ROLLBACK")
                raise

    def reader(self) -> sqlite3.Connection:
        """A new read-only connection to the same file, for use in the calling thread."""
        return open_reader(self.path)

    def close(self) -> None:
        """Fold the write-ahead log back into the file and let go."""
        with contextlib.suppress(sqlite3.DatabaseError):
            self.connection.execute("PRAGMA optimize")
            self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.connection.close()
        self._lock.close()


def _remove_halves(folder: Path) -> None:
    """What an end in the middle of a copy left there: it may hold what may not be kept."""
    for half in folder.glob("inbox-*.part*"):
        try:
            half.unlink(missing_ok=True)
        except OSError as error:
            raise StoreReadOnly(f"{half.name} cannot be removed: {error.strerror}") from error


def _make_private(path: Path) -> None:
    """See ``private.make_file``; what speaks against it is the StoreError that SQLite would have got."""
    try:
        private.make_file(path)
    except OSError as error:
        kind = StoreFull if error.errno in (errno.ENOSPC, errno.EDQUOT) else StoreReadOnly
        raise kind(f"{path.name} cannot be made: {error.strerror}") from error


def open_reader(path: Path) -> sqlite3.Connection:
    """A read-only connection to an existing inbox file. Raises StoreError when it cannot be read."""
    with errors_named(path):
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=5, cached_statements=256
        )
        try:
            connection.execute("PRAGMA query_only=ON")
            connection.execute("SELECT 1 FROM sqlite_master LIMIT 1")
        except sqlite3.DatabaseError:
            connection.close()
            raise
    return connection


def check(path: Path) -> None:
    """Whether this Postroom can use the file, without changing it. Raises StoreError: damaged, foreign, too new."""
    with errors_named(path), contextlib.closing(open_reader(path)) as connection:
        Database._check_identity(path, connection)


def damage(path: Path, *, patiently: bool = False) -> str:
    """The first fault that SQLite finds in the whole file, or "". Reads everything: not for the GUI thread.

    ``patiently``: on a thread of its own, which stands back from now on where the system can tell threads apart.
    """
    if patiently and sys.platform == "linux":
        own = threading.get_native_id()
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, own, os.getpriority(os.PRIO_PROCESS, own) + PATIENCE)
    with contextlib.closing(open_reader(path)) as connection:
        try:
            answer: str = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        except sqlite3.DatabaseError as error:
            return str(error)
    return "" if answer == "ok" else answer
