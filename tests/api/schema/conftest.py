"""Fixtures of the schema's tests: an admin of the default workspace."""

import pytest

from hookline.runtime import Runtime
from tests.api.schema.asking import Asker


@pytest.fixture
def admin(runtime: Runtime) -> Asker:
    return Asker(runtime)
