"""The policy of a set: words of the file, of the file applied last and of the command."""

from pathlib import Path
from textwrap import dedent

import pytest

from hookline.sync.policy import (
    ApplyLimits,
    DriftPolicy,
    FilePolicy,
    Prune,
    Rules,
    limits_of,
    recorded,
    remembered,
)
from hookline.sync.read import file
from hookline.sync.read.collecting import collect
from hookline.sync.read.file import Reading
from hookline.sync.read.references import UnresolvedReferences
from tests.hookline.sync.files import BOUNDS
from tests.tables import each_of

BLOCK, KEEP, OVERWRITE = DriftPolicy.BLOCK, DriftPolicy.KEEP, DriftPolicy.OVERWRITE
LOOSE = FilePolicy(Prune.DELETE, OVERWRITE, 50)
STRICT = FilePolicy(Prune.KEEP, BLOCK, "5%")


@each_of(
    "written, last, limits",
    [
        # The first apply of a set has nothing to be compared with.
        (LOOSE, None, ApplyLimits(Prune.DELETE, OVERWRITE, 50)),
        (LOOSE, LOOSE, ApplyLimits(Prune.DELETE, OVERWRITE, 50)),
        # Without a policy the last file had the default one.
        (
            LOOSE,
            FilePolicy(),
            ApplyLimits(Prune.DISABLE, BLOCK, 10, ("prune", "onDrift", "maxRemovals")),
        ),
        (STRICT, LOOSE, ApplyLimits(Prune.KEEP, BLOCK, 2)),
        (
            LOOSE,
            STRICT,
            ApplyLimits(Prune.KEEP, BLOCK, 2, ("prune", "onDrift", "maxRemovals")),
        ),
        (
            FilePolicy(on_drift=OVERWRITE),
            FilePolicy(on_drift=KEEP),
            ApplyLimits(on_drift=KEEP, kept=("onDrift",)),
        ),
        (FilePolicy(max_removals="100%"), None, ApplyLimits(max_removals=59)),
        (FilePolicy(max_removals=0), LOOSE, ApplyLimits(max_removals=0)),
    ],
)
def test_the_stricter_policy_counts(
    written: FilePolicy, last: FilePolicy | None, limits: ApplyLimits
) -> None:
    assert limits_of(Rules(written, last), None, None, 59) == limits


def test_an_option_of_the_command_counts_before_every_policy() -> None:
    rules = Rules(LOOSE, STRICT)
    assert limits_of(rules, KEEP, 7, 59) == ApplyLimits(Prune.KEEP, KEEP, 7, ("prune",))
    assert limits_of(Rules(LOOSE), BLOCK, None, 59) == ApplyLimits(Prune.DELETE, BLOCK, 50)


@each_of("policy", [LOOSE, STRICT, FilePolicy()])
def test_what_a_set_remembers_is_what_was_applied(policy: FilePolicy) -> None:
    assert remembered(recorded(policy, ["b", "a"])) == (policy, frozenset({"a", "b"}))


def read(folder: Path, **policies: str) -> Reading:
    for name, policy in policies.items():
        lines = f"version: 1\n{dedent(policy)}webhooks: {{}}\n"
        (folder / f"{name}.yaml").write_text(lines)
    return file.decoded_all(collect([str(folder)]), BOUNDS, lambda _: UnresolvedReferences())


@each_of(
    "policy, wanted",
    [
        ("", FilePolicy()),
        ("policy: { prune: delete, maxRemovals: 25% }\n", FilePolicy(Prune.DELETE, None, "25%")),
        ("policy: { onDrift: keep, maxRemovals: 0 }\n", FilePolicy(None, KEEP, 0)),
    ],
)
def test_a_file_has_a_policy(tmp_path: Path, policy: str, wanted: FilePolicy) -> None:
    document = read(tmp_path, a=policy).document
    assert document is not None
    assert document.policy == wanted
    assert document.content.get("policy", {}) == wanted.content


@each_of(
    "policy, code, column",
    [
        ("policy: { prune: remove }\n", "enum", 18),
        ("policy: { onDrift: BLOCK }\n", "enum", 20),
        ("policy: { maxRemovals: -1 }\n", "format", 24),
        ("policy: { maxRemovals: 101% }\n", "range", 24),
        ("policy: { maxRemovals: 2.5% }\n", "format", 24),
        ("policy: { maxRemovals: [1] }\n", "type", 24),
        ("policy: { maxRemoval: 1 }\n", "unknown-key", 11),
        ("policy: { prune: }\n", "missing-value", 11),
        ("policy: delete\n", "type", 9),
    ],
)
def test_a_wrong_policy_is_a_problem_where_it_stands(
    tmp_path: Path, policy: str, code: str, column: int
) -> None:
    [problem] = read(tmp_path, a=policy).problems
    assert (problem.code, problem.position.line, problem.position.column) == (code, 2, column)


def test_files_of_a_set_agree_on_its_policy(tmp_path: Path) -> None:
    agreed = read(
        tmp_path,
        a="policy: { prune: keep, maxRemovals: 5 }\n",
        b="policy: { maxRemovals: 5, onDrift: keep }\n",
        c="",
    )
    assert agreed.document is not None
    assert agreed.document.policy == FilePolicy(Prune.KEEP, KEEP, 5)
    [problem] = read(tmp_path, c="policy:\n  onDrift: keep\n  prune: delete\n").problems
    assert (problem.code, problem.position.line, problem.position.column) == (
        "mixed-policies",
        4,
        3,
    )
    assert problem.message == f"prune is delete here, and keep at {tmp_path}/a.yaml:2:11"


@pytest.mark.parametrize("where", ["defaults", "orders"])
def test_the_lifecycle_of_a_webhook_may_come_from_the_defaults(tmp_path: Path, where: str) -> None:
    lifecycle = "lifecycle: { preventDestroy: true, ignoreChanges: [rateLimit, name] }"
    defaults = f"defaults:\n  {lifecycle}\n" if where == "defaults" else ""
    own = "" if where == "defaults" else f"    {lifecycle}\n"
    (tmp_path / "a.yaml").write_text(
        f"version: 1\n{defaults}webhooks:\n  orders:\n    url: https://a.example\n"
        f"    events: [a.b.c]\n    environments: [production]\n{own}"
    )
    found = read(tmp_path)
    assert found.document is not None, found.problems
    lifecycle_of_orders = found.document.webhooks["orders"].lifecycle
    assert lifecycle_of_orders.prevents_destroy
    assert lifecycle_of_orders.ignored == {"name", "rateLimit"}
