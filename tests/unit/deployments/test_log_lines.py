"""Log lines of the project's own services, and of Prefect's."""

import json
import logging
import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.processes.environment import PROJECT
from deployments.processes.log_lines import (
    FORMATTER_VARIABLE,
    JSON_VARIABLES,
    OPTIONAL,
    REQUIRED,
    JsonLines,
    as_line,
    formatter,
    in_rfc3339,
)


def record(message: str, *arguments: object) -> logging.LogRecord:
    return logging.LogRecord("host", logging.WARNING, __file__, 1, message, arguments, None)


def test_lines_are_json_where_that_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FORMATTER_VARIABLE, raising=False)
    assert formatter("%(levelname)s %(message)s").format(record("ação %d", 1)) == "WARNING ação 1"
    monkeypatch.setenv(FORMATTER_VARIABLE, "json")
    line = formatter("%(message)s").format(record('ação "%s"\n', "x"))
    found = json.loads(line)
    assert (found["message"], found["level"], found["logger"]) == ('ação "x"\n', "WARNING", "host")
    assert "ação" in line, "letters stay readable"


def test_a_record_says_what_it_belongs_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PREFECT__FLOW_RUN_ID", raising=False)
    of_nobody = json.loads(JsonLines().format(record("of nobody")))
    assert list(of_nobody) == [*REQUIRED, "pid"]
    marked = record("of a task")
    ids = {
        "flow_run_id": "0192f0a0",
        "flow_run_name": "sly-fox",
        "task_run_id": "0192f0a1",
        "task_run_name": "fetch-0",
        "correlation_id": "pedido-42",
    }
    vars(marked).update(ids)
    assert json.loads(JsonLines().format(marked)).items() >= ids.items()
    monkeypatch.setenv("PREFECT__FLOW_RUN_ID", "0192f0a2")
    assert json.loads(JsonLines().format(record("of a library")))["flow_run_id"] == "0192f0a2"
    assert json.loads(JsonLines().format(marked))["flow_run_id"] == "0192f0a0"


def test_a_record_has_its_exception_and_its_stack() -> None:
    try:
        raise ValueError("two\nlines")  # noqa: TRY301
    except ValueError:
        failed = logging.LogRecord("prefect", logging.ERROR, __file__, 1, "It failed", (), sys.exc_info())
    failed.stack_info = "Stack (most recent call last):\n  here"
    found = json.loads(JsonLines("default").format(failed))
    assert found["exception"].startswith("Traceback (most recent call last):\n")
    assert "ValueError: two\nlines" in found["exception"]
    assert found["exception"].endswith("  here")
    assert set(found) <= {*REQUIRED, *OPTIONAL}


@given(st.text(st.characters()), st.text(st.characters(codec="utf-8")))
def test_any_message_is_one_line_that_every_reader_takes(wild: str, proper: str) -> None:
    line = as_line({"wild": wild, "proper": proper})
    assert len(line.splitlines()) == 1
    assert json.loads(line.encode())["proper"] == proper
    found = json.loads(line)["wild"]
    found.encode()  # raises for half a surrogate pair
    assert found == "".join(f"\\u{ord(each):04x}" if "\ud800" <= each <= "\udfff" else each for each in wild)


@given(st.floats(0, 4e9))
def test_times_are_in_utc_with_milliseconds(seconds: float) -> None:
    text = in_rfc3339(seconds)
    assert len(text) == len("2026-01-01T00:00:00.000Z")
    found = datetime.fromisoformat(text)
    assert found.tzinfo == UTC
    assert 0 <= seconds - found.timestamp() < 0.001 + 1e-6


PROGRAM = """
import logging
from prefect.logging.configuration import setup_logging
setup_logging()
logging.getLogger("prefect.server").warning("from :warning:\\nthe server")
logging.getLogger("httpx").warning("of a library")
from deployments.embedded.serve import write_json_lines
write_json_lines()
import uvicorn
uvicorn.Config("x:y", log_level="info")
logging.getLogger("uvicorn.access").info('%s - "%s %s HTTP/%s" %d', "127.0.0.1:5", "GET", "/api/ready", "1.1", 200)
logging.getLogger("uvicorn.error").error("It failed", exc_info=ValueError("x"))
"""


def test_prefect_and_uvicorn_write_their_records_by_the_same_formatter() -> None:
    environment = {**os.environ, **JSON_VARIABLES, "PYTHONPATH": str(PROJECT)}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=True,
        env=environment,
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(each["logger"], each["level"], each["message"]) for each in found] == [
        ("prefect.server", "WARNING", "from :warning:\nthe server"),
        ("httpx", "WARNING", "of a library"),
        ("uvicorn.access", "INFO", '127.0.0.1:5 - "GET /api/ready HTTP/1.1" 200'),
        ("uvicorn.error", "ERROR", "It failed"),
    ]
    assert found[-1]["exception"] == "ValueError: x"
    assert all(set(REQUIRED) <= set(each) <= {*REQUIRED, *OPTIONAL} for each in found)
