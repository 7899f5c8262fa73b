"""Client for programs without an event loop. Drives the steps of `publishing`."""

import time
from collections.abc import Iterable
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import httpx

from hookline_client.answers import Answer, Outcome
from hookline_client.events import Event, Published
from hookline_client.publishing import Send, Steps, publishing
from hookline_client.retries import Retries
from hookline_client.transport import connection_of, failure_of


class Client:
    """Publishes events on one server. May be shared by threads; close it, or use it in `with`.

    server, token: by default HOOKLINE_SERVER and HOOKLINE_TOKEN. environment: of events that name
    none. timeout_seconds: for one try. http: a client of httpx to use instead of an own one, which
    then has its own timeouts and stays open.

    Raises ValueError without a server or a token.
    """

    def __init__(
        self,
        server: str | None = None,
        token: str | None = None,
        *,
        environment: str | None = None,
        retries: Retries | None = None,
        timeout_seconds: float = 10.0,
        http: httpx.Client | None = None,
    ) -> None:
        self._connection = connection_of(server, token)
        self._environment, self._retries = environment, retries or Retries()
        self._http = http or httpx.Client(**self._connection.options(timeout_seconds))
        self._owns_http = http is None

    def publish(
        self,
        type: str,
        data: Any,  # any JSON
        *,
        environment: str | None = None,
        idempotency_key: str | None = None,
        occurred_at: datetime | None = None,
    ) -> Published:
        """Publishes one event; returns when the server has stored it. Every try has the same
        idempotency key, so that it is published once.

        Raises Refused, NotAllowed, Unavailable and UnexpectedAnswer.

        Example: `client.publish("order.order.create", {"total": 7})`
        """
        event = Event(type, data, environment, idempotency_key, occurred_at)
        return self.publish_batch([event])[0]

    def publish_batch(self, events: Iterable[Event]) -> list[Published]:
        """Publishes events, in parts that the server takes (1,000 events, 8 MiB of data); results
        are in the order of the events. A part is published whole or not at all.

        Raises what `publish` does; `published` and `remaining` of the error say how far it came.
        """
        return self._drive(publishing(events, self._environment, self._retries))

    def close(self) -> None:
        """Closes its connections."""
        if self._owns_http:
            self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _drive(self, steps: Steps) -> list[Published]:
        outcome: Outcome | None = None
        while True:
            try:
                step = steps.send(outcome)
            except StopIteration as end:
                found: list[Published] = end.value
                return found
            outcome = None
            if isinstance(step, Send):
                outcome = self._send(step.body)
            else:
                time.sleep(step.seconds)

    def _send(self, body: bytes) -> Outcome:
        try:
            answer = self._http.post(
                self._connection.url,
                content=body,
                headers=self._connection.headers,
                follow_redirects=False,
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return failure_of(error)
        return Answer(answer.status_code, answer.headers, answer.content)
