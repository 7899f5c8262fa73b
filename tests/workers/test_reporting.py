"""Counters of messages: their labels are ours, whatever others write into the queues."""

from dramatiq import Broker, Message, MessageProxy
from dramatiq.brokers.stub import StubBroker

from hookline.messaging.messages import DELIVERIES
from workers.reporting import Reporting


def message(queue_name: str, actor_name: str) -> MessageProxy:
    return MessageProxy(
        Message(queue_name=queue_name, actor_name=actor_name, args=(), kwargs={}, options={})
    )


def series(reporting: Reporting) -> set[tuple[str, str]]:
    return {
        (sample.labels["queue_name"], sample.labels["actor_name"])
        for metric in reporting.registry.collect()
        for sample in metric.samples
    }


def test_names_that_messages_bring_make_no_series() -> None:
    broker: Broker = StubBroker(middleware=[])
    reporting = Reporting()
    for number in range(10):
        reporting.after_nack(broker, message(f"queue {number}", f"actor {number}"))
        reporting.after_process_message(broker, message(f"queue {number}", "deliver"))
    reporting.after_process_message(broker, message(DELIVERIES, "deliver"))
    assert series(reporting) == {
        ("unknown", "unknown"),
        ("unknown", "deliver"),
        (DELIVERIES, "deliver"),
    }
