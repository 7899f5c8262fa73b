"""`hookline init`: files that are valid as they are and as their comments suggest, where they
belong, and what is to be done after it, done.
"""

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from hookline.cli.project import NO_PACKAGE, package_of
from tests.hookline.cli.stand import Stand
from tests.processes import PROJECT, run_hookline
from tests.tables import each_of

pytestmark = pytest.mark.engines("sqlite")


class Repository:
    """A repository of git, and `hookline` run in it with nothing set."""

    def __init__(self, folder: Path, remote: str = "") -> None:
        self.folder = folder
        self.environment = {
            "PYTHONPATH": str(PROJECT),
            "PATH": "/usr/bin:/bin",
            "HOME": str(folder),
        }
        self.git("init", "-q", "-b", "main")
        if remote:
            self.git("remote", "add", "origin", remote)

    def git(self, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=self.folder, check=True, timeout=60)

    def run(
        self, *arguments: str, code: int = 0, text: str = "", **environment: str
    ) -> "subprocess.CompletedProcess[str]":
        done = run_hookline(arguments, self.folder, {**self.environment, **environment}, text)
        assert done.returncode == code, (arguments, done.stdout, done.stderr)
        return done

    def read(self, path: str) -> str:
        return (self.folder / path).read_text("utf-8")


COMMIT = "0123456789abcdef0123456789abcdef01234567"


@each_of(
    "url, is_shown",
    [
        ("https://git.acme.com/ops/hookline.git", True),
        ("https://git.acme.com:8443/~ops/hook-line", True),
        ("ssh://git@git.acme.com/ops/hookline.git", True),
        ("https://me:hunter2@git.acme.com/hookline.git", False),
        ("https://hunter2@git.acme.com/hookline.git", False),
        ("https://git.acme.com/hookline.git?private_token=hunter2", False),
        ("https://git.acme.com/hookline.git#hunter2", False),
        ("https://git.acme.com/hookline.git\nrun: hunter2", False),
        (None, False),
    ],
)
def test_the_package_is_named_without_what_may_be_a_secret(url: str, is_shown: bool) -> None:
    named = package_of({"url": url, "vcs_info": {"vcs": "git", "commit_id": COMMIT}})
    assert named == (f"git+{url}@{COMMIT}" if is_shown else NO_PACKAGE)
    assert package_of({"url": url, "dir_info": {"editable": True}}) == NO_PACKAGE
    assert package_of({"url": url, "vcs_info": {"commit_id": "hunter2 #"}}) == NO_PACKAGE


def test_git_gets_nothing_of_the_environment_but_what_it_needs(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "bin").mkdir()
    repository = Repository(tmp_path / "shop", "https://github.com/acme/shop.git")
    (tmp_path / "bin/git").write_text(f"#!/bin/sh\nenv >> {tmp_path}/seen\n")
    (tmp_path / "bin/git").chmod(0o755)
    repository.run(
        "init", PATH=f"{tmp_path}/bin:/usr/bin:/bin", HOOKLINE_SECRET_KEYS="hunter2", GIT_DIR="/"
    )
    seen = (tmp_path / "seen").read_text()
    assert "PATH=" in seen
    assert "hunter2" not in seen
    assert "GIT_DIR" not in seen


