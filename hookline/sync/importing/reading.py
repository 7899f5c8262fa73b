"""Files of another product to the text of a webhooks file. Called by `hookline sync import`. Read
with the limits of a webhooks file; pure but for that; the same files make the same bytes.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from hookline.sync.export import yaml_text
from hookline.sync.importing import hasura, svix, webhookx
from hookline.sync.importing.foreign import ForeignValue, Note, Notes
from hookline.sync.importing.imported_webhook import ImportedWebhook, Slugs
from hookline.sync.read import loader
from hookline.sync.read.collecting import Collected, SourceFile
from hookline.sync.read.problems import Position, Problems, SyncProblem
from hookline.sync.read.room import Used

Format = Callable[[ForeignValue, Slugs], Iterator[ImportedWebhook] | None]
FORMATS: Final[Mapping[str, tuple[Format, str]]] = {
    "hasura": (hasura.entries, "metadata of Hasura: a folder, or what `export_metadata` answers"),
    "webhookx": (webhookx.entries, "configuration of WebhookX, with endpoints or sources"),
    "svix": (svix.entries, "list of endpoints of Svix: its `data`, each with a url"),
}
# JSON of Python and PHP writes letters beyond the first 65,536 in two escapes, which YAML has not.
_PAIR: Final = re.compile(rb"\\\\|\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")


@dataclass(slots=True)
class Imported:
    """text: None where the files can't be read. variables: lines, each a variable with its use.
    notes: the first thousand of each kind; counts: all, by kind.
    """

    text: str | None = None
    count: int = 0
    variables: list[str] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    counts: Mapping[str, int] = field(default_factory=dict)
    problems: list[SyncProblem] = field(default_factory=list)


def imported(
    collected: Collected, product: str, set_name: str, environments: Sequence[str]
) -> Imported:
    """The webhooks file of all files. product: one of FORMATS."""
    problems, notes = Problems(""), Notes()
    for problem in collected.problems:
        problems.add(problem)
    roots = list(_roots(collected, problems, notes))
    entries = _entries(roots, product)
    if not problems.has_errors() and entries is None:
        problems.add(_nothing(collected, FORMATS[product][1]))
    if problems.has_errors() or entries is None:
        return Imported(problems=problems.in_order())
    # Their notes are made as they are read.
    webhooks = {entry.slug: (entry, entry.content()) for entry in entries}
    written = {slug: content for slug, (_, content) in webhooks.items() if content is not None}
    variables = [
        f"{one.name}  {slug}.{one.path}" for slug in written for one in webhooks[slug][0].variables
    ]
    text = _text(set_name, environments, written)
    return Imported(
        text,
        len(written),
        sorted(variables),
        notes.in_order(),
        dict(notes.counts),
        problems.in_order(),
    )


def _roots(collected: Collected, problems: Problems, notes: Notes) -> Iterator[ForeignValue]:
    used = Used()
    for file in collected.files:
        # A folder of metadata has files without a line.
        if collected.folders and not file.data.strip():
            continue
        loaded = loader.load(_readable(file), file.name, problems=problems, used=used)
        if loaded.root is not None:
            yield ForeignValue(loaded.root, file.name, notes)
        if used.is_full:
            return


def _readable(file: SourceFile) -> bytes:
    """The bytes of a file; of JSON with pairs of escapes as the letters that they are."""
    if file.data.lstrip()[:1] not in (b"{", b"["):
        return file.data
    return _PAIR.sub(_letter, file.data)


def _letter(found: re.Match[bytes]) -> bytes:
    if not found[1]:
        return found[0]
    return bytes.fromhex(f"{found[1].decode()}{found[2].decode()}").decode("utf-16-be").encode()


def _entries(roots: Sequence[ForeignValue], product: str) -> list[ImportedWebhook] | None:
    """The webhooks of all files; None when none of them is of the product."""
    slugs = Slugs()
    found = [FORMATS[product][0](root, slugs) for root in roots]
    if all(entries is None for entries in found):
        return None
    if product == "svix":
        svix.check_pages(roots)
    return [entry for entries in found if entries is not None for entry in entries]


def _nothing(collected: Collected, wanted: str) -> SyncProblem:
    name = str(collected.folders[0]) if collected.folders else collected.files[0].name
    return SyncProblem("type", f"holds no {wanted}", Position(file=name))


def _text(set_name: str, environments: Sequence[str], webhooks: Mapping[str, Any]) -> str:
    head = {
        "version": 1,
        "set": set_name,
        "defaults": {"environments": list(environments)},
        "webhooks": {slug: webhooks[slug] for slug in sorted(webhooks)},
    }
    lines = ["# yaml-language-server: $schema=./webhooks.v1.schema.json", *yaml_text.lines(head)]
    return "\n".join([*lines, ""])
