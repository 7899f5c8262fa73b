"""`hookline sync validate`, and what plan and apply do with a file first: read it, and print what
is wrong with it. Imports neither settings nor database: checking a file takes a moment.
"""

import os
from ipaddress import ip_network
from pathlib import Path
from typing import Final

from hookline.cli.terminal import echo, echo_commands
from hookline.form.kinds import Bounds
from hookline.outbound.addresses import AddressPolicy
from hookline.settings import environment
from hookline.sync.plan.changes import Plan
from hookline.sync.read import file as files
from hookline.sync.read.document import Document
from hookline.sync.read.file import Reading
from hookline.sync.read.problems import SyncProblem
from hookline.sync.read.references import LocalReferences, UnresolvedReferences

OK, INVALID = 0, 3
ANY_ADDRESS: Final = AddressPolicy((ip_network("0.0.0.0/0"), ip_network("::/0")), frozenset())
"""Addresses are not judged here: which may be sent to is for a server to say."""


def validate(file: str, style: str, is_unresolved: bool) -> int:
    """Tells all that is wrong with the file; gives the exit code."""
    bounds = Bounds(environment.environments(), ANY_ADDRESS)
    local = LocalReferences(os.environ, environment.home(), Path(file).parent)
    found = files.read(file, bounds, UnresolvedReferences() if is_unresolved else local)
    # Templates last: only a document without errors is worth the child process.
    if found.document is not None and (broken := _broken_templates(found.document)):
        print_problems(style, [*found.problems, *broken], found)
        return INVALID
    print_problems(style, found.problems, found)
    if style == "human" and found.document is not None:
        count = len(found.document.webhooks)
        echo(
            f"{file} is valid: {count} webhook{'' if count == 1 else 's'} in set "
            f"{found.document.set_name}."
        )
    return OK if found.document is not None else INVALID


def read_file(file: str, bounds: Bounds, home: Path, is_unresolved: bool) -> Reading:
    """home: files below it are never referred to. is_unresolved: secrets stay unknown."""
    local = LocalReferences(os.environ, home, Path(file).parent)
    return files.read(file, bounds, UnresolvedReferences(local) if is_unresolved else local)


def print_problems(style: str, problems: list[SyncProblem], found: Reading) -> None:
    if style != "human":
        print_formatted(style, problems, None)
    elif problems:
        from hookline.sync.show import excerpts

        echo(excerpts.shown(problems, found.lines, found.secret_positions), err=True)
        count = sum(problem.is_error for problem in problems)
        if count:
            echo(f"{count} error{'' if count == 1 else 's'}: nothing can be applied.", err=True)


def print_formatted(style: str, problems: list[SyncProblem], plan: Plan | None) -> None:
    from hookline.sync.show import formats

    formatted = {
        "json": formats.as_json,
        "markdown": formats.as_markdown,
        "github": formats.as_github,
    }[style]
    if text := formatted(problems, plan):
        (echo_commands if style == "github" else echo)(text)


def _broken_templates(document: Document) -> tuple[SyncProblem, ...]:
    """Problems of payload templates. Only a file that has one pays for asyncio and the child
    process that renders it.
    """
    if not any("payloadTemplate" in webhook.values for webhook in document.webhooks.values()):
        return ()
    import asyncio

    from hookline.outbound.rendering import Renderer
    from hookline.sync.read import check_templates

    async def broken() -> tuple[SyncProblem, ...]:
        renderer = Renderer()
        try:
            return await check_templates.check(document, renderer)
        finally:
            await renderer.close()

    return asyncio.run(broken())
