"""Commands of docs/cli.md, as they stand there."""

import re
import shlex
from pathlib import Path

import pytest

from tests.hookline.cli.stand import Stand

pytestmark = pytest.mark.engines("sqlite")
_PAGE = (Path(__file__).parents[3] / "docs" / "cli.md").read_text("utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", _PAGE, re.MULTILINE | re.DOTALL)


def test_commands_of_the_block_on_tokens_make_list_and_revoke_them(stand: Stand) -> None:
    bound, reports, listed, revoke = (shlex.split(line)[1:] for line in BLOCKS[0].splitlines())

    made = [stand.run(*command).stdout for command in (bound, reports)]
    names = stand.run(*listed, "--columns", "name").stdout.split()

    assert all(re.fullmatch(r"hl_\S+\n", text) for text in made)
    assert {"storefront-ci", "reports"} < set(names)
    assert stand.run(*revoke).stderr == "reports is revoked.\n"


def test_commands_of_the_block_on_output_print_what_the_page_says(stand: Stand) -> None:
    listed, ids, answer = (stand.run(*shlex.split(line)[1:]) for line in BLOCKS[1].splitlines())

    assert listed.stdout.startswith("SLUG") or listed.stderr == "No webhooks.\n"
    assert all(line.startswith("dlv_") for line in ids.stdout.splitlines())
    assert answer.stdout.startswith('{\n  "data": {\n    "attempts": {')


def test_commands_of_the_block_on_changes_make_change_and_test_a_webhook(stand: Stand) -> None:
    # The page's own address is nobody's.
    block = BLOCKS[2].replace("https://example.com/hooks", f"{stand.receiver.url}/200")
    create, edit, test, retry = (shlex.split(line)[1:] for line in block.splitlines())

    stand.run(*create)
    stand.run(*edit)
    shop = stand.json("webhooks", "get", "shop")
    assert "succeeded" in stand.run(*test).stdout
    assert stand.run(*retry).stderr == "There is nothing to send.\n"

    assert (shop["timeout"], shop["retry"]["schedule"]) == ("5s", ["1m", "1h"])


def test_commands_of_the_block_on_trying_publish_samples_and_show_what_failed(stand: Stand) -> None:
    save, trigger, tail = (shlex.split(line)[1:] for line in BLOCKS[3].splitlines())

    stand.run(*save)
    ids = stand.run(*trigger).stdout.split()

    assert len(ids) == 10
    assert stand.json("events", "get", ids[0])["data"] == {"id": 1, "total": 7}
    assert stand.run(*tail).stdout == ""
