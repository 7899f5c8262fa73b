"""A request with a hash in the query's place, as Apollo Client sends it first (recorded from
@apollo/client 4.3.8 with its PersistedQueryLink: after this answer it sent the text, and no hash
any more).
"""

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from tests.api.small_server import GRAPHQL_RESPONSE, Small, serve_small
from tests.api.transport.socket_client import heard, said, subscribed, welcomed

JSON = "application/json"


@pytest.fixture
async def small() -> AsyncIterator[Small]:
    async with serve_small() as server:
        yield server


def codes(errors: list[dict[str, Any]]) -> list[str]:
    return [error["extensions"]["code"] for error in errors]


HASH = {
    "clientLibrary": {"name": "@apollo/client", "version": "4.3.8"},
    "persistedQuery": {
        "version": 1,
        "sha256Hash": "774b6dea98286f5ba8edf27effa9d581d6ec5d32178ea68e3598a1665222e7b4",
    },
}


@pytest.mark.parametrize(
    ("accept", "status"),
    [(GRAPHQL_RESPONSE, 400), (f"{GRAPHQL_RESPONSE},{JSON};q=0.9", 400), (JSON, 200)],
)
async def test_hash_of_a_persisted_query_is_answered_so_that_clients_send_the_text(
    small: Small, accept: str, status: int
) -> None:
    hashed = orjson.dumps({"operationName": "A", "variables": {}, "extensions": HASH})
    for answer in (
        await small.post(hashed, accept=accept),
        await small.get(
            operationName="A", variables="{}", extensions=orjson.dumps(HASH).decode(), accept=accept
        ),
    ):
        assert answer.status_code == status
        assert codes(answer.json()["errors"]) == ["PERSISTED_QUERY_NOT_SUPPORTED"]
        assert answer.json()["errors"][0]["message"] == "PersistedQueryNotSupported"
    with_text = await small.ask("{ hello }", accept=accept, extensions=HASH)
    assert with_text.json() == {"data": {"hello": "world"}}


async def test_hash_on_a_socket_ends_the_operation_and_not_the_socket(small: Small) -> None:
    async with small.socket() as socket:
        await welcomed(socket)
        await said(socket, {"id": "1", "type": "subscribe", "payload": {"extensions": HASH}})
        told = await heard(socket)
        assert (told["id"], told["type"]) == ("1", "error")
        assert codes(told["payload"]) == ["PERSISTED_QUERY_NOT_SUPPORTED"]
        await subscribed(socket, "{ hello }", "1")
        assert (await heard(socket))["payload"] == {"data": {"hello": "world"}}


@pytest.mark.parametrize(
    "extensions", [{}, {"persistedQuery": None, "a": 1}, {"other": {"sha256Hash": "0"}}]
)
async def test_request_with_neither_text_nor_hash_is_malformed(
    small: Small, extensions: dict[str, Any]
) -> None:
    answer = await small.post(orjson.dumps({"extensions": extensions}))
    assert (answer.status_code, codes(answer.json()["errors"])) == (400, ["BAD_USER_INPUT"])
