"""The one rule of control characters: a name is one line, a description may have several."""

import pytest

from hookline.text import is_lines, is_one_line


@pytest.mark.parametrize("text", ["", "Orders", "Bestellungen – 注文", "a b"])
def test_plain_text_is_one_line(text: str) -> None:
    assert is_one_line(text)
    assert is_lines(text)


@pytest.mark.parametrize("text", ["a\tb", "a\nb"])
def test_tabs_and_line_feeds_stand_in_descriptions_only(text: str) -> None:
    assert not is_one_line(text)
    assert is_lines(text)


@pytest.mark.parametrize("text", ["a\rb", "\x00", "\x1b[31m", "\x7f", "\x85", "\ud800"])
def test_other_control_characters_and_halves_of_pairs_stand_nowhere(text: str) -> None:
    assert not is_one_line(text)
    assert not is_lines(text)
