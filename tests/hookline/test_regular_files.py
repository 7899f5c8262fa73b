"""Pipes, devices and links to them in place of files: nobody waits for one or reads it for ever."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from hookline.cli import dev_home
from hookline.cli.client import ServerFault, token_of
from hookline.cli.dev_following import Follower
from hookline.errors import HooklineError, Misconfigured
from hookline.form.kinds import Bounds
from hookline.outbound.addresses import AddressPolicy
from hookline.regular_files import open_regular
from hookline.secrets.vault import load_or_make_key_file
from hookline.settings.fields import read_settings
from hookline.sync.plan import saved
from hookline.sync.plan.changes import Plan
from hookline.sync.read import file
from hookline.sync.read.collecting import collect
from hookline.sync.read.file_text import MAX_FILE_BYTES
from hookline.sync.read.references import LocalReferences, ReferenceRefused

BOUNDS = Bounds(("production",), AddressPolicy((), frozenset()))


def pipe(path: Path) -> None:
    os.mkfifo(path, 0o600)


def link_to_a_pipe(path: Path) -> None:
    os.mkfifo(path.with_name("pipe"), 0o600)
    path.symlink_to("pipe")


def link_to_zeros(path: Path) -> None:
    path.symlink_to("/dev/zero")


def link_to_a_link(path: Path) -> None:
    path.with_name("between").symlink_to("/dev/zero")
    path.symlink_to("between")


Lay = Callable[[Path], None]
KINDS = pytest.mark.parametrize("lay", [pipe, link_to_a_pipe, link_to_zeros, link_to_a_link])


@KINDS
def test_what_is_no_regular_file_is_not_opened(tmp_path: Path, lay: Lay) -> None:
    lay(tmp_path / "x")

    with pytest.raises(OSError, match="Not a regular file"):
        open_regular(tmp_path / "x")


def test_a_link_to_a_regular_file_is_one(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"content")
    (tmp_path / "y").symlink_to("x")

    with open_regular(tmp_path / "y") as opened:
        assert opened.read() == b"content"


def test_a_folder_and_what_is_not_there_are_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError, match="Is a directory"):
        open_regular(tmp_path)
    with pytest.raises(FileNotFoundError):
        open_regular(tmp_path / "x")


@KINDS
def test_a_webhooks_file_is_regular(tmp_path: Path, lay: Lay) -> None:
    lay(tmp_path / "w.yaml")

    found = file.read(str(tmp_path / "w.yaml"), BOUNDS, LocalReferences({}, tmp_path, tmp_path))

    assert [(problem.code, problem.message) for problem in found.problems] == [
        ("unreadable", "the file can't be read: Not a regular file")
    ]


@KINDS
async def test_a_followed_file_is_regular(
    tmp_path: Path, lay: Lay, capsys: pytest.CaptureFixture[str]
) -> None:
    async def apply(data: bytes) -> str:
        raise AssertionError(len(data))

    lay(tmp_path / "w.yaml")

    await Follower(tmp_path / "w.yaml", apply).look()

    assert capsys.readouterr().out == (
        f"{tmp_path}/w.yaml can't be read: Not a regular file. Its webhooks stay as they are.\n"
    )


async def test_no_more_of_a_followed_file_is_read_than_it_may_hold(tmp_path: Path) -> None:
    lengths: list[int] = []

    async def apply(data: bytes) -> str:
        lengths.append(len(data))
        return ""

    # A gigabyte of which the disk holds nothing.
    with (tmp_path / "w.yaml").open("wb") as sparse:
        sparse.truncate(2**30)

    await Follower(tmp_path / "w.yaml", apply).look()

    assert lengths == [MAX_FILE_BYTES + 1]


@KINDS
def test_a_saved_plan_is_a_regular_file(tmp_path: Path, lay: Lay) -> None:
    lay(tmp_path / "p.json")

    with pytest.raises(HooklineError, match=r"p\.json can't be read: Not a regular file\."):
        saved.load(tmp_path / "p.json")


def test_no_more_of_a_saved_plan_is_read_than_it_may_hold(tmp_path: Path) -> None:
    with (tmp_path / "p.json").open("wb") as sparse:
        sparse.truncate(2**30)

    with pytest.raises(HooklineError, match=r"p\.json has more than 67,108,864 bytes\. Plan again"):
        saved.load(tmp_path / "p.json")


@KINDS
def test_the_file_of_a_saved_plan_is_regular(tmp_path: Path, lay: Lay) -> None:
    lay(tmp_path / "w.yaml")

    assert collect([str(tmp_path / "w.yaml")]).digests is None


@pytest.mark.parametrize("name", ["\0", "/dev/zero", "missing"])
def test_a_saved_plan_may_name_anything(name: str) -> None:
    assert collect([name]).digests is None


@KINDS
def test_a_plan_replaces_nothing_but_a_plan(tmp_path: Path, lay: Lay) -> None:
    (tmp_path / "w.yaml").write_text("version: 1\n")
    lay(tmp_path / "p.json")
    before = os.lstat(tmp_path / "p.json")

    with pytest.raises(HooklineError, match=r"p\.json is not a regular file\. Save the plan under"):
        saved.save(tmp_path / "p.json", ["w.yaml"], {"w.yaml": "sha256:0"}, Plan("a", 0, (), 0))

    assert os.lstat(tmp_path / "p.json").st_ino == before.st_ino


@KINDS
def test_the_file_of_a_secret_is_regular(tmp_path: Path, lay: Lay) -> None:
    lay(tmp_path / "secret")

    with pytest.raises(ReferenceRefused, match=r"can't be read as text|is a link out"):
        LocalReferences({}, tmp_path / "home", tmp_path).secret("${file:secret}", ())


@KINDS
def test_key_and_token_are_regular_files(tmp_path: Path, lay: Lay) -> None:
    lay(tmp_path / "token")
    settings = read_settings(home=tmp_path)

    with pytest.raises(Misconfigured, match=r"cannot be read or made \(Not a regular file\)"):
        load_or_make_key_file(tmp_path / "token")
    with pytest.raises(Misconfigured, match="Not a regular file"):
        dev_home._read(tmp_path / "token")
    with pytest.raises(ServerFault, match="No token"):
        token_of(settings, "sync")


def test_a_plan_that_was_saved_is_loaded(tmp_path: Path) -> None:
    plan = Plan("a", 0, (), 0, digest="d")
    saved.save(tmp_path / "p.json", ["w.yaml"], {"w.yaml": "sha256:0"}, plan)

    loaded = saved.load(tmp_path / "p.json")

    assert (loaded.files, loaded.plan) == (("w.yaml",), plan)
    assert loaded.digests == {"w.yaml": "sha256:0"}
    assert json.loads((tmp_path / "p.json").read_text())["plan"]["digest"] == "d"


def test_file_that_has_its_readers_wait_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As /proc/kmsg, which is a regular file and has nothing to be read by who does not wait.
    monkeypatch.setattr("hookline.regular_files._check", lambda mode, path: None)
    pipe(tmp_path / "messages")
    writer = os.open(tmp_path / "messages", os.O_RDWR)

    with open_regular(tmp_path / "messages") as opened, pytest.raises(OSError, match="from it now"):
        opened.read(10)

    os.close(writer)
