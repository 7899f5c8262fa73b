"""Payload templates: what they print, what is refused when they are saved, and hostile ones, which
must neither kill nor hold the process.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from hookline.outbound.rendering import Renderer, TemplateProblem
from hookline.outbound.templates import (
    JSON,
    SAMPLE_EVENT,
    SAMPLE_WEBHOOK,
    escape_of,
    event_facts,
    is_content_type,
)
from tests.waiting import eventually, turns

DATA = {
    "z": 1,
    "a": [1, 2.5, 2**64 - 1, -5, True, None],
    "name": "O'Brien \"<&> ü\u2028",
    "n": {"y": 1, "x": 2},
}


@pytest.fixture
async def renderer() -> AsyncIterator[Renderer]:
    made = Renderer()
    yield made
    await made.close()


def event(data: Any) -> Any:
    return event_facts("evt_1", "order.order.create", "production", "2026-01-01T00:00:00Z", data)


async def rendered(
    renderer: Renderer, template: str, content_type: str = JSON, data: Any = DATA
) -> str:
    return (await renderer.render(template, content_type, event(data), SAMPLE_WEBHOOK)).decode()


async def test_placeholder_in_json_prints_a_whole_value_in_its_order(renderer: Renderer) -> None:
    body = await rendered(
        renderer,
        '{"all": {{ event.data }}, "who": {{ event.data.name }}, "no": {{ '
        "event.data.missing.deeper }}}",
    )
    assert orjson.loads(body) == {"all": DATA, "who": DATA["name"], "no": None}
    assert list(orjson.loads(body)["all"]) == ["z", "a", "name", "n"]
    assert list(orjson.loads(body)["all"]["n"]) == ["y", "x"]


async def test_data_cannot_break_out_of_its_place(renderer: Renderer) -> None:
    body = await rendered(
        renderer,
        '{"who": {{ "Dear " ~ event.data.name }}}',
        data={"name": '", "admin": true, "x": "'},
    )
    assert orjson.loads(body) == {"who": 'Dear ", "admin": true, "x": "'}


async def test_facts_of_event_and_webhook_are_there_and_nothing_else(renderer: Renderer) -> None:
    body = await rendered(
        renderer,
        "{{ [event.id, event.type, event.object, event.model, event.action, event.environment, "
        "event.timestamp, webhook] }}",
    )
    facts = [
        "evt_1",
        "order.order.create",
        "order",
        "order",
        "create",
        "production",
        "2026-01-01T00:00:00Z",
    ]
    assert orjson.loads(body) == [
        *facts,
        {"id": SAMPLE_WEBHOOK["id"], "slug": "sample", "name": "Sample", "labels": {}},
    ]


@pytest.mark.parametrize(
    ("content_type", "printed"),
    [
        ("text/plain", "<b>"),
        ("text/html; charset=utf-8", "&lt;b&gt;"),
        ("application/soap+xml", "&lt;b&gt;"),
        ("application/vnd.x+json", '"<b>"'),
    ],
)
async def test_escaping_follows_the_content_type(
    renderer: Renderer, content_type: str, printed: str
) -> None:
    assert await rendered(renderer, "{{ event.data }}", content_type, "<b>") == printed


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ('{"name": {{ event.data.name }', "line 1"),
        ("{% if %}", "line 1"),
        ("\n\n{{ event.data.total * 2 }}", "line 3"),
        ('{"name": "{{ event.data.name }}"}', "without quotes around it"),
        ("hello", "not JSON"),
        ("{{ nothing() }}", "fails"),
        ("{% include 'other' %}", "fails"),
        ("{{ event.data | frobnicate }}", "fails"),
        ("{{ debug() }}", "fails"),
        (
            "{{ range(100000) | list }}{% for a in range(9999) %}{% for b in range(9999) %}{% "
            "endfor %}{% endfor %}",
            "steps",
        ),
    ],
)
async def test_template_that_does_not_render_the_sample_is_refused(
    renderer: Renderer, template: str, said: str
) -> None:
    with pytest.raises(TemplateProblem, match=said):
        await renderer.check(template, JSON)


@pytest.mark.parametrize(
    "template",
    [
        '{"name": {{ event.data.name }}}',
        '{{ {"text": event.type} }}',
        "{% if event.data.x %}1{% else %}2{% endif %}",
        "[]",
    ],
)
async def test_template_that_renders_the_sample_passes(renderer: Renderer, template: str) -> None:
    await renderer.check(template, JSON)


def doubled(start: str, step: str) -> str:
    return "{% set x = " + start + " %}" + ("{% set x = " + step + " %}") * 60 + "{{ x }}"


HOSTILE = {
    "lists in lists": doubled("[1]", "[x, x]"),
    "lists joined": doubled("event.data", "x + x"),
    "lists repeated": "{{ [[1] * 10000000] * 10000000 }}",
    "text joined": doubled("'x'", "x ~ x"),
    "text captured": "{% set x = 'x' %}" + "{% set x %}{{ x }}{{ x }}{% endset %}" * 60 + "{{ x }}",
    "text escaped": "{{ event.type" + " | tojson" * 60 + " }}",
    "a namespace": "{% set n = namespace(x=[1]) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] "
    "%}{% endfor %}{{ n.x }}",
    "a macro": "{% macro m(x, n) %}{{ m([x, x], n - 1) if n else x }}{% endmacro %}{{ m([1], "
    "60) }}",
    "endless recursion": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "deep parentheses": "{{ " + "(" * 10_000 + "1" + ")" * 10_000 + " }}",
    "deep lists": "{{ " + "[" * 10_000 + "1" + "]" * 10_000 + " }}",
    "deep blocks": "{% if true %}" * 10_000 + "{% endif %}" * 10_000,
    "a huge number": "{{ 10 ** 1000000 }}",
    "a huge literal": "{{ " + "9" * 60_000 + " }}",
    "much output": "{% for i in range(50000) %}" + "x" * 100 + "{% endfor %}",
    "wide": "{{ 'x' | indent(1000000000) }}",
    "half a character": "{{ '\\ud800' }}",
}


@pytest.mark.parametrize("template", HOSTILE.values(), ids=HOSTILE)
async def test_hostile_template_ends_with_a_sentence_and_the_next_one_renders(
    renderer: Renderer, template: str
) -> None:
    with pytest.raises(TemplateProblem) as problem:
        await renderer.render(
            template,
            "text/plain" if "x" * 100 in template else JSON,
            event([1] * 1_000),
            SAMPLE_WEBHOOK,
        )
    assert str(problem.value).endswith(".")
    assert await rendered(renderer, "{{ event.data.z }}") == "1"


async def test_template_that_took_too_long_is_refused_at_once_for_a_while(
    renderer: Renderer,
) -> None:
    for _ in range(2):
        with pytest.raises(TemplateProblem, match=r"too long|memory"):
            await rendered(renderer, HOSTILE["lists in lists"])
    assert renderer._child is None  # the second time nothing was started
    assert await rendered(renderer, "1") == "1"


async def test_many_at_once_get_their_own_answers(renderer: Renderer) -> None:
    bodies = await asyncio.gather(
        *(rendered(renderer, "{{ event.data }}", data=n) for n in range(50))
    )
    assert bodies == [str(n) for n in range(50)]


async def test_caller_that_leaves_mixes_nobodys_answers(renderer: Renderer) -> None:
    await rendered(renderer, "1")
    leaving = asyncio.create_task(rendered(renderer, HOSTILE["lists in lists"]))
    await eventually(renderer._turn.locked)  # its template takes longer than a look
    leaving.cancel()
    assert await rendered(renderer, "{{ event.data }}", data="yours") == '"yours"'
    assert leaving.cancelled()


async def test_caller_that_leaves_while_the_child_starts_mixes_nobodys_answers(
    renderer: Renderer,
) -> None:
    leaving = asyncio.create_task(rendered(renderer, "{{ event.data }}", data="mine"))
    while renderer._child is None:
        await turns(1)
    leaving.cancel()
    assert await rendered(renderer, "{{ event.data }}", data="yours") == '"yours"'
    assert leaving.cancelled()


async def test_child_that_was_killed_is_started_again(renderer: Renderer) -> None:
    await rendered(renderer, "1")
    assert renderer._child is not None
    renderer._child.kill()
    await renderer._child.wait()
    assert await rendered(renderer, "{{ event.id }}") == '"evt_1"'


@pytest.mark.parametrize(
    ("text", "is_right"),
    [
        ("application/json", True),
        ("text/plain; charset=utf-8", True),
        ('multipart/x; boundary="a b"', True),
        ("application", False),
        ("a/b\r\nX: y", False),
        ("a/b; c", False),
        ("", False),
        ("a/" + "b" * 200, False),
    ],
)
def test_content_type_is_a_media_type(text: str, is_right: bool) -> None:
    assert is_content_type(text) is is_right


def test_json_is_known_by_its_name() -> None:
    assert [
        escape_of(text)
        for text in (
            "Application/JSON; charset=utf-8",
            "application/ld+json",
            "text/csv",
            "image/svg+xml",
        )
    ] == [
        "json",
        "json",
        "none",
        "html",
    ]
    assert SAMPLE_EVENT["data"] == {}
