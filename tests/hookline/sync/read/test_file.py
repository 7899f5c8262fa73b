"""A file of this machine, with the mistakes that people make and the tricks of those
who mean harm.
"""

from pathlib import Path

import pytest
import yaml

from hookline.form.webhook_fields import FIELDS
from hookline.sync.read import composer, file, loader
from hookline.sync.read.file import Reading
from hookline.sync.read.file_text import hidden_character
from hookline.sync.read.nodes import MAX_NODES
from hookline.sync.read.problems import MAX_PROBLEMS, Position, Problems, SyncProblem
from hookline.sync.read.references import LocalReferences
from tests.hookline.sync.files import BOUNDS, ORDERS
from tests.tables import each_of

GOOD = f"version: 1\nwebhooks:\n  orders: {{{', '.join(ORDERS.strip().splitlines())}}}\n"


def read(text: str | bytes, folder: Path, environment: dict[str, str] | None = None) -> Reading:
    path = folder / "hooks.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return file.read(str(path), BOUNDS, LocalReferences(environment or {}, folder / "var", folder))


def codes(found: Reading) -> list[str]:
    return [problem.code for problem in found.problems]


def test_a_good_file_has_a_document(tmp_path: Path) -> None:
    found = read(GOOD, tmp_path)

    assert found.document is not None
    assert list(found.document.webhooks) == ["orders"]


@pytest.mark.parametrize("lines", ["move: []", "polcy: {}"])
def test_a_key_that_nobody_knows_is_never_ignored(tmp_path: Path, lines: str) -> None:
    assert codes(read(f"{lines}\n{GOOD}", tmp_path)) == ["unknown-key"]


@each_of(
    "field, code",
    [
        ("rateLimit: often", "format"),
        ("autoDisable: { failures: 0 }", "range"),
        ("notificationEmails: nobody", "bad-email"),
        ("notificationEmails: '=?utf-8?q?a=2Cz=40z.example?=@example.com'", "bad-email"),
        ("lifecycle: { preventDestroy: yes }", "type"),
        ("lifecycle: { ignoreChanges: [rateLimits] }", "enum"),
        ("lifecycle: { createBeforeDestroy: true }", "unknown-key"),
    ],
)
def test_a_wrong_field_is_a_problem(tmp_path: Path, field: str, code: str) -> None:
    lines = "".join(f"    {line}\n" for line in (*ORDERS.splitlines(), field))

    assert codes(read(f"version: 1\nwebhooks:\n  orders:\n{lines}", tmp_path)) == [code]


