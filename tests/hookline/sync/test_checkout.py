"""Origin of a file, as git and CI tell it."""

import subprocess
from pathlib import Path

import pytest

from hookline.sync.checkout import find_source

IDENTITY = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *IDENTITY, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "remote", "add", "origin", "https://ann:hunter2@git.example.com/shop.git")
    (tmp_path / "hooks.yaml").write_text("version: 1\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    return tmp_path


def test_a_checkout_tells_its_commit_without_the_password(checkout: Path) -> None:
    found = find_source(checkout / "hooks.yaml", {})

    assert (found.commit, found.branch, found.author) == (
        git(checkout, "rev-parse", "HEAD"),
        "main",
        "Ann",
    )
    assert found.repository == "https://git.example.com/shop.git"
    assert found.committed_at is not None
    assert found.committed_at.tzinfo is not None
    assert found.is_dirty is False


def test_a_changed_file_is_dirty(checkout: Path) -> None:
    (checkout / "hooks.yaml").write_text("version: 2\n")

    assert find_source(checkout / "hooks.yaml", {}).is_dirty is True


def test_ci_tells_branch_and_run(checkout: Path) -> None:
    environment = {
        "GITHUB_REF_NAME": "release",
        "GITHUB_RUN_ID": "7",
        "GITHUB_REPOSITORY": "shop/hooks",
        "GITHUB_SERVER_URL": "https://github.com",
    }

    found = find_source(checkout / "hooks.yaml", environment)

    assert (found.branch, found.run_url) == (
        "release",
        "https://github.com/shop/hooks/actions/runs/7",
    )


def test_a_file_outside_of_a_checkout_has_no_source(tmp_path: Path) -> None:
    found = find_source(tmp_path / "missing" / "hooks.yaml", {})

    assert (found.commit, found.branch, found.repository, found.is_dirty, found.committed_at) == (
        None,
    ) * 5


def test_no_program_that_a_checkout_names_is_started(checkout: Path) -> None:
    (checkout / ".gitattributes").write_text("*.yaml filter=x\n")
    git(checkout, "config", "filter.x.clean", "touch started; cat")
    (checkout / "hooks.yaml").write_text("version: 2\n")

    assert find_source(checkout / "hooks.yaml", {}).is_dirty is True
    assert not (checkout / "started").exists()


def test_a_file_that_was_never_committed_is_dirty(checkout: Path) -> None:
    (checkout / "new.yaml").write_text("version: 1\n")

    assert find_source(checkout / "new.yaml", {}).is_dirty is True
