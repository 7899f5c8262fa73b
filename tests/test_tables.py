"""Tables of cases in one test."""

import inspect

import pytest

from tests.tables import each_of

pytestmark = pytest.mark.anyio


def test_each_case_runs_with_the_same_fixtures(tmp_path: object) -> None:
    seen = list[tuple[object, int, str]]()

    @each_of("number, word", [(1, "a"), (2, "b")])
    @each_of("more", "xy")
    def collect(given: object, number: int, word: str, more: str) -> None:
        seen.append((given, number, word + more))

    assert list(inspect.signature(collect).parameters) == ["given"]
    collect(given=tmp_path)  # type: ignore[call-arg]  # the rest comes from the tables
    assert seen == [(tmp_path, *case) for case in [(1, "ax"), (1, "ay"), (2, "bx"), (2, "by")]]


def test_cases_that_fail_are_all_named() -> None:
    @each_of("number", range(4))
    def refuse_odd_ones(number: int) -> None:
        assert number % 2 == 0

    with pytest.raises(ExceptionGroup, match="2 of 4 cases") as caught:
        refuse_odd_ones()  # type: ignore[call-arg]  # the rest comes from the table
    assert [one.__notes__ for one in caught.value.exceptions] == [
        ["case: number=1"],
        ["case: number=3"],
    ]


async def test_one_case_that_fails_is_an_error_like_any_other() -> None:
    @each_of("number", [1, 0, 2])
    async def divide(number: int) -> None:
        assert 1 // number >= 0

    with pytest.raises(ZeroDivisionError) as caught:
        await divide()  # type: ignore[call-arg]  # the rest comes from the table
    assert caught.value.__notes__ == ["case: number=0"]


def test_a_table_without_a_row_is_refused() -> None:
    with pytest.raises(AssertionError, match="tests nothing"):
        each_of("number", [])
