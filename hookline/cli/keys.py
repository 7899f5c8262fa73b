"""`hookline keys`: the keys that seal secrets at rest."""

import click

from hookline.cli.terminal import echo


@click.group()
def keys() -> None:
    """Change the keys that seal secrets. Works on the database itself, beside running servers."""


@keys.command()
def rotate() -> None:
    """Put every secret under the newest key of HOOKLINE_SECRET_KEYS.

    Before: put a new key first in HOOKLINE_SECRET_KEYS, keep the old one behind it, and restart
    every process with that. After: the old key can go. Servers go on meanwhile, and a rotation that
    was interrupted can be run again.
    """
    import asyncio

    asyncio.run(_rotate())


async def _rotate() -> None:
    from hookline import ids
    from hookline.cli.database import open_database
    from hookline.errors import HooklineError
    from hookline.secrets.opening import open_vault
    from hookline.settings.fields import read_settings
    from hookline.webhooks import key_rotation as keys

    settings = read_settings()
    async with open_database(settings) as (database, _):
        vault = await open_vault(settings, database)
        done = await keys.rotate(
            database,
            vault,
            lambda so_far: echo(f"{so_far.webhooks:,} webhooks looked at …", err=True),
        )
    if done.unreadable:
        names = ", ".join(ids.encode("wh", key) for key in done.unreadable[:10]) + (
            " …" if len(done.unreadable) > 10 else ""
        )
        raise HooklineError(
            "UNREADABLE_SECRET",
            f"{len(done.unreadable):,} webhook(s) have a secret that no key at hand opens: "
            f"{names}. Add the missing key at the end of "
            "HOOKLINE_SECRET_KEYS and run this again, or save those secrets anew. No key may be "
            "taken out before.",
        )
    echo(
        f"{done.changed:,} of {done.webhooks:,} webhooks had secrets under an older key. "
        "Everything is under the newest one now."
    )
