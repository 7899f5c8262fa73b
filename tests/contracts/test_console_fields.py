"""The console reads, edits and writes down each field of a webhook: a new one is told of here, as
its form is made by hand.
"""

import re
from pathlib import Path

import pytest

from hookline.form.webhook_fields import FIELDS

SOURCES = Path(__file__).parents[2] / "web/console/src/webhooks"
SIGNING = {"signingAlgorithm", "signingSecret"}
"""In a card of their own; the secret is written down nowhere."""


def words(file: str, between: tuple[str, str]) -> set[str]:
    """Words of the part of a file between two texts."""
    text = (SOURCES / file).read_text("utf-8")
    begin, end = between
    part = text.partition(begin)[2].partition(end)[0]
    assert part, (file, begin)
    return set(re.findall(r"\w+", part))


@pytest.mark.parametrize(
    ("file", "between", "left_out"),
    [
        ("configure/documents.ts", ("fragment WebhookForm on Webhook {", "`);"), SIGNING),
        ("form.ts", ("const FIELDS =", ".split("), SIGNING),
        ("configure/show.ts", ("function yamlOf(", "\n}"), {"signingSecret"}),
    ],
)
def test_the_console_knows_each_field(
    file: str, between: tuple[str, str], left_out: set[str]
) -> None:
    assert FIELDS.keys() - words(file, between) == left_out
