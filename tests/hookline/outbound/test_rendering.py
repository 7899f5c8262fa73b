"""Payload templates: what they print, what is refused when they are saved, and hostile ones, which
must neither kill nor hold the process.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from hookline.clock import monotonic
from hookline.outbound.rendering import CHILDREN_LIMIT, Renderer, RenderFault
from hookline.outbound.template_process import TemplateProcess
from hookline.outbound.templates import (
    JSON,
    SAMPLE_EVENT,
    SAMPLE_WEBHOOK,
    escape_of,
    event_facts,
    is_content_type,
)
from hookline.shutdown import end_tasks
from tests.tables import each_of
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


def at_work(renderer: Renderer) -> set[TemplateProcess]:
    """The children that are rendering."""
    return renderer._children - set(renderer._idle)


async def rendered(
    renderer: Renderer, template: str, content_type: str = JSON, data: Any = DATA
) -> str:
    body = await renderer.render(template, content_type, event(data), SAMPLE_WEBHOOK)
    assert isinstance(body, bytes), body
    return body.decode()


async def fault_of(
    renderer: Renderer, template: str, content_type: str = JSON, key: str = "evt_1"
) -> RenderFault:
    """The fault of a render for an event with that key."""
    found = await renderer.render(
        template, content_type, {**event([1] * 1_000), "id": key}, SAMPLE_WEBHOOK
    )
    assert isinstance(found, RenderFault)
    return found


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


@each_of(
    "content_type, printed",
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


@each_of(
    "template, said",
    [
        ('{"name": {{ event.data.name }', "line 1"),
        ("{% if %}", "line 1"),
        (
            "ä\n é {{ 1 | nofilter }}",
            "line 2, column 11: unknown filter: filter nofilter is unknown.",
        ),
        ("\n\n{{ event.data.total * 2 }}", "line 3"),
        ('{"name": "a" {{ event.data.name }}}', "inside of quotes its text"),
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
    fault = await renderer.check(template, JSON)
    assert fault is not None
    assert said in fault.message
    assert not fault.is_ours


@each_of(
    "template",
    [
        '{"name": {{ event.data.name }}}',
        '{{ {"text": event.type} }}',
        "{% if event.data.x %}1{% else %}2{% endif %}",
        "[]",
        '{"name": "{{ event.data.name }}"}',
        '{"name": "{% if event.data.name %}{{ event.data.name }}{% endif %}"}',
        "[{% for n in event.data.lines %}{{ n }}{% if not loop.last %},{% endif %}{% endfor %}]",
        "{{ event.data.total * 2 if event.data.total else 0 }}",
    ],
)
async def test_template_that_renders_the_sample_passes(renderer: Renderer, template: str) -> None:
    assert await renderer.check(template, JSON) is None


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


@each_of("template", HOSTILE.values())
async def test_hostile_template_ends_with_a_sentence_and_the_next_one_renders(
    renderer: Renderer, template: str
) -> None:
    fault = await fault_of(renderer, template, "text/plain" if "tojson" in template else JSON)
    assert fault.message.endswith(".")
    assert not fault.is_ours
    assert await rendered(renderer, "{{ event.data.z }}") == "1"


async def test_render_that_took_too_long_is_refused_at_once_for_a_while(
    renderer: Renderer,
) -> None:
    first = await fault_of(renderer, HOSTILE["lists in lists"])
    children = set(renderer._children)
    assert await fault_of(renderer, HOSTILE["lists in lists"]) == first
    assert children <= renderer._children  # the second time none ended
    assert await rendered(renderer, "1") == "1"


async def test_refusal_is_that_of_one_webhook_and_event(renderer: Renderer) -> None:
    template = "{% if event.data.bad %}" + HOSTILE["lists in lists"] + "{% endif %}1"
    bad, good = {**event({"bad": 1}), "id": "evt_bad"}, event({})
    assert isinstance(await renderer.render(template, JSON, bad, SAMPLE_WEBHOOK), RenderFault)
    assert await renderer.render(template, JSON, good, SAMPLE_WEBHOOK) == b"1"
    other = {**SAMPLE_WEBHOOK, "id": "wh_other"}
    assert isinstance(await renderer.render(template, JSON, bad, other), RenderFault)
    assert len(renderer._refused) == 2  # the other webhook's was tried


async def test_many_at_once_get_their_own_answers(renderer: Renderer) -> None:
    bodies = await asyncio.gather(
        *(rendered(renderer, "{{ event.data }}", data=n) for n in range(50))
    )
    assert bodies == [str(n) for n in range(50)]


async def test_caller_that_leaves_mixes_nobodys_answers(renderer: Renderer) -> None:
    await rendered(renderer, "1")
    leaving = asyncio.create_task(rendered(renderer, HOSTILE["lists in lists"]))
    await eventually(lambda: at_work(renderer))  # its template takes longer than a look
    leaving.cancel()
    assert await rendered(renderer, "{{ event.data }}", data="yours") == '"yours"'
    assert leaving.cancelled()


async def test_caller_that_leaves_while_the_child_starts_mixes_nobodys_answers(
    renderer: Renderer,
) -> None:
    leaving = asyncio.create_task(rendered(renderer, "{{ event.data }}", data="mine"))
    await turns(5)
    assert renderer._starting
    assert not renderer._children
    leaving.cancel()
    assert await rendered(renderer, "{{ event.data }}", data="yours") == '"yours"'
    assert leaving.cancelled()


async def kill_idle(renderer: Renderer) -> None:
    await eventually(lambda: not renderer._starting)
    for child in renderer._idle:
        child._process.kill()
        await child._process.wait()


async def test_child_that_was_killed_is_started_again(renderer: Renderer) -> None:
    await rendered(renderer, "1")
    await kill_idle(renderer)
    assert await rendered(renderer, "{{ event.id }}") == '"evt_1"'


async def test_child_that_somebody_kills_is_no_fault_of_the_template_once(
    renderer: Renderer,
) -> None:
    for is_ours in (True, False):
        asked = asyncio.create_task(fault_of(renderer, HOSTILE["lists in lists"]))
        [child] = await eventually(lambda: at_work(renderer))
        child._process.kill()
        fault = await asked
        assert (fault.is_ours, fault.message.endswith(".")) == (is_ours, True)


async def test_renderer_that_does_not_start_is_ours_and_starts_later(
    renderer: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert [(await fault_of(renderer, "1")).is_ours for _ in range(2)] == [True, True]
    monkeypatch.undo()
    await eventually(lambda: monotonic() > renderer._broken_until)
    assert await rendered(renderer, "1") == "1"


async def test_event_that_cannot_be_given_to_a_template_is_an_answer(renderer: Renderer) -> None:
    body = await renderer.render("1", JSON, event("\ud800"), SAMPLE_WEBHOOK)
    assert isinstance(body, RenderFault)
    assert not body.is_ours


# 0.15 s of a core.
SLOW = "{% set x = [1] %}" + "{% set x = [x, x] %}" * 16 + "{{ x }}"


async def render_slowly(renderer: Renderer, webhook: str) -> None:
    body = await renderer.render(SLOW, JSON, event(1), {**SAMPLE_WEBHOOK, "id": webhook})
    assert isinstance(body, bytes), body


async def test_slow_webhook_delays_no_other_render(renderer: Renderer) -> None:
    await render_slowly(renderer, "wh_slow")
    waiting = [asyncio.create_task(render_slowly(renderer, "wh_slow")) for _ in range(100)]
    await eventually(lambda: any(task.done() for task in waiting))
    for number in range(12):
        assert await rendered(renderer, "{{ event.data }}", data=number) == str(number)
    # The twelve passed while it had not come to its end.
    assert not waiting[-2].done()
    assert len(renderer._children) <= CHILDREN_LIMIT
    await end_tasks(*waiting)


async def test_slow_webhooks_take_turns_and_leave_a_child_to_the_others(renderer: Renderer) -> None:
    names, ended = [f"wh_{number}" for number in range(CHILDREN_LIMIT + 1)], list[str]()

    async def one_of(name: str) -> None:
        await render_slowly(renderer, name)
        ended.append(name)

    for name in names:
        await one_of(name)  # known to be slow from now on
    ended.clear()
    waiting = [asyncio.create_task(one_of(name)) for name in names for _ in range(50)]
    await eventually(lambda: len(ended) >= 1)
    for number in range(12):
        assert await rendered(renderer, "{{ event.data }}", data=number) == str(number)
    assert not waiting[-1].done()
    await eventually(lambda: len(ended) >= len(names))
    await end_tasks(*waiting)
    # In turn, though the first had all of its fifty in line before the others.
    assert len(set(ended[: len(names)])) >= len(names) - 1


@each_of(
    "text, is_right",
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
