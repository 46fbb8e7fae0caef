"""Whatever a database holds, a server can tell the rest of it."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.server.stored_json import LEFT_OUT, MOST_LEVELS, holds_left_out, read_json


def nested(levels: int, *, opening: str = '{"a":', closing: str = "}") -> str:
    return f'{{"metadata":{opening * levels}"x"{closing * levels},"webhook_url":"https://a/b"}}'


@pytest.mark.parametrize("levels", [0, 1, 64, MOST_LEVELS - 1])
def test_what_is_nested_as_deep_as_may_be_is_read_as_it_is(levels: int) -> None:
    text = nested(levels)
    assert read_json(text) == json.loads(text)
    assert not holds_left_out(read_json(text))


@pytest.mark.parametrize("levels", [MOST_LEVELS, 254, 300, 2000, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [('{"a":', "}"), ("[", "]"), ('{"{[":[', "]}")])
def test_what_is_nested_deeper_is_left_out_and_the_rest_is_not(
    levels: int, opening: str, closing: str
) -> None:
    value = read_json(nested(levels, opening=opening, closing=closing))
    assert value["webhook_url"] == "https://a/b"
    assert holds_left_out(value["metadata"])
    orjson.dumps(value)


@pytest.mark.parametrize(
    "bad",
    ['"\\ud800"', '"a\\uDfff"', "1" + "0" * 19 + "0", "-9223372036854775809", "9" * 5000, '{"\\ud800": 1}'],
)
def test_what_is_no_text_or_number_is_left_out_and_the_rest_is_not(bad: str) -> None:
    value = read_json(f'{{"a": {bad}, "b": [1, "é\\u00e9\\ud83d\\ude00"]}}')
    assert value["b"] == [1, "éé😀"]
    assert value["a"] in (LEFT_OUT, {LEFT_OUT: 1})
    orjson.dumps(value)


@pytest.mark.parametrize("number", [2**64 - 1, -(2**63), 2**63, 0])
def test_numbers_of_64_bits_stay(number: int) -> None:
    assert read_json(f"[{number}]") == [number]


def test_nan_is_null_as_in_prefect() -> None:
    assert read_json('{"a": NaN, "b": -Infinity}') == {"a": None, "b": None}


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(ValueError, match="Expecting"):
        read_json('{"a": ')


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(_VALUES)
def test_what_can_be_told_is_read_as_it_is(value: Any) -> None:
    try:
        orjson.dumps(value)
    except TypeError:
        return  # numbers beyond 64 bits
    assert read_json(json.dumps(value)) == value


@given(_VALUES, st.integers(0, 400), st.text(st.characters(categories=["Cs", "Lu"])))
def test_everything_that_is_read_can_be_told(value: Any, levels: int, text: str) -> None:
    for _ in range(levels):
        value = [value, text]
    orjson.dumps(read_json(json.dumps({"value": value, "text": text})))
