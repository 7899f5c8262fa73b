"""`make bench`: end to end, load generator and receiver on the same machine. Prints one JSON
object; progress goes to stderr. `--against REV` compares with another revision instead.
"""

# CPU is counted over the trees of Hookline's processes and of its servers, not over the generator
# and the receiver.

import bisect
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from benchmarks import against, brokers, console, matching, phases, subscriptions, sync
from benchmarks.processes import Trees
from benchmarks.stand import (
    ISOLATION_SECONDS,
    SECONDS,
    WORKER,
    command,
    free_port,
    get,
    load,
    on_postgres,
    prepared,
    process,
    settings,
    tell,
    wait_for,
)

# events a second that 1,000 subscribers follow
FOLLOWED_RATE = int(os.environ.get("BENCH_FOLLOWED_RATE", "20"))


def embedded(folder: Path, receiver_port: int) -> dict[str, Any]:
    port = free_port()
    environment = settings(folder, port)
    command("migrate", **environment)
    with process("-m", "hookline", "serve", **environment) as pid:
        return prepared(environment, {"hookline": [pid]}, port, receiver_port).all()


def postgres(folder: Path, receiver_port: int) -> dict[str, Any]:
    with on_postgres(folder, receiver_port) as bench:
        return bench.all()


def isolation(folder: Path, receiver_port: int) -> dict[str, Any]:
    """A healthy webhook alone, beside one that answers after 10 s, one that never answers, and
    100,000 due deliveries of that one.
    """
    with on_postgres(folder, receiver_port) as bench:
        steps = {
            "alone": None,
            "beside_late": bench.add_late,
            "beside_hanging": bench.add_hanging,
            "beside_backlog": bench.add_backlog,
            "alone_again": bench.remove_second,
        }
        results = {}
        for name, prepare in steps.items():
            tell(f"  100 a second, {name}")
            if prepare is not None:
                prepare()
            results[name] = bench.steady(100, ISOLATION_SECONDS)
            trees = Trees({"worker": bench.roots["worker"]})
            trees.sample()
            results[name]["worker_pss_mb"] = trees.peak_pss_mb
        return results


def followers(folder: Path, receiver_port: int) -> dict[str, Any]:
    with on_postgres(folder, receiver_port) as bench:

        def publish(rate: int, seconds: float) -> int:
            return int(load(bench.url, bench.token, "steady", rate, seconds)["accepted"])

        return subscriptions.measure(
            subscriptions.Measured(bench.url, bench.token, bench.roots["api"][0], publish),
            FOLLOWED_RATE,
            SECONDS,
        )


def rates(folder: Path, receiver_port: int) -> dict[str, Any]:
    """A webhook with a rate limit and more events than it may get, over three workers, a minute for
    each limit.
    """
    with (
        on_postgres(folder, receiver_port) as bench,
        process(*WORKER, **bench.environment),
        process(*WORKER, **bench.environment),
    ):
        results = {}
        for limit, per_second in (("20/s", 20), ("600/m", 10)):
            tell(f"  {limit}")
            # A webhook of its own for each limit: the one before would still have events that wait.
            bench.remove_all()
            get(f"{bench.receiver}/reset")
            bench.create_webhook(limit, "/in", "stock.item.update", rateLimit=limit)
            # More than the limit lets through in the minute that is counted, so that something
            # always waits.
            bench.publish(per_second * 66)
            # The minute from the first arrival, and some seconds until that.
            time.sleep(65)
            times = get(f"{bench.receiver}/times")
            within = [moment - times[0] for moment in times if moment - times[0] < 60]
            most = max(
                # Any second, not only whole ones: a limit may be overrun across the turn of one.
                bisect.bisect_left(within, moment + 1) - place
                for place, moment in enumerate(within)
            )
            results[limit] = {
                "in_a_minute": len(within),
                "of_the_limit": round(len(within) / per_second / 60, 3),
                "most_in_a_second": most,
            }
        return results


def webhooks_in_plenty(folder: Path, _: int) -> dict[str, Any]:
    return matching.measure(folder)


SCENARIOS: Final[dict[str, Callable[[Path, int], dict[str, Any]]]] = {
    "embedded_sqlite": embedded,
    "serve_and_worker_postgres": postgres,
    "production_rabbitmq": brokers.rabbitmq,
    "production_redis": brokers.redis,
    "rabbitmq_10000_webhooks": brokers.rabbitmq_in_plenty,
    "hub_cut_rabbitmq": brokers.hub_cut_rabbitmq,
    "hub_cut_redis": brokers.hub_cut_redis,
    "messages": brokers.messages,
    "isolation_postgres": isolation,
    "followers_postgres": followers,
    "rates_postgres": rates,
    "phases_postgres": phases.measure,
    "matching": webhooks_in_plenty,
    "console": console.measure,
    "sync": sync.measure,
}


def main() -> None:
    if any(argument.startswith("--") for argument in sys.argv[1:]):
        print(json.dumps(against.main(sys.argv[1:]), indent=2))
        return
    wanted = sys.argv[1:] or list(SCENARIOS)
    if unknown := set(wanted) - set(SCENARIOS):
        raise SystemExit(
            f"no part is called {', '.join(sorted(unknown))}; there are: {', '.join(SCENARIOS)}"
        )
    results: dict[str, Any] = {
        "machine": {
            "cpus": os.cpu_count(),
            "platform": platform.platform(),
            "python": platform.python_version(),
        },
        "seconds": SECONDS,
    }
    for name in wanted:
        tell(name)
        # A receiver of its own for each part: what still arrives for the one before is not counted.
        receiver_port = free_port()
        with (
            # On a disk: /tmp may be memory, where a flush costs nothing.
            tempfile.TemporaryDirectory(dir="/var/tmp") as folder,
            process("-m", "benchmarks.receiver", str(receiver_port)),
        ):
            wait_for(f"http://127.0.0.1:{receiver_port}/stats")
            results[name] = SCENARIOS[name](Path(folder), receiver_port)
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
