"""The listed inputs: each file gives exactly its problems, by libyaml and by the pure parser alike,
and through the command.
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from hookline.cli.main import main
from hookline.form.kinds import Bounds
from hookline.outbound.addresses import AddressPolicy
from hookline.sync.read import file_decoding, loader
from hookline.sync.read.references import LocalReferences
from tests.tables import each_of

FOLDER = Path(__file__).parents[3] / "fixtures/sync"
CASES: list[dict[str, Any]] = json.loads((FOLDER / "cases.json").read_text("utf-8"))
BOUNDS = Bounds(("development", "staging", "production"), AddressPolicy((), frozenset()))


def names(case: dict[str, Any]) -> str:
    return f"{case['file']} {case['name']}"


def wanted(case: dict[str, Any]) -> Counter[tuple[str, int | None, int | None]]:
    return Counter(
        (problem["code"], problem["line"], problem["column"]) for problem in case["problems"]
    )


def found(
    case: dict[str, Any], problems: list[dict[str, Any]]
) -> Counter[tuple[str, int | None, int | None]]:
    """The errors; a place that the case leaves open is left out."""
    open_codes = {problem["code"] for problem in case["problems"] if problem["line"] is None}
    errors = [problem for problem in problems if problem["severity"] == "error"]
    return Counter(
        (p["code"], None, None) if p["code"] in open_codes else (p["code"], p["line"], p["column"])
        for p in errors
    )


@each_of("parser", [yaml.CSafeLoader, yaml.SafeLoader])
@each_of("case", CASES)
def test_a_file_gives_exactly_its_problems(case: dict[str, Any], parser: Any) -> None:
    loaded = loader.load((FOLDER / case["file"]).read_bytes(), case["file"], parser)
    if loaded.root is not None:
        file_decoding.decode(
            loaded.root,
            BOUNDS,
            LocalReferences(case["env"], Path("/nowhere"), FOLDER),
            loaded.problems,
        )

    told = [
        {
            "code": p.code,
            "line": p.position.line,
            "column": p.position.column,
            "severity": p.severity,
        }
        for p in loaded.problems.found
    ]
    assert found(case, told) == wanted(case)


@each_of("case", CASES)
def test_validate_tells_the_same_with_its_exit_code(
    case: dict[str, Any], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        for name, value in case["env"].items():
            patched.setenv(name, value)
        with pytest.raises(SystemExit) as ended:
            main(["sync", "validate", "-f", str(FOLDER / case["file"]), "--format", "json"])

    told = json.loads(capsys.readouterr().out)["problems"]
    assert found(case, told) == wanted(case)
    assert ended.value.code == (3 if case["problems"] else 0)
    assert all(
        set(problem) == {"file", "line", "column", "code", "severity", "path", "message", "hint"}
        for problem in told
    )
