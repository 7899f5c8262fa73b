"""The repository of webhooks in examples/gitops: its commands apply it, its jobs do the same, and
what an order is sent as are messages for chats.
"""

import json
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.client.examples.commands import blocks
from tests.hookline.cli.stand import Stand, wait_for
from tests.processes import PROJECT, run_hookline

pytestmark = pytest.mark.engines("sqlite")
EXAMPLE = PROJECT / "examples/gitops"
ORDER = {"id": "7f", "sku": 'mug "large"', "quantity": 2}


@pytest.fixture
def repository(stand: Stand, tmp_path: Path) -> Stand:
    """Commands typed in a copy of it, with addresses of the receiver."""
    seen = stand.seen_with(
        CRM_KEY="a-key",
        CRM_URL=f"{stand.receiver.url}/200/crm",
        SLACK_URL=f"{stand.receiver.url}/200/slack",
        TEAMS_URL=f"{stand.receiver.url}/200/teams",
    )
    seen.folder = tmp_path / "gitops"
    shutil.copytree(EXAMPLE, seen.folder)
    return seen


def test_an_order_becomes_messages_once_the_commands_of_the_page_are_done(
    stand: Stand, repository: Stand
) -> None:
    [text] = blocks("A repository of webhooks")
    inside, _export, *commands = text.splitlines()
    assert inside == "cd gitops"
    validated, planned, applied = [
        repository.run(*shlex.split(command)[1:]).stdout for command in commands
    ]
    assert "is valid: 3 webhooks in set shop." in validated
    assert "a-key" not in planned
    assert "3 create" in applied

    for quantity in (2, 1):
        data = json.dumps({**ORDER, "quantity": quantity})
        stand.run("publish", "order.order.create", "-e", "production", "-d", data)
    wait_for(lambda: len([one for one in stand.receiver.requests if "/200/" in one[0]]) >= 5)

    sent: dict[str, list[Any]] = {
        path.rpartition("/")[2]: [] for path, _, _ in stand.receiver.requests
    }
    for path, headers, body in stand.receiver.requests:
        sent[path.rpartition("/")[2]].append((headers, json.loads(body)))
    # The filter leaves out what is small.
    [(_, message)] = sent["slack"]
    assert message["text"] == 'Order 7f: 2 of mug "large"'
    assert message["blocks"][0]["text"]["text"] == '*Order 7f*\n2 of mug "large"'
    cards = [one["attachments"][0]["content"]["body"] for _, one in sent["teams"]]
    facts = {fact["value"] for card in cards for fact in card[1]["facts"]}
    assert facts == {'mug "large"', "1", "2", "production"}
    assert [headers["x-webhook-secret"] for headers, _ in sent["crm"]] == ["a-key"] * 2


def test_its_jobs_are_those_of_init_with_its_secrets_and_plan_without_the_key(
    stand: Stand, repository: Stand, tmp_path: Path
) -> None:
    environment = {"PYTHONPATH": str(PROJECT), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    init = ("init", "--set", "shop", "--server", "https://hooks.example.com")
    run_hookline((*init, "--ci", "github"), tmp_path, environment)
    run_hookline((*init, "--ci", "gitlab", "--job-only"), tmp_path, environment)
    github = (EXAMPLE / ".github/workflows/webhooks.yml").read_text("utf-8")
    written = (tmp_path / ".github/workflows/webhooks.yml").read_text("utf-8")
    ours = re.sub(r"  (SLACK|TEAMS)_URL: .*\n|        env:\n          CRM_KEY: .*\n", "", github)
    assert ours == re.sub(r"        # (Secrets|env|  CRM).*\n", "", written)
    gitlab = (EXAMPLE / ".gitlab-ci.yml").read_text("utf-8")
    assert gitlab == (tmp_path / ".gitlab-ci.yml").read_text("utf-8")

    job: Any = yaml.safe_load(github)["jobs"]["plan"]
    commands = [step["run"] for step in job["steps"] if "hookline sync" in step.get("run", "")]
    pipeline = repository.seen_with(HOOKLINE_TOKEN=stand.make_token("sync"))
    del pipeline.environment["CRM_KEY"]
    validate, plan = (shlex.split(command.partition(" >")[0])[1:] for command in commands)
    pipeline.run(*validate)
    assert pipeline.run(*plan).stdout.startswith("<!-- hookline-sync shop -->")
