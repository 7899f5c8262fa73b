"""Files that commands write."""

import os
import stat
from pathlib import Path
from threading import Thread

import pytest

from hookline.cli.writing import write_file
from hookline.errors import HooklineError


def test_a_file_is_replaced_whole_and_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    target, link = tmp_path / "real" / "webhooks.yaml", tmp_path / "webhooks.yaml"
    target.write_text("before")
    link.symlink_to(target)
    write_file(link, "after")
    assert (link.is_symlink(), target.read_text()) == (True, "after")
    assert [*(tmp_path / "real").iterdir()] == [target]


def test_a_pipe_and_a_device_are_written_to_and_stay(tmp_path: Path) -> None:
    pipe, found = tmp_path / "pipe", list[str]()
    os.mkfifo(pipe)
    reader = Thread(target=lambda: found.append(pipe.read_text()), daemon=True)
    reader.start()
    write_file(pipe, "webhooks: {}\n")
    reader.join(30)
    assert found == ["webhooks: {}\n"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_what_can_not_be_written_is_told(tmp_path: Path) -> None:
    for name in (str(tmp_path), "", f"{tmp_path}/none/a", "a\0b"):
        with pytest.raises(HooklineError, match="can't be written"):
            write_file(name, "")
    circle = tmp_path / "circle"
    circle.symlink_to(circle)
    with pytest.raises(HooklineError, match="can't be written"):
        write_file(circle, "")
