"""The pipelines of docs/tutorials/webhooks-in-git.md: they are those that `hookline init` writes,
have the form that GitHub and GitLab want, and their commands do what the page says.
"""

import json
import re
import subprocess
from pathlib import Path
from typing import Any, Final

import yaml

from tests.docs.walk import blocks
from tests.flows.test_readme_steps import Shell
from tests.flows.test_readme_steps import shell as shell
from tests.processes import PROJECT, run_hookline

_BLOCKS: Final = blocks("docs/tutorials/webhooks-in-git.md")
WEBHOOKS, GITHUB, GITLAB = [text for kind, text in _BLOCKS if kind == "yaml"]
INIT, VALIDATE, TOKEN = [text for kind, text in _BLOCKS if kind == "sh"]
WRITTEN, VALID = [text for kind, text in _BLOCKS if kind == "text"]
INSTALL: Final = "pip install git+https://git.example.com/hookline.git"


def jobs() -> dict[str, list[str]]:
    """Commands of each job of both pipelines, without those that install."""
    github, gitlab = yaml.safe_load(GITHUB), yaml.safe_load(GITLAB)
    found = {
        f"github {name}": [step["run"] for step in job["steps"] if "run" in step]
        for name, job in github["jobs"].items()
    }
    before = gitlab[".webhooks"]["before_script"]
    found |= {
        f"gitlab {name}": before + gitlab[f"{name}-webhooks"]["script"]
        for name in ("plan", "apply")
    }
    assert all(commands[0] == INSTALL for commands in found.values())
    return {name: [one for one in found[name][1:] if "gh " not in one] for name in found}


def test_pipelines_of_the_page_are_those_that_init_writes(tmp_path: Path) -> None:
    environment = {"PYTHONPATH": str(PROJECT), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    init = INIT.split()[1:]
    run_hookline(tuple(init), tmp_path, environment)
    run_hookline((*init, "--job-only", "--ci", "gitlab"), tmp_path, environment)

    written = {name: (tmp_path / name).read_text("utf-8") for name in WRITTEN.splitlines()}
    # The page's file refers to a secret, which the job is given.
    with_secret = re.sub(
        r"# (env:\n +)#   (CRM_KEY)", r"\1  \2", written[".github/workflows/webhooks.yml"]
    )
    for page, text in ((GITHUB, with_secret), (GITLAB, (tmp_path / ".gitlab-ci.yml").read_text())):
        assert page.partition("\n")[2] == text


def test_github_workflow_has_the_form_that_github_wants() -> None:
    workflow: Any = yaml.safe_load(GITHUB)
    # YAML 1.1 reads `on` as true, and GitHub as a name.
    assert set(workflow) == {"name", True, "permissions", "env", "jobs"}
    assert set(workflow[True]) == {"pull_request", "push"}
    for job in workflow["jobs"].values():
        assert set(job) <= {"if", "runs-on", "steps", "environment", "concurrency"}
        for step in job["steps"]:
            assert len({"uses", "run"} & set(step)) == 1
            assert set(step) <= {"if", "uses", "run", "with", "env"}
    # What GitHub fills in is a word; the rest is a script that a shell can read.
    for step in workflow["jobs"]["plan"]["steps"]:
        script = re.sub(r"\$\{\{.*?\}\}", "x", step.get("run", ""))
        assert subprocess.run(["sh", "-n"], input=script.encode()).returncode == 0
    # The job that plans sees no secret of a webhook, and takes no turn from one that applies.
    assert not {"CRM_KEY", "concurrency"} & set(
        re.findall(r"\w+", json.dumps(workflow["jobs"]["plan"]))
    )
    assert workflow["jobs"]["apply"]["concurrency"]


def test_gitlab_pipeline_has_the_form_that_gitlab_wants() -> None:
    pipeline: Any = yaml.safe_load(GITLAB)
    # Nothing of it is of all jobs: it is included beside others, with the stages that GitLab has.
    assert set(pipeline) == {".webhooks", "plan-webhooks", "apply-webhooks"}
    assert set(pipeline[".webhooks"]) == {"image", "variables", "before_script"}
    for name, stage in (("plan-webhooks", "test"), ("apply-webhooks", "deploy")):
        job = pipeline[name]
        assert (job["stage"], job["extends"]) == (stage, ".webhooks")
        known = {
            "extends",
            "stage",
            "rules",
            "script",
            "artifacts",
            "resource_group",
            "environment",
        }
        assert set(job) <= known
        assert all(set(rule) <= {"if", "changes"} for rule in job["rules"])


async def test_jobs_plan_without_secrets_and_apply_with_the_token_of_the_set(shell: Shell) -> None:
    # Of a repository of its own: the server on this machine would else follow the file too.
    repository = shell.folder / "repository"
    repository.mkdir()
    inside = f"cd {repository}; "
    assert (await shell.run(inside + INIT)).startswith(WRITTEN)
    (repository / "config/webhooks.yaml").write_text(WEBHOOKS)
    assert await shell.run(inside + VALIDATE) == VALID
    [token] = re.findall(r"^hl_\S+", await shell.run(TOKEN), re.MULTILINE)
    key = shell.environment.pop("CRM_KEY")
    shell.environment["HOOKLINE_TOKEN"] = token
    commands = jobs()
    for name in ("github plan", "gitlab plan"):
        for command in commands[name]:
            await shell.run(inside + command)
        plan = (repository / "plan.md").read_text()
        assert "order-sync" in plan
        assert "(unknown)" in plan or "not compared" in plan
        # A mistake stands in the place of the plan that it follows: the same first line finds it.
        (repository / "config/webhooks.yaml").write_text(WEBHOOKS + "    timout: 5s\n")
        plans = [command for command in commands[name] if "markdown" in command]
        await shell.run(f"{inside}{plans[0]} || true")
        broken = (repository / "plan.md").read_text()
        assert broken.partition("\n")[0] == plan.partition("\n")[0]
        assert "unknown key 'timout'" in broken
        (repository / "config/webhooks.yaml").write_text(WEBHOOKS)
    shell.environment["CRM_KEY"] = key
    assert "Revision 1: 1 create" in await shell.run(inside + commands["github apply"][0])
    assert "nothing to change" in await shell.run(inside + commands["gitlab apply"][0])
