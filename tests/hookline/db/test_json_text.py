"""JSON of columns: that of many items, which is made one by one, is that of the whole."""

from typing import Any

import orjson
import pytest

from hookline.models.column_types import JsonColumn

ITEM: dict[str, Any] = {"name": "\u00e4\u201c\n", "values": [1, 2.5, None, True, {}], "": []}


@pytest.mark.parametrize(
    "value",
    [
        *([], {}, "a", 5, False, [ITEM] * 3, {"a": ITEM}),
        [ITEM] * 2_000,
        {f'key "{number}"': {**ITEM, "number": number} for number in range(2_000)},
    ],
)
def test_pieces_are_the_json_of_the_whole(value: Any) -> None:
    assert JsonColumn().to_db_value(value, None) == orjson.dumps(value).decode()


def test_keys_that_are_no_texts_are_refused_in_a_large_object_too() -> None:
    with pytest.raises(orjson.JSONEncodeError):
        JsonColumn().to_db_value(dict.fromkeys(range(2_000)), None)


def test_nothing_stays_nothing() -> None:
    assert JsonColumn().to_db_value(None, None) is None
