"""Keys and their text: ordered by time, written in one way, and read back only when written in that
way.
"""

import time
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline import ids
from hookline.ids import PREFIXES, MalformedId, decode, encode, uuid7
from tests.tables import each_of


def test_new_key_is_a_uuid_of_version_7_with_the_time_in_front() -> None:
    before = time.time_ns() // 1_000_000
    key = uuid7()
    assert (key.version, key.variant) == (7, RFC_4122)
    assert before <= key.int >> 80 <= time.time_ns() // 1_000_000


def test_keys_of_a_process_and_their_texts_are_in_the_order_in_which_they_were_made() -> None:
    keys, milliseconds = list[UUID](), set[int]()
    while len(milliseconds) < 5 or len(keys) < 10_000:
        keys.append(uuid7())
        milliseconds.add(keys[-1].int >> 80)
    assert len(keys) > len(milliseconds)  # some of one millisecond
    assert keys == sorted(set(keys))
    assert {(key.version, key.variant) for key in keys} == {(7, RFC_4122)}
    texts = [encode("evt", key) for key in keys]
    assert texts == sorted(texts)


@given(st.sampled_from(sorted(PREFIXES)), st.uuids())
def test_every_key_is_read_back_from_its_text(prefix: str, key: UUID) -> None:
    text = encode(prefix, key)
    assert decode(text) == (prefix, key)
    assert len(text) == len(prefix) + 27


@pytest.mark.parametrize(
    ("key", "digits"),  # from the TypeID specification
    [
        ("00000000-0000-0000-0000-000000000000", "00000000000000000000000000"),
        ("00000000-0000-0000-0000-000000000001", "00000000000000000000000001"),
        ("00000000-0000-0000-0000-000000000020", "00000000000000000000000010"),
        ("ffffffff-ffff-ffff-ffff-ffffffffffff", "7zzzzzzzzzzzzzzzzzzzzzzzzz"),
        ("01890a5d-ac96-774b-bcce-b302099a8057", "01h455vb4pex5vsknk084sn02q"),
    ],
)
def test_text_is_that_of_the_specification(key: str, digits: str) -> None:
    assert encode("wh", UUID(key)) == f"wh_{digits}"


GOOD = "01h455vb4pex5vsknk084sn02q"


@each_of(
    "text",
    [
        *("", "_", "wh", "wh_", GOOD, f"_{GOOD}", f"wh{GOOD}"),
        *(f"wh_{GOOD[:-1]}", f"wh_{GOOD}0", f"wh_ {GOOD[1:]}", f"wh_{GOOD}\n"),
        *(f"wh_{GOOD.upper()}", f"WH_{GOOD}", f"user_{GOOD}", f"wh_wh_{GOOD}", f" wh_{GOOD}"),
        *(f"wh_{character}{GOOD[1:]}" for character in "89az"),
        *(f"wh_0{character}{GOOD[2:]}" for character in "ilou-_é１ıſ"),
        "wh_01890a5d-ac96-774b-bcce-b302099a8057",
    ],
)
def test_text_that_was_never_written_is_refused(text: str) -> None:
    with pytest.raises(MalformedId):
        decode(text)


@given(st.text(alphabet=ids._ALPHABET + "ilouZ_é", max_size=40))
def test_whatever_is_read_is_written_in_the_same_way(rest: str) -> None:
    try:
        prefix, key = decode(f"wh_{rest}")
    except MalformedId:
        return
    assert encode(prefix, key) == f"wh_{rest}"


def test_refusal_shows_no_more_than_the_beginning() -> None:
    with pytest.raises(MalformedId) as refused:
        decode("x" * 10_000)
    assert len(str(refused.value)) == 80
