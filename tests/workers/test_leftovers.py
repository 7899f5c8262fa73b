"""Memory of deliveries that fail: their data is gone with the attempt, however it ended."""

import asyncio

import pytest

from hookline.models import Attempt
from hookline.runtime import Runtime
from tests.garbage import garbage, large_in
from tests.hookline.events.publishers import given, publish
from tests.making import make_webhook
from tests.receivers import Receiver
from tests.servers import free_port
from tests.waiting import eventually
from tests.working import pumping

LARGE = 100_000


@pytest.mark.engines("sqlite")
async def test_data_of_deliveries_that_failed_does_not_wait_for_the_collector(
    runtime: Runtime,
) -> None:
    async with Receiver() as receiver, pumping(runtime):
        for url in (f"http://127.0.0.1:{free_port()}/", f"https://127.0.0.1:{receiver.port}/"):
            await make_webhook(runtime, url)

        async def are_recorded() -> bool:
            return await Attempt.filter(error_code__in=["CONNECT", "TLS"]).count() >= 10

        with garbage() as left:
            await publish(runtime, *(given("x" * LARGE) for _ in range(5)))
            await eventually(are_recorded)
            for _ in range(20):
                await asyncio.sleep(0)
    assert large_in(left, LARGE) == set()
