"""Completion in a real shell, and the console's address in a browser."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.hookline.cli.stand import Stand

pytestmark = pytest.mark.engines("sqlite")
# What bash does when somebody presses the tabulator.
COMPLETE = """
PATH="{folder}:$PATH"
source ./completion
COMP_WORDS=(hookline {words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
_hookline_completion hookline
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def test_bash_completes_commands_options_and_their_values(stand: Stand) -> None:
    script = stand.run("completion", "bash").stdout
    assert "complete -o nosort -F _hookline_completion hookline" in script
    (stand.folder / "completion").write_text(script)

    def completed(words: str) -> list[str]:
        folder = Path(sys.executable).parent
        done = subprocess.run(
            ["bash", "-c", COMPLETE.format(folder=folder, words=words)],
            cwd=stand.folder,
            env=stand.environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.split()

    assert completed("webh") == ["webhooks"]
    assert completed("webhooks list --fa") == ["--failing"]
    assert completed("deliveries list --status f") == ["failed"]


def test_other_shells_get_a_script_of_their_own(stand: Stand) -> None:
    assert stand.run("completion", "zsh").stdout.startswith("#compdef hookline")
    assert "complete --no-files --command hookline" in stand.run("completion", "fish").stdout


def test_the_page_of_an_object_is_opened_or_its_address_printed(stand: Stand) -> None:
    slug = stand.make_webhook()
    webhook_id = stand.json("webhooks", "get", slug)["id"]
    browser = stand.folder / "browser"
    browser.write_text('#!/bin/sh\necho "$1" >opened\n')
    browser.chmod(0o755)

    opened = stand.run("open", slug, BROWSER=f"{browser} %s")
    printed = stand.run("open", "evt_01h2xcejqtf2nbrexx3vqjhp41", "--print")
    wrong = stand.run("open", "rev_01h2xcejqtf2nbrexx3vqjhp41", code=64)

    address = f"{stand.url}/webhooks/{webhook_id}"
    assert (opened.stdout, opened.stderr) == ("", f"Opened {address}\n")
    assert (stand.folder / "opened").read_text() == f"{address}\n"
    assert printed.stdout == f"{stand.url}/events/evt_01h2xcejqtf2nbrexx3vqjhp41\n"
    assert "has no page" in wrong.stderr
    job = stand.run("open", "job_01h2xcejqtf2nbrexx3vqjhp41", "--print").stdout
    assert job == f"{stand.url}/activity?job=job_01h2xcejqtf2nbrexx3vqjhp41\n"
