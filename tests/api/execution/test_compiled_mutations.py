"""A compiled mutation answers byte for byte what graphql-core answers, and its resolver runs exactly
as often: documents × variables × outcomes.
"""

import dataclasses
from datetime import UTC, datetime
from enum import Enum
from typing import Any, cast
from uuid import UUID

import orjson
import pytest
import strawberry
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strawberry.scalars import JSON
from strawberry.schema.config import StrawberryConfig

from api.context import Context
from api.execution.compiled_mutations import COMPILED, NotCompilable
from api.execution.documents import Operation
from api.execution.errors import RequestRefused
from api.execution.execute import Execution, Request
from api.schema import make_schema
from api.schema.scalars import SCALARS
from hookline.access.actor import Actor
from tests.api.small_schema import failures
from tests.tables import each_of

pytestmark = pytest.mark.anyio


@strawberry.enum
class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@strawberry.input
class Part:
    name: str
    size: int | None = None


@strawberry.input
class Given:
    outcome: str
    data: JSON
    is_new: bool | None = None
    at: datetime | None = None
    weight: float | None = None
    ref: strawberry.ID | None = None
    parts: list[Part] | None = None
    words: list[str | None] | None = None


@strawberry.interface
class Thing:
    id: strawberry.ID


@strawberry.type
class Seen(Thing):
    text: str
    at: datetime
    colour: Colour
    count: int
    weight: float | None
    words: list[str] | None
    below: "Seen | None" = None

    @strawberry.field
    def computed(self) -> str:
        return self.text.upper()


@strawberry.type
class SeenMore(Seen):
    extra: str = "x"


@strawberry.type
class Payload:
    seen: Seen | None
    ok: bool


@strawberry.type
class Query:
    hello: str = "world"


class Calls:
    """Stands for the runtime: what the resolvers were given."""

    def __init__(self) -> None:
        self.seen: list[object] = []


Info = strawberry.Info[Context, None]


def _seen(**changes: Any) -> Seen:
    whole = {
        "id": "a_1",
        "text": "ä\u2028",
        "at": datetime(2026, 1, 2, tzinfo=UTC),
        "colour": Colour.RED,
        "count": 7,
        "weight": 0.5,
        "words": ["a"],
    }
    return Seen(**{**whole, **changes})


def outcome(given: Given) -> Payload | None:
    """The resolver's outcome for the word that it was given."""
    made: dict[str, Any] = {
        "ok": Payload(seen=_seen(), ok=True),
        "deep": Payload(seen=_seen(below=_seen(words=None, weight=None)), ok=True),
        "nothing": None,
        "empty": Payload(seen=None, ok=False),
        "null where none may be": Payload(seen=_seen(text=None), ok=True),
        "null in a list": Payload(seen=_seen(words=["a", None]), ok=True),
        "too large": Payload(seen=_seen(count=2**40), ok=True),
        "no number": Payload(seen=_seen(weight=float("nan")), ok=True),
        "another type": Seen,
        "a subtype": Payload(seen=SeenMore(**vars(_seen())), ok=True),
        "another colour": Payload(seen=_seen(colour="RED"), ok=True),
        "a number as text": Payload(seen=_seen(text=5, count="5"), ok=True),
        "truthy": Payload(seen=_seen(), ok=cast(bool, 1)),
        "an exception as value": failures()["refused"],
        "a tuple": Payload(seen=_seen(words=("a", "b")), ok=True),
    }
    if given.outcome in made:
        return cast(Payload | None, made[given.outcome])
    raise failures().get(given.outcome, KeyError(given.outcome))


OUTCOMES = [
    *failures(),
    "ok",
    "deep",
    "nothing",
    "empty",
    "null where none may be",
    "null in a list",
    "too large",
    "no number",
]
OUTCOMES += [
    "another type",
    "a subtype",
    "another colour",
    "a number as text",
    "truthy",
    "an exception as value",
    "a tuple",
]


