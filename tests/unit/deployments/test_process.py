import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from deployments.services.process import (
    KEPT_LOGS,
    STACK_VARIABLE,
    Service,
    ServiceError,
    ServiceFolder,
    ServiceRecord,
    end_processes_of,
    processes_of,
    rotate,
    start_mark,
)

READY = "import pathlib; pathlib.Path('ready').touch()"
SLEEP = f"{READY}; import time; time.sleep(600)"
STUBBORN = f"""
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
{READY}
time.sleep(600)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[ServiceFolder]:
    folder = ServiceFolder(tmp_path)
    yield folder
    end_processes_of(tmp_path, seconds=1)
    for child in folder._children:
        child.wait(20)


def _service(home: Path, code: str, *, seconds: float = 30) -> Service:
    return Service(
        name="helper",
        command=(sys.executable, "-c", code),
        environment={**os.environ, STACK_VARIABLE: str(home), "PYTHONUNBUFFERED": "1"},
        directory=home,
        is_ready=lambda _pid: (home / "ready").exists(),
        start_seconds=seconds,
    )


def test_a_service_ends_on_sigint_also_when_its_starter_ignores_it(
    folder: ServiceFolder, tmp_path: Path
) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        service = _service(tmp_path, SLEEP)
        record = folder.start(service)
        folder.wait_until_ready(service, record)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
    os.kill(record.pid, signal.SIGINT)
    assert _gone(record.pid)


def _gone(pid: int) -> bool:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if start_mark(pid) is None:
            return True
        time.sleep(0.05)
    return False


def test_a_service_outlives_its_starter_and_is_found_by_its_record(
    folder: ServiceFolder, tmp_path: Path
) -> None:
    service = _service(tmp_path, SLEEP)
    record = folder.start(service)
    folder.wait_until_ready(service, record)
    found = ServiceFolder(tmp_path).running("helper")
    assert found == record
    assert os.getsid(record.pid) == record.pid != os.getsid(0)


def test_stop_ends_the_process_and_removes_the_record(folder: ServiceFolder, tmp_path: Path) -> None:
    record = folder.start(_service(tmp_path, SLEEP))
    assert folder.stop("helper", stop_signal=signal.SIGTERM, stop_seconds=20)
    assert _gone(record.pid)
    assert folder.recorded("helper") is None
    assert not folder.stop("helper", stop_signal=signal.SIGTERM, stop_seconds=20)


def test_one_that_ignores_the_signal_is_killed_with_its_children(
    folder: ServiceFolder, tmp_path: Path
) -> None:
    service = _service(tmp_path, STUBBORN)
    record = folder.start(service)
    folder.wait_until_ready(service, record)
    (child,) = psutil.Process(record.pid).children()
    folder.stop("helper", stop_signal=signal.SIGTERM, stop_seconds=0.2)
    assert _gone(record.pid)
    assert _gone(child.pid)


def test_a_pid_that_belongs_to_somebody_else_is_left_alone(folder: ServiceFolder, tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as bystander:
        try:
            record = ServiceRecord(
                name="helper",
                pid=bystander.pid,
                start_mark="an earlier boot:1",
                command=(),
                log=tmp_path / "log",
            )
            folder.records.mkdir()
            (folder.records / "helper.json").write_text(record.model_dump_json())
            assert folder.running("helper") is None
            assert not folder.stop("helper", stop_signal=signal.SIGKILL, stop_seconds=1)
            assert bystander.poll() is None
        finally:
            bystander.kill()


def test_one_that_ends_while_starting_shows_the_end_of_its_log(folder: ServiceFolder, tmp_path: Path) -> None:
    service = _service(tmp_path, "import sys; sys.exit('the port is taken')")
    with pytest.raises(ServiceError, match="'helper' ended while starting") as caught:
        folder.wait_until_ready(service, folder.start(service))
    assert "the port is taken" in caught.value.hint


def test_one_that_never_answers_is_given_up(folder: ServiceFolder, tmp_path: Path) -> None:
    service = _service(tmp_path, "import time; time.sleep(600)", seconds=0.3)
    with pytest.raises(ServiceError, match="did not answer"):
        folder.wait_until_ready(service, folder.start(service))


def test_orphans_of_a_stack_are_found_by_their_environment(folder: ServiceFolder, tmp_path: Path) -> None:
    code = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {STUBBORN!r}])"
    record = folder.start(_service(tmp_path, code))
    assert _gone(record.pid)
    assert processes_of(tmp_path)
    end_processes_of(tmp_path, seconds=0.2)
    assert processes_of(tmp_path) == []


def test_a_record_that_was_cut_counts_as_none(folder: ServiceFolder) -> None:
    folder.records.mkdir()
    (folder.records / "helper.json").write_text('{"name": "hel')
    assert folder.running("helper") is None


def test_logs_rotate_and_the_oldest_goes(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    for number in range(KEPT_LOGS + 3):
        rotate(log)
        log.write_text(str(number))
    kept = sorted(path.name for path in tmp_path.iterdir())
    assert kept == ["x.log", *(f"x.log.{number}" for number in range(1, KEPT_LOGS + 1))]
    assert log.read_text() == str(KEPT_LOGS + 2)
    assert (tmp_path / "x.log.1").read_text() == str(KEPT_LOGS + 1)
