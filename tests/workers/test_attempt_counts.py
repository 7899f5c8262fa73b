"""The counts of attempts in the metrics, from a pump that delivers."""

import pytest

from hookline.runtime import Runtime
from tests.making import make_webhook, publish
from tests.receivers import Receiver, Reply
from tests.waiting import eventually
from tests.working import pumping


@pytest.mark.engines("sqlite")
async def test_every_attempt_counts_by_its_outcome_and_a_delivery_once_it_ended(
    runtime: Runtime,
) -> None:
    def value(name: str, **labels: str) -> float | None:
        return runtime.metrics.registry.get_sample_value(name, labels)

    async with Receiver([Reply(500), Reply(200)]) as receiver, pumping(runtime):
        await make_webhook(runtime, receiver.url, retry={"schedule": ["1h"]})
        await publish(runtime)
        await eventually(lambda: value("hookline_attempts_total", outcome="FAILED") == 1)
        await publish(runtime)
        await eventually(lambda: value("hookline_attempts_total", outcome="SUCCEEDED") == 1)
        assert value("hookline_deliveries_ended_total", state="SUCCEEDED") == 1
        # The first one has its second try before it.
        assert value("hookline_deliveries_ended_total", state="FAILED") == 0
        await eventually(lambda: value("hookline_deliveries_leased") == 0)


@pytest.mark.engines("sqlite")
async def test_delivery_without_another_try_has_failed(runtime: Runtime) -> None:
    async with Receiver([Reply(500)]) as receiver, pumping(runtime):
        await make_webhook(runtime, receiver.url, retry={"schedule": []})
        await publish(runtime)
        ended = {"state": "FAILED"}
        await eventually(
            lambda: (
                runtime.metrics.registry.get_sample_value("hookline_deliveries_ended_total", ended)
                == 1
            )
        )
