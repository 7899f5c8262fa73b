"""The worker inside another process's loop."""

import dramatiq

from hookline.brokers import InProcessBroker
from hookline.runtime import Runtime
from hookline.wakeups import ACTOR, QUEUE
from tests.making import make_webhook, publish
from tests.receivers import Receiver
from tests.waiting import eventually
from workers.actors import make_broker
from workers.embedded import working


async def test_it_works_and_ends_on_the_loop_of_its_host(runtime: Runtime) -> None:
    async with Receiver() as receiver, working(runtime):
        await make_webhook(runtime, receiver.url)
        await publish(runtime)
        assert len(await receiver.wait_for(1)) == 1


async def test_a_message_kicks_the_pump() -> None:
    kicks = []
    broker = make_broker("memory://", dramatiq.Middleware(), lambda: kicks.append(1))
    worker = dramatiq.Worker(broker, worker_threads=1, worker_timeout=50)
    broker.emit_after("process_boot")
    worker.start()

    broker.enqueue(dramatiq.Message(queue_name=QUEUE, actor_name=ACTOR, args=(), kwargs={}, options={}))
    await eventually(lambda: kicks)

    worker.stop()


async def test_refused_messages_are_not_kept() -> None:
    broker = make_broker("memory://", dramatiq.Middleware(), lambda: None)
    assert isinstance(broker, InProcessBroker)
    broker.enqueue(dramatiq.Message(queue_name=QUEUE, actor_name="unknown", args=(), kwargs={}, options={}))
    consumer = broker.consume(QUEUE, prefetch=1, timeout=50)

    message = next(consumer)
    assert message is not None
    consumer.nack(message)

    assert broker.dead_letters == []
    assert broker.queues[QUEUE].unfinished_tasks == 0
