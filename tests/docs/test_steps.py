"""Tutorials and how-to guides, followed from the first to the last step."""

from collections.abc import AsyncIterator

import pytest

from tests.docs.walk import Walk, blocks
from tests.flows.test_readme_steps import Shell
from tests.flows.test_readme_steps import shell as shell
from tests.processes import PROJECT


@pytest.fixture
async def walk(shell: Shell) -> AsyncIterator[Walk]:
    shell.environment["PYTHONPATH"] += f":{PROJECT}/clients/python/src:{shell.folder}"
    walk = Walk(shell)
    try:
        yield walk
    finally:
        walk.end()


async def test_first_delivery(walk: Walk) -> None:
    await walk.through("docs/tutorials/first-delivery.md")


async def test_webhook_for_paid_orders(walk: Walk) -> None:
    await walk.through("docs/tutorials/paid-orders.md")


async def test_receiving_on_localhost(walk: Walk) -> None:
    # The last block speaks to a server elsewhere: tests/hookline/cli/test_listen.py runs it.
    await walk.through("docs/how-to/receive-on-localhost.md", 6)


async def test_missing_event_outage_webhook_that_turns_itself_off_and_backup(walk: Walk) -> None:
    # One server for the pages of those who look after webhooks: a start costs a second of CPU.
    await walk.shell.run(".venv/bin/hookline publish order.order.create -d '{}'")
    await walk.through("docs/how-to/find-a-missing-event.md")
    await walk.through("docs/how-to/replay-an-outage.md")
    assert '"failed": 0' in walk.printed
    await walk.through("docs/how-to/mails-and-auto-deactivation.md")
    for language, text in blocks("docs/how-to/back-up-and-restore.md")[3:]:
        await walk.step(language, text)
