"""A real, throw-away WordPress for tests: what is on the server, seen and changed from outside the connector.

The work is done by wordpress/start-wordpress.sh, which also runs by hand; see its first lines for versions and faults.
"""

import contextlib
import dataclasses
import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import zlib
from pathlib import Path
from typing import Any, Self

import httpx

from tests.servers.waiting import until
from tests.servers.wordpress_admin import SiteError, WordPressAdmin

STARTER = Path(__file__).parent / "wordpress" / "start-wordpress.sh"
INSTALL_TIMEOUT_S = 1200  # the first start of all installs packages and downloads WordPress
COMMAND_TIMEOUT_S = 120

Cell = str | int | float | None


class CommentRefused(Exception):
    """WordPress did not take a visitor's comment.

    409: repeated; 429: too soon after the last; 403: closed, or (newer versions) the answer to one still held.
    """

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text}")
        self.status = status


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Login:
    user: str
    password: str
    application_password: str


class WordPressSite:
    """One blog with its own web server and database. `url` and `api` end as WordPress gives them.

    Users: `user` (officer, an editor), and in `others` admin (administrator) and reader (subscriber).
    """

    def __init__(self, directory: Path, installed: dict[str, Any]) -> None:
        self.directory = directory
        self.url: str = installed["url"]
        self.api: str = installed["api"]
        self.version: str = installed["wordpress"]
        self.user: str = installed["user"]
        self.password: str = installed["password"]
        self.application_password: str = installed["application_password"]
        self.others = {name: Login(user=name, **secrets) for name, secrets in installed["others"].items()}
        self.admin = WordPressAdmin(self.php)

    @classmethod
    def start(
        cls,
        directory: Path,
        port: int | None = None,
        title: str = "Throw-away blog",
        *,
        subdir: str = "",
        permalinks: str = "",
    ) -> Self:
        """Installs where needed and starts; a port of the system's choice unless one is given.

        `subdir="blog"` serves below /blog, `permalinks="plain"` has no rewrite rules. What the site is now is what
        `reset` goes back to. The directory's path has to be short: see `short_directory`.
        """
        environment = {"WP_SUBDIR": subdir, "WP_PERMALINKS": permalinks}
        for attempt in range(3):
            try:
                start = (str(port or _free_port()), title)
                out = _run(directory, *start, environment=environment, timeout_s=INSTALL_TIMEOUT_S)
                break
            except SiteError as error:
                # somebody may have taken the port between our asking for it and our using it
                if port is not None or attempt == 2 or "is in use" not in str(error):
                    raise
        site = cls(directory, json.loads(out))
        _run(directory, "keep")
        return site

    def reset(self) -> None:
        """As it was after the start: content, users, passwords, settings, ids; no faults, a living web server."""
        _run(self.directory, "reset")

    def stop(self) -> None:
        _run(self.directory, "stop")

    def destroy(self) -> None:
        self.destroy_in(self.directory)

    @staticmethod
    def destroy_in(directory: Path) -> None:
        """Also what is left of a start that failed."""
        _run(directory, "destroy")

    def seed(self, posts: int = 20, comments: int = 10, seed: int = 1) -> dict[str, int]:
        """Varied posts with `comments` comments each; the same numbers make the same content. Gives the counts.

        `comments_0`, `comments_1` and `comments_spam` count how they were born; `comments_trash` of those approved
        (`comments_1`) went to the trash afterwards.
        """
        report: dict[str, int] = json.loads(_run(self.directory, "seed", str(posts), str(comments), str(seed)))
        return report

    def fault(self, *faults: str) -> None:
        """From the next request on, instead of those before: `fault("slow=2", "strip-auth")`."""
        _write_at_once(self.directory / "faults", " ".join(faults))

    def clear_faults(self) -> None:
        """Requests that are being slowed down already go on: only `reset` and `kill_web` end them."""
        self.fault()

    def cron(self) -> None:
        """The site's own clockwork: publishes what is due. Nothing else on this site ever does."""
        _run(self.directory, "cron")

    def comment(self, post_id: int, name: str, text: str, parent: int = 0) -> int:
        """A visitor's comment, through the web form; gives its id. Held until someone approves it.

        Each name comes from its own loopback address: WordPress takes one comment in 15 seconds from the same one.
        """
        crc = zlib.crc32(name.encode())
        visitor = f"127.{crc % 250 + 2}.{crc // 250 % 250 + 2}.{crc // 62500 % 250 + 2}"
        form = {
            "comment_post_ID": str(post_id),
            "author": name,
            "email": f"visitor-{crc:x}@example.org",
            "comment": text,
            "comment_parent": str(parent),
        }
        transport = httpx.HTTPTransport(local_address=visitor)
        agent = {"User-Agent": "Mozilla/5.0 (visitor)"}
        with httpx.Client(transport=transport, trust_env=False, timeout=30, headers=agent) as browser:
            reply = browser.post(f"{self.url}wp-comments-post.php", data=form)
        found = re.search(r"#comment-(\d+)$", reply.headers.get("Location", ""))
        if reply.status_code != 302 or not found:
            page = reply.text.rpartition("</style>")[2]
            raise CommentRefused(reply.status_code, " ".join(re.sub("<[^>]*>", " ", page).split())[:300])
        return int(found[1])

    def sql(self, query: str, *values: str | float) -> list[tuple[Cell, ...]]:
        """The rows as stored, past WordPress; one statement, a `?` for each value, tables named wp_..."""
        out = _run(self.directory, "sql", query, *map(str, values))
        return [tuple(row) for row in json.loads(out)]

    def php(self, code: str, **values: object) -> Any:
        """What `code` returns inside WordPress with the administrator signed in; `values` are its variables."""
        return json.loads(_run(self.directory, "php", json.dumps(values), stdin=code))

    def kill_web(self) -> None:
        """The host dies in the middle of whatever it was doing. The database lives on."""
        pid = int((self.directory / "web.pid").read_text())
        if f"{self.directory}/".encode() not in Path(f"/proc/{pid}/cmdline").read_bytes():
            raise SiteError("the web server was not running")
        os.killpg(pid, signal.SIGKILL)  # its worker processes are in its group
        until(lambda: not self._listening(), "the web server to be gone")

    def restart_web(self) -> None:
        """On the same port, after `kill_web`."""
        _run(self.directory, "web")

    def _listening(self) -> bool:
        address = httpx.URL(self.url)
        try:
            socket.create_connection((address.host, address.port or 80), timeout=1).close()
        except OSError:
            return False
        return True


def short_directory(prefix: str) -> Path:
    """A new private directory; TMPDIR and pytest's own may be too long for a unix socket's path (108 bytes)."""
    return Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))


def _free_port() -> int:
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _write_at_once(path: Path, text: str) -> None:
    """A request under way sees the old text or the new, never half of it."""
    new = path.with_name(path.name + ".new")
    new.write_text(text, encoding="ascii")
    new.replace(path)


def _run(
    directory: Path,
    *command: str,
    stdin: str | None = None,
    environment: dict[str, str] | None = None,
    timeout_s: float = COMMAND_TIMEOUT_S,
) -> str:
    """What the starter printed; its servers live on in sessions of their own."""
    done = subprocess.run(
        [STARTER, directory, *command],
        input=stdin or "",  # never the terminal's
        env=os.environ | (environment or {}),
        capture_output=True,
        encoding="utf-8",
        timeout=timeout_s,
        check=False,
    )
    if done.returncode:
        raise SiteError(f"{' '.join(command[:1])}: {(done.stderr + done.stdout).strip()[-2000:]}")
    return done.stdout
