"""Secrets at rest: sealed with AES-256-GCM under a ring of keys, compared by keyed fingerprints.

Called by the verbs that store or use a secret. No plaintext or key ever stands in a repr, a log
line or an exception.
"""

import hmac
import os
from base64 import b64encode
from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Self
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hookline import ids
from hookline.errors import HooklineError, Misconfigured
from hookline.regular_files import open_regular
from hookline.secrets.random_bytes import RandomBytes

_KEY_BYTES = 32
# The length that GCM is made for. Random, as many processes seal with one key and share no counter.
_NONCE_BYTES = 12
_VERSION = "v1"


@dataclass(frozen=True, slots=True)
class SecretLocation:
    """The row and column of a sealed text, and the name that it belongs to there. It is bound to
    them: copied to another row or column, or put beside another name, it does not open.
    """

    workspace_id: UUID
    table: str
    row: UUID
    column: str
    name: str = ""
    """Name in clear beside it: a header's, in lower case, or a user's."""

    def associated_data(self, key_id: str) -> bytes:
        # The key's id too, so that the text in front of the ciphertext can't be exchanged. The name
        # last: it alone may hold the separator.
        parts = (self.workspace_id, self.table, self.row, self.column, key_id, self.name)
        return "|".join(map(str, parts)).encode()

    def __str__(self) -> str:
        named = f" of {self.name!r}" if self.name else ""
        row = ids.encode("wh", self.row) if self.table == "webhook" else str(self.row)
        return f"{self.column}{named} of {self.table} {row}"


class KeyRing:
    """The keys of this installation, newest first: the first one seals, all of them open."""

    def __init__(self, keys: list[bytes]) -> None:
        # By the key's hash: a stored secret names its key, and tells nothing of it.
        self._ciphers = {sha256(key).hexdigest()[:8]: AESGCM(key) for key in keys}
        self._newest_id = next(iter(self._ciphers))
        self._random: Callable[[int], bytes] = os.urandom

    def __repr__(self) -> str:
        return f"KeyRing({', '.join(self._ciphers)})"

    @property
    def key_ids(self) -> tuple[str, ...]:
        return tuple(self._ciphers)

    def with_random(self, random: RandomBytes) -> Self:
        """The same keys, for the thread that may use these random bytes."""
        ring = copy(self)
        ring._random = random
        return ring

    def seal(self, plaintext: str, location: SecretLocation) -> str:
        """`v1.<key id>.<base64 of nonce and ciphertext>`, different at each call. key id: the first
        8 hex digits of the key's SHA-256.
        """
        nonce = self._random(_NONCE_BYTES)
        ciphertext = self._ciphers[self._newest_id].encrypt(
            nonce, plaintext.encode(), location.associated_data(self._newest_id)
        )
        return f"{_VERSION}.{self._newest_id}.{b64encode(nonce + ciphertext).decode()}"

    def is_newest(self, sealed: str) -> bool:
        """True when the newest key sealed it."""
        return sealed.startswith(f"{_VERSION}.{self._newest_id}.")

    def unseal(self, sealed: str, location: SecretLocation) -> str:
        """The plaintext.

        Raises HooklineError UNKNOWN_KEY when the key is not in the ring, UNREADABLE_SECRET when the
        text was changed or stems from elsewhere.
        """
        version, _, rest = sealed.partition(".")
        key_id, _, payload = rest.partition(".")
        if version != _VERSION:
            raise _unreadable(location)
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise _unknown_key(key_id, location)
        try:
            data = a2b_base64(payload, strict_mode=True)
            return cipher.decrypt(
                data[:_NONCE_BYTES], data[_NONCE_BYTES:], location.associated_data(key_id)
            ).decode()
        # ValueError: a text too short to hold a nonce, or bytes that are no UTF-8.
        except (Base64Error, ValueError, InvalidTag):
            raise _unreadable(location) from None


