"""Python's `keyring` meets a real Secret Service, as in the person's desktop session."""

import subprocess
import sys

import pytest

from tests.servers.keyring_service import SecretService

SECRET = "kein Geheimnis 🗝"


def python(service: SecretService, code: str) -> "subprocess.CompletedProcess[str]":
    """Another process with the same packages, in that session."""
    return subprocess.run(
        [sys.executable, "-X", "utf8", "-c", f"import keyring\n{code}"],
        env=service.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def said(service: SecretService, code: str) -> str:
    done = python(service, code)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def store(service: SecretService) -> None:
    said(service, f"keyring.set_password('postroom', 'account-1', {SECRET!r})")


READ = "print(keyring.get_password('postroom', 'account-1'))"


def test_secret_is_kept_read_and_deleted(secret_service: SecretService) -> None:
    assert "SecretService" in said(secret_service, "print(keyring.get_keyring())")
    assert said(secret_service, READ) == "None"
    store(secret_service)
    assert said(secret_service, READ) == SECRET
    assert said(secret_service, "print(keyring.get_password('postroom', 'account-2'))") == "None"
    said(secret_service, "keyring.delete_password('postroom', 'account-1')")
    assert said(secret_service, READ) == "None"


def test_secret_is_not_on_disk_in_the_clear(secret_service: SecretService) -> None:
    store(secret_service)
    files = [path for path in secret_service.directory.rglob("*") if path.is_file()]
    assert any(path.suffix == ".keyring" for path in files)
    assert not any(SECRET.encode() in path.read_bytes() for path in files)


def test_secret_outlives_the_session(secret_service: SecretService) -> None:
    store(secret_service)
    secret_service.disappear()
    secret_service.unlock()
    assert said(secret_service, READ) == SECRET


@pytest.mark.parametrize(
    ("trouble", "error"), [("lock", "keyring.errors.KeyringLocked"), ("disappear", "keyring.errors.NoKeyringError")]
)
def test_no_secret_without_an_open_key_store(secret_service: SecretService, trouble: str, error: str) -> None:
    store(secret_service)
    getattr(secret_service, trouble)()
    done = python(secret_service, READ)
    assert done.returncode == 1
    assert error in done.stderr
    secret_service.unlock()
    assert said(secret_service, READ) == SECRET
