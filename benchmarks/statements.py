"""Statements that operations cost, without the noise of a server's other work. As a process of its
own, on the folder of a server that has ended: python -m benchmarks.statements HOME. Answers a JSON
list of GraphQL requests with the number of statements of each; authentication is not among them.
"""

import asyncio
import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

# Tortoise tells each statement here, whoever sends it.
_LOGGER = "tortoise.db_client"


class Counter(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += 1


def count(home: Path, requests: list[dict[str, Any]]) -> list[int]:
    """Statements of each request, run one after the other as an admin."""
    command = [sys.executable, "-m", "benchmarks.statements", str(home)]
    done = subprocess.run(
        command, input=json.dumps(requests), check=True, stdout=subprocess.PIPE, text=True
    )
    found: list[int] = json.loads(done.stdout)
    return found


async def _count(home: Path, requests: list[dict[str, Any]]) -> list[int]:
    from api.app import context_maker
    from api.execution.execute import Execution, Request
    from api.schema import make_schema
    from api.schema.sizes import SIZES
    from hookline import ids
    from hookline.access.actor import Actor
    from hookline.access.scopes import ROLES
    from hookline.models import Workspace
    from hookline.outbound.addresses import AddressPolicy
    from hookline.settings.fields import read_settings
    from hookline.wiring import open_runtime

    counter, counts = Counter(), list[int]()
    logger = logging.getLogger(_LOGGER)
    execution = Execution(make_schema(), SIZES)
    nowhere = AddressPolicy((), frozenset())
    async with open_runtime(read_settings(home=home), nowhere) as runtime:
        workspace = await Workspace.all().order_by("id").first()
        assert workspace is not None
        logger.setLevel(logging.DEBUG)
        logger.addHandler(counter)
        for given in requests:
            actor = Actor(workspace.id, "bench", frozenset(ROLES["admin"]), token_id=ids.uuid7())
            request = Request(given["query"], given.get("operationName"), given["variables"])
            before = counter.count
            context = context_maker(runtime)(actor, "statements")
            answer = await execution.run(execution.select(request), request, context)
            if answer.errors:
                raise SystemExit(f"{given['query'][:60]}: {answer.errors}")
            counts.append(counter.count - before)
    return counts


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_count(Path(sys.argv[1]), json.load(sys.stdin)))))
