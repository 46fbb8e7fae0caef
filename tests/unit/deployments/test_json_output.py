"""What programs print that do not write JSON, as JSON."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.docker.entry import is_service
from deployments.processes.environment import PROJECT
from deployments.processes.json_output import JsonOutput
from deployments.processes.log_lines import OPTIONAL, REQUIRED, as_line
from tests.waiting import wait_until

ENTRY = PROJECT / "deployments" / "docker" / "entry.py"


def read(lines: bytes) -> list[dict[str, Any]]:
    assert not lines or lines.endswith(b"\n")
    found = [json.loads(line) for line in lines.split(b"\n")[:-1]]
    for each in found:
        assert set(REQUIRED) <= set(each) <= {*REQUIRED, *OPTIONAL}
    return found


def records(*printed: bytes) -> list[dict[str, Any]]:
    output = JsonOutput("worker-cpu")
    return read(b"".join([*(output.feed(each) for each in printed), output.end()]))


def _object(message: str, **more: object) -> bytes:
    fields = {"time": "2026-01-01T00:00:00.000Z", "level": "INFO", "logger": "x", "message": message}
    return as_line(fields | more).encode()


OBJECT = _object("as it is", flow_run_id="0192f0a0")
PRINTED = (
    b"""\
 ___ ___
|_  |
Worker started!
  with a second line

"""
    + OBJECT
    + b"""
2026-01-01 00:00:00.000 UTC [1] FATAL:  the database system is starting up
x.py:3: DeprecationWarning: old
  old()
{"time": "2026-01-01T00:00:00.000Z", "message": "a stranger's"}
Exception in ASGI application
Traceback (most recent call last):
  File "x.py", line 1, in <module>
    raise ValueError("x")
ValueError: x

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "x.py", line 2, in <module>
    check()
pydantic_core.ValidationError: 1 validation error
field
  Input should be a number
