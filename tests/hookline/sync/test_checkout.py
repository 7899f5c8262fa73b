"""Origin of a file, as git and CI tell it, also of a checkout that means harm."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from hookline.sync.checkout import find_source, git_answers
from hookline.sync.request import Source

IDENTITY = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")
PATH = {"PATH": os.environ["PATH"]}


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


def source_of(file: Path, environment: dict[str, str] | None = None) -> Source:
    """The source of a file that git speaks of, or that is in no checkout."""
    told: list[str] = []
    source = find_source([file], PATH | (environment or {}), told.append)
    assert told == []
    return source


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    git(folder, "remote", "add", "origin", "https://ann:hunter2@git.example.com/shop.git")
    (folder / "hooks.yaml").write_text("version: 1\n")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    return folder


def test_a_checkout_tells_its_commit_without_the_password(checkout: Path) -> None:
    found = source_of(checkout / "hooks.yaml")

    assert (found.commit, found.branch, found.author) == (
        git(checkout, "rev-parse", "HEAD"),
        "main",
        "Ann",
    )
    assert found.repository == "https://git.example.com/shop.git"
    assert found.committed_at is not None
    assert found.committed_at.tzinfo is not None
    assert found.is_dirty is False


def test_a_file_in_a_folder_of_the_checkout_is_compared_with_the_commit(checkout: Path) -> None:
    (checkout / "config").mkdir()
    (checkout / "config/hooks.yaml").write_text("version: 1\n")
    git(checkout, "add", ".")
    git(checkout, "commit", "-q", "-m", "second")

    assert source_of(checkout / "config/hooks.yaml").is_dirty is False


def test_a_changed_file_is_dirty(checkout: Path) -> None:
    (checkout / "hooks.yaml").write_text("version: 2\n")

    assert source_of(checkout / "hooks.yaml").is_dirty is True


def test_a_file_that_was_never_committed_is_dirty(checkout: Path) -> None:
    (checkout / "new.yaml").write_text("version: 1\n")

    assert source_of(checkout / "new.yaml").is_dirty is True


def test_ci_tells_branch_and_run(checkout: Path) -> None:
    environment = {
        "GITHUB_REF_NAME": "release",
        "GITHUB_RUN_ID": "7",
        "GITHUB_REPOSITORY": "shop/hooks",
        "GITHUB_SERVER_URL": "https://github.com",
    }

    found = source_of(checkout / "hooks.yaml", environment)

    assert (found.branch, found.run_url) == (
        "release",
        "https://github.com/shop/hooks/actions/runs/7",
    )


@pytest.mark.parametrize("name", ["missing/hooks.yaml", "hooks.yaml", "\0/hooks.yaml"])
def test_a_file_outside_of_a_checkout_has_no_source(tmp_path: Path, name: str) -> None:
    assert source_of(tmp_path / name) == Source()


def test_a_checkout_without_a_commit_has_no_source(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")

    assert source_of(tmp_path / "hooks.yaml") == Source()


def test_a_time_that_no_calendar_holds_is_left_out(checkout: Path) -> None:
    when = {"GIT_COMMITTER_DATE": "@253402343999 -1200"}
    subprocess.run(
        ["git", *IDENTITY, "commit", "-q", "--allow-empty", "-m", "later"],
        cwd=checkout,
        env=PATH | when,
        timeout=120,
        check=True,
    )

    found = source_of(checkout / "hooks.yaml")

    assert found.commit
    assert found.committed_at is None


# Hostile checkouts. `{program}` leaves a file behind when it is started.


def filters(folder: Path, program: str) -> None:
    (folder / ".gitattributes").write_text("*.yaml filter=x diff=x\n")
    for name in ("filter.x.clean", "filter.x.smudge", "filter.x.process", "diff.x.textconv"):
        git(folder, "config", name, program)
    (folder / "hooks.yaml").write_text("version: 2\n")


def programs_by_setting(folder: Path, program: str) -> None:
    for name in (
        "core.fsmonitor core.pager core.editor core.sshCommand core.gitProxy core.askPass "
        "credential.helper diff.external gpg.program interactive.diffFilter pager.log pager.config "
        "pager.branch core.alternateRefsCommand uploadpack.packObjectsHook alias.log"
    ).split():
        git(folder, "config", name, f"!{program}" if name == "alias.log" else program)
    git(folder, "config", "log.showSignature", "true")
    git(folder, "config", "core.untrackedCache", "true")


def hooks(folder: Path, program: str) -> None:
    (folder / "hooks").mkdir()
    for name in ("post-index-change", "reference-transaction", "fsmonitor-watchman"):
        hook = folder / "hooks" / name
        hook.write_text(f"#!/bin/sh\n{program}\n")
        hook.chmod(0o755)
    git(folder, "config", "core.hooksPath", str(folder / "hooks"))


def partial_clone(url: str) -> Callable[[Path, str], None]:
    """A checkout whose objects are missing, to be fetched by a program."""

    def make(folder: Path, program: str) -> None:
        for name, value in (
            ("core.repositoryformatversion", "1"),
            ("extensions.partialClone", "origin"),
            ("remote.origin.promisor", "true"),
            ("remote.origin.uploadpack", program),
            ("protocol.allow", "always"),
            ("protocol.ext.allow", "always"),
            ("core.sshCommand", program),
        ):
            git(folder, "config", name, value)
        git(folder, "config", "remote.origin.url", url.format(ext=program.replace(" ", "% ")))
        for objects in (folder / ".git/objects").glob("??"):
            objects.rename(folder / f"gone-{objects.name}")

    return make


TOLD = {
    "ssh": partial_clone("ssh://evil/x"),
    "ext": partial_clone("ext::{ext}"),
    "file": partial_clone("file:///nowhere"),
    "path": partial_clone("/nowhere"),
    "http": partial_clone("http://127.0.0.1:1/x"),
}
SILENT = {"filters": filters, "settings": programs_by_setting, "hooks": hooks}


@pytest.mark.parametrize("kind", [*TOLD, *SILENT])
def test_no_program_that_a_checkout_names_is_started(
    checkout: Path, tmp_path: Path, kind: str
) -> None:
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\nenv > {tmp_path}/started\n")
    program.chmod(0o755)
    (TOLD | SILENT)[kind](checkout, str(program))
    told: list[str] = []

    found = find_source([checkout / "hooks.yaml"], PATH, told.append)

    assert not (tmp_path / "started").exists()
    assert len(told) == (kind in TOLD)
    assert (found.commit is None) == (kind in TOLD)


def test_a_repository_among_the_files_of_a_checkout_is_none(checkout: Path, tmp_path: Path) -> None:
    inside = checkout / "config"
    inside.mkdir()
    git(inside, "init", "-q", "--bare", ".")
    (inside / "config").write_text(
        "[core]\n repositoryformatversion = 1\n bare = true\n"
        f" sshCommand = touch {tmp_path}/started; false\n"
        "[extensions]\n partialClone = origin\n"
        "[remote 'origin']\n promisor = true\n url = ssh://evil/x\n".replace("'", '"')
    )
    (inside / "refs/heads/main").write_text("0123456789012345678901234567890123456789\n")
    (inside / "webhooks.yaml").write_text("version: 1\n")

    found = source_of(inside / "webhooks.yaml")

    assert found.commit == git(checkout, "rev-parse", "HEAD")
    assert not (tmp_path / "started").exists()


def test_a_bare_repository_has_no_checkout(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", ".")

    assert source_of(tmp_path / "hooks.yaml") == Source()


# A git of one's own stands for what real ones can't be brought to do.


def fake_git(folder: Path, script: str) -> dict[str, str]:
    (folder / "bin").mkdir()
    program = folder / "bin/git"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return {"PATH": f"{folder}/bin:{os.environ['PATH']}"}


def test_git_gets_no_secret_and_nothing_of_anybodys_choosing(
    checkout: Path, tmp_path: Path
) -> None:
    environment = fake_git(tmp_path, f"env > {tmp_path}/seen") | {
        "HOOKLINE_TOKEN": "hunter2",
        "AWS_SECRET_ACCESS_KEY": "hunter2",
        "GIT_SSH_COMMAND": "hunter2",
        "GIT_CONFIG_COUNT": "0",
    }

    find_source([checkout / "hooks.yaml"], environment, lambda text: None)

    seen = (tmp_path / "seen").read_text().splitlines()
    assert "hunter2" not in "\n".join(seen)
    assert {"GIT_ALLOW_PROTOCOL=", "GIT_NO_LAZY_FETCH=1", "GIT_CONFIG_COUNT=0"} <= set(seen)


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("printf 'warning: x\\nfatal: dubious\\nmore' >&2; exit 128", "git says: fatal: dubious"),
        ("exit 3", "git says: exit code 3"),
        ("head -c 300000 /dev/zero | tr '\\0' x >&2; exit 128", "git says: " + "x" * 200),
    ],
)
def test_a_git_that_refuses_is_told_of_in_a_sentence(
    checkout: Path, tmp_path: Path, script: str, sentence: str
) -> None:
    told: list[str] = []
    file = checkout / "hooks.yaml"

    found = find_source([file], fake_git(tmp_path, script) | {"BUILD_URL": "u"}, told.append)

    assert found == Source(run_url="u")
    assert told == [f"warning: the commit of {file} stays unknown: {sentence}"]


def test_a_machine_without_git_is_told_of_in_a_sentence(checkout: Path, tmp_path: Path) -> None:
    told: list[str] = []

    find_source([checkout / "hooks.yaml"], {"PATH": str(tmp_path)}, told.append)

    assert [text.partition("unknown: ")[2] for text in told] == [
        "git can't be started: No such file or directory."
    ]


@pytest.mark.parametrize(
    "script", ["sleep 600", "sleep 600 & wait", "trap '' TERM INT; while :; do sleep 600; done"]
)
def test_a_git_that_hangs_ends_with_all_that_it_started(
    checkout: Path, tmp_path: Path, script: str
) -> None:
    os.mkfifo(tmp_path / "alive")
    reader = os.open(tmp_path / "alive", os.O_RDONLY | os.O_NONBLOCK)
    environment = fake_git(tmp_path, f"exec 9>{tmp_path}/alive; {script}")
    told: list[str] = []

    find_source([checkout / "hooks.yaml"], environment, told.append, deadline_seconds=0.5)

    assert [text.partition("unknown: ")[2] for text in told] == ["git did not answer in time."]
    # The end of the file comes once no process holds the other end.
    os.set_blocking(reader, True)
    assert os.read(reader, 1) == b""
    os.close(reader)


def test_questions_to_a_git_that_hangs_share_one_deadline(checkout: Path, tmp_path: Path) -> None:
    environment = fake_git(tmp_path, f"echo >> {tmp_path}/asked; sleep 600")
    ask = git_answers(checkout, environment, deadline_seconds=0.5)

    assert [ask("remote", "get-url", "origin"), ask("symbolic-ref", "HEAD")] == ["", ""]


def test_what_git_leaves_behind_is_not_waited_for(checkout: Path, tmp_path: Path) -> None:
    environment = fake_git(tmp_path, f"sleep 600 & echo $! >> {tmp_path}/left; exit 1")

    assert source_of(checkout / "hooks.yaml", environment) == Source()

    for process in (tmp_path / "left").read_text().split():
        os.kill(int(process), 9)


def test_files_of_a_folder_are_dirty_unless_they_are_those_of_the_commit(checkout: Path) -> None:
    folder = checkout / "teams"
    (folder / "crm").mkdir(parents=True)
    files = [folder / "crm/a.yaml", folder / "b.yml"]
    for file in files:
        file.write_text(f"# {file.name}\n")
    for other in (".hidden.yaml", "readme.md"):
        (folder / other).write_text("x\n")

    def is_dirty(*paths: Path, folders: tuple[Path, ...] = ()) -> bool | None:
        return find_source(paths, PATH, lambda text: None, folders).is_dirty

    assert is_dirty(*files, folders=(folder,)) is True
    git(checkout, "add", ".")
    git(checkout, "commit", "-q", "-m", "teams")
    assert is_dirty(*files, folders=(folder,)) is False
    assert is_dirty(checkout / "hooks.yaml", *files, folders=(checkout,)) is False
    assert is_dirty(files[0]) is False
    # One that was removed since is missed in a folder.
    assert is_dirty(files[0], folders=(folder,)) is True
    assert is_dirty(files[0], checkout.parent / "other.yaml") is True
    files[1].write_text("# changed\n")
    assert is_dirty(*files) is True
