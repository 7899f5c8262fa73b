"""Sentences of commands: exit codes, tokens that are missing, fields that a server refuses."""

import re
from pathlib import Path

import pytest

from hookline.cli.asking import sentence_of
from hookline.cli.main import main
from hookline.cli.sync import EPILOG


def test_exit_codes_of_sync_are_those_of_its_page() -> None:
    epilog = " ".join(EPILOG.split())
    page = (Path(__file__).parents[3] / "docs/sync.md").read_text()
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", page, re.MULTILINE)
    assert len(rows) == 10
    for code, meaning in rows:
        assert f"{code} {meaning.replace('`', '')}" in epilog


@pytest.mark.parametrize(
    ("arguments", "role"),
    [
        (("sync", "plan", "--server", "https://a.example"), "sync"),
        (("sync", "apply", "--server", "https://a.example"), "sync"),
        (
            ("publish", "order.order.create", "-d", "{}", "--server", "https://a.example"),
            "publisher",
        ),
    ],
)
def test_a_missing_token_is_told_with_the_role_that_the_command_needs(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arguments: tuple[str, ...],
    role: str,
) -> None:
    monkeypatch.delenv("HOOKLINE_TOKEN", raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        main([*arguments])
    assert f"`hookline token create NAME --role {role}`" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("field", "message", "sentence"),
    [
        (["input", "type"], 'The type "a" has one segment.', 'The type "a" has one segment.'),
        (["input", "data"], "data must be an object.", "data must be an object."),
        (["input", "environment"], "There is no mars.", "environment: There is no mars."),
        (["input", "draft", "headers", "0"], "headers[0] is bad.", "headers[0] is bad."),
        (["input", "autoDisable", "over"], "autoDisable.over is 0.", "autoDisable.over is 0."),
        (None, "Too many.", "Too many."),
    ],
)
def test_a_refused_event_names_its_field_once(
    field: list[str] | None, message: str, sentence: str
) -> None:
    assert sentence_of({"field": field, "message": message}) == sentence


@pytest.mark.parametrize("command", ["plan", "export"])
def test_a_format_is_no_file_to_write(capsys: pytest.CaptureFixture[str], command: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["sync", command, "-o", "json"])
    assert ended.value.code == 64
    assert (
        "json looks like a format. For a file of this name give ./json" in capsys.readouterr().err
    )
