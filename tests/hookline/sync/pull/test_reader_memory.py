"""Memory that ends in the reader of pull mode, which has a limit, is told at once. CPython 3.11
asks for memory to note the place of an exception that passes a `with`, a `finally` or the end of an
`except`, and asks without end where there is none. For places up to 256 it needs none.
"""

import dis
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import CodeType

import pytest

LAST_PLACE = 256
BYTES_OF_A_PLACE = 2
LOADED = """
import json, sys, hookline.sync.pull.reading_child
files = {name: module.__file__ for name, module in sys.modules.items() if "hookline." in name}
print(json.dumps(files))
"""


def modules() -> dict[str, str]:
    """Files of Hookline's modules that the reader imports, by their names."""
    run = subprocess.run([sys.executable, "-c", LOADED], check=True, capture_output=True)
    found: dict[str, str] = json.loads(run.stdout)
    return found


def functions(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from functions(constant)


def is_at_risk(code: CodeType) -> bool:
    # Private, as there is no other way to the table.
    entries = dis._parse_exception_table(code)  # type: ignore[attr-defined]
    return any(entry.lasti and entry.end > LAST_PLACE * BYTES_OF_A_PLACE for entry in entries)


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="places are those of CPython 3.11")
def test_no_function_of_the_reader_needs_memory_to_say_that_there_is_none() -> None:
    files = modules()
    found = [
        f"{name}: {code.co_qualname}"
        for name, file in files.items()
        for code in functions(compile(Path(file).read_text("utf-8"), file, "exec"))
        if is_at_risk(code)
    ]
    assert {"hookline.sync.read.loader", "hookline.form.webhook_kinds"} <= files.keys()
    assert found == []
