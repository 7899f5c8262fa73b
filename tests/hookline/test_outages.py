"""One line when a server goes away and one when it is back, whatever is tried in between."""

import logging
from threading import Thread

import pytest

from hookline import outages
from hookline.outages import Outage

log = logging.getLogger("hookline.test_outages")


class Clock:
    """Monotonic seconds that a test sets."""

    seconds = 0.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(outages, "monotonic", lambda: clock.seconds)
    return clock


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    assert not [record for record in caplog.records if record.exc_info]
    return [f"{record.levelname} {record.getMessage()}" for record in caplog.records]


def test_outage_is_two_lines_with_its_duration(
    caplog: pytest.LogCaptureFixture, clock: Clock
) -> None:
    outage = Outage(log, "no beat")
    with caplog.at_level(logging.INFO, log.name):
        for _ in range(2):
            outage.back()
            for _ in range(50):
                clock.seconds += 0.25
                outage.away(ConnectionRefusedError(111, "refused"))
            outage.back()
            outage.back()
    told = [
        "WARNING no beat: ConnectionRefusedError(111, 'refused')",
        "INFO no beat: over after 12.2 s",
    ]
    assert lines(caplog) == told * 2
    assert [getattr(record, "failed", None) for record in caplog.records] == [None, 50] * 2


def test_one_that_fails_after_another_has_not_is_of_the_same_outage(
    caplog: pytest.LogCaptureFixture, clock: Clock
) -> None:
    outage = Outage(log, "requests fail", settle_seconds=1)
    with caplog.at_level(logging.INFO, log.name):
        for _ in range(10):
            outage.away("no answer")
            clock.seconds += 0.5
            outage.back()
        clock.seconds += 0.5
        outage.back()
    assert lines(caplog) == [
        "WARNING requests fail: no answer",
        "INFO requests fail: over after 5.5 s",
    ]


def test_threads_share_one(caplog: pytest.LogCaptureFixture) -> None:
    outage = Outage(log, "no message")
    threads = [Thread(target=outage.away, args=("away",)) for _ in range(20)]
    with caplog.at_level(logging.INFO, log.name):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert lines(caplog) == ["WARNING no message: away"]