12:00:00 | zygote | ready
"""
)


def test_what_belongs_together_is_one_record_and_objects_pass_as_they_are() -> None:
    found = records(PRINTED)
    assert [(each["level"], each["message"].splitlines()[0].strip()) for each in found] == [
        ("INFO", "___ ___"),
        ("INFO", "|_  |"),
        ("INFO", "Worker started!"),
        ("INFO", "as it is"),
        ("CRITICAL", "2026-01-01 00:00:00.000 UTC [1] FATAL:  the database system is starting up"),
        ("WARNING", "x.py:3: DeprecationWarning: old"),
        ("INFO", '{"time": "2026-01-01T00:00:00.000Z", "message": "a stranger\'s"}'),
        ("ERROR", "Exception in ASGI application"),
        ("INFO", "12:00:00 | zygote | ready"),
    ]
    assert found[2]["message"] == "Worker started!\n  with a second line"
    assert found[3] == json.loads(OBJECT)
    assert found[7]["exception"].startswith("Traceback (most recent call last):\n")
    assert found[7]["exception"].endswith("\nfield\n  Input should be a number")
    assert found[7]["exception"].count("Traceback") == 2
    assert {each["logger"] for each in found} == {"worker-cpu", "x"}


def test_a_traceback_alone_is_told_by_its_exception() -> None:
    [found] = records(b"Traceback (most recent call last):\n  File\nKeyError: 'x'\n")
    assert found["message"] == "KeyError: 'x'"
    assert found["exception"].splitlines() == [
        "Traceback (most recent call last):",
        "  File",
        "KeyError: 'x'",
    ]


@given(st.binary(max_size=60).flatmap(lambda data: st.tuples(st.just(data), st.integers(0, len(data)))))
def test_any_bytes_are_objects_and_none_is_lost(case: tuple[bytes, int]) -> None:
    data, at = case
    found = records(data[:at], data[at:])
    assert _words("".join(each["message"] for each in found)) == _words(
        data.decode(errors="backslashreplace")
    )


_LINES = st.lists(
    st.one_of(
        st.text(st.characters(codec="utf-8", exclude_characters="\n")),
        st.sampled_from(
            ["Traceback (most recent call last):", "  File", "ValueError: x", "", "[1] LOG: x", "  +"]
        ),
        st.builds(lambda text: _object(text).decode(), st.text(st.characters(codec="utf-8"))),
    )
)


@given(_LINES, st.integers(1, 40))
def test_however_lines_come_in_each_is_in_one_record(lines: list[str], size: int) -> None:
    data = "".join(f"{line}\n" for line in lines).encode()
    found = records(*(data[at : at + size] for at in range(0, len(data), size)))
    objects = [json.loads(line) for line in lines if line.startswith('{"time"')]
    assert [each for each in found if each["logger"] == "x"] == objects
    left = iter(each["message"] + "\n" + each.get("exception", "") for each in found if each["logger"] != "x")
    text = ""
    for line in lines:
        if line.startswith('{"time"') or not _words(line):
            continue
        while line.strip() not in text:
            text = next(left)


def _words(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("begin", [b"", b"{", b'{"time": "'])
def test_a_huge_line_is_cut_between_characters_and_is_not_kept(begin: bytes) -> None:
    line = begin + "é".encode() * (10 << 20)
    output = JsonOutput("x")
    first = output.feed(line)
    found = read(first + output.end())
    assert first, "some of it is out before its end"
    assert "".join(each["message"] for each in found).encode() == line
    assert max(len(as_line(each)) for each in found) < 256_000, "as much as Loki takes"


def test_a_huge_object_is_not_cut() -> None:
    whole = _object("x" * (5 << 20))
    middle = len(whole) // 2
    [found] = records(whole[:middle], whole[middle:] + b"\n")
    assert found == json.loads(whole)


def test_a_record_waits_for_more_until_it_is_quiet_and_a_line_for_its_end() -> None:
    output = JsonOutput("x")
    assert output.feed(b"one\n two\nthr") == b""
    assert output.waits
    assert [each["message"] for each in read(output.quiet())] == ["one\n two"]
    assert not output.waits
    assert output.quiet() == b""
    assert output.feed(b"ee\n") == b""
    assert [each["message"] for each in read(output.end())] == ["three"]


def enter(*command: str, **variables: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-ES", str(ENTRY), *command],
        env={"PATH": os.environ["PATH"], **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_the_image_prints_objects_up_to_the_last_words_of_a_service() -> None:
    code = "print('begun', flush=True); import os; os.write(2, b'\\xff no end'); os.kill(os.getpid(), 9)"
    with enter(sys.executable, "-c", code, CONTRAPONTO_LOG_FORMAT="json") as service:
        out, err = service.communicate(timeout=60)
    assert out == b""
    assert [each["message"] for each in read(err)] == ["begun", "\\xff no end"]
    assert service.returncode == 128 + 9


def test_the_image_hands_signals_on_and_does_not_wait_for_what_a_service_leaves(tmp_path: Path) -> None:
    code = f"""
import pathlib, signal, subprocess, sys
def end(*_):
    print("told to end")
    sys.exit(3)
signal.signal(signal.SIGTERM, end)
left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
pathlib.Path({str(tmp_path / "left")!r}).write_text(str(left.pid))
while True:
    signal.pause()
"""
    with enter(sys.executable, "-uc", code, CONTRAPONTO_LOG_FORMAT="json") as service:
        left = tmp_path / "left"
        wait_until(lambda: left.exists() and left.read_text(), what="the start", seconds=60)
        service.terminate()
        # Its standard error stays open for nobody but the entry.
        _, err = service.communicate(timeout=60)
    os.kill(int(left.read_text()), signal.SIGKILL)
    assert service.returncode == 3
    assert [each["message"] for each in read(err)] == ["told to end"]


def test_without_json_the_entry_becomes_the_command() -> None:
    code = "import os, sys; print(os.getpid()); sys.stderr.write('text')"
    with enter(sys.executable, "-c", code) as service:
        out, err = service.communicate(timeout=60)
    assert (int(out), err) == (service.pid, b"text")


def test_a_program_that_is_missing_is_named() -> None:
    for variables in ({}, {"CONTRAPONTO_LOG_FORMAT": "json"}):
        with enter("no-such-program", **variables) as service:
            assert b"no-such-program" in service.communicate(timeout=60)[1]
        assert service.returncode


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("contraponto worker --pool cpu", True),
        ("contraponto deploy", True),
        ("contraponto deploy --json", False),
        ("/venv/bin/contraponto status --json", False),
        ("contraponto", False),
        ("python -m deployments.listener", True),
        ("prefect flow-run execute", True),
    ],
)
def test_what_contraponto_prints_for_its_callers_is_no_log(command: str, expected: bool) -> None:
    assert is_service(command.split()) is expected
