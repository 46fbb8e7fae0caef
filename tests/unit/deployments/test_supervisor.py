"""supervisord with small programs as services: what it starts, restarts, gives up, and what it leaves."""

import contextlib
import json
import os
import signal
import stat
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import chain
from pathlib import Path

import psutil
import pytest

from deployments.embedded.supervisor import Supervisor
from deployments.processes.service import Service, ServiceError, end_processes_of, processes_of, still_running
from tests.waiting import wait_until

READY = "import pathlib; pathlib.Path('ready').write_text('yes')"
SLEEP = f"{READY}; import time; time.sleep(600)"
STUBBORN = f"""
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
{READY}
time.sleep(600)
"""
AWKWARD = {
    "QUOTES": 'it\'s "so"',
    "PERCENT": "100% %(here)s",
    "LINES": "one\ntwo # three ; four",
    "COMMA": "a,b=c",
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with everything in its name that configuration files stumble over."""
    home = tmp_path / "home 100% #1 ;2 it's"
    home.mkdir()
    return home


@pytest.fixture
def supervisor(home: Path) -> Iterator[Supervisor]:
    yield Supervisor(home, orphan_seconds=0.2)
    _kill_supervisor(home)
    end_processes_of(home, seconds=0.1)


def _service(home: Path, code: str, *, name: str = "helper") -> Service:
    directory = home / name
    directory.mkdir(exist_ok=True)
    return Service(
        name=name,
        command=(sys.executable, "-S", "-c", code),
        environment={**os.environ, "_CONTRAPONTO_STACK": str(home), **AWKWARD},
        directory=directory,
        is_ready=lambda _pid: (directory / "ready").exists(),
        attempts=1,
        settle_seconds=1,
        start_seconds=30,
    )


def _run(supervisor: Supervisor, *services: Service) -> None:
    supervisor.configure(services, os.environ)
    for service in services:
        supervisor.start(service)
        supervisor.wait_until_ready(service)


def _kill_supervisor(home: Path) -> None:
    for process in processes_of(home):
        with contextlib.suppress(psutil.NoSuchProcess):  # also when it waits to be collected
            if process.cmdline()[1:2] == ["-m"] and "supervisord" in process.cmdline()[2]:
                process.kill()


def _pid(supervisor: Supervisor, name: str = "helper") -> int | None:
    return supervisor.states()[name].pid


def test_a_service_gets_its_command_and_environment_to_the_letter(supervisor: Supervisor, home: Path) -> None:
    code = f"import os; open('seen', 'w').write(repr({{name: os.environ[name] for name in {list(AWKWARD)}}})); {SLEEP}"
    _run(supervisor, _service(home, code))
    assert (home / "helper" / "seen").read_text() == repr(AWKWARD)
    for secret in (home / "run" / "supervisord.conf", home / "run" / "services" / "helper.json"):
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    process = psutil.Process(_pid(supervisor) or 0)
    assert process.cmdline() == [sys.executable, "-S", "-c", code]
    assert not [name for name in process.environ() if name.startswith("SUPERVISOR")]


def test_what_dies_is_started_again_and_the_rest_stays(supervisor: Supervisor, home: Path) -> None:
    services = _service(home, SLEEP, name="first"), _service(home, SLEEP, name="second")
    _run(supervisor, *services)
    wait_until(lambda: supervisor.states()["first"].has_settled, what="its first seconds", seconds=20)
    first, second = _pid(supervisor, "first"), _pid(supervisor, "second")
    assert first is not None
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: _pid(supervisor, "first") not in (first, None), what="the restart", seconds=20)
    assert _pid(supervisor, "second") == second
    assert list(supervisor.states()) == ["first", "second"]


def test_one_that_ends_whenever_it_is_started_is_given_up_with_the_end_of_its_log(
    supervisor: Supervisor, home: Path
) -> None:
    with pytest.raises(ServiceError, match="'helper' ends whenever it is started") as caught:
        _run(supervisor, _service(home, "import sys; sys.exit('the port is taken')"))
    assert "the port is taken" in (caught.value.hint or "")
    assert supervisor.states()["helper"].state == "FATAL"
    # A later start tries it again, as it is then.
    _run(supervisor, _service(home, SLEEP))
    assert supervisor.states()["helper"].is_running


def test_one_that_never_answers_is_told(supervisor: Supervisor, home: Path) -> None:
    with pytest.raises(ServiceError, match="did not answer"):
        _run(supervisor, replace(_service(home, "import time; time.sleep(600)"), start_seconds=0.2))


def test_only_what_has_changed_is_stopped(supervisor: Supervisor, home: Path) -> None:
    same, changed, dropped = (_service(home, SLEEP, name=name) for name in ("same", "changed", "dropped"))
    _run(supervisor, same, changed, dropped)
    before = _pid(supervisor, "same")
    later = replace(same, environment={**same.environment, "SHELL_OF_THE_CALLER": "another"})
    stopped = supervisor.configure([later, replace(changed, revision="2")], os.environ)
    assert sorted(stopped) == ["changed", "dropped"]
    assert {name: state.is_running for name, state in supervisor.states().items()} == {
        "same": True,
        "changed": False,
    }
    assert _pid(supervisor, "same") == before
    assert supervisor.configure([later, replace(changed, revision="2")], os.environ) == []


def test_the_end_is_in_order_and_takes_the_stubborn_and_children_that_left_their_group(
    supervisor: Supervisor, home: Path
) -> None:
    handler = "lambda *_: (open('../order', 'a').write(NAME), sys.exit())"
    order = f"import signal, sys; signal.signal(signal.SIGTERM, {handler})"
    first, second = (
        _service(home, f"NAME = {name!r}; {order}; {SLEEP}", name=name) for name in ("first", "second")
    )
    _run(supervisor, first, second, replace(_service(home, STUBBORN), stop_seconds=1))
    (child,) = psutil.Process(_pid(supervisor) or 0).children()
    supervisor.shut_down()
    assert processes_of(home) == []
    assert still_running([child], seconds=0) == []
    assert (home / "order").read_text() == "secondfirst"
    assert supervisor.states() == {}
    supervisor.shut_down()


@pytest.mark.skipif(sys.platform != "linux", reason="processes end with their parent on Linux only")
def test_a_supervisor_that_was_killed_takes_its_services_along_and_can_be_started_again(
    supervisor: Supervisor, home: Path
) -> None:
    assert (supervisor.is_stopped, supervisor.is_lost) == (True, False)
    _run(supervisor, _service(home, SLEEP))
    pid = _pid(supervisor) or 0
    assert (supervisor.is_stopped, supervisor.is_lost) == (False, False)
    _kill_supervisor(home)
    wait_until(lambda: processes_of(home) == [], what="the end of the service", seconds=20)
    assert supervisor.states() == {}
    assert (supervisor.is_stopped, supervisor.is_lost) == (False, True)
    (home / "helper" / "ready").unlink()
    _run(supervisor, _service(home, SLEEP))
    assert _pid(supervisor) not in (pid, None)
    assert (supervisor.is_stopped, supervisor.is_lost) == (False, False)
    _kill_supervisor(home)
    supervisor.shut_down()
    assert (supervisor.is_stopped, supervisor.is_lost) == (True, False)


def test_what_an_earlier_supervisor_left_is_ended_before_a_start(supervisor: Supervisor, home: Path) -> None:
    _run(supervisor, _service(home, STUBBORN))
    _kill_supervisor(home)
    wait_until(lambda: supervisor.states() == {}, what="the end of the supervisor", seconds=20)
    left = {process.pid for process in processes_of(home)}
    assert left, "the stubborn one and its child"
    (home / "helper" / "ready").unlink()
    _run(supervisor, _service(home, SLEEP))
    assert not left & {process.pid for process in processes_of(home)}


def test_a_service_heeds_sigint_also_when_its_starter_ignores_it(supervisor: Supervisor, home: Path) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        _run(supervisor, _service(home, SLEEP))
    finally:
        signal.signal(signal.SIGINT, before)
    process = psutil.Process(_pid(supervisor) or 0)
    process.send_signal(signal.SIGINT)
    assert still_running([process], seconds=20) == []


def test_two_homes_do_not_meet(supervisor: Supervisor, home: Path, tmp_path: Path) -> None:
    _run(supervisor, _service(home, SLEEP))
    elsewhere = tmp_path / "other"
    elsewhere.mkdir()
    other = Supervisor(elsewhere)
    _run(other, _service(elsewhere, SLEEP))
    assert _pid(other) != _pid(supervisor)
    other.shut_down()
    assert processes_of(elsewhere) == []
    assert supervisor.states()["helper"].is_running


def test_one_that_is_restarted_in_turn_goes_on_until_it_is_renewed(
    supervisor: Supervisor, home: Path
) -> None:
    first, second = (replace(_service(home, SLEEP, name=name), in_turn=True) for name in ("first", "second"))
    _run(supervisor, first, second)
    before = {name: _pid(supervisor, name) for name in ("first", "second")}
    changed = [replace(service, revision="2") for service in (first, second)]
    assert supervisor.configure(changed, os.environ) == []
    assert {name: _pid(supervisor, name) for name in before} == before
    assert [supervisor.is_outdated(service) for service in changed] == [True, True]
    supervisor.renew(changed[0])
    assert not supervisor.states()["first"].is_running
    assert _pid(supervisor, "second") == before["second"]
    supervisor.start(changed[0])
    assert [supervisor.is_current(service) for service in changed] == [True, False]
    # Not wanted any more, it ends as others do.
    assert supervisor.configure([changed[0]], os.environ) == ["second"]


def test_with_json_every_line_of_every_log_is_an_object_up_to_the_last_words(
    supervisor: Supervisor, home: Path
) -> None:
    _run(supervisor, _service(home, SLEEP))
    with_json = Supervisor(home, orphan_seconds=0.2, json_lines=True)
    dying = """
import os, signal, sys
print("ação"); print("x" * 100_000)
sys.stdout.flush()
os.write(2, b"\\xff\\n  indented\\n")
def end(*_):
    os.write(1, b"no end of the line")
    raise ValueError("two\\nlines")
signal.signal(signal.SIGTERM, end)
"""
    service = _service(home, f"{dying}\n{SLEEP}", name="other")
    for path in (home / "logs").glob("*.log"):
        path.unlink()
    assert with_json.configure([service], os.environ) == ["helper"], "the other form is a reason to stop all"
    with_json.start(service)
    with_json.wait_until_ready(service)
    assert with_json.configure([service], os.environ) == []
    with_json.stop(["other"])
    assert with_json.crashes("other", timedelta(hours=1)) == 0
    with_json.shut_down()
    records = {
        name: [json.loads(line) for line in (home / "logs" / f"{name}.log").read_bytes().split(b"\n")[:-1]]
        for name in ("other", "supervisord")
    }
    assert all({"time", "level", "logger", "message"} <= set(each) for each in chain(*records.values()))
    said = [each["message"] for each in records["other"]]
    assert said[0].startswith("$ ")
    *_, first, begin, rest, odd, last = said  # before them the lines of the command
    assert [first, begin + rest, odd, last] == [
        "ação",
        "x" * 100_000,
        "\\xff\n  indented",
        "ValueError: two",
    ]
    assert records["other"][-1]["exception"].startswith("no end of the lineTraceback")
    assert records["other"][-1]["exception"].endswith("ValueError: two\nlines")
    assert any("stopped: other" in each["message"] for each in records["supervisord"])
