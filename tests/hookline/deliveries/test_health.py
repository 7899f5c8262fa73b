"""A webhook's health after a batch of attempts: what counts as a failure in a row, and
since when.
"""

from hookline.deliveries.health import EndedAttempt, Health, fold


def ended(
    at: int,
    is_success: bool = False,
    is_failure: bool = False,
    code: int | None = None,
    took: int = 3,
) -> EndedAttempt:
    return EndedAttempt(is_success, is_failure, at - took, at, code)


def success(at: int) -> EndedAttempt:
    return ended(at, is_success=True, code=200)


def failure(at: int) -> EndedAttempt:
    return ended(at, is_failure=True, code=500)


def after(*batch: EndedAttempt, health: Health | None = None) -> Health:
    health = health or Health(0, None, None, None, None)
    fold(health, batch)
    return health


def test_failures_in_a_row_are_counted_since_the_start_of_the_first() -> None:
    assert after(failure(10), failure(20), failure(30)) == Health(3, 7, 30, None, 500)


def test_success_resets_the_count_and_failures_after_it_begin_anew() -> None:
    assert after(failure(10), success(20), failure(30), failure(40)) == Health(2, 27, 40, 20, 500)
    assert after(failure(10), success(20)) == Health(0, None, 20, 20, 200)


def test_count_goes_on_over_batches() -> None:
    first = after(failure(10), failure(20))
    assert after(failure(30), health=first) == Health(3, 7, 30, None, 500)
    assert after(success(40), health=first) == Health(0, None, 40, 40, 200)


def test_failure_that_does_not_count_is_the_latest_attempt_all_the_same() -> None:
    neither = ended(20, code=404)
    assert after(failure(10), neither) == Health(1, 7, 20, None, 404)
    assert after(neither) == Health(0, None, 20, None, 404)


def test_attempt_without_an_answer_leaves_no_status_code() -> None:
    assert after(success(10), ended(20, is_failure=True)) == Health(1, 17, 20, 10, None)


def test_empty_batch_changes_nothing() -> None:
    assert after(health=Health(4, 7, 30, 1, 500)) == Health(4, 7, 30, 1, 500)
