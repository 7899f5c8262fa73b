"""Payload templates, rendered by child processes with limits of their own: whatever a template
does, the process that delivers neither dies nor waits, and no webhook's template holds up others'.
Every failure is an answer that says whose it is.
"""

import asyncio
import logging
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Final, TypeVar

import orjson

from hookline.clock import monotonic
from hookline.outbound.template_process import Ending, TemplateProcess
from hookline.outbound.templates import SAMPLE_EVENT, SAMPLE_WEBHOOK, Facts, escape_of
from hookline.shutdown import end_tasks
from hookline.turns import Turns, Use

log = logging.getLogger(__name__)
T = TypeVar("T")

CHILDREN_LIMIT: Final = 3
"""Child processes; one more than are at work is started, so that it waits for the next webhook."""
SLOW_LIMIT: Final = CHILDREN_LIMIT - 1
"""Those that slow webhooks share: one is always there for the others."""
# A template takes about 0.1 ms.
SLOW_SECONDS: Final = 0.05
# Each try costs half a second of a core, and a child.
REFUSED_SECONDS: Final = 60.0
# A child that does not start would be started again by every delivery that waits.
BROKEN_SECONDS: Final = 1.0
_REMEMBERED: Final = 1_000
_TOO_LONG = (
    "The template takes too long. Make it simpler: lists and texts that grow with every "
    "step are what takes time."
)
_TOO_LARGE = "The template makes too much of the event: it ran out of memory."
_BROKEN = "The process that renders templates does not start."
_BUSY = "The process that renders templates gave no answer."

Render = tuple[Hashable, ...]
"""Owner, webhook, event and template: what is refused for a while, so that neither an event nor a
webhook has a say in another one's.
"""


@dataclass(frozen=True, slots=True)
class RenderFault:
    """Why there is no body. message: a sentence for people. is_ours: the template may be right; the
    renderer is broken or busy, and the same may pass later.
    """

    message: str
    is_ours: bool = False


