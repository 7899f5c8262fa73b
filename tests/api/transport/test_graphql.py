"""GraphQL over HTTP, as httpx sees it: statuses, media types, parameters, bodies, masking."""

import asyncio
import gzip
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest

from api.execution.errors import RequestRefused
from api.transport.requests import decode_json
from tests.api.small_schema import SECRET_TEXT
from tests.api.small_server import GRAPHQL_RESPONSE, Small, serve_small
from tests.tables import each_of

JSON = "application/json"


@pytest.fixture
async def small() -> AsyncIterator[Small]:
    async with serve_small() as server:
        yield server


def codes(answer: dict[str, Any]) -> list[str]:
    return [error["extensions"]["code"] for error in answer.get("errors", [])]


async def test_query_is_answered_in_the_media_type_that_was_asked_for(small: Small) -> None:
    for accept, media_type in [
        (GRAPHQL_RESPONSE, GRAPHQL_RESPONSE),
        (JSON, JSON),
        ("*/*", JSON),
        (f"{GRAPHQL_RESPONSE}, {JSON};q=0.9", GRAPHQL_RESPONSE),
        (f"{GRAPHQL_RESPONSE};q=0.1, {JSON}", JSON),
    ]:
        answer = await small.ask("{ hello }", accept=accept)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == f"{media_type}; charset=utf-8"
        assert answer.json() == {"data": {"hello": "world"}}


async def test_media_types_that_nobody_speaks_are_406(small: Small) -> None:
    answer = await small.ask("{ hello }", accept="image/png")
    assert answer.status_code == 406


async def test_query_by_get_with_variables(small: Small) -> None:
    answer = await small.get(
        query="query a($v: JSON!) { echo(value: $v) } query b { hello }",
        operationName="a",
        variables='{"v": [1, null]}',
    )
    assert answer.json() == {"data": {"echo": [1, None]}}


async def test_mutation_by_get_is_405_and_does_not_run(small: Small) -> None:
    answer = await small.get(query='mutation { publish(input: {type: "a", data: 1}) { id } }')
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"
    assert small.runtime.calls == []


async def test_other_methods_are_405(small: Small) -> None:
    answer = await small.client.put("/graphql", content=b"{}")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, POST"


@pytest.mark.parametrize(
    ("text", "code"),
    [("{ hello", "GRAPHQL_PARSE_FAILED"), ("{ nothing }", "GRAPHQL_VALIDATION_FAILED")],
)
async def test_bad_document_is_400_without_data_and_200_for_plain_json(
    small: Small, text: str, code: str
) -> None:
    for accept, status in [(GRAPHQL_RESPONSE, 400), ("*/*", 400), (JSON, 200)]:
        answer = await small.ask(text, accept=accept)
        assert answer.status_code == status
        assert "data" not in answer.json()
        assert codes(answer.json()) == [code]
        assert answer.json()["errors"][0]["locations"]


async def test_bad_document_is_refused_again_from_the_cache_in_the_same_words(small: Small) -> None:
    first, second = [(await small.ask("{ nothing }")).json()["errors"][0] for _ in range(2)]
    assert first.pop("extensions") != second.pop("extensions")  # the request id is another
    assert first == second


async def test_variables_that_do_not_fit_are_bad_user_input(small: Small) -> None:
    answer = await small.ask(
        "query($at: DateTime!) { moment(at: $at) }", variables={"at": "tomorrow"}
    )
    assert answer.status_code == 400
    assert codes(answer.json()) == ["BAD_USER_INPUT"]
    assert "2026-11-24T10:00:00Z" in answer.text
    assert "data" not in answer.json()


async def test_bad_scalar_in_a_literal_is_400(small: Small) -> None:
    answer = await small.ask('{ span(of: "soon") }')
    assert answer.status_code == 400
    assert codes(answer.json()) == ["GRAPHQL_VALIDATION_FAILED"]


async def test_null_for_an_argument_with_a_default_is_bad_user_input(small: Small) -> None:
    answer = await small.ask("query($n: Int) { size(first: $n) }", variables={"n": None})
    assert codes(answer.json()) == ["BAD_USER_INPUT"]


async def test_scalars_are_read_and_written_in_one_form(small: Small) -> None:
    text = (
        "query($at: DateTime!) { moment(at: $at) literal: moment(at: "
        '"2026-11-24t10:00:00.1234567z") span(of: "120s") }'
    )
    answer = await small.ask(text, variables={"at": "2026-11-24T12:00:00+02:00"})
    assert answer.json()["data"] == {
        "moment": "2026-11-24T10:00:00Z",
        "literal": "2026-11-24T10:00:00.123456Z",
        "span": "2m",
    }


@pytest.mark.parametrize("name", ["b", "", None])
async def test_operation_name_must_name_one_of_the_operations(
    small: Small, name: str | None
) -> None:
    answer = await small.ask("query a { hello } query c { hello }", operationName=name)
    assert answer.status_code == 400
    assert codes(answer.json()) == ["BAD_USER_INPUT"]


