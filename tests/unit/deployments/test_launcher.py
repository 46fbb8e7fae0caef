"""The launcher with real processes and no server: a module run through it behaves as under `python -m`."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

from deployments.launcher import LAUNCH, SERVICE
from deployments.launcher.taken import TOUCH_SECONDS, lost
from deployments.processes.environment import PROJECT
from tests.waiting import wait_until

pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.skipif(sys.platform != "linux", reason="runs are forked on Linux only"),
]

PREFECT_YAML = """
deployments:
  - {name: probe, entrypoint: "pipeline/flow.py:probe"}
"""
SETTING = "import os\nVALUE = os.environ.get('PROBED')\n"
PROBE = """
import json, os, random, signal, sys, threading, time
from pipeline import setting
import prefect, numpy
print(json.dumps({
    "arguments": sys.argv[1:], "directory": os.getcwd(), "probed": os.environ.get("PROBED"), "read": setting.VALUE,
    "input": sys.stdin.readline(), "path": sys.path[0], "name": __name__, "umask": os.umask(0),
    "random": [random.random(), float(numpy.random.random())], "code": setting.__dict__.get("CODE"),
    "threads": len(os.listdir("/proc/self/task")), "level": prefect.settings.get_current_settings().logging.level,
    "api": prefect.settings.get_current_settings().api.url, "parent": os.getppid(), "pid": os.getpid(),
    "descriptors": sorted(os.readlink(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd")
                          if os.path.exists(f"/proc/self/fd/{n}")),
    "ignored": signal.getsignal(signal.SIGHUP) == signal.SIG_IGN,
}))
print("on standard error", file=sys.stderr)
"""
ENDS = """
import os, signal, subprocess, sys, time
how = sys.argv[1]
if how == "exit": sys.exit(7)
if how == "raise": raise RuntimeError("as it should")
if how == "kill": os.kill(os.getpid(), signal.SIGKILL)
if how == "segv": os.kill(os.getpid(), signal.SIGSEGV)
if how == "graceful":
    def end(number, frame):
        print("asked to end", flush=True)
        sys.exit(3)
    signal.signal(signal.SIGTERM, end)
if how.startswith("thread"):
    import threading
    print(os.getpid(), flush=True)
    threading.Thread(target=time.sleep, args=(600,)).start()
    try:
        if how == "thread, told to end":
            from prefect.exceptions import TerminationSignal
            raise TerminationSignal(signal.SIGTERM)
    finally:
        sys.exit(0)
if how == "short":
    print(os.getpid(), flush=True)
    time.sleep(2)
    sys.exit(0)
if how == "family":
    subprocess.Popen(["sleep", "600"])
print(os.getpid(), flush=True)
time.sleep(600)
"""


class Service:
    """A service whose worker is a sleeping program, in a small project of its own."""

    def __init__(self, directory: Path, *arguments: str) -> None:
        self.directory = directory
        self.socket = directory / "s"
        self.log = directory / "log"
        (directory / "pipeline").mkdir()
        (directory / "prefect.yaml").write_text(PREFECT_YAML)
        (directory / "pipeline" / "__init__.py").touch()
        (directory / "pipeline" / "setting.py").write_text(SETTING)
        (directory / "pipeline" / "flow.py").write_text(
            "import numpy, prefect\nfrom pipeline import setting\n"
        )
        (directory / "probe.py").write_text(PROBE)
        (directory / "ends.py").write_text(ENDS)
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
        self.environment = inherited | {
            "PYTHONPATH": str(PROJECT),
            "PREFECT_HOME": str(directory / "prefect"),
            "DO_NOT_TRACK": "1",
        }
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-I", "-S", "-E", str(SERVICE), "--socket", str(self.socket)),
                    *(f"--zygote={argument}" for argument in arguments),
                    *("--", "sleep", "600"),
                ],
                cwd=directory,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.marks = self.socket.with_name("taken")
        self.environment["CONTRAPONTO_LAUNCHER"] = str(LAUNCH)
        self.environment["CONTRAPONTO_LAUNCHER_SOCKET"] = str(self.socket)
        self.wait_for_log("ready")

    def wait_for_log(self, text: str, times: int = 1) -> None:
        wait_until(lambda: self.log.read_text().count(text) >= times, f"{text} in {self.log}")

    def launch(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        return self._start([sys.executable, "-I", "-S", "-E", str(LAUNCH), *arguments], environment)

    def plain(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        return self._start([sys.executable, "-m", *arguments], environment)

    def _start(self, command: list[str], environment: dict[str, str]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command,
            cwd=self.directory,
            env=self.environment | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            umask=0o027,
        )

    @property
    def zygote(self) -> psutil.Process:
        children = psutil.Process(self.process.pid).children()
        return next(child for child in children if "deployments.launcher.zygote" in child.cmdline())

    def stop(self) -> None:
        self.process.kill()
        self.process.wait(20)


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    service = Service(tmp_path_factory.mktemp("p"))
    yield service
    service.stop()


def probe(run: subprocess.Popen[str]) -> tuple[dict[str, object], str]:
    output, errors = run.communicate("a line\n", timeout=60)
    assert run.returncode == 0, errors
    found: dict[str, object] = json.loads(output)
    return found, errors


def ended(run: subprocess.Popen[str]) -> tuple[int, str, str]:
    output, errors = run.communicate(timeout=60)
    return run.returncode, output, errors


def test_a_forked_run_sees_what_a_fresh_interpreter_sees(service: Service) -> None:
    changes = {
        "PROBED": "here",
        "PREFECT_LOGGING_LEVEL": "ERROR",
        "PREFECT_API_URL": "http://127.0.0.1:9/api",
    }
    warm, warm_errors = probe(service.launch("probe", "one", "two words", **changes))
    cold, cold_errors = probe(service.plain("probe", "one", "two words", **changes))
    assert warm_errors == cold_errors == "on standard error\n"
    assert warm["parent"] != cold["parent"]
    for different in ("random", "pid", "parent", "descriptors", "threads"):
        warm.pop(different)
        cold.pop(different)
    assert warm == cold
    assert warm["read"] == "here"


def test_nothing_of_one_run_is_left_for_the_next(service: Service) -> None:
    first, _ = probe(service.launch("probe", PROBED="mine", PREFECT_LOGGING_LEVEL="ERROR"))
    second, _ = probe(service.launch("probe"))
    assert (first["probed"], first["read"], first["level"]) == ("mine", "mine", "ERROR")
    assert (second["probed"], second["read"], second["level"]) == (None, None, "INFO")
    assert first["random"] != second["random"]
    assert second["threads"] == 1
    descriptors = second["descriptors"]
    assert isinstance(descriptors, list)
    assert all(name.startswith("pipe:") for name in descriptors if "/fd" not in name), descriptors


@pytest.mark.parametrize("how", ["exit", "raise", "kill", "segv"])
def test_a_run_ends_as_under_a_fresh_interpreter(service: Service, how: str) -> None:
    warm, cold = ended(service.launch("ends", how)), ended(service.plain("ends", how))
    assert warm[0] == cold[0]
    assert warm[2].splitlines()[-1:] == cold[2].splitlines()[-1:]


def test_sigterm_reaches_the_run_and_its_exit_status_comes_back(service: Service) -> None:
    run = service.launch("ends", "graceful")
    assert run.stdout is not None
    pid = int(run.stdout.readline())
    run.terminate()
    assert ended(run)[:2] == (3, "asked to end\n")
    assert gone(pid)


@pytest.mark.parametrize("victim", ["launcher", "monitor", "run"])
def test_whatever_part_is_killed_the_run_and_its_children_end(service: Service, victim: str) -> None:
    run = service.launch("ends", "family")
    assert run.stdout is not None
    forked = psutil.Process(int(run.stdout.readline()))
    monitor = forked.parent()
    assert monitor is not None
    family = [forked, *forked.children()]
    assert len(family) == 2
    assert forked.name().startswith("run-")
    {"launcher": run.kill, "monitor": monitor.kill, "run": forked.kill}[victim]()
    assert ended(run)[0] == -signal.SIGKILL
    wait_until(lambda: all(gone(member.pid) for member in family), "the end of the run and its children")
    probe(service.launch("probe"))


def test_a_run_that_was_stopped_is_killed_before_the_server_starts_it_again(service: Service) -> None:
    run = service.launch("ends", "family")
    assert run.stdout is not None
    forked = psutil.Process(int(run.stdout.readline()))
    family = [forked, *forked.children()]
    begin = time.monotonic()
    forked.suspend()
    assert ended(run)[0] == -signal.SIGKILL
    assert TOUCH_SECONDS < time.monotonic() - begin < 60
    wait_until(lambda: all(gone(member.pid) for member in family), "the end of the run and its children")


@pytest.mark.parametrize(("killed", "left"), [("run", 0), ("launcher", 1), ("monitor", 1)])
def test_a_run_of_which_the_worker_was_not_told_the_end_stays_marked(
    service: Service, killed: str, left: int
) -> None:
    run_id = str(uuid4())
    run = service.launch("ends", "family", PREFECT__FLOW_RUN_ID=run_id)
    assert run.stdout is not None
    forked = psutil.Process(int(run.stdout.readline()))
    monitor = forked.parent()
    assert monitor is not None
    assert len(list(service.marks.glob(f"{run_id}.*"))) == 1
    assert not [found for found in lost(service.marks) if str(found.run_id) == run_id]
    {"launcher": run.kill, "monitor": monitor.kill, "run": forked.kill}[killed]()
    ended(run)
    wait_until(lambda: gone(monitor.pid), "the end of the monitor")
    found = [found.path for found in lost(service.marks) if str(found.run_id) == run_id]
    assert len(found) == left
    for path in found:
        path.unlink()
    assert not list(service.marks.glob(f"{run_id}.*"))


@pytest.mark.parametrize(("how", "left"), [("killed", 1), ("by itself", 0)])
def test_a_run_that_outlives_its_worker_stays_marked_if_it_fails(
    service: Service, how: str, left: int
) -> None:
    run_id, graceful = str(uuid4()), how == "by itself"
    worker = subprocess.Popen(
        ["sh", "-c", f"{sys.executable} -I -S -E {LAUNCH} ends {'short' if graceful else 'family'} & wait"],
        cwd=service.directory,
        env=service.environment | {"PREFECT__FLOW_RUN_ID": run_id},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert worker.stdout is not None
    forked = psutil.Process(int(worker.stdout.readline()))
    monitor = forked.parent()
    assert monitor is not None
    worker.kill()
    worker.wait(20)
    assert forked.is_running()
    if not graceful:
        forked.kill()
    wait_until(lambda: gone(monitor.pid), "the end of the monitor")
    found = [found.path for found in lost(service.marks) if str(found.run_id) == run_id]
    assert len(found) == left == len(list(service.marks.glob(f"{run_id}.*")))
    for path in found:
        path.unlink()
    worker.stdout.close()


def test_runs_survive_the_zygote_and_the_next_ones_are_served(service: Service) -> None:
    running = service.launch("ends", "graceful")
    assert running.stdout is not None
    running.stdout.readline()
    before = service.zygote
    before.kill()
    _, errors = probe(service.launch("probe"))
    assert errors in ("on standard error\n",) or "fresh interpreter" in errors
    wait_until(lambda: service.zygote.pid != before.pid, "a new zygote")
    running.terminate()
    assert ended(running)[0] == 3


def test_without_an_answer_a_run_starts_in_a_fresh_interpreter_and_says_so(service: Service) -> None:
    zygote = service.zygote
    zygote.suspend()
    try:
        found, errors = probe(service.launch("probe", PROBED="late"))
    finally:
        zygote.resume()
    assert found["read"] == "late"
    assert "it has not answered within 3 s" in errors
    _, errors = probe(service.launch("probe", CONTRAPONTO_LAUNCHER_SOCKET=str(service.directory / "none")))
    assert "No such file or directory" in errors
    _, errors = probe(service.launch("probe", PYTHONHASHSEED="0"))
    assert "PYTHONHASHSEED cannot change in a running interpreter" in errors


def test_changed_code_is_noticed(service: Service) -> None:
    (service.directory / "pipeline" / "setting.py").write_text(f"{SETTING}CODE = 'new'\n")
    found, _ = probe(service.launch("probe"))
    assert found["code"] == "new"
    service.wait_for_log("setting.py has changed")
    wait_until(lambda: probe(service.launch("probe"))[1] == "on standard error\n", "served again")


def test_a_worn_zygote_is_restarted_in_place(tmp_path: Path) -> None:
    service = Service(tmp_path, "--runs=1")
    try:
        pid = service.zygote.pid
        probe(service.launch("probe"))
        service.wait_for_log("it has started 1 runs")
        service.wait_for_log("ready", times=2)
        assert service.zygote.pid == pid
    finally:
        service.stop()
    wait_until(lambda: gone(pid), "its end with the service, also after it has been restarted")


@pytest.mark.parametrize(
    ("how", "seconds"),
    [("thread", 1), ("thread, told to end", 600)],
    ids=["after its time", "told to end, sooner"],
)
def test_a_run_whose_threads_never_end_ends_all_the_same(tmp_path: Path, how: str, seconds: int) -> None:
    service = Service(tmp_path, f"--end-seconds={seconds}")
    try:
        code, printed, _ = ended(service.launch("ends", how))
        assert code == 1
        assert gone(int(printed))
    finally:
        service.stop()


def test_a_zygote_with_threads_does_not_fork(tmp_path: Path) -> None:
    threads = (
        "import threading, time\nthreading.Thread(target=time.sleep, args=(600,), daemon=True).start()\n"
    )
    flow = tmp_path / "threads.py"
    flow.write_text(threads)
    service = Service(tmp_path)
    try:
        (tmp_path / "pipeline" / "flow.py").write_text(threads)
        service.wait_for_log("ready", times=2)
        _, errors = probe(service.launch("probe"))
        assert "it has 2 threads and must not fork" in errors
    finally:
        service.stop()


def test_everything_ends_with_the_service_and_the_service_with_the_worker(tmp_path: Path) -> None:
    service = Service(tmp_path)
    process = psutil.Process(service.process.pid)
    zygote, worker = service.zygote, next(c for c in process.children() if c.name() == "sleep")
    worker.kill()
    assert service.process.wait(30) == 128 + signal.SIGKILL
    assert gone(zygote.pid)
    assert not service.socket.exists()
