"""A file that is followed: each content once, and never a loss of what was there."""

from pathlib import Path

import pytest

from hookline.cli.dev_following import Follower
from hookline.errors import Unavailable


class Applied(list[bytes]):
    """Keeps what it is given. fault: raised instead, once."""

    fault: Unavailable | None = None

    async def __call__(self, data: bytes) -> str:
        if self.fault:
            fault, self.fault = self.fault, None
            raise fault
        self.append(data)
        return f"applied {data.decode()}"


async def test_each_content_is_applied_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, applied = tmp_path / "hooks.yaml", Applied()
    follower = Follower(path, applied)
    for content in (None, b"a", b"a", b"b", b"b", b"a"):
        if content:
            path.write_bytes(content)
        await follower.look()

    assert applied == [b"a", b"b", b"a"]
    assert capsys.readouterr().out == "applied a\napplied b\napplied a\n"


async def test_a_file_that_goes_is_told_once_and_its_return_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, applied = tmp_path / "hooks.yaml", Applied()
    follower = Follower(path, applied)
    path.write_bytes(b"a")
    await follower.look()
    capsys.readouterr()

    path.unlink()
    await follower.look()
    await follower.look()
    path.write_bytes(b"a")
    await follower.look()

    assert capsys.readouterr().out == f"{path} is gone. Its webhooks stay as they are.\n"
    assert applied == [b"a"]


async def test_what_the_database_could_not_take_is_tried_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, applied = tmp_path / "hooks.yaml", Applied()
    path.write_bytes(b"a")
    follower = Follower(path, applied)

    applied.fault = Unavailable()
    await follower.look()
    assert "could not be applied" in capsys.readouterr().out

    await follower.look()
    assert applied == [b"a"]


async def test_a_folder_in_its_place_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await Follower(tmp_path, Applied()).look()

    assert "can't be read" in capsys.readouterr().out
