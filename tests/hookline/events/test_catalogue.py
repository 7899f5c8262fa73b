"""Schemas of event types before their first event."""

import asyncio
from uuid import uuid4

from hookline.deliveries.registry import Catalogue
from hookline.events.catalogue import prepare_schemas
from hookline.events.schemas import is_prepared


async def test_a_schema_is_prepared_off_the_loop_before_its_first_event() -> None:
    # One that no other test has.
    schema = f'{{"title": "{uuid4()}", "required": ["total"]}}'
    types = Catalogue({"order.order.create": schema})
    turns, is_done = 0, False

    async def count() -> None:
        nonlocal turns
        while not is_done:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    await prepare_schemas(types, ["order.order.delete"])
    assert not is_prepared(schema)
    assert turns == 0
    await prepare_schemas(types, ["order.order.create"])
    assert is_prepared(schema)
    assert turns > 0
    turns = 0
    await prepare_schemas(types, ["order.order.create"])
    assert turns == 0
    is_done = True
    await counting
