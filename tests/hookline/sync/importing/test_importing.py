"""Files of other products as webhooks files: what becomes of each value, hostile input, and that
whatever they hold, the file can be read.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from hookline.form.event_names import pattern_fault
from hookline.sync.importing.event_types import pattern_of
from hookline.sync.importing.reading import FORMATS, Imported, imported
from hookline.sync.read.collecting import Collected, SourceFile
from tests.hookline.sync.files import document
from tests.tables import each_of

TEXT = st.sampled_from(
    ["no", "{{ a }}", "${env:X}", "ENC[x]", "a\u202eb", "Ünï", "a.b", "*", "", "x" * 70, "é.a.b.c"]
) | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
ANY = st.none() | st.booleans() | st.integers(-5, 10**14) | TEXT | st.lists(TEXT, max_size=2)
URL = (
    st.sampled_from(
        ["https://a.example.com/in", "http://93.184.216.34:8080/x", "ftp://x", "{{BASE}}/x"]
    )
    | TEXT
)
PAIRS = st.dictionaries(TEXT | st.sampled_from(["X-Api-Key", "x-a", "Host"]), ANY, max_size=3)
SVIX = st.fixed_dictionaries(
    {"url": URL},
    optional={
        "uid": ANY,
        "description": ANY,
        "disabled": ANY,
        "filterTypes": st.lists(TEXT, max_size=3) | ANY,
        "rateLimit": ANY,
        "metadata": PAIRS | ANY,
        "headers": PAIRS,
        "new": ANY,
    },
)
WEBHOOKX = st.fixed_dictionaries(
    {"events": st.lists(TEXT, max_size=3) | ANY},
    optional={
        "name": ANY,
        "request": st.fixed_dictionaries(
            {"url": URL}, optional={"headers": PAIRS | ANY, "timeout": ANY, "method": ANY}
        )
        | ANY,
        "retry": st.fixed_dictionaries(
            {"config": st.fixed_dictionaries({"attempts": st.lists(ANY, max_size=25)})}
        )
        | ANY,
        "rate_limit": st.fixed_dictionaries({"quota": ANY, "period": ANY}) | ANY,
        "metadata": PAIRS,
        "plugins": st.lists(st.fixed_dictionaries({"name": ANY}) | ANY, max_size=2),
    },
)
HASURA = st.fixed_dictionaries(
    {"table": st.fixed_dictionaries({"name": TEXT, "schema": TEXT}) | TEXT},
    optional={
        "event_triggers": st.lists(
            st.fixed_dictionaries(
                {
                    "definition": st.dictionaries(
                        st.sampled_from(["insert", "update", "enable_manual"]), ANY | PAIRS
                    )
                },
                optional={
                    "name": ANY,
                    "webhook": URL,
                    "webhook_from_env": st.sampled_from(["HOOKLINE_X", "URL", "a b"]),
                    "headers": st.lists(
                        st.fixed_dictionaries({"name": TEXT, "value_from_env": TEXT}), max_size=2
                    ),
                    "retry_conf": st.dictionaries(
                        st.sampled_from(["num_retries", "interval_sec", "timeout_sec"]), ANY
                    ),
                },
            ),
            max_size=2,
        )
    },
)
FILES = st.one_of(
    st.lists(SVIX, max_size=3).map(lambda found: ("svix", {"data": found})),
    st.lists(WEBHOOKX, max_size=3).map(lambda found: ("webhookx", {"endpoints": found})),
    st.lists(HASURA, max_size=3).map(lambda found: ("hasura", {"metadata": {"tables": found}})),
)


def read(product: str, text: str | bytes, name: str = "export.yaml") -> Imported:
    data = text.encode() if isinstance(text, str) else text
    collected = Collected([SourceFile(name, Path(name), data)])
    return imported(collected, product, "default", ["production"])


def told(found: Imported) -> list[str]:
    return [f"{note.position.line} {note.kind} {note.path}: {note.text}" for note in found.notes]


@settings(max_examples=60, deadline=None)
@given(file=FILES)
def test_whatever_a_file_holds_the_webhooks_file_can_be_read_and_has_each_webhook_or_its_error(
    file: tuple[str, Any],
) -> None:
    product, content = file
    found = read(product, orjson.dumps(content))

    if found.text is None:
        # A character that no file may hold.
        assert found.problems
        return
    wanted = document(found.text)
    [listed] = content.values()
    count = sum(
        len(one.get("event_triggers", [])) if product == "hasura" else 1
        for one in (listed["tables"] if product == "hasura" else listed)
    )
    errors = [note for note in found.notes if note.kind == "error"]
    assert len(wanted.webhooks) == found.count == count - len(errors)
    assert found.text == read(product, orjson.dumps(content)).text


@each_of(
    "name, pattern",
    [
        ("order.order.created", "order.order.created"),
        ("charge.succeeded", "charge.charge.succeeded"),
        ("ping", "ping.ping.ping"),
        ("*", "*.*.*"),
        ("charge.*", "charge.charge.*"),
        ("a.b.c.d", "a.b.c_d"),
        ("User.Signed Up", "user.user.signed-up"),
        ("_private.Orders.INSERT", "private.orders.insert"),
    ],
)
def test_a_name_of_an_event_type_becomes_a_pattern(name: str, pattern: str) -> None:
    assert pattern_of(name) == pattern


@settings(max_examples=30, deadline=None)
@given(name=st.text(max_size=200))
def test_every_name_has_a_pattern(name: str) -> None:
    assert pattern_fault(pattern_of(name)) is None


def test_secrets_and_what_only_one_webhook_may_have_are_told_and_never_copied() -> None:
    found = read(
        "webhookx",
        """endpoints:
  - request:
      url: https://a.example.com/in
      headers: { Authorization: Bearer s3cret, X-A: 1, x-a: 2, Host: b }
    events: [user.signed, User.Signed]
    workspace: x
  - name: a.example.com
    request: { url: https://a.example.com/in }
    events: [a.b.c]
""",
    )

    assert found.text is not None
    assert "s3cret" not in found.text + str(found.notes)
    assert sorted(document(found.text).webhooks) == ["a-example-com", "a-example-com-2"]
    assert found.variables == [
        "A_EXAMPLE_COM__HEADER_AUTHORIZATION  a-example-com.headers.Authorization"
    ]
    assert told(found) == [
        "4 left out endpoints[0].request.headers.x-a: is given twice",
        "4 left out endpoints[0].request.headers.Host: The header Host is set by Hookline or "
        "reserved. Choose another name",
        "5 changed endpoints[0].events[0]: the event type 'user.signed' is user.user.signed now",
        "5 changed endpoints[0].events[1]: 'User.Signed' and 'user.signed' are both "
        "user.user.signed now",
        "6 left out endpoints[0].workspace: has no counterpart",
    ]


def test_metadata_in_all_its_forms_has_the_same_triggers() -> None:
    trigger: Mapping[str, Any] = {
        "name": "t",
        "definition": {"insert": {"columns": "*"}},
        "webhook_from_env": "HOOKLINE_URL",
        "headers": [{"name": "X-A", "value_from_env": "A"}, {"name": "X-B", "value_from_env": "B"}],
    }
    table = {"table": {"schema": "public", "name": "orders"}, "event_triggers": [trigger]}
    source = {"name": "default", "tables": [table]}
    forms: list[Any] = [
        [table],
        table,
        {"version": 2, "tables": [table]},
        {"version": 3, "sources": [source]},
        {"resource_version": 8, "metadata": {"version": 3, "sources": [source]}},
        [source],
    ]

    texts = {read("hasura", orjson.dumps(form)).text for form in forms}

    [text] = texts
    assert text is not None
    assert 'url: "${env:T__VALUE}"' in text
    assert 'name: X-A\n      value: "${env:A}"' in text
    assert 'X-B: "${env:B}"' in text
    other = {"name": "audit", "tables": [table]}
    assert "audit_public.orders.insert" in str(
        read("hasura", orjson.dumps({"sources": [other]})).text
    )


def test_a_list_without_its_other_pages_is_an_error_and_pairs_of_escapes_are_letters() -> None:
    page = '{"url": "https://a.example.com", "description": "\\\\ud83d \\ud83d\\ude00"}'

    found = read("svix", f'{{"data": [{page}], "iterator": "x", "done": false}}')

    assert 'description: "\\\\ud83d 😀"' in str(found.text)
    assert told(found)[0].startswith("1 error done: is false on every page")


def test_parameter_of_a_url_that_may_be_a_secret_is_told() -> None:
    urls = [f"https://a.example.com/in?{query}" for query in ("x=1", "a=1&Api_Token=hush")]
    found = read("svix", orjson.dumps({"data": [{"url": url} for url in urls]}))

    [note] = [note for note in told(found) if "].url: " in note]
    assert "data[1].url: is copied with a parameter that may be a secret: put ${env:NAME}" in note
    assert "hush" not in note


def test_pages_of_a_list_are_whole_with_the_one_that_says_so() -> None:
    def page(number: int, done: str) -> SourceFile:
        endpoint = f'{{"url": "https://a{number}.example.com"}}'
        data = f'{{"data": [{endpoint}], "iterator": "x", "done": {done}}}'
        return SourceFile(f"p{number}.json", Path("x"), data.encode())

    whole = imported(Collected([page(1, "true"), page(2, "false")]), "svix", "default", ["a"])
    half = imported(Collected([page(1, "false"), page(2, "false")]), "svix", "default", ["a"])

    assert (whole.count, whole.counts.get("error", 0)) == (2, 0)
    assert [(n.kind, n.position.file) for n in half.notes if n.path == "done"] == [
        ("error", "p2.json")
    ]


@each_of(
    "data, code",
    [
        ("{", "syntax"),
        ("", "empty-file"),
        ("a: 1", "type"),
        ("[[1]]", "type"),
        ("data: !!python/object:os.x {}", "tag"),
        ('{"data": [], "data": []}', "duplicate-key"),
        ("data: &a [*a]", "recursive-alias"),
        ("[" * 100, "too-deep"),
        (f"a: &a [{'x, ' * 999}]\nb: &b [{'*a, ' * 999}]\ndata: [{'*b, ' * 99}]", "alias-bomb"),
        (b"data: [\xff]", "encoding"),
        ("data: [\u202e]", "bad-character"),
        ("#" * (8 * 1024 * 1024 + 1), "file-too-large"),
    ],
)
def test_hostile_input_is_a_problem_with_its_place(data: str | bytes, code: str) -> None:
    found = read("svix", data)

    assert found.text is None
    assert [problem.code for problem in found.problems] == [code]
    assert found.problems[0].position.file == "export.yaml"


def test_a_thousand_notes_are_told_and_all_are_counted() -> None:
    keys = {f"k{number}": "v" for number in range(5_000)}
    found = read("svix", orjson.dumps([{"url": "https://a.example.com", "metadata": keys}]))

    assert (len(found.notes), found.counts) == (1_000, {"left out": 4_980})


def test_each_product_refuses_files_of_the_others() -> None:
    for product in FORMATS:
        found = read(product, '{"version": 1, "webhooks": {}}')
        assert found.text is None
        assert found.problems[0].message.startswith("holds no ")
