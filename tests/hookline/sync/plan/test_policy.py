"""The rails: what keeps a plan from being applied, and the option that lifts it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hookline.sync.options import Options
from hookline.sync.plan import policy as rails
from hookline.sync.plan.changes import Change, ChangeKind, FieldChange
from hookline.sync.plan.webhooks import Planned
from hookline.sync.policy import DriftPolicy, Rules, limits_of

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)


def plan(*changes: Change, owned_elsewhere: tuple[tuple[str, str], ...] = ()) -> Planned:
    return Planned("storefront", 1, changes, 0, owned_elsewhere=owned_elsewhere)


def change(kind: ChangeKind, slug: str = "orders") -> Change:
    return Change(
        kind, slug, None, (FieldChange("url", "a", "b", "c"),), None, 'changed by token "support"'
    )


def blocked(
    found: Planned, options: Options | None = None, is_empty: bool = False
) -> list[tuple[str, str | None, str | None]]:
    options = options or Options()
    limits = limits_of(Rules(), options.on_drift, options.allow_removals, 0)
    blocks = rails.check(replace(found, limits=limits), is_empty, options, None, None)
    return [(block.code, block.slug, block.flag) for block in blocks]


@pytest.mark.parametrize(
    "kind", [ChangeKind.CREATE, ChangeKind.UPDATE, ChangeKind.RELEASE, ChangeKind.DISABLE]
)
def test_everyday_changes_pass(kind: ChangeKind) -> None:
    assert blocked(plan(change(kind))) == []


def test_more_than_ten_removals_are_blocked_unless_allowed() -> None:
    ten = [change(ChangeKind.DISABLE, f"a{n}") for n in range(10)]
    eleven = plan(*ten, change(ChangeKind.DISABLE))
    assert blocked(plan(*ten)) == []
    assert blocked(eleven) == [("removals", None, "--allow-removals 11")]
    assert blocked(eleven, Options(allow_removals=11)) == []
    assert blocked(plan(*ten), Options(allow_removals=0)) == [
        ("removals", None, "--allow-removals 10")
    ]


def test_a_file_without_webhooks_is_blocked_unless_allowed() -> None:
    assert blocked(plan(), is_empty=True) == [("empty-set", None, "--allow-empty")]
    assert blocked(plan(), Options(allow_empty=True), is_empty=True) == []


@pytest.mark.parametrize("kind", [ChangeKind.DRIFT, ChangeKind.CONFLICT])
def test_what_was_changed_by_hand_blocks_until_somebody_decides(kind: ChangeKind) -> None:
    [block] = rails.check(plan(change(kind)), False, Options(), None, None)
    assert (block.code, block.slug) == ("drift", "orders")
    assert block.message == "orders: url changed by hand, by whom is not recorded"
    for policy in (DriftPolicy.OVERWRITE, DriftPolicy.KEEP):
        assert blocked(plan(change(kind)), Options(on_drift=policy)) == []


def test_adopting_needs_a_word() -> None:
    assert blocked(plan(change(ChangeKind.ADOPT))) == [("adopt", "orders", "--adopt")]
    assert blocked(plan(change(ChangeKind.ADOPT)), Options(adopt=True)) == []


def test_nothing_lifts_that_another_set_owns_a_webhook() -> None:
    everything = Options(
        adopt=True,
        on_drift=DriftPolicy.OVERWRITE,
        allow_empty=True,
        allow_removals=99,
        allow_older=True,
    )
    assert blocked(plan(owned_elsewhere=(("orders", "warehouse"),)), everything) == [
        ("owned-elsewhere", "orders", None)
    ]


def test_an_older_commit_is_blocked_and_an_equal_or_untold_one_is_not() -> None:
    def codes(committed_at: datetime | None, options: Options | None = None) -> list[str]:
        return [
            block.code
            for block in rails.check(plan(), False, options or Options(), NOW, committed_at)
        ]

    assert codes(NOW - timedelta(seconds=1)) == ["older"]
    assert codes(NOW - timedelta(seconds=1), Options(allow_older=True)) == []
    assert codes(NOW) == codes(NOW + timedelta(days=1)) == codes(None) == []


def test_all_that_blocks_is_told_at_once() -> None:
    found = plan(
        change(ChangeKind.ADOPT),
        change(ChangeKind.DRIFT, "other"),
        owned_elsewhere=(("third", "warehouse"),),
    )
    assert [code for code, _, _ in blocked(found, is_empty=True)] == [
        "owned-elsewhere",
        "empty-set",
        "adopt",
        "drift",
    ]
