"""Malformed times, durations and rates: each mutation tells of them at their fields, beside all
else that is wrong; other fields refuse them. Made from the schema, so that a new input is asked.
"""

from collections.abc import Iterator
from typing import Any, Final

import pytest
from graphql import (
    GraphQLField,
    GraphQLInputObjectType,
    get_named_type,
    get_nullable_type,
    is_enum_type,
    is_list_type,
    is_required_input_field,
)

from api.execution.errors import RequestRefused
from api.execution.malformed import MARKING
from hookline import ids
from hookline.models import Job, Token, Webhook
from hookline.runtime import Runtime
from tests.api.schema.asking import Asker, told
from tests.making import make_webhook
from tests.served_schema import SCHEMA as SERVED
from tests.tables import each_of

SCHEMA = SERVED._schema
assert SCHEMA.mutation_type is not None
NOWHERE: Final = ("",)
ID: Final = "wh_01h455vb4pex5vsknk084sn02q"
PLAIN: Final = {"Int": 1, "Boolean": True, "String": "x", "JSON": {}, "ID": ID}
pytestmark = pytest.mark.engines("sqlite")


def paths_to_marking(kind: Any) -> Iterator[tuple[str, ...]]:
    """Paths of the values below an input type that may be malformed, the first of each list."""
    named = get_named_type(kind)
    if named.name in MARKING:
        yield ("0",) if is_list_type(get_nullable_type(kind)) else ()
    elif isinstance(named, GraphQLInputObjectType):
        place = ("0",) if is_list_type(get_nullable_type(kind)) else ()
        for name, field in named.fields.items():
            yield from ((*place, name, *below) for below in paths_to_marking(field.type))


def value_of(kind: Any, path: tuple[str, ...], given: object) -> Any:
    """A value of an input type: the given one at the path, and whatever is required, malformed
    where it may be.
    """
    inner = get_nullable_type(kind)
    if is_list_type(inner):
        return [value_of(inner.of_type, path[1:] if path[0] == "0" else NOWHERE, given)]
    if not isinstance(inner, GraphQLInputObjectType):
        if not path:
            return given
        return next(iter(inner.values)) if is_enum_type(inner) else PLAIN.get(inner.name, "then")
    return {
        name: value_of(field.type, path[1:] if name == path[0] else NOWHERE, given)
        for name, field in inner.fields.items()
        if name == path[0] or is_required_input_field(field)
    }


CASES = [
    (name, field, path)
    for name, field in SCHEMA.mutation_type.fields.items()
    for argument in field.args.values()
    for path in paths_to_marking(argument.type)
]


@each_of("name, field, path", CASES)
async def test_a_mutation_tells_of_a_malformed_value_at_its_field(
    admin: Asker, name: str, field: GraphQLField, path: tuple[str, ...]
) -> None:
    kind = field.args["input"].type
    errors = "userErrors { code field message }"
    text = f"mutation ($input: {kind}) {{ {name}(input: $input) {{ {errors} }} }}"
    for wrong in ("tomorrow", 5):
        payload = (await admin.data(text, input=value_of(kind, path, wrong)))[name]
        assert ("INVALID", ".".join(("input", *path))) in told(payload)
        assert "tomorrow" not in str(payload)


def test_mutations_take_values_that_may_be_malformed() -> None:
    assert {name for name, _, _ in CASES} >= {"webhookCreate", "eventPublish", "tokenCreate"}


async def test_malformed_values_are_told_beside_all_else_that_is_wrong(admin: Asker) -> None:
    text = """mutation ($form: WebhookCreateInput!, $retry: DeliveriesRetryInput!,
        $token: TokenCreateInput!, $event: EventPublishInput!) {
      form: webhookCreate(input: $form) { userErrors { code field } }
      retry: deliveriesRetry(input: $retry) { userErrors { code field } }
      token: tokenCreate(input: $token) { userErrors { code field } }
      event: eventPublish(input: $event) { userErrors { code field } } }"""
    form = {"name": "", "url": "x", "events": ["a.b.c"], "environments": ["production"]}
    said = await admin.data(
        text,
        form={**form, "timeout": "15", "rateLimit": "fast", "retry": {"schedule": ["5s", "soon"]}},
        retry={"webhookId": ID, "which": "ALL", "since": "yesterday", "eventType": "x"},
        token={"name": "", "role": "VIEWER", "expiresAt": "never"},
        event={"type": "x", "environment": "moon", "data": 1, "occurredAt": "now"},
    )
    assert told(said["form"]) == {
        ("REQUIRED", "input.name"),
        ("INVALID", "input.url"),
        ("INVALID", "input.timeout"),
        ("INVALID", "input.rateLimit"),
        ("INVALID", "input.retry.schedule.1"),
    }
    assert told(said["retry"]) == {
        ("INVALID", "input.since"),
        ("INVALID", "input.eventType"),
        ("NOT_FOUND", "input.webhookId"),
    }
    assert told(said["token"]) == {("REQUIRED", "input.name"), ("INVALID", "input.expiresAt")}
    assert told(said["event"]) == {
        ("INVALID", "input.type"),
        ("INVALID", "input.environment"),
        ("INVALID", "input.occurredAt"),
    }
    assert [await table.exists() for table in (Webhook, Job, Token)] == [False, False, False]


async def test_a_query_with_a_malformed_variable_is_refused(admin: Asker) -> None:
    text = "query ($filter: AttemptFilter) { attempts(filter: $filter) { totalCount } }"
    with pytest.raises(RequestRefused) as refused:
        await admin.answer(text, filter={"since": "today"})
    [error] = refused.value.formatted("request-1")
    assert error["message"].startswith("Variable '$filter.since' is malformed. Write a time")
    assert (error["extensions"]["code"], error["locations"]) == (
        "BAD_USER_INPUT",
        [{"line": 1, "column": 8}],
    )


async def test_a_field_below_a_mutation_refuses_a_malformed_time(
    runtime: Runtime, admin: Asker
) -> None:
    key = ids.encode("wh", (await make_webhook(runtime)).id)
    text = """mutation ($id: ID!, $at: DateTime!) {
      webhookUpdate(input: {id: $id, name: "New"}) {
        webhook { name stats(since: $at, step: HOUR) { attempts } } } }"""
    answer = await admin.answer(text, id=key, at="today")
    assert (answer.codes, answer.errors[0]["path"]) == (
        ["BAD_USER_INPUT"],
        ["webhookUpdate", "webhook", "stats"],
    )
    assert (await Webhook.get()).name == "New"


async def test_a_literal_that_is_malformed_makes_the_document_invalid(admin: Asker) -> None:
    text = 'mutation { webhookCreate(input: {timeout: "15"}) { userErrors { code } } }'
    assert await admin.codes(text) == ["GRAPHQL_VALIDATION_FAILED"]
