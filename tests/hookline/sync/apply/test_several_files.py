"""A set in several files against the database: each webhook knows its own file, and neither order
nor partition of the files is a change.
"""

from itertools import permutations
from pathlib import Path

import pytest

from hookline.models import SyncRevision, Webhook
from hookline.runtime import Runtime
from hookline.sync.read import file
from hookline.sync.read.collecting import Collected, SourceFile
from hookline.sync.read.document import Document
from hookline.sync.read.references import LocalReferences
from tests.hookline.sync.files import BOUNDS, apply, preview, told

pytestmark = pytest.mark.engines("sqlite")


def document(*files: tuple[str, tuple[str, ...]]) -> Document:
    """Files by their names and the slugs in them."""
    head = "version: 1\nset: shop\ndefaults: { events: [a.b.c], environments: [production] }\n"
    read = [
        SourceFile(
            name,
            Path(name),
            f"{head}webhooks:\n{''.join(map(_webhook, slugs))}".encode(),
        )
        for name, slugs in files
    ]
    found = file.decoded_all(
        Collected(read), BOUNDS, lambda folder: LocalReferences({}, Path("/nowhere"), folder)
    )
    assert found.document is not None, found.problems
    return found.document


def _webhook(slug: str) -> str:
    return f"  {slug}: {{ url: 'https://{slug}.example.com/in' }}\n"


async def places() -> dict[str, tuple[str | None, int | None]]:
    rows = await Webhook.filter(deleted_at=None)
    return {row.slug: (row.sync_file, row.sync_line) for row in rows}


async def test_each_webhook_is_stored_with_its_own_file_and_line(runtime: Runtime) -> None:
    await apply(runtime, document(("crm.yaml", ("a", "b")), ("shop/x.yaml", ("c",))))
    assert await places() == {
        "a": ("crm.yaml", 5),
        "b": ("crm.yaml", 6),
        "c": ("shop/x.yaml", 5),
    }
    # Moved to the file of another team: no change that people see, and no revision.
    outcome = await apply(runtime, document(("crm.yaml", ("a",)), ("shop/x.yaml", ("b", "c"))))
    assert (told(outcome.plan), outcome.revision) == ([], None)
    assert await SyncRevision.all().count() == 1
    assert await places() == {
        "a": ("crm.yaml", 5),
        "b": ("shop/x.yaml", 5),
        "c": ("shop/x.yaml", 6),
    }


async def test_order_and_partition_of_files_change_no_digest(runtime: Runtime) -> None:
    files = (("1.yaml", ("a", "d")), ("2.yaml", ("b",)), ("3.yaml", ("c", "e")))
    plans = [
        await preview(runtime, document(*ordered))
        for ordered in [*permutations(files), [("whole.yaml", ("e", "c", "a", "b", "d"))]]
    ]
    assert len({outcome.plan.digest for outcome in plans}) == 1
    await apply(runtime, document(*files))
    for ordered in permutations(files):
        assert told((await preview(runtime, document(*ordered))).plan) == []
