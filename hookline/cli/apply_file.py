"""One content of the webhooks file, from its bytes to the database, as `hookline dev` applies it:
in this process, without a token.
"""

import asyncio
import os
from dataclasses import replace
from pathlib import Path
from uuid import UUID

from hookline.access.actor import system_actor
from hookline.runtime import Runtime
from hookline.sync.apply import applying
from hookline.sync.read import file
from hookline.sync.read.references import LocalSecrets
from hookline.sync.request import Request, find_source
from hookline.sync.show import excerpts, report
from hookline.webhooks.saving import bounds_of


async def apply_file(runtime: Runtime, workspace_id: UUID, path: Path, data: bytes) -> str:
    """The outcome for people: what was applied, what blocks it, or all that is wrong with the file.
    Empty when nothing had to change.

    Raises Unavailable.
    """
    bounds = bounds_of(runtime)
    secrets = LocalSecrets(os.environ, runtime.settings.home, path.parent)
    found = await asyncio.to_thread(file.decoded, data, str(path), bounds, secrets)
    told = excerpts.shown(found.problems, found.lines, found.secret_positions)
    if found.document is None:
        return f"{told}\n{path} was not applied: its webhooks stay as they are."
    where_from = await asyncio.to_thread(find_source, path, os.environ)
    request = Request(found.document, source=where_from)
    outcome = await applying.apply(runtime, system_actor(workspace_id, "hookline dev"), request)
    plan = replace(outcome.plan, server="this server")
    if outcome.blocked or outcome.problems:
        wrong = excerpts.shown(outcome.problems, found.lines, found.secret_positions)
        return "\n".join(
            filter(
                None,
                [
                    told,
                    wrong,
                    report.planned(plan),
                    f"{path} was not applied: see `hookline sync apply --help`.",
                ],
            )
        )
    return "\n".join(filter(None, [told, report.applied(plan) if outcome.revision else ""]))
