"""Names of event types and patterns: which part breaks the rule, and a name that would pass."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline.form.event_names import PATTERN, TYPE, _nearest, pattern_fault, type_fault
from tests.tables import each_of


@each_of(
    "text, said",
    [
        (
            "invoice.paid",
            "has 2 parts, and must have three, object.model.action, such as billing.invoice.paid",
        ),
        (
            "invoice",
            "has 1 part, and must have three, object.model.action, such as shop.invoice.created",
        ),
        ("", "has no part, and must have three, object.model.action, such as billing.invoice.paid"),
        ("a.b.c.d", "has 4 parts, and must have three, object.model.action, such as a.b.c_d"),
        (
            "order.Order.create",
            "has a second part that has capital letters. Write order.order.create",
        ),
        ("order.order.", "has a third part that is empty. Write billing.order.order"),
        (
            "order.*.create",
            "has a second part that has *, which only the patterns of webhooks "
            "may have. Write billing.order.create",
        ),
        (
            "order.line item.create",
            "has a second part that has the character ' ': letters, "
            "digits, - and _ may be. Write order.line-item.create",
        ),
        (
            "_order.order.create",
            "has a first part that begins with '_': it must begin with a "
            "letter or digit. Write order.order.create",
        ),
        (
            "order.order.\x1b",
            "has a third part that begins with '\\u001b': it must begin with a "
            "letter or digit. Write billing.order.order",
        ),
    ],
)
def test_type_that_is_none_says_which_part_and_what_would_pass(text: str, said: str) -> None:
    assert type_fault(text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("order.*", "has 2 parts, and must have three, object.model.action, such as order.*.*"),
        ("*", "has 1 part, and must have three, object.model.action, such as *.*.*"),
        ("order.ord*.create", "has a second part that has * beside other characters: * stands "
         "for a whole part. Write order.*.create"),
        ("ORDER.*.*", "has a first part that has capital letters. Write order.*.*"),
    ],
)  # fmt: skip
def test_pattern_that_is_none_says_which_part_and_what_would_pass(text: str, said: str) -> None:
    assert pattern_fault(text) == said


def test_length_of_a_part_is_told() -> None:
    fault = type_fault("a." + "b" * 65 + ".c")
    assert fault is not None
    assert fault.startswith("has a second part that is 65 characters long: at most 64 may be.")


def test_good_names_have_no_fault() -> None:
    assert type_fault("order.line-item.create_2") is None
    assert pattern_fault("*.line-item.*") is None


@given(st.text(st.sampled_from("aB0._-* é\x00"), max_size=140))
def test_the_name_that_is_told_would_pass(text: str) -> None:
    for fault, rule, is_pattern in (
        (type_fault(text), TYPE, False),
        (pattern_fault(text), PATTERN, True),
    ):
        assert (fault is None) == (rule.fullmatch(text) is not None)
        assert rule.fullmatch(_nearest(text.split("."), is_pattern))
