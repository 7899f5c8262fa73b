"""`hookline token`: makes, lists and revokes tokens straight in the database; no server needs to
run.
"""

from collections.abc import Sequence

import click

# Of itself alone: hookline.access.tokens imports the database's library, 0.4 s that --help would
# pay.
from hookline.access.scopes import ROLES, bound_to
from hookline.cli.nouns import TOKEN
from hookline.cli.output import Node
from hookline.cli.terminal import echo


@click.group()
def token() -> None:
    """Make, list and revoke tokens. Works on the database itself, so that it makes the first one; a
    running server takes notice within a second.

    `hookline tokens` does the same from any machine, through a running server.
    """


@token.command()
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice(list(ROLES)),
    required=True,
    help="What the token may do; the README has the table.",
)
@click.option(
    "--set",
    "set_name",
    help="With --role sync: the one set that the token may plan and apply. [default: every set]",
)
def create(name: str, role: str, set_name: str | None) -> None:
    """Make a token called NAME and print it, alone, on standard output. It can't be shown again."""
    import asyncio

    if set_name is not None and role != "sync":
        raise click.UsageError("--set goes with --role sync only: other roles act on no set.")
    scopes = ROLES[role] if set_name is None else bound_to(ROLES[role], set_name)
    echo(asyncio.run(_create(name, scopes)))


@token.command("list")
@TOKEN.options
def list_tokens(output: str, columns: Sequence[str] | None) -> None:
    """List all tokens, newest first."""
    import asyncio

    nodes = asyncio.run(_nodes())
    if nodes or output != "table":
        TOKEN.print_list(nodes, output, columns)
    else:
        echo("No tokens yet. Make one: hookline token create NAME --role admin", err=True)


@token.command()
@click.argument("token_id", metavar="ID")
def revoke(token_id: str) -> None:
    """End the token with this ID (tok_…, see `hookline token list`)."""
    import asyncio

    echo(asyncio.run(_revoke(token_id)))


async def _create(name: str, scopes: tuple[str, ...]) -> str:
    from hookline.access import tokens
    from hookline.cli.database import open_database
    from hookline.settings.fields import read_settings

    async with open_database(read_settings()) as (database, workspace_id):
        return (await tokens.create(database, workspace_id, name, scopes))[1]


async def _nodes() -> list[Node]:
    """The tokens as the API gives them."""
    from hookline import ids
    from hookline.access import tokens
    from hookline.cli.database import open_database
    from hookline.clock import rfc3339
    from hookline.settings.fields import read_settings

    async with open_database(read_settings()) as (_, workspace_id):
        found = await tokens.of_workspace(workspace_id).order_by("-created_at")
    return [
        {
            "id": ids.encode("tok", one.id),
            "name": one.name,
            "lastFour": one.last_four,
            "scopes": [*one.scopes],
            "createdAt": rfc3339(one.created_at),
            "expiresAt": one.expires_at and rfc3339(one.expires_at),
            "lastUsedAt": one.last_used_at and rfc3339(one.last_used_at),
            "revokedAt": one.revoked_at and rfc3339(one.revoked_at),
        }
        for one in found
    ]


async def _revoke(text: str) -> str:
    from hookline import ids
    from hookline.access import tokens
    from hookline.cli.database import open_database
    from hookline.settings.fields import read_settings

    try:
        prefix, key = ids.decode(text)
    # Malformed or of another kind: to a person both are the wrong text.
    except ids.MalformedId:
        prefix, key = "", None
    if prefix != "tok" or key is None:
        raise click.UsageError(
            "ID must be a token's id, such as tok_01h2xcejqtf2nbrexx3vqjhp41: `hookline token "
            "list` shows them."
        )
    async with open_database(read_settings()) as (database, workspace_id):
        revoked = await tokens.revoke(database, workspace_id, key)
    return f"Revoked {text} ({revoked.name})."
