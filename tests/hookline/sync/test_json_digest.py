"""Digest of JSON in pieces: the one of the whole text."""

from hashlib import sha256
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline.sync.json_digest import json_digest

KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=3)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | KEYS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=20,
)


@given(value=VALUES, levels=st.integers(0, 4))
def test_pieces_have_the_digest_of_the_whole(value: Any, levels: int) -> None:
    whole = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    assert json_digest(value, levels) == sha256(whole).hexdigest()


@pytest.mark.parametrize("value", [{"a": {"b": 2**70}}, {"a": {"\ud800": 1}}, [["\ud800"]]])
def test_what_has_no_json_is_refused(value: Any) -> None:
    with pytest.raises(orjson.JSONEncodeError):
        json_digest(value, levels=2)
