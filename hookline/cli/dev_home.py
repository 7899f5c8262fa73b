"""Extras of `hookline dev` beside a server elsewhere: a token of its own in a file, loopback as a
target, three host names.
"""

import os
from ipaddress import ip_network
from itertools import count
from pathlib import Path
from uuid import UUID

from hookline.access import tokens
from hookline.access.authenticator import Authenticator
from hookline.access.scopes import ROLES
from hookline.cli.database import open_database
from hookline.db.connection import Database
from hookline.errors import Code, Misconfigured, Refused
from hookline.outbound.addresses import AddressPolicy
from hookline.regular_files import open_regular
from hookline.settings.fields import Settings

# A page elsewhere that resolves its own name to 127.0.0.1 could otherwise talk to the API and the
# receiver as a page of this machine does.
HOSTS = ("127.0.0.1", "localhost", "[::1]")
TOKEN_NAME = "hookline dev"
_LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


def addresses(settings: Settings) -> AddressPolicy:
    """The addresses that the settings allow, and this machine itself."""
    return AddressPolicy(
        (*settings.egress_networks, *_LOOPBACK), settings.egress_hosts | {"localhost"}
    )


async def token(settings: Settings) -> tuple[str, UUID]:
    """The token in the home folder, and its id. A new one, with the role admin, when there is none
    or the database does not know it.
    """
    path = settings.home / "token"
    kept = _read(path)
    async with open_database(settings) as (database, workspace_id):
        authenticator = Authenticator(database)
        try:
            # The database may be another one than the token was made with.
            known = await authenticator.find(kept) if kept else None
            if kept and known and known.token_id:
                return kept, known.token_id
        finally:
            await authenticator.close()
        made = await _new_token(database, workspace_id)
    _write(path, made[0])
    return made


async def _new_token(database: Database, workspace_id: UUID) -> tuple[str, UUID]:
    """A token with the first free name: that of another home folder, or one whose file is lost,
    stays as it is.
    """
    for number in count(1):
        name = TOKEN_NAME if number == 1 else f"{TOKEN_NAME} {number}"
        try:
            row, text = await tokens.create(database, workspace_id, name, ROLES["admin"])
            return text, row.id
        except Refused as refused:
            if refused.problems[0].code is not Code.TAKEN:
                raise
    raise AssertionError("numbers have no end")


def _read(path: Path) -> str:
    try:
        with open_regular(path) as file:
            # It is an admin's token.
            if os.fstat(file.fileno()).st_mode & 0o077:
                raise Misconfigured(
                    f"The token file {path} may be read by other users. Run: chmod 600 {path}"
                )
            return file.read(1024).decode("ascii").strip()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(
            f"The token file {path} cannot be read ({error}). Delete it: a new one is made."
        ) from None


def _write(path: Path, text: str) -> None:
    """Writes the file: it has its mode before it has its content, and its whole content or none."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text + "\n")
    aside.replace(path)
