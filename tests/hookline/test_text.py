"""Rules of text: a name is one line, a description may have several; a terminal gets neither as it
came.
"""

import json

import pytest

from hookline.text import is_lines, is_one_line, printable, printable_lines, without_commands
from tests.tables import each_of


@pytest.mark.parametrize("text", ["", "Orders", "Bestellungen – 注文", "a b"])
def test_plain_text_is_one_line(text: str) -> None:
    assert is_one_line(text)
    assert is_lines(text)


@pytest.mark.parametrize("text", ["a\tb", "a\nb"])
def test_tabs_and_line_feeds_stand_in_descriptions_only(text: str) -> None:
    assert not is_one_line(text)
    assert is_lines(text)


@each_of("text", ["a\rb", "\x00", "\x1b[31m", "\x7f", "\x85", "\ud800"])
def test_other_control_characters_and_halves_of_pairs_stand_nowhere(text: str) -> None:
    assert not is_one_line(text)
    assert not is_lines(text)


@each_of(
    "text", ["\x1b[2J", "\x9b", "\r", "\u202e", "\u2066", "\u200b", "\ud800", "\U000e0041", "é\t😀"]
)
def test_what_a_terminal_obeys_is_an_escape_with_the_same_meaning_in_json(text: str) -> None:
    assert printable(text).isprintable()
    assert json.loads(f'"{printable(text)}"') == text
    assert printable_lines(f"{text}\n{text}") == f"{printable(text)}\n{printable(text)}"


@each_of(
    "text, expected",
    [
        ("::error::x", r"\u003a:error::x"),
        ("a\n \t::error::x", "a\n \t\\u003a:error::x"),
        ("a ::b::1 http://[::1]", "a ::b::1 http://[::1]"),
        ("a ##[add-mask]b", r"a ##\u005badd-mask]b"),
        ("##vso[task.setvariable]", r"##vso\u005btask.setvariable]"),
        ("## [a](b) #[", "## [a](b) #["),
    ],
)
def test_no_line_is_a_command_to_a_ci_log(text: str, expected: str) -> None:
    assert without_commands(text) == expected
