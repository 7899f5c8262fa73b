"""Origin of a webhooks file, as git and CI tell it. Called by the commands.

Every part of a source is optional: a file outside of a checkout has none, nor has a machine without
git.
"""

import subprocess
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from hookline.sync.request import Source

# What git tells only completes the record: a command does not hang with a git that does.
_DEADLINE_SECONDS: Final = 5
# The server takes a branch and an author of at most 500 characters (api/schema/sync_input).
_LONGEST: Final = 500


def find_source(path: Path, environment: Mapping[str, str]) -> Source:
    """The last commit of the checkout that holds the file, and the CI run that the environment
    names.
    """
    # NUL between the parts: it is the one character that an author's name can't hold.
    fields = _git(path.parent, "log", "-1", "--format=%H%x00%cI%x00%an", "HEAD").split("\0")
    commit, committed_at, author = fields if len(fields) == 3 else (None, None, None)
    return Source(
        commit=commit,
        branch=_branch(path.parent, environment) if commit else None,
        author=author[:_LONGEST] if author else None,
        repository=_repository(path.parent) if commit else None,
        run_url=_run_url(environment),
        is_dirty=_is_dirty(path) if commit else None,
        committed_at=datetime.fromisoformat(committed_at) if committed_at else None,
    )


def _is_dirty(path: Path) -> bool:
    """True when the file is not byte for byte the last commit's, or not in it."""
    # Not `git status`, which runs the filters that a checkout's own configuration names.
    committed = _git(path.parent, "rev-parse", "--verify", "--quiet", f"HEAD:./{path.name}")
    return committed != _git(path.parent, "hash-object", "--no-filters", "--", path.name)


def _branch(folder: Path, environment: Mapping[str, str]) -> str | None:
    """The branch. CI checks commits out without one, and names it in the environment."""
    named = (
        # For a pull request GITHUB_REF_NAME is a merge ref such as 7/merge; the branch stands in
        # GITHUB_HEAD_REF, which is empty otherwise.
        environment.get("GITHUB_HEAD_REF")
        or environment.get("GITHUB_REF_NAME")
        or environment.get("CI_COMMIT_REF_NAME")
    )
    found = named or _git(folder, "branch", "--show-current")
    return found[:_LONGEST] or None


def _repository(folder: Path) -> str | None:
    """The remote's address without user and password."""
    url = _git(folder, "config", "--get", "remote.origin.url")
    # GitLab's CI clones by https://USER:TOKEN@…, and the revision is shown to people. The user of
    # git@host:path is part of the address and no secret.
    scheme, mark, rest = url.partition("://")
    return (scheme + mark + rest.rpartition("@")[2] if mark else url)[:_LONGEST] or None


def _run_url(environment: Mapping[str, str]) -> str | None:
    if run := environment.get("GITHUB_RUN_ID"):
        server = environment.get("GITHUB_SERVER_URL", "https://github.com")
        return f"{server}/{environment.get('GITHUB_REPOSITORY', '')}/actions/runs/{run}"
    return environment.get("CI_JOB_URL") or environment.get("BUILD_URL")


def _git(folder: Path, *arguments: str) -> str:
    """The output of git, without the line end; nothing when it can't answer."""
    command = [
        "git",
        # A look must not hold the lock of the index while somebody commits.
        "--no-optional-locks",
        "-c",
        # A checkout's own configuration may name programs: for watching files, and here below for
        # showing signatures. Neither may start.
        "core.fsmonitor=false",
        "-c",
        "log.showSignature=false",
        "-C",
        str(folder),
        *arguments,
    ]
    # Git may be missing, hang or tell in another encoding: then the record is without its part.
    with suppress(OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=_DEADLINE_SECONDS,
            check=False,
        )
        return done.stdout.strip() if done.returncode == 0 else ""
    return ""
