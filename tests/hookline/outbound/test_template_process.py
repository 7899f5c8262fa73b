"""A child that renders templates, by itself: what it leaves behind when it is ended."""

import asyncio
import signal

import orjson
import psutil

from hookline.outbound.template_process import Ending, TemplateProcess
from hookline.outbound.templates import SAMPLE_EVENT, SAMPLE_WEBHOOK
from tests.waiting import eventually, turns

# Ten times what a pipe takes unread.
LARGE = "{% for i in range(16) %}" + "x" * 60_000 + "{% endfor %}"


CONTEXT = {"event": SAMPLE_EVENT, "webhook": SAMPLE_WEBHOOK}
REQUEST = orjson.dumps({"template": LARGE, "escape": "none", "context": CONTEXT, "probe": "none"})


async def test_one_that_is_ended_at_work_is_no_exception_for_either_side() -> None:
    child = await TemplateProcess.start()
    asking = asyncio.create_task(child.ask(REQUEST))
    await turns(3)
    assert await child.end() == -signal.SIGKILL
    assert await asking is Ending.KILLED


async def test_one_that_ended_while_it_waited_is_told_as_killed() -> None:
    child = await TemplateProcess.start()
    assert await child.end() == -signal.SIGKILL
    assert await child.ask(REQUEST) is Ending.KILLED


async def test_callers_that_leave_in_the_middle_of_large_answers_leave_no_pipes_open() -> None:
    await (await TemplateProcess.start()).end()
    before, left = psutil.Process().num_fds(), 0
    while left < 3:
        child = await TemplateProcess.start()
        leaving = asyncio.create_task(child.ask(REQUEST))
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
