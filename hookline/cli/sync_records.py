"""`hookline sync status`, `drift`, `history` and `show`: ask the API, print its answer, and
give their exit code. Nothing is written.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import click

from hookline import clock
from hookline.cli.client import ServerFault
from hookline.cli.exit_codes import CHANGES, OK
from hookline.cli.server_choice import ServerChoice
from hookline.cli.sync_asking import Asker, asking
from hookline.cli.terminal import echo, echo_lines, line_width
from hookline.errors import HooklineError
from hookline.sync.plan import codec, records
from hookline.sync.show import past
from hookline.sync.show.layout import Layout
from hookline.sync.show.plan_lines import laid_out
from hookline.text import printable

FORMAT_VERSION: Final = 1
"""Of the JSON: it rises when a field is removed or gets another meaning."""

_PAGE: Final = "pageInfo { hasNextPage endCursor }"
# Counting drift has a price for each set.
_SETS: Final = (
    f"query Sets($after: String) {{ syncSets(first: 50, after: $after) {{ {_PAGE} "
    f"nodes {{ {records.SET_FIELDS} }} }} }}"
)
_SET: Final = f"query Set($name: String!) {{ syncSet(name: $name) {{ {records.SET_FIELDS} }} }}"
_NAMES: Final = (
    f"query Names($after: String) {{ syncSets(first: 50, after: $after) {{ {_PAGE} "
    "nodes { name } } }"
)
_DRIFT: Final = (
    "query Drift($set: String!, $after: String) { syncDrift(set: $set, first: 50, after: $after) "
    f"{{ {_PAGE} nodes {{ {codec.CHANGE_FIELDS} }} }} }}"
)
_HISTORY: Final = (
    "query History($set: String!, $first: Int!, $after: String) { syncRevisions(set: $set, "
    f"first: $first, after: $after) {{ {_PAGE} nodes {{ {records.REVISION_FIELDS} }} }} }}"
)
_REVISION: Final = (
    "query Revision($set: String!, $number: Int!, $after: String) { syncRevision(set: $set, "
    f"number: $number) {{ {records.REVISION_FIELDS} changes(first: 50, after: $after) {{ {_PAGE} "
    f"nodes {{ {records.CHANGE_FIELDS} }} }} }} }}"
)
_SOURCES: Final = (
    f"query Sources($after: String) {{ syncSources(first: 50, after: $after) {{ {_PAGE} "
    f"nodes {{ {records.SOURCE_FIELDS} }} }} }}"
)
_LARGEST_PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class RecordOptions:
    """The command line's options. set_name: None for all sets, or the only one."""

    style: str
    place: ServerChoice
    set_name: str | None


def status(options: RecordOptions) -> int:
    """Prints each set with its revision, commit, age and drift, and the files that a server
    follows.
    """

    def show(asker: Asker) -> int:
        sources = all_pages(asker, _SOURCES, {}, lambda data: data["syncSources"])
        # Files that could never be read may be of any set.
        sources = [one for one in sources if one["set"] in (None, options.set_name or one["set"])]
        found = _sets(asker, options.set_name)
        if options.style == "json":
            _print_json(asker, {"sets": found, "sources": sources})
        else:
            decoded = [records.decode_set(one) for one in found]
            followed = [records.decode_source(one) for one in sources]
            now = clock.now()
            lines = past.sets_lines(decoded, asker.server, now)
            _print([*lines, *past.source_lines(followed, now)])
        return OK

    return _run(options, show)


def drift(options: RecordOptions) -> int:
    """Prints what was changed by hand since the files were applied."""

    def show(asker: Asker) -> int:
        found = [(name, _drift(asker, name)) for name in sets(asker, options.set_name)]
        if options.style == "json":
            listed = [{"set": name, "changes": changes} for name, changes in found]
            _print_json(asker, {"sets": listed})
        else:
            decoded = [(name, [codec.decode_change(one) for one in part]) for name, part in found]
            _print(past.drift_lines(decoded, asker.server))
        return CHANGES if any(changes for _, changes in found) else OK

    return _run(options, show)


def history(options: RecordOptions, limit: int) -> int:
    """Prints the newest revisions of a set."""

    def show(asker: Asker) -> int:
        name = only_set(asker, options.set_name)
        found = _revisions(asker, name, limit)
        if options.style == "json":
            _print_json(asker, {"set": name, "revisions": found})
        else:
            decoded = [records.decode_revision(one) for one in found]
            _print(past.history_lines(decoded, name, asker.server))
        return OK

    return _run(options, show)


