"""All runs of a process are heard of, from one thread, for as long as they live and no longer."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from prefect.workers.base import BaseWorker

from deployments.in_process_worker.__main__ import heartbeats, make_worker
from deployments.in_process_worker.heartbeats import Heartbeats
from tasks.prefect_internals import Internal, PrefectMovedError

_PATIENCE = 20.0


def wait_for(what: Callable[[], bool]) -> None:
    until = time.monotonic() + _PATIENCE
    while not what():
        assert time.monotonic() < until
        time.sleep(0.005)


def test_each_run_beats_again_and_again_until_it_ends() -> None:
    beats: list[str] = []
    kept = Heartbeats(seconds=0.02, look_seconds=0.005)
    with kept.kept():
        with kept.alive(lambda: beats.append("a")):
            with kept.alive(lambda: beats.append("b")):
                wait_for(lambda: beats.count("a") > 2 and beats.count("b") > 2)
            ended = beats.count("b")
            so_far = beats.count("a")
            wait_for(lambda: beats.count("a") > so_far + 2)
        assert beats.count("b") <= ended + 1, "one may have been under way"
        over = len(beats)
        time.sleep(0.1)
    assert len(beats) <= over + 1


def test_a_run_is_heard_of_no_more_often_than_it_has_to_be() -> None:
    beats: list[float] = []
    kept = Heartbeats(seconds=30, look_seconds=0.001)
    with kept.kept(), kept.alive(lambda: beats.append(time.monotonic())):
        wait_for(lambda: bool(beats))
        time.sleep(0.1)
    assert len(beats) == 1


@pytest.mark.parametrize("error", [ConnectionError("away"), ValueError("of a later Prefect")])
def test_one_that_cannot_say_it_silences_no_other(error: Exception) -> None:
    beats: list[str] = []

    def fail() -> None:
        beats.append("fails")
        raise error

    kept = Heartbeats(seconds=0.01, look_seconds=0.005)
    with kept.kept(), kept.alive(fail), kept.alive(lambda: beats.append("lives")):
        wait_for(lambda: beats.count("fails") > 2 and beats.count("lives") > 2)


def test_a_run_that_ends_with_an_error_is_not_heard_of_any_more() -> None:
    beats: list[str] = []
    kept = Heartbeats(seconds=0.01, look_seconds=0.005)
    with kept.kept():
        with pytest.raises(ValueError, match="ended"), kept.alive(lambda: beats.append("")):
            raise ValueError("ended")
        time.sleep(0.05)
    assert not beats


def test_where_prefect_has_moved_it_the_worker_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def moved(*_: object) -> None:
        raise PrefectMovedError("Prefect has no heartbeats.")

    monkeypatch.setattr(Internal, "find", moved)
    with heartbeats():
        assert "Prefect has no heartbeats. The worker goes on" in caplog.text


def test_a_worker_imports_no_integrations_to_name_them(tmp_path: Path) -> None:
    worker = make_worker("webhooks", "test", 1, tmp_path)
    assert "_worker_metadata" in vars(BaseWorker), "Prefect does not ask for it any more"
    assert "_worker_metadata" in vars(type(worker))
    assert asyncio.run(worker._worker_metadata()) is None
