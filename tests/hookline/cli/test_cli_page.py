"""Commands of docs/cli.md, as they stand there."""

import re
import shlex
from pathlib import Path

import pytest

from tests.hookline.cli.stand import Stand

pytestmark = pytest.mark.engines("sqlite")
PAGE = (Path(__file__).parents[3] / "docs" / "cli.md").read_text("utf-8")


def test_commands_of_the_first_block_print_what_the_page_says(stand: Stand) -> None:
    [block, *_] = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)

    listed, ids, answer = (stand.run(*shlex.split(line)[1:]) for line in block.splitlines())

    assert listed.stdout.startswith("SLUG") or listed.stderr == "No webhooks.\n"
    assert all(line.startswith("dlv_") for line in ids.stdout.splitlines())
    assert answer.stdout.startswith('{\n  "data": {\n    "attempts": {')
