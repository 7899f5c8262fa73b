"""Saves and deletes event types, and changes the workspace. Called by the API. A change is in force
for the very next publish.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import orjson

from hookline import clock, ids
from hookline.access import audit
from hookline.access.actor import Actor
from hookline.activity.writer import bump_match_version
from hookline.db.connection import Database
from hookline.errors import Code, Problem, Refused
from hookline.events.schemas import check_schema, problems
from hookline.form.event_names import TYPE, type_fault
from hookline.messaging.hub import Hub
from hookline.models import EventType, Workspace
from hookline.outbound.payloads import check_data
from hookline.text import changes_direction, is_lines, is_one_line, shows_nothing

DESCRIPTION_LENGTH: Final = 1_000
NAME_LENGTH: Final = 100
TYPES_LIMIT: Final = 10_000
SAMPLE_BYTES: Final = 65_536

Values = Mapping[str, Any]  # an input by the API's field names


async def check(values: Values) -> None:
    """Checks what `save` would check before it looks at the catalogue, and writes nothing.

    Raises Refused with all that is wrong.
    """
    # The largest schema takes 0.1 s, most of it Python's, which lets the loop run meanwhile.
    if found := await asyncio.to_thread(_check, values):
        raise Refused(found)


async def save(database: Database, hub: Hub, actor: Actor, values: Values) -> EventType:
    """Makes a type known, or changes the one of this name. values: name, description, schema,
    strict, sample; what is left out is empty.

    Raises Refused with all that is wrong.
    """
    await check(values)
    now, name = clock.now(), values["name"]
    columns = {
        "description": values.get("description"),
        "schema": values.get("schema"),
        "is_strict": bool(values.get("strict")),
        "sample": values.get("sample"),
        "modified_at": now,
    }
    async with database.unit_of_work() as work:
        # one at a time: two may save the same new name
        await Workspace.filter(id=actor.workspace_id).select_for_update().first()
        row = await EventType.filter(workspace_id=actor.workspace_id, name=name).first()
        if row is None:
            if await EventType.filter(workspace_id=actor.workspace_id).count() >= TYPES_LIMIT:
                raise Refused(
                    Problem(
                        Code.TOO_MANY,
                        f"A workspace has at most {TYPES_LIMIT:,} event types. Delete one first.",
                    )
                )
            row = EventType(
                id=ids.uuid7(), workspace_id=actor.workspace_id, name=name, created_at=now
            )
        before = _shown(row) if row.modified_at else None
        row.update_from_dict(columns)
        await row.save()
        await audit.record(
            actor.workspace_id, actor.stored, "eventType.save", ("ety", row.id), before, _shown(row)
        )
        # The catalogue belongs to the match version: the very next publish in every process goes by
        # it.
        await bump_match_version(work, hub, actor.workspace_id)
    return row


async def delete(database: Database, hub: Hub, actor: Actor, name: str) -> EventType:
    """Forgets a type. Events of it are taken as before, unless the workspace is strict.

    Raises Refused: NOT_FOUND.
    """
    async with database.unit_of_work() as work:
        row = (
            # Held: a save that comes meanwhile would be told of a row that is gone.
            await EventType.filter(workspace_id=actor.workspace_id, name=name)
            .select_for_update()
            .first()
            if TYPE.fullmatch(name)
            else None
        )
        if row is None:
            raise Refused(
                Problem(
                    Code.NOT_FOUND,
                    "There is no such event type. The query `eventTypes` lists those that are "
                    "there.",
                    ("name",),
                )
            )
        await row.delete()
        await audit.record(
            actor.workspace_id, actor.stored, "eventType.delete", ("ety", row.id), _shown(row), None
        )
        await bump_match_version(work, hub, actor.workspace_id)
    return row


async def update_workspace(
    database: Database, hub: Hub, actor: Actor, name: str | None, is_strict: bool | None
) -> Workspace:
    """Changes the caller's own workspace; None leaves a value as it is.

    Raises Refused: INVALID, TOO_LONG.
    """
    if name is not None and not _is_name(name):
        raise Refused(
            Problem(
                Code.INVALID,
                f"name must be 1 to {NAME_LENGTH} characters that can be seen, without controls.",
                ("name",),
            )
        )
    async with database.unit_of_work() as work:
        # Held to the commit: of two changes at a time the later one would write back what it read.
        row = await Workspace.filter(id=actor.workspace_id).select_for_update().get()
        before = {"name": row.name, "strictEventTypes": row.strict_event_types}
        row.name, row.strict_event_types = (
            name or row.name,
            row.strict_event_types if is_strict is None else is_strict,
        )
        await row.save(update_fields=["name", "strict_event_types"])
        after = {"name": row.name, "strictEventTypes": row.strict_event_types}
        await audit.record(
            actor.workspace_id, actor.stored, "workspace.update", ("ws", row.id), before, after
        )
        await bump_match_version(work, hub, actor.workspace_id)
    return row


def _shown(row: EventType) -> dict[str, Any]:
    return {
        "name": row.name,
        "description": row.description,
        "schema": row.schema,
        "strict": row.is_strict,
        "sample": row.sample,
    }


def _is_name(text: str) -> bool:
    return (
        len(text) <= NAME_LENGTH
        and is_one_line(text)
        and not changes_direction(text)
        and not shows_nothing(text)
    )


def _check(values: Values) -> list[Problem]:
    found, schema = [], values.get("schema")
    if fault := type_fault(values["name"]):
        found.append(Problem(Code.INVALID, f"name {fault}.", ("name",)))
    description = values.get("description") or ""
    if len(description) > DESCRIPTION_LENGTH or not is_lines(description):
        found.append(
            Problem(
                Code.INVALID,
                f"description must be at most {DESCRIPTION_LENGTH:,} printable characters.",
                ("description",),
            )
        )
    wrong = check_schema(schema) if schema is not None else []
    found += [
        Problem(Code.INVALID, f"{'.'.join(('schema', *path))} {sentence}.", ("schema", *path))
        for path, sentence in wrong
    ]
    if values.get("strict") and schema is None:
        found.append(
            Problem(
                Code.REQUIRED, "A strict type needs a schema that its data must meet.", ("schema",)
            )
        )
    return [*found, *_check_sample(values.get("sample"), None if wrong else schema)]


def _check_sample(sample: Any, schema: Any) -> list[Problem]:
    if sample is None:
        return []
    if wrong := check_data(sample):
        return [Problem(Code.INVALID, sentence, ("sample", *path)) for path, sentence in wrong]
    if len(orjson.dumps(sample)) > SAMPLE_BYTES:
        return [
            Problem(
                Code.TOO_LONG,
                f"sample must be at most {SAMPLE_BYTES:,} bytes as JSON.",
                ("sample",),
            )
        ]
    if schema is None:
        return []
    text = orjson.dumps(schema).decode()
    return [
        Problem(Code.SCHEMA_MISMATCH, sentence, ("sample", *path))
        for path, sentence in problems(text, orjson.dumps(sample).decode())
    ]
