"""What a document can echo of what its caller sent, and what it cannot."""

from typing import Any

import pytest

from tasks.jobs.document import JobDocument
from tasks.jobs.status import JobStatus
from tasks.jobs.unreadable import LEFT_OUT, MOST_LEVELS, is_nested_deeper


def nested(levels: int, *, in_lists: bool = False) -> Any:
    value: Any = "x"
    for _ in range(levels):
        value = [value, 1] if in_lists else {"a": value, "b": 1}
    return value


@pytest.mark.parametrize("in_lists", [False, True])
@pytest.mark.parametrize(("levels", "too_deep"), [(0, False), (5, False), (6, True), (5000, True)])
def test_levels_are_counted(levels: int, in_lists: bool, too_deep: bool) -> None:
    assert is_nested_deeper(nested(levels, in_lists=in_lists), 5) is too_deep


def test_what_can_be_an_echo_is_one() -> None:
    sent = {"metadata": nested(MOST_LEVELS), "id_roteiro": "r-1"}
    document = JobDocument.first("1", "work", JobStatus.QUEUED, sent)
    assert (document.metadata, document.id_roteiro) == (sent["metadata"], "r-1")


@pytest.mark.parametrize(
    "metadata", [nested(MOST_LEVELS + 1), ["no", "object"], "text", {"a": object()}, {"a": [LEFT_OUT]}]
)
def test_what_cannot_be_an_echo_is_left_out_and_the_rest_is_not(metadata: Any) -> None:
    document = JobDocument.first("1", "work", JobStatus.QUEUED, {"metadata": metadata, "id_roteiro": "r-1"})
    assert (document.metadata, document.id_roteiro) == (None, "r-1")
