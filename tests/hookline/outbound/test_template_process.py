"""A child that renders templates, by itself: what it leaves behind when it is ended."""

import asyncio

import orjson
import psutil

from hookline.outbound.template_process import TemplateProcess
from hookline.outbound.templates import SAMPLE_EVENT, SAMPLE_WEBHOOK
from tests.waiting import eventually, turns

# Ten times what a pipe takes unread.
LARGE = "{% for i in range(16) %}" + "x" * 60_000 + "{% endfor %}"


async def test_callers_that_leave_in_the_middle_of_large_answers_leave_no_pipes_open() -> None:
    context = {"event": SAMPLE_EVENT, "webhook": SAMPLE_WEBHOOK}
    request = {"template": LARGE, "escape": "none", "context": context, "probe": "none"}
    await (await TemplateProcess.start()).end()
    before, left = psutil.Process().num_fds(), 0
    while left < 3:
        child = await TemplateProcess.start()
        leaving = asyncio.create_task(child.ask(orjson.dumps(request)))
        # Each turn, as an answer is there and read within some.
        while not (leaving.done() or has_answered_some(child)):
            await turns(1)
        leaving.cancel()
        await asyncio.wait([leaving])
        left += leaving.cancelled()
        await child.end()
    await eventually(lambda: psutil.Process().num_fds() <= before)


def has_answered_some(child: TemplateProcess) -> bool:
    assert child._process.stdout is not None
    return len(child._process.stdout._buffer) > 0  # type: ignore[attr-defined]
