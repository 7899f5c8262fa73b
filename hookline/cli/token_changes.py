"""`hookline tokens`: create and revoke."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import click

# Of itself alone, as in hookline.cli.token.
from hookline.access.scopes import ROLES, SCOPES, SET_SCOPES, bound_to
from hookline.cli.asking import RemoteServer, asking, confirm, yes_option
from hookline.cli.nouns import TOKEN, rights_of, token_status
from hookline.cli.output import Node
from hookline.cli.tables import ago
from hookline.cli.terminal import echo
from hookline.cli.tokens import token_argument, token_of
from hookline.text import printable

CREATE: Final = f"""mutation Create($input: TokenCreateInput!) {{ tokenCreate(input: $input) {{
  secret token {{ {TOKEN.fields} }} userErrors {{ field message }} }} }}"""
REVOKE: Final = """mutation Revoke($input: TokenRevokeInput!) {
  tokenRevoke(input: $input) { userErrors { field message } } }"""


def _expiry(context: click.Context, parameter: click.Parameter, text: str | None) -> str | None:
    """The time that a duration from now, or a time, says."""
    from hookline.form.durations import parse_duration

    if text is None:
        return None
    try:
        now = datetime.now(UTC).replace(microsecond=0)
        return (now + parse_duration(text)).isoformat()
    except OverflowError:
        raise click.BadParameter("is longer than there are times.") from None
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        raise click.BadParameter(
            f"{printable(text)!r} is neither a duration such as 12h or 90d nor a time such as "
            "2027-01-31T10:00:00Z."
        ) from None


@click.command()
@click.argument("name")
@click.option("--role", type=click.Choice(list(ROLES)), help="What the token may do.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    metavar="SCOPE",
    help="Instead of a role: a scope such as events:publish. Several are possible: "
    f"{', '.join(SCOPES)}.",
)
@click.option(
    "--set",
    "sets",
    multiple=True,
    metavar="SET",
    help="The set that the token may plan and apply. Several are possible. [default: every set]",
)
@click.option(
    "--expires",
    "expires_at",
    callback=_expiry,
    metavar="90d|TIME",
    help="When it ends: a duration from now, or a time. [default: never]",
)
@asking("admin")
def create(
    server: RemoteServer,
    name: str,
    role: str | None,
    scopes: Sequence[str],
    sets: Sequence[str],
    expires_at: str | None,
) -> None:
    """Make a token called NAME and print it, alone, on standard output. It can't be shown again.

    Goes to a running server with a token that has all the scopes that it gives. `hookline token
    create` makes the first one, on the database itself.
    """
    given = {"name": name, **_rights(role, scopes, sets), "expiresAt": expires_at}
    done = server.change(CREATE, "tokenCreate", **given)
    echo(done["secret"])
    made = done["token"]
    until = f" It expires at {made['expiresAt']}." if made["expiresAt"] else ""
    echo(
        f"{printable(name)} is created ({made['id']}) with the rights: {rights_of(made)}.{until} "
        "Keep its text now: it can't be shown again.",
        err=True,
    )


def _rights(role: str | None, scopes: Sequence[str], sets: Sequence[str]) -> dict[str, Any]:
    """The fields of the input that say what the token may do.

    Raises click.UsageError.
    """
    if (role is None) == (not scopes):
        raise click.UsageError(
            "Say what the token may do: either --role, such as --role publisher, or --scope, such "
            "as --scope events:publish."
        )
    held = ROLES[role] if role else tuple(scopes)
    if sets and not set(held) & set(SET_SCOPES):
        raise click.UsageError(
            f"--set goes with --role sync, or --scope {' or '.join(SET_SCOPES)}: other scopes act "
            "on no set."
        )
    if role == "admin" and sets:
        raise click.UsageError("--set does not go with --role admin, which may do everything.")
    if role and not sets:
        return {"role": role.upper()}
    bound = [scope for name in sets for scope in bound_to(held, name)]
    return {"scopes": list(dict.fromkeys(bound or held))}


@click.command()
@token_argument
@yes_option
@asking("admin")
def revoke(server: RemoteServer, token: str, yes: bool) -> None:
    """End a token: within a second all servers refuse it, and its subscriptions end."""
    stored = token_of(server, token)
    if token_status(stored) == "revoked":
        echo(f"{stored['name']} is revoked already.", err=True)
        return
    confirm(_question(server, stored), yes)
    server.change(REVOKE, "tokenRevoke", id=stored["id"])
    echo(f"{stored['name']} is revoked.", err=True)


def _question(server: RemoteServer, token: Node) -> str:
    used = f"last used {ago(token['lastUsedAt'])}" if token["lastUsedAt"] else "never used"
    own = server.read("{ viewer { id } }")["viewer"]["id"] == token["id"]
    text = f"{token['name']} (…{token['lastFour']}, {rights_of(token)}, {used})"
    return f"Revoke {text}?" + (" It is the token of this command." if own else "")
