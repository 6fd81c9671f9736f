"""A real Dovecot and a real Exim from Debian, each in a directory of its own, on loopback ports.

Dovecot keeps its own notes (index, numbers) beside the Maildir, never in it: whatever changes inside the Maildir was
changed by whoever read it. Exim delivers everything into one Maildir, wherever it was addressed to.
"""

import contextlib
import getpass
import hashlib
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Self

from tests.servers.waiting import until
from tests.servers.wordpress_site import short_directory

INSTALLER = Path(__file__).parent / "debian-packages.sh"
ADDRESS, PASSWORD = "news@harbour.example", "mailbox-secret"

DOVECOT = """\
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/log
protocols = imap
listen = 127.0.0.1
{tls}
disable_plaintext_auth = no
auth_mechanisms = plain login
first_valid_uid = 1
{users}
mail_location = maildir:{home}/Maildir:INDEX={home}/index:CONTROL={home}/control
namespace inbox {{
  inbox = yes
  separator = /
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={owner} gid={group} home={home}/home
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
"""

EXIM = """\
primary_hostname = post.example
daemon_smtp_ports = {port} : {tls_port}
local_interfaces = 127.0.0.1
spool_directory = {home}/spool
log_file_path = {home}/%slog
pid_file_path = {home}/exim.pid
{tls}
keep_environment =
acl_smtp_rcpt = acl_rcpt
acl_smtp_data = acl_data
never_users =
host_lookup =
begin acl
acl_rcpt:
  deny domains = nowhere.example
       message = no such address
  accept authenticated = *
  deny message = relay not permitted
acl_data:
  deny condition = ${{if match{{$h_subject:}}{{refuse me}}}}
       message = not this one
  accept
begin routers
all:
  driver = accept
  transport = maildir
begin transports
maildir:
  driver = appendfile
  maildir_format
  directory = {home}/delivered
  user = {owner}
  group = {group}
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_advertise_condition = true
  server_prompts = :
  server_condition = ${{if and{{{{eq{{$auth2}}{{{user}}}}}{{eq{{$auth3}}{{{password}}}}}}}}}
  server_set_id = $auth2
"""


