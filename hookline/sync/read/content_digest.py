"""Digest of a webhooks file as it is sent to a server: content, places and secrets. Computed by the
command, which asks with it first, and by the server of what it was sent.
"""

from collections.abc import Iterable, Mapping

import orjson

from hookline.sync.json_digest import json_digest


def content_digest(
    content: object, positions: object, secrets: Mapping[tuple[str, ...], str], levels: int = 3
) -> str | None:
    """`sha256:…`, equal for equal content whatever the order of its keys. None for what has no JSON
    that comes back the same. levels: as `json_digest` takes them; 3 goes webhook by webhook and
    file by file, a process that nobody waits for needs 1.

    It is a plain digest of the secrets, too: for the way to the server, never to be stored.
    """
    sent = [content, positions, sorted(_pairs(secrets))]
    try:
        return f"sha256:{json_digest(sent, levels)}"
    # Whole numbers beyond 64 bits, halves of pairs, too many levels.
    except orjson.JSONEncodeError:
        return None


def _pairs(secrets: Mapping[tuple[str, ...], str]) -> Iterable[tuple[list[str], str]]:
    return ((list(path), secret) for path, secret in secrets.items())
