"""`hookline tokens`: tokens on a running server. `hookline token` works on the database instead."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

import click

from hookline.cli.asking import RemoteServer, asking, found, limit_option
from hookline.cli.lazy_group import lazy_group
from hookline.cli.nouns import PAGE_INFO, TOKEN, token_status
from hookline.cli.output import Node

STATUSES: Final = ("valid", "expired", "revoked")
LIST: Final = f"""query Tokens($first: Int, $after: String) {{
  tokens(first: $first, after: $after) {{ nodes {{ {TOKEN.fields} }} {PAGE_INFO} }} }}"""
GET: Final = f"query Token($id: ID!) {{ node(id: $id) {{ ... on Token {{ {TOKEN.fields} }} }} }}"
_ALL: Final = 100_000

token_argument = click.argument("token", metavar="NAME|ID")


@lazy_group(
    create="hookline.cli.token_changes:create",
    revoke="hookline.cli.token_changes:revoke",
)
def tokens() -> None:
    """Look at tokens, make and revoke them, on a running server. Needs the scope tokens:admin.

    The first token of an installation comes from `hookline token create`, which works on the
    database itself and needs no server.
    """


@tokens.command("list")
@click.option("--status", type=click.Choice(STATUSES), multiple=True, help="Several are possible.")
@TOKEN.options
@limit_option
@asking("admin")
def list_tokens(
    server: RemoteServer,
    status: Sequence[str],
    output: str,
    columns: Sequence[str] | None,
    limit: int,
) -> None:
    """List tokens, also those that have expired or were revoked."""
    nodes = _of_status(server, status, limit) if status else server.nodes(LIST, "tokens", limit)
    TOKEN.print_list(nodes, output, columns)
    server.tell_of_more(limit)


@tokens.command()
@token_argument
@TOKEN.options
@asking("admin")
def get(server: RemoteServer, token: str, output: str, columns: Sequence[str] | None) -> None:
    """Show a token: its scopes, and when it was used. The text of a token is never shown again."""
    TOKEN.print_one(token_of(server, token), output, columns)


def _of_status(server: RemoteServer, statuses: Sequence[str], limit: int) -> Iterator[Node]:
    """The newest tokens with one of these; the API has no filter for them."""
    all_tokens = server.nodes(LIST, "tokens", _ALL)
    wanted = (node for node in all_tokens if token_status(node) in statuses)
    yield from islice(wanted, limit)
    server.has_more = next(wanted, None) is not None


def token_of(server: RemoteServer, name: str) -> Node:
    """Returns a token by its id or its name; of several with the same name the valid one, else the
    newest.

    Raises click.ClickException if there is none, ServerFault.
    """
    if name.startswith("tok_"):
        node = server.read(GET, id=name)["node"] or None
    else:
        named = [node for node in server.nodes(LIST, "tokens", _ALL) if node["name"] == name]
        valid = (node for node in named if token_status(node) == "valid")
        node = next(valid, named[0] if named else None)
    return found(node, "token", name, "tokens list")
