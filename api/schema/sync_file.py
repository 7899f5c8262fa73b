"""A webhooks file's text, read as `hookline sync validate` reads it, for clients that have no YAML:
what it gives back is what `syncPlan` takes. Resolves no reference, and reads no database.
"""

import asyncio
from typing import TYPE_CHECKING, Annotated, Final

import strawberry
from strawberry.scalars import JSON

from api.auth import require
from api.schema.node import Info
from api.schema.sync_plan import SyncProblem, problems_of
from hookline.form.kinds import Bounds
from hookline.sync.read.problems import Position
from hookline.sync.read.problems import SyncProblem as FileProblem
from hookline.sync.read.references import GivenReferences
from hookline.webhooks.saving import bounds_of

if TYPE_CHECKING:
    from hookline.sync.read.file import Reading

# As many webhooks as people paste, and more: it takes 1.2 s of a thread (2026-11-29).
LARGEST_BYTES: Final = 1024 * 1024
_NAME: Final = "pasted.yaml"


@strawberry.type(description="A webhooks file, read and checked.")
class SyncFile:
    set: str | None = strawberry.field(
        description="Name of the set that the file owns, or null if the file has errors."
    )
    document: JSON | None = strawberry.field(
        description="Content of the file for `document` of `SyncPlanInput`, or null if the file "
        "has errors."
    )
    positions: JSON | None = strawberry.field(
        description="Positions in the file for `positions` of `SyncPlanInput`, or null if the "
        "file has errors."
    )
    problems: list[SyncProblem] = strawberry.field(
        description="Errors and warnings, in the order of the file."
    )

    @classmethod
    def of(cls, reading: "Reading") -> "SyncFile":
        found, problems = reading.document, problems_of(reading.problems)
        if found is None:
            return cls(set=None, document=None, positions=None, problems=problems)
        return cls(
            set=found.set_name,
            document=JSON(found.content),
            positions=JSON({path: list(place) for path, place in found.positions.items()}),
            problems=problems,
        )


@strawberry.type
class SyncFileQuery:
    @strawberry.field(
        description="Reads a webhooks file from its YAML text, as `hookline sync validate` does, "
        "but for payload templates, which `syncPlan` checks. Nothing is stored. References are "
        "not looked up: those of secrets stay, any other one is an error. Requires the scope "
        "webhooks:read."
    )
    async def sync_file(
        self,
        info: Info,
        yaml: Annotated[
            str, strawberry.argument(description="Text of the file. At most 1 MiB in UTF-8.")
        ],
    ) -> SyncFile | None:
        require(info, "webhooks:read")
        bounds = bounds_of(info.context.runtime)
        # Off the loop: a long text would hold up every other request.
        return SyncFile.of(await asyncio.to_thread(_read, yaml, bounds))


def _read(text: str, bounds: Bounds) -> "Reading":
    # With PyYAML 1.5 MB, which a server needs for this alone.
    from hookline.sync.read import file

    # GraphQL's texts may hold halves of pairs, which the reader tells as what is no UTF-8.
    data = text.encode("utf-8", "surrogatepass")
    if len(data) > LARGEST_BYTES:
        message = f"the file has {len(data):,} bytes; at most {LARGEST_BYTES:,} are read here"
        hint = "use the command hookline sync plan"
        return file.Reading(
            None, [FileProblem("file-too-large", message, Position(), hint=hint)], {}, []
        )
    return file.decoded(data, _NAME, bounds, GivenReferences({}, may_be_unknown=True))
