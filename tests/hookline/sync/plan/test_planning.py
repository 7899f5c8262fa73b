"""The plan: the three-way table of the documentation, case by case."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hookline.form.kinds import UNKNOWN_SECRET
from hookline.sync.options import Options
from hookline.sync.plan.changes import ChangeKind
from hookline.sync.plan.planning import plan
from hookline.sync.plan.webhooks import Planned
from hookline.sync.policy import DriftPolicy
from hookline.sync.read.file_fields import Lifecycle
from tests.hookline.sync.files import told
from tests.hookline.sync.plan.states import (
    OTHER_PRINT,
    PRINT,
    REQUIRED,
    SET,
    applied,
    live,
    planned,
    wanted,
)
from tests.tables import each_of


def written(found: Planned) -> dict[str, Any]:
    [write] = found.writes
    return dict(write.values)


OVERWRITE, KEEP = DriftPolicy.OVERWRITE, DriftPolicy.KEEP
L20, V20, D20 = {"timeout": "20s"}, {"timeout": "20s"}, {"timeout": "20s"}
L5, V5, D5 = {"timeout": "5s"}, {"timeout": "5s"}, {"timeout": "5s"}
D9 = {"timeout": "9s"}
NONE: dict[str, Any] = {}

# last applied, live, wanted: the plan; what OVERWRITE writes; whether the set owns the field then
TABLE = [
    ("D = V", L20, V20, D20, [], None, True),
    ("D = V though L differs", L5, V20, D20, [], NONE, True),
    ("V = L, D differs", L5, V5, D20, ["UPDATE orders timeout"], D20, True),
    ("D = L, V differs", L5, V20, D5, ["DRIFT orders timeout"], D5, True),
    ("all differ", L5, V20, D9, ["CONFLICT orders timeout"], D9, True),
    ("gone from D, V = L", L5, V5, NONE, ["UPDATE orders timeout"], {"timeout": "15s"}, False),
    ("gone from D, V = L = default", {"timeout": "15s"}, NONE, NONE, [], NONE, False),
    ("gone from D, V differs", L5, V20, NONE, ["RELEASE orders timeout"], NONE, False),
    ("not in L, V is the default", NONE, NONE, D20, ["UPDATE orders timeout"], D20, True),
    ("not in L, V is not the default", NONE, V5, D20, ["CONFLICT orders timeout"], D20, True),
    ("not in L, D = V", NONE, V20, D20, [], NONE, True),
    ("in none of them", NONE, V20, NONE, [], None, False),
]


@each_of("last, now, wish, changes, writes, owned", [row[1:] for row in TABLE])
def test_a_field_is_judged_three_ways(
    last: dict[str, Any],
    now: dict[str, Any],
    wish: dict[str, Any],
    changes: list[str],
    writes: dict[str, Any] | None,
    owned: bool,
) -> None:
    found = planned(wanted(**wish), live(applied=last, **now), OVERWRITE)
    assert told(found) == changes
    if writes is None:
        assert found.writes == ()
    else:
        assert written(found) == writes
        assert ("timeout" in found.writes[0].applied) == owned


def test_blocked_drift_writes_nothing_of_the_disputed_field() -> None:
    for policy in (DriftPolicy.BLOCK, KEEP):
        found = planned(
            wanted(timeout="5s", concurrency=5),
            live(applied={"timeout": "5s"}, timeout="20s"),
            policy,
        )
        assert written(found) == {"concurrency": 5}
        assert found.writes[0].applied["timeout"] == "5s"


def test_kept_drift_alone_has_no_effect() -> None:
    found = planned(wanted(timeout="5s"), live(applied={"timeout": "5s"}, timeout="20s"), KEEP)
    assert (told(found), found.has_effect, found.writes) == (["DRIFT orders timeout"], False, ())


def test_drift_shows_what_was_applied_what_is_wanted_and_what_is_there() -> None:
    [change] = planned(wanted(timeout="9s"), live(applied={"timeout": "5s"}, timeout="20s")).changes
    [field] = change.fields
    assert (field.before, field.after, field.live) == ("5s", "9s", "20s")
    assert change.hint is None


def test_an_adopted_webhook_gets_what_the_file_wants_and_keeps_the_rest() -> None:
    unmanaged = replace(live(timeout="20s", concurrency=3), set_name=None, applied={})
    found = planned(wanted(timeout="9s"), unmanaged)
    assert (told(found), written(found)) == (["ADOPT orders timeout"], {"timeout": "9s"})
    assert set(found.writes[0].applied) == {*REQUIRED, "timeout"}


def test_an_adopted_webhook_that_is_right_already_is_a_change_all_the_same() -> None:
    found = planned(wanted(), replace(live(), set_name=None, applied={}))
    assert (told(found), found.has_effect) == (["ADOPT orders"], True)


@pytest.mark.parametrize("guess", [PRINT, OTHER_PRINT, UNKNOWN_SECRET])
def test_a_secret_of_an_adopted_webhook_counts_as_another_one_equal_or_not(guess: Any) -> None:
    unmanaged = replace(
        live(
            secretHeader={"name": "X-Key", "value": PRINT},
            headers=[{"name": "X-Token", "value": PRINT}, {"name": "X-A", "value": "1"}],
        ),
        set_name=None,
        applied={},
    )
    wish = wanted(
        secretHeader={"name": "X-Key", "value": guess},
        headers=[{"name": "x-token", "value": guess}, {"name": "X-A", "value": "1"}],
    )
    assert told(planned(wish, unmanaged)) == ["ADOPT orders headers,secretHeader"]


def test_a_new_webhook_gets_its_slug_as_name() -> None:
    found = plan(SET, 0, [wanted()], [])
    assert written(found) == {"name": "orders", **REQUIRED}
    assert found.writes[0].applied == REQUIRED


def test_what_is_taken_out_is_turned_off_once() -> None:
    found = plan(SET, 1, [], [live()])
    assert (told(found), written(found)) == (["DISABLE orders active"], {"active": False})
    # At its last line stands another webhook by now.
    assert found.changes[0].position is None
    assert told(plan(SET, 1, [], [replace(live(active=False), is_removed=True)])) == []


def test_what_is_taken_out_while_off_is_only_remembered() -> None:
    found = plan(SET, 1, [], [live(active=False)])
    assert (told(found), written(found), found.writes[0].is_removed) == (
        ["DISABLE orders"],
        {},
        True,
    )


@each_of("last", [{}, {"active": True}])
@each_of("wish, is_on", [({}, True), ({"active": True}, True), ({"active": False}, False)])
def test_what_comes_back_is_turned_on_unless_the_file_wants_it_off(
    last: dict[str, Any], wish: dict[str, Any], is_on: bool
) -> None:
    [removal] = plan(SET, 1, [], [live(applied=last)]).writes
    gone = replace(applied(live(), removal), is_removed=True)
    found = planned(wanted(**wish), gone)
    assert [change.kind for change in found.changes] == [ChangeKind.UPDATE]
    assert applied(gone, found.writes[0]).form["active"] is is_on


def test_a_webhook_of_another_set_is_left_alone() -> None:
    found = planned(wanted(timeout="9s"), replace(live(), set_name="warehouse"))
    assert (found.changes, found.writes, found.owned_elsewhere, found.unchanged) == (
        (),
        (),
        (("orders", "warehouse"),),
        0,
    )


def test_header_names_are_equal_in_any_case_and_order() -> None:
    wish = [{"name": "X-A", "value": "1"}, {"name": "x-token", "value": PRINT}]
    there: list[dict[str, Any]] = [
        {"name": "X-Token", "value": PRINT},
        {"name": "x-a", "value": "1"},
    ]
    found = planned(wanted(headers=wish), live(headers=there, applied={"headers": there}))
    assert (told(found), found.writes) == ([], ())
    changed = planned(
        wanted(headers=wish),
        live(headers=[{**there[0], "value": OTHER_PRINT}, there[1]], applied={"headers": wish}),
    )
    assert told(changed) == ["DRIFT orders headers"]


def test_secrets_are_masked_in_what_is_shown() -> None:
    there: dict[str, Any] = {"name": "X-Key", "value": PRINT}
    [change] = planned(
        wanted(secretHeader={"name": "X-Key", "value": OTHER_PRINT}),
        live(secretHeader=there, applied={"secretHeader": there}),
    ).changes
    [field] = change.fields
    assert field.is_secret
    assert field.before == field.after == field.live == {"name": "X-Key", "value": "(secret)"}


def test_an_unknown_secret_equals_any_and_shows_as_unknown() -> None:
    wish = wanted(basicAuth={"username": "shop", "password": UNKNOWN_SECRET})
    assert told(planned(wish, live(basicAuth={"username": "shop", "password": PRINT}))) == []
    [change] = plan(SET, 0, [wish], []).changes
    assert {field.field: field.after for field in change.fields}["basicAuth"] == {
        "username": "shop",
        "password": "(unknown)",
    }


def test_secrets_that_are_not_known_are_named_where_they_were_not_compared() -> None:
    header, kept = {"name": "X-Key", "value": PRINT}, [{"name": "X-Token", "value": PRINT}]
    there = live(
        applied={"secretHeader": header, "headers": kept}, secretHeader=header, headers=kept
    )
    unknown = {**header, "value": UNKNOWN_SECRET}
    wish = wanted(secretHeader=unknown, headers=kept, signingSecret=UNKNOWN_SECRET)
    found = planned(wish, there)
    assert found.unknown_secrets == ("orders.secretHeader.value", "orders.signingSecret")
    assert planned(wanted(secretHeader=header), there).unknown_secrets == ()


def test_a_signing_secret_that_is_no_longer_in_the_file_stays() -> None:
    found = planned(wanted(), live(applied={"signingSecret": PRINT}))
    assert (told(found), written(found)) == (["RELEASE orders signingSecret"], {})


def test_a_file_that_contradicts_what_is_there_is_a_problem_at_its_place() -> None:
    by_hand = [{"name": "X-Shop", "value": "a"}]
    [problem] = planned(
        wanted(secretHeader={"name": "x-shop", "value": PRINT}), live(headers=by_hand)
    ).problems
    assert (problem.code, problem.position.line, problem.path) == (
        "duplicate-header",
        9,
        ("webhooks", "orders", "secretHeader", "name"),
    )


def test_a_digest_tells_versions_and_secrets_apart() -> None:
    there = live(
        secretHeader={"name": "X-Key", "value": PRINT},
        applied={"secretHeader": {"name": "X-Key", "value": PRINT}},
    )

    def digest(secret: str, version: int = 1, base: int = 1, **options: Any) -> str:
        wish = wanted(secretHeader={"name": "X-Key", "value": {"fingerprint": secret}})
        return plan(SET, base, [wish], [replace(there, version=version)], Options(**options)).digest

    assert digest("bb") == digest("bb")
    assert len({digest("bb"), digest("cc"), digest("bb", version=2), digest("bb", base=2)}) == 4
    # A check that is lifted, and patience with a lock, which decides nothing.
    assert digest("bb", adopt=True) != digest("bb") != digest("bb", allow_removals=20)
    assert digest("bb", lock_timeout=timedelta(0)) == digest("bb")


def test_a_digest_tells_each_value_of_a_new_webhook_apart() -> None:
    """Also of one that is not compared later: it is written once."""

    def digest(key: str, timeout: str) -> str:
        header = {"name": "X-Key", "value": {"fingerprint": key}}
        wish = replace(
            wanted(secretHeader=header, timeout=timeout),
            lifecycle=Lifecycle(ignored=frozenset({"timeout"})),
        )
        return plan(SET, 0, [wish], []).digest

    assert digest("aa", "9s") == digest("aa", "9s")
    assert len({digest("aa", "9s"), digest("bb", "9s"), digest("aa", "8s")}) == 3


def test_a_digest_tells_what_stands_beside_an_unknown_secret_of_a_new_webhook() -> None:
    def digest(shop: str) -> str:
        headers = [
            {"name": "X-Shop", "value": shop},
            {"name": "X-Api-Key", "value": UNKNOWN_SECRET},
        ]
        return plan(SET, 0, [wanted(headers=headers)], []).digest

    assert digest("a") == digest("a")
    assert digest("a") != digest("b")
