"""`hookline logs tail`: the latest attempts, and with -f each further one as it ends."""

import sys
from collections import deque
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import click

from hookline.cli.asking import RemoteServer, asking
from hookline.cli.nouns import ATTEMPT, PAGE_INFO
from hookline.cli.output import Node, word
from hookline.cli.terminal import Colored, echo
from hookline.cli.webhooks import id_of_webhook, webhook_option

OUTCOMES: Final = ("succeeded", "failed", "unknown")
LIST: Final = f"""query Attempts($filter: AttemptFilter, $first: Int, $after: String) {{
  attempts(filter: $filter, first: $first, after: $after) {{
    nodes {{ {ATTEMPT.fields} }} {PAGE_INFO} }} }}"""
FOLLOW: Final = f"""subscription Tail($filter: AttemptFilter, $after: String) {{
  attempts(filter: $filter, after: $after) {{ cursor gap node {{ {ATTEMPT.fields} }} }} }}"""
# More than a server replays, so that what a gap brings is told apart from what was shown.
_REMEMBERED: Final = 20_000
_LIST_LIMIT: Final = 100_000
_AGAIN_SECONDS: Final = 1.0
# A list goes by the time at which attempts began; none takes longer.
_LONGEST_ATTEMPT: Final = timedelta(seconds=61)


@click.command()
@click.option("-f", "--follow", "is_followed", is_flag=True, help="Go on with each new one.")
@webhook_option
@click.option("--outcome", type=click.Choice(OUTCOMES), multiple=True, help="Several are possible.")
@click.option(
    "--event",
    metavar="TYPE|ID",
    help="Those of this event (evt_…), type, or pattern such as 'order.*.*'.",
)
@click.option("-e", "--environment", help="Those of events of this environment.")
@ATTEMPT.options
@click.option(
    "-n",
    "--limit",
    type=click.IntRange(0, _LIST_LIMIT),
    default=20,
    show_default=True,
    help="So many of the latest at first.",
)
@asking("viewer")
def tail(
    server: RemoteServer,
    is_followed: bool,
    webhook: str | None,
    outcome: Sequence[str],
    event: str | None,
    environment: str | None,
    output: str,
    columns: Sequence[str] | None,
    limit: int,
) -> None:
    """Print the latest attempts, a line each, the newest last.

    With -f it goes on with each attempt that ends, until it is interrupted. A lost connection is
    opened again, and what happened meanwhile follows; nothing is printed twice. A table has a line
    of its own for each, unless --columns says what to show.
    """
    is_whole = output in ("json", "yaml") or (output == "table" and columns is not None)
    if is_followed and is_whole:
        raise click.UsageError(
            "-f prints as it goes: lines (without --columns), or -o jsonl, or -o id."
        )
    log = AttemptLog(
        server,
        {
            "webhookId": id_of_webhook(server, webhook),
            "outcome": [one.upper() for one in outcome] or None,
            **_of_event(event),
            "environment": environment,
        },
        output,
        columns,
    )
    if is_whole:
        ATTEMPT.print_list(reversed(log.latest(limit)), output, columns)
    elif is_followed:
        import asyncio

        asyncio.run(log.follow(limit))
    else:
        log.print_latest(limit)


def _of_event(text: str | None) -> dict[str, str]:
    if text is None:
        return {}
    if text.startswith("evt_"):
        return {"eventId": text}
    return {"eventPattern" if "*" in text else "eventType": text}


