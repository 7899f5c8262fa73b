"""The built site, once for the tests of a file."""

from pathlib import Path

import pytest

from tests.built_pages import install_zensical
from tools.docs_site.building import build


@pytest.fixture(scope="session")
def zensical() -> None:
    """The program that builds the site, installed."""
    install_zensical()


@pytest.fixture(scope="module")
def site(zensical: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    static = tmp_path_factory.mktemp("static")
    build(static / "docs")
    return static / "docs"
