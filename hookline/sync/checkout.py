"""Origin of webhooks files, as git and CI tell it. Called by the commands.

Every part of a source is optional: a file outside of a checkout has none, nor has a machine without
git. The checkout may be hostile: nothing that its configuration names is started.
"""

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile
from time import monotonic
from typing import Final

from hookline.sync.read.collecting import is_listed
from hookline.sync.request import Source
from hookline.text import printable

# What git tells only completes the record: a command does not hang with a git that does.
_DEADLINE_SECONDS: Final = 5.0
# The server takes a branch and an author of at most 500 characters (api/schema/sync_input).
_LONGEST: Final = 500
# 10,000 files of a folder with their names.
_LONGEST_OUTPUT_BYTES: Final = 4 * 1024 * 1024
_LONGEST_REFUSAL: Final = 200

# Whatever a checkout's own configuration says, as these go before it.
_SETTINGS: Final = {
    # A folder that looks like a repository is a repository for git, with a configuration that came
    # with the files of a pull request. Known since git 2.38; before, _top keeps git out of it.
    "safe.bareRepository": "explicit",
    # Programs that watch files, act on events, fetch, ask for passwords, show pages, signatures.
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.sshCommand": "false",
    "core.askPass": "false",
    "core.pager": "cat",
    "credential.helper": "",
    "log.showSignature": "false",
    # Files anywhere on the machine, pipes and devices too.
    "core.attributesFile": os.devnull,
    "core.excludesFile": os.devnull,
    "log.mailmap": "false",
    "i18n.logOutputEncoding": "UTF-8",
}
_ENVIRONMENT: Final = {
    # No protocol: a partial clone fetches what it lacks, by a program of its configuration.
    "GIT_ALLOW_PROTOCOL": "",
    # The same, known since git 2.45.
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_TERMINAL_PROMPT": "0",
    # A look must not hold the lock of the index while somebody commits.
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C",
}
# All that git needs: HOOKLINE_TOKEN, and what else a pipeline's environment holds, is not git's.
# GIT_CONFIG_…: how a container tells git to trust a checkout of another user.
_PASSED_ON: Final = ("PATH", "HOME", "XDG_CONFIG_HOME")
_PASSED_ON_PREFIX: Final = "GIT_CONFIG_"

Tell = Callable[[str], None]


def find_source(
    paths: Sequence[Path],
    environment: Mapping[str, str],
    tell: Tell,
    folders: Sequence[Path] = (),
    deadline_seconds: float = _DEADLINE_SECONDS,
) -> Source:
    """The last commit of the checkout that holds the files, and the CI run that the environment
    names. tell: gets a sentence where there is a checkout that git does not speak of. folders:
    whose files they are, so that one that was removed is missed.
    """
    run_url = _run_url(environment)
    top = _top(paths[0]) if paths else None
    if top is None:
        return Source(run_url=run_url)
    git = _Git(top, environment, monotonic() + deadline_seconds)
    try:
        return _source_of_checkout(git, paths, folders, environment, run_url)
    except _Refused as refused:
        tell(printable(f"warning: the commit of {paths[0]} stays unknown: {refused}"))
        return Source(run_url=run_url)


def git_answers(
    top: Path,
    environment: Mapping[str, str],
    deadline_seconds: float = _DEADLINE_SECONDS,
) -> Callable[..., str]:
    """Gives the function that asks git in a checkout as `find_source` does: all questions together
    have the deadline. It returns the output, and nothing where git fails, hangs or is not there.
    """
    git = _Git(top, environment, monotonic() + deadline_seconds)

    def ask(*arguments: str) -> str:
        try:
            return git.ask(*arguments)
        except _Refused:
            return ""

    return ask


def _top(path: Path) -> Path | None:
    """The folder of the checkout that holds the file: the nearest one with a `.git`.

    No commit can hold a file of this name, so a cloned repository can't bring one along.
    """
    try:
        folder = path.parent.resolve(strict=True)
    # ValueError: a NUL in the name. RuntimeError: links in a circle.
    except (OSError, ValueError, RuntimeError):
        return None
    for above in (folder, *folder.parents):
        if os.path.lexists(above / ".git"):
            return above
    return None


def _source_of_checkout(
    git: "_Git",
    paths: Sequence[Path],
    folders: Sequence[Path],
    environment: Mapping[str, str],
    run_url: str | None,
) -> Source:
    """Raises _Refused."""
    commit = git.ask("rev-parse", "--verify", "--quiet", "HEAD")
    if not commit:
        return Source(run_url=run_url)
    # NUL between the parts: it is the one character that an author's name can't hold.
    shown = git.ask("log", "-1", "--no-mailmap", "--no-notes", "--format=%cI%x00%an", commit, "--")
    committed_at, _, author = shown.partition("\0")
    return Source(
        commit=commit,
        branch=_branch(git, environment),
        author=author[:_LONGEST] or None,
        repository=_repository(git),
        run_url=run_url,
        is_dirty=_is_dirty(git, paths, folders),
        committed_at=_time(committed_at),
    )


