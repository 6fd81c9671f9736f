"""Killed without warning at hundreds of moments, while fetching, answering, moderating and publishing at a real blog.

Nothing that was accepted for sending is lost, nothing is sent twice, and what is here is what is there.
"""

from __future__ import annotations

import contextlib
import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from inbox.connectors.wordpress.polling import COUNTS_EVERY_S
from inbox.model import Account, DeliveryState
from inbox.secrets import MemorySecrets
from inbox.store import accounts, outbox
from tests.servers.journeys.inbox import SETTLE_S, Inbox, inbox_in
from tests.servers.journeys.picture import png
from tests.servers.journeys.truth import assert_sound, differences
from tests.servers.kill_worker import HELD_BY
from tests.servers.waiting import until
from tests.servers.wordpress_admin import ImportedComment
from tests.servers.wordpress_http import FIRST_POST
from tests.servers.wordpress_site import WordPressSite

CHECKOUT = Path(__file__).parents[2]
SHORTEST_S = 0.05
BROWSER = "Mozilla/5.0 (visitor)"
SEED = 20261123


class Lives:
    """The worker at its pipe."""

    def __init__(self, worker: subprocess.Popen[str]) -> None:
        self._worker = worker
        self.accepted: list[str] = []
        self.failed: list[str] = []
        self.fetched = 0
        self.lives = 0

    def live(self, seconds: float) -> None:
        """One life of this length; AssertionError when it ended by itself."""
        assert self._worker.stdin is not None
        assert self._worker.stdout is not None
        self._worker.stdin.write(f"{seconds}\n")
        self._worker.stdin.flush()
        line = self._worker.stdout.readline()
        assert line, "the worker itself ended"
        told = json.loads(line)
        assert told["killed"], told
        self.lives += 1
        self.accepted += told["accepted"]
        self.failed += told["failed"]
        self.fetched += told["fetched"]


