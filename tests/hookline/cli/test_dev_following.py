"""A file that is followed: each content once, and never a loss of what was there."""

import re
from pathlib import Path

import pytest

from hookline.cli.dev_following import SAMPLE_RECEIVER, Follower, point_at_receiver
from hookline.errors import Unavailable
from hookline.sync.read.document import Document, DocumentWebhook
from hookline.sync.read.problems import Position


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


def test_urls_of_the_built_in_receiver_are_those_of_this_server() -> None:
    own = "http://127.0.0.1:4711/_echo"
    document = Document("sample")
    given = {
        "echo": SAMPLE_RECEIVER,
        "fail": f"{SAMPLE_RECEIVER}/fail",
        "other": f"{SAMPLE_RECEIVER}2",
        "elsewhere": "https://crm.example.com/_echo",
    }
    for slug, url in given.items():
        document.webhooks[slug] = DocumentWebhook(slug, {"name": slug, "url": url}, Position())
    document.webhooks["none"] = DocumentWebhook("none", {"name": "none"}, Position())

    point_at_receiver(document, own)

    urls = {slug: webhook.values.get("url") for slug, webhook in document.webhooks.items()}
    assert urls == {**given, "echo": own, "fail": f"{own}/fail", "none": None}


def test_the_sample_points_at_the_built_in_receiver() -> None:
    sample = Path(__file__).parents[3] / "config/webhooks.yaml"
    urls = re.findall(r"^    url: (.+)$", sample.read_text("utf-8"), re.MULTILINE)
    assert urls == [SAMPLE_RECEIVER, f"{SAMPLE_RECEIVER}/fail"]
