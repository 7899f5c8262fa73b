"""Questions of the commands to a server, and to the person at the terminal, and the options that
those commands share.
"""

import functools
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import click

from hookline.cli.terminal import echo
from hookline.text import printable

if TYPE_CHECKING:
    from hookline.cli.connection import ServerAccess

PAGE: Final = 100
"""Objects of one request; the most that the API gives."""

limit_option = click.option(
    "-n",
    "--limit",
    type=click.IntRange(1, 100_000),
    default=20,
    show_default=True,
    help="At most so many, newest first.",
)
# Said where the document asks for `code`: by commands that have --reason.
_FORCE_HINT: Final = "`force` is --reason WHY here, with a token that has the scope webhooks:force."
yes_option = click.option("--yes", is_flag=True, help="Do it without asking.")
_SERVER = click.option(
    "--server",
    help="The server. [default: HOOKLINE_SERVER, else that of the profile, else "
    "http://127.0.0.1:8000]",
)
_PROFILE = click.option(
    "--profile", metavar="NAME", help="A profile of `hookline login`. [default: the latest one]"
)


def asking(role: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Gives a command the options of its server, and hands the server to it as its first argument.

    role: of a token that may do what the command does.
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def run(server: str | None, profile: str | None, **given: Any) -> Any:
            # 7 ms that --help would pay.
            from hookline.cli.connection import connect

            return command(RemoteServer(connect(server, profile), role), **given)

        # Options apply from the innermost: these stand last in --help.
        return _SERVER(_PROFILE(run))

    return decorate


class RemoteServer:
    """A server that a command asks. has_more: the last list was longer than its limit."""

    def __init__(self, access: "ServerAccess", role: str) -> None:
        self.access, self.role = access, role
        self.has_more = False

    def read(self, document: str, /, **variables: object) -> dict[str, Any]:
        """Returns the answer's data.

        Raises ServerFault.
        """
        from hookline.cli.client import execute

        return execute(self.access, document, variables, dict, role=self.role)

    def nodes(
        self, document: str, path: str, limit: int, /, **variables: object
    ) -> Iterator[dict[str, Any]]:
        """Yields the nodes of a connection, page by page, as far as they are asked for. document:
        takes $first and $after. path: the connection's place in the answer.
        """
        after = None
        while True:
            first = min(limit, PAGE)
            connection: Any = self.read(document, first=first, after=after, **variables)
            for name in path.split("."):
                connection = connection[name]
            yield from connection["nodes"]
            limit -= len(connection["nodes"])
            after = connection["pageInfo"]["endCursor"]
            self.has_more = connection["pageInfo"]["hasNextPage"]
            if not self.has_more or limit <= 0:
                return

    def change(self, document: str, name: str, /, **given: object) -> dict[str, Any]:
        """Does a mutation and returns its payload.

        Raises click.ClickException with the server's words if it refused, ServerFault.
        """
        payload: dict[str, Any] = self.read(document, input=given)[name]
        if payload["userErrors"]:
            sentences = [*map(sentence_of, payload["userErrors"])]
            if any(error.get("code") == "FIELD_MANAGED" for error in payload["userErrors"]):
                sentences.append(_FORCE_HINT)
            raise click.ClickException("\n".join(sentences))
        return payload

    def change_each(self, document: str, name: str, ids: Sequence[str], done: str) -> None:
        """Does a mutation to each object; what one is refused does not stop the others.

        Raises click.ClickException with all refusals.
        """
        refused = []
        for key in ids:
            try:
                self.change(document, name, id=key)
            except click.ClickException as error:
                refused.append(f"{printable(key)}: {error.message}")
            else:
                echo(f"{printable(key)} {done}.", err=True)
        if refused:
            raise click.ClickException("\n".join(refused))

    def tell_of_more(self, limit: int) -> None:
        """Says on a terminal that a list goes on behind its limit."""
        if self.has_more and sys.stdout.isatty():
            echo(f"There are more: --limit {limit * 5} shows them.", err=True)


def sentence_of(error: dict[str, Any]) -> str:
    """The sentence of a user error, with the path of its value unless the sentence names it."""
    path = ".".join((error.get("field") or [])[1:])
    message = str(error["message"])
    # `type: The type …` and `draft.filter.any.0: filter.any[0] must …` say it twice.
    names = [name.lower().replace("[", ".").replace("]", "") for name in message.split()[:2]]
    is_named = any(f".{path}".lower().endswith(f".{name}") for name in names) or not path
    return printable(message if is_named else f"{path}: {message}")


def time_option(name: str, help_text: str, default: str | None = None) -> Callable[[Any], Any]:
    """Gives an option for a time: a duration before now, or the time itself."""
    return click.option(name, callback=_time, metavar="2h|TIME", help=help_text, default=default)


def _time(context: click.Context, parameter: click.Parameter, text: str | None) -> str | None:
    from hookline.form.durations import parse_duration

    if text is None:
        return None
    try:
        return (datetime.now(UTC) - parse_duration(text)).isoformat()
    except OverflowError:
        raise click.BadParameter("is longer ago than there are times.") from None
    except ValueError:
        return _iso(text)


def _iso(text: str) -> str:
    try:
        return datetime.fromisoformat(text).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        raise click.BadParameter(
            f"{printable(text)!r} is neither a duration such as 30m, 2h or 7d nor a time such as "
            "2026-11-24T10:00:00Z."
        ) from None


def confirm(question: str, is_sure: bool) -> None:
    """Asks on the terminal; without one only `--yes` will do.

    Raises click.Abort, click.UsageError.
    """
    if is_sure:
        return
    if not sys.stdin.isatty():
        raise click.UsageError(f"{printable(question)} There is no terminal to ask on: add --yes.")
    click.confirm(printable(question), abort=True, err=True)


def found(node: dict[str, Any] | None, what: str, name: str, listed_by: str) -> dict[str, Any]:
    """Returns the node, or ends with a sentence that says where to look.

    Raises click.ClickException.
    """
    if node is None:
        raise click.ClickException(
            f"There is no {what} {printable(name)!r}: `hookline {listed_by}` shows them."
        )
    return node
