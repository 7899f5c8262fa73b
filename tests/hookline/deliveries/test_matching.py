"""Matching of events to webhooks: patterns, and an index that is changed in place of one that is
made anew.
"""

from dataclasses import dataclass, field
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from hookline.deliveries.matching import MatchIndex
from hookline.form.filters import CompiledFilter, compile_filter
from hookline.loop_time import Turn
from tests.tables import each_of

BIG = compile_filter({"data.n": {"gt": 1}})


@dataclass(frozen=True)
class Hook:
    id: UUID
    events: tuple[str, ...] = ("order.order.create",)
    environments: tuple[str, ...] = ("production",)
    is_on: bool = True
    filter: CompiledFilter | None = field(default=None, compare=False)


def hook(
    number: int,
    *events: str,
    environments: tuple[str, ...] = ("production",),
    is_on: bool = True,
    has_filter: bool = False,
) -> Hook:
    return Hook(UUID(int=number), events, environments, is_on, BIG if has_filter else None)


@each_of(
    "pattern, is_wanted",
    [
        ("order.order.create", True),
        ("order.order.*", True),
        ("*.order.create", True),
        ("order.*.create", True),
        ("*.*.*", True),
        ("order.order.delete", False),
        ("*.*.delete", False),
        ("orde.order.create", False),
    ],
)
def test_pattern_matches_segment_by_segment(pattern: str, is_wanted: bool) -> None:
    assert (
        bool(MatchIndex([hook(1, pattern)]).match("production", "order.order.create").ids)
        is is_wanted
    )


def test_webhook_with_several_patterns_gets_an_event_once() -> None:
    assert MatchIndex([hook(1, "*.*.*", "order.*.*", "order.order.create")]).match(
        "production", "order.order.create"
    ).ids == [UUID(int=1)]


def test_what_is_off_or_elsewhere_gets_nothing() -> None:
    index = MatchIndex([hook(1, "*.*.*", is_on=False), hook(2, "*.*.*", environments=("staging",))])
    assert index.match("production", "order.order.create").ids == []


async def wanted_by(index: MatchIndex, data: str) -> list[UUID]:
    return list((await index.wanted_by("production", "a.b.c", data, Turn())).ids)


async def test_filter_is_asked_of_the_data() -> None:
    index = MatchIndex([hook(1, "*.*.*"), hook(2, "*.*.*", has_filter=True)])
    assert await wanted_by(index, '{"n":1}') == [UUID(int=1)]
    assert await wanted_by(index, '{"n":2}') == [UUID(int=1), UUID(int=2)]


Drawn = dict[int, tuple[list[str], set[str], bool, bool]]
SEGMENT = st.sampled_from(["a", "b", "*"])
HOOKS = st.dictionaries(
    st.integers(0, 6),
    st.builds(
        lambda events, environments, is_on, has_filter: (
            events,
            environments,
            is_on,
            has_filter,
        ),
        st.lists(
            st.builds(lambda *parts: ".".join(parts), SEGMENT, SEGMENT, SEGMENT),
            max_size=3,
            unique=True,
        ),
        st.sets(st.sampled_from(["production", "staging"])),
        st.booleans(),
        st.booleans(),
    ),
)


def made(drawn: Drawn) -> dict[int, Hook]:
    return {
        number: hook(
            number,
            *events,
            environments=tuple(environments),
            is_on=is_on,
            has_filter=has_filter,
        )
        for number, (events, environments, is_on, has_filter) in drawn.items()
    }


@given(HOOKS, st.lists(HOOKS, max_size=3))
def test_changed_index_answers_as_one_that_is_made_anew(first: Drawn, later: list[Drawn]) -> None:
    old = made(first)
    index = MatchIndex(old.values())
    types = [
        (environment, f"{a}.{b}.{c}")
        for environment in ("production", "staging")
        for a in "ab"
        for b in "ab"
        for c in "ab"
    ]
    for change in later:
        for key in types:
            index.match(*key)  # fills what is kept
        new = made(change)
        before = [
            was
            for number, was in old.items()
            if new.get(number) != was or new[number].filter != was.filter
        ]
        after = [
            now
            for number, now in new.items()
            if old.get(number) != now or old[number].filter != now.filter
        ]
        kept, index = index, index.changed(before, after)
        fresh = MatchIndex(new.values())
        for key in types:
            assert set(index.match(*key).ids) == set(fresh.match(*key).ids)
            assert index.match(*key).filters == fresh.match(*key).filters
            assert len(index.match(*key).ids) == len(fresh.match(*key).ids)
            assert set(kept.match(*key).ids) == set(MatchIndex(old.values()).match(*key).ids)
        old = new


def test_what_a_change_does_not_touch_is_shared() -> None:
    same, other = hook(1, "a.a.a"), hook(2, "b.b.*")
    index = MatchIndex([same, other])
    known, stale = index.match("production", "a.a.a"), index.match("production", "b.b.b")
    now = index.changed([other], [hook(2, "b.*.b")])
    assert now.match("production", "a.a.a") is known
    assert now.match("production", "b.b.b") is not stale
    assert now._tables[0]["production", "a.a.a"] is index._tables[0]["production", "a.a.a"]
