"""From settings to an application that works, and back. The commands that serve open it on the
server's loop; it owns the embedded worker.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from api.app import App, make_app
from api.pages.static import Redeem
from hookline.loop_watch import LoopWatch
from hookline.messaging.brokers import open_broker
from hookline.outbound.addresses import AddressPolicy
from hookline.runtime import Runtime
from hookline.serving.metrics_port import metrics_port
from hookline.settings.fields import Settings
from hookline.wiring import open_runtime

Companion = Callable[[Runtime], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def running(
    settings: Settings,
    *,
    has_worker: bool,
    addresses: AddressPolicy | None = None,
    redeem: Redeem | None = None,
    has_echo: bool = False,
    hosts: Iterable[str] = (),
    is_alone: bool = True,
    companions: Iterable[Companion] = (),
) -> AsyncIterator[App]:
    """Opens the runtime, starts the worker inside if there is one, and whatever goes along
    (companions); ends all in the opposite order.

    addresses: where may be sent to, instead of what the settings say. The rest: see make_app.

    Raises Misconfigured or Unavailable with a sentence that says what to do, also when migrations
    are missing.
    """
    async with AsyncExitStack() as stack:
        runtime = await stack.enter_async_context(
            open_runtime(settings, addresses, hears_wakes=has_worker)
        )
        app = make_app(runtime, redeem=redeem, has_echo=has_echo, hosts=hosts, is_alone=is_alone)
        stack.push_async_callback(app.close)
        await stack.enter_async_context(metrics_port(runtime.metrics, settings))
        if has_worker:
            # here and not above: the API without a worker never imports Dramatiq's actors
            from workers.embedded import embedded_worker

            await stack.enter_async_context(embedded_worker(runtime))
        elif settings.broker_url != "memory://":
            broker = await asyncio.to_thread(open_broker, settings.broker_url)
            stack.enter_context(runtime.enqueuer.sending_to(broker))
        for companion in companions:
            await stack.enter_async_context(companion(runtime))
        # From here on: a start imports and opens files, and lets nobody wait.
        stack.callback(LoopWatch(runtime.metrics).close)
        yield app
