"""Checks that the payload templates of a document render. Called by plan, apply and validate; a
child process does it (hookline.outbound.rendering).
"""

from hookline.outbound.rendering import Renderer, TemplateProblem
from hookline.outbound.templates import JSON
from hookline.sync.read.document import Document
from hookline.sync.read.problems import Position, SyncProblem


async def check(document: Document, renderer: Renderer) -> tuple[SyncProblem, ...]:
    """A problem for each webhook whose template does not compile or does not render the sample;
    equal ones are tried once.
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
            tried[key] = await _problem(renderer, *key)
        if sentence := tried[key]:
            path = ("webhooks", slug, "payloadTemplate")
            file, line, column = document.positions.get(
                ".".join(path),
                (webhook.position.file, webhook.position.line, webhook.position.column),
            )
            found.append(
                SyncProblem(
                    "bad-template",
                    f"payloadTemplate: {sentence.removesuffix('.')}",
                    Position(line, column, file),
                    path,
                )
            )
    return tuple(found)


async def _problem(renderer: Renderer, template: str, content_type: str) -> str | None:
    try:
        await renderer.check(template, content_type)
    except TemplateProblem as problem:
        return str(problem)
    return None
