"""Frames and errors on their way, versions that do not fit, and where a host is looked for."""

import os
import socket
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tasks.errors
from blocks.settings import Settings, get_settings, reload_settings
from deployments.embedded import model_host as service_module
from deployments.processes.environment import Surroundings
from deployments.processes.service import ServiceError
from tasks.errors import ContrapontoError, EngineError, InvalidSettingError, TransientError
from tasks.inference import client
from tasks.inference.client import host_status, perform
from tasks.inference.kinds import KINDS, work_class
from tasks.inference.protocol import (
    MAX_FRAME,
    VERSION,
    Done,
    Perform,
    Progressed,
    WireError,
    body_length,
    frame,
)
from tasks.inference.sockets import Connection, chosen_socket, is_own
from tests.servers.model_host import RunningHost
from tests.unit.model_host.conftest import MakeTrial
from tests.waiting import wait_until

ERRORS = [
    kind
    for kind in vars(tasks.errors).values()
    if isinstance(kind, type) and issubclass(kind, ContrapontoError)
]


@given(st.lists(st.text(max_size=50), max_size=5), st.lists(st.integers(0, 400), max_size=10))
def test_frames_survive_being_cut_anywhere(
    tmp_path_factory: pytest.TempPathFactory, bodies: list[str], cuts: list[int]
) -> None:
    messages = [Done(body=body) for body in bodies]
    data = b"".join(frame(message) for message in messages)
    path = tmp_path_factory.mktemp("s") / "s"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        with Connection(path, seconds=5) as connection:
            other, _ = listener.accept()
            with other:
                places = sorted({0, *(min(cut, len(data)) for cut in cuts), len(data)})
                for start, end in pairwise(places):
                    other.sendall(data[start:end])
                received = [connection.receive(seconds=5) for _ in messages]
                assert connection.receive(seconds=0.001) is None
            with pytest.raises(ConnectionError):
                connection.receive(seconds=5)
    assert [Done.model_validate_json(body or b"") for body in received] == messages


@pytest.mark.parametrize("length", [0, MAX_FRAME + 1, 2**32 - 1])
def test_a_senseless_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="bytes"):
        body_length(length.to_bytes(4, "big"))


@pytest.mark.parametrize("kind", ERRORS)
def test_every_error_of_the_product_crosses(kind: type[ContrapontoError]) -> None:
    sent = WireError.of(kind("What and where.", hint="What to change."))
    rebuilt = WireError.model_validate_json(sent.model_dump_json()).rebuild()
    assert type(rebuilt) is kind
    assert (rebuilt.message, rebuilt.hint) == ("What and where.", "What to change.")
    assert (rebuilt.code, rebuilt.transient) == (kind.code, kind.transient)


def test_what_else_an_error_says_crosses_too() -> None:
    rebuilt = WireError.of(TransientError("Busy.", retry_after=7.5)).rebuild()
    assert isinstance(rebuilt, TransientError)
    assert rebuilt.retry_after == 7.5
    # One that only one side knows arrives as the nearest of those that both know.
    assert type(WireError.of(ServiceError("Down.")).rebuild()) is ContrapontoError
    assert type(WireError(name="ErrorOfTomorrow", message="New.").rebuild()) is EngineError


def test_a_host_of_another_version_is_not_used(
    host: RunningHost, trial: MakeTrial, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(client, "Perform", lambda **values: Perform(**values, version=VERSION + 1))
    assert perform(trial(), host=host.socket) == os.getpid()
    assert f"speaks version {VERSION}" in caplog.text
    monkeypatch.setattr(client, "Perform", lambda **values: Perform(**{**values, "kind": "divination"}))
    assert perform(trial(), host=host.socket) == os.getpid()
    assert "does not know the work 'divination'" in caplog.text


def test_a_host_in_another_container_is_not_used(
    host: RunningHost, trial: MakeTrial, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(client, "root_directory", lambda: "99:2")
    assert perform(trial(), host=host.socket) == os.getpid()
    assert "does not see the same files" in caplog.text


def test_nonsense_does_not_trouble_a_host(host: RunningHost) -> None:
    for data in (b"GET / HTTP/1.1\r\n\r\n", frame(Progressed(fraction=1)), b"\0\0\0\2{}", b"\0\0", b""):
        with Connection(host.socket, seconds=5) as connection:
            connection.send(data)
            connection.hang_up(seconds=10)
    assert host.status().pid == host.process.pid


def test_only_processes_of_this_user_are_spoken_with(
    host: RunningHost, trial: MakeTrial, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert is_own(ours)
        # The kernel's answer cannot be forged here, so the question is: this user becomes another one.
        monkeypatch.setattr("os.geteuid", lambda: 12_345)
        assert not is_own(ours)
    assert perform(trial(), host=host.socket) == os.getpid()


def test_where_a_job_looks_for_a_host(tmp_path: Path) -> None:
    assert chosen_socket("off", tmp_path) is None
    assert chosen_socket("auto", tmp_path) is None
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "model-host.sock").touch()
    assert chosen_socket("auto", tmp_path) == tmp_path / "run" / "model-host.sock"
    assert chosen_socket("off", tmp_path) is None
    assert chosen_socket("/else/where.sock", tmp_path) == Path("/else/where.sock")


def test_the_setting_takes_a_path_but_not_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTRAPONTO_MODEL_HOST", "yes")
    with pytest.raises(InvalidSettingError, match="must be auto, off, or the path"):
        reload_settings()
    monkeypatch.setenv("CONTRAPONTO_MODEL_HOST", "~/host.sock")
    assert reload_settings().model_host == str(Path("~/host.sock").expanduser())
    get_settings.cache_clear()


@pytest.mark.parametrize(("kind", "target"), KINDS.items())
def test_every_kind_is_where_it_is_said_to_be(kind: str, target: str) -> None:
    assert work_class(target).kind == kind


def test_the_service_serves_the_jobs_of_its_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONTRAPONTO_MODEL_HOST", "CONTRAPONTO_MODEL_HOST_MEMORY_MB"):
        monkeypatch.delenv(name, raising=False)
    surroundings = Surroundings(tmp_path)
    settings = Settings(home=tmp_path)
    service = service_module.service(surroundings, settings)
    assert service_module.wanted(settings)
    assert not service.is_ready(1)
    process = subprocess.Popen(
        service.command,
        env=dict(service.environment),
        cwd=service.directory,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: service.is_ready(process.pid))
        path = chosen_socket(settings.model_host, settings.home)
        assert path is not None
        status = host_status(path)
        assert status is not None
        assert status.fingerprint in service.revision, "so that `up` can tell a host of other code"
    finally:
        process.terminate()
        assert process.wait(20) == 0
    assert chosen_socket(settings.model_host, settings.home) is None


def test_a_host_ends_with_its_supervisor(tmp_path: Path) -> None:
    path = tmp_path / "host.sock"
    starter = (
        "import subprocess, sys; subprocess.Popen([sys.executable, '-m', 'deployments.model_host']); input()"
    )
    supervisor = subprocess.Popen(
        [sys.executable, "-c", starter],
        cwd=Path(__file__).parents[3],
        env={**os.environ, "CONTRAPONTO_MODEL_HOST": str(path), "SUPERVISOR_ENABLED": "1"},
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert supervisor.stdin is not None
    with supervisor.stdin:
        wait_until(lambda: host_status(path) is not None)
        supervisor.kill()
        supervisor.wait()
        wait_until(lambda: not path.exists())
