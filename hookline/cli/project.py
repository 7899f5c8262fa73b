"""The repository that `hookline init` writes into: what was said of it, and what can be guessed.
Asks no other machine.
"""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from hookline.cli.client import is_this_machine
from hookline.cli.connection import checked_server, connect
from hookline.form.check import SLUG, check_slug, slug_of
from hookline.settings import environment
from hookline.text import printable

WEBHOOKS: Final = "config/webhooks.yaml"
GITHUB: Final = ".github/workflows/webhooks.yml"
GITLAB: Final = ".gitlab-ci.yml"
GITLAB_BESIDE: Final = ".gitlab/webhooks.yml"
NO_SERVER: Final = "https://hooks.example.com"
NO_PACKAGE: Final = "git+https://git.example.com/hookline.git"
_MAIN_BRANCHES: Final = ("main", "master", "trunk")

Git = Callable[..., str]
"""Asks git; returns its output, or nothing."""


@dataclass(frozen=True)
class Project:
    """Values that the files are filled with. folder: where config/ goes. top: of its repository.
    prefix: the way from there to here, empty or with a slash at its end. ci_file: None for no job.
    """

    folder: Path
    top: Path
    prefix: str
    ci: str
    ci_file: Path | None
    set_name: str
    environment: str
    server: str
    package: str
    branch: str


def project_of(
    folder: Path, ci: str | None, set_name: str | None, server: str | None, package: str | None
) -> Project:
    """Returns what was said, and guesses for the rest.

    Raises click.UsageError, Misconfigured.
    """
    if set_name is not None and (problems := check_slug(set_name)):
        raise click.UsageError(problems[0].message.replace("slug", "--set", 1))
    if package is not None and (": " in package or " #" in package or not package.isprintable()):
        raise click.UsageError("--package must be one requirement as pip takes it, without ` #`.")
    # 10 ms that --help would pay.
    from hookline.sync.checkout import git_answers

    top = _top_of(folder)
    git = git_answers(top, os.environ)
    found = ci or _ci_of(top, git) or "none"
    return Project(
        folder=folder,
        top=top,
        prefix=_prefix(folder, top),
        ci=found,
        ci_file=_ci_file(top, found),
        set_name=set_name or _set_of(folder / WEBHOOKS) or slug_of(folder.name),
        environment=environment.environments()[-1],
        server=checked_server(server, "--server") if server else _known_server(),
        package=package or _own_package(),
        branch=_main_branch_of(git),
    )


def _top_of(folder: Path) -> Path:
    """The top of the repository that a folder is in; the folder itself outside of one."""
    return next((one for one in (folder, *folder.parents) if (one / ".git").exists()), folder)


def _prefix(folder: Path, top: Path) -> str:
    """Raises click.UsageError for a way that a pipeline can't name without quotes."""
    way = folder.relative_to(top).as_posix()
    if not re.fullmatch(r"[\w./+-]+", way):
        raise click.UsageError(
            f"--dir: {printable(way)!r} has signs besides letters, digits and . _ + - /, which "
            "jobs do not take. Choose another folder."
        )
    return "" if way == "." else f"{way}/"


def _ci_of(top: Path, git: Git) -> str | None:
    """`github` or `gitlab`: by the host of the remote, else by files of theirs."""
    host = _host(git("remote", "get-url", "origin").lower())
    by_host = [name for name in ("github", "gitlab") if name in host]
    files = (("gitlab", GITLAB), ("github", ".github"))
    return next(iter(by_host + [name for name, path in files if (top / path).exists()]), None)


def _ci_file(top: Path, ci: str) -> Path | None:
    """The file of the job: in GitLab one beside the pipeline that is there."""
    if ci == "none":
        return None
    beside = GITLAB_BESIDE if (top / GITLAB).exists() else GITLAB
    return top / (GITHUB if ci == "github" else beside)


def _set_of(path: Path) -> str | None:
    """The set of a webhooks file that is there."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    named = re.search(rf"^set: *[\"']?({SLUG})", text, re.MULTILINE)
    return named[1] if named else "default"


def _main_branch_of(git: Git) -> str:
    """The main branch of the remote, else the present one if it is called like one."""
    remote = git("symbolic-ref", "--short", "refs/remotes/origin/HEAD")
    if remote:
        return remote.removeprefix("origin/")
    present = git("symbolic-ref", "--short", "HEAD")
    return present if present in _MAIN_BRANCHES else _MAIN_BRANCHES[0]


def _host(remote: str) -> str:
    """The host of `https://host/path` or `git@host:path`."""
    place = remote.partition("://")[2].partition("/")[0] or remote.partition(":")[0]
    return place.rpartition("@")[2]


def _known_server() -> str:
    """The server of the commands; a placeholder if that is this machine, which no job reaches."""
    found = connect().server
    return NO_SERVER if is_this_machine(found) else found


def _own_package() -> str:
    """The requirement that pip took this installation from (PEP 610)."""
    import json
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        origin = json.loads(distribution("hookline").read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, ValueError):
        return NO_PACKAGE
    return package_of(origin)


def package_of(origin: Mapping[str, Any]) -> str:
    """The repository and the commit of an installation's origin, a placeholder for any other. So it
    is for an address with what may be a secret, which an installer should have left out: the job is
    committed.
    """
    commit, url = (origin.get("vcs_info") or {}).get("commit_id"), origin.get("url")
    if not isinstance(url, str) or not re.fullmatch("[0-9a-f]{7,64}", str(commit)):
        return NO_PACKAGE
    is_plain = re.fullmatch(r"(https?://|ssh://(git@)?|file:///)[\w.:/~+-]+", url, re.ASCII)
    return f"git+{url}@{commit}" if is_plain else NO_PACKAGE