@strawberry.type
class Mutation:
    @strawberry.mutation(description="Planned.", metadata=COMPILED)
    async def look(self, info: Info, input: Given) -> Payload | None:
        info.context.runtime.seen.append(dataclasses.asdict(input))
        return outcome(input)

    @strawberry.mutation(description="Planned.", metadata=COMPILED)
    async def look_hard(self, info: Info, input: Given, times: int) -> Payload:
        info.context.runtime.seen.append((dataclasses.asdict(input), times))
        return cast(Payload, outcome(input))

    @strawberry.mutation(description="Planned.", metadata=COMPILED)
    async def words(self, listed: list[Given]) -> list[str]:
        return [one.outcome for one in listed]

    @strawberry.mutation
    async def uncompiled(self, input: Given) -> Payload | None:
        return outcome(input)


EXECUTION = Execution(
    strawberry.Schema(
        Query, Mutation, types=[SeenMore], config=StrawberryConfig(scalar_map=SCALARS)
    )
)
ALL = "seen{__typename id text at colour count weight words below{text words weight}} ok"
LOOK = f"mutation($input:Given!){{look(input:$input){{{ALL}}}}}"
HARD = f"mutation($input:Given!,$times:Int!){{lookHard(input:$input,times:$times){{{ALL}}}}}"
WORDS = "mutation($listed:[Given!]!){words(listed:$listed)}"
PLANNED_DOCUMENTS = [
    LOOK,
    HARD,
    WORDS,
    "mutation Named($input: Given!) { answer: look(input: $input) { yes: ok again: ok seen { id } "
    "__typename } }",
    "mutation($other:Given!){look(input:$other){ok}}",
]
OTHER_DOCUMENTS = [
    "mutation($input:Given!){look(input:$input){seen{computed}}}",
    "mutation($input:Given!){look(input:$input){ok ok}}",
    "mutation($input:Given!){look(input:$input){...on Payload{ok}}}",
    "mutation($input:Given!){look(input:$input){...F}} fragment F on Payload{ok}",
    "mutation($input:Given!,$if:Boolean!){look(input:$input){ok @skip(if:$if)}}",
    "mutation($input:Given!){look(input:$input){ok} again:look(input:$input){ok}}",
    "mutation($input:Given!){uncompiled(input:$input){ok}}",
    'mutation{look(input:{outcome:"ok",data:{a:[1]}}){ok}}',
    'mutation($input:Given={outcome:"ok",data:1}){words(listed:[$input])}',
    "mutation($input:Given!){lookHard(input:$input,times:3){ok}}",
    "mutation($input:Given!,$times:Int!){look(input:$input){ok} "
    "lookHard(input:$input,times:$times){ok}}",
    "mutation A($input:Given!){look(input:$input){ok}} query B{hello}",
    "query{hello}",
    "mutation{__typename}",
]


def context() -> Context:
    async def read_cursor(_: Context) -> str:
        return "1"

    actor = Actor(UUID(int=2), "one", token_id=UUID(int=1))
    return Context(Calls(), actor, "request", read_cursor, lambda _: None, 10)


async def road(operation: Operation, request: Request) -> tuple[object, list[object]]:
    """The answer as bytes, and the arguments that the resolvers were given."""
    used = context()
    try:
        answer = await EXECUTION.run(operation, request, used)
    except RequestRefused as refused:
        return orjson.dumps(
            [refused.code, refused.status, refused.formatted("request")]
        ), used.runtime.seen
    try:
        return orjson.dumps(answer.body), used.runtime.seen
    except TypeError:
        return repr(answer.body), used.runtime.seen


async def compare(text: str, variables: dict[str, Any] | None) -> Operation:
    request = Request(text, "A" if "mutation A" in text else None, variables)
    operation = EXECUTION.select(request)
    compiled = await road(operation, request)
    assert compiled == await road(dataclasses.replace(operation, compiled=None), request)
    return operation


