"""`hookline dev` as a process: what it makes, what it answers, how it ends."""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from hookline.cli.dev_following import SAMPLE_RECEIVER
from tests.leftovers import watch_group
from tests.processes import PROJECT, Process, kill_group, run_hookline, start_python
from tests.waiting import eventually

WEBHOOKS = """
version: 1
set: shop
webhooks:
  echo:
    url: {url}
    environments: [development]
    events: ["order.*.*"]
"""


class Dev:
    """A `hookline dev` in a folder of its own."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.output = folder / "output.txt"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.options = ("--port", str(self.port), *options)

    def start(self) -> None:
        with self.output.open("wb") as output:
            self.process: subprocess.Popen[bytes] | Process = start_python(
                "hookline",
                "dev",
                *self.options,
                folder=self.folder,
                environment=environment(),
                output=output,
            )

    def start_anew(self) -> None:
        """As people do, in an interpreter of its own."""
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "hookline", "dev", *self.options],
                cwd=self.folder,
                env=environment(),
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        watch_group(self.process.pid)

    def end(self) -> None:
        """Kills it with all that it started."""
        kill_group(self.process)

    async def answers(self) -> bool:
        assert self.process.poll() is None, self.printed()
        with suppress(httpx.TransportError):
            async with self.client() as client:
                return (await client.get("/readyz")).status_code == 200
        return False

    @property
    def token(self) -> str:
        return (self.folder / "var/token").read_text().strip()

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.url, timeout=60)

    async def graphql(self, query: str, **variables: Any) -> Any:
        async with self.client() as client:
            answer = await client.post(
                "/graphql",
                json={"query": query, "variables": variables},
                headers={"Authorization": f"Bearer {self.token}"},
            )
        assert "errors" not in answer.json(), answer.text
        return answer.json()["data"]

    def printed(self) -> str:
        return self.output.read_text()

    async def stop(self, by: signal.Signals = signal.SIGINT) -> None:
        """Signals it, and waits for its end."""
        self.process.send_signal(by)
        await asyncio.to_thread(self.process.wait, 60)


def environment() -> dict[str, str]:
    return {"PYTHONPATH": str(PROJECT), "PATH": os.environ["PATH"]}


@asynccontextmanager
async def running(folder: Path, *options: str) -> AsyncIterator[Dev]:
    dev = Dev(folder, *options)
    dev.start()
    async with ending(dev):
        yield dev


@asynccontextmanager
async def ending(dev: Dev) -> AsyncIterator[None]:
    """From its first answer on; killed at the end."""
    try:
        await eventually(dev.answers)
        yield
    finally:
        dev.end()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    """One that many tests ask, with a webhooks file that points at its own receiver."""
    folder = tmp_path_factory.mktemp("dev")
    dev = Dev(folder)
    (folder / "config").mkdir()
    (folder / "config/webhooks.yaml").write_text(WEBHOOKS.format(url=SAMPLE_RECEIVER))
    dev.start()
    asyncio.run(eventually(dev.answers))
    yield dev
    dev.end()


async def test_first_answer_takes_little_memory(tmp_path: Path) -> None:
    dev = Dev(tmp_path)
    dev.start_anew()
    async with ending(dev):
        await dev.graphql("{ viewer { name } }")
        pss = re.search(
            r"^Pss: +(\d+) kB",
            Path(f"/proc/{dev.process.pid}/smaps_rollup").read_text(),
            re.MULTILINE,
        )

        assert pss is not None
        assert int(pss[1]) < 120_000


async def test_home_holds_database_key_and_token_and_only_the_owner_reads_secrets(
    shared: Dev,
) -> None:
    home = shared.folder / "var"

    assert (home / "hookline.db").exists()
    assert home.stat().st_mode & 0o777 == 0o700
    for secret in ("key", "token"):
        assert (home / secret).stat().st_mode & 0o777 == 0o600
    assert [file.name for file in home.iterdir() if file.stat().st_mode & 0o077] == []


def pasted(dev: Dev, command: str) -> "subprocess.CompletedProcess[str]":
    """The command as a shell runs it beside `hookline dev`."""
    return subprocess.run(
        command,
        shell=True,
        cwd=dev.folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


async def test_the_commands_work_when_pasted_and_the_link_once(
    console_pages: None, shared: Dev
) -> None:
    await eventually(lambda: "Try next" in shared.printed())
    welcome = shared.printed()
    publish = re.search(r"^  (.* publish .*)$", welcome, re.MULTILINE)
    curl = re.search(r"^  (sed (?:.*\\\n)+.*)$", welcome, re.MULTILINE)
    assert publish
    assert curl

    published = pasted(shared, publish[1])
    assert published.stdout.startswith("evt_"), published.stderr
    assert published.stderr == "goes to 1 webhook\n"

    def attempts() -> Any:
        shown = pasted(shared, curl[1])
        assert shown.returncode == 0, shown.stderr
        return json.loads(shown.stdout)["data"]["attempts"]["nodes"]

    found = await eventually(attempts)
    assert found[0]["outcome"] == "SUCCEEDED"
    assert found[0]["event"]["type"] == "order.order.create"

    links = links_in(welcome)
    async with shared.client() as client:
        page = await client.get(links[-1], headers={"accept": "text/html"})
        assert (page.status_code, shared.token in page.text) == (200, True)
        again = await client.get(links[-1], headers={"accept": "text/html"})
        assert (again.status_code, shared.token in again.text) == (403, False)
        came = (await client.get("/_echo")).json()
    assert json.loads(came[0]["body"])["data"] == {"id": 1, "total": 99.5}
    await eventually(lambda: "✓ order.order.create → echo  200" in shared.printed())
    assert shared.token not in shared.printed()
    after = links_in(shared.printed())
    assert len(after) == len(set(after)) == len(links) + 1


def links_in(printed: str) -> list[str]:
    return re.findall(r"http://\S+/\?link=[\w-]{43}(?=\s)", printed)


async def test_the_page_that_any_user_of_the_machine_reaches_holds_no_token(shared: Dev) -> None:
    async with shared.client() as client:
        for path in ("/", "/?link=", "/?link=" + "a" * 43, "/graphql", "/graphql?link=x"):
            page = await client.get(path, headers={"accept": "text/html"})
            assert shared.token not in page.text


async def test_every_use_of_a_link_is_in_the_audit_log(console_pages: None, shared: Dev) -> None:
    await eventually(lambda: links_in(shared.printed()))
    async with shared.client() as client:
        await client.get(links_in(shared.printed())[-1], headers={"accept": "text/html"})
    noted = await shared.graphql(
        "{ auditEntries { nodes { action actor { kind name } subjectId } } }"
    )
    revealed = [
        entry for entry in noted["auditEntries"]["nodes"] if entry["action"] == "token.reveal"
    ]
    assert revealed[0]["actor"] == {"kind": "SYSTEM", "name": "hookline dev"}
    assert revealed[0]["subjectId"].startswith("tok_")


async def test_other_host_names_are_not_answered(shared: Dev) -> None:
    async with shared.client() as client:
        for path in ("/graphql", "/healthz", "/_echo"):
            refused = await client.get(
                path, headers={"host": "evil.example", "accept": "text/html"}
            )
            assert refused.status_code == 421
            assert shared.token not in refused.text
        assert (
            await client.get("/healthz", headers={"host": f"localhost:{shared.port}"})
        ).status_code == 200


async def test_a_second_one_on_the_same_home_is_refused(shared: Dev) -> None:
    done = run_hookline(("dev", "--port", "0"), shared.folder, environment())

    assert done.returncode == 1
    assert "Another Hookline works on var/hookline.db" in done.stderr
    assert "HOOKLINE_HOME" in done.stderr


async def test_a_taken_port_is_told_with_another_one_to_choose(shared: Dev, tmp_path: Path) -> None:
    done = run_hookline(("dev", "--port", str(shared.port)), tmp_path, environment())

    assert done.returncode == 1
    assert f"Port {shared.port} on 127.0.0.1 is taken" in done.stderr
    assert f"--port {shared.port + 1}" in done.stderr


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
async def test_it_ends_in_time_with_clients_still_there(tmp_path: Path, by: signal.Signals) -> None:
    async with running(tmp_path) as dev:
        token = dev.token
        socket_ = await connect(
            f"ws://127.0.0.1:{dev.port}/graphql", subprotocols=[Subprotocol("graphql-transport-ws")]
        )
        await socket_.send(
            json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}})
        )
        await socket_.recv()
        await socket_.send(
            json.dumps(
                {
                    "id": "1",
                    "type": "subscribe",
                    "payload": {"query": "subscription { attempts { cursor } }"},
                }
            )
        )
        async with dev.client() as client:
            request = client.stream(
                "POST",
                "/graphql",
                json={"query": "subscription { attempts { cursor } }"},
                headers={"Authorization": f"Bearer {token}", "Accept": "text/event-stream"},
            )
            async with request as stream:
                assert stream.status_code == 200
                await dev.stop(by)

        assert dev.process.returncode == 0, dev.printed()
        assert "Traceback" not in dev.printed()
        await socket_.wait_closed()
        assert socket_.close_code == 1012


async def test_nothing_is_lost_over_a_stop_and_the_token_stays(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and never answers
        hanging = f"http://127.0.0.1:{silent.getsockname()[1]}/in"
        (tmp_path / "config/webhooks.yaml").write_text(WEBHOOKS.format(url=hanging))
        async with running(tmp_path) as dev:
            token = dev.token
            await dev.graphql(
                'mutation { eventPublish(input: {type: "order.order.create", environment: '
                '"development", data: 1}) { deliveryCount } }'
            )
            query = "{ deliveries(first: 1) { nodes { status } } }"
            await eventually(lambda: _has(dev, query, "IN_PROGRESS"))
            await dev.stop()
            assert dev.process.returncode == 0

    async with running(tmp_path) as dev:
        assert dev.token == token
        found = await dev.graphql("{ deliveries(first: 1) { nodes { status } } }")
        assert found["deliveries"]["nodes"][0]["status"] in ("PENDING", "IN_PROGRESS")


async def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    async with running(tmp_path) as dev:
        dev.process.send_signal(signal.SIGTERM)
        dev.process.send_signal(signal.SIGINT)

        await asyncio.to_thread(dev.process.wait, 60)

        assert dev.process.returncode in (0, 128 + signal.SIGINT, 128 + signal.SIGTERM)


async def test_a_saved_file_is_applied_and_a_broken_one_is_told_and_changes_nothing(
    tmp_path: Path,
) -> None:
    async with running(tmp_path, "--file", "hooks.yaml") as dev:
        file = tmp_path / "hooks.yaml"
        file.write_text(WEBHOOKS.format(url="http://127.0.0.1:9999/in"))
        slugs = "{ webhooks { nodes { slug active } } }"
        await eventually(lambda: _has(dev, slugs, "echo"))

        file.write_text(file.read_text().replace("events:", "evnts:"))
        await eventually(lambda: "hooks.yaml:8:5: error[unknown-key]" in dev.printed())
        assert await _has(dev, slugs, "echo")

        file.write_text(WEBHOOKS.format(url="http://127.0.0.1:9999/in").replace("echo:", "other:"))
        await eventually(lambda: _has(dev, slugs, "other"))


async def _has(dev: Dev, query: str, text: str) -> bool:
    return text in json.dumps(await dev.graphql(query))
