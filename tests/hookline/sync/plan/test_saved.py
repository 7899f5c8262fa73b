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
    saved.save(path, [str(file)], collect([str(file)]).digest, PLAN)
    return path


def test_a_saved_plan_keeps_its_options(path: Path) -> None:
    found = saved.load(path)
    assert (found.plan, found.files_digest) == (PLAN, collect(found.files).digest)


def test_each_saved_plan_has_a_key_of_its_own(path: Path) -> None:
    first = saved.load(path).key
    saved.save(path, ["hooks.yaml"], "sha256:0", PLAN)

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
        (lambda content: content.update(filesDigest="sha256:1"), "was changed after"),
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
