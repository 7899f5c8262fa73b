"""Opens the vault over the settings' key ring and the database that it belongs to. Called by the
wiring, the rotation and `hookline doctor`.
"""

from typing import Final
from uuid import UUID

from hookline.db.connection import Database
from hookline.errors import HooklineError, Misconfigured
from hookline.secrets.vault import KeyRing, SecretLocation, Vault, open_ring
from hookline.settings.fields import Settings

# Of no workspace and no row: one for the whole database.
FINGERPRINT_KEY: Final = SecretLocation(UUID(int=0), "vault_key", UUID(int=0), "sealed")


async def open_vault(settings: Settings, database: Database) -> Vault:
    """The vault over the settings' key ring; the fingerprint key is made with the database's first
    vault and kept there, sealed.

    Raises Misconfigured when the ring is not the one that this database was made with.
    """
    ring = open_ring(settings.secret_keys.get_secret_value(), settings.home / "key")
    async with database.unit_of_work() as work:
        # Of processes that start at once the first one's key stays, and all read that one.
        await work.execute(
            "insert into vault_key (name, sealed) values ('fingerprint', $1) on conflict (name) "
            "do nothing",
            ring.seal(Vault.new_fingerprint_key(), FINGERPRINT_KEY),
        )
        sealed = (await work.rows("select sealed from vault_key where name = 'fingerprint'"))[0][
            "sealed"
        ]
    # A wrong ring is found at the start, and not at the first delivery of each webhook.
    return Vault(ring, check_ring(ring, sealed, settings))


def check_ring(ring: KeyRing, sealed: str, settings: Settings) -> str:
    """The text that the database's first vault has sealed, if the ring opens it.

    Raises Misconfigured when it is another ring than the one that this database was made with.
    """
    try:
        return ring.unseal(sealed, FINGERPRINT_KEY)
    except HooklineError as error:
        source = (
            "HOOKLINE_SECRET_KEYS does not hold"
            if settings.secret_keys.get_secret_value()
            else f"The key file {settings.home / 'key'} is not"
        )
        raise Misconfigured(
            f"{source} the key that this database was made with, so none of its secrets could be "
            "read. Bring that key back; "
            "a newer one may stand before it in HOOKLINE_SECRET_KEYS."
        ) from error
