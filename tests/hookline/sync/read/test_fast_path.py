"""The fast path reads a webhook as the tree does, or leaves it to the tree."""

import json
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hookline.form.placeholders import is_harmless, unready
from hookline.form.webhook_fields import FIELDS
from hookline.sync.read import file_decoding
from hookline.sync.read.fast_path import FastPath
from hookline.sync.read.nodes import from_json
from hookline.sync.read.positions import Positions
from hookline.sync.read.problems import Problems
from hookline.sync.read.references import LocalReferences, References, UnresolvedReferences
from tests.hookline.sync.files import BOUNDS

SIGNING = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
VARIABLES = {"KEY": "hush", "MASK": "(secret)", "SIGNING": SIGNING, "LONG": "x" * 5_000}
SECRETS = ["${env:KEY}", "a ${env:KEY} $${b}", "${env:MASK}", "${env:NONE}", "${env:LONG}", "plain"]
# Of each kind, whatever a file may have there, right and wrong.
TEXTS: list[Any] = [
    *("Orders", " ", "", "0123", 5, True, None, 1.5, [], {}, "ä", "a\nb", "\ufeffa", "\u202ea"),
    *("${env:KEY}", "$${a}", "{{ a }}", "{{", "ENC[a]", "vault:v1:a", "<%= a %>", "(secret)"),
    *("-----BEGIN PGP MESSAGE-----", "***", "x" * 101, "x" * 5_000, "\x7f", "\ud800", "a\u200b"),
]
WORDS = ["5s", "60s", "1m", "90m", "20/s", "600/m", "HMAC_SHA256", "text/plain", "FAILING", "1"]
GOOD: dict[str, list[Any]] = {
    "name": ["Orders", "Bestellungen für 5", 123],
    "description": ["", "two\nlines", "Sends orders."],
    "url": ["https://crm.example.com/in", "HTTPS://Crm.Example.com:443", "https://ä.de/${x", "ftp"],
    "active": [True, False, "true", "yes"],
    "environments": [["production"], ["staging", "production"], ["production"] * 2, ["no"]],
    "events": [
        *(["order.*.create"], ["a.b.c", "a.b.c"], ["b.b.b", "a.a.a"], ["a.b"], "a.b.c", [None]),
        *([{"object": "a", "model": "*", "action": 5}], [{"object": "a", "model": "b"}]),
    ],
    "headers": [
        *({}, {"X-Source": "shop", "X-Version": 1}, {"X-A": "1", "x-a": "2"}, {"X-A": " b"}),
        *({"X-Api-Key": "${env:KEY}"}, {"X-Api-Key": "a"}, {"X-A": "***"}, {"Host": "a"}),
        *({"X-A": None}, {"X A": "b"}, {"a:b": "c"}, {"X-Hook": "b"}, {"Authorization": "a"}),
    ],
    "secretHeader": [
        *({"name": "X-Hook", "value": secret} for secret in SECRETS),
        *({"name": "X-Hook"}, {"name": "Host", "value": "${env:KEY}"}, {"value": "${env:KEY}"}),
        {"name": "X-Hook", "value": "${env:KEY}", "more": 1},
    ],
    "basicAuth": [{"username": "shop", "password": secret} for secret in SECRETS]
    + [{"username": "a:b", "password": "${env:KEY}"}, {"username": "shop"}],
    "timeout": WORDS,
    "concurrency": [5, 0, 101, "5", 5.0, True, 10**20],
    "retry": [{"schedule": []}, {"schedule": ["5s", "60s"]}, {"schedule": ["1x"]}, {}, {"a": 1}],
    "labels": [{}, {"b": "2", "a": 1}, {"A": "b"}, {"a": ""}, {"a": "x" * 201}, {"a": "(secret)"}],
    "signingAlgorithm": ["HMAC_SHA256", "ED25519", "none"],
    "signingSecret": ["${env:SIGNING}", "${env:KEY}", SIGNING],
    "filter": [
        *({"data.total": {"gte": 10}}, {"data.total": {"gte": 1.50}}, {"a": {"in": ["x", 1e300]}}),
        *(
            {"data.a": {"eq": "${env:KEY}"}},
            {"data.a": {"eq": 10**16}},
            {},
            {"a": {"eq": "{{ b }}"}},
        ),
    ],
    "payloadTemplate": ["{{ event.id }}", "a ${env:KEY}", "", "x"],
    "payloadContentType": ["text/plain", "application/json", "text"],
    "rateLimit": ["20/s", "600/m", *WORDS],
    "autoDisable": [None, {}, {"failures": 5, "over": "1d"}, {"failures": "5"}, {"over": "0s"}],
    "notificationEmails": ["a@b.example, c@d.example", ["a@b.example"], ["a"], [], [None], 5],
    "notifyOn": [[], ["FAILING"], ["FAILING", "AUTO_DISABLED"], ["FAILING"] * 2, ["none"]],
    "lifecycle": [{"preventDestroy": True}, {"ignoreChanges": ["url"]}, {"ignoreChanges": ["x"]}],
    "unknown": ["x"],
}
REQUIRED = {
    "url": "https://crm.example.com/in",
    "environments": ["production"],
    "events": ["order.*.create"],
}


