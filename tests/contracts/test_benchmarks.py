"""A revision is unpacked for a comparison, with the oldest Python that is promised, too."""

import subprocess
from pathlib import Path

import pytest

from benchmarks.against import unpack_revision

_AUTHOR = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.com")


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(folder), *_AUTHOR, *arguments], check=True)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "repository"
    (folder / "api").mkdir(parents=True)
    (folder / "api" / "app.py").write_text("first\n")
    _git(folder, "init", "--quiet")
    _git(folder, "add", ".")
    _git(folder, "commit", "--quiet", "--message", "First")
    (folder / "api" / "app.py").write_text("second\n")
    _git(folder, "commit", "--quiet", "--all", "--message", "Second")
    monkeypatch.chdir(folder)
    return folder


def test_a_revision_is_unpacked_beside_the_checkout(repository: Path, tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.mkdir()
    assert unpack_revision("HEAD~1", old) == old
    assert (old / "api" / "app.py").read_text() == "first\n"
    assert (repository / "api" / "app.py").read_text() == "second\n"


def test_an_unknown_revision_is_named(repository: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="--against nowhere: fatal: "):
        unpack_revision("nowhere", tmp_path)
