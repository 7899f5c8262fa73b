"""The built site."""

from pathlib import Path

import pytest

from tests.built_docs import build_docs
from tests.built_pages import install_zensical


@pytest.fixture(scope="session")
def zensical() -> None:
    """The program that builds the site, installed."""
    install_zensical()


@pytest.fixture(scope="session")
def site() -> Path:
    return build_docs()