def field(name: str) -> st.SearchStrategy[Any]:
    texts = st.text(max_size=8) if name in ("name", "description", "url") else st.nothing()
    # Right more often than wrong, or every webhook were one for the tree.
    likely, rare = st.sampled_from(GOOD[name][:2]), st.sampled_from([*GOOD[name], *TEXTS])
    return st.one_of(likely, likely, likely, likely, rare, texts)


# Few of them, or hardly any webhook were right.
CONTENTS = st.lists(st.sampled_from([*GOOD]), max_size=4, unique=True).flatmap(
    lambda names: st.fixed_dictionaries({name: field(name) for name in names})
)


def test_every_field_has_values_here() -> None:
    assert FIELDS.keys() <= GOOD.keys()


@given(
    contents=st.lists(CONTENTS, min_size=1, max_size=3), whole=st.booleans(), known=st.booleans()
)
def test_fast_path_and_tree_read_the_same(
    contents: list[dict[str, Any]], whole: bool, known: bool
) -> None:
    references: References = (
        LocalReferences(VARIABLES, Path("/nowhere"), Path("/nowhere"))
        if known
        else UnresolvedReferences()
    )
    fast_path = FastPath(BOUNDS, references)
    # Several, since the second one meets what was remembered of the first.
    for content in contents:
        given = {**REQUIRED, **content} if whole else content
        fast = fast_path.webhook("a", given)
        problems = Problems("a.yaml")
        root = from_json({"version": 1, "webhooks": {"a": given}}, Positions())
        tree = file_decoding.decode_by_tree(root, BOUNDS, references, problems)
        if fast is not None:
            assert not problems.found, problems.found
            webhook = tree.webhooks["a"]
            assert (fast.values, fast.lifecycle) == (webhook.values, webhook.lifecycle)
            known_secrets = {
                path: secret for path, secret in fast.secrets.items() if isinstance(secret, str)
            }
            assert known_secrets == tree.secrets
            assert json.dumps(tree.content["webhooks"]["a"]) == json.dumps(given)  # type: ignore[index]


def test_usual_webhooks_take_the_fast_path() -> None:
    references = LocalReferences(VARIABLES, Path("/nowhere"), Path("/nowhere"))
    fast_path = FastPath(BOUNDS, references)
    for name, values in GOOD.items():
        if name not in ("unknown", "payloadContentType"):
            assert fast_path.webhook("a", {**REQUIRED, name: values[0]}), name


@given(st.text("${<[%ENCvault:v1AGEag-ncryptio BEGIPM]}ä\n", max_size=30))
def test_a_harmless_text_is_ready_and_holds_no_reference(text: str) -> None:
    if is_harmless(text):
        assert unready(text) is None
        assert "${" not in text
        assert text.isprintable()
