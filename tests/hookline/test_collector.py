"""The collector of cycles in a process that serves or delivers."""

import subprocess
import sys

PROGRAM = """
import gc
from hookline.collector import collect_rarely
before = gc.get_threshold()[0]
gc.disable()
collect_rarely()
print(gc.isenabled(), gc.get_threshold()[0] > before, gc.get_freeze_count() > 1_000)
"""


def test_collector_looks_less_often_and_not_at_what_start_up_made() -> None:
    # In a process of its own: it is told for the rest of its life.
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, check=True)
    assert done.stdout.split() == [b"True", b"True", b"True"]
