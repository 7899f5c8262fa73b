"""The server of a listener, over one kept connection: making it, keeping it, answering, ending it.
Used by `hookline listen`; never logs what was sent.
"""

from base64 import b64encode
from typing import Any, Final, Self

import httpx

from hookline.cli.asking import sentence_of
from hookline.cli.client import (
    ServerFault,
    data_of,
    is_this_machine,
    token_of,
    verification,
    warn_of_plain_text,
)
from hookline.cli.connection import Endpoint
from hookline.cli.listen_forwarding import LocalAnswer

_SECONDS: Final = 10.0
ENVIRONMENTS: Final = "{ environments }"
CREATE: Final = """mutation Listen($input: ListenerCreateInput!) { listenerCreate(input: $input) {
  listenerId userErrors { field message code } } }"""
RENEW: Final = """mutation Renew($input: ListenerRenewInput!) { listenerRenew(input: $input) {
  userErrors { field message code } } }"""
DELETE: Final = """mutation End($input: ListenerDeleteInput!) { listenerDelete(input: $input) {
  userErrors { field message code } } }"""
ANSWER: Final = """mutation Answer($input: ListenerAnswerInput!) { listenerAnswer(input: $input) {
  userErrors { field message code } } }"""
RESEND: Final = """mutation Resend($input: DeliveryRetryInput!) { deliveryRetry(input: $input) {
  userErrors { field message code } } }"""
FOLLOW: Final = """subscription Listen($id: ID!) { listenerRequests(id: $id) { ended
  request { id deliveryId timeoutMs body headers { name value } } } }"""

Answer = dict[str, Any]


class Gone(Exception):
    """The listener, the request or the delivery is not there any more."""


class ListenerServer:
    """A context manager; its requests may run side by side."""

    def __init__(self, access: Endpoint, role: str) -> None:
        self.access, self.role = access, role
        warn_of_plain_text(access.server)
        self._client = httpx.AsyncClient(
            headers={
                "authorization": f"Bearer {token_of(access, role)}",
                "accept": "application/graphql-response+json",
            },
            timeout=_SECONDS,
            verify=verification(access),
            # Else a proxy elsewhere gets the token of a server that only this machine reaches.
            trust_env=not is_this_machine(access.server),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._client.aclose()

    async def environments(self) -> list[str]:
        return list((await self._ask(ENVIRONMENTS))["environments"])

    async def create(self, form: dict[str, Any]) -> str:
        """Makes the listener; returns its id. Raises ServerFault."""
        return str((await self._change(CREATE, **form))["listenerId"])

    async def renew(self, listener_id: str) -> None:
        """Raises Gone, ServerFault."""
        await self._change(RENEW, id=listener_id)

    async def delete(self, listener_id: str) -> None:
        """Raises Gone, ServerFault."""
        await self._change(DELETE, id=listener_id)

    async def answer(self, request_id: str, answer: LocalAnswer) -> None:
        """Raises Gone for an attempt that has ended, ServerFault."""
        await self._change(
            ANSWER,
            id=request_id,
            statusCode=answer.status_code,
            durationMs=min(answer.duration_ms, 60_000),
            headers=[{"name": name, "value": value} for name, value in answer.headers],
            bodyBase64=b64encode(answer.body).decode(),
            truncated=answer.is_truncated,
            error=answer.error,
        )

    async def resend(self, delivery_id: str) -> None:
        """Asks for a delivery again. Raises Gone, ServerFault."""
        await self._change(RESEND, id=delivery_id)

    async def _change(self, document: str, /, **given: object) -> Answer:
        [payload] = (await self._ask(document, input=given)).values()
        if errors := payload["userErrors"]:
            if all(error["code"] == "NOT_FOUND" for error in errors):
                raise Gone(sentence_of(errors[0]))
            raise ServerFault("FAILED", "\n".join(map(sentence_of, errors)))
        return dict(payload)

    async def _ask(self, document: str, **variables: object) -> Answer:
        """Raises ServerFault; of code CANNOT_REACH when the same may be asked again."""
        asked = {"query": document, "variables": variables}
        server = self.access.server
        try:
            response = await self._client.post(f"{server}/graphql", json=asked)
        except httpx.TransportError as error:
            text = f"No server answers at {server} ({type(error).__name__})."
            raise ServerFault("CANNOT_REACH", text) from None
        try:
            body = response.json()
        except (ValueError, RecursionError, httpx.DecodingError):
            body = None
        if response.status_code in (429, 502, 503, 504) or _is_passing(body):
            raise ServerFault("CANNOT_REACH", f"{server} answered {response.status_code}.")
        return data_of(body, response.status_code, server)


def _is_passing(body: Any) -> bool:
    """True of an answer that says that the same request may succeed later."""
    errors = body.get("errors") if isinstance(body, dict) else None
    return any(
        isinstance(error, dict) and (error.get("extensions") or {}).get("code") == "UNAVAILABLE"
        for error in (errors if isinstance(errors, list) else ())
    )
