"""Log lines of the project's own services."""

import json
import logging

import pytest

from deployments.processes.log_lines import FORMATTER_VARIABLE, formatter


def record(message: str, *arguments: object) -> logging.LogRecord:
    return logging.LogRecord("host", logging.WARNING, __file__, 1, message, arguments, None)


def test_lines_are_json_where_that_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FORMATTER_VARIABLE, raising=False)
    assert formatter("%(levelname)s %(message)s").format(record("ação %d", 1)) == "WARNING ação 1"
    monkeypatch.setenv(FORMATTER_VARIABLE, "json")
    line = formatter("%(message)s").format(record('ação "%s"\n', "x"))
    assert "\n" not in line
    found = json.loads(line)
    assert (found["message"], found["severity"], found["name"]) == ('ação "x"\n', "WARNING", "host")
