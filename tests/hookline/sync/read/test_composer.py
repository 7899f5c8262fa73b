"""The composer of YAML where memory ends, as for a reader of pull mode, which has a limit."""

from hookline.sync.read.composer import Composer

MOST_BYTES = 256 * 2
"""Of instructions whose places CPython notes without memory of its own: integers up to 256."""


def test_memory_that_ends_in_the_composer_is_told_without_memory() -> None:
    # In 1 of 20 limits tried it looked for that memory until it had no CPU time left (2026-11).
    assert len(Composer.compose.__code__.co_code) < MOST_BYTES
