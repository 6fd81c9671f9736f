"""The tables, as migrations: oldest first, never edited once released.

Times are INTEGER milliseconds since 1970 UTC. ``conversations`` repeats what a list row paints, so that a page of the
list is one index walk; ``tallies`` repeats its counts, so that badges cost the same at ten messages and at a million.
"""

from __future__ import annotations

from sqlite_utils import Database, Migrations

migrations = Migrations("postroom")

PLACES = ("owed", "quiet", "waiting", "done", "published", "aside")
"""Where a conversation stands in the rail; exactly one of these each."""


@migrations()
def m001_accounts_and_channels(db: Database) -> None:
    db.executescript(
        """
        CREATE TABLE accounts (
            id TEXT PRIMARY KEY, network TEXT NOT NULL, title TEXT NOT NULL, address TEXT NOT NULL,
            user TEXT NOT NULL, settings TEXT NOT NULL, signed_in INTEGER NOT NULL, added_at INTEGER NOT NULL,
            removed_at INTEGER
        );
        CREATE TABLE channels (
            id TEXT PRIMARY KEY, account_id TEXT NOT NULL REFERENCES accounts(id), network TEXT NOT NULL,
            remote_id TEXT NOT NULL, title TEXT NOT NULL, url TEXT NOT NULL, speaks_as TEXT NOT NULL,
            capabilities INTEGER NOT NULL, limits TEXT NOT NULL, interval_s INTEGER NOT NULL,
            undo_s INTEGER NOT NULL DEFAULT 10,
            cursor TEXT NOT NULL DEFAULT '', rolled_to INTEGER NOT NULL DEFAULT 0, swept_at INTEGER,
            history_before INTEGER NOT NULL, backfilled INTEGER NOT NULL DEFAULT 0,
            complete_to INTEGER, polled_at INTEGER, failing_since INTEGER,
            trouble TEXT NOT NULL DEFAULT '', paused INTEGER NOT NULL DEFAULT 0,
            UNIQUE (account_id, remote_id)
        );
        """
    )


@migrations()
def m002_messages(db: Database) -> None:
    db.executescript(
        """
        CREATE TABLE conversations (
            id INTEGER PRIMARY KEY, channel_id TEXT NOT NULL, network TEXT NOT NULL,
            root_remote_id TEXT NOT NULL, context_remote_id TEXT NOT NULL DEFAULT '',
            kind TEXT NOT NULL DEFAULT '', status TEXT NOT NULL DEFAULT 'open', place TEXT NOT NULL DEFAULT 'quiet',
            unread INTEGER NOT NULL DEFAULT 0, held INTEGER NOT NULL DEFAULT 0, public INTEGER NOT NULL DEFAULT 1,
            messages INTEGER NOT NULL DEFAULT 0, owed INTEGER NOT NULL DEFAULT 0,
            last_at INTEGER NOT NULL DEFAULT 0, settled_at INTEGER NOT NULL DEFAULT 0,
            author TEXT NOT NULL DEFAULT '', handle TEXT NOT NULL DEFAULT '', snippet TEXT NOT NULL DEFAULT '',
            subject TEXT NOT NULL DEFAULT '', outgoing TEXT NOT NULL DEFAULT '',
            UNIQUE (channel_id, root_remote_id)
        );
        CREATE INDEX conversations_by_place ON conversations (place, last_at, id);
        CREATE INDEX conversations_by_network_place ON conversations (network, place, last_at, id);
        CREATE INDEX conversations_by_time ON conversations (last_at, id) WHERE place <> 'aside';
        CREATE INDEX conversations_by_network_time ON conversations (network, last_at, id) WHERE place <> 'aside';

        CREATE TABLE messages (
            id INTEGER PRIMARY KEY, channel_id TEXT NOT NULL, remote_id TEXT NOT NULL,
            conversation_id INTEGER NOT NULL REFERENCES conversations(id),
            kind TEXT NOT NULL, state TEXT NOT NULL, ours INTEGER NOT NULL, public INTEGER NOT NULL,
            author_name TEXT NOT NULL, author TEXT NOT NULL, created_at INTEGER NOT NULL, edited_at INTEGER,
            seen_at INTEGER NOT NULL, parent_remote_id TEXT NOT NULL, context_remote_id TEXT NOT NULL,
            title TEXT NOT NULL, text TEXT NOT NULL, html TEXT NOT NULL, url TEXT NOT NULL, extras TEXT NOT NULL,
            UNIQUE (channel_id, remote_id)
        );
        CREATE INDEX messages_by_conversation ON messages (conversation_id, created_at);
        CREATE TABLE raw (message_id INTEGER PRIMARY KEY, body BLOB NOT NULL);
        CREATE TABLE earlier (
            id INTEGER PRIMARY KEY, message_id INTEGER NOT NULL, until_at INTEGER NOT NULL,
            title TEXT NOT NULL, text TEXT NOT NULL, html TEXT NOT NULL
        );
        CREATE INDEX earlier_by_message ON earlier (message_id);

        CREATE VIRTUAL TABLE messages_fts USING fts5 (
            text, author_name, title, content='messages', content_rowid='id',
            tokenize="unicode61 remove_diacritics 2", prefix='2 3'
        );
        CREATE TRIGGER messages_fts_insert AFTER INSERT ON messages BEGIN
            INSERT INTO messages_fts (rowid, text, author_name, title)
            VALUES (new.id, new.text, new.author_name, new.title);
        END;
        CREATE TRIGGER messages_fts_delete AFTER DELETE ON messages BEGIN
            INSERT INTO messages_fts (messages_fts, rowid, text, author_name, title)
            VALUES ('delete', old.id, old.text, old.author_name, old.title);
        END;
        CREATE TRIGGER messages_fts_update AFTER UPDATE OF text, author_name, title ON messages BEGIN
            INSERT INTO messages_fts (messages_fts, rowid, text, author_name, title)
            VALUES ('delete', old.id, old.text, old.author_name, old.title);
            INSERT INTO messages_fts (rowid, text, author_name, title)
            VALUES (new.id, new.text, new.author_name, new.title);
        END;

        CREATE TABLE tallies (
            network TEXT NOT NULL, place TEXT NOT NULL, conversations INTEGER NOT NULL, unread INTEGER NOT NULL,
            PRIMARY KEY (network, place)
        ) WITHOUT ROWID;
        CREATE TRIGGER tallies_insert AFTER INSERT ON conversations BEGIN
            INSERT INTO tallies VALUES (new.network, new.place, 1, new.unread)
            ON CONFLICT DO UPDATE SET conversations = conversations + 1, unread = unread + new.unread;
        END;
        CREATE TRIGGER tallies_delete AFTER DELETE ON conversations BEGIN
            UPDATE tallies SET conversations = conversations - 1, unread = unread - old.unread
            WHERE network = old.network AND place = old.place;
        END;
        CREATE TRIGGER tallies_update AFTER UPDATE OF place, unread ON conversations
        WHEN old.place <> new.place OR old.unread <> new.unread BEGIN
            UPDATE tallies SET conversations = conversations - 1, unread = unread - old.unread
            WHERE network = old.network AND place = old.place;
            INSERT INTO tallies VALUES (new.network, new.place, 1, new.unread)
            ON CONFLICT DO UPDATE SET conversations = conversations + 1, unread = unread + new.unread;
        END;
        """
    )


