"""Tables of cases in one test: fixtures are made once for all, and a case that differs is named. A
parameter of pytest's costs 8 ms of CPU before its test does anything, in the processes that collect
it, hand it out and count it, and a database or server of its own besides (2026-11).
"""

import inspect
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import wraps
from typing import Any, TypeVar, cast

Test = TypeVar("Test", bound=Callable[..., object])


def each_of(names: str, cases: Iterable[Any]) -> Callable[[Test], Test]:
    """Runs the test for each case, as `pytest.mark.parametrize` does for the same arguments, but
    within one test: all cases see the same fixtures, one after the other, and what one leaves in
    them. `names` are separated by commas.

    A case that fails is named in a note of its error, and the others are tried all the same.
    """
    words = [word.strip() for word in names.split(",")]
    rows = [tuple(case) if len(words) > 1 else (case,) for case in cases]
    assert rows, "a table without a row tests nothing"
    assert all(len(row) == len(words) for row in rows)

    def decorate(test: Test) -> Test:
        arguments = [dict(zip(words, row, strict=True)) for row in rows]
        run = _one_after_the_other if inspect.iscoroutinefunction(test) else _in_turn
        decorated = run(test, arguments)
        shape = inspect.signature(test)
        kept = [one for name, one in shape.parameters.items() if name not in words]
        cast(Any, decorated).__signature__ = shape.replace(parameters=kept)
        return cast(Test, decorated)

    return decorate


def _in_turn(test: Callable[..., object], cases: list[dict[str, Any]]) -> Callable[..., None]:
    @wraps(test)
    def all_cases(*args: Any, **fixtures: Any) -> None:
        errors = list[Exception]()
        for case in cases:
            try:
                test(*args, **fixtures, **case)
            except Exception as error:  # noqa: BLE001  # told when all were tried
                errors.append(_named(error, case))
        _tell(errors, len(cases))

    return all_cases


def _one_after_the_other(
    test: Callable[..., object], cases: list[dict[str, Any]]
) -> Callable[..., Awaitable[None]]:
    @wraps(test)
    async def all_cases(*args: Any, **fixtures: Any) -> None:
        errors = list[Exception]()
        for case in cases:
            try:
                await cast(Awaitable[None], test(*args, **fixtures, **case))
            except Exception as error:  # noqa: BLE001  # told when all were tried
                errors.append(_named(error, case))
        _tell(errors, len(cases))

    return all_cases


def _named(error: Exception, case: dict[str, Any]) -> Exception:
    error.add_note("case: " + ", ".join(f"{key}={value!r:.300}" for key, value in case.items()))
    return error


def _tell(errors: Sequence[Exception], count: int) -> None:
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise ExceptionGroup(f"{len(errors)} of {count} cases", errors)
