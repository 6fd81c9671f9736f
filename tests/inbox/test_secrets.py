"""The one door to the key store: parts in, parts out, and nothing of them anywhere else."""

from __future__ import annotations

import json
import logging
import traceback

import keyring.errors
import pytest

from inbox.model import AccountId
from inbox.secrets import AccountSecret, KeyringSecrets, KeyringTrouble, MemorySecrets, Secrets
from tests.conftest import MemoryKeyring

ONE, OTHER = AccountId("memory-1"), AccountId("memory-2")
PARTS = {"user": "officer", "password": "hunter2 ünd mehr"}


@pytest.fixture(params=[lambda: KeyringSecrets("/some/inbox"), MemorySecrets], ids=["keyring", "memory"])
def secrets(request: pytest.FixtureRequest) -> Secrets:
    return request.param()


def test_parts_come_back_and_are_replaced_whole(secrets: Secrets) -> None:
    assert dict(secrets.read(ONE)) == {}
    secrets.save(ONE, PARTS)
    assert dict(secrets.read(ONE)) == PARTS
    secrets.save(ONE, {"token": "t"})
    assert dict(secrets.read(ONE)) == {"token": "t"}


def test_accounts_keep_apart(secrets: Secrets) -> None:
    secrets.save(ONE, PARTS)
    assert dict(secrets.read(OTHER)) == {}
    secrets.save(OTHER, {"token": "t"})
    secrets.forget(ONE)
    assert dict(secrets.read(ONE)) == {}
    assert dict(secrets.read(OTHER)) == {"token": "t"}


def test_forgetting_what_is_not_there_is_fine(secrets: Secrets) -> None:
    secrets.forget(ONE)
    secrets.forget(ONE)


def test_what_was_handed_out_is_a_copy(secrets: Secrets) -> None:
    given = dict(PARTS)
    secrets.save(ONE, given)
    given["password"] = "changed"
    dict(secrets.read(ONE))["password"] = "changed"
    assert dict(secrets.read(ONE)) == PARTS


def test_two_inboxes_on_one_machine_keep_apart(key_store: MemoryKeyring) -> None:
    KeyringSecrets("/one").save(ONE, PARTS)
    assert dict(KeyringSecrets("/other").read(ONE)) == {}
    assert json.loads(key_store.kept["Postroom /one", ONE]) == PARTS


class Broken(MemoryKeyring):
    """Locked, with an error whose words hold what nobody should read."""

    def get_password(self, service: str, username: str) -> str | None:
        raise keyring.errors.KeyringLocked(f"locked, and here is {PARTS}")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise keyring.errors.PasswordSetError(f"could not keep {password}")


@pytest.mark.parametrize("do", ["read", "save", "forget"])
def test_trouble_is_named_and_holds_no_secret(do: str, caplog: pytest.LogCaptureFixture) -> None:
    keyring.set_keyring(Broken())
    secrets = KeyringSecrets("/some/inbox")
    call = {
        "read": lambda: secrets.read(ONE),
        "save": lambda: secrets.save(ONE, PARTS),
        "forget": lambda: secrets.forget(ONE),
    }
    with caplog.at_level(logging.DEBUG), pytest.raises(KeyringTrouble) as caught:
        call[do]()
    told = [
        str(caught.value),
        repr(caught.value),
        caught.value.hint,
        caplog.text,
        *traceback.format_exception(caught.value),
    ]
    assert "hunter2" not in "".join(told)
    assert "key store" in caught.value.hint


def test_a_connector_sees_the_secret_of_its_own_account_alone(secrets: Secrets) -> None:
    secrets.save(ONE, PARTS)
    own = AccountSecret(secrets, OTHER)
    assert dict(own.read()) == {}
    own.save({"token": "t0k3n"})
    assert dict(secrets.read(OTHER)) == {"token": "t0k3n"}
    assert dict(secrets.read(ONE)) == PARTS
    assert "t0k3n" not in repr(own)
    assert "hunter2" not in repr(AccountSecret(secrets, ONE))
    assert "hunter2" not in repr(secrets)
