"""What the work of a step is known by, and which of its errors are worth another try."""

from typing import Any, cast

import pytest
from prefect import State
from prefect.client.schemas.objects import TaskRun
from prefect.states import Failed

from tasks import errors
from tasks.errors import ContrapontoError, InvalidInputError, TransientError
from tasks.jobs import step
from tasks.jobs.requests import StepRequest
from tasks.jobs.retries import LONGEST_ASKED, is_transient


class Cut(StepRequest):
    source: str
    seconds: float = 1.0


class Join(StepRequest):
    source: str
    seconds: float = 1.0


class NewCut(Cut):
    version = 2


NewCut.__qualname__ = "Cut"


def test_equal_requests_share_a_key() -> None:
    assert (
        Cut(store="local", source="a").cache_key() == Cut(store="local", source="a", seconds=1.0).cache_key()
    )


def test_everything_that_decides_the_result_is_in_the_key() -> None:
    keys = [
        Cut(store="local", source="a").cache_key(),
        Cut(store="local", source="b").cache_key(),
        Cut(store="local", source="a", seconds=2).cache_key(),
        Cut(store="s3://bucket", source="a").cache_key(),
        Join(store="local", source="a").cache_key(),
        NewCut(store="local", source="a").cache_key(),
    ]
    assert len(set(keys)) == len(keys)


def test_a_key_can_name_a_file() -> None:
    key = Cut(store="local", source="../ç/\n").cache_key()
    assert key is not None
    assert key.isalnum()
    assert key.isascii()


@pytest.mark.parametrize("error", [TransientError("x"), ConnectionResetError(), TimeoutError()])
def test_what_passes_is_tried_again(error: BaseException) -> None:
    assert is_transient(error)


PERMANENT = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, ContrapontoError) and not issubclass(kind, TransientError)
]


@pytest.mark.parametrize("kind", PERMANENT)
def test_the_products_other_errors_are_final(kind: type[ContrapontoError]) -> None:
    assert not is_transient(kind("x"))


@pytest.mark.parametrize("error", [ValueError(), PermissionError(), KeyError(), MemoryError()])
def test_faults_in_the_code_are_final(error: BaseException) -> None:
    assert not is_transient(error)


@pytest.mark.parametrize(
    ("error", "again", "waited"),
    [
        (TransientError("x"), True, [0.0]),
        (TransientError("x", retry_after=7), True, [7]),
        (TransientError("x", retry_after=LONGEST_ASKED), True, [LONGEST_ASKED]),
        (TransientError("x", retry_after=LONGEST_ASKED + 1), False, []),
        (ConnectionResetError(), True, [0.0]),
        (InvalidInputError("x"), False, []),
    ],
)
async def test_a_step_is_tried_again_when_the_other_side_asks_for_it(
    error: Exception, again: bool, waited: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr("tasks.jobs.step.asyncio.sleep", sleep)
    failed: State[Any] = Failed(data=error)
    assert await step._worth_another_try(None, cast(TaskRun, None), failed) is again
    assert slept == waited
