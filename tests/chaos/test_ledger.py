"""The ledger finds what is wrong: each kind of loss, surplus and false record is told. Pure: what
one delivery to one webhook went through.
"""

import pytest

from hookline.models import AttemptOutcome, DeliveryState
from tests.chaos.ledger import Attempted, Fault, Ledger, Recorded
from tests.chaos.receiver import Arrival
from tests.tables import each_of

EVENT, HOOK, KEY = "evt_1", "healthy", ("evt_1", "healthy")
OK, CUT_OFF = (
    Attempted(1, AttemptOutcome.SUCCEEDED, 200),
    Attempted(1, AttemptOutcome.UNKNOWN, None),
)
FAILED = Attempted(1, AttemptOutcome.FAILED, 500)


def ledger(arrived: list[int | None], attempts: list[Attempted], in_flight: int = 0) -> Ledger:
    """One accepted event. arrived: what its requests were answered; in_flight: the number of the
    attempt that a killed worker had leased, 0: none.
    """
    book = Ledger((HOOK,), tried={"a"}, accepted={"a": EVENT}, events={EVENT: "a"})
    book.arrivals = [Arrival("a", HOOK, EVENT, 0.0, status) for status in arrived]
    book.recorded[KEY] = Recorded(DeliveryState.SUCCEEDED, len(attempts), attempts=attempts)
    if in_flight:
        book.faults.append(Fault("kill -9", "worker", 0.0, {(*KEY, in_flight)}))
    return book


def second(attempt: Attempted) -> Attempted:
    return attempt._replace(number=2)


@pytest.mark.parametrize(
    "book",
    [
        ledger([200], [OK]),
        ledger([500, 200], [FAILED, second(OK)]),
        ledger([200], [CUT_OFF, second(OK)], in_flight=1),
        ledger([200, 200], [CUT_OFF, second(OK)], in_flight=1),
        ledger([None, 200], [CUT_OFF, second(OK)], in_flight=1),
    ],
    ids=[
        "sent",
        "tried again",
        "cut off before the send",
        "cut off before the record",
        "cut off on the wire",
    ],
)
def test_what_is_promised_is_not_complained_about(book: Ledger) -> None:
    assert book.check().wrong == []


@each_of(
    "book, sentence",
    [
        (ledger([], [OK]), "lost: evt_1 (a) → healthy: never came"),
        (
            ledger([500], [FAILED]),
            "lost: evt_1 (a) → healthy: came 1 times, was never answered 200",
        ),
        (
            ledger([200, 200], [OK]),
            "duplicate: evt_1 → healthy came 1 times too often; in flight at a fault: 0",
        ),
        (
            ledger([200] * 3, [CUT_OFF, second(OK)], in_flight=1),
            "duplicate: evt_1 → healthy came 2 times too often; in flight at a fault: 1",
        ),
        (
            ledger([200, 200], [OK, second(OK)]),
            "duplicate: evt_1 → healthy came 1 times too often; in flight at a fault: 0",
        ),
        (
            ledger([200], [CUT_OFF, second(OK)]),
            "evt_1 → healthy: attempt 1 has no answer (UNKNOWN), and no fault cut it off",
        ),
        (ledger([200], [second(OK)]), "evt_1 → healthy has the attempts [2], and counts 1"),
        (
            ledger([200], [FAILED, second(OK)]),
            "evt_1 → healthy was answered {200: 1}; the log says {500: 1, 200: 1} and 0 unknown",
        ),
        (
            ledger([500, 200], [OK]),
            "evt_1 → healthy was answered {500: 1, 200: 1}; the log says {200: 1} and 0 unknown",
        ),
        (
            ledger([200], [OK], in_flight=1),
            "evt_1 → healthy: attempt 1 was cut off by kill -9 of worker, its outcome is 2",
        ),
    ],
)
def test_what_breaks_a_promise_is_told(book: Ledger, sentence: str) -> None:
    assert sentence in book.check().wrong


def test_an_accepted_event_that_the_database_does_not_hold_is_told() -> None:
    book = ledger([200], [OK])
    book.accept("b", "evt_2")
    book.tried.add("b")

    findings = book.check()

    assert findings.lost == 2, "the event, and its delivery"
    assert "b was accepted as evt_2, which is not in the database" in findings.wrong


def test_an_event_that_was_stored_though_nobody_heard_so_must_arrive_too() -> None:
    book = ledger([200], [OK])
    book.tried.add("b")
    book.events["evt_2"] = "b"

    assert {"lost: evt_2 (b) → healthy: never came", "evt_2 has no delivery for healthy"} <= set(
        book.check().wrong
    )


def test_what_nobody_published_is_unexpected() -> None:
    book = ledger([200], [OK])
    book.arrivals.append(Arrival("x", HOOK, "evt_9", 0.0, 200))

    findings = book.check()

    assert findings.unexpected == 1
    assert "unexpected: evt_9 (x) → healthy" in findings.wrong


def test_one_event_under_two_ids_is_told() -> None:
    book = ledger([200], [OK])
    book.accept("a", "evt_2")
    book.arrivals.append(Arrival("a", HOOK, "evt_2", 0.0, 200))

    wrong = book.check().wrong

    assert "a was accepted as evt_1 and again as evt_2" in wrong
    assert "a has 2 ids: evt_1, evt_2" in wrong


@pytest.mark.parametrize(
    ("recorded", "sentence"),
    [
        (Recorded(DeliveryState.OPEN, 1, attempts=[OK]), "evt_1 → healthy ended in state OPEN"),
        (
            Recorded(DeliveryState.SUCCEEDED, 1, is_leased=True, attempts=[OK]),
            "evt_1 → healthy is still leased",
        ),
    ],
)
def test_a_delivery_that_is_not_over_is_told(recorded: Recorded, sentence: str) -> None:
    book = ledger([200], [OK])
    book.recorded[KEY] = recorded

    assert sentence in book.check().wrong