@contextlib.contextmanager
def worker(inbox_home: Path, secrets: MemorySecrets, account: Account, work: str, picture: Path) -> Iterator[Lives]:
    needs = {
        "home": str(inbox_home), "account": account.id, "secret": dict(secrets.read(account.id)), "work": work,
        "settle_s": SETTLE_S, "seed": SEED, "picture": str(picture),
    }  # fmt: skip
    command = [sys.executable, "-m", "tests.servers.kill_worker"]
    with subprocess.Popen(command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        process.stdin.write(json.dumps(needs) + "\n")  # by pipe: an argument can be read by everybody on the machine
        try:
            yield Lives(process)
        finally:
            process.stdin.close()
            process.wait(30)


def settled(inbox: Inbox) -> None:
    """Left in peace: whatever is on its way arrives; everything is fetched, and counted once more."""
    until(lambda: not outbox.waiting(inbox.store), "the outbox to be empty", 120)
    inbox.sync()
    inbox.later(COUNTS_EVERY_S)
    inbox.sync(2)


def connected(home: Path, site: WordPressSite, secrets: MemorySecrets) -> tuple[Account, float]:
    """Signed in, nothing fetched yet: the kills begin in the import. And how long a life may last: on a busy machine
    longer, as the kills would all fall into the first request otherwise."""
    with inbox_in(home, secrets=secrets) as inbox:
        began = time.monotonic()
        account = inbox.sign_in(site)
        took_s = time.monotonic() - began
        inbox.send_at_once()
    return account, min(max(4 * took_s, 1.0), 2.0)


def test_killed_200_times_while_fetching_and_answering(clean_site: WordPressSite, tmp_path: Path) -> None:
    clean_site.seed(8, 25, 3)
    # As the form at the blog would have stored them: what is moderated, WordPress filters once more.
    now = datetime.now(UTC)
    held = [ImportedComment(author=HELD_BY, text=f"May I? {n}", at=now, approved=False) for n in range(40)]
    clean_site.admin.import_comments(FIRST_POST, held)
    clean_site.sql("UPDATE wp_comments SET comment_agent = ? WHERE comment_author = ?", BROWSER, HELD_BY)
    home, secrets, chance = tmp_path / "home", MemorySecrets(), random.Random(SEED)
    account, longest_s = connected(home, clean_site, secrets)
    began = time.monotonic()
    with worker(home, secrets, account, "Answer", tmp_path) as lives:
        for number in range(200):
            if number % 20 == 10:  # life goes on at the blog
                said = ImportedComment(author="Noor", text=f"Meanwhile {number} 🙂", at=datetime.now(UTC))
                clean_site.admin.import_comments(FIRST_POST, [said])
            lives.live(chance.uniform(SHORTEST_S, longest_s))
    killing_s = time.monotonic() - began
    with inbox_in(home, secrets=secrets) as inbox:
        settled(inbox)
        found = outbox.deliveries(inbox.store, limit=100_000)
        states = Counter(d.state for d in found)
        verbs = dict(inbox.store.execute("SELECT verb, count(*) FROM events GROUP BY verb").fetchall())
        print(
            f"\n{lives.lives} lives in {killing_s:.0f} s: {lives.fetched} polls, {len(found)} answers,"
            f" {verbs.get('outcome unknown', 0)} in doubt, of those {verbs.get('found', 0)} found and"
            f" {verbs.get('proven absent', 0)} proven absent; moderated {verbs.get('moderated: approve', 0)}"
        )
        assert lives.failed == []
        assert verbs["outcome unknown"] > 20, "the kills missed the moments that matter"
        # nothing lost
        texts = [d.rendition.text for d in found]
        assert set(lives.accepted) <= set(texts)
        assert states == {DeliveryState.SENT: len(texts)}
        # nothing twice, nothing from nowhere
        answers = clean_site.sql("SELECT comment_content FROM wp_comments WHERE comment_content LIKE 'Answer %'")
        there = Counter(str(text) for (text,) in answers)
        assert there == Counter(texts)
        # each where its delivery says
        for delivery in found:
            number = int(delivery.remote_id.removeprefix("comment:"))
            stored = inbox.comment(number)
            assert (stored.message.text, stored.message.ours) == (delivery.rendition.text, True)
            assert stored.message.parent_remote_id == delivery.rendition.reply_to
        # what is here is what is there, the visitors' browsers too
        assert differences(inbox.store, inbox.channel_id, clean_site) == []
        agents = clean_site.sql("SELECT DISTINCT comment_agent FROM wp_comments WHERE comment_author = ?", HELD_BY)
        assert agents == [(BROWSER,)]
        assert_sound(inbox.store)
        assert accounts.reading(inbox.store, inbox.channel_id).backfilled


def test_killed_40_times_while_publishing(clean_site: WordPressSite, tmp_path: Path) -> None:
    home, secrets, chance = tmp_path / "home", MemorySecrets(), random.Random(SEED)
    account, longest_s = connected(home, clean_site, secrets)
    picture = png(tmp_path / "harbour.png")
    with worker(home, secrets, account, "Post", picture) as lives:
        for _ in range(40):
            lives.live(chance.uniform(0.2, 1.6 * longest_s))
    with inbox_in(home, secrets=secrets) as inbox:
        settled(inbox)
        found = outbox.deliveries(inbox.store, limit=100_000)
        verbs = dict(inbox.store.execute("SELECT verb, count(*) FROM events GROUP BY verb").fetchall())
        print(f"\n{lives.lives} lives: {len(found)} posts, {verbs.get('outcome unknown', 0)} in doubt")
        assert lives.failed == []
        assert verbs["outcome unknown"] > 4, "the kills missed the moments that matter"
        titles = [d.rendition.title for d in found]
        assert set(lives.accepted) <= set(titles)
        assert {d.state for d in found} == {DeliveryState.SENT}
        posts = clean_site.sql("SELECT post_title FROM wp_posts WHERE post_type = 'post' AND post_title LIKE 'Post %'")
        assert Counter(str(t) for (t,) in posts) == Counter(titles)
        pictures = clean_site.sql("SELECT count(*) FROM wp_posts WHERE post_type = 'attachment'")
        assert pictures == [(sum(1 for d in found if d.rendition.media),)], "a picture was uploaded twice"
        assert clean_site.sql("SELECT count(*) FROM wp_terms WHERE name = 'killed'") == [(1,)]
        assert differences(inbox.store, inbox.channel_id, clean_site) == []
        assert_sound(inbox.store)
