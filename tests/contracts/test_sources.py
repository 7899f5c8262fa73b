"""Rules that every file keeps."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tables import each_of

ROOT = Path(__file__).parents[2]
FOLDERS = ("hookline", "api", "workers", "tests", "benchmarks", "tools", "clients", "examples")
LONGEST_FUNCTION, LONGEST_FILE, LONGEST_HEADER = 45, 400, 4

# pieces, so that this file does not hold what it looks for
MACHINE = re.compile(
    "|".join(
        (
            "/" + "work/",
            "/" + "root/",
            "/home/" + "[a-z]",
            "/" + "Users/",
            "/var/" + "tmp/hookline",
            "files.pythonhosted" + ".org",
            "registry.npmjs" + ".org",
        )
    )
)


RIDDLE = re.compile('"""(What|Who|Which|Whether|How|Whoever|Where|Whatever|When)\\b')


PATH = re.compile(r"(?<![\w./-])((?:hookline|api|workers|tests|docs|config)/[\w./-]*\w)")
NAME = re.compile(r"(?<![\w./-])((?:hookline|api|workers)(?:\.[A-Za-z_]\w*)+)")
NOT_MEANT = {"hookline.background", "hookline.own", "hookline.api"} | {
    "api/static",
    "api/static/docs",
}
"""Two queues, the name in an example of a log line, and what is built."""


def modules() -> list[Path]:
    return sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))


def sources() -> Iterator[Path]:
    """Every file that is, or is to be, under version control."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        timeout=120,
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            yield ROOT / name


@each_of("path", modules())
def test_module_says_what_it_is_for_and_stays_small(path: Path) -> None:
    text = path.read_text("utf-8")
    tree = ast.parse(text)
    header = ast.get_docstring(tree)

    if path.name != "__init__.py" or text.strip():
        assert header, "begin with what the module is for, who calls it, what it must never do"
        assert len(header.splitlines()) <= LONGEST_HEADER
    assert len(text.splitlines()) <= LONGEST_FILE
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < LONGEST_FUNCTION, (
                f"{node.name} is too long: split it by step"
            )


def test_docstrings_begin_with_a_verb_or_a_noun() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {text}"
        for path in modules()
        for text in path.read_text("utf-8").splitlines()
        if RIDDLE.search(text)
    ]

    assert not found, "\n".join(found)


def test_no_file_names_a_machine_or_a_registry() -> None:
    found = []
    for path in sources():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in MACHINE.finditer(text)]

    assert not found


def test_no_file_holds_the_marks_of_a_conflict() -> None:
    # pieces, so that this file does not hold what it looks for
    marks = re.compile("^(?:" + "<" * 7 + " |" + ">" * 7 + " )", re.MULTILINE)
    found = []
    for path in sources():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        found += [str(path.relative_to(ROOT))] if marks.search(text) else []

    assert not found


def texts() -> Iterator[tuple[str, str]]:
    """Code and papers, without tests: these have variables of such names."""
    for path in sources():
        name = str(path.relative_to(ROOT))
        if path.suffix in {".py", ".sql", ".md"} and not name.startswith("tests/"):
            yield name, path.read_text("utf-8")


def test_every_path_and_every_dotted_name_that_a_text_points_at_exists() -> None:
    found = [
        f"{name}: {pointer}"
        for name, text in texts()
        for pointer in {*PATH.findall(text), *NAME.findall(text)}
        if pointer not in NOT_MEANT and not _exists(pointer)
    ]

    # the example of a migration to come
    assert found == ["CONTRIBUTING.md: hookline/db/migrations/0002_webhook_cost_center.py"]


def _exists(pointer: str) -> bool:
    if "/" in pointer:
        return any(map(Path.exists, (ROOT / pointer, ROOT / f"{pointer}.py")))
    *parents, last = pointer.split(".")
    folder = ROOT.joinpath(*parents)
    if (folder / last).is_dir() or (folder / f"{last}.py").is_file():
        return True
    holder = folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
    if holder.is_file():
        return re.search(rf"\b{last}\b", holder.read_text("utf-8")) is not None
    return len(parents) > 1 and _exists(".".join(parents))  # an attribute of an attribute