def test_a_first_apply_follows_what_init_says(stand: Stand, tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    shop.mkdir()
    repository = Repository(shop, "https://github.com/acme/shop.git")
    done = repository.run("init", "--set", "first", "--server", stand.url)
    # Each as it has to be typed here: with the path of this installation.
    lines = re.findall("^  .*hookline ((?:sync|login|tokens) .*)", done.stderr, re.MULTILINE)
    validate, login, plan, apply, token = map(shlex.split, lines)
    assert login == ["login", stand.url]

    # "Put your URL into config/webhooks.yaml, take out `active: false`".
    text = repository.read("config/webhooks.yaml")
    url = f"{stand.receiver.url}/200"
    changed = re.sub(r"url: \S+", f"url: {url}", re.sub(r" +active: false.*\n", "", text))
    (shop / "config/webhooks.yaml").write_text(changed, "utf-8")
    assert "1 webhook in set first." in repository.run(*validate).stdout
    made = stand.run(*token).stdout.strip()
    repository.run(*login, text=made)
    assert "order-sync" in repository.run(*plan).stdout
    assert "Revision 1: 1 create" in repository.run(*apply, "--yes").stdout

    stored = stand.json("webhooks", "get", "order-sync")
    assert (stored["url"], stored["active"], stored["managedBy"]["set"]) == (url, True, "first")
    # The job does the same, by the server that was named.
    job: Any = yaml.safe_load(repository.read(".github/workflows/webhooks.yml"))
    assert job["env"]["HOOKLINE_SERVER"] == stand.url


def test_the_example_is_valid_with_its_comments_taken_out_too(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.run("init", "--set", "on", HOOKLINE_ENVIRONMENTS="test,live")
    path = tmp_path / "config/webhooks.yaml"
    text = path.read_text("utf-8")
    schema: Any = yaml.safe_load(repository.read("config/webhooks.v1.schema.json"))

    whole = re.sub(r"^    # (\w+: [\[{\d].*)$", r"    \1", text, flags=re.MULTILINE)
    assert whole.count("\n    # ") == text.count("\n    # ") - 4
    for content in (text, whole):
        path.write_text(content, "utf-8")
        checked = repository.run("sync", "validate", CRM_KEY="x", HOOKLINE_ENVIRONMENTS="test,live")
        assert (checked.stdout, checked.stderr) == (
            "config/webhooks.yaml is valid: 1 webhook in set on.\n",
            "",
        )
        # YAML 1.1 reads `on` as true, where the field decides it is text.
        jsonschema.validate({**yaml.safe_load(content), "set": "on"}, schema)
    named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", text)
    assert named
    assert (path.parent / named[1]).is_file()


@pytest.mark.parametrize(
    ("remote", "files", "written"),
    [
        ("git@github.com:acme/shop.git", (), ".github/workflows/webhooks.yml"),
        ("https://me:x@gitlab.acme.com/github/shop", (".github/x",), ".gitlab-ci.yml"),
        ("https://git.acme.com/shop", (".github/x",), ".github/workflows/webhooks.yml"),
        ("", (".gitlab-ci.yml",), ".gitlab/webhooks.yml"),
        ("", (), None),
    ],
)
def test_the_job_is_of_the_host_and_never_in_place_of_a_file(
    tmp_path: Path, remote: str, files: tuple[str, ...], written: str | None
) -> None:
    repository = Repository(tmp_path, remote)
    for name in files:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("mine")

    done = repository.run("init")

    paths = ["config/webhooks.yaml", "config/webhooks.v1.schema.json"]
    assert done.stdout.splitlines() == paths + ([written] if written else [])
    assert [repository.read(name) for name in files] == ["mine"] * len(files)
    wanted = {
        ".gitlab/webhooks.yml": "include: [{ local: .gitlab/webhooks.yml }]",
        None: "hookline init --job-only --ci github",
    }.get(written, "instead of https://hooks.example.com.")
    assert wanted in done.stderr


def test_files_that_are_there_are_named_and_nothing_is_written(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    (tmp_path / "config").mkdir()
    (tmp_path / "config/webhooks.yaml").write_text("set: 'mine'\n")

    refused = repository.run("init", "--ci", "gitlab", code=1).stderr
    assert "config/webhooks.yaml is there already, and nothing is replaced" in refused
    assert [path.name for path in (tmp_path / "config").iterdir()] == ["webhooks.yaml"]
    # As the sentence says.
    done = repository.run("init", "--ci", "gitlab", "--job-only")
    assert done.stdout == ".gitlab-ci.yml\n"
    assert "tokens create mine-ci --role sync --set mine" in done.stderr
    assert repository.read("config/webhooks.yaml") == "set: 'mine'\n"


def test_a_folder_of_a_repository_has_its_webhooks_and_the_top_the_job(tmp_path: Path) -> None:
    repository = Repository(tmp_path, "https://github.com/acme/all.git")

    done = repository.run(
        *("init", "--dir", "services/Shop", "--server", "https://hooks.acme.com"),
        *("--package", "hookline>=0.1"),
    )

    assert "services/Shop/config/webhooks.yaml\n" in done.stdout
    job: Any = yaml.safe_load(repository.read(".github/workflows/webhooks.yml"))
    assert job[True]["push"] == {"branches": ["main"], "paths": ["services/Shop/config/**"]}
    scripts = [step["run"] for step in job["jobs"]["plan"]["steps"] if "run" in step]
    assert scripts[0] == "pip install 'hookline>=0.1'"
    repository.run(*shlex.split(scripts[1])[1:])
    assert "set: shop " in repository.read("services/Shop/config/webhooks.yaml")
    # Nothing is left to be filled in.
    assert "instead of" not in done.stderr


def test_what_a_job_could_not_say_is_refused(tmp_path: Path) -> None:
    repository = Repository(tmp_path)

    for given, told in (
        (("--set", "A b"), "--set must be 1 to 63"),
        (("--server", "ftp://x"), "--server must start with http"),
        (("--server", "https://ops:pw@hooks.acme.com"), "--server must have no user, password"),
        (("--dir", "a b"), "has signs besides letters"),
        (("--package", "x #y"), "--package must be one requirement"),
        (("--job-only",), "add --ci github or --ci gitlab"),
    ):
        done = run_hookline(("init", *given), tmp_path, repository.environment)
        assert (done.returncode in (1, 64), told in done.stderr) == (True, True), done.stderr
    assert [path.name for path in tmp_path.iterdir()] == [".git"]
