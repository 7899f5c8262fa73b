"""The worker inside another process's loop."""

from hookline.runtime import Runtime
from tests.making import make_webhook, publish
from tests.receivers import Receiver
from workers.embedded import embedded_worker


async def test_it_works_and_ends_on_the_loop_of_its_host(runtime: Runtime) -> None:
    async with Receiver() as receiver, embedded_worker(runtime):
        await make_webhook(runtime, receiver.url)
        await publish(runtime)
        assert len(await receiver.wait_for(1)) == 1