def _time(text: str) -> datetime | None:
    # Whoever makes a commit chooses its time and zone: also ones that no datetime holds.
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _is_dirty(git: "_Git", paths: Sequence[Path], folders: Sequence[Path]) -> bool:
    """True when the files are not byte for byte the last commit's, or the folders have others
    there.
    """
    here = dict[str, str]()
    for path in paths:
        file = path.parent.resolve() / path.name
        if not file.is_relative_to(git.top):
            return True
        here[file.relative_to(git.top).as_posix()] = str(file)
    within = [folder.resolve() for folder in folders]
    if not all(folder.is_relative_to(git.top) for folder in within):
        return True
    inside = [folder.relative_to(git.top).as_posix() for folder in within]
    # Not `git status`, which runs the filters that a checkout's own configuration names.
    listed = git.ask("ls-tree", "-r", "-z", "HEAD", "--", *here, *inside)
    committed = {
        name: about.split(" ")[2]
        for about, _, name in (entry.partition("\t") for entry in listed.split("\0"))
        if name in here or any(is_listed(name, folder) for folder in inside)
    }
    hashes = git.ask("hash-object", "--no-filters", "--", *here.values()).split("\n")
    return committed != dict(zip(here, hashes, strict=False))


def _branch(git: "_Git", environment: Mapping[str, str]) -> str | None:
    """The branch. CI checks commits out without one, and names it in the environment."""
    named = (
        # For a pull request GITHUB_REF_NAME is a merge ref such as 7/merge; the branch stands in
        # GITHUB_HEAD_REF, which is empty otherwise.
        environment.get("GITHUB_HEAD_REF")
        or environment.get("GITHUB_REF_NAME")
        or environment.get("CI_COMMIT_REF_NAME")
    )
    found = named or git.ask("branch", "--show-current")
    return found[:_LONGEST] or None


def _repository(git: "_Git") -> str | None:
    """The remote's address without user and password."""
    url = git.ask("config", "--get", "remote.origin.url")
    # GitLab's CI clones by https://USER:TOKEN@…, and the revision is shown to people. The user of
    # git@host:path is part of the address and no secret.
    scheme, mark, rest = url.partition("://")
    return (scheme + mark + rest.rpartition("@")[2] if mark else url)[:_LONGEST] or None


def _run_url(environment: Mapping[str, str]) -> str | None:
    if run := environment.get("GITHUB_RUN_ID"):
        server = environment.get("GITHUB_SERVER_URL", "https://github.com")
        return f"{server}/{environment.get('GITHUB_REPOSITORY', '')}/actions/runs/{run}"
    return environment.get("CI_JOB_URL") or environment.get("BUILD_URL")


class _Refused(Exception):
    """Git does not tell of the checkout; the text says why."""


@dataclass(frozen=True, slots=True)
class _Git:
    """Git in one checkout. ends_at: of the monotonic clock, for all questions together."""

    top: Path
    environment: Mapping[str, str]
    ends_at: float

    def ask(self, *arguments: str) -> str:
        """The output, without the line end; nothing where git has no answer.

        Raises _Refused when it fails, hangs, or is not there.
        """
        settings = [word for pair in _SETTINGS.items() for word in ("-c", "=".join(pair))]
        command = ["git", "--no-pager", *settings, "-C", str(self.top), *arguments]
        try:
            code, output, errors = _run(command, self._own_environment(), self._seconds_left())
            text = output.decode("utf-8").strip()
        except subprocess.TimeoutExpired:
            raise _Refused("git did not answer in time.") from None
        except OSError as error:
            raise _Refused(f"git can't be started: {error.strerror}.") from None
        except UnicodeDecodeError:
            return ""
        # 1: `--quiet` and `config --get` found nothing.
        if code not in (0, 1):
            raise _Refused(f"git says: {_reason(errors) or f'exit code {code}'}")
        return text if code == 0 else ""

    def _own_environment(self) -> dict[str, str]:
        passed_on = {
            name: value
            for name, value in self.environment.items()
            if name in _PASSED_ON or name.startswith(_PASSED_ON_PREFIX)
        }
        return {**passed_on, **_ENVIRONMENT}

    def _seconds_left(self) -> float:
        return max(0.0, self.ends_at - monotonic())


def _reason(errors: bytes) -> str:
    """The line that says why git gave up; before it may stand warnings, behind it advice."""
    lines = errors.decode("utf-8", "replace").strip().splitlines() or [""]
    return next((line for line in lines if line.startswith("fatal:")), lines[0])[:_LONGEST_REFUSAL]


def _run(
    command: list[str], environment: dict[str, str], timeout_seconds: float
) -> tuple[int, bytes, bytes]:
    """Exit code, output and errors, both cut.

    Raises OSError or TimeoutExpired.
    """
    # Files, as a program that git left behind would keep a pipe open, and the command waiting.
    with TemporaryFile() as output, TemporaryFile() as errors:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            env=environment,
            start_new_session=True,
        )
        try:
            code = process.wait(timeout_seconds)
        except BaseException:
            # The whole group: what git started ends with it.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        output.seek(0)
        errors.seek(0)
        return code, output.read(_LONGEST_OUTPUT_BYTES), errors.read(_LONGEST_OUTPUT_BYTES)
