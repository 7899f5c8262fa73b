"""Reading messages from a queue that others write to."""

from typing import Any

import dramatiq
import orjson

from hookline.messaging.messages import (
    DELIVERIES,
    OWN,
    UNREADABLE,
    ActorName,
    CheckedEncoder,
    make_message,
)
from tests.tables import each_of

NONE: list[bytes] = [
    b"",
    b"\xff\xfe",
    b"null",
    b"[]",
    b'"text"',
    b"[" * 100_000,
    b'{"actor_name": ' + b"9" * 5_000 + b"}",
    b"{}",
    b'{"actor_name": 5, "args": [], "kwargs": {}, "message_timestamp": 1}',
    b'{"actor_name": "deliver", "args": {}, "kwargs": {}, "message_timestamp": 1}',
    b'{"actor_name": "deliver", "args": [], "kwargs": [], "message_timestamp": 1}',
    b'{"actor_name": "deliver", "args": [], "kwargs": {}, "message_timestamp": "now"}',
]


@each_of("data", NONE)
def test_what_is_no_message_is_one_that_no_actor_understands(data: bytes) -> None:
    fields = CheckedEncoder().decode(data)
    assert (fields["actor_name"], fields["args"], fields["kwargs"], fields["options"]) == (
        UNREADABLE,
        [],
        {},
        {},
    )


def test_a_message_keeps_nothing_that_would_delay_it_or_let_it_live_for_ever() -> None:
    given: dict[str, Any] = {
        "eta": 2**50,
        "max_age": 10**12,
        "redis_message_id": "key",
        "pipe_target": {},
        "time_limit": 10**9,
    }
    message = make_message(ActorName.RUN_JOB, "id").copy(options=given)
    fields = CheckedEncoder().decode(orjson.dumps(message.asdict()))
    assert fields["options"] == {"redis_message_id": "key"}
    assert (fields["actor_name"], fields["args"], fields["message_id"]) == (
        "run_job",
        ["id"],
        message.message_id,
    )


def test_a_key_of_redis_that_is_no_text_is_dropped() -> None:
    message = make_message(ActorName.RUN_JOB, "id").copy(options={"redis_message_id": ["x"]})
    assert CheckedEncoder().decode(orjson.dumps(message.asdict()))["options"] == {}


def test_a_message_goes_to_its_actors_queue_or_to_the_one_that_is_said() -> None:
    message: dramatiq.Message[Any] = make_message(ActorName.DELIVER, ["id"])
    assert message.queue_name == DELIVERIES
    assert make_message(ActorName.DELIVER, ["id"], queue=OWN).queue_name == OWN
