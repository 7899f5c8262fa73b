"""Cost of 10,000 webhooks in one workspace: matching per event, and a change of one of them.
`python -m benchmarks matching` calls `measure`.
"""

import asyncio
import contextlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time
from uuid import UUID

from hookline import ids
from hookline.access.actor import Actor
from hookline.db.migrate import migrate
from hookline.deliveries.matching import MatchIndex
from hookline.form.filters import CompiledFilter
from hookline.loop_time import Turn
from hookline.models import Webhook
from hookline.runtime import Runtime
from hookline.settings.fields import read_settings
from hookline.webhooks.create import create_webhook
from hookline.wiring import open_runtime

WEBHOOKS, TYPES, CHANGES = 10_000, 1_000, 20
WORKSPACE = UUID("01900000-0000-7000-8000-000000000001")
SEGMENTS = [f"s{number}" for number in range(30)]


@dataclass(frozen=True)
class Hook:
    id: UUID
    events: tuple[str, ...]
    environments: tuple[str, ...] = ("production",)
    is_on: bool = True
    filter: CompiledFilter | None = None


def measure(folder: Path) -> dict[str, object]:
    # The same webhooks in each run, so that two versions are compared over equal work.
    draw = random.Random(7)
    types = sorted({".".join(draw.choices(SEGMENTS, k=3)) for _ in range(TYPES)})

    def some(stars: int) -> str:
        pattern = draw.choices(SEGMENTS, k=3)
        for place in draw.sample(range(3), stars):
            pattern[place] = "*"
        return ".".join(pattern)

    exact = [(draw.choice(types),) for _ in range(WEBHOOKS)]
    wild = [(some(draw.randint(1, 3)),) for _ in range(WEBHOOKS)]
    several = [tuple({some(draw.randint(1, 2)) for _ in range(3)}) for _ in range(WEBHOOKS)]
    return {
        "webhooks": WEBHOOKS,
        "exact": _matching(exact, types),
        "wildcards": _matching(wild, types),
        "three_patterns_with_wildcards_each": _matching(several, types),
        "change_of_one": asyncio.run(_changing(folder, exact)),
    }


def _matching(patterns: Sequence[tuple[str, ...]], types: Sequence[str]) -> dict[str, float]:
    """Microseconds of CPU per event: of types that are met for the first time, and again."""
    index = MatchIndex([Hook(ids.uuid7(), events) for events in patterns])
    figures, turn = dict[str, float](), Turn()
    for name in ("first_us", "again_us"):
        # CPU, not time: the machine has other work beside it.
        began = process_time()
        for event_type in types:
            asking = index.wanted_by("production", event_type, "{}", turn)
            with contextlib.suppress(StopIteration):
                asking.send(None)
        figures[name] = round((process_time() - began) / len(types) * 1e6, 2)
    figures["matches"] = round(
        sum(len(index.match("production", event_type).ids) for event_type in types) / len(types), 1
    )
    return figures


async def _changing(folder: Path, patterns: Sequence[tuple[str, ...]]) -> dict[str, float]:
    """Milliseconds: of loading all, and of learning that one has changed. On SQLite, with what the
    database does.
    """
    settings = read_settings(
        home=folder / "matching", database_url=f"sqlite:///{folder / 'matching.db'}"
    )
    await migrate(settings)
    async with open_runtime(settings) as runtime:
        who = Actor(WORKSPACE, "benchmark")
        form = {
            "name": "Orders",
            "url": "https://example.com/in",
            "events": ["a.b.c"],
            "environments": ["production"],
            "active": False,
        }
        first = await create_webhook(runtime, who, form)
        await _fill(first, patterns)
        all_ms = await _loading(runtime)
        taken = []
        for number in range(CHANGES):
            # Behind the verbs' back: the registry learns what has changed by the version alone.
            await Webhook.filter(id=first.id).update(version=first.version + number + 1)
            taken.append(await _loading(runtime))
        return {"all_ms": round(all_ms, 1), "one_ms": round(sorted(taken)[CHANGES // 2], 1)}


async def _fill(first: Webhook, patterns: Sequence[tuple[str, ...]]) -> None:
    columns = {name: getattr(first, name) for name in Webhook._meta.db_fields}
    rows = [
        Webhook(
            **{
                **columns,
                "id": ids.uuid7(),
                "slug": f"hook-{number}",
                "events": events,
                "is_active": True,
            }
        )
        for number, events in enumerate(patterns)
    ]
    # Straight into the table: creating webhooks is not what is measured.
    await Webhook.bulk_create(rows, batch_size=200)


async def _loading(runtime: Runtime) -> float:
    began = perf_counter()
    await runtime.registry.reload(WORKSPACE, runtime.registry.version(WORKSPACE))
    return (perf_counter() - began) * 1_000
