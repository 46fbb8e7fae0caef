from collections.abc import Mapping

import pytest

from tasks.inference.devices import cuda_problem
from tasks.inference.gpus import Answer, Ask, ask, usable_gpus


def machine(*problems: str | None) -> Ask:
    """A machine with so many GPUs, each with its problem or none."""

    def answer(environment: Mapping[str, str]) -> Answer:
        wanted = environment.get("CUDA_VISIBLE_DEVICES")
        seen = range(len(problems)) if wanted is None else [int(number) for number in wanted.split(",")]
        return Answer(count=len(seen), problem=problems[seen[0]] if seen else "no NVIDIA GPU was found")

    return answer


def test_each_gpu_that_computes_is_named_alone() -> None:
    assert usable_gpus({}, ask=machine(None, None)) == ("0", "1")
    assert usable_gpus({}, ask=machine()) == ()


def test_a_gpu_that_does_not_answer_is_left_out_and_said_so(caplog: pytest.LogCaptureFixture) -> None:
    assert usable_gpus({}, ask=machine("the GPU returned wrong numbers", None)) == ("1",)
    assert "The GPU 0 is not used: the GPU returned wrong numbers." in caplog.text


def test_only_what_is_visible_counts_and_keeps_its_name() -> None:
    assert usable_gpus({"CUDA_VISIBLE_DEVICES": "2,3"}, ask=machine(None, None, None, None)) == ("2", "3")


def test_this_machine_is_really_asked() -> None:
    found = usable_gpus()
    assert bool(found) == (cuda_problem() is None)


def test_a_process_that_fails_is_no_gpu() -> None:
    answer = ask({"PATH": "", "PYTHONPATH": "/nonexistent", "PYTHONHOME": "/nonexistent"})
    assert answer.count == 0
    assert answer.problem is not None
    assert "trying it failed" in answer.problem
