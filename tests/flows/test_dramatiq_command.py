"""Dramatiq's own command runs the worker, with processes and threads as it documents them:
deliveries, mails and jobs, over every broker.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.flows.installation import Installation, Json
from tests.receivers import Receiver, Reply
from tests.waiting import eventually

MAILS = "{ notifications(first: 5) { nodes { kind emails { status } } } }"
ADDRESSES = [f"{number}@example.com" for number in range(5)]


@pytest.fixture(params=["memory", "valkey_server", "rabbitmq_server"])
def broker_url(request: pytest.FixtureRequest) -> str:
    return (
        "memory://"
        if request.param == "memory"
        else str(request.getfixturevalue(request.param).url)
    )


@pytest.fixture
async def hookline(
    broker_url: str, postgres_database: str, tmp_path: Path
) -> AsyncIterator[Installation]:
    async with Installation(tmp_path, postgres_database) as installation:
        installation.environment["HOOKLINE_BROKER_URL"] = broker_url
        installation.start_process("serve")
        # As people start it, once: its imports take 2 s of CPU.
        start = installation.start_anew if broker_url == "memory://" else installation.start_forked
        start("worker", "dramatiq", "workers.main", "--processes", "2", "--threads", "3")
        await eventually(installation.is_ready)
        await eventually(lambda: installation.log.read_text().count("delivering") == 2)
        yield installation


async def test_it_delivers_mails_and_does_jobs(hookline: Installation, tmp_path: Path) -> None:
    async with Receiver([Reply(500)]) as receiver:
        failing = {
            "autoDisable": {"failures": 2, "over": "1s"},
            "retry": {"schedule": ["1s"] * 3},
            "notificationEmails": ADDRESSES,
        }
        webhook = await hookline.create_webhook(receiver.url, **failing)
        for number in range(2):
            await hookline.publish({"n": number})

        # turned off by itself, and everybody was told, once
        async def receipts() -> Json:
            nodes = (await hookline.graphql(MAILS))["notifications"]["nodes"]
            found = [
                email["status"]
                for node in nodes
                for email in node["emails"]
                if node["kind"] == "AUTO_DISABLED"
            ]
            return found if found == ["SENT"] * len(ADDRESSES) else None

        await eventually(receipts)
        assert len(list((tmp_path / "home" / "outbox").glob("*.eml"))) == len(ADDRESSES)

        # turned on again, with what was missed
        await hookline.publish({"n": 2})
        receiver.replies[:] = [Reply(200)]
        await hookline.mutate(
            "webhookSetActive", "webhook { status }", id=webhook, active=True, deliverMissed=True
        )
        await eventually(lambda: any(b'"n":2' in request.body for request in receiver.requests))
    assert "Traceback" not in hookline.log.read_text()