def repeating(count: int) -> str:
    """Webhooks with that many repeated events, each of which is a warning."""
    events = ", ".join(["order.*.*"] * 11)
    url = "url: 'https://a.example', environments: [production]"
    return "".join(f"  a{n}: {{{url}, events: [{events}]}}\n" for n in range(count // 10))


@pytest.mark.parametrize("warnings", [MAX_PROBLEMS - 10, MAX_PROBLEMS, MAX_PROBLEMS + 10])
def test_however_many_warnings_hide_no_error(tmp_path: Path, warnings: int) -> None:
    wrong = "  z: {url: 'ftp://a.example', unknown: 1}\n"

    found = read(f"version: 1\nwebhooks:\n{repeating(warnings)}{wrong}", tmp_path)

    assert found.document is None
    assert len(found.problems) == min(warnings + 4, MAX_PROBLEMS)
    errors = [problem.code for problem in found.problems if problem.is_error]
    assert sorted(errors) == ["bad-url", "required", "required", "unknown-key"]


def test_the_first_thousand_errors_are_told(tmp_path: Path) -> None:
    keys = "".join(f"    unknown{n}: 1\n" for n in range(MAX_PROBLEMS + 100))

    found = read(f"version: 1\nwebhooks:\n{repeating(100)}  z:\n{keys}", tmp_path)

    assert codes(found) == ["unknown-key"] * MAX_PROBLEMS


def test_no_further_error_is_looked_into_once_a_thousand_are_kept() -> None:
    problems = Problems("hooks.yaml")
    for line in range(MAX_PROBLEMS):
        problems.add(SyncProblem("duplicate-item", "twice", Position(line), severity="warning"))
        assert not problems.is_full
    for line in range(MAX_PROBLEMS):
        assert not problems.is_full
        problems.add(SyncProblem("unknown-key", "unknown", Position(line)))
    assert problems.is_full
    assert all(problem.is_error for problem in problems.found)


def test_a_folder_without_files_is_none_and_neither_is_nothing(tmp_path: Path) -> None:
    secrets = LocalReferences({}, tmp_path / "var", tmp_path)

    assert codes(file.read(str(tmp_path), BOUNDS, secrets)) == ["no-files"]
    assert codes(file.read(str(tmp_path / "none.yaml"), BOUNDS, secrets)) == ["no-files"]


@each_of(
    "text, code",
    [
        ("[" * 40_000, "too-deep"),
        ("a: " * 2_000, "syntax"),
        ("- " * 40_000 + "x", "too-deep"),
        (b"#" * (8 * 1024 * 1024 + 1), "file-too-large"),
        ("a: 1\n---\nb: 2\n", "multi-document"),
        ("? [a]\n: 1\nversion: 1\nwebhooks: {}\n", "complex-key"),
        ("version: 1\nwebhooks: *nothing\n", "unknown-alias"),
        ("version: 1\nwebhooks: {}\nx-a: &a 1\n<<: *a\n", "bad-merge"),
    ],
)
def test_hostile_yaml_is_a_problem_and_no_crash(
    tmp_path: Path, text: str | bytes, code: str
) -> None:
    assert code in codes(read(text, tmp_path))


def test_more_values_than_the_limit_are_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MAX_NODES == 1_000_000
    monkeypatch.setattr(composer, "MAX_NODES", 10_000)  # a million take 5 s
    assert codes(read("a: [" + "x," * 10_001 + "]", tmp_path)) == ["too-many-nodes"]
    assert "too-many-nodes" not in codes(read("a: [" + "x," * 9_990 + "]", tmp_path))


@pytest.mark.parametrize("parser", [yaml.CSafeLoader, yaml.SafeLoader], ids=["libyaml", "pure"])
@pytest.mark.parametrize("escape", ["UFFFFFFFF", "U00110000"])
def test_an_escape_beyond_unicode_is_a_problem_and_no_crash(escape: str, parser: object) -> None:
    loaded = loader.load(f'a: "\\{escape}"\n'.encode(), "hooks.yaml", parser)

    assert loaded.root is None
    assert [problem.code for problem in loaded.problems.found] == ["syntax"]


def test_the_same_mistake_of_many_webhooks_is_told_of_each(tmp_path: Path) -> None:
    lines = "".join(f"    {line}\n" for line in ORDERS.splitlines())
    own = "".join(f"      X-Own-{number}: x\n" for number in range(10))
    inherited = "".join(f"    X-Inherited-{number}: x\n" for number in range(15))
    slugs = ["a", "b", "c", "d", "e", "f"]
    webhooks = "".join(f"  {slug}:\n{lines}    headers:\n{own}" for slug in slugs)
    text = f"version: 1\ndefaults:\n  headers:\n{inherited}webhooks:\n{webhooks}"

    found = read(text, tmp_path)

    assert codes(found) == ["too-many"] * len(slugs)
    assert [problem.path[1] for problem in found.problems] == slugs


def test_references_are_resolved_and_never_to_hooklines_own(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var/key").write_text("the key file")
    (tmp_path / "crm").write_text("from a file\n")

    def with_secret(value: str) -> str:
        return GOOD.replace("}\n", f', secretHeader: {{ name: X-S, value: "{value}" }} }}\n')

    by_file = read(with_secret("${file:crm}"), tmp_path).document
    assert by_file is not None
    assert by_file.secrets == {("webhooks", "orders", "secretHeader", "value"): "from a file"}
    assert codes(read(with_secret("${file:var/key}"), tmp_path)) == ["reference-not-allowed"]
    assert codes(read(with_secret("${file:./var/../var/key}"), tmp_path)) == [
        "reference-not-allowed"
    ]
    assert codes(
        read(with_secret("${env:HOOKLINE_TOKEN}"), tmp_path, {"HOOKLINE_TOKEN": "hl_x"})
    ) == ["reference-not-allowed"]
    assert codes(read(with_secret("${env:EMPTY}"), tmp_path, {"EMPTY": ""})) == ["env-missing"]
    assert codes(read(with_secret("${vault:x}"), tmp_path)) == ["bad-reference"]
    assert codes(read(with_secret("${file:missing}"), tmp_path)) == ["file-missing"]
    assert codes(read(with_secret("in clear"), tmp_path)) == ["plaintext-secret"]


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    text = (
        "version: 1\nwebhooks:\n  a: { url: ftp://x, events: [a], environments: [mars] }\n  B: "
        "{}\n  c: { timeout: 1 }\n"
    )

    assert codes(read(text, tmp_path)) == [
        "bad-url",
        "bad-event",
        "enum",
        "bad-slug",
        "required",
        "required",
        "required",
        "format",
    ]


ONE = (
    "version: 1\nwebhooks:\n  a:\n    url: https://x.example/in\n    environments: [production]\n"
    "    events: [a.b.c]\n"
)


@each_of(
    "code, value",
    [
        ("tag", "!Ref x"),
        ("tag", "!!str x"),
        ("tag", "!Join [a, b]"),
        ("tag", "!Map { a: b }"),
        ("complex-key", "{{ x }}"),
        ("complex-key", "{{{ x.y | z }}}"),
    ],
)
def test_tag_or_braces_without_quotes_are_one_problem_wherever_they_stand(
    tmp_path: Path, code: str, value: str
) -> None:
    fields = [f"{name}: @" for name in FIELDS]
    inside = ["events: [@]", "headers: { X-A: @ }", "filter: { data.a: { in: [@] } }"]
    inside += ["retry: { schedule: [@] }", "secretHeader: { name: X-S, value: @ }"]
    texts = [
        "".join(line for line in ONE.splitlines(True) if not line.strip().startswith(field[:4]))
        + f"    {field}\n"
        for field in (*fields, *inside)
    ]
    texts += ["@\n", "version: 1\nset: @\nwebhooks: {}\n", "version: @\nwebhooks: {}\n"]
    texts += ["version: 1\nwebhooks: @\n", "version: 1\nwebhooks:\n  a: @\n"]
    texts += ["version: 1\ndefaults: @\nwebhooks: {}\n", f"{ONE}    <<: @\n"]
    for text in texts:
        assert codes(read(text.replace("@", value), tmp_path)) == [code], text


def test_braces_without_quotes_are_told_what_passes_in_quotes_too(tmp_path: Path) -> None:
    bare, quoted = (read(f"{ONE}    name: {x}\n", tmp_path) for x in ("{{ x }}", '"{{ x }}"'))
    assert [problem.hint for problem in bare.problems] == [
        "render {{ … }} of another tool first; put a payloadTemplate in quotes"
    ]
    assert [problem.message for problem in quoted.problems] == [
        "name holds {{ … }}: render it first"
    ]
    template = """    payloadTemplate: '{"id": {{ event.id }}}'\n"""
    assert read(ONE + template, tmp_path).problems == []


def test_tag_before_a_key_is_one_problem_also_where_the_key_is_required(tmp_path: Path) -> None:
    keys = ["version", "webhooks", "  a", "    url", "    environments", "    events"]
    texts = [
        ONE.replace(f"{key}:", f"{key.replace(key.strip(), '!x ' + key.strip())}:") for key in keys
    ]
    texts += [f"{ONE}    !x name: b\n", f"{ONE}    !x key: value\n", f"{ONE}    !x [a]: value\n"]
    for text in texts:
        assert codes(read(text, tmp_path)) == ["tag"], text


def test_a_message_does_not_begin_with_the_name_that_its_path_ends_in(tmp_path: Path) -> None:
    lines = '    secretHeader: { name: X-S, value: "${env:CRM}" }\n    description: ${x\n'
    found = read(ONE + lines, tmp_path)
    assert codes(found) == ["env-missing", "bad-reference"]
    for problem in found.problems:
        assert not problem.message.startswith(f"{problem.path[-1]}:")


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("@\nversion: 1\nwebhooks: {}\n", 6),
        ("version: 1\nwebhooks: {}\ndefaults:\n  @\n", len(FIELDS) + 1),
        (f"{ONE}    @\n", len(FIELDS) + 1),
        (f"{ONE}    basicAuth: {{ @ }}\n", 2),
        (f"{ONE}    secretHeader: {{ @ }}\n", 2),
        (f"{ONE}    autoDisable: {{ @ }}\n", 2),
        (f"{ONE}    retry: {{ @ }}\n", 1),
    ],
)
def test_every_key_that_a_hint_names_is_known_there(tmp_path: Path, text: str, count: int) -> None:
    found = read(text.replace("@", "zzzzqqq: x"), tmp_path)
    hints = [problem.hint for problem in found.problems if problem.code == "unknown-key"]
    names = str(hints[0]).removeprefix("known keys: ").split(", ")
    assert len(names) == count
    for name in names:
        assert "unknown-key" not in codes(read(text.replace("@", f"{name}: x"), tmp_path))


UNREADY = ("ENC[AES256_GCM,data:x]", "{{ crm }}", "<% crm %>", "vault:v1:abc")


@each_of("text", UNREADY)
@each_of(
    "field",
    [
        "description: '{}'",
        "url: 'https://crm.example.com/{}'",
        "headers: {{ X-Shop: '{}', X-Key: '${{env:KEY}}' }}",
        "secretHeader: {{ name: X-S, value: '{}' }}",
        "basicAuth: {{ username: '{}', password: '${{env:KEY}}' }}",
        "labels: {{ team: '{}' }}",
        "events: ['{}']",
        "notificationEmails: '{}'",
    ],
)
def test_value_that_nobody_has_decrypted_or_rendered_is_refused(
    tmp_path: Path, field: str, text: str
) -> None:
    lines = [line for line in ORDERS.splitlines() if not line.startswith(field.partition(":")[0])]
    body = "".join(f"    {line}\n" for line in (*lines, field.format(text)))
    found = read(f"version: 1\nwebhooks:\n  orders:\n{body}", tmp_path, {"KEY": "k"})
    if field.startswith(("url", "events")) and not text.startswith(("{{", "<%", "ENC")):
        assert set(codes(found)) <= {"bad-event", "bad-url", "no-value"}
    else:
        assert codes(found) == ["no-value"], found.problems


@each_of("text", [*UNREADY, "(secret)", "********"])
def test_reference_that_leads_to_no_value_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "crm").write_text(text + "\n")
    for reference in ("${env:CRM}", "${file:crm}", "Bearer ${env:CRM}"):
        value = f', secretHeader: {{ name: X-S, value: "{reference}" }} }}\n'
        found = read(GOOD.replace("}\n", value), tmp_path, {"CRM": text})
        # A mask within a longer text is text.
        is_fine = reference.startswith("Bearer") and text in ("(secret)", "********", UNREADY[3])
        assert codes(found) == ([] if is_fine else ["no-value"])
        assert all(text not in problem.message for problem in found.problems)


