"""JSON as a server reads it from its database: what could not be told to anybody is left out, and nothing fails.

A value that was stored can be one that no answer can hold: nested deeper than encoders go, numbers beyond 64 bits,
halves of characters. Prefect's server then answers 500 to whoever asks for it, and for all that stands in one list
with it: its workers get no run any more. Here such a part is replaced by `LEFT_OUT`, and the rest is as it was.
"""

import json
import re
from functools import reduce
from typing import Any

import orjson  # comes with Prefect, whose server answers with it

from tasks.jobs.unreadable import LEFT_OUT as LEFT_OUT  # noqa: PLC0414 - what is read holds it

MOST_LEVELS = 100
"""Of lists and objects in each other; what callers may send is far below."""

_ENCODER_LEVELS = 254
"""How deep orjson goes."""
_LONG_NUMBER = re.compile(r"\d{19}")
_INTEGERS = range(-(2**63), 2**64)
_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
_OPENING = {"[", "{"}


def read_json(text: str) -> Any:
    """What the text says, without what could not be told.

    Raises:
        ValueError: it is no JSON.
    """
    if _is_plain(text):
        return _PLAIN.decode(text)
    try:
        value = _PLAIN.decode(text)
        orjson.dumps(reduce(lambda inner, _: [inner], range(_ENCODER_LEVELS - MOST_LEVELS), value))
    except (RecursionError, TypeError, ValueError):
        # Not the value but the text is cut: what is nested ever so deep cannot be made a value.
        return _without_halves(_CAREFUL.decode(_cut(text)))
    return value


def holds_left_out(value: Any) -> bool:
    """Whether something of it was left out when it was read."""
    return value == LEFT_OUT or (
        isinstance(value, dict | list)
        and any(map(holds_left_out, value.values() if isinstance(value, dict) else value))
    )


def _is_plain(text: str) -> bool:
    """Whether it takes no more than a look at the text to know that all of it can be told."""
    return (
        text.count("{") + text.count("[") <= MOST_LEVELS
        and "\\u" not in text
        and _LONG_NUMBER.search(text) is None
    )


def _cut(text: str) -> str:
    """The text, with `LEFT_OUT` for every list and object that is nested too deep."""
    parts: list[str] = []
    depth = kept = 0
    for token in _TOKENS.finditer(text):
        mark = token[0]
        if mark in _OPENING:
            depth += 1
            if depth == MOST_LEVELS + 1:
                parts += (text[kept : token.start()], json.dumps(LEFT_OUT))
        elif mark in {"]", "}"}:
            if depth == MOST_LEVELS + 1:
                kept = token.end()
            depth -= 1
    return "".join((*parts, text[kept:]))


def _integer(digits: str) -> int | str:
    # Python refuses to read thousands of digits.
    number = int(digits) if len(digits) <= len(str(2**64)) + 1 else None
    return number if number is not None and number in _INTEGERS else LEFT_OUT


def _without_halves(value: Any) -> Any:
    """The value, with `LEFT_OUT` for each text that has half a character (a lone surrogate)."""
    if isinstance(value, str):
        return value if _is_whole(value) else LEFT_OUT
    if isinstance(value, list):
        return [_without_halves(item) for item in value]
    if isinstance(value, dict):
        return {_without_halves(name): _without_halves(item) for name, item in value.items()}
    return value


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _none(_constant: str) -> None:
    """Prefect, too, stores NaN and Infinity as null."""


_PLAIN = json.JSONDecoder(parse_constant=_none)
_CAREFUL = json.JSONDecoder(parse_constant=_none, parse_int=_integer)