@each_of(
    "body",
    [
        b"",
        b"null",
        b"5",
        b'"x"',
        b"[]",
        b'[{"query": "{ hello }"}]',
        b"{",
        b'{"query": "\xff"}',
        b'{"query": 1}',
        b'{"query": ""}',
        b'{"operationName": "a"}',
        b'{"query": "{ hello }", "variables": []}',
        b'{"query": "{ hello }", "variables": "{}"}',
        b'{"query": "{ hello }", "operationName": 5}',
        b'{"query": "{ hello }", "extensions": "x"}',
        b'{"query": "{ hello }", "extensions": []}',
        b'{"query": "{ hello }", "variables": {"a": NaN}}',
        b'{"query": "{ hello }", "variables": {"a": 1e999}}',
        b'{"query": "{ hello }", "variables": {"a": -Infinity, "b": 12345678901234567890}}',
        b'{"query": "{ hello }", "variables": {"a": 1e999, "b": 12345678901234567890}}',
        b'{"query": "{ hello }", "variables": {"a": "\\ud800", "b": 12345678901234567890}}',
        b'{"query": "{ hello }", "variables": {"a": "\\uDfff"}}',
        b'{"query": "{ hello }", "variables": {"\\ud800": 1}}',
        b'{"query": "\\ud800"}',
        b'{"query": "{ hello }", "operationName": "\\ud800"}',
        b'{"query": "{ hello }", "variables": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"query": "{ hello }", "variables": {"a": 12345678901234567890, "b": '
        + b"[" * 100_000
        + b"]" * 100_000
        + b"}}",
        b"1" * 5_000,
    ],
)
async def test_malformed_bodies_are_400(small: Small, body: bytes) -> None:
    answer = await small.post(body)
    assert answer.status_code == 400
    assert codes(answer.json()) == ["BAD_USER_INPUT"]
    assert small.runtime.calls == []


async def test_null_parameters_are_as_good_as_none(small: Small) -> None:
    answer = await small.post(
        b'{"query": "{ hello }", "variables": null, "operationName": null, "extensions": null}'
    )
    assert answer.json() == {"data": {"hello": "world"}}
    assert (await small.post(b'{"query": "{ hello }", "extensions": {"a": 1}}')).status_code == 200


def test_lone_surrogates_come_through_in_data_alone() -> None:
    assert decode_json(b'{"variables": {"input": {"data": {"a": ["\\ud800"]}}}}')["variables"][
        "input"
    ]["data"] == {"a": ["\ud800"]}
    assert decode_json(b'{"a": "\\ud83d\\ude00"}') == {"a": "\U0001f600"}
    with pytest.raises(RequestRefused):
        decode_json(b'{"variables": {"input": {"data": 1, "type": "\\ud800"}}}')


async def test_variables_inside_json_literals_are_filled_in(small: Small) -> None:
    answer = await small.ask(
        "query($x: JSON, $y: JSON) { echo(value: {a: [$x, ENUM, null], b: $y}) }",
        variables={"x": {"deep": 1}},
    )
    assert answer.json()["data"]["echo"] == {"a": [{"deep": 1}, "ENUM", None]}


@pytest.mark.parametrize(
    "headers",
    [
        {"content_type": "text/plain"},
        {"content_type": "application/json; charset=latin-1"},
        {"content_encoding": "gzip"},
    ],
)
async def test_other_kinds_of_bodies_are_415(small: Small, headers: dict[str, str]) -> None:
    answer = await small.post(gzip.compress(b'{"query": "{ hello }"}'), **headers)
    assert answer.status_code == 415


async def test_bodies_are_limited_by_what_the_token_may_do(small: Small) -> None:
    body = b'{"query": "{ hello }", "extensions": {"a": "%s"}}' % (b"x" * 3 * 1024 * 1024)
    assert (await small.post(body, authorization="Bearer hl_publisher")).status_code == 200
    refused = await small.post(body, authorization="Bearer hl_viewer")
    assert refused.status_code == 413
    assert "2 MiB" in refused.text


async def test_body_without_a_length_is_cut_off_at_the_limit(small: Small) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 64 * 1024 * 1024:
            sent += 65_536
            yield b" " * 65_536

    headers = {"authorization": "Bearer hl_viewer", "content-type": "application/json"}
    answer = await small.client.post("/graphql", content=endless(), headers=headers)
    assert answer.status_code == 413


