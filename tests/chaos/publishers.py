"""The load: one publisher repeats under an idempotency key until it hears that an event was
accepted, one has no keys and asks once.
"""

import asyncio
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import httpx
import orjson

from tests.chaos.ledger import Ledger

Json = Any  # what a GraphQL answer holds

SINGLE = (
    "mutation($input: EventPublishInput!) { eventPublish(input: $input) { event { id } "
    "userErrors { code message } } }"
)
BATCH = (
    "mutation($input: EventPublishBatchInput!) { eventPublishBatch(input: $input) { results { "
    "event { id } } userErrors { code message } } }"
)
_BATCH_EVENTS = 3
_PATIENCE_SECONDS = 8.0
_PAUSE_SECONDS = 0.1
_TASKS = 2


class Publishers:
    """per_second: events, of both together, as long as everything answers at once. Until `stop`."""

    def __init__(self, client: httpx.AsyncClient, ledger: Ledger, per_second: float) -> None:
        self._client, self._ledger = client, ledger
        self._pause_seconds = _TASKS * (_BATCH_EVENTS + 1) / per_second
        self._is_stopping = False
        self._numbers = count()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(_TASKS):
                group.create_task(self._publish_for_ever(self._batch_under_keys))
                group.create_task(self._publish_for_ever(self._single_without_key))

    def stop(self) -> None:
        """An event with a key is repeated until it is accepted; then `run` returns."""
        self._is_stopping = True

    async def _publish_for_ever(self, publish_once: Callable[[Iterator[int]], Any]) -> None:
        while not self._is_stopping:
            await publish_once(self._numbers)
            await asyncio.sleep(self._pause_seconds)

    async def _single_without_key(self, numbers: Iterator[int]) -> None:
        event = _event(f"plain-{next(numbers)}")
        self._ledger.tried.add(event["data"]["tag"])
        answer = await self._ask(SINGLE, event)
        if answer is not None:
            self._accept([event], [answer["eventPublish"]], answer["eventPublish"]["userErrors"])

    async def _batch_under_keys(self, numbers: Iterator[int]) -> None:
        tags = [f"keyed-{next(numbers)}" for _ in range(_BATCH_EVENTS)]
        self._ledger.tried.update(tags)
        events = [{**_event(tag), "idempotencyKey": tag} for tag in tags]
        while (answer := await self._ask(BATCH, {"events": events})) is None:  # noqa: ASYNC110 - a client that tries again
            await asyncio.sleep(_PAUSE_SECONDS)
        payload = answer["eventPublishBatch"]
        self._accept(events, payload["results"] or [], payload["userErrors"])

    def _accept(self, events: list[Json], results: list[Json], user_errors: list[Json]) -> None:
        if user_errors:
            self._ledger.surprises.append(f"{events[0]['data']['tag']} was refused: {user_errors}")
            return
        for event, result in zip(events, results, strict=True):
            self._ledger.accept(event["data"]["tag"], result["event"]["id"])

    async def _ask(self, query: str, given: Json) -> Json:
        """Executes a document; its data, None when there was no answer, or UNAVAILABLE: the outcome
        is unknown.
        """
        body = orjson.dumps({"query": query, "variables": {"input": given}})
        try:
            answer = (
                await self._client.post(
                    "/graphql",
                    content=body,
                    headers={"content-type": "application/json"},
                    timeout=_PATIENCE_SECONDS,
                )
            ).json()
        except (httpx.TransportError, ValueError):
            return None
        if errors := answer.get("errors"):
            if any(error.get("extensions", {}).get("code") != "UNAVAILABLE" for error in errors):
                self._ledger.surprises.append(f"a publish was answered {errors}")
            return None
        return answer["data"]


def _event(tag: str) -> Json:
    return {"type": "order.order.create", "environment": "production", "data": {"tag": tag}}
