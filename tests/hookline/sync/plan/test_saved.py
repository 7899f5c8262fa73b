"""Saved plans: exactly what was shown is read again, or the file is refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hookline.errors import HooklineError
from hookline.sync.options import Options
from hookline.sync.plan import saved
from hookline.sync.plan.changes import Plan
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