class Renderer:
    def __init__(self) -> None:
        self._turns = Turns(CHILDREN_LIMIT, 1, SLOW_LIMIT, SLOW_SECONDS)
        self._children: set[TemplateProcess] = set()
        self._idle: list[TemplateProcess] = []
        self._starting: set[asyncio.Task[RenderFault | None]] = set()
        self._refused: dict[Render, tuple[float, RenderFault]] = {}
        """Renders that ended a child by themselves, with the time (monotonic) from when each may
        try again.
        """
        self._suspects: dict[Render, None] = {}
        """Renders under which a child ended for no known reason."""
        self._broken_until = 0.0

    async def render(
        self,
        template: str,
        content_type: str,
        event: Facts,
        webhook: Facts,
        owner: Hashable = None,
    ) -> bytes | RenderFault:
        """The request's body, at most 1 MiB; valid JSON when the content type is JSON. About 0.1
        ms. owner: takes turns with other owners; by default the webhook.
        """
        return await self._ask(template, escape_of(content_type), event, webhook, owner)

    async def check(
        self,
        template: str,
        content_type: str,
        event: Facts = SAMPLE_EVENT,
        webhook: Facts = SAMPLE_WEBHOOK,
        owner: Hashable = None,
    ) -> RenderFault | None:
        """None for a template that compiles and renders the sample: with missing values empty, with
        hostile text for each of them, and with hostile text for whatever it looks up.
        """
        escape = escape_of(content_type)
        for probe in ("none", "missing", "everything"):
            body = await self._ask(template, escape, event, webhook, owner, probe)
            if isinstance(body, RenderFault):
                return body
        return None

    async def close(self) -> None:
        await end_tasks(*self._starting)
        for child in list(self._children):
            await self._end(child)

    async def _ask(
        self,
        template: str,
        escape: str,
        event: Facts,
        webhook: Facts,
        owner: Hashable,
        probe: str = "none",
    ) -> bytes | RenderFault:
        owner = webhook["id"] if owner is None else owner
        # The template's hash: a thousand of them would be 64 MB.
        render = (owner, webhook["id"], event["id"], hash(template), escape)
        try:
            request = orjson.dumps(
                {
                    "template": template,
                    "escape": escape,
                    "context": {"event": event, "webhook": webhook},
                    "probe": probe,
                }
            )
        # TypeError: half a character, or lists too deep for it.
        except (TypeError, RecursionError) as error:
            return RenderFault(f"The event can't be given to a template: {error}.")
        async with self._turns.place(owner) as use:
            refused = self._refused.get(render)
            if refused is not None and monotonic() < refused[0]:
                return refused[1]
            try:
                answer = await self._answer(request, use)
            # A mistake of ours must not take the pump's task with it; the schedule bounds how often
            # it is met.
            except Exception:
                log.exception("a template was not rendered")
                return RenderFault("The template could not be rendered.")
        if isinstance(answer, bytes):
            self._suspects.pop(render, None)
            return (
                answer[1:]
                if answer[:1] == b"+"
                else RenderFault(answer[1:].decode(errors="replace"))
            )
        return answer if isinstance(answer, RenderFault) else self._judged(render, answer)

    async def _answer(self, request: bytes, use: Use) -> bytes | Ending | RenderFault:
        """Asks an idle child, or a new one."""
        child = await self._idle_child()
        if isinstance(child, RenderFault):
            return child
        # A start takes longer than a slow render, and may follow another owner's.
        use.begin()
        try:
            answer = await child.ask(request)
        except BaseException:
            self._children.discard(child)
            raise
        if isinstance(answer, Ending):
            self._children.discard(child)
        else:
            self._idle.append(child)
        return answer

    async def _idle_child(self) -> TemplateProcess | RenderFault:
        """A child that waits, or is started now; a spare one is started when the last is taken: a
        start takes longer than a thousand renders.
        """
        while True:
            while self._idle:
                child = self._idle.pop()
                if child.is_alive:
                    if not self._idle:
                        self._start_child()
                    return child
                self._children.discard(child)
            self._start_child()
            if not self._starting:
                return RenderFault(_BROKEN, is_ours=True)
            done, _ = await asyncio.wait(self._starting.copy(), return_when=asyncio.FIRST_COMPLETED)
            if not self._idle and (fault := done.pop().result()) is not None:
                return fault

    def _start_child(self) -> None:
        """Begins to start one, unless there are enough, or the last one did not start."""
        count = len(self._children) + len(self._starting)
        if count < CHILDREN_LIMIT and monotonic() >= self._broken_until:
            task = asyncio.create_task(self._start())
            self._starting.add(task)
            task.add_done_callback(self._starting.discard)

    async def _start(self) -> RenderFault | None:
        try:
            child = await TemplateProcess.start()
        # No descriptor, no memory or no process is left, or the interpreter is gone: ours.
        except (OSError, EOFError, TimeoutError) as error:
            self._broken_until = monotonic() + BROKEN_SECONDS
            return RenderFault(f"{_BROKEN[:-1]} ({error!r}).", is_ours=True)
        self._children.add(child)
        self._idle.append(child)
        return None

    async def _end(self, child: TemplateProcess) -> None:
        self._children.discard(child)
        if child in self._idle:
            self._idle.remove(child)
        await child.end()

    def _judged(self, render: Render, ending: Ending) -> RenderFault:
        """Whose failure it is that a child ended."""
        if ending in (Ending.KILLED, Ending.SILENT):
            # Somebody killed it, or the machine had no time for it: the next try tells. A second
            # time it is the render's own doing (the system kills what takes all memory), and a
            # delivery must not wait for ever.
            if render not in self._suspects:
                _remember(self._suspects, render, None)
                return RenderFault(_BUSY, is_ours=True)
            del self._suspects[render]
        is_late = ending in (Ending.OUT_OF_TIME, Ending.SILENT)
        fault = RenderFault(_TOO_LONG if is_late else _TOO_LARGE)
        _remember(self._refused, render, (monotonic() + REFUSED_SECONDS, fault))
        return fault


def _remember(store: dict[Render, T], render: Render, value: T) -> None:
    while len(store) >= _REMEMBERED:
        del store[next(iter(store))]
    store[render] = value
