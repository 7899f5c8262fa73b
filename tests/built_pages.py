"""The console's page, built once for all processes of a run: for tests of it and of its links."""

import fcntl
import subprocess

from tests.processes import PROJECT

_LIMIT_SECONDS = 170  # with npm's downloads; a test's own limit is 180


def build_console() -> None:
    """Builds the page unless it is built from these very sources. Others wait meanwhile."""
    with (PROJECT / "web" / "build.sh").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run(
            ["sh", "build.sh", "console"],
            cwd=PROJECT / "web",
            capture_output=True,
            text=True,
            timeout=_LIMIT_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr + done.stdout


def install_zensical() -> None:
    """Installs what builds the documentation, unless it is there. Others wait meanwhile."""
    with (PROJECT / "requirements-docs.lock").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run(
            ["make", "--silent", ".venv/docs/.installed"],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            timeout=_LIMIT_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr + done.stdout