def test_template_of_a_payload_is_one(tmp_path: Path) -> None:
    value = ", payloadTemplate: '{\"a\": {{ event.data.a }}}' }\n"
    assert codes(read(GOOD.replace("}\n", value), tmp_path)) == []


def test_file_that_sops_has_encrypted_has_one_fault(tmp_path: Path) -> None:
    text = "version: ENC[AES256_GCM,data:x]\nwebhooks: ENC[AES256_GCM,data:y]\nsops: {mac: z}\n"
    found = read(text, tmp_path)
    assert codes(found) == ["no-value"]
    assert found.problems[0].position.line == 3
    assert "sops" in found.problems[0].message


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"crm-key\n\n", "ends in several line breaks"),
        (b"crm-key\r\n\n", "ends in several line breaks"),
        (b"\xef\xbb\xbfcrm-key", "begins with a byte order mark"),
    ],
)
def test_what_editors_leave_in_a_secret_is_told_with_its_source(
    tmp_path: Path, content: bytes, said: str
) -> None:
    (tmp_path / "crm").write_bytes(content)
    for reference, source in (("${env:CRM}", "variable CRM"), ("${file:crm}", "file 'crm'")):
        value = f', secretHeader: {{ name: X-S, value: "{reference}" }} }}\n'
        found = read(GOOD.replace("}\n", value), tmp_path, {"CRM": content.decode()})
        [problem] = found.problems
        assert problem.code == "bad-character"
        assert source in problem.message
        assert said in problem.message
        assert "crm-key" not in problem.message


