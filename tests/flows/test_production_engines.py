"""The same story with brokers and in several processes: what people run in production. Each process
is Hookline's own command.
"""

import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from tests.flows.installation import Installation, is_running
from tests.receivers import Receiver
from tests.servers import free_port
from tests.waiting import eventually

ATTEMPTS = (
    "subscription($after: String) { attempts(after: $after) { cursor gap node { outcome "
    "statusCode } } }"
)


@pytest.fixture(params=["amqp", "redis"])
def engines(request: pytest.FixtureRequest) -> dict[str, str]:
    """RabbitMQ with the database as hub, and Redis as both."""
    if request.param == "amqp":
        return {"HOOKLINE_BROKER_URL": request.getfixturevalue("rabbitmq_server").url}
    url = request.getfixturevalue("valkey_server").url
    return {"HOOKLINE_BROKER_URL": url, "HOOKLINE_PUBSUB_URL": url}


@pytest.fixture
async def hookline(
    engines: dict[str, str], postgres_database: str, tmp_path: Path
) -> AsyncIterator[Installation]:
    """Two API processes behind one port, two workers."""
    async with Installation(tmp_path, postgres_database) as installation:
        installation.environment |= engines
        installation.start_process("serve", "--workers", "2")
        installation.start_process("worker", "--processes", "2")
        await eventually(installation.is_ready)
        await eventually(lambda: installation.log.read_text().count("delivering") == 2)
        yield installation


async def test_an_event_becomes_a_delivery_an_attempt_and_a_live_event(
    hookline: Installation,
) -> None:
    cursor = (await hookline.graphql("{ liveCursor }"))["liveCursor"]
    async with (
        Receiver() as receiver,
        hookline.subscription(ATTEMPTS) as live,
        hookline.subscription(ATTEMPTS, after=cursor) as after,
    ):
        await hookline.create_webhook(receiver.url)
        for n in range(10):
            await hookline.publish({"n": n})
        await receiver.wait_for(10)
        for subscription in (live, after):
            for _ in range(10):
                assert (await subscription.next())["attempts"]["node"] == {
                    "outcome": "SUCCEEDED",
                    "statusCode": 200,
                }


async def test_an_api_process_that_dies_is_followed_by_another_one(hookline: Installation) -> None:
    parent = psutil.Process(hookline.processes["serve"].pid)
    first = {child.pid for child in parent.children()}
    assert len(first) == 2
    os.kill(min(first), signal.SIGKILL)

    await eventually(lambda: len({child.pid for child in parent.children()} - first) == 1)
    await eventually(hookline.is_ready)


@pytest.mark.parametrize("name", ["serve", "worker"])
async def test_sigterm_ends_every_process_cleanly(hookline: Installation, name: str) -> None:
    process = hookline.processes[name]
    family = psutil.Process(process.pid).children(recursive=True)
    # as supervisors do: all of them, and the parents tell theirs
    os.killpg(process.pid, signal.SIGTERM)

    await eventually(lambda: process.poll() is not None)

    assert process.returncode == 0, hookline.log.read_text()
    assert not any(is_running(one) for one in family)


async def test_processes_end_when_their_parent_is_killed(hookline: Installation) -> None:
    process = hookline.processes["serve"]
    children = psutil.Process(process.pid).children()
    assert children
    process.kill()

    await eventually(lambda: not any(map(is_running, children)))


async def test_processes_that_cannot_start_end_with_a_sentence(
    postgres_database: str, tmp_path: Path
) -> None:
    async with Installation(tmp_path, postgres_database) as installation:
        done = installation.run(
            "serve",
            "--workers",
            "2",
            exit_code=1,
            HOOKLINE_BROKER_URL=f"redis://127.0.0.1:{free_port()}",
        )
    assert "HOOKLINE_BROKER_URL" in done.stderr
