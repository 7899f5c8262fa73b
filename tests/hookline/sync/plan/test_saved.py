"""Saved plans: exactly what was shown is read again, or the file is refused."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from hookline.errors import HooklineError
from hookline.sync.options import Options
from hookline.sync.plan import saved
from hookline.sync.plan.changes import Change, ChangeKind, FieldChange, Plan
from hookline.sync.policy import DriftPolicy
from hookline.sync.read.collecting import collect
from tests.tables import each_of

OPTIONS = Options(adopt=True, on_drift=DriftPolicy.OVERWRITE, reenable=frozenset({"orders"}))
PLAN = Plan("shop", 3, (), 1, digest="sha256:0", options=OPTIONS)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file, path = tmp_path / "hooks.yaml", tmp_path / "plan.json"
    file.write_text("version: 1\nwebhooks: {}\n")
    saved.save(path, [str(file)], collect([str(file)]).digests or {}, PLAN)
    return path


def test_a_saved_plan_keeps_its_options(path: Path) -> None:
    found = saved.load(path)
    assert (found.plan, found.digests) == (PLAN, collect(found.files).digests)


def test_each_saved_plan_has_a_key_of_its_own(path: Path) -> None:
    first = saved.load(path).key
    saved.save(path, ["hooks.yaml"], {"hooks.yaml": "sha256:0"}, PLAN)

    assert first == str(UUID(first))
    assert saved.load(path).key != first


def _without_digest(content: dict[str, Any]) -> None:
    del content["digest"]


@each_of(
    "edit, said",
    [
        (lambda content: content["plan"]["options"].update(onDrift="KEEP"), "was changed after"),
        (lambda content: content["plan"]["options"].update(allowEmpty=True), "was changed after"),
        (lambda content: content["plan"].update(unchanged=2), "was changed after"),
        (lambda content: content.update(fileDigests={"a": "sha256:1"}), "was changed after"),
        (lambda content: content["plan"]["options"].update(onDrift="ASK"), "is not a saved plan"),
        (lambda content: content["plan"]["options"].update(adopt=1), "is not a saved plan"),
        (lambda content: content["plan"].pop("options"), "was changed after"),
        (_without_digest, "is not a saved plan"),
    ],
)
def test_a_plan_that_was_edited_is_refused(
    path: Path, edit: Callable[[dict[str, Any]], object], said: str
) -> None:
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))
    with pytest.raises(HooklineError, match=said):
        saved.load(path)


CHANGE = Change(
    ChangeKind.UPDATE, "orders", None, (FieldChange("active", True, False, True),), None, version=3
)
AGREED = replace(PLAN, changes=(CHANGE,))


@each_of(
    "now, said",
    [
        (replace(AGREED, changes=(replace(CHANGE, version=4),)), "orders"),
        (replace(AGREED, changes=(replace(CHANGE, fields=()),)), "orders"),
        (replace(AGREED, changes=()), "orders"),
        (replace(AGREED, changes=(CHANGE, replace(CHANGE, slug="new"))), "new"),
        (replace(AGREED, base=4), "revision 4 of the set was applied"),
        (replace(AGREED, digest="sha256:1"), "the value of a secret"),
    ],
)
def test_a_stale_plan_tells_what_changed_since(now: Plan, said: str) -> None:
    assert saved.what_changed(AGREED, now) == (
        f"Changed since the plan was made: {said}. Plan again."
    )


@each_of(
    "now, said",
    [
        ({"a": "1", "b": "2"}, None),
        # Elsewhere, and by other names.
        ({"there/a": "1", "there/b": "2"}, None),
        ({"a": "1", "b": "3"}, "b is not as planned"),
        ({"a": "1"}, "b is not there"),
        ({"x": "7", "y": "8"}, "x, y are not as planned; a, b are not there"),
        ({"a": "1", "b": "2", "c": "3"}, "c is not as planned"),
        ({"a": "1", "b": "2", "c": "2"}, "a file is there twice, or no more"),
        ({"a": "1", "b\x1b": "3"}, "b\\u001b is not as planned; b is not there"),
    ],
)
def test_files_that_are_not_those_of_a_plan_are_named(
    now: dict[str, str], said: str | None
) -> None:
    agreed = saved.SavedPlan((".",), {"a": "1", "b": "2"}, PLAN, "k")
    rest = "Plan again, or name the planned files with -f where they stand."
    assert saved.what_differs(agreed, now) == (said and f"Stale: {said}. {rest}")