@each_of("header", [None, "Bearer hl_wrong", "Bearer", "Basic hl_admin", "hl_admin", "Bearer ü"])
async def test_wrong_tokens_are_401_in_the_same_words(small: Small, header: str | None) -> None:
    headers: dict[bytes, bytes] = {} if header is None else {b"authorization": header.encode()}
    answer = await small.client.post("/graphql", json={"query": "{ hello }"}, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    [error] = answer.json()["errors"]
    assert error["message"] == "Send a valid token in the header: Authorization: Bearer hl_…"
    assert codes(answer.json()) == ["UNAUTHENTICATED"]


async def test_wrong_token_is_refused_before_the_body_is_read(small: Small) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", small.port)
    writer.write(
        b"POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n\r\n{"
    )
    assert (await reader.readline()).startswith(b"HTTP/1.1 401")
    writer.close()
    await writer.wait_closed()


async def test_a_body_behind_an_offer_of_http2_is_the_requests(small: Small) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", small.port)
    body = b'{"query":"{ hello }"}'
    head = (
        b"POST /graphql HTTP/1.1\r\nhost: a\r\nauthorization: Bearer hl_admin\r\n"
        b"content-type: application/json\r\nconnection: upgrade, http2-settings\r\n"
        b"upgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\ncontent-length: %d\r\n\r\n"
        % len(body)
    )
    for parts in ([head, body], [head + body], [head + body[:9], body[9:]]):
        for part in parts:
            writer.write(part)
            await writer.drain()
        assert (await reader.readuntil(b'{"hello":"world"}}')).startswith(b"HTTP/1.1 200")
    writer.close()
    await writer.wait_closed()


async def test_token_that_may_do_nothing_asked_is_403(small: Small) -> None:
    answer = await small.ask("{ adminOnly }", token="hl_viewer")
    assert answer.status_code == 403
    assert codes(answer.json()) == ["FORBIDDEN"]
    assert "tokens:admin" in answer.text
    partly = await small.ask("{ adminOnly hello }", token="hl_viewer")
    assert (partly.status_code, partly.json()["data"]) == (
        200,
        {"adminOnly": None, "hello": "world"},
    )


async def test_permission_classes_keep_working(small: Small) -> None:
    answer = await small.ask("{ never }")
    assert answer.status_code == 403
    assert codes(answer.json()) == ["FORBIDDEN"]


@pytest.mark.parametrize(
    ("how", "code", "status"),
    [
        ("refused", "BAD_USER_INPUT", 200),
        ("bad", "BAD_USER_INPUT", 200),
        ("id", "BAD_USER_INPUT", 200),
        ("unavailable", "UNAVAILABLE", 503),
        ("cut", "UNAVAILABLE", 503),
        ("limited", "RATE_LIMITED", 429),
        ("misconfigured", "INTERNAL_SERVER_ERROR", 200),
        ("unexpected", "INTERNAL_SERVER_ERROR", 200),
    ],
)
async def test_failures_of_resolvers_have_codes_and_a_request_id(
    small: Small, how: str, code: str, status: int
) -> None:
    for field in ("fails", "failsHard"):
        answer = await small.ask(
            f"query($how: String!) {{ {field}(how: $how) }}", variables={"how": how}
        )
        assert answer.status_code == status
        [error] = answer.json()["errors"]
        assert error["path"] == [field]
        assert error["extensions"] == {"code": code, "requestId": answer.headers["x-request-id"]}
        assert SECRET_TEXT not in answer.text


async def test_unavailable_says_when_to_come_back(small: Small) -> None:
    answer = await small.ask('{ fails(how: "unavailable") }')
    assert answer.headers["retry-after"] == "9"
    small.tokens.is_down = True
    assert (await small.ask("{ hello }")).status_code == 503


async def test_unexpected_failures_are_logged_once_with_traceback_and_request_id(
    small: Small, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "api"):
        answer = await small.ask('{ fails(how: "unexpected") }')
    [failure] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert failure.__dict__["request_id"] == answer.headers["x-request-id"]
    assert failure.exc_info is not None
    assert "RuntimeError" in str(failure.exc_info[0])


async def test_expected_failures_are_logged_at_info_without_traceback_or_values(
    small: Small, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "api"):
        await small.ask("query($at: DateTime!) { moment(at: $at) }", variables={"at": "sesame"})
    [line] = caplog.records
    assert (line.levelno, line.__dict__["codes"], line.exc_info) == (
        logging.INFO,
        "BAD_USER_INPUT",
        None,
    )
    assert "sesame" not in str(line.__dict__)


async def test_every_answer_is_valid_json(small: Small) -> None:
    assert codes((await small.ask("{ nan }")).json()) == ["INTERNAL_SERVER_ERROR"]
    beyond = await small.ask("{ beyond }")
    assert (beyond.status_code, codes(beyond.json())) == (500, ["INTERNAL_SERVER_ERROR"])


async def test_live_cursor_is_read_before_any_other_field(small: Small) -> None:
    plain = await small.ask("{ readsBefore }")
    assert plain.json()["data"] == {"readsBefore": 0}
    answer = await small.ask("{ readsBefore ...a } fragment a on Query { now: liveCursor }")
    assert answer.json()["data"] == {"readsBefore": 1, "now": "cursor-7"}


async def test_resolvers_see_the_principal_and_the_request_id(small: Small) -> None:
    answer = await small.ask("{ whoami }")
    assert answer.json()["data"]["whoami"] == "admin " + answer.headers["x-request-id"]


async def test_subscription_without_a_stream_is_406(small: Small) -> None:
    answer = await small.ask("subscription { numbers }")
    assert answer.status_code == 406
