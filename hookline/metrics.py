"""Metrics of a process, in Prometheus' text format: numbers that an operator looks at first. One
object for each process, with the runtime. Labels are names that Hookline itself chose, never those
of a workspace, a webhook or a host, so that there is a fixed number of series.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Metric,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4
_STALL_SECONDS: Final = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Tally:
    """Counts, on one thread, what happens thousands of times a second. Its counter gets the sum
    when it is read: `inc` takes a lock each time, 0.6 us (2026-11).
    """

    __slots__ = ("_counter", "_told", "count")

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self.count = self._told = 0

    def tell(self) -> None:
        count = self.count
        self._counter.inc(count - self._told)
        self._told = count


class _Tallies(Collector):
    """Tells all tallies before the registry reads the counters, which are registered after it."""

    def __init__(self) -> None:
        self.all: list[Tally] = []

    def collect(self) -> Iterator[Metric]:
        for tally in self.all:
            tally.tell()
        return iter(())


class Metrics:
    """The metrics of this process. Thread-safe, but for tallies."""

    def __init__(self) -> None:
        # prometheus_client's own is global: a second runtime of a process could not register there.
        self.registry = CollectorRegistry()
        self._others: list[CollectorRegistry] = []
        # One more series for each counter, with the time at which it began. The switch is global,
        # too; nothing else in the process has metrics (0.26).
        disable_created_metrics()  # type: ignore[no-untyped-call]  # prometheus_client left it untyped
        self._tallies = _Tallies()
        self.registry.register(self._tallies)
        ProcessCollector(registry=self.registry)
        self.http_requests = self._counter(
            "hookline_http_requests", "HTTP requests answered, by class of status.", ("status",)
        )
        self.connections_refused = self._counter(
            "hookline_connections_refused",
            "Connections refused or cut off at a bound before their token was known.",
            ("reason",),
        )
        self.events = self._counter("hookline_events_published", "Events accepted and stored.")
        self.attempts = self._counter(
            "hookline_attempts", "Attempts that ended, by outcome.", ("outcome",)
        )
        self.deliveries_ended = self._counter(
            "hookline_deliveries_ended",
            "Deliveries that an attempt has ended, by their last state.",
            ("state",),
        )
        self.set_back = self._counter(
            "hookline_deliveries_set_back",
            "Deliveries that went back without an attempt, by local fault.",
            ("fault",),
        )
        self.leased = Gauge(
            "hookline_deliveries_leased",
            "Deliveries that this process has leased: waiting for a slot, or on the wire.",
            registry=self.registry,
        )
        self.stalls, self.longest_stall = _of_the_loop(self.registry)

    def tally(self, counter: Counter) -> Tally:
        """A tally of a counter without labels, or of one of its children."""
        tally = Tally(counter)
        self._tallies.all.append(tally)
        return tally

    def include(self, registry: CollectorRegistry) -> None:
        """Shows the metrics of one more registry, whose names are others."""
        if registry not in self._others:
            self._others.append(registry)

    def text(self) -> bytes:
        return b"".join(map(generate_latest, (self.registry, *self._others)))

    def _counter(self, name: str, about: str, labels: Iterable[str] = ()) -> Counter:
        return Counter(name, about, tuple(labels), registry=self.registry)


def _of_the_loop(registry: CollectorRegistry) -> tuple[Histogram, Gauge]:
    """Metrics of hookline.loop_watch."""
    stalls = Histogram(
        "hookline_loop_stall_seconds",
        "Stalls of the event loop over 0.05 s.",
        buckets=_STALL_SECONDS,
        registry=registry,
    )
    longest = Gauge(
        "hookline_loop_longest_stall_seconds",
        "Longest stall of the event loop in the last one to two minutes.",
        registry=registry,
    )
    return stalls, longest


class SyncSourceMetrics:
    """Metrics of a followed path, alike in each process that follows it. Shown from the first look
    on: a server that follows none has none.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._degraded = self._gauge(
            "hookline_sync_source_degraded",
            "1 while the followed webhooks files can't be applied, else 0.",
        )
        self._drift = self._gauge(
            "hookline_sync_source_drift_webhooks",
            "Webhooks of the followed files with fields that were changed by hand.",
        )
        self._checked = self._gauge(
            "hookline_sync_source_checked_timestamp_seconds",
            "Time of the last look at the followed webhooks files.",
        )
        self._applied = self._gauge(
            "hookline_sync_source_applied_timestamp_seconds",
            "Time at which a changed content of the followed webhooks files was applied last.",
        )

    def show(
        self,
        *,
        is_degraded: bool,
        drift_count: int,
        checked_at: datetime | None,
        applied_at: datetime | None,
    ) -> None:
        """Sets them to what the source's row says."""
        self._degraded.set(is_degraded)
        self._drift.set(drift_count)
        self._checked.set(checked_at.timestamp() if checked_at else 0)
        self._applied.set(applied_at.timestamp() if applied_at else 0)

    def _gauge(self, name: str, about: str) -> Gauge:
        return Gauge(name, about, registry=self.registry)
