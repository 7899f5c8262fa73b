"""Reads the webhooks files of pull mode in a process of its own, which `reading` starts: no file
can harm the server. It has no environment but what it is sent, and can write no file.
"""

import os
import resource
import sys
from contextlib import suppress
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final

import orjson

from hookline.form.kinds import Bounds
from hookline.outbound.addresses import AddressPolicy
from hookline.sync.plan import codec
from hookline.sync.pull.content import digest_of
from hookline.sync.pull.server_references import ServerReferences
from hookline.sync.read import file as files
from hookline.sync.read.collecting import collect
from hookline.sync.read.references import Room

# As `reading` knows it.
_OUT_OF_MEMORY: Final = 12
_MIB: Final = 1024 * 1024
# Addresses are for the server to judge, which knows its own.
_ANY_ADDRESS: Final = AddressPolicy((ip_network("0.0.0.0/0"), ip_network("::/0")), frozenset())


def main() -> None:
    asked = orjson.loads(sys.stdin.buffer.read())
    _bound(asked["memoryMib"] * _MIB, asked["cpuSeconds"])
    try:
        sys.stdout.buffer.write(read(asked))
    except MemoryError:
        # At once: an orderly end would need memory, too.
        os._exit(_OUT_OF_MEMORY)


def _bound(memory_bytes: int, cpu_seconds: int) -> None:
    # When the machine runs out of memory it ends this process before any other one (Linux).
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
    # No file can be written, and no core of its memory either.
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def read(asked: dict[str, Any]) -> bytes:
    """The document of the files, ready for `received.decode`, or null, with their problems and the
    digest of what was read.
    """
    collected, room, digests = collect([asked["path"]]), Room(), dict[str, str]()
    root = Path(asked["fileRoot"]) if asked["fileRoot"] else None

    def references(folder: Path) -> ServerReferences:
        return ServerReferences(
            asked["environment"],
            Path(asked["home"]),
            folder,
            room,
            prefix=asked["prefix"],
            root=root,
            digests=digests,
        )

    bounds = Bounds(tuple(asked["environments"]), _ANY_ADDRESS)
    found = files.decoded_all(collected, bounds, references)
    document = found.document
    return orjson.dumps(
        {
            "digest": list(digest_of(collected, digests)),
            "references": digests,
            "files": [str(file.path) for file in collected.files],
            "folders": [str(folder) for folder in collected.folders],
            "problems": [codec.encode_problem(problem) for problem in found.problems],
            "document": document
            and {
                "content": document.content,
                "positions": document.positions.packed(),
                "secrets": [[list(path), value] for path, value in document.secrets.items()],
            },
        }
    )
