"""Events come to a developer's machine through servers and workers in processes of their own; the
command is killed, and the server is away.
"""

import asyncio
import json
import signal
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook as Verifier

from hookline import ids
from hookline.models import Webhook
from hookline.settings.fields import read_settings
from hookline.webhooks import listeners
from hookline.wiring import open_runtime
from tests.flows.installation import Installation
from tests.hookline.cli.local_program import LocalProgram
from tests.making import ago, set_column
from tests.waiting import eventually

STATE = """{ webhooks { nodes { id listener { expiresAt } } }
  attempts { nodes { outcome statusCode responseBody event { id } delivery { status } } }
  deliveries { nodes { status event { id } } } }"""


class Listener:
    """The command, in a process of its own, and what the server has of it."""

    def __init__(self, hookline: Installation, program: LocalProgram) -> None:
        self.hookline, self.program = hookline, program

    async def start(self) -> None:
        self.hookline.start_process("listen", self.program.url, "-o", "json")
        await eventually(self.ids)

    async def ids(self) -> list[str]:
        nodes = (await self.hookline.graphql(STATE))["webhooks"]["nodes"]
        return [node["id"] for node in nodes if node["listener"]]

    async def publish(self, data: object) -> str:
        return str((await self.hookline.publish(data))["event"]["id"])

    async def attempt(self, event_id: str) -> Any:
        """The event's attempt, once there is one."""

        async def found() -> Any:
            nodes = (await self.hookline.graphql(STATE))["attempts"]["nodes"]
            return next((node for node in nodes if node["event"]["id"] == event_id), None)

        return await eventually(found)


async def test_an_event_is_forwarded_and_a_command_that_is_killed_leaves_nothing_behind(
    own_hookline: Installation,
) -> None:
    with LocalProgram() as program:
        listener = Listener(own_hookline, program)
        await listener.start()
        event_id = await listener.publish({"total": 7})
        attempt = await listener.attempt(event_id)
        assert (attempt["outcome"], attempt["responseBody"]) == ("SUCCEEDED", "ok")
        [taken] = program.taken
        printed = await asyncio.to_thread(own_hookline.run, "listen", "--print-secret")
        Verifier(printed.stdout.strip()).verify(taken.body, taken.headers)
        assert json.loads(taken.body)["data"] == {"total": 7}

        [key] = await listener.ids()
        await own_hookline.kill("listen")
        lost = await listener.publish({"total": 8})
        await end_lease(own_hookline, key)
        await end_by_another_server(own_hookline, key)
        assert await listener.ids() == []

        async def is_over() -> bool:
            nodes = (await own_hookline.graphql(STATE))["deliveries"]["nodes"]
            [status] = [node["status"] for node in nodes if node["event"]["id"] == lost]
            return status in ("CANCELLED", "FAILED")

        await eventually(is_over)
    assert len(program.taken) == 1


async def end_lease(hookline: Installation, key: str) -> None:
    """Lets the time of a lease pass: nobody renews it."""
    url, home = hookline.environment["HOOKLINE_DATABASE_URL"], hookline.environment["HOOKLINE_HOME"]
    async with open_runtime(read_settings(database_url=url, home=Path(home))) as runtime:
        await set_column(runtime, "webhook", "listener_expires_at", ago(1), [ids.decode(key)[1]])


@pytest.mark.engines("sqlite")
async def test_a_command_goes_on_when_its_server_was_away(own_hookline: Installation) -> None:
    with LocalProgram() as program:
        listener = Listener(own_hookline, program)
        await listener.start()
        [first] = await listener.ids()
        await own_hookline.kill("serve")
        own_hookline.start_process("serve")
        await eventually(own_hookline.is_ready)
        # Renewed in time, so that it is the same one.
        assert (await listener.attempt(await listener.publish(1)))["statusCode"] == 200
        assert await listener.ids() == [first]

        await own_hookline.kill("serve")
        await end_by_another_server(own_hookline, first)
        own_hookline.start_process("serve")
        await eventually(own_hookline.is_ready)

        async def has_another() -> bool:
            return len(found := await listener.ids()) == 1 and found != [first]

        await eventually(has_another)
        assert (await listener.attempt(await listener.publish(2)))["statusCode"] == 200

        command = own_hookline.processes["listen"]
        command.send_signal(signal.SIGTERM)
        await asyncio.to_thread(command.wait, 60)
        assert command.returncode == 130
        assert await listener.ids() == []
    assert len(program.taken) == 2


async def end_by_another_server(hookline: Installation, key: str) -> None:
    """Waits until the lease has run out, and does what a server does then."""
    url, home = hookline.environment["HOOKLINE_DATABASE_URL"], hookline.environment["HOOKLINE_HOME"]
    async with open_runtime(read_settings(database_url=url, home=Path(home))) as runtime:
        await eventually(lambda: listeners.end_expired(runtime))
        assert (await Webhook.get(id=ids.decode(key)[1])).deleted_at is not None
