"""Checks that the payload templates of a document render. Called by plan, apply and validate; a
child process does it (hookline.outbound.rendering).
"""

from collections.abc import Hashable

from hookline.errors import Unavailable
from hookline.outbound.rendering import Renderer
from hookline.outbound.templates import JSON
from hookline.sync.read.document import Document
from hookline.sync.read.problems import Position, SyncProblem


async def check(
    document: Document, renderer: Renderer, owner: Hashable = None
) -> tuple[SyncProblem, ...]:
    """A problem for each webhook whose template does not compile or does not render the sample;
    equal ones are tried once. owner: takes turns at the renderer with other owners.

    Raises Unavailable when the renderer is broken or busy.
    """
    found, tried = list[SyncProblem](), dict[tuple[str, str], str | None]()
    for slug, webhook in document.webhooks.items():
        template, content_type = (
            webhook.values.get("payloadTemplate"),
            webhook.values.get("payloadContentType", JSON),
        )
        if not isinstance(template, str) or not isinstance(content_type, str):
            continue
        # A template of the defaults stands in every webhook, and each try is a trip to the child
        # process.
        key = (template, content_type)
        if key not in tried:
            tried[key] = await _problem(renderer, owner, *key)
        if sentence := tried[key]:
            path = ("webhooks", slug, "payloadTemplate")
            file, line, column = document.positions.get(".".join(path)) or (
                webhook.position.file,
                webhook.position.line,
                webhook.position.column,
            )
            found.append(
                SyncProblem(
                    "bad-template",
                    sentence.removesuffix("."),
                    Position(line, column, file),
                    path,
                )
            )
    return tuple(found)


async def _problem(
    renderer: Renderer, owner: Hashable, template: str, content_type: str
) -> str | None:
    fault = await renderer.check(template, content_type, owner=owner)
    if fault is not None and fault.is_ours:
        raise Unavailable(fault.message)
    return fault.message if fault else None