@migrations()
def m003_ledger_and_record(db: Database) -> None:
    db.executescript(
        """
        CREATE TABLE polls (
            id INTEGER PRIMARY KEY, channel_id TEXT NOT NULL, at INTEGER NOT NULL,
            window_from INTEGER, window_to INTEGER, seen INTEGER NOT NULL, new INTEGER NOT NULL,
            changed INTEGER NOT NULL, complete INTEGER NOT NULL, requests INTEGER NOT NULL, problem TEXT NOT NULL
        );
        CREATE INDEX polls_by_channel ON polls (channel_id, id);
        CREATE TABLE gaps (
            id INTEGER PRIMARY KEY, channel_id TEXT NOT NULL, from_at INTEGER NOT NULL, to_at INTEGER NOT NULL,
            closed_at INTEGER, reason TEXT NOT NULL
        );
        CREATE INDEX gaps_by_channel ON gaps (channel_id, id);
        CREATE TABLE events (
            id INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor TEXT NOT NULL, verb TEXT NOT NULL,
            subject TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL,
            previous TEXT NOT NULL, hash TEXT NOT NULL
        );
        CREATE INDEX events_by_subject ON events (subject, id);
        CREATE TRIGGER events_follow BEFORE INSERT ON events WHEN EXISTS (SELECT 1 FROM events WHERE id >= new.id)
            BEGIN SELECT RAISE(ABORT, 'the record is append-only'); END;
        CREATE TRIGGER events_stay BEFORE UPDATE ON events
        BEGIN SELECT RAISE(ABORT, 'the record is append-only'); END;
        CREATE TRIGGER events_remain BEFORE DELETE ON events
        BEGIN SELECT RAISE(ABORT, 'the record is append-only'); END;
        """
    )


