"""Compiled templates that a child keeps: many webhooks share its memory."""

import pytest

from hookline.outbound import template_child
from hookline.outbound.template_child import (
    CACHE_CHARACTERS,
    CACHE_COUNT,
    TemplateError,
    _Cache,
)


def kept_characters(cache: _Cache) -> int:
    return sum(len(template) for template, _, _ in cache._kept)


def test_large_templates_make_room_for_each_other() -> None:
    cache, size = _Cache(), CACHE_CHARACTERS // 4
    for number in range(10):
        cache.template(f"{number}".ljust(size), "none", False)
        assert kept_characters(cache) == cache._characters <= CACHE_CHARACTERS
    assert [text.strip() for text, _, _ in cache._kept] == ["6", "7", "8", "9"]


def test_small_templates_are_bounded_by_their_number() -> None:
    cache = _Cache()
    for number in range(CACHE_COUNT + 5):
        cache.template(f"{number}", "none", False)
    assert len(cache._kept) == CACHE_COUNT
    assert kept_characters(cache) == cache._characters


def test_a_template_in_use_stays_compiled() -> None:
    cache, size = _Cache(), CACHE_CHARACTERS // 4
    used = cache.template("used", "json", False)
    for number in range(10):
        cache.template(f"{number}".ljust(size), "none", False)
        assert cache.template("used", "json", False) is used
    assert cache.template("used", "json", True) is not used


def test_a_template_that_does_not_compile_takes_no_room() -> None:
    cache = _Cache()
    with pytest.raises(TemplateError):
        cache.template("{{", "none", False)
    assert (len(cache._kept), cache._characters) == (0, 0)


def test_the_longest_template_has_room() -> None:
    assert CACHE_CHARACTERS >= 65_536
    assert template_child.MEMORY_BYTES > 10 * 25 * CACHE_CHARACTERS
