"""Compares what was published, arrived, is recorded and was in flight at a crash. Pure.

An event is known by its *tag*, which its publisher put into its data. Deliveries are known by
(event id, webhook).
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from hookline.models import AttemptOutcome, DeliveryState
from tests.chaos.receiver import Arrival

Key = tuple[str, str]
"""Event id, webhook."""


class Attempted(NamedTuple):
    number: int
    outcome: int
    status: int | None

    @property
    def is_blind(self) -> bool:
        """True when nobody knows what the receiver answered, or whether the request came."""
        return self.status is None


@dataclass(slots=True)
class Recorded:
    """A delivery in the database, with its attempts by number."""

    state: int
    attempt_count: int
    is_leased: bool = False
    attempts: list[Attempted] = field(default_factory=list)


@dataclass(slots=True)
class Fault:
    """A fault that was done. in_flight: (event id, webhook, number of the attempt) of what the
    victim had leased. on_wire: requests without an answer at the receiver.
    """

    kind: str
    victim: str
    at: float
    in_flight: set[tuple[str, str, int]] = field(default_factory=set)
    on_wire: int = 0
    is_deadly: bool = True
    """Deliveries in flight ended with the victim: its attempts must be UNKNOWN."""


@dataclass
class Ledger:
    webhooks: tuple[str, ...]
    tried: set[str] = field(default_factory=set)
    accepted: dict[str, str] = field(default_factory=dict)
    """Tag → event id of the answer."""
    surprises: list[str] = field(default_factory=list)
    """Violations, as sentences."""
    arrivals: list[Arrival] = field(default_factory=list)
    events: dict[str, str] = field(default_factory=dict)
    """Event id → tag: what the database holds."""
    recorded: dict[Key, Recorded] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def accept(self, tag: str, event_id: str) -> None:
        if self.accepted.setdefault(tag, event_id) != event_id:
            self.surprises.append(
                f"{tag} was accepted as {self.accepted[tag]} and again as {event_id}"
            )

    def check(self) -> "Findings":
        return Findings(self)


class Findings:
    """The ledger's sums and every sentence about what does not agree."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.wrong = list(ledger.surprises)
        self._arrived: dict[Key, list[Arrival]] = {}
        for arrival in ledger.arrivals:
            self._arrived.setdefault((arrival.webhook_id, arrival.webhook), []).append(arrival)
        self._in_flight = set[tuple[str, str, int]]().union(
            *(fault.in_flight for fault in ledger.faults)
        )
        self._may_repeat = Counter((event, webhook) for event, webhook, _ in self._in_flight)
        self.lost = self._count_lost()
        self.unexpected = self._count_unexpected()
        self.duplicates = self._count_duplicates()
        self._check_identities()
        for key, recorded in ledger.recorded.items():
            self._check_record(key, recorded)
        self._check_cut_off()

    def _count_lost(self) -> int:
        """Counts what is lost: everything accepted, and everything that was stored though nobody
        heard of it, must have been answered 2xx by every webhook.
        """
        ledger = self._ledger
        missing = [
            f"{tag} was accepted as {event_id}, which is not in the database"
            for tag, event_id in ledger.accepted.items()
            if event_id not in ledger.events
        ]
        for event_id in sorted({*ledger.accepted.values(), *ledger.events}):
            for webhook in ledger.webhooks:
                arrivals = self._arrived.get((event_id, webhook), ())
                if not any(arrival.status == 200 for arrival in arrivals):
                    how = (
                        f"came {len(arrivals)} times, was never answered 200"
                        if arrivals
                        else "never came"
                    )
                    missing.append(
                        f"lost: {event_id} ({ledger.events.get(event_id)}) → {webhook}: {how}"
                    )
        self.wrong += missing
        return len(missing)

    def _count_unexpected(self) -> int:
        wrong = []
        for arrival in self._ledger.arrivals:
            if (
                arrival.tag not in self._ledger.tried
                or self._ledger.events.get(arrival.webhook_id) != arrival.tag
                or arrival.webhook not in self._ledger.webhooks
            ):
                wrong.append(
                    f"unexpected: {arrival.webhook_id} ({arrival.tag}) → {arrival.webhook}"
                )
        self.wrong += wrong
        return len(wrong)

    def _count_duplicates(self) -> int:
        """Counts arrivals after the first that was answered 200, or cut off. Each needs an attempt
        that was in flight at a fault.
        """
        count = 0
        for key, arrivals in self._arrived.items():
            repeated = max(0, sum(arrival.status != 500 for arrival in arrivals) - 1)
            count += repeated
            if repeated > self._may_repeat[key]:
                self.wrong.append(
                    f"duplicate: {key[0]} → {key[1]} came {repeated} times too often; in flight "
                    f"at a fault: {self._may_repeat[key]}"
                )
        return count

    def _check_identities(self) -> None:
        ids: dict[str, set[str]] = {}
        for event_id, tag in self._ledger.events.items():
            ids.setdefault(tag, set()).add(event_id)
        for arrival in self._ledger.arrivals:
            ids.setdefault(arrival.tag, set()).add(arrival.webhook_id)
        self.wrong += [
            f"{tag} has {len(found)} ids: {', '.join(sorted(found))}"
            for tag, found in ids.items()
            if len(found) > 1
        ]
        for event_id in self._ledger.events:
            self.wrong += [
                f"{event_id} has no delivery for {name}"
                for name in self._ledger.webhooks
                if (event_id, name) not in self._ledger.recorded
            ]

    def _check_record(self, key: Key, recorded: Recorded) -> None:
        place = f"{key[0]} → {key[1]}"
        numbers = sorted(attempt.number for attempt in recorded.attempts)
        if recorded.state != DeliveryState.SUCCEEDED:
            self.wrong.append(f"{place} ended in state {DeliveryState(recorded.state).name}")
        if recorded.is_leased:
            self.wrong.append(f"{place} is still leased")
        if numbers != list(range(1, recorded.attempt_count + 1)):
            self.wrong.append(
                f"{place} has the attempts {numbers}, and counts {recorded.attempt_count}"
            )
        blind = [attempt for attempt in recorded.attempts if attempt.is_blind]
        self.wrong += [
            f"{place}: attempt {attempt.number} has no answer "
            f"({AttemptOutcome(attempt.outcome).name}), and no fault cut it off"
            for attempt in blind
            if (*key, attempt.number) not in self._in_flight
        ]
        answers, arrived = (
            Counter(a.status for a in recorded.attempts if not a.is_blind),
            Counter(a.status for a in self._arrived.get(key, ())),
        )
        unheard = sum((arrived - answers).values())
        if answers - arrived or unheard > len(blind):
            self.wrong.append(
                f"{place} was answered {dict(arrived)}; the log says {dict(answers)} and "
                f"{len(blind)} unknown"
            )

    def _check_cut_off(self) -> None:
        for fault in self._ledger.faults:
            for event_id, webhook, number in fault.in_flight if fault.is_deadly else ():
                recorded = self._ledger.recorded.get((event_id, webhook))
                outcome = (
                    next(
                        (
                            attempt.outcome
                            for attempt in recorded.attempts
                            if attempt.number == number
                        ),
                        None,
                    )
                    if recorded
                    else None
                )
                if outcome != AttemptOutcome.UNKNOWN:
                    self.wrong.append(
                        f"{event_id} → {webhook}: attempt {number} was cut off by {fault.kind} of "
                        f"{fault.victim}, its outcome is {outcome}"
                    )

    def figures(self) -> dict[str, int]:
        ledger = self._ledger
        return {
            "accepted": len(ledger.accepted),
            "unknown": len(ledger.tried) - len(ledger.accepted),
            "stored": len(ledger.events),
            "deliveries": len(ledger.recorded),
            "arrived": len(ledger.arrivals),
            "lost": self.lost,
            "unexpected": self.unexpected,
            "duplicates": self.duplicates,
            "in_flight": len(self._in_flight),
            "attempts": sum(len(recorded.attempts) for recorded in ledger.recorded.values()),
            "unknown_attempts": sum(
                a.outcome == AttemptOutcome.UNKNOWN
                for recorded in ledger.recorded.values()
                for a in recorded.attempts
            ),
            "faults": len(ledger.faults),
            "wrong": len(self.wrong),
        }

    def by_fault(self) -> dict[str, dict[str, int]]:
        """Sums by kind and victim: how often, what was leased and on the wire then, and how much of
        it came twice.
        """
        table: dict[str, dict[str, int]] = {}
        repeated = {
            key
            for key, arrivals in self._arrived.items()
            if sum(arrival.status != 500 for arrival in arrivals) > 1
        }
        for fault in self._ledger.faults:
            row = table.setdefault(
                f"{fault.kind} {fault.victim}",
                dict.fromkeys(("times", "in_flight", "on_wire", "duplicates"), 0),
            )
            row["times"] += 1
            row["in_flight"] += len(fault.in_flight)
            row["on_wire"] += fault.on_wire
            row["duplicates"] += len(repeated & {key[:2] for key in fault.in_flight})
        return table