@migrations()
def m004_publishing(db: Database) -> None:
    db.executescript(
        """
        CREATE TABLE updates (
            id INTEGER PRIMARY KEY, body TEXT NOT NULL, actor TEXT NOT NULL, approved_at INTEGER NOT NULL
        );
        CREATE TABLE deliveries (
            id INTEGER PRIMARY KEY, update_id INTEGER NOT NULL REFERENCES updates(id), channel_id TEXT NOT NULL,
            rendition TEXT NOT NULL, key TEXT NOT NULL UNIQUE, state TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
            not_before_at INTEGER, sending_at INTEGER, sent_at INTEGER, remote_id TEXT NOT NULL DEFAULT '',
            url TEXT NOT NULL DEFAULT '', words TEXT NOT NULL DEFAULT '', hint TEXT NOT NULL DEFAULT '',
            reply_to INTEGER, conversation_id INTEGER, undo TEXT NOT NULL DEFAULT '',
            changed_at INTEGER NOT NULL
        );
        CREATE INDEX deliveries_by_state ON deliveries (state, not_before_at);
        CREATE INDEX deliveries_by_conversation ON deliveries (conversation_id);
        CREATE TABLE drafts (
            place TEXT PRIMARY KEY, body TEXT NOT NULL, saved_at INTEGER NOT NULL
        );
        """
    )


@migrations()
def m005_measures_and_keeping(db: Database) -> None:
    """What accounts use up, how long sign-ins last, how far two-step deliveries got, and words that may not be kept.

    ``fleeting`` and ``fleeting_rows`` hold what a storage rule lets us keep for a while only; the tables of everything
    else never see those words, nor do search, raw replies, backups and exports (store.keeping says why).
    """
    db.executescript(
        """
        CREATE TABLE spending (
            account_id TEXT NOT NULL, allowance TEXT NOT NULL, begins_at INTEGER NOT NULL, what TEXT NOT NULL,
            times INTEGER NOT NULL, amount INTEGER NOT NULL,
            PRIMARY KEY (account_id, allowance, begins_at, what)
        ) WITHOUT ROWID;
        CREATE TABLE billed (
            account_id TEXT NOT NULL, allowance TEXT NOT NULL, day_at INTEGER NOT NULL, object TEXT NOT NULL,
            PRIMARY KEY (account_id, allowance, day_at, object)
        ) WITHOUT ROWID;
        CREATE TABLE reported (
            account_id TEXT NOT NULL, allowance TEXT NOT NULL, used INTEGER NOT NULL, most INTEGER, ends_at INTEGER,
            at INTEGER NOT NULL,
            PRIMARY KEY (account_id, allowance)
        ) WITHOUT ROWID;
        CREATE TABLE budgets (
            account_id TEXT NOT NULL, allowance TEXT NOT NULL, amount INTEGER NOT NULL,
            PRIMARY KEY (account_id, allowance)
        ) WITHOUT ROWID;
        ALTER TABLE accounts ADD COLUMN validity TEXT NOT NULL DEFAULT '';
        ALTER TABLE deliveries ADD COLUMN step TEXT NOT NULL DEFAULT '';

        CREATE TABLE fleeting (
            message_id INTEGER PRIMARY KEY, words_until INTEGER NOT NULL, name_until INTEGER NOT NULL,
            author_name TEXT NOT NULL, author TEXT NOT NULL, title TEXT NOT NULL, text TEXT NOT NULL,
            html TEXT NOT NULL, extras TEXT NOT NULL
        );
        CREATE INDEX fleeting_by_end ON fleeting (words_until);
        CREATE TABLE fleeting_rows (
            conversation_id INTEGER PRIMARY KEY, words_until INTEGER NOT NULL, name_until INTEGER NOT NULL,
            author TEXT NOT NULL, handle TEXT NOT NULL, snippet TEXT NOT NULL, subject TEXT NOT NULL
        );
        """
    )


@migrations()
def m006_relations(db: Database) -> None:
    """Whom we blocked or muted, which networks do not tell again."""
    db.executescript(
        """
        CREATE TABLE relations (
            channel_id TEXT NOT NULL, author TEXT NOT NULL, relation TEXT NOT NULL, at INTEGER NOT NULL,
            PRIMARY KEY (channel_id, author, relation)
        ) WITHOUT ROWID;
        """
    )


@migrations()
def m007_freed(db: Database) -> None:
    """The highest id of a conversation that is gone, in one row: no other is ever called by it again, for decisions
    and drafts may still name it. In older files the record knows it, and deliveries do."""
    db.executescript(
        """
        CREATE TABLE freed (conversation_id INTEGER NOT NULL);
        INSERT INTO freed SELECT max(
            coalesce((SELECT max(CAST(substr(subject, length('conversation:') + 1) AS INTEGER)) FROM events
                WHERE subject >= 'conversation:' AND subject < 'conversation;'), 0),
            coalesce((SELECT max(conversation_id) FROM deliveries), 0)
        );
        """
    )


@migrations()
def m008_steady(db: Database) -> None:
    """When a request began by the steady clock of the machine, which no time server moves."""
    db.executescript("ALTER TABLE deliveries ADD COLUMN began_s REAL;")