class Vault:
    """Seals secrets and tells whether two are equal. fingerprint_key: what `new_fingerprint_key`
    made once for this database.
    """

    def __init__(self, ring: KeyRing, fingerprint_key: str) -> None:
        self._ring = ring
        self._fingerprint_key = bytes.fromhex(fingerprint_key)

    def __repr__(self) -> str:
        return f"Vault({self._ring!r})"

    @property
    def key_ids(self) -> tuple[str, ...]:
        """Ids of the keys at hand, which tell nothing of them, newest first."""
        return self._ring.key_ids

    @staticmethod
    def new_fingerprint_key() -> str:
        """A key for fingerprints, 64 hex digits. It never rotates; the ring seals it, the database
        keeps it.
        """
        return os.urandom(_KEY_BYTES).hex()

    def with_random(self, random: RandomBytes) -> Self:
        """See KeyRing.with_random."""
        vault = copy(self)
        vault._ring = self._ring.with_random(random)
        return vault

    def seal(self, plaintext: str, location: SecretLocation) -> str:
        """See KeyRing.seal."""
        return self._ring.seal(plaintext, location)

    def unseal(self, sealed: str, location: SecretLocation) -> str:
        """See KeyRing.unseal."""
        return self._ring.unseal(sealed, location)

    def resealed(self, sealed: str, location: SecretLocation) -> str:
        """Seals a sealed secret under the newest key; one that this key sealed comes back as it is.

        Raises what unseal raises.
        """
        return (
            sealed
            if self._ring.is_newest(sealed)
            else self._ring.seal(self._ring.unseal(sealed, location), location)
        )

    def fingerprint(self, text: str) -> str:
        """32 hex digits that are equal for equal texts only, and say nothing about the text
        (HMAC-SHA256, first half).
        """
        # Keyed: a plain hash of a weak secret could be guessed. Half of it tells as well.
        return hmac.digest(self._fingerprint_key, text.encode(), "sha256").hex()[:32]


def open_ring(secret_keys: str, key_file: Path) -> KeyRing:
    """The ring of HOOKLINE_SECRET_KEYS or, where that is empty, of the key file, which is made at
    the first start.

    Raises Misconfigured.
    """
    if secret_keys.strip():
        return KeyRing(
            [
                _decode_key(text.strip(), "HOOKLINE_SECRET_KEYS")
                for text in secret_keys.split(",")
                if text.strip()
            ]
        )
    return KeyRing([load_or_make_key_file(key_file)])


def load_or_make_key_file(path: Path) -> bytes:
    """The key in the file (base64 of 32 bytes). A missing file is made with mode 0600; of two
    processes that make it at once both get one key.

    Raises Misconfigured when others may read the file, or it holds no key.
    """
    try:
        if not path.exists():
            _make_key_file(path)
        with open_regular(path) as file:
            # Of the file that is read: the path may name another one a moment later.
            mode = os.fstat(file.fileno()).st_mode
            text = file.read(1024).decode("ascii", "replace").strip()
    except OSError as error:
        raise Misconfigured(
            f"The key file {path} cannot be read or made ({error.strerror}). Mend that, or set "
            "HOOKLINE_SECRET_KEYS."
        ) from None
    if mode & 0o077:
        raise Misconfigured(
            f"The key file {path} may be read by other users. Run: chmod 600 {path}"
        )
    return _decode_key(text, f"The key file {path}")


def _make_key_file(path: Path) -> None:
    """Writes aside and links into place: the name appears with its whole content or not at all, and
    the first process wins.
    """
    # The home folder holds the key, the token and the database: its owner's alone.
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    # Its mode from the first moment on, and no file that somebody laid there before.
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(b64encode(os.urandom(_KEY_BYTES)) + b"\n")
            file.flush()
            # A key that a power cut takes away takes every secret of the database with it; so does
            # its name, hence the folder.
            os.fsync(file.fileno())
        # Not a rename, which would replace the key of a process that was first.
        os.link(aside, path)
        _sync_folder(path.parent)
    except FileExistsError:
        # Another process was first: its key counts.
        pass
    finally:
        os.unlink(aside)


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _decode_key(text: str, origin: str) -> bytes:
    try:
        # Strict: a mistyped character would otherwise be skipped, and make another key.
        key = a2b_base64(text, strict_mode=True)
    except (Base64Error, ValueError):
        key = b""
    if len(key) != _KEY_BYTES:
        raise Misconfigured(
            f"{origin}: each key must be the base64 of {_KEY_BYTES} bytes. Make one with: openssl "
            f"rand -base64 {_KEY_BYTES}"
        )
    return key


def _unknown_key(key_id: str, location: SecretLocation) -> HooklineError:
    return HooklineError(
        "UNKNOWN_KEY",
        f"A secret is sealed with the key {key_id[:8]}, which is not at hand: {location}. "
        "Add that key at the end of HOOKLINE_SECRET_KEYS, or bring back the key file.",
    )


def _unreadable(location: SecretLocation) -> HooklineError:
    return HooklineError(
        "UNREADABLE_SECRET",
        f"A secret does not open: {location}. It was changed, or copied from another row, column "
        "or header. Save the secret again.",
    )
