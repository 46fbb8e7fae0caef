"""What runs get from a model host: results, progress, errors; and what they do when it is not there."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from deployments.model_host.models import Limits
from tasks.audio.normalise import NormalisationOptions
from tasks.audio.work import Normalisation
from tasks.errors import (
    CancelledError,
    EngineError,
    MissingEngineError,
    NoAudioError,
    StageTimeoutError,
    TransientError,
)
from tasks.inference import client
from tasks.inference.client import WorkFaultError, host_status, perform
from tasks.inference.protocol import ModelStatus
from tasks.speech.work import Recognition
from tests.servers.model_host import RunningHost, model_host, start_host
from tests.unit.model_host.conftest import MakeTrial
from tests.waiting import wait_until


def loaded(host: RunningHost, model: str) -> ModelStatus | None:
    return next((entry for entry in host.status().models if entry.model == model), None)


@pytest.mark.models
def test_a_transcript_is_the_same_with_and_without_a_host(
    host: RunningHost, recognition: Callable[..., Recognition]
) -> None:
    work = recognition()
    served = host.status().served
    there = perform(work, host=host.socket)
    assert host.status().served == served + 1
    here = perform(work, host=None)
    assert there == here
    assert "boats came home" in there.text
    assert loaded(host, work.model) is not None


@pytest.mark.models
def test_normalised_sound_is_the_same_with_and_without_a_host(
    host: RunningHost, noisy_talk: Path, models_dir: Path, tmp_path: Path
) -> None:
    results = []
    for name, socket in (("there", host.socket), ("here", None)):
        work = Normalisation(
            source=noisy_talk,
            target=tmp_path / f"{name}.flac",
            options=NormalisationOptions(remove_noise=True, isolate_vocals=True),
            models_dir=models_dir,
            threads=2,
            deadline=120,
        )
        report = perform(work, host=socket)
        assert {f.name for f in report.filters if f.status == "applied"} >= {"remove_noise", "isolate_vocals"}
        results.append((work.target.read_bytes(), report.source, report.result))
    assert results[0] == results[1]


def test_progress_streams(host: RunningHost, trial: MakeTrial) -> None:
    seen: list[float] = []
    perform(trial(does="steps"), seen.append, host=host.socket)
    assert {0.25, 0.5, 0.75} <= set(seen)
    assert seen == sorted(seen)


def test_the_model_stays_loaded_between_runs(host: RunningHost, trial: MakeTrial) -> None:
    first, second = (perform(trial(), host=host.socket) for _ in range(2))
    assert first == second != os.getpid()
    # A run that was given another GPU gets the model there, in another process.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CUDA_VISIBLE_DEVICES", "3")
        assert perform(trial(), host=host.socket) != first


def test_errors_of_the_work_come_through(host: RunningHost, trial: MakeTrial) -> None:
    with pytest.raises(NoAudioError) as caught:
        perform(trial(does="raise"), host=host.socket)
    assert (caught.value.message, caught.value.hint) == ("There is no sound in it.", "Give another.")
    with pytest.raises(WorkFaultError, match=r"(?s)Traceback.*KeyError: 'nobody expected this'"):
        perform(trial(does="fault"), host=host.socket)
    with pytest.raises(StageTimeoutError, match="time limit"):
        perform(trial("slow", does="hang", deadline=0.1), host=host.socket)
    perform(trial("slow"), host=host.socket)


def test_cancelled_work_is_aborted_and_the_model_stays(host: RunningHost, trial: MakeTrial) -> None:
    process = perform(trial(), host=host.socket)

    def progress(fraction: float) -> None:
        if fraction > 0:
            raise CancelledError("The job was cancelled.")

    work = trial(does="wait")
    with pytest.raises(CancelledError):
        perform(work, progress, host=host.socket)
    assert (work.folder / "aborted").exists(), "the work had let go before the error went on"
    assert perform(trial(), host=host.socket) == process


def test_the_death_of_a_run_aborts_its_work(host: RunningHost, trial: MakeTrial) -> None:
    process = perform(trial(), host=host.socket)
    work = trial(does="wait")
    run = os.fork()
    if run == 0:
        try:
            perform(work, host=host.socket)
        finally:
            os._exit(0)
    wait_until(lambda: (found := loaded(host, work.model)) and found.busy)
    os.kill(run, signal.SIGKILL)
    os.waitpid(run, 0)
    wait_until((work.folder / "aborted").exists)
    assert perform(trial(), host=host.socket) == process


def test_work_that_does_not_stop_is_ended(host: RunningHost, trial: MakeTrial) -> None:
    work = trial(does="hang")

    def progress(_: float) -> None:
        if (work.folder / "begun").exists():
            raise CancelledError("The job was cancelled.")

    with pytest.raises(CancelledError):
        perform(work, progress, host=host.socket)
    ended = int((work.folder / "begun").read_text())
    assert not psutil.pid_exists(ended)
    assert perform(trial(), host=host.socket) != ended


def test_a_full_queue_is_a_passing_error(
    host: RunningHost, trial: MakeTrial, background: ThreadPoolExecutor
) -> None:
    work = trial(does="wait")
    refused = host.status().refused
    runs = [background.submit(perform, work, host=host.socket) for _ in range(2)]
    wait_until(lambda: (found := loaded(host, work.model)) and found.waiting == 1)
    with pytest.raises(TransientError, match="busy") as caught:
        perform(work, host=host.socket)
    assert caught.value.transient
    (work.folder / "go").touch()
    assert len({run.result(60) for run in runs}) == 1
    assert host.status().refused == refused + 1


def test_a_model_in_demand_is_loaded_again_where_processors_idle(
    tmp_path: Path, trial: MakeTrial, background: ThreadPoolExecutor
) -> None:
    work = trial(does="wait", threads=2)
    with model_host(tmp_path / "host.sock", Limits(cpus=4)) as host:
        runs = [background.submit(perform, work, host=host.socket) for _ in range(3)]
        wait_until(lambda: sum(entry.busy for entry in host.status().models) == 2)
        wait_until(lambda: host.status().waiting == 1)
        (work.folder / "go").touch()
        assert len({run.result(60) for run in runs}) == 2
        perform(work, host=host.socket)
        assert len(host.status().models) == 2


@pytest.mark.models
def test_a_model_that_is_killed_is_asked_again(
    host: RunningHost, recognition: Callable[..., Recognition]
) -> None:
    work = recognition()
    expected = perform(work, host=host.socket)
    crashes = host.status().crashes
    victims: list[int] = []

    def progress(_: float) -> None:
        found = loaded(host, work.model)
        if not victims and found is not None and found.busy:
            victims.append(found.pid)
            os.kill(found.pid, signal.SIGKILL)

    assert perform(work, progress, host=host.socket) == expected
    assert host.status().crashes == crashes + len(victims) == crashes + 1


def test_poisoned_work_ends_in_an_error_and_harms_nobody_else(host: RunningHost, trial: MakeTrial) -> None:
    other = perform(trial("other"), host=host.socket)
    crashes = host.status().crashes
    with pytest.raises(EngineError, match=r"ended by SIGABRT, twice"):
        perform(trial(does="die"), host=host.socket)
    assert host.status().crashes == crashes + 2
    assert perform(trial(), host=host.socket) != os.getpid()
    assert perform(trial("other"), host=host.socket) == other


@pytest.mark.models
def test_a_damaged_model_is_an_error_with_a_hint(
    host: RunningHost, recognition: Callable[..., Recognition], models_dir: Path, tmp_path: Path
) -> None:
    damaged = tmp_path / "whisper-damaged"
    shutil.copytree(models_dir / "whisper-tiny.en", damaged)
    weights = damaged / "model.bin"
    weights.write_bytes(weights.read_bytes()[: 1 << 20])
    with pytest.raises((EngineError, MissingEngineError), match="make models"):
        perform(recognition(damaged), host=host.socket)
    assert "boats" in perform(recognition(), host=host.socket).text


def test_a_run_goes_on_alone_when_the_host_dies(
    tmp_path: Path, trial: MakeTrial, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(client, "_RETURN_SECONDS", 0.3)
    host = start_host(tmp_path / "host.sock")
    work = trial(does="wait once")

    def progress(_: float) -> None:
        if (work.folder / "begun").exists() and host.process.poll() is None:
            host.kill()

    assert perform(work, progress, host=host.socket) == os.getpid()
    assert "loading the model here" in caplog.text
    orphan = int((work.folder / "begun").read_text())
    assert orphan == os.getpid()
    assert perform(trial(), host=host.socket) == os.getpid(), "and so do those that find nobody"


def test_a_host_that_is_stuck_is_left(
    tmp_path: Path, trial: MakeTrial, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(client, "_RETURN_SECONDS", 0.3)
    monkeypatch.setattr(client, "_SILENCE_SECONDS", 2.5)
    with model_host(tmp_path / "host.sock") as host:
        work = trial(does="wait once")

        def progress(_: float) -> None:
            if (work.folder / "begun").exists():
                host.process.send_signal(signal.SIGSTOP)

        try:
            assert perform(work, progress, host=host.socket) == os.getpid()
        finally:
            host.process.send_signal(signal.SIGCONT)
        assert "silent" in caplog.text
        wait_until((work.folder / "aborted").exists)


def test_a_host_that_comes_back_is_asked_again(tmp_path: Path, trial: MakeTrial) -> None:
    hosts = [start_host(tmp_path / "host.sock")]
    work = trial(does="wait once")

    def progress(_: float) -> None:
        if len(hosts) == 1 and (work.folder / "begun").exists():
            models = psutil.Process(hosts[0].process.pid).children()
            hosts[0].kill()
            left = psutil.wait_procs(models, timeout=10)[1]
            assert not left, "models outlive their host"
            hosts.append(start_host(hosts[0].socket))

    try:
        process = perform(work, progress, host=hosts[0].socket)
        assert process in [model.pid for model in hosts[1].status().models]
    finally:
        for host in hosts:
            host.kill()


def test_one_host_a_socket_and_only_for_this_user(tmp_path: Path, trial: MakeTrial) -> None:
    # Longer than the kernel takes for a socket's path.
    socket = tmp_path / ("deep" * 20) / ("deeper" * 10) / "host.sock"
    with model_host(socket, Limits(memory_mb=500)) as host:
        assert socket.stat().st_mode & 0o777 == 0o600
        assert host.status().budget_mb == 500
        assert perform(trial(), host=socket) != os.getpid()
        second = subprocess.run(
            [sys.executable, "-m", "deployments.model_host"],
            env={**os.environ, "CONTRAPONTO_MODEL_HOST": str(socket)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert second.returncode == 1
        assert "runs already" in second.stderr
        assert host.status().pid == host.process.pid
    assert not socket.exists()
    assert host_status(socket) is None
