"""The relay as a process: what it publishes, sets aside, waits for and cleans up."""

import asyncio
import signal
from collections import Counter
from contextlib import ExitStack

import pytest

from hookline_client import outbox
from tests.client.gate import Gate, answers, drops
from tests.client.outbox.shop import Shop
from tests.client.outbox.test_crashes import END_OTHERS
from tests.client.published import stored_events
from tests.flows.installation import Installation
from tests.waiting import eventually


async def test_what_was_committed_is_published_in_the_order_of_writing(
    hookline: Installation, shop: Shop
) -> None:
    async with Gate(hookline.url) as gate:
        shop.environment["HOOKLINE_SERVER"] = gate.url
        shop.order(1, 2)
        # The second order fails, so that the third is none.
        with pytest.raises(Exception, match=r"(?i)unique"):
            shop.order(3, 1)
        shop.order(4, 5)

        await asyncio.to_thread(shop.run, "relay", "--once", "--batch=3")

    sent = [[event["data"]["number"] for event in request] for request in gate.requests]
    assert sent == [[1, 2, 4], [5]]
    stored = await stored_events(hookline)
    assert {event["idempotencyKey"] for event in stored} == {
        key for (key,) in shop.rows("idempotency_key")
    }
    assert len(stored) == 4


async def test_several_relays_publish_each_event_in_one_request(
    hookline: Installation, shop: Shop
) -> None:
    shop.order(*range(300))
    async with Gate(hookline.url) as gate:
        shop.environment["HOOKLINE_SERVER"] = gate.url
        with ExitStack() as stack:
            for _ in range(3):
                stack.enter_context(shop.relay("--batch=10"))
            await eventually(lambda: len(shop.rows("id", "sent_at is not null")) == 300)

    counts = Counter(event["data"]["number"] for request in gate.requests for event in request)
    assert counts == Counter(range(300))


async def test_what_is_refused_is_set_aside_and_told_and_the_rest_goes_on(
    hookline: Installation, shop: Shop
) -> None:
    shop.order(1)
    with shop.transaction() as connection:
        outbox.publish(connection, "order.order.create", {}, environment="mars")
        connection.execute(
            "insert into hookline_outbox (idempotency_key, type, environment, data, created_at) "
            "values ('k', 'order.order.create', 'production', '{', 0)"
        )
    shop.order(2)

    said = await asyncio.to_thread(shop.run, "relay", "--once")

    stored = await stored_events(hookline)
    assert sorted(event["data"]["number"] for event in stored) == [1, 2]
    assert "set aside event 2 (order.order.create" in said
    assert "environment: Unknown environment. Known are" in said
    told = shop.run("status")
    assert told.startswith("waiting: 0\nset aside: 2\n  2 order.order.create ")
    assert "  3 order.order.create k: The row holds no event" in told
    with shop.transaction() as connection:
        connection.execute("update hookline_outbox set environment = 'staging' where id = 2")
    assert shop.run("retry", "2") == "put back: 1\n"
    await asyncio.to_thread(shop.run, "relay", "--once")
    assert len(await stored_events(hookline)) == 3
    assert shop.rows("id", "sent_at is null") == [(3,)]


async def test_the_same_event_written_twice_is_published_once_and_another_is_no_repeat(
    hookline: Installation, shop: Shop
) -> None:
    with shop.transaction() as connection:
        for key, number in (("o-1", 1), ("o-1", 1), ("o-1", 2), ("o-2", 3)):
            outbox.publish(
                connection,
                "order.order.create",
                {"number": number},
                environment="production",
                idempotency_key=key,
            )

    await asyncio.to_thread(shop.run, "relay", "--once")

    stored = await stored_events(hookline)
    assert sorted(event["data"]["number"] for event in stored) == [1, 3]
    assert shop.rows("id", "sent_at is not null") == [(1,), (2,), (4,)]
    [(reason,)] = shop.rows("error", "set_aside_at is not null")
    assert reason.startswith("idempotencyKey: ")


@pytest.mark.parametrize("shop", ["sqlite"], indirect=True)
async def test_a_wrong_token_is_told_and_gives_the_events_back(shop: Shop) -> None:
    shop.order(1)

    said = await asyncio.to_thread(
        shop.run, "relay", "--once", exit_code=1, HOOKLINE_TOKEN="hl_unknown"
    )

    assert "token" in said
    assert "hl_unknown" not in said
    assert shop.rows("sent_at, set_aside_at, leased_until, failures") == [(None, None, 0, 0)]