class Dovecot:
    """A mailbox over IMAP: ``port``; its mails lie in ``maildir``."""

    def __init__(self, home: Path, ports: tuple[int, int], process: "subprocess.Popen[bytes]") -> None:
        self.home = home
        self.port, self.tls_port = ports
        self.maildir = home / "Maildir"
        self._process = process
        self._count = 0

    @classmethod
    def start(cls, certificate: Path | None = None, key: Path | None = None) -> Self:
        subprocess.run([INSTALLER, "dovecot-imapd"], stdin=subprocess.DEVNULL, check=True)
        home, port, tls_port = short_directory("dove-"), free_port(), free_port()
        home.chmod(0o755)
        for name in ("run", "state", "index", "control", "home", *(f"Maildir/{d}" for d in ("cur", "new", "tmp"))):
            (home / name).mkdir(parents=True)
        for name in ("cur", "new", "tmp"):
            (home / "Maildir/.Sent" / name).mkdir(parents=True)
        (home / "Maildir/.Sent/maildirfolder").touch()
        owner, group = ("mail", "mail") if os.geteuid() == 0 else (getpass.getuser(), str(os.getgid()))
        users = "" if os.geteuid() == 0 else f"default_internal_user = {owner}\ndefault_login_user = {owner}"
        configuration = home / "dovecot.conf"
        tls = f"ssl = yes\nssl_cert = <{certificate}\nssl_key = <{key}" if certificate else "ssl = no"
        configuration.write_text(
            DOVECOT.format(
                home=home, port=port, tls_port=tls_port if certificate else 0, tls=tls, owner=owner, group=group,
                users=users, password=PASSWORD,
            )
        )  # fmt: skip
        _give(home, owner, "Maildir", "index", "control", "home")
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig=TERM", shutil.which("dovecot") or "/usr/sbin/dovecot", "-F", "-c", configuration],
            stdin=subprocess.DEVNULL,
        )
        server = cls(home, (port, tls_port), process)
        until(lambda: _listens(port), "Dovecot")
        return server

    def deliver(self, content: bytes) -> Path:
        """A mail arrives, as any delivery agent would put it there."""
        self._count += 1
        name = f"{1_700_000_000 + self._count}.M{self._count}P1.post"
        waiting = self.maildir / "tmp" / name
        waiting.write_bytes(content)
        _give(self.maildir, "mail" if os.geteuid() == 0 else getpass.getuser(), f"tmp/{name}")
        return waiting.rename(self.maildir / "new" / name)

    def state(self) -> dict[str, str]:
        """Every file of the Maildir by its path (which holds its flags), with the sum of what is in it."""
        files = [path for path in sorted(self.maildir.rglob("*")) if path.is_file()]
        return {str(p.relative_to(self.maildir)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}

    def clear(self) -> None:
        """An empty mailbox, numbered from the start."""
        for path in self.maildir.rglob("*"):
            if path.is_file() and path.name != "maildirfolder":
                path.unlink()

    def renumber(self) -> None:
        """The server lost its notes: every mail gets another number under another UIDVALIDITY."""
        for notes in (self.home / "control", self.home / "index"):
            for path in notes.rglob("*"):
                if path.is_file():
                    path.unlink()

    def stop(self) -> None:
        _end(self._process)
        shutil.rmtree(self.home)


class Exim:
    """A mail server over SMTP: ``port``; what it took is in ``delivered()``."""

    def __init__(self, home: Path, ports: tuple[int, int], process: "subprocess.Popen[bytes]") -> None:
        self.home = home
        self.port, self.tls_port = ports
        self._process = process

    @classmethod
    def start(cls, certificate: Path | None = None, key: Path | None = None) -> Self:
        program = shutil.which("exim4") or shutil.which("exim4", path="/usr/sbin")
        if program is None:
            if Path("/usr/sbin/sendmail").exists():  # Debian's Exim would push out whatever mail server is in use here
                raise RuntimeError("another mail server is installed: put exim4 beside it to run these tests")
            subprocess.run([INSTALLER, "exim4-daemon-light"], stdin=subprocess.DEVNULL, check=True)
            program = "/usr/sbin/exim4"
        home, port, tls_port = short_directory("exim-"), free_port(), free_port()
        home.chmod(0o755)
        for name in ("spool", "delivered"):
            (home / name).mkdir()
        root = os.geteuid() == 0
        owner, group = ("Debian-exim", "Debian-exim") if root else (getpass.getuser(), str(os.getgid()))
        configuration = home / "exim.conf"
        tls = "tls_advertise_hosts ="
        if certificate and key:
            for file in (certificate, key):  # read by its own user
                shutil.copy(file, home)
            _give(home, owner, certificate.name, key.name)
            tls = (
                f"tls_advertise_hosts = *\ntls_certificate = {home / certificate.name}\n"
                f"tls_privatekey = {home / key.name}\ntls_on_connect_ports = {tls_port}"
            )
        configuration.write_text(
            EXIM.format(
                home=home, port=port, tls_port=tls_port, tls=tls, owner=owner, group=group, user=ADDRESS,
                password=PASSWORD,
            )
        )  # fmt: skip
        _give(home, owner, "spool", "delivered", ".")
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig=TERM", program, "-C", configuration, "-bdf"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        server = cls(home, (port, tls_port), process)
        until(lambda: _listens(port), "Exim")
        return server

    def delivered(self) -> list[bytes]:
        """The mails it took, oldest first."""
        new = self.home / "delivered/new"
        return [path.read_bytes() for path in sorted(new.iterdir())] if new.exists() else []

    def wait_for(self, count: int) -> list[bytes]:
        until(lambda: len(self.delivered()) >= count, f"{count} mails")
        return self.delivered()

    def clear(self) -> None:
        new = self.home / "delivered/new"
        for path in new.iterdir() if new.exists() else ():
            path.unlink()

    def stop(self) -> None:
        _end(self._process)
        shutil.rmtree(self.home, ignore_errors=True)


class Between:
    """Stands between a client and a server, and cuts the connection where ``cut`` says so.

    ``cut`` is asked with all that the server has said in this connection; when it says yes, the client does not get
    the last of it.
    """

    def __init__(self, port: int) -> None:
        self.cut: Callable[[bytes], bool] = lambda said: False
        self._target = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._target))
            threading.Thread(target=self._pass, args=(client, server, False), daemon=True).start()
            threading.Thread(target=self._pass, args=(server, client, True), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, judged: bool) -> None:
        said = b""
        try:
            while piece := source.recv(4096):
                said += piece
                if judged and self.cut(said):
                    break
                target.sendall(piece)
        except OSError:
            pass
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def stop(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(5)


def certified(directory: Path) -> tuple[Path, Path]:
    """A certificate for this machine that nobody vouches for, and its key."""
    certificate, key = directory / "certificate.pem", directory / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command, *names], stdin=subprocess.DEVNULL, capture_output=True, check=True)
    return certificate, key


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def _give(home: Path, owner: str, *names: str) -> None:
    if os.geteuid() != 0:
        return
    for name in names:
        top = home / name
        for path in [top, *(top.rglob("*") if name != "." else ())]:
            shutil.chown(path, owner, owner)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
