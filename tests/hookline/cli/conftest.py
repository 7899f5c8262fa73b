"""A server for the tests of the commands that ask one: the same for all of them."""

from collections.abc import Iterator

import pytest

from tests.hookline.cli.stand import Stand


@pytest.fixture(scope="session")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with Stand(tmp_path_factory.mktemp("stand")) as started:
        yield started