INTERNAL = answers(
    200, b'{"errors": [{"message": "m", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}]}'
)


@pytest.mark.parametrize("shop", ["sqlite"], indirect=True)
async def test_an_event_at_which_the_server_fails_is_tried_ten_times(
    hookline: Installation, shop: Shop
) -> None:
    shop.order(1, 2)
    with shop.transaction() as connection:
        connection.execute("update hookline_outbox set failures = 8 where id = 1")
    # Both, then the first alone, in each run; the last one publishes the other.
    async with Gate(hookline.url, INTERNAL, INTERNAL, INTERNAL, INTERNAL) as gate:
        shop.environment["HOOKLINE_SERVER"] = gate.url
        await asyncio.to_thread(shop.run, "relay", "--once", exit_code=1)
        assert shop.rows("failures, leased_until") == [(9, 0), (0, 0)]
        await asyncio.to_thread(shop.run, "relay", "--once")

    assert [[event["data"]["number"] for event in sent] for sent in gate.requests] == [
        [1, 2],
        [1],
        [1, 2],
        [1],
        [2],
    ]
    assert shop.rows("id", "set_aside_at is not null") == [(1,)]


@pytest.mark.parametrize("shop", ["sqlite"], indirect=True)
async def test_it_waits_for_a_server_in_trouble_and_keeps_the_order(
    hookline: Installation, shop: Shop
) -> None:
    shop.order(1, 2)
    async with Gate(hookline.url, drops, answers(503), answers(404)) as gate:
        shop.environment["HOOKLINE_SERVER"] = gate.url
        with shop.relay() as relay:
            await eventually(lambda: len(shop.rows("id", "sent_at is not null")) == 2)
            relay.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(relay.wait, 60) == 0

    assert [[event["data"]["number"] for event in sent] for sent in gate.requests] == [[1, 2]] * 4
    log = shop.log.read_text()
    assert log.count("nothing is published") == 3
    assert "publishing again" in log
    assert hookline.token not in log


@pytest.mark.parametrize("shop", ["postgresql"], indirect=True)
async def test_it_connects_again_when_the_database_ended_its_connection(shop: Shop) -> None:
    with shop.relay():
        shop.order(1)
        await eventually(lambda: len(shop.rows("id", "sent_at is not null")) == 1)
        with shop.transaction() as connection:
            assert (True,) in connection.execute(END_OTHERS).fetchall()
        shop.order(2)
        await eventually(lambda: len(shop.rows("id", "sent_at is not null")) == 2)


async def test_published_events_are_deleted_after_their_time(
    hookline: Installation, shop: Shop
) -> None:
    shop.order(1, 2)
    await asyncio.to_thread(shop.run, "relay", "--once")
    with shop.transaction() as connection:
        connection.execute("update hookline_outbox set sent_at = sent_at - 90000 where id = 1")
    shop.order(3)

    await asyncio.to_thread(shop.run, "relay", "--once")

    assert shop.rows("id, sent_at is not null") == [(2, True), (3, True)]


async def test_a_missing_table_is_told_with_the_command_that_prints_it(shop: Shop) -> None:
    with shop.transaction() as connection:
        connection.execute("drop table hookline_outbox")

    said = await asyncio.to_thread(shop.run, "relay", exit_code=1)

    dialect = "sqlite" if shop.is_sqlite else "postgresql"
    assert "The table hookline_outbox is missing" in said
    assert f"`hookline outbox table {dialect}`" in said
    printed = shop.run("table", dialect)
    assert printed.startswith("-- Events that hookline-client writes")


@pytest.mark.parametrize("shop", ["sqlite"], indirect=True)
def test_wrong_usage_says_what_would_pass(shop: Shop) -> None:
    for arguments, code, text in (
        (("status", "--database=mysql://h/d"), 1, "sqlite:///path or postgresql://"),
        (("status", "--database=sqlite:////nowhere.db"), 1, "no SQLite database /nowhere.db"),
        (("relay", "--server=hooks"), 64, "give its URL"),
        (("retry",), 64, "Give ids, or --all"),
        (("table", "mysql"), 64, "'postgresql', 'sqlite'"),
    ):
        assert text in shop.run(*arguments, exit_code=code)
