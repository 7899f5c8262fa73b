"""Origin of what a set was applied from, as the set remembers it for people. Called by writing
and unchanged. Pure; nothing is decided by it.
"""

from collections.abc import Collection, Mapping
from os.path import commonpath
from typing import Any

from hookline.access.actor import Actor
from hookline.sync.request import Source, SyncRequest


def origin_of(actor: Actor, request: SyncRequest) -> dict[str, Any] | None:
    """None where the set keeps the one it has: of a part of the files, and of a rollback, which has
    none.
    """
    if request.options.only or request.restored is not None:
        return None
    files = {item.position.file for item in request.document.webhooks.values()} - {""}
    return _origin(actor, request.source, _common(files))


def moved_origin(actor: Actor, source: Source, before: Mapping[str, Any] | None) -> dict[str, Any]:
    """After an apply of the content that was applied before. Its files are not known here: those of
    a command stay.
    """
    was_command = before is not None and before["kind"] == "COMMAND"
    return _origin(actor, source, before["path"] if before and was_command else None)


def _origin(actor: Actor, source: Source, path: str | None) -> dict[str, Any]:
    return {
        "kind": "PULL" if source.followed_path else "COMMAND",
        "path": source.followed_path or path,
        "repository": source.repository,
        "branch": source.branch,
        "author": source.author,
        "runUrl": source.run_url,
        "actor": actor.stored,
    }


def _common(files: Collection[str]) -> str | None:
    """The file, or the folder that several have in common; None for none of both."""
    try:
        return (commonpath(files) or None) if files else None
    # Of absolute and relative ones together.
    except ValueError:
        return None
