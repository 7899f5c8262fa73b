"""Templates for JSON: data stays in its place, whatever the template does with it. And it is data
only: no name of Python reaches a template.
"""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline.outbound.template_child import Probe, TemplateError, render
from hookline.outbound.template_data import HOSTILE, as_data
from tests.tables import each_of

DATA: dict[str, Any] = {
    "text": 'a", "role": "admin',
    "quote": '"',
    "marks": "\ufdd0\ufdd1",
    "number": 99.5,
    "yes": True,
    "none": None,
    "rows": [1, "b\n"],
    "record": {"k": "v\\"},
}


def made(template: str, data: Any = None, escape: str = "json", probe: Probe = Probe.NONE) -> str:
    context = {"event": {"data": DATA if data is None else data}, "webhook": {"labels": {}}}
    return render(template, escape, context, probe).decode()


def value(template: str, data: Any = None) -> Any:
    return orjson.loads(made(template, data))


def refusal(template: str, probe: Probe = Probe.NONE) -> str:
    with pytest.raises(TemplateError) as caught:
        made(template, probe=probe)
    return str(caught.value)


@each_of(
    "template, printed",
    [
        ("{{ event.data.text }}", DATA["text"]),
        ('"{{ event.data.text }}"', DATA["text"]),
        ('"to {{ event.data.text }}!"', f"to {DATA['text']}!"),
        ('"{{ event.data.number }} {{ event.data.yes }}"', "99.5 true"),
        ('"{{ event.data.none }}{{ event.data.missing.deeper }}"', ""),
        ("[{{ event.data.none }}, {{ event.data.missing }}]", [None, None]),
        ('"{{ event.data.rows }}"', '[1,"b\\n"]'),
        ('"\\"{{ event.data.quote }}\\\\{{ event.data.quote }}"', '""\\"'),
        ("{{ event.data.marks }}", DATA["marks"]),
        ('"{{ event.data.marks }}"', DATA["marks"]),
        ('"{{ event.data.text | safe }}"', DATA["text"]),
        ("{{ event.data.text | safe }}", DATA["text"]),
        ("{{ event.data.record | tojson }}", DATA["record"]),
        ('"{{ event.data.record | tojson | e }}"', '{"k":"v\\\\"}'),
        ('"{% if event.data.text %}{{ event.data.text }}{% endif %}"', DATA["text"]),
        ("{% autoescape false %}{{ event.data.text }}{% endautoescape %}", DATA["text"]),
        ('"{% autoescape false %}{{ event.data.text }}{% endautoescape %}"', DATA["text"]),
        ("{% autoescape 'html' %}{{ event.data.text }}{% endautoescape %}", DATA["text"]),
        ("{% set x %}[{{ event.data.text }}]{% endset %}{{ x }}", [DATA["text"]]),
        ('{% set x %}<{{ event.data.text }}>{% endset %}"{{ x }}"', f"<{DATA['text']}>"),
        (
            '{% macro m(x) %}{"x": {{ x }}}{% endmacro %}[{{ m(1) }}, {{ m(event.data.quote) }}]',
            [{"x": 1}, {"x": '"'}],
        ),
        ("{% set x %}<{{ event.data.text }}>{% endset %}{{ [x] }}", [f"<{DATA['text']}>"]),
        ("{% set x %}{{ event.data.quote }}{% endset %}{{ x[:99] ~ 1 }}", '"1'),
        ("{{ [event.data.quote, event.data.rows] | join(event.data.quote) }}", '""[1,"b\\n"]'),
        ("{{ event.data.text | replace(event.data.quote, event.data.yes) }}", None),
        ("{{ '%s: %d' | format(event.data.quote, 7) }}", '": 7'),
        ("{{ '%(a)s' | format(a=event.data.quote) }}", '"'),
        ("{{ 'Dear ' ~ event.data.text ~ event.data.missing }}", f"Dear {DATA['text']}"),
        ("{{ {event.data.quote: event.data.rows} }}", {'"': DATA["rows"]}),
        ("{{ event.data.record | items | list }}", [["k", "v\\"]]),
        ("{{ event.data.record | dictsort }}", [["k", "v\\"]]),
        ("{{ event.data.record is mapping and event.data.rows is sequence }}", True),
        ("{{ event.data.record == {'k': 'v\\\\'} }}", True),
        ("{{ dict(event.data.record, y=1) }}", {"k": "v\\", "y": 1}),
        ("{{ event.data.record ~ '' }}", '{"k":"v\\\\"}'),
        ("{{ event.data.items | default('none') }}", "none"),
        ("{{ event.data.items is defined }}", False),
        ("{{ 10 ** 30 }}", 1e30),
    ],
)
def test_value_is_written_as_its_place_asks_for(template: str, printed: Any) -> None:
    expected = DATA["text"].replace('"', "true") if printed is None else printed
    assert value(template) == expected


