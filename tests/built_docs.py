"""The site of the documentation, built once for all processes of a run."""

import fcntl
import tempfile
from hashlib import sha256
from pathlib import Path

from tests.built_pages import install_zensical
from tests.processes import PROJECT
from tools.docs_site import building
from tools.docs_site.staging import stage


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
