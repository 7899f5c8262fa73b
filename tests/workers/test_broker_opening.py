"""Opening a broker: what its server must be like, and what is said when it is not."""

from pathlib import Path

import pika
import pytest

from hookline.errors import Misconfigured, Unavailable
from hookline.messaging.brokers import open_broker
from hookline.messaging.messages import DELIVERIES
from tests.servers import Valkey, free_port
from tests.sharing import VirtualHost
from tests.tables import each_of


def test_a_redis_that_evicts_is_refused(tmp_path: Path) -> None:
    with (
        Valkey(tmp_path, "--maxmemory-policy", "allkeys-lru") as server,
        pytest.raises(Misconfigured, match=r"HOOKLINE_BROKER_URL.*noeviction"),
    ):
        open_broker(server.url)


def test_a_queue_of_our_name_that_is_not_ours_is_told(rabbitmq_server: VirtualHost) -> None:
    with pika.BlockingConnection(pika.URLParameters(rabbitmq_server.url)) as connection:
        channel = connection.channel()
        channel.queue_delete(DELIVERIES)
        channel.queue_declare(DELIVERIES)
        try:
            with pytest.raises(
                Misconfigured,
                match=r"HOOKLINE_BROKER_URL.*hookline\.deliveries.*another virtual host",
            ):
                open_broker(rabbitmq_server.url)
        finally:
            channel.queue_delete(DELIVERIES)


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_server_that_is_not_there_is_told_without_its_password(scheme: str) -> None:
    with pytest.raises(Unavailable, match="HOOKLINE_BROKER_URL") as caught:
        open_broker(f"{scheme}://user:hunter2@127.0.0.1:{free_port()}")
    assert "hunter2" not in caught.value.message


@each_of("query", ["heartbeat=abc", "connection_attempts=0", "socket_timeout=abc", "foo=1"])
@each_of("scheme", ["redis", "amqp"])
def test_a_wrong_query_in_the_url_is_told(scheme: str, query: str) -> None:
    with pytest.raises((Misconfigured, Unavailable), match="HOOKLINE_BROKER_URL"):
        open_broker(f"{scheme}://user:hunter2@127.0.0.1:{free_port()}/0?{query}")


def test_a_wrong_password_is_told(rabbitmq_server: VirtualHost, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="RabbitMQ refused"):
        open_broker(rabbitmq_server.url.replace("guest:guest", "guest:hunter2"))
    with Valkey(tmp_path) as server:
        with server.client() as client:
            client.config_set("requirepass", "secret")
        with pytest.raises(Misconfigured, match="Redis refused"):
            open_broker(server.url.replace("redis://", "redis://:hunter2@"))
