"""Budgets of documents: what is refused, how cheaply, and that honest queries pass. Over the small
schema.
"""

import sys
from collections.abc import Callable
from typing import Any

import pytest
from graphql import get_introspection_query

from api.context import Context
from api.execution.errors import RequestRefused
from api.execution.execute import Execution, Request
from api.execution.limits import Limits
from tests.api.small_schema import VIEWER, make_schema
from tests.tables import each_of

EXECUTION = Execution(make_schema())


async def _read_cursor(_: Context) -> str:
    return ""


CONTEXT = Context(None, VIEWER, "request", _read_cursor, lambda _: None, 10)


def calls_of(holds: Callable[[], bool]) -> int:
    """Number of calls, of Python's and of C's functions, that it takes to find that something
    holds.
    """
    calls = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        does_hold = holds()
    finally:
        sys.setprofile(None)
    assert does_hold
    return calls


def refusal(
    text: str, variables: dict[str, Any] | None = None, execution: Execution = EXECUTION
) -> str | None:
    """Code and message of a refused request; None for one that may run."""
    request = Request(text, None, variables)
    try:
        operation = execution.select(request)
        execution._builder.build_at_once(operation, request.variables, CONTEXT)
    except RequestRefused as refused:
        return f"{refused.code}: {refused.formatted('r')[0]['message']}"
    return None


def nested(depth: int, field: str = "items") -> str:
    return "{ " + f"{field} {{ " * (depth - 1) + "name" + " }" * depth


def test_depth_of_fifteen_is_allowed_and_sixteen_is_not() -> None:
    assert refusal(nested(15).replace("items {", "items(first: 1) {")) is None
    assert refusal("{ items { " + "parent { " * 14 + "name" + " }" * 16) == (
        "QUERY_TOO_COSTLY: This document has more than 15 levels. Ask for less, or split it into "
        "several requests."
    )


def test_depth_counts_through_fragments() -> None:
    text = "{ items { ...a } } fragment a on Item { " + "parent { " * 14 + "name" + " }" * 15
    assert "15 levels" in str(refusal(text))


def test_cost_is_the_product_of_page_sizes_with_defaults_of_twenty() -> None:
    assert refusal("{ items { items { items { name } } } }") is None  # 20 + 400 + 8,000
    assert refusal("{ items(first: 100) { items { items { items(last: 2) { name } } } } }") == (
        "QUERY_TOO_COSTLY: This query could return 122,100 objects; at most 50,000 are allowed. "
        "Ask for smaller pages (first, last) or fewer nested lists."
    )


def test_cost_adds_up_over_aliases() -> None:
    field = "items(first: 100) { items(first: 100) { name } }"
    assert refusal("{ a: %s b: %s c: %s d: %s }" % ((field,) * 4)) is None
    assert "50,500" in str(refusal("{ a: %s b: %s c: %s d: %s e: %s }" % ((field,) * 5)))


def test_a_scalar_counts_under_an_alias() -> None:
    def asking(fields: str) -> str:
        return f"{{ items(first: 100) {{ items(first: 100) {{ {fields} }} }} }}"  # 10,100

    four = "a: name b: name c: name d: name"
    assert refusal(asking("name")) is None
    assert "50,100 objects" in str(refusal(asking(four)))
    assert "50,100 objects" in str(refusal(asking(four.replace("name", "__typename"))))


@each_of(
    "variables, is_fine",
    [
        ({"n": 5}, True),
        ({"n": 100}, False),
        ({}, True),
        ({"n": None}, True),
        ({"n": "many"}, False),
        ({"n": -1}, True),
        ({"n": 10**30}, False),
    ],
)
def test_page_sizes_in_variables_count_by_value(variables: dict[str, Any], is_fine: bool) -> None:
    text = (
        "query($n: Int = 3) { items(first: $n) { items(first: $n) { items(first: $n) { name } } } }"
    )
    assert (refusal(text, variables) is None) is is_fine


def test_page_of_a_list_without_arguments_counts_as_the_default() -> None:
    # 20 + 400 + 8,000 + 160,000
    assert "168,420 objects" in str(refusal("{ items { items { items { items { name } } } } }"))


def test_small_cyclic_query_is_refused_cheaply() -> None:
    text = nested(15)
    assert len(text) < 400
    assert calls_of(lambda: "could return" in str(refusal(text))) < 20_000


def test_repeated_fields_are_refused_before_validation_compares_each_pair() -> None:
    text = "{ " + "items { items { name } } " * 400 + "}"
    assert calls_of(lambda: "pairs of repeated fields" in str(refusal(text))) < 200_000


def test_what_the_budgets_let_through_validates_quickly() -> None:
    repeated = "{ " + "parent: items { parent { parent { name items { name } } } } " * 57 + "}"
    execution = Execution(make_schema(), limits=Limits(cost=10**9, fields=3_000, aliases=60))
    assert calls_of(lambda: refusal(repeated, execution=execution) is None) < 1_000_000