def test_one_line_end_is_dropped_from_a_variable_as_from_a_file(tmp_path: Path) -> None:
    value = ', secretHeader: { name: X-S, value: "${env:CRM}" } }\n'
    for text in ("crm-key", "crm-key\n", "crm-key\r\n"):
        document = read(GOOD.replace("}\n", value), tmp_path, {"CRM": text}).document
        assert document is not None
        assert list(document.secrets.values()) == ["crm-key"]


def test_no_retry_and_a_minute_for_an_attempt_can_be_said(tmp_path: Path) -> None:
    field = ", retry: { schedule: [] }, timeout: 60s }\n"
    document = read(GOOD.replace("}\n", field), tmp_path).document
    assert document is not None
    values = document.webhooks["orders"].values
    assert (values["retry"], values["timeout"]) == ({"schedule": []}, "1m")
    assert codes(read(GOOD.replace("}\n", ", timeout: 61s }\n"), tmp_path)) == ["range"]


def test_characters_of_ascii_are_hidden_as_the_same_ones_are_beside_others() -> None:
    for character in map(chr, range(128)):
        for text in (f"a{character}b", f"{character}\n", f"\n{character}"):
            # Beyond ASCII the pattern looks alone.
            beside = hidden_character(f"{text}é")
            assert (hidden_character(text) is None) == (beside is None), repr(text)
