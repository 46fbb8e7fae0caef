"""Of many entries the bad ones are found, and all others are read, in their order."""

import math

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prefect.exceptions import ObjectNotFound

from tasks.errors import InvalidInputError
from tasks.recovery.halving import Span, halving
from tasks.recovery.survival import Survivors


def _read(count: int, bad: set[int], *, offset: int = 0) -> tuple[list[int], list[int], int]:
    """What could be read, what was found to be bad, and how many questions that took."""
    good: list[int] = []
    found: list[int] = []
    asked = 0
    spans = halving(offset, count)
    span: Span | None = next(spans)
    while span is not None:
        asked += 1
        places = range(span.offset, span.offset + span.count)
        readable = bad.isdisjoint(places)
        if readable:
            good += places
        elif span.count == 1:
            found += places
        try:
            span = spans.send(readable)
        except StopIteration:
            span = None
    return good, found, asked


@given(st.integers(1, 300), st.integers(0, 1000), st.data())
def test_the_good_are_read_and_the_bad_are_found(count: int, offset: int, data: st.DataObject) -> None:
    places = range(offset, offset + count)
    bad = data.draw(st.sets(st.sampled_from(places)))
    good, found, _ = _read(count, bad, offset=offset)
    assert good == [place for place in places if place not in bad]
    assert found == sorted(bad)


def test_without_a_bad_one_it_takes_one_question() -> None:
    assert _read(200, set()) == (list(range(200)), [], 1)


@pytest.mark.parametrize("bad", [0, 99, 199])
def test_one_bad_one_takes_few_questions(bad: int) -> None:
    assert _read(200, {bad})[2] <= 2 * math.ceil(math.log2(200)) + 1


@pytest.mark.parametrize(
    "error",
    [
        httpx.ReadTimeout("too slow"),
        ObjectNotFound(ValueError("gone")),
        InvalidInputError("It is odd."),
        ValueError("no document"),
        RecursionError("too deep"),
    ],
)
def test_what_is_wrong_with_one_is_said_and_the_others_have_their_turn(error: Exception) -> None:
    survivors, done = Survivors(), []
    for number in range(3):
        with survivors.each(f"The run {number}"):
            if number == 1:
                raise error
            done.append(number)
    assert done == [0, 2]
    [sentence] = survivors.left
    assert sentence.startswith("The run 1: ")


def test_what_is_a_mistake_of_ours_is_not_hidden() -> None:
    survivors = Survivors()
    with pytest.raises(TypeError), survivors.each("The run 1"):
        raise TypeError("never")
    assert survivors.left == []
