"""`hookline sync export`: asks the API for webhooks as a file, page by page, writes it, and with
--check plans it. Data goes to standard output or into files, talk to standard error.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import click

from hookline.cli.exit_codes import CHANGES, INVALID, OK
from hookline.cli.progress import progress
from hookline.cli.server_choice import ServerChoice
from hookline.cli.sync_asking import Asker, asking
from hookline.cli.sync_records import RecordOptions, all_pages, no_set, sets
from hookline.cli.sync_target import target_at
from hookline.cli.sync_validate import print_problems
from hookline.cli.terminal import echo, echo_file
from hookline.cli.writing import write_file
from hookline.errors import HooklineError
from hookline.sync.options import Options
from hookline.sync.plan import codec
from hookline.sync.plan.changes import Change, ChangeKind, Plan
from hookline.sync.plan.codec import Json
from hookline.sync.read import file as files
from hookline.sync.read.file_text import MAX_FILE_BYTES
from hookline.sync.read.references import UnresolvedReferences
from hookline.sync.request import SyncRequest
from hookline.sync.show import report
from hookline.text import printable

UNMANAGED_FILE: Final = "_unmanaged.yaml"
"""No set has a name with an underscore."""
_EXPORT: Final = """query Export($set: String!, $unmanaged: Boolean!, $after: String) {
  syncExport(set: $set, unmanaged: $unmanaged) { head webhooks(first: 50, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes { slug yaml variables { name path } omitted { field reason } } } } }"""


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """asked: server and set; output: None for standard output; is_all: a file of each set, and one
    of what nobody manages, into the folder `output`.
    """

    asked: RecordOptions
    is_unmanaged: bool = False
    is_all: bool = False
    output: str | None = None
    is_check: bool = False


@dataclass(slots=True)
class ExportedFile:
    """One file. variables: with the secrets that they stand for."""

    set_name: str
    is_unmanaged: bool
    text: str = ""
    count: int = 0
    variables: list[str] = field(default_factory=list)
    omitted: list[str] = field(default_factory=list)


def export(options: ExportOptions) -> int:
    """Writes the file or files; the exit code.

    Raises HooklineError.
    """
    place = options.asked.place
    role = "sync" if options.is_check else "viewer"
    with asking(place, role) as asker:
        found = [_file(asker, *one) for one in _wanted(asker, options)]
    for file in found:
        _write(options, file)
        _tell(file)
    if not options.is_check:
        return OK
    return max([OK, *(_check(place, file) for file in found)])


def _wanted(asker: Asker, options: ExportOptions) -> Iterator[tuple[str, bool]]:
    """Sets, and whether the webhooks that nobody manages are meant.

    Raises HooklineError and UsageError.
    """
    name = options.asked.set_name
    if options.is_unmanaged:
        yield name or "default", True
    elif options.is_all:
        yield from ((one, False) for one in sets(asker, None))
        yield "default", True
    else:
        yield _only(sets(asker, name)), False


def _only(names: list[str]) -> str:
    if not names:
        raise HooklineError(
            "FAILED",
            "No set was applied yet. `hookline sync export --unmanaged` writes what nobody "
            "manages.",
        )
    if len(names) > 1:
        few = ", ".join(names[:10]) + (" …" if len(names) > 10 else "")
        raise click.UsageError(
            f"There are {len(names)} sets: name one with --set ({printable(few)}), or write all "
            "with --all -o FOLDER."
        )
    return names[0]


def _file(asker: Asker, set_name: str, is_unmanaged: bool) -> ExportedFile:
    """The file of a set. The pages' texts stay in memory, nothing else of them."""
    file = ExportedFile(set_name, is_unmanaged)
    given = {"set": set_name, "unmanaged": is_unmanaged}
    entries, heads = dict[str, str](), list[str]()

    def read(content: Json) -> Json:
        shown.step = f"Exporting {set_name}: {len(entries):,} webhooks"
        if content["syncExport"] is None:
            raise no_set(asker, set_name, [])
        heads.append(codec.text(content["syncExport"]["head"]))
        page: Json = content["syncExport"]["webhooks"]
        for one in page["nodes"]:
            slug = codec.text(one["slug"])
            entries[slug] = codec.text(one["yaml"])
            file.variables += [
                f"{item['name']}  {slug}.{item['path']}" for item in one["variables"]
            ]
            file.omitted += [f"{slug}: {item['reason']}" for item in one["omitted"]]
        return {**page, "nodes": []}

    with progress(f"Exporting {set_name}") as shown:
        all_pages(asker, _EXPORT, given, read)
    # As Python compares texts: the order of a database depends on its locale.
    listed = [entries[slug] for slug in sorted(entries)]
    file.count = len(listed)
    file.text = heads[0] + "".join(["webhooks:\n", *listed] if listed else ["webhooks: {}\n"])
    return file


def _write(options: ExportOptions, file: ExportedFile) -> None:
    """Raises HooklineError."""
    if options.output is None:
        echo_file(file.text)
        return
    path = Path(options.output)
    if options.is_all:
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise HooklineError(
                "FAILED", f"{printable(str(path))} can't be written: {error.strerror}."
            ) from None
        path /= UNMANAGED_FILE if file.is_unmanaged else f"{file.set_name}.yaml"
    write_file(path, file.text)


def _tell(file: ExportedFile) -> None:
    if file.variables:
        echo("Secrets are not exported. Set these variables where the file is applied:", err=True)
        echo("\n".join(f"  {printable(one)}" for one in sorted(file.variables)), err=True)
    if file.omitted:
        echo("Left out:", err=True)
        echo("\n".join(f"  {printable(one)}" for one in sorted(file.omitted)), err=True)
    size = len(file.text.encode())
    if size > MAX_FILE_BYTES:
        echo(
            f"warning: the file has {size:,} bytes; at most {MAX_FILE_BYTES:,} are read: split the "
            "webhooks into several sets",
            err=True,
        )
    if file.is_unmanaged:
        told = "Nobody manages these webhooks: apply the file with --adopt."
        echo(told if file.count else "Every webhook is managed by a file.", err=True)


def _check(place: ServerChoice, file: ExportedFile) -> int:
    """0 when the plan of the file is empty, 2 when it is not, 3 when the file can't be read."""
    target = target_at(place)
    data = file.text.encode()
    reading = files.decoded(data, "the export", target.bounds(), UnresolvedReferences())
    if reading.document is None:
        print_problems("human", reading.problems, reading)
        return INVALID
    allowed = Options(adopt=file.is_unmanaged, allow_empty=True)
    answer = target.plan(SyncRequest(reading.document, allowed), is_unresolved=True)
    if answer.plan is None or answer.problems:
        print_problems("human", answer.problems, reading)
        return INVALID
    changes = tuple(change for change in answer.plan.changes if not _is_taken_over(change))
    kept = _reduced(answer.plan, changes)
    if not changes:
        echo(f'The plan of set "{file.set_name}" is empty.', err=True)
        return OK
    echo(report.planned(kept), err=True)
    return CHANGES


def _is_taken_over(change: Change) -> bool:
    """True for a webhook that is adopted as it is. Its secrets count as changed: whether they are
    the same, a plan never says.
    """
    return change.kind is ChangeKind.ADOPT and all(item.is_secret for item in change.fields)


def _reduced(plan: Plan, changes: tuple[Change, ...]) -> Plan:
    # Secrets are unknown to every export, and what blocks an apply blocks no export.
    return replace(plan, changes=changes, unknown_secrets=(), blocked=())
