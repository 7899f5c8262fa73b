"""Digests of all that a look finds: names and bytes of the files, what kept others from being read,
and the files that references name. Called by following and reading_child.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import NamedTuple

from hookline.sync.pull.server_references import file_digest
from hookline.sync.read.collecting import Collected, collect


class ContentDigest(NamedTuple):
    """Equal digests, equal content. references: of the files that the last reading referred to."""

    files: str = ""
    references: str = ""


def content_digest(path: str, references: Mapping[str, str]) -> ContentDigest:
    """Digest of what is there now. references: names of the files that the last reading referred
    to; their digests are taken anew.
    """
    return digest_of(collect([path]), {name: file_digest(name) for name in references})


def digest_of(collected: Collected, references: Mapping[str, str]) -> ContentDigest:
    # Names too: where a webhook stands is part of what an apply records.
    files = [f"{file.name}\0{sha256(file.data).hexdigest()}" for file in collected.files]
    files += [f"{one.code}\0{one.position.file}\0{one.message}" for one in collected.problems]
    referred = [f"{name}\0{digest}" for name, digest in sorted(references.items())]
    return ContentDigest(_digest(files), _digest(referred))


def _digest(parts: list[str]) -> str:
    return sha256("\n".join(parts).encode(errors="surrogateescape")).hexdigest()
