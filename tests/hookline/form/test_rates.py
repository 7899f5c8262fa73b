"""Rates as people write them, and the slots that a claim may take."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline.form.rates import Rate, free_slots, parse_rate, seconds_until_free, slot_after
from tests.tables import each_of

RATES = st.builds(Rate, st.integers(1, 600_000))


@pytest.mark.parametrize(
    ("text", "printed"),
    [("20/s", "20/s"), ("600/m", "10/s"), ("90/m", "90/m"), ("1/m", "1/m"), ("10000/s", "10000/s")],
)
def test_rate_is_printed_per_second_when_that_is_whole(text: str, printed: str) -> None:
    assert str(parse_rate(text)) == printed


@each_of(
    "text",
    [
        "",
        "20",
        "0/s",
        "020/s",
        "-1/s",
        "1.5/s",
        "20/h",
        "10001/s",
        "600001/m",
        "20 /s",
        "20/s\n",
        "9999999/s",
        "٢/s",
    ],
)
def test_anything_else_is_refused_with_what_would_be_right(text: str) -> None:
    with pytest.raises(ValueError, match=r"such as 20/s or 600/m|at most 10,000/s"):
        parse_rate(text)


@given(rate=RATES)
def test_printed_rate_is_read_back(rate: Rate) -> None:
    assert parse_rate(str(rate)) == rate


def take(slot: float, now: float, wanted: int, rate: Rate) -> tuple[int, float]:
    """A claim: how many go, and the next free slot after them."""
    taken = min(wanted, free_slots(slot, now, rate))
    return taken, slot_after(slot, now, taken, rate) if taken else slot


@given(
    rate=RATES, steps=st.lists(st.tuples(st.integers(0, 300_000), st.integers(1, 50)), max_size=60)
)
def test_no_second_holds_more_than_the_rate_and_one_burst(
    rate: Rate, steps: list[tuple[int, int]]
) -> None:
    now, slot, sent = 0, 0.0, list[int]()
    for pause, wanted in steps:
        now += pause
        taken, slot = take(slot, now, wanted, rate)
        sent += [now] * taken
    for start in sent:
        inside = sum(start <= at < start + 1_000_000 for at in sent)
        assert inside <= rate.per_minute / 60 + rate.burst


@pytest.mark.parametrize("text", ["1/s", "20/s", "90/m", "600/s", "10000/s"])
def test_whoever_always_wants_more_gets_the_rate(text: str) -> None:
    rate, now, slot, sent = parse_rate(text), 0, 0.0, 0
    while now < 60_000_000:
        taken, slot = take(slot, now, 500, rate)
        sent += taken
        now += 5_000  # a claim each 5 ms
    assert rate.per_minute * 0.99 <= sent <= rate.per_minute + rate.burst


@given(rate=RATES, now=st.integers(0, 10**9))
def test_slot_is_free_again_when_the_wait_is_over(rate: Rate, now: int) -> None:
    slot = 0.0
    while free := free_slots(slot, now, rate):
        slot = slot_after(slot, now, free, rate)
    later = now + seconds_until_free(slot, now, rate) * 1e6 + 1
    assert free_slots(slot, later, rate) >= 1
