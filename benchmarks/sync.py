"""10,000 webhooks in 50 files: what `hookline sync` costs, on SQLite and PostgreSQL. Called by
`make bench ARGS=sync`.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.processes import Trees
from benchmarks.stand import (
    Bench,
    command,
    free_port,
    on_postgres,
    prepared,
    process,
    settings,
    tell,
)

WEBHOOKS = int(os.environ.get("BENCH_SYNC_WEBHOOKS", "10000"))
FILES = 50
SECRET = "bench-secret-of-all"
# 0: commands alone, for what they cost by themselves.
IS_BESIDE_OTHERS = os.environ.get("BENCH_SYNC_OTHERS", "1") != "0"
# Between two other requests while a command runs.
PAUSE_SECONDS = 0.02
_HEAD = "version: 1\nset: bench\ndefaults:\n  environments: [production]\nwebhooks:\n"
# About the 20 lines and the 670 bytes of a webhook of a large shop.
_WEBHOOK = """  hook-{number:05}:
    name: Webhook {number} of a shop
    description: Sends orders and products to the warehouse of tenant {number}.
    url: https://hooks{number}.example.com/in/{number}
    active: true
    events:
      - order.*.create
      - order.*.update
      - product{number}.product.update
    headers:
      X-Shop: shop-{number}
      X-Version: "{version}"
    secretHeader:
      name: X-Webhook-Secret
      value: ${{env:BENCH_KEY}}
    rateLimit: {rate}/s
    timeout: 20s
    retry:
      schedule: [5s, 5m, 30m, 2h]
    labels:
      tenant: "{number}"
"""


def write_files(folder: Path, changed: int = 0) -> None:
    """Writes all webhooks, with another rate for the first ones."""
    folder.mkdir(exist_ok=True)
    size = -(-WEBHOOKS // FILES)
    for place in range(FILES):
        numbers = range(place * size, min((place + 1) * size, WEBHOOKS))
        hooks = [
            _WEBHOOK.format(number=number, version=1, rate=50 if number < changed else 20)
            for number in numbers
        ]
        (folder / f"team-{place:02}.yaml").write_text(_HEAD + "".join(hooks), "utf-8")


LIST = {"query": "{ webhooks(first: 1) { nodes { name } } }"}
# Of a type that no webhook wants: it waits for what a publish waits for, and for no worker.
PUBLISH = {
    "query": """mutation { eventPublish(input: { type: "stock.item.update",
      environment: "production", data: { n: 1 } }) { userErrors { message } } }"""
}


@dataclass
class Others:
    """Requests of others while a command runs, one after the other."""

    bench: Bench
    request: dict[str, str]
    times_ms: list[float] = field(default_factory=list)
    _is_over: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def asking(self) -> Iterator[None]:
        if not IS_BESIDE_OTHERS:
            yield
            return
        thread = threading.Thread(target=self._ask)
        thread.start()
        try:
            yield
        finally:
            self._is_over.set()
            thread.join()

    def slowest_ms(self) -> list[int]:
        return [round(one) for one in sorted(self.times_ms, reverse=True)[:3]]

    def _ask(self) -> None:
        body = json.dumps(self.request).encode()
        headers = {
            "Authorization": f"Bearer {self.bench.token}",
            "Content-Type": "application/json",
        }
        request = urllib.request.Request(f"{self.bench.url}/graphql", body, headers)
        while not self._is_over.is_set():
            began = time.perf_counter()
            with urllib.request.urlopen(request, timeout=60) as answer:
                if b'"errors"' in (text := answer.read()):
                    raise SystemExit(text.decode())
            self.times_ms.append((time.perf_counter() - began) * 1_000)
            self._is_over.wait(PAUSE_SECONDS)


def run(arguments: Sequence[str], **environment: str) -> dict[str, float]:
    """Seconds, CPU seconds and the most memory of one command."""
    began = time.perf_counter()
    with tempfile.TemporaryFile() as output:
        started = subprocess.Popen(
            [sys.executable, "-m", "hookline", "sync", *arguments],
            env={**os.environ, "BENCH_KEY": SECRET, **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _, status, used = os.wait4(started.pid, 0)
        started.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - began
        if started.returncode:
            output.seek(0)
            raise SystemExit(f"sync {arguments}: {output.read()[-2_000:].decode()}")
    return {
        "seconds": round(seconds, 2),
        "cpu_s": round(used.ru_utime + used.ru_stime, 2),
        "peak_mib": round(used.ru_maxrss / 1_024),
    }


def commands(bench: Bench, folder: Path) -> dict[str, Any]:
    """Each command against a server, with what it costs the server and others meanwhile."""
    environment = {**bench.environment, "HOOKLINE_TOKEN": bench.token, "HOOKLINE_SERVER": bench.url}
    results: dict[str, Any] = {}

    def measure(name: str, *arguments: str) -> None:
        readers, publishers = Others(bench, LIST), Others(bench, PUBLISH)
        trees = Trees(bench.roots)
        trees.sample()
        before = trees.cpu_seconds()
        with readers.asking(), publishers.asking():
            cost: dict[str, Any] = run(arguments, **environment)
        trees.sample()
        used = {root: round(now - before[root], 2) for root, now in trees.cpu_seconds().items()}
        results[name] = {
            **cost,
            "server_cpu_s": used,
            "lists_slowest_ms": readers.slowest_ms(),
            "publishes_slowest_ms": publishers.slowest_ms(),
            "others": len(readers.times_ms) + len(publishers.times_ms),
        }
        tell(f"  {name}: {results[name]}")

    files = ("-f", str(folder))
    write_files(folder)
    measure("validate", "validate", *files)
    measure("plan_new", "plan", *files)
    measure("apply_new", "apply", "--yes", *files)
    measure("plan_same", "plan", *files)
    measure("apply_same", "apply", "--yes", *files)
    write_files(folder, changed=WEBHOOKS // 100)
    measure("plan_of_changes", "plan", *files)
    measure("apply_of_changes", "apply", "--yes", *files)
    measure("export", "export", "--set", "bench", "-o", str(folder.parent / "export.yaml"))
    return results


def embedded(folder: Path, receiver_port: int) -> dict[str, Any]:
    port = free_port()
    environment = settings(folder, port)
    command("migrate", **environment)
    with process("-m", "hookline", "serve", **environment) as pid:
        bench = prepared(environment, {"hookline": [pid]}, port, receiver_port)
        return commands(bench, folder / "files")


def postgres(folder: Path, receiver_port: int) -> dict[str, Any]:
    with on_postgres(folder, receiver_port) as bench:
        return commands(bench, folder / "files")


def measure(folder: Path, receiver_port: int) -> dict[str, Any]:
    """Both databases, each with a server of its own."""
    results = {}
    for name, scenario in (("sqlite", embedded), ("postgres", postgres)):
        tell(f"  {name}")
        own = folder / name
        own.mkdir()
        results[name] = scenario(own, receiver_port)
    return results
