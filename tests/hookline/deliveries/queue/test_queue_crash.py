"""The PostgreSQL server crashes and comes back: what a worker claimed is still its own, so nothing
is sent twice and every try is on record.
"""

import asyncio
from pathlib import Path

from hookline.db.faults import FAULTS
from hookline.db.migrate import migrate
from hookline.models import Attempt, Delivery, DeliveryState
from hookline.settings.fields import read_settings
from hookline.wiring import open_runtime
from tests.conftest import LOOPBACK
from tests.making import Hand, enqueue, make_webhook, succeeded
from tests.postgresql import PostgreSQL
from tests.waiting import eventually


async def test_a_claim_outlives_a_crash_of_the_server(tmp_path: Path) -> None:
    with PostgreSQL(tmp_path) as server:
        settings = read_settings(database_url=server.url, home=tmp_path)
        await migrate(settings)
        async with open_runtime(settings, LOOPBACK) as runtime:
            webhook = await make_webhook(runtime)
            [key] = await enqueue(runtime, webhook.id)
            hand = await Hand.begin(runtime)
            row = await hand.claim_one(webhook.id)

            await asyncio.to_thread(server.stop, "immediate")
            await asyncio.to_thread(server.start)

            async def position() -> int:
                try:
                    return 1 + await hand.record(succeeded(row))
                except FAULTS:
                    return 0

            assert await eventually(position) > 1, (
                "the claim was undone: its record changed nothing"
            )
            assert (await Delivery.get(id=key)).status == DeliveryState.SUCCEEDED
            assert await Attempt.filter(delivery_id=key).count() == 1
