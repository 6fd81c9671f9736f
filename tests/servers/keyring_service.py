"""A real Secret Service for tests: gnome-keyring, unlocked, on a message bus and in a home directory of its own.

Whoever gets `environment` keeps its secrets there; the person's own keyring is out of reach.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import secretstorage
from jeepney.io.blocking import open_dbus_connection  # type: ignore[import-untyped]

from tests.servers.waiting import until

INSTALLER = Path(__file__).parent / "debian-packages.sh"
PACKAGES = ("gnome-keyring", "dbus-x11", "dbus-daemon")
DEFAULT_KEYRING = "/org/freedesktop/secrets/aliases/default"

# Without service directories nothing is started on demand: a key store that was stopped stays away, and none asks for
# a password on a screen.
BUS_CONFIGURATION = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
  "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


class SecretService:
    """Give `environment` to a subprocess. Started again in the same directory, it still has its secrets."""

    def __init__(self, directory: Path, bus: subprocess.Popen[bytes], password: str) -> None:
        self.directory = directory
        self._password = password
        self._bus = bus
        self._daemon: subprocess.Popen[bytes] | None = None

    @classmethod
    def start(cls, directory: Path, password: str = "test password") -> Self:
        """The directory's path has to be short: see `short_directory`."""
        subprocess.run([INSTALLER, *PACKAGES], stdin=subprocess.DEVNULL, check=True)
        for name in ("home", "data", "config", "cache", "run"):
            (directory / name).mkdir(mode=0o700, exist_ok=True)
        configuration = directory / "bus.conf"
        configuration.write_text(BUS_CONFIGURATION.format(socket=directory / "bus"))
        with (directory / "bus.log").open("wb") as log:
            bus = subprocess.Popen(
                # the bus ends with us even if we are killed, and the key store ends with its bus
                [
                    "setpriv",
                    "--pdeathsig=TERM",
                    "dbus-daemon",
                    f"--config-file={configuration}",
                    "--nofork",
                    "--nopidfile",
                ],
                stdin=subprocess.DEVNULL,
                stderr=log,
                env=_without_desktop(os.environ),
            )
        service = cls(directory, bus, password)
        try:
            until((directory / "bus").exists, "the message bus")
            service.unlock()
        except BaseException:
            service.stop()
            raise
        return service

    @property
    def environment(self) -> dict[str, str]:
        """This process's environment, with the private bus and home instead of the person's."""
        return _without_desktop(os.environ) | {
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={self.directory / 'bus'}",
            "HOME": str(self.directory / "home"),
            "XDG_DATA_HOME": str(self.directory / "data"),
            "XDG_CONFIG_HOME": str(self.directory / "config"),
            "XDG_CACHE_HOME": str(self.directory / "cache"),
            "XDG_RUNTIME_DIR": str(self.directory / "run"),
        }

    def unlock(self) -> None:
        """As after the person signed in to the desktop."""
        self.disappear()
        with (self.directory / "daemon.log").open("ab") as log:
            self._daemon = subprocess.Popen(
                [_runnable_daemon(self.directory), "--foreground", "--unlock", "--components=secrets"],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=self.environment,
            )
        assert self._daemon.stdin
        with self._daemon.stdin as stdin:
            stdin.write(self._password.encode())
        until(self._unlocked, "an unlocked key store")

    def lock(self) -> None:
        """The keyring is there, but only its password opens it, and nobody is there to type it. Ends with `unlock`."""
        with open_dbus_connection(f"unix:path={self.directory / 'bus'}") as connection:
            secretstorage.Collection(connection, DEFAULT_KEYRING).lock()
        until(lambda: not self._unlocked(), "a locked key store")

    def disappear(self) -> None:
        """A desktop without a Secret Service. Ends with `unlock`."""
        if self._daemon:
            _end(self._daemon)
            self._daemon = None

    def stop(self) -> None:
        self.disappear()
        _end(self._bus)

    def _unlocked(self) -> bool:
        if self._daemon and self._daemon.poll() is not None:
            raise RuntimeError(f"gnome-keyring-daemon ended with {self._daemon.returncode}")
        with open_dbus_connection(f"unix:path={self.directory / 'bus'}") as connection:
            try:
                return not secretstorage.Collection(connection, DEFAULT_KEYRING).is_locked()
            except secretstorage.exceptions.SecretStorageException:  # not there yet
                return False


def _without_desktop(environment: Mapping[str, str]) -> dict[str, str]:
    """Nothing that leads to the person's own key store, or lets one ask for a password on a screen."""
    of_desktop = ("DBUS_", "XDG_", "GNOME_", "KDE_", "PYTHON_KEYRING_", "DISPLAY", "WAYLAND_DISPLAY")
    return {name: value for name, value in environment.items() if not name.startswith(of_desktop)}


def _runnable_daemon(directory: Path) -> str:
    """A container may forbid the right to lock memory that Debian's file asks for: a plain copy goes without."""
    installed = shutil.which("gnome-keyring-daemon") or "/usr/bin/gnome-keyring-daemon"
    try:
        subprocess.run([installed, "--version"], stdin=subprocess.DEVNULL, capture_output=True, check=True)
    except PermissionError:
        return str(shutil.copy(installed, directory))
    return installed


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
