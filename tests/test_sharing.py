"""The RabbitMQ of a run: each process that asks has its own queues, or hears why it has none."""

import pika
import pytest

from tests.conftest import lender_address
from tests.servers import RabbitMQ
from tests.sharing import Lender, VirtualHost, borrow

QUEUE = "hookline.deliveries"


def test_each_process_has_queues_of_its_own(
    rabbitmq_server: VirtualHost, pytestconfig: pytest.Config
) -> None:
    another = borrow(lender_address(pytestconfig))
    with pika.BlockingConnection(pika.URLParameters(another.url)) as connection:
        channel = connection.channel()
        channel.queue_declare(QUEUE)
        channel.basic_publish("", QUEUE, b"1")

        rabbitmq_server.empty()
        assert channel.queue_declare(QUEUE, passive=True).method.message_count == 1
        another.empty()
        assert channel.queue_declare(QUEUE, passive=True).method.message_count == 0


def test_who_asks_hears_why_there_is_none() -> None:
    def refuse(*given: object) -> RabbitMQ:
        raise RuntimeError("RabbitMQ did not start: no room")

    lender = Lender(1, refuse)
    try:
        for _ in range(2):
            with pytest.raises(RuntimeError, match="no room"):
                borrow(lender.address)
    finally:
        lender.close()