class AttemptLog:
    """Prints attempts in the order in which they ended, each once."""

    def __init__(
        self,
        server: RemoteServer,
        wanted: dict[str, Any],
        output: str,
        columns: Sequence[str] | None,
    ) -> None:
        self._server, self._wanted, self._output = server, wanted, output
        self._columns = columns
        self._shown: set[str] = set()
        self._order: deque[str] = deque()
        self._began_at = datetime.now(UTC)
        self._latest_at = self._began_at

    def latest(self, limit: int) -> list[Node]:
        """The latest, the newest first."""
        latest = self._server.nodes(LIST, "attempts", limit, filter=self._wanted) if limit else ()
        return list(latest)

    def print_latest(self, limit: int) -> None:
        self._print(reversed(self.latest(limit)))

    async def follow(self, limit: int) -> None:
        """Prints the latest, then each that ends.

        Raises ServerFault.
        """
        from hookline.cli.following import follow

        # Before the list: what ends between both comes twice, and is printed once.
        cursor = self._server.read("{ liveCursor }")["liveCursor"]
        self.print_latest(limit)

        def variables() -> dict[str, Any]:
            return {"filter": self._wanted, "after": cursor}

        async for data in follow(self._server.access, FOLLOW, variables, role=self._server.role):
            happened = data["attempts"]
            if happened["gap"]:
                await self._print_missed()
            else:
                self._print([happened["node"]])
            cursor = happened["cursor"]

    async def _print_missed(self) -> None:
        """Prints what a list has of the time that the server did not replay."""
        import asyncio

        from hookline.cli.client import ServerFault

        since = (self._latest_at - _LONGEST_ATTEMPT).isoformat()
        wanted = {**self._wanted, "since": since}
        missed: list[Node] | None = None
        while missed is None:
            try:
                missed = list(self._server.nodes(LIST, "attempts", _LIST_LIMIT, filter=wanted))
            except ServerFault as fault:
                if fault.code not in ("CANNOT_REACH", "ANSWER_LOST"):
                    raise
                # The connection was lost again: without the list there would be a gap.
                await asyncio.sleep(_AGAIN_SECONDS)
        # In the order in which they ended; the list goes by their beginning.
        self._print(sorted((one for one in missed if ended_at(one) > self._began_at), key=ended_at))
        if self._server.has_more:
            echo(f"More than {_LIST_LIMIT:,} were missed: the oldest are not shown.", err=True)

    def _print(self, nodes: Iterable[Node]) -> None:
        for node in nodes:
            if node["id"] in self._shown:
                continue
            self._remember(node)
            if self._output == "table":
                echo(*line_of(node))
            else:
                ATTEMPT.print_list([node], self._output, self._columns)
        # Followed through a pipe, too.
        sys.stdout.flush()

    def _remember(self, node: Node) -> None:
        self._shown.add(node["id"])
        self._order.append(node["id"])
        if len(self._order) > _REMEMBERED:
            self._shown.discard(self._order.popleft())
        self._latest_at = max(self._latest_at, datetime.fromisoformat(node["startedAt"]))


def ended_at(node: Node) -> datetime:
    return datetime.fromisoformat(node["startedAt"]) + timedelta(
        milliseconds=node["durationMs"] or 0
    )


def line_of(node: Node) -> tuple[str | Colored, ...]:
    """`10:00:00 ✓ 200 order.order.create → echo  3 ms  att_…`; a failure says what comes next."""
    is_success = node["outcome"] == "SUCCEEDED"
    result = node["statusCode"] or word(node["errorCode"] or node["outcome"])
    mark = Colored(f"{'✓' if is_success else '✗'} {result}", "green" if is_success else "red")
    took = f"{node['durationMs']} ms" if node["durationMs"] is not None else "? ms"
    number = f"  attempt {node['number']}" if node["number"] > 1 or not is_success else ""
    return (
        f"{datetime.fromisoformat(node['startedAt']).astimezone():%H:%M:%S} ",
        mark,
        f" {node['event']['type']} → {node['webhook']['slug']}  {took}{number}{_next(node)}  "
        f"{node['id']}",
    )


def _next(node: Node) -> str:
    if node["nextAttemptAt"] is None:
        return "" if node["outcome"] == "SUCCEEDED" else ", the last one"
    wait = datetime.fromisoformat(node["nextAttemptAt"]) - ended_at(node)
    return f", the next in {max(1, round(wait.total_seconds()))} s"
