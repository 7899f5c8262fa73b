"""Subscriptions of the commands, over server-sent events: they connect again when the connection is
lost, and say so once an outage. Used by `hookline logs tail` and `hookline listen`.
"""

import asyncio
import json
import random
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any, Final

import httpx

from hookline.cli.client import (
    ServerFault,
    data_of,
    is_this_machine,
    token_of,
    verification,
    warn_of_plain_text,
)
from hookline.cli.connection import Endpoint
from hookline.cli.terminal import echo
from hookline.text import printable

# A server writes a comment each 12 s to a stream that is quiet.
SILENCE_SECONDS: Final = 30.0
_CONNECT_SECONDS: Final = 10.0
_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 0.25, 5.0
# Of a proxy whose server starts again, or of a server that has no room.
_AWAY: Final = frozenset({429, 502, 503, 504})
# An outage of the database, a server that has no room, or a reader that was too slow.
_PASSING: Final = frozenset({"UNAVAILABLE", "RATE_LIMITED"})

Variables = Callable[[], dict[str, Any]]


class StreamEnded(Exception):
    """The stream ended, and the next one may go on."""


def _tell(text: str) -> None:
    echo(text, err=True)


async def follow(
    server: Endpoint,
    document: str,
    variables: Variables,
    *,
    role: str,
    tell: Callable[[str], None] = _tell,
) -> AsyncGenerator[dict[str, Any], None]:
    """Yields `data` of each event, without an end. variables: asked for each connection, so that a
    cursor in them is the latest. The caller has asked the server something before: one that is away
    is waited for, and tell is called when it goes and when it is back.

    Raises ServerFault for what is refused.
    """
    wait, is_away, reason = _FIRST_WAIT_SECONDS, False, ""
    async with _client(server, role) as client:
        while True:
            try:
                async with aclosing(_events(client, server, document, variables())) as events:
                    async for data in events:
                        if data is not None:
                            # Not when it is connected: a stream may end at once, again and again.
                            wait = _FIRST_WAIT_SECONDS
                            yield data
                            continue
                        if is_away:
                            is_away = False
                            tell("Connected again.")
            except (httpx.TransportError, StreamEnded) as error:
                reason = str(error) or type(error).__name__
            if not is_away and wait > _FIRST_WAIT_SECONDS:
                is_away = True
                tell(f"{server.server} is away ({printable(reason)}). Trying again …")
            await asyncio.sleep(wait * random.uniform(0.5, 1))
            wait = min(wait * 2, _LONGEST_WAIT_SECONDS)


def _client(server: Endpoint, role: str) -> httpx.AsyncClient:
    warn_of_plain_text(server.server)
    return httpx.AsyncClient(
        headers={
            "authorization": f"Bearer {token_of(server, role)}",
            "accept": "text/event-stream",
        },
        timeout=httpx.Timeout(_CONNECT_SECONDS, read=SILENCE_SECONDS),
        verify=verification(server),
        trust_env=not is_this_machine(server.server),
    )


async def _events(
    client: httpx.AsyncClient, server: Endpoint, document: str, variables: dict[str, Any]
) -> AsyncGenerator[dict[str, Any] | None, None]:
    """Yields None once connected, then `data` of each event until the stream ends.

    Raises StreamEnded, ServerFault, httpx.TransportError.
    """
    asked = {"query": document, "variables": variables}
    async with client.stream("POST", f"{server.server}/graphql", json=asked) as response:
        if response.status_code in _AWAY:
            raise StreamEnded(f"it answered {response.status_code}")
        if not response.headers.get("content-type", "").startswith("text/event-stream"):
            await response.aread()
            _refuse(response, server.server)
        yield None
        async for line in response.aiter_lines():
            if line.startswith("data: {"):
                yield _data(line.removeprefix("data: "), server.server)
    raise StreamEnded("the stream ended")


def _refuse(response: httpx.Response, server: str) -> None:
    try:
        body = response.json()
    except (ValueError, RecursionError):
        body = None
    _raise_if_passing(body)
    data_of(body, response.status_code, server)
    raise ServerFault("FAILED", f"{server} answered without a stream of events: a proxy between?")


def _data(text: str, server: str) -> dict[str, Any]:
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        raise ServerFault("FAILED", f"{server} sent an event that is no JSON.") from None
    _raise_if_passing(body)
    return data_of(body, 200, server)


def _raise_if_passing(body: Any) -> None:
    """Raises StreamEnded for errors behind which the cursor goes on."""
    errors = body.get("errors") if isinstance(body, dict) else None
    for error in errors if isinstance(errors, list) else ():
        if isinstance(error, dict) and (error.get("extensions") or {}).get("code") in _PASSING:
            raise StreamEnded(printable(str(error.get("message")))[:200])
