"""A document that a command sent is, once decoded, the same webhooks that the file has; and nothing
that is sent can do harm.
"""

import json
from typing import Any

import pytest

from hookline.form.kinds import UNKNOWN_SECRET
from hookline.sync.read import received
from hookline.sync.read.document import Document
from hookline.sync.read.positions import Positions, unpacked
from hookline.sync.read.problems import Problems
from tests.hookline.sync.files import BOUNDS, document

RICH = """
version: 1
set: storefront
x-retry: &retry { schedule: [5s, 300s] }
defaults:
  environments: [production]
  headers: { X-Source: shop, X-Api-Key: "${env:API}" }
  labels: { team: a }
webhooks:
  no:
    name: 0123
    description: "~"
    url: https://crm.example.com/in
    active: false
    events: [order.*.create, { object: product, model: "*", action: update }]
    headers: { x-source: 12:30, X.Dotted: true, X-Empty: "" }
    secretHeader: { name: X-Hook, value: "a ${env:CRM} $${b}" }
    retry: *retry
    concurrency: 5
  other:
    <<: { timeout: 5s }
    url: https://other.example.com/in?a=1
    description: |
      two
      lines
    events: ["*.*.*"]
    environments: [staging, development]
    basicAuth: { username: 10, password: "${env:SHOP}" }
    signingSecret: ${env:SIGNING}
"""
SECRETS = {
    "API": "k3y-0f-sh0p",
    "CRM": "hush-0f-sh0p",
    "SHOP": "pa55-0f-sh0p",
    "SIGNING": "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
}


def over_the_wire(sent: Document, **changes: Any) -> tuple[Document, Problems]:
    whole = json.loads(
        json.dumps({"content": sent.content, "positions": sent.positions.packed(), **changes})
    )
    return received.decode(
        whole["content"],
        whole["positions"],
        changes.get("secrets", sent.secrets),
        BOUNDS,
        changes.get("may_be_unknown", False),
    )


def test_a_file_arrives_as_it_is_with_its_places() -> None:
    sent = document(RICH, SECRETS)
    got, problems = over_the_wire(sent)
    assert problems.found == []
    assert (got.set_name, got.webhooks) == (sent.set_name, sent.webhooks)
    assert got.secrets == sent.secrets
    assert dict(got.positions.items()) == dict(sent.positions.items())
    whole = {
        **dict(sent.positions.items()),
        "moved.0": ("b.yaml", 7, 1),
        "policy.prune": ("a.b.yaml", 2, 3),
    }
    packed = Positions(whole.items()).packed()
    assert dict(unpacked(json.loads(json.dumps(packed))).items()) == whole
    assert dict(unpacked(json.loads(json.dumps(whole))).items()) == whole
    assert "k3y-0f-sh0p" not in str(sent.content)


def test_a_file_without_webhooks_arrives() -> None:
    got, problems = over_the_wire(document("version: 1\nset: storefront\nwebhooks: {}\n"))
    assert (got.set_name, got.webhooks, problems.found) == ("storefront", {}, [])


def test_a_warning_is_told_again_where_it_stands() -> None:
    sent = document(RICH.replace('["*.*.*"]', '["*.*.*", "*.*.*"]'), SECRETS)
    _, problems = over_the_wire(sent)
    assert [
        (problem.code, problem.severity, problem.position.line) for problem in problems.found
    ] == [("duplicate-item", "warning", 26)]


@pytest.mark.parametrize("may_be_unknown", [True, False])
def test_a_secret_that_was_not_sent_is_unknown_or_a_problem(may_be_unknown: bool) -> None:
    got, problems = over_the_wire(
        document(RICH, SECRETS), secrets={}, may_be_unknown=may_be_unknown
    )
    if may_be_unknown:
        assert got.has_unknown_secrets()
        assert got.webhooks["other"].values["signingSecret"] is UNKNOWN_SECRET
    else:
        assert {problem.code for problem in problems.found} == {"bad-reference"}
        assert len(problems.found) == 5


def test_a_secret_in_clear_is_refused_although_it_was_sent_twice() -> None:
    sent = document(RICH, SECRETS)
    sent.content["webhooks"]["other"]["basicAuth"]["password"] = "pa55-0f-sh0p"  # type: ignore[index]
    _, problems = over_the_wire(sent)
    assert [problem.code for problem in problems.found] == ["plaintext-secret"]
    assert "pa55-0f-sh0p" not in repr(problems.found)
