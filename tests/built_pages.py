"""The console's page and the documentation's site, built once for all processes of a run: for tests
of them and of their links.
"""

import fcntl
import subprocess
import tempfile
from hashlib import sha256
from pathlib import Path

from tests.processes import PROJECT
from tools.docs_site import building
from tools.docs_site.staging import stage

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


def build_docs() -> Path:
    """Builds the site, where a server finds it, unless it is built from these very sources. Others
    wait meanwhile. A build takes 2.5 s of CPU (2026-11).
    """
    install_zensical()
    with (PROJECT / "docs" / "zensical.toml").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        built_from, sources = building.SITE / ".built-from", _docs_sources()
        if not built_from.exists() or built_from.read_text() != sources:
            building.build()
            built_from.write_text(sources)
    return building.SITE


def _docs_sources() -> str:
    """A digest of all that the site is made of."""
    digest = sha256((PROJECT / "requirements-docs.lock").read_bytes())
    digest.update(Path(building.__file__).read_bytes())
    with tempfile.TemporaryDirectory() as name:
        stage(Path(name))
        for path in sorted(Path(name).rglob("*")):
            if path.is_file():
                digest.update(f"{path.relative_to(name)}\n".encode() + path.read_bytes())
    return digest.hexdigest()


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
