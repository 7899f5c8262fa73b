"""A command that is typed into a shell, as a fork of the process behind `tests/processes.py`:
`python -I -S asking_forker.py SOCKET hookline ARGUMENT…`; and a process of pytest-xdist. It spares
their imports. Needs nothing but the standard library.
"""

import json
import os
import signal
import socket
import sys

_NUMBER_BYTES = 8  # NUMBER_BYTES of tests/forker.py


def _main(address: str, *command: str) -> int:
    """Returns the command's exit code, as a shell has it."""
    request = {"command": command, "folder": os.getcwd(), "environment": dict(os.environ)}
    reading, writing = os.pipe()
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as asking:
        asking.connect(address)
        socket.send_fds(asking, [json.dumps(request).encode()], [0, 1, 2, writing])
    os.close(writing)
    pid = _number(os.read(reading, _NUMBER_BYTES))
    # Ctrl-C reaches this one alone: the other is of another session
    signal.signal(signal.SIGINT, lambda number, _: os.kill(pid, number))
    code = _number(os.read(reading, _NUMBER_BYTES))
    return code if code >= 0 else 128 - code


def _number(content: bytes) -> int:
    return int.from_bytes(content, "big", signed=True)


if __name__ == "__main__":
    sys.exit(_main(*sys.argv[1:]))