@each_of(
    "template, said",
    [
        ('"\\{{ event.data.text }}"', "backslash"),
        ('"\\\\\\{{ event.data.text }}"', "backslash"),
        ("{% set x %}[{{ event.data.number }}]{% endset %}{{ x[:9] }}", "changed"),
        ("{% filter replace('a', event.data.text) %}\"a\"{% endfilter %}", "filter replace"),
        ("{% set x %}%s{% endset %}{{ x | format(event.data.text) }}", "filter format"),
        ("{% set x %}1{% endset %}{{ [x, event.data.text] | join }}", "filter join"),
        ("{{ '%q' | format(1) }}", "format fails"),
        ("{{ event.data.record.items() }}", "no methods, so none of the name items"),
        ("{{ event.data.rows.pop() }}", "no methods, so none of the name pop"),
        ("\ufdd0", "changed"),
        ("{{ event.data.text }}{{ event.data.text }}", "not JSON"),
    ],
)
def test_what_could_break_is_refused_with_what_to_do(template: str, said: str) -> None:
    assert said in refusal(template)


BLOCKS = (
    "{{ event.data }}",
    "{{ event.data | safe }}",
    "{{ event.data ~ event.data }}",
    "{% if event.data %}{{ event.data }}{% endif %}",
    "{% set x %}{{ event.data }}{% endset %}{{ x ~ event.data }}",
    "{% set x %}{{ event.data }}{% endset %}{{ x | upper }}",
    "{% macro m(x) %}{{ x | tojson }}{{ caller() }}{% endmacro %}"
    "{% call m(event.data) %}{{ event.data | e }}{% endcall %}",
    "{% autoescape false %}{{ event.data }}{% set x %}{{ event.data }}{% endset %}{{ x }}"
    "{% endautoescape %}{{ x }}",
    "{% filter trim %} {{ event.data }}{% endfilter %}",
)


@given(
    st.one_of(
        st.text(st.sampled_from('"\\,:{}[]0a\n\ufdd0\ufdd1u')),
        st.text(),
        st.recursive(
            st.none() | st.booleans() | st.integers(-9, 9) | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        ),
    ),
    st.sampled_from(BLOCKS),
)
def test_no_data_breaks_out_of_its_quotes(data: Any, block: str) -> None:
    found = value('["' + block + '", "next", {"k": "' + block + '"}]', data)
    assert [type(each) for each in found] == [str, str, dict]
    assert found[1] == "next"
    assert found[2] == {"k": found[0]}


@given(st.text(st.sampled_from('"\\,:{}[]0a\n\ufdd0\ufdd1')), st.sampled_from(BLOCKS[:2]))
def test_no_data_breaks_out_of_its_value(data: str, block: str) -> None:
    assert value('{"a": ' + block + ', "b": 1}', data) == {"a": data, "b": 1}


KINDS: tuple[Any, ...] = ({"k": 1}, [1], "text", 1, 2**40, 1.5, True, None)


@each_of("escape", ["json", "html", "none"])
@each_of("kind", KINDS)
def test_no_name_of_python_reaches_a_template(kind: Any, escape: str) -> None:
    names = {*dir(kind), *dir(as_data(kind)), "items", "keys", "pop"} - {"k"}
    for name in sorted(names):
        for looked_up in (
            f"event.data.{name}",
            f"event.data['{name}']",
            f"event.data|attr('{name}')",
        ):
            shown = made("{{ " + looked_up + " is defined }}{{ " + looked_up + " }}", kind, "none")
            assert shown == "False", looked_up
            assert " at 0x" not in made("{{ [" + looked_up + "] }}", kind, escape)


@pytest.mark.parametrize("kind", KINDS[:2], ids=repr)
def test_no_method_of_python_can_be_called(kind: Any) -> None:
    for name in sorted({*dir(kind)}):
        with pytest.raises(TemplateError):
            made("{{ event.data." + name + "() }}", kind)
        with pytest.raises(TemplateError):
            made("{{ event.data." + name + "('k') }}", kind)
    assert value("{{ event.data }}", kind) == kind


@pytest.mark.parametrize(
    "template",
    [
        "{% if event.data.a.b %}{{ event.data.a }}{{ event.data.b }}{% endif %}1",
        "[{% for x in event.data.rows %}{{ x }} 1{% endfor %}]",
    ],
)
def test_branch_that_the_sample_does_not_take_is_tried_too(template: str) -> None:
    assert made(template, {}) in ("1", "[]")
    assert "not JSON" in refusal(template, Probe.EVERYTHING)


@pytest.mark.parametrize(
    "template",
    [
        "{% if event.data.total %}{{ event.data.total * 1.2 }}{% else %}0{% endif %}",
        "{% for x in event.data recursive %}{{ loop(x.children) }}{% endfor %}1",
        "{{ event.data.rows | sum }}",
    ],
)
def test_probe_fails_only_for_what_a_template_makes(template: str) -> None:
    # It calculates with text, or goes down without an end: no fault, and nothing is made.
    assert made(template, {}, probe=Probe.EVERYTHING) == ""


def test_probe_has_every_name_however_deep() -> None:
    deep = '"{{ event.data.a.b.c.d.e.f.g.h.i.j.k }}"'
    assert orjson.loads(made(deep, {}, probe=Probe.EVERYTHING)) == HOSTILE


def test_probes_print_hostile_text_for_what_is_missing() -> None:
    assert value("{{ event.data.none }}") is None
    for probe in (Probe.MISSING, Probe.EVERYTHING):
        assert orjson.loads(made('["{{ event.data.none }}"]', probe=probe)) == [HOSTILE]
