"""`hookline sync validate`, and what plan and apply do with a file first: read it, and print what
is wrong with it. Imports neither settings nor database: checking a file takes a moment.
"""

import os
from collections.abc import Callable, Collection, Sequence
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from typing import Final

from hookline.cli.exit_codes import INVALID, OK
from hookline.cli.progress import progress
from hookline.cli.terminal import echo, echo_commands
from hookline.form.kinds import Bounds
from hookline.outbound.addresses import AddressPolicy
from hookline.settings import environment
from hookline.sync.plan.changes import Plan
from hookline.sync.read import file as files
from hookline.sync.read.collecting import Collected, collect
from hookline.sync.read.document import Document
from hookline.sync.read.file import Reading
from hookline.sync.read.problems import SyncProblem
from hookline.sync.read.references import LocalReferences, Room, UnresolvedReferences
from hookline.text import printable

ANY_ADDRESS: Final = AddressPolicy((ip_network("0.0.0.0/0"), ip_network("::/0")), frozenset())
"""Addresses are not judged here: which may be sent to is for a server to say."""


def validate(names: Sequence[str], style: str, is_unresolved: bool) -> int:
    """Tells all that is wrong with the files; gives the exit code."""
    bounds = Bounds(environment.environments(), ANY_ADDRESS)
    with progress("Checking the files"):
        collected = collect(names)
        local = local_references(environment.home())
        found = files.decoded_all(
            collected, bounds, (lambda folder: UnresolvedReferences()) if is_unresolved else local
        )
        # Templates last: only a document without errors is worth the child process.
        broken = _broken_templates(found.document) if found.document else ()
    if broken:
        print_problems(style, [*found.problems, *broken], found)
        return INVALID
    print_problems(style, found.problems, found)
    if style == "human" and found.document is not None:
        count = len(found.document.webhooks)
        told = [file.name for file in collected.files]
        valid = f"{printable(told[0])} is" if len(told) == 1 else f"{len(told):,} files are"
        echo(
            f"{valid} valid: {count} webhook{'' if count == 1 else 's'} in set "
            f"{found.document.set_name}."
        )
    return OK if found.document is not None else INVALID


def read_files(
    collected: Collected,
    bounds: Bounds,
    home: Path,
    is_unresolved: bool,
    checked_later: Collection[str] = (),
) -> Reading:
    """home: files below it are never referred to. is_unresolved: secrets stay unknown.
    checked_later: names of the files that the server checks to which the document is sent.
    """
    local = local_references(home)
    return files.decoded_all(
        collected,
        bounds,
        (lambda folder: UnresolvedReferences(local(folder))) if is_unresolved else local,
        checked_later,
    )


def local_references(home: Path) -> Callable[[Path], LocalReferences]:
    """References of this process and machine, by the folder of the file that holds them."""
    room = Room()
    return lambda folder: LocalReferences(os.environ, home, folder, room)


def print_problems(style: str, problems: list[SyncProblem], found: Reading) -> None:
    if style != "human":
        print_formatted(style, problems, None, found.set_name)
    elif problems:
        from hookline.sync.show import excerpts

        echo(excerpts.shown(problems, found.lines, found.secret_positions), err=True)
        count = sum(problem.is_error for problem in problems)
        if count:
            echo(f"{count} error{'' if count == 1 else 's'}: nothing can be applied.", err=True)


def print_formatted(
    style: str, problems: list[SyncProblem], plan: Plan | None, set_name: str | None = None
) -> None:
    """set_name: of the files, where it is known without a plan."""
    from hookline.sync.show import formats, markdown

    formatted: dict[str, Callable[[list[SyncProblem], Plan | None], str]] = {
        "json": formats.as_json,
        "markdown": partial(markdown.as_markdown, set_name=set_name),
        "github": formats.as_github,
        "gitlab": formats.as_gitlab,
    }
    if text := formatted[style](problems, plan):
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
