"""The pipelines of docs/tutorials/webhooks-in-git.md: their files have the form that GitHub and
GitLab want, and their commands do what the page says.
"""

import json
import re
import subprocess
from typing import Any, Final

import yaml

from tests.docs.walk import blocks
from tests.flows.test_readme_steps import Shell
from tests.flows.test_readme_steps import shell as shell

WEBHOOKS, *_, GITHUB, GITLAB = [text for _, text in blocks("docs/tutorials/webhooks-in-git.md")]
SCHEMA, TOKEN = [text for kind, text in blocks("docs/tutorials/webhooks-in-git.md") if kind == "sh"]
INSTALL: Final = "pip install git+https://git.example.com/hookline.git"


def jobs() -> dict[str, list[str]]:
    """Commands of each job of both pipelines, without those that install."""
    github, gitlab = yaml.safe_load(GITHUB), yaml.safe_load(GITLAB)
    found = {
        f"github {name}": [step["run"] for step in job["steps"] if "run" in step]
        for name, job in github["jobs"].items()
    }
    before = gitlab["default"]["before_script"]
    found |= {f"gitlab {name}": before + gitlab[name]["script"] for name in gitlab["stages"]}
    assert all(commands[0] == INSTALL for commands in found.values())
    return {name: [one for one in found[name][1:] if "gh " not in one] for name in found}


def test_github_workflow_has_the_form_that_github_wants() -> None:
    workflow: Any = yaml.safe_load(GITHUB)
    # YAML 1.1 reads `on` as true, and GitHub as a name.
    assert set(workflow) == {"name", True, "permissions", "concurrency", "env", "jobs"}
    assert set(workflow[True]) == {"pull_request", "push"}
    for job in workflow["jobs"].values():
        assert set(job) <= {"if", "runs-on", "steps", "environment"}
        for step in job["steps"]:
            assert len({"uses", "run"} & set(step)) == 1
            assert set(step) <= {"uses", "run", "with", "env"}
    # What GitHub fills in is a word; the rest is a script that a shell can read.
    for step in workflow["jobs"]["plan"]["steps"]:
        script = re.sub(r"\$\{\{.*?\}\}", "x", step.get("run", ""))
        assert subprocess.run(["sh", "-n"], input=script.encode()).returncode == 0
    # The job that plans sees no secret of a webhook.
    assert "CRM_KEY" not in json.dumps(workflow["jobs"]["plan"])


def test_gitlab_pipeline_has_the_form_that_gitlab_wants() -> None:
    pipeline: Any = yaml.safe_load(GITLAB)
    assert set(pipeline) == {"stages", "default", "variables", "plan", "apply"}
    for name in pipeline["stages"]:
        job = pipeline[name]
        assert job["stage"] == name
        known = {"stage", "rules", "script", "artifacts", "resource_group", "environment"}
        assert set(job) <= known
        assert all(set(rule) <= {"if", "changes"} for rule in job["rules"])


async def test_jobs_plan_without_secrets_and_apply_with_the_token_of_the_set(shell: Shell) -> None:
    # Of a repository of its own: the server on this machine would else follow the file too.
    repository = shell.folder / "repository"
    (repository / "config").mkdir(parents=True)
    (repository / "config/webhooks.yaml").write_text(WEBHOOKS)
    inside = f"cd {repository}; "
    assert "valid: 1 webhook in set storefront" in await shell.run(inside + SCHEMA)
    token = re.findall(r"^hl_\S+", await shell.run(TOKEN), re.MULTILINE)[0]
    key = shell.environment.pop("CRM_KEY")
    shell.environment["HOOKLINE_TOKEN"] = token
    commands = jobs()
    for name in ("github plan", "gitlab plan"):
        for command in commands[name]:
            await shell.run(inside + command)
        plan = (repository / "plan.md").read_text()
        assert "order-sync" in plan
        assert "(unknown)" in plan or "not compared" in plan
    shell.environment["CRM_KEY"] = key
    assert "Revision 1: 1 create" in await shell.run(inside + commands["github apply"][0])
    assert "nothing to change" in await shell.run(inside + commands["gitlab apply"][0])
