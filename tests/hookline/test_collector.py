"""The collector rests while any of several blocks runs, and is left as it was."""

import gc

from hookline.collector import resting_collector


def test_collector_rests_until_the_last_of_several_blocks_has_ended() -> None:
    first, second = resting_collector(), resting_collector()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert not gc.isenabled()
    second.__exit__(None, None, None)
    assert gc.isenabled()


def test_collector_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        with resting_collector():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