def test_fragments_that_multiply_are_refused_cheaply() -> None:
    bomb = (
        "{ items { ...f0 } } "
        + " ".join(f"fragment f{n} on Item {{ ...f{n + 1} ...f{n + 1} }}" for n in range(60))
        + " fragment f60 on Item { __typename }"
    )
    assert calls_of(lambda: "QUERY_TOO_COSTLY" in str(refusal(bomb))) < 60_000


def test_fragment_cycles_are_left_to_validation() -> None:
    assert "GRAPHQL_VALIDATION_FAILED" in str(
        refusal("{ items { ...a } } fragment a on Item { name ...b } fragment b on Item { ...a }")
    )


def test_unused_fragments_are_counted_too() -> None:
    assert "pairs of repeated" in str(
        refusal("{ hello } fragment a on Item { " + "items { name } " * 400 + "}")
    )


def test_tokens_characters_fields_and_aliases_are_bounded() -> None:
    assert "more than 5000 tokens" in str(refusal("{ " + "hello " * 5_000 + "}"))
    assert "longer than 100,000 characters" in str(
        refusal('{ echo(value: "' + "x" * 100_000 + '") }')
    )
    assert "1,000 comments" in str(refusal("#\n" * 2_000 + "{ hello }")).replace("1000", "1,000")
    assert "2,000 fields" in str(refusal("{ " + " ".join(f"a{n}" for n in range(2_001)) + " }"))
    assert "50 aliases" in str(refusal("{ " + " ".join(f"a{n}: hello" for n in range(51)) + " }"))


def test_introspection_is_fine_and_cannot_be_multiplied() -> None:
    query = get_introspection_query(
        specified_by_url=True,
        directive_is_repeatable=True,
        schema_description=True,
        input_value_deprecation=True,
    )
    assert refusal(query) is None
    many = "{ " + " ".join(f"a{n}: __schema {{ types {{ name }} }}" for n in range(11)) + " }"
    assert "55,000 objects" in str(refusal(many))


def test_documents_without_an_operation_are_refused() -> None:
    assert "GRAPHQL_VALIDATION_FAILED" in str(refusal("fragment a on Item { name }"))
    assert "GRAPHQL_VALIDATION_FAILED" in str(refusal("type A { b: Int }"))


def test_names_are_suggested_to_developers_alone() -> None:
    execution = Execution(make_schema(), has_suggestions=True)
    assert "Did you mean" in str(refusal("{ hallo }", execution=execution))
    assert "Did you mean" not in str(refusal("{ hallo }"))
    wrong = {"input": {"tipe": "a", "type": "a", "data": 1}}
    text = "mutation ($input: PublishInput!) { publish(input: $input) { id } }"
    assert "Did you mean" in str(refusal(text, wrong, execution))
    assert "Did you mean" not in str(refusal(text, wrong))


@pytest.mark.parametrize("count", [10_000, 10_001])
def test_items_in_lists_of_variables_are_bounded(count: int) -> None:
    text = "mutation ($inputs: [PublishInput!]) { publishAll(inputs: $inputs) }"
    one = {"type": "a", "data": [1] * 100}
    said = str(refusal(text, {"inputs": [one] * count}))
    assert ("more than 10,000 items in lists" in said) is (count > 10_000)


def test_more_operations_than_fifty_are_refused() -> None:
    assert "50 operations" in str(refusal(" ".join(f"query q{n} {{ hello }}" for n in range(51))))


def test_kept_documents_stay_within_their_bounds() -> None:
    execution = Execution(make_schema())
    for number in range(600):
        execution.select(Request(f"query q{number} {{ hello }} #" + "x" * 2_000))
    documents = execution._documents
    assert len(documents._kept) <= 512
    assert documents._kept_characters == sum(map(len, documents._kept)) <= 524_288
    execution.select(Request("{ hello } #" + "x" * 20_000))
    assert all(len(text) < 20_000 for text in documents._kept)


def test_document_in_use_stays_kept() -> None:
    execution = Execution(make_schema())
    first = execution.select(Request("{ hello }"))
    for number in range(511):
        execution.select(Request(f"query q{number} {{ hello }}"))
        assert execution.select(Request("{ hello }")) is first
    execution.select(Request("query other { hello }"))
    assert execution.select(Request("{ hello }")) is first


INPUT = "mutation ($i: PublishInput!) { publish(input: $i) { id } }"
INPUTS = "mutation ($i: [PublishInput!]) { publishAll(inputs: $i) }"


@pytest.mark.parametrize(("text", "is_list"), [(INPUT, False), (INPUTS, True)])
def test_fields_that_no_input_has_are_refused_before_each_is_looked_at(
    text: str, is_list: bool
) -> None:
    value = {"type": "order.order.create", "data": 1}
    strange = value | {f"k{number}": 1 for number in range(100_000)}
    variables = {"i": [value, strange] if is_list else strange}
    assert calls_of(lambda: "do not have" in str(refusal(text, variables))) < 20_000
    few = value | {"strange": 1}
    assert "unknown field 'strange'" in str(refusal(text, {"i": [few] if is_list else few}))
    data = value | {"data": strange}
    assert refusal(text, {"i": [data] if is_list else data}) is None
