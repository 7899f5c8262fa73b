"""A worker that can ask nobody for confirmation says so as it starts."""

from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from hookline.runtime import Runtime
from tests.working import pumping

pytestmark = pytest.mark.engines("sqlite")

URL = SecretStr("smtp://127.0.0.1:1?from=a@example.com")


@pytest.mark.parametrize(
    ("given", "count"),
    [
        ({}, 1),
        ({"public_url": "https://hooks.example.com"}, 0),
        ({"mail_other_domains": "allow"}, 0),
        ({"smtp_url": SecretStr("")}, 0),
    ],
)
async def test_a_worker_that_can_ask_nobody_says_so_once(
    runtime: Runtime, caplog: pytest.LogCaptureFixture, given: dict[str, Any], count: int
) -> None:
    settings = runtime.settings.model_copy(update={"smtp_url": URL, **given})
    async with pumping(replace(runtime, settings=settings)):
        pass
    told = [line for line in caplog.messages if "HOOKLINE_PUBLIC_URL is not set" in line]
    assert len(told) == count
