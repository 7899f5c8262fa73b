"""Content of a set, as its revisions keep it and applies compare it. Called by applying. Pure."""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Any

from hookline.form.equality import FOLDED_FIELDS, folded
from hookline.sync.json_digest import json_digest


@dataclass(frozen=True, slots=True)
class Content:
    """The wanted state with secrets as fingerprints. digest: equal for equal content."""

    snapshot: Mapping[str, Mapping[str, Any]]
    digest: str


def content_of(prints: Mapping[str, Mapping[str, Any]]) -> Content:
    """prints: what is wanted of each webhook by its slug, secrets as fingerprints, none unknown;
    its lifecycle besides.
    """
    snapshot = {slug: dict(values) for slug, values in sorted(prints.items())}
    # Folded: the same headers in another order are the same content.
    meant = {
        slug: values
        | {name: folded(name, values[name]) for name in FOLDED_FIELDS if name in values}
        for slug, values in snapshot.items()
    }
    return Content(snapshot, f"sha256:{json_digest(meant, levels=1)}")


def part_of(
    last: Mapping[str, Mapping[str, Any]], new: Content, only: Set[str], moved: Iterable[str]
) -> Content:
    """Content after an apply of a part: the last snapshot with the webhooks of the part. moved:
    slugs that are no more.
    """
    gone = {*only, *moved}
    kept = {slug: values for slug, values in last.items() if slug not in gone}
    return content_of(kept | {slug: new.snapshot[slug] for slug in only & new.snapshot.keys()})
