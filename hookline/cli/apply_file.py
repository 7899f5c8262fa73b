"""One content of the webhooks file, from its bytes to the database, as `hookline dev` applies it: in this process, without a token."""

import asyncio
import os
from pathlib import Path
from uuid import UUID

from hookline.rules.webhook_fields import Bounds
from hookline.runtime import Runtime
from hookline.sync import document, loader
from hookline.sync.references import LocalSecrets


async def apply_file(runtime: Runtime, workspace_id: UUID, path: Path, data: bytes) -> str:
    """What came of it, for people: the plan, or all that is wrong with the file. Empty when nothing had to change.

    Raises Unavailable.
    """
    bounds = Bounds(runtime.settings.environments, runtime.addresses)
    secrets = LocalSecrets(os.environ, runtime.settings.home, path.parent)
    loaded = await asyncio.to_thread(loader.load, data, str(path))
    if loaded.root is not None:
        document.decode(loaded.root, bounds, secrets, loaded.problems)
    raise NotImplementedError
