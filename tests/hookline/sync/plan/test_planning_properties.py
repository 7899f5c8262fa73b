"""Properties of plans: what must hold for any file and any state."""

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hookline.sync.options import Options
from hookline.sync.plan.changes import ChangeKind
from hookline.sync.plan.planning import drift, plan
from hookline.sync.plan.webhooks import Planned, StoredWebhook
from hookline.sync.policy import DriftPolicy, FilePolicy, Prune, Rules
from hookline.sync.read.file_fields import Lifecycle, Move
from hookline.sync.read.problems import Position
from tests.hookline.sync.files import told
from tests.hookline.sync.plan.states import OTHER_PRINT, PRINT, SET, applied, live, wanted

OVERWRITE, KEEP = DriftPolicy.OVERWRITE, DriftPolicy.KEEP

fields = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["orders", "Orders", "a"]),
        "description": st.sampled_from([None, "one"]),
        "active": st.booleans(),
        "timeout": st.sampled_from(["15s", "20s", "5s"]),
        "concurrency": st.sampled_from([10, 5]),
        "headers": st.sampled_from(
            [
                [],
                [{"name": "X-A", "value": "1"}],
                [{"name": "X-Key", "value": PRINT}, {"name": "X-A", "value": "1"}],
            ]
        ),
        "basicAuth": st.sampled_from(
            [
                None,
                {"username": "shop", "password": PRINT},
                {"username": "shop", "password": OTHER_PRINT},
            ]
        ),
        "labels": st.sampled_from([[], [{"key": "team", "value": "a"}]]),
        "notificationEmails": st.sampled_from([[], ["a@x.test", "b@x.test"]]),
        "filter": st.sampled_from(
            [None, {"data.a": {"in": ["b", 1, "a"]}}, {"data.a": {"in": ["b", True, "a"]}}]
        ),
        "signingSecret": st.sampled_from([PRINT, OTHER_PRINT]),
    },
)
slugs = st.sampled_from(["a", "b", "c", "d"])
files = st.dictionaries(slugs, fields, max_size=4)


@st.composite
def states(draw: st.DrawFn) -> list[StoredWebhook]:
    """Webhooks of the set, changed by hand since, taken out, or of nobody."""
    found = []
    for slug, form in draw(files).items():
        there = live(slug, applied=draw(fields), **form)
        owner = draw(st.sampled_from([SET, SET, None]))
        is_removed = owner is not None and draw(st.booleans())
        found.append(
            replace(
                there, set_name=owner, applied=there.applied if owner else {}, is_removed=is_removed
            )
        )
    return found


def after(found: Planned, stored: list[StoredWebhook]) -> list[StoredWebhook]:
    """The state that applying a plan leaves."""
    writes = {write.live.id: write for write in found.writes if write.live}
    made = [
        replace(
            live(write.slug, applied=dict(write.applied), **write.values), ignored=write.ignored
        )
        for write in found.writes
        if write.live is None
    ]
    return made + [
        applied(there, writes[there.id]) if there.id in writes else there
        for there in stored
        if not (there.id in writes and writes[there.id].is_deleted)
    ]


@settings(deadline=None)
@given(files, states())
def test_applying_a_plan_leaves_nothing_to_plan(
    file: dict[str, Any], stored: list[StoredWebhook]
) -> None:
    wishes = [wanted(slug, **values) for slug, values in file.items()]
    left = after(plan(SET, 1, wishes, stored, Options(on_drift=OVERWRITE)), stored)
    again = plan(SET, 2, wishes, left)
    assert (told(again), again.writes, again.unchanged) == ([], (), len(wishes))


lifecycles = st.builds(
    Lifecycle,
    st.booleans(),
    st.sets(st.sampled_from(["name", "active", "timeout", "headers", "basicAuth"])).map(frozenset),
)


@settings(deadline=None)
@given(files, states(), st.sampled_from(Prune), lifecycles, st.booleans())
def test_applying_a_plan_leaves_nothing_to_plan_whatever_policy_lifecycle_and_moves_say(
    file: dict[str, Any],
    stored: list[StoredWebhook],
    prune: Prune,
    lifecycle: Lifecycle,
    is_moved: bool,
) -> None:
    wishes = [replace(wanted(slug, **values), lifecycle=lifecycle) for slug, values in file.items()]
    moves = [Move("old", "new", Position())]
    if is_moved:
        stored = [*stored, live("old", timeout="20s")]
        wishes.append(wanted("new", concurrency=5))
    rules = Rules(FilePolicy(prune, OVERWRITE))
    found = plan(SET, 1, wishes, stored, rules=rules, moves=moves)
    again = plan(SET, 2, wishes, after(found, stored), rules=rules, moves=moves)
    assert (told(again), again.writes, again.problems) == ([], (), ())
    assert again.unchanged == len(wishes)


@settings(deadline=None)
@given(files, states(), st.randoms(use_true_random=False))
def test_the_order_of_everything_never_matters(
    file: dict[str, Any], stored: list[StoredWebhook], random: Any
) -> None:
    wishes = [wanted(slug, **values) for slug, values in file.items()]
    first = plan(SET, 1, wishes, stored)
    shuffled = [
        replace(wish, prints=_shuffled(wish.prints, random), values=_shuffled(wish.values, random))
        for wish in wishes
    ]
    random.shuffle(shuffled)
    turned = [
        replace(
            there,
            form=_shuffled(there.form, random),
            applied=_shuffled(there.applied, random),
        )
        for there in stored
    ]
    random.shuffle(turned)
    second = plan(SET, 1, shuffled, turned)
    assert (second.digest, told(second)) == (first.digest, told(first))
    assert drifted_fields(turned) == drifted_fields(stored)


@settings(deadline=None)
@given(files, states())
def test_keeping_drift_twice_changes_nothing_more(
    file: dict[str, Any], stored: list[StoredWebhook]
) -> None:
    wishes = [wanted(slug, **values) for slug, values in file.items()]
    left = after(plan(SET, 1, wishes, stored, Options(on_drift=KEEP)), stored)
    again = plan(SET, 2, wishes, left, Options(on_drift=KEEP))
    assert {change.kind for change in again.changes} <= {ChangeKind.DRIFT, ChangeKind.CONFLICT}
    assert not again.has_effect


def drifted_fields(stored: list[StoredWebhook]) -> dict[str, set[str]]:
    changes = [change for change in map(drift, stored) if change]
    return {change.slug: {field.field for field in change.fields} for change in changes}


def _shuffled(values: Any, random: Any) -> dict[str, Any]:
    keys = list(values)
    random.shuffle(keys)
    return {key: _turned(key, values[key]) for key in keys}


def _turned(field: str, value: Any) -> Any:
    """The value in another order, where that makes no difference."""
    if field == "filter" and value:
        return {path: {"in": value[path]["in"][::-1]} for path in value}
    return value[::-1] if field in ("headers", "notificationEmails") else value