GOOD: dict[str, Any] = {"outcome": "ok", "data": {"a": [1, None, {"b": 2.5}]}}
VARIABLES: list[dict[str, Any] | None] = [
    None,
    {},
    {"input": None},
    {"input": GOOD, "times": 3, "if": True, "other": GOOD, "listed": [GOOD]},
    {"input": GOOD, "times": 2**31, "other": [GOOD], "listed": GOOD, "if": None, "unknown": 1},
    {"input": GOOD, "times": True, "listed": []},
    {"input": GOOD, "times": 3.0, "listed": [GOOD, None]},
    {"input": {**GOOD, "outcome": None}, "times": None},
    {"input": {**GOOD, "outcome": 5}, "times": "3"},
    {"input": {"outcome": "ok"}},
    {"input": {**GOOD, "data": None}},
    {"input": {**GOOD, "more": 1}},
    {"input": "ok"},
    {"input": []},
    {
        "input": {
            **GOOD,
            "isNew": True,
            "at": "2026-01-02T00:00:00Z",
            "weight": 1.5,
            "ref": "x",
            "parts": [{"name": "n", "size": 3}],
            "words": ["a", None],
        }
    },
    {
        "input": {
            **GOOD,
            "isNew": 1,
            "at": "yesterday",
            "weight": 2,
            "ref": 5,
            "parts": {"name": "n"},
            "words": "a",
        }
    },
    {
        "input": {
            **GOOD,
            "isNew": None,
            "at": None,
            "weight": None,
            "ref": None,
            "parts": None,
            "words": None,
        }
    },
    {"input": {**GOOD, "at": 5}},
    {"input": {**GOOD, "weight": "1"}},
    {"input": {**GOOD, "parts": [{"size": 3}]}},
    {"input": {**GOOD, "parts": [{"name": "n", "size": 2.0}, {"name": "m", "size": None}]}},
    {"input": {**GOOD, "parts": [{"name": "n", "size": 2.5}]}},
    {"input": {**GOOD, "is_new": True}},
    {"input": {**GOOD, "data": "\ud800"}},
]


@each_of("variables", VARIABLES)
@each_of("text", [*PLANNED_DOCUMENTS, *OTHER_DOCUMENTS])
async def test_both_roads_answer_the_same_to_any_variables(
    text: str, variables: dict[str, Any] | None
) -> None:
    operation = await compare(text, variables)
    assert (operation.compiled is not None) == (text in PLANNED_DOCUMENTS)


@each_of("word", OUTCOMES)
@each_of("text", PLANNED_DOCUMENTS)
async def test_both_roads_answer_the_same_to_any_outcome(text: str, word: str) -> None:
    chosen = {**GOOD, "outcome": word}
    await compare(text, {"input": chosen, "other": chosen, "times": 1, "listed": [chosen]})


JSONS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "size", "data", "outcome", "x"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)
FIELDS = ("outcome", "data", "isNew", "at", "weight", "ref", "parts", "words")
INPUTS = (
    st.builds(
        lambda part: {**GOOD, **part}, st.dictionaries(st.sampled_from(FIELDS), JSONS, max_size=4)
    )
    | JSONS
)


@given(text=st.sampled_from(PLANNED_DOCUMENTS[:3]), one=INPUTS, times=JSONS)
@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_both_roads_answer_the_same_to_anything_that_is_json(
    text: str, one: object, times: object
) -> None:
    operation = await compare(
        text, {"input": one, "times": times, "listed": one if isinstance(one, list) else [one]}
    )
    assert operation.compiled is not None


async def test_a_plan_takes_what_it_knows_and_runs_nothing_otherwise() -> None:
    plan = EXECUTION.select(Request(LOOK)).compiled
    assert plan is not None
    assert plan.decode_arguments({"input": GOOD}) == {
        "input": Given(outcome="ok", data=GOOD["data"])
    }
    answered = await plan.run(plan.decode_arguments({"input": GOOD}), context())
    assert isinstance(answered, dict)
    assert answered["look"]["seen"]["colour"] == "RED"
    with pytest.raises(NotCompilable):
        plan.decode_arguments({"input": {**GOOD, "outcome": 5}})


@pytest.mark.parametrize(
    "text",
    [
        "mutation($input:EventPublishInput!){eventPublish(input:$input){event{id occurredAt} "
        "duplicate deliveryCount userErrors{field code}}}",
        "mutation P($e:EventPublishBatchInput!){done:eventPublishBatch(input:$e){results{event{id} duplicate} userErrors{code}}}",
    ],
)
def test_publishing_is_planned(text: str) -> None:
    assert Execution(make_schema()).select(Request(text)).compiled is not None
