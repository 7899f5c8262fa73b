"""`hookline migrate`: brings the database to this version's schema."""

import click

from hookline.cli.terminal import echo


@click.command()
def migrate() -> None:
    """Make or update the tables of HOOKLINE_DATABASE_URL.

    Two at once are safe. `hookline dev` does this by itself.
    """
    import asyncio

    from hookline.db.migrate import migrate as apply_migrations
    from hookline.settings.fields import read_settings

    applied: list[str] = []
    asyncio.run(apply_migrations(read_settings(), applied.append))
    for name in applied:
        echo(f"applied {name}")
    if not applied:
        echo("Nothing to do: the database is up to date.")
