"""A Hookline as somebody would run it: its own commands as processes over one database, spoken to
over HTTP.
"""

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from copy import copy
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import httpx
import orjson
import psutil
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.leftovers import watch_group
from tests.processes import PROJECT, Process, kill_group, run_hookline, start_python
from tests.servers import free_port
from tests.waiting import eventually

Json = Any  # what a GraphQL answer holds


class Installation:
    """Commands, processes and a client over one database. Its processes end with the block. client:
    speaks as an admin.
    """

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.is_sqlite = database_url.startswith("sqlite")
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(PROJECT),
            "HOOKLINE_DATABASE_URL": database_url,
            "HOOKLINE_HOME": str(folder / "home"),
            "HOOKLINE_PORT": str(self.port),
            "HOOKLINE_EGRESS_ALLOW": "127.0.0.0/8",
            "HOOKLINE_SERVER": self.url,
        }
        self.processes: dict[str, subprocess.Popen[bytes] | Process] = {}
        self.log = folder / "log.txt"

    async def __aenter__(self) -> Self:
        self._speak_with(self.run("token", "create", "tests", "--role", "admin").stdout.strip())
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.client.aclose()
        self.end()

    @contextlib.asynccontextmanager
    async def as_seen_with(self, token: str, folder: Path) -> AsyncIterator["Installation"]:
        """The same processes, spoken to with another token; commands run in that folder."""
        seen = copy(self)
        seen.folder, seen.environment = folder, dict(self.environment)
        seen._speak_with(token)
        async with seen.client:
            yield seen

    def _speak_with(self, token: str) -> None:
        self.token = self.environment["HOOKLINE_TOKEN"] = token
        self.client = httpx.AsyncClient(
            base_url=self.url, headers={"Authorization": f"Bearer {token}"}, timeout=120
        )

    def end(self) -> None:
        """Kills its processes with all that they started: an orphan would work on in a database
        that the next test has.
        """
        for process in self.processes.values():
            kill_group(process)

    def run(
        self, *arguments: str, exit_code: int = 0, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Runs a `hookline` command to its end."""
        done = run_hookline(arguments, self.folder, {**self.environment, **environment})
        assert done.returncode == exit_code, (
            f"{arguments} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        )
        return done

    async def start(self) -> None:
        """Starts the API, and the worker: inside of it on SQLite, as a process of its own on
        PostgreSQL.
        """
        self.start_process("serve")
        if not self.is_sqlite:
            self.start_process("worker")
        await eventually(self.is_ready)

    def start_process(self, name: str, *options: str) -> None:
        """Starts a `hookline` command that goes on."""
        self.start_forked(name, "hookline", name, *options)

    def start_forked(self, name: str, *command: str) -> None:
        """Starts `python -m COMMAND…`, which goes on."""
        with self.log.open("ab") as log:
            self.processes[name] = start_python(
                *command, folder=self.folder, environment=self.environment, output=log
            )

    def start_anew(self, name: str, *command: str) -> None:
        """Starts `python -m COMMAND…` as people do, in an interpreter of its own."""
        with self.log.open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=self.folder,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        watch_group(self.processes[name].pid)

    async def kill(self, name: str) -> None:
        """kill -9 of a process and of what it started."""
        await asyncio.to_thread(kill_group, self.processes.pop(name))

    async def is_ready(self) -> bool:
        with contextlib.suppress(httpx.TransportError):
            return (await self.client.get("/readyz")).status_code == 200
        return False

    async def graphql(self, query: str, **variables: Json) -> Json:
        """Executes a document; the data of its answer, which must be without errors."""
        answer = (
            await self.client.post(
                "/graphql",
                content=orjson.dumps({"query": query, "variables": variables}),
                headers=JSON,
            )
        ).json()
        assert "errors" not in answer, answer
        return answer["data"]

    async def mutate(self, name: str, selection: str, /, **given: Json) -> Json:
        """Executes a mutation; its payload, which must be without user errors. given: its input's
        fields.
        """
        type_name = name[0].upper() + name[1:] + "Input"
        query = (
            f"mutation($input: {type_name}!) {{ {name}(input: $input) {{ {selection} "
            "userErrors { field message code } } }"
        )
        payload = (await self.graphql(query, input=given))[name]
        assert payload["userErrors"] == [], payload
        return payload

    async def publish(
        self, data: Json, event_type: str = "order.order.create", **more: Json
    ) -> Json:
        """Publishes to production. Gives the payload's event id, duplicate and deliveryCount."""
        return await self.mutate(
            "eventPublish",
            "event { id } duplicate deliveryCount",
            type=event_type,
            environment="production",
            data=data,
            **more,
        )

    async def create_webhook(self, url: str, /, **more: Json) -> str:
        given = {
            "name": f"w{uuid4().hex[:8]}",
            "url": url,
            "events": ["order.*.*"],
            "environments": ["production"],
            **more,
        }
        payload = await self.mutate("webhookCreate", "webhook { id }", **given)
        return str(payload["webhook"]["id"])

    @contextlib.asynccontextmanager
    async def subscription(self, query: str, **variables: Json) -> AsyncIterator["Subscription"]:
        """Opens a live subscription over graphql-transport-ws."""
        address = self.url.replace("http", "ws", 1) + "/graphql"
        async with connect(address, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket_:
            await socket_.send(
                orjson.dumps(
                    {
                        "type": "connection_init",
                        "payload": {"authorization": f"Bearer {self.token}"},
                    }
                ).decode()
            )
            assert orjson.loads(await socket_.recv())["type"] == "connection_ack"
            payload = {"query": query, "variables": variables}
            await socket_.send(
                orjson.dumps({"id": "1", "type": "subscribe", "payload": payload}).decode()
            )
            yield Subscription(socket_)


class Subscription:
    def __init__(self, socket_: ClientConnection) -> None:
        self._socket = socket_

    async def next(self) -> Json:
        """The next event's data."""
        while True:
            message = orjson.loads(await asyncio.wait_for(self._socket.recv(), 15))
            if message["type"] == "ping":
                continue
            assert message["type"] == "next", message
            assert "errors" not in message["payload"], message
            return message["payload"]["data"]


def is_running(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


JSON = {"content-type": "application/json"}
