"""Scopes that are bound to a set, and what covers what."""

from hookline.access.scopes import (
    ROLES,
    SCOPES,
    SET_SCOPES,
    bound_to,
    covers,
    in_order,
    is_scope,
)
from hookline.form.check import check_slug
from tests.tables import each_of


@each_of("text", [*SCOPES, "sync:apply:team-a", "sync:plan:default"])
def test_these_are_scopes(text: str) -> None:
    assert is_scope(text)


@each_of(
    "text",
    ["root", "sync:apply:", "sync:apply:A", "sync:apply:a:b", "sync:apply:*", "webhooks:read:a"],
)
def test_these_are_none(text: str) -> None:
    assert not is_scope(text)


def test_a_scope_of_every_set_covers_one_set_and_never_the_other_way_round() -> None:
    assert covers({"sync:apply"}, "sync:apply:a")
    assert covers({"sync:apply:a"}, "sync:apply:a")
    assert not covers({"sync:apply:a"}, "sync:apply")
    assert not covers({"sync:apply:a"}, "sync:apply:b")
    assert not covers({"sync:plan"}, "sync:apply:a")


def test_a_role_is_bound_in_its_sync_scopes_only() -> None:
    assert bound_to(ROLES["sync"], "a") == (
        "webhooks:read",
        "deliveries:read",
        "sync:plan:a",
        "sync:apply:a",
    )


def test_scopes_come_in_the_order_of_the_table_with_the_bound_ones_behind() -> None:
    given = ["sync:apply:b", "audit:read", "sync:apply:a", "webhooks:read", "audit:read"]
    assert in_order(given) == ("webhooks:read", "audit:read", "sync:apply:a", "sync:apply:b")


@each_of("name", ["a", "team-a", "0", "a" * 63, "a" * 64, "", "A", "a_b", "ä"])
def test_a_set_that_a_scope_names_is_a_set_that_a_file_can_have(name: str) -> None:
    assert is_scope(f"{SET_SCOPES[0]}:{name}") == (not check_slug(name))
