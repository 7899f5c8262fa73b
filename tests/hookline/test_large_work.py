"""The collector rests and turns are short while any of several blocks runs; both are left as they
were.
"""

import gc
import sys

from hookline.large_work import large_work


def test_collector_rests_until_the_last_of_several_blocks_has_ended() -> None:
    first, second, turn = large_work(), large_work(), sys.getswitchinterval()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert not gc.isenabled()
    assert sys.getswitchinterval() < turn
    second.__exit__(None, None, None)
    assert gc.isenabled()
    assert sys.getswitchinterval() == turn


def test_collector_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        with large_work():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
