"""Positions of a document: each form that is sent reads the same, whatever a stranger sends."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hookline.sync.read.positions import FilePosition, Positions, text_of, unpacked

NAMES = st.sampled_from(["url", "ur", "events", "active", "rl", "0"])
PLACES = st.dictionaries(NAMES, st.tuples(st.integers(1, 10**6), st.integers(1, 999)))
OWNERS = st.dictionaries(st.sampled_from(["webhooks.a", "webhooks.b", "policy"]), PLACES)


def paths(positions: Positions) -> dict[str, FilePosition]:
    return dict(positions.items())


@given(files=st.dictionaries(st.sampled_from(["a.yaml", "b.yaml"]), OWNERS))
def test_a_text_stands_for_the_same_places_as_an_object(
    files: dict[str, dict[str, dict[str, tuple[int, int]]]],
) -> None:
    texts, objects = Positions(), Positions()
    for file, owners in files.items():
        for owner, places in owners.items():
            triples = ((name, *place) for name, place in places.items())
            texts.put_all(owner, file, text_of(triples))
            objects.put_all(owner, file, dict(places))

    assert paths(texts) == paths(objects)
    assert all(texts.get(path) == objects.get(path) for path in [*paths(objects), "policy.none"])
    assert paths(unpacked(texts.packed())) == paths(objects)


@given(
    owners=st.lists(
        st.one_of(
            st.text(alphabet="url :0123456789events\u0661", max_size=40),
            st.dictionaries(NAMES, st.sampled_from([(5, 10), [6, 12], [0, 1], "5:1", None])),
        ),
        max_size=3,
    )
)
def test_places_below_an_owner_are_those_that_are_found_one_by_one(owners: list[Any]) -> None:
    positions = unpacked({"files": {f"{n}.yaml": {"a": names} for n, names in enumerate(owners)}})

    below = positions.below("a")
    asked = {*below, *(name for names in owners if isinstance(names, dict) for name in names)}
    assert all(positions.get(f"a.{name}") == below.get(name) for name in asked)
    assert positions.below("b") == {}


@settings(max_examples=300)
@given(text=st.text(alphabet="url :0123456789events\n\u0661", max_size=40))
def test_any_text_is_read_as_places_or_passed_over(text: str) -> None:
    positions = unpacked({"files": {"a.yaml": {"webhooks.a": text}}})

    found = positions.get("webhooks.a.url")
    assert found is None or (found[0] == "a.yaml" and min(found[1:]) >= 1)
    assert all(min(place[1:]) >= 1 for _, place in positions.items())


@pytest.mark.parametrize(
    "names", ["url:0:1", "url:1", "url:1:2:3", "url:99999999999:1", f"{'a' * 20_000} url:1:2", 5]
)
def test_what_is_no_place_is_passed_over(names: Any) -> None:
    positions = unpacked({"files": {"a.yaml": {"webhooks.a": names}}})

    assert positions.get("webhooks.a.url") is None
    assert paths(positions) == {}


def test_places_of_one_owner_in_several_files_are_sent_together() -> None:
    positions = Positions()
    positions.put_all("webhooks.a", "a.yaml", "url:5:10 events:6:12")
    positions.put_all("webhooks.a", "a.yaml", {"active": (7, 13)})
    positions.put("webhooks.a", ("a.yaml", 4, 3))

    assert positions.packed() == {
        "files": {
            "a.yaml": {
                "webhooks.a": {"url": (5, 10), "events": (6, 12), "active": (7, 13)},
                "webhooks": {"a": (4, 3)},
            }
        }
    }
    assert paths(unpacked(positions.packed())) == paths(positions)
