"""The vault: what is sealed opens in its own location only, and a key ring that does not fit is
refused.
"""

import multiprocessing
import os
import stat
from base64 import b64encode
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from hookline.errors import HooklineError, Misconfigured
from hookline.secrets.vault import KeyRing, SecretLocation, Vault, load_or_make_key_file, open_ring
from tests.tables import each_of

SECRET = "whsec_very-secret"
HERE = SecretLocation(UUID(int=1), "webhook", UUID(int=2), "signing_secret")


def new_key() -> bytes:
    return os.urandom(32)


def test_sealed_text_opens_at_its_place_only() -> None:
    ring = KeyRing([new_key()])
    sealed = ring.seal(SECRET, HERE)
    assert ring.unseal(sealed, HERE) == SECRET
    for elsewhere in (
        SecretLocation(uuid4(), HERE.table, HERE.row, HERE.column),
        SecretLocation(HERE.workspace_id, "token", HERE.row, HERE.column),
        SecretLocation(HERE.workspace_id, HERE.table, uuid4(), HERE.column),
        SecretLocation(HERE.workspace_id, HERE.table, HERE.row, "password"),
        SecretLocation(HERE.workspace_id, HERE.table, HERE.row, HERE.column, "x-key"),
    ):
        with pytest.raises(HooklineError, match="Save the secret again"):
            ring.unseal(sealed, elsewhere)


def test_a_location_is_told_with_the_name_that_the_secret_belongs_to() -> None:
    there = SecretLocation(UUID(int=1), "webhook", UUID(int=2), "headers", "x-key")
    sealed = KeyRing([new_key()]).seal(SECRET, there)
    with pytest.raises(HooklineError, match="headers of 'x-key' of webhook"):
        KeyRing([new_key()]).unseal(sealed, there)


def test_sealing_twice_gives_different_texts_without_the_secret() -> None:
    ring = KeyRing([new_key()])
    first, second = ring.seal(SECRET, HERE), ring.seal(SECRET, HERE)
    assert first != second
    assert first.startswith("v1.")
    assert SECRET not in first


def test_new_key_seals_and_the_old_one_still_opens() -> None:
    old, new = new_key(), new_key()
    sealed_before = KeyRing([old]).seal(SECRET, HERE)
    ring = KeyRing([new, old])
    assert ring.unseal(sealed_before, HERE) == SECRET
    assert KeyRing([new]).unseal(ring.seal(SECRET, HERE), HERE) == SECRET


def test_unknown_key_is_named_with_the_setting_that_lacks_it() -> None:
    sealed = KeyRing([new_key()]).seal(SECRET, HERE)
    with pytest.raises(HooklineError, match="HOOKLINE_SECRET_KEYS") as caught:
        KeyRing([new_key()]).unseal(sealed, HERE)
    assert sealed.split(".")[1] in caught.value.message
    assert caught.value.code == "UNKNOWN_KEY"


@each_of(
    "change",
    [
        "",
        "v2.{key}.{payload}",
        "v1.{key}.",
        "v1.{key}.A{payload}",
        "v1.{key}.!!",
        "v1.{key}.AAAA{payload}",
    ],
)
def test_changed_text_does_not_open_and_the_error_holds_no_secret(change: str) -> None:
    ring = KeyRing([new_key()])
    _, key, payload = ring.seal(SECRET, HERE).split(".")
    with pytest.raises(HooklineError, match="Save the secret again") as caught:
        ring.unseal(change.format(key=key, payload=payload), HERE)
    assert SECRET not in str(caught.value)


def test_fingerprints_are_equal_for_equal_texts_under_one_key_only() -> None:
    ring = KeyRing([new_key()])
    vault = Vault(ring, Vault.new_fingerprint_key())
    assert vault.fingerprint("a") == Vault(KeyRing([new_key()]), vault_key(vault)).fingerprint("a")
    assert vault.fingerprint("a") != vault.fingerprint("b")
    assert vault.fingerprint("a") != Vault(ring, Vault.new_fingerprint_key()).fingerprint("a")
    assert len(vault.fingerprint("a")) == 32


def vault_key(vault: Vault) -> str:
    return vault._fingerprint_key.hex()


def test_repr_shows_key_ids_and_no_key() -> None:
    key = new_key()
    fingerprint_key = Vault.new_fingerprint_key()
    text = repr(Vault(KeyRing([key]), fingerprint_key))
    assert "KeyRing(" in text
    assert key.hex() not in text
    assert fingerprint_key not in text


def test_key_file_is_made_private_and_read_again(tmp_path: Path) -> None:
    path = tmp_path / "home" / "key"
    key = load_or_make_key_file(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_or_make_key_file(path) == key
    assert [file.name for file in path.parent.iterdir()] == ["key"]


def test_key_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key"
    load_or_make_key_file(path)
    path.chmod(0o640)
    with pytest.raises(Misconfigured, match="chmod 600"):
        load_or_make_key_file(path)


@pytest.mark.parametrize("content", [b"", b"short", b64encode(bytes(31)), b"\xff\xfe"])
def test_key_file_without_a_key_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(Misconfigured, match="base64 of 32 bytes"):
        load_or_make_key_file(path)


def test_key_file_in_an_impossible_place_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Misconfigured, match="HOOKLINE_SECRET_KEYS"):
        load_or_make_key_file(tmp_path / "file" / "key")


def test_processes_that_make_the_key_file_at_once_get_one_key(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        keys = pool.map(
            load_or_make_key_file,
            [tmp_path / f"key{number // 4}" for number in range(32)],
            chunksize=1,
        )
    assert [len(set(keys[first : first + 4])) for first in range(0, 32, 4)] == [1] * 8


def test_ring_comes_from_the_setting_else_from_the_key_file(tmp_path: Path) -> None:
    new, old = b64encode(new_key()).decode(), b64encode(new_key()).decode()
    sealed = open_ring(old, tmp_path / "key").seal(SECRET, HERE)
    assert open_ring(f"{new}, {old}", tmp_path / "key").unseal(sealed, HERE) == SECRET
    assert not (tmp_path / "key").exists()
    sealed = open_ring("", tmp_path / "key").seal(SECRET, HERE)
    assert open_ring("", tmp_path / "key").unseal(sealed, HERE) == SECRET


def test_wrong_secret_keys_are_refused_without_being_shown(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="HOOKLINE_SECRET_KEYS") as caught:
        open_ring("bm90LWEta2V5", tmp_path / "key")
    assert "bm90LWEta2V5" not in str(caught.value)