def show_revision(options: RecordOptions, number: int) -> int:
    """Prints a revision with all that it changed."""

    def show(asker: Asker) -> int:
        name = only_set(asker, options.set_name)
        revision, changes = _revision(asker, name, number)
        if options.style == "json":
            _print_json(asker, {"set": name, "revision": {**revision, "changes": changes}})
        else:
            decoded = records.decode_changes(changes)
            known = records.decode_revision(revision)
            _print(past.revision_lines(known, decoded, name, asker.server, clock.now()))
        return OK

    return _run(options, show)


def only_set(asker: Asker, name: str | None) -> str:
    """The set with this name; without one the only set there is.

    Raises HooklineError where it is not there, and UsageError for one of several.
    """
    names = sets(asker, name)
    match len(names):
        case 0:
            raise HooklineError("FAILED", f"No set was applied to {asker.server} yet.")
        case 1:
            return names[0]
    few = ", ".join(names[:10]) + (" …" if len(names) > 10 else "")
    raise click.UsageError(f"There are {len(names)} sets: name one with --set ({printable(few)}).")


def sets(asker: Asker, name: str | None) -> list[str]:
    """Names of all sets, or this one.

    Raises HooklineError where it is not there.
    """
    found = [
        codec.text(one["name"]) for one in all_pages(asker, _NAMES, {}, lambda d: d["syncSets"])
    ]
    if name is None:
        return found
    if name in found:
        return [name]
    raise no_set(asker, name, found)


def no_set(asker: Asker, name: str, known: list[str]) -> HooklineError:
    """The error for a set that is not there. known: those that are."""
    few = f": there are {', '.join(known[:10])}" if known else ", nor any other"
    return HooklineError("FAILED", printable(f'There is no set "{name}" on {asker.server}{few}.'))


def _sets(asker: Asker, name: str | None) -> list[codec.Json]:
    if name is None:
        return all_pages(asker, _SETS, {}, lambda data: data["syncSets"])
    found: codec.Json | None = asker.ask(_SET, {"name": name}, lambda data: data["syncSet"])
    if found is None:
        sets(asker, name)
        raise no_set(asker, name, [])
    return [found]


def _drift(asker: Asker, name: str) -> list[codec.Json]:
    return all_pages(asker, _DRIFT, {"set": name}, lambda data: data["syncDrift"])


def _revisions(asker: Asker, name: str, limit: int) -> list[codec.Json]:
    given = {"set": name, "first": min(limit, _LARGEST_PAGE)}
    return all_pages(asker, _HISTORY, given, lambda data: data["syncRevisions"], limit)


def _revision(asker: Asker, name: str, number: int) -> tuple[codec.Json, list[codec.Json]]:
    """A revision and its changes.

    Raises HooklineError where there is none with this number.
    """
    given = {"set": name, "number": number}
    first: codec.Json | None = asker.ask(_REVISION, given, lambda data: data["syncRevision"])
    if first is None:
        raise HooklineError(
            "FAILED",
            printable(
                f'Set "{name}" has no revision {number}: hookline sync history --set {name} '
                "lists them."
            ),
        )
    changes = all_pages(
        asker,
        _REVISION,
        given,
        lambda data: data["syncRevision"]["changes"],
        first=first["changes"],
    )
    return {key: value for key, value in first.items() if key != "changes"}, changes


def all_pages(
    asker: Asker,
    document: str,
    given: dict[str, Any],
    read: Callable[[codec.Json], codec.Json],
    limit: int | None = None,
    first: codec.Json | None = None,
) -> list[codec.Json]:
    """All nodes of a list, or the first ones. first: its first page, if it was read already."""
    page = first or asker.ask(document, given, read)
    nodes = [*page["nodes"]]
    while page["pageInfo"]["hasNextPage"] and (limit is None or len(nodes) < limit):
        page = asker.ask(document, {**given, "after": page["pageInfo"]["endCursor"]}, read)
        nodes += page["nodes"]
    return nodes[:limit]


def _run(options: RecordOptions, show: Callable[[Asker], int]) -> int:
    with asking(options.place, "viewer") as asker:
        try:
            return show(asker)
        # All that decoding an answer of another shape raises.
        except (KeyError, IndexError, TypeError, AttributeError, ValueError):
            raise ServerFault(
                "FAILED",
                f"{asker.server} answered in another form than was asked for: is it a Hookline "
                "server of this version?",
            ) from None


def _print(lines: list[str]) -> None:
    echo_lines(laid_out(lines, Layout(line_width())))


def _print_json(asker: Asker, content: codec.Json) -> None:
    whole = {"format_version": FORMAT_VERSION, "server": asker.server, **content}
    echo(json.dumps(whole, indent=2, ensure_ascii=False))
