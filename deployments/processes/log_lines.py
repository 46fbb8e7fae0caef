"""Log lines of the project's services and jobs: for people, or JSON objects where the setting `log_format` says so.

Prefect's processes write their records by `JsonLines`, too, and what is printed otherwise becomes such an object on its
way to the log (`json_output`). Standard library only, which is why no logging library makes the objects: the zygote, a
model's process and the entry of the image begin here.
"""

import json
import logging
import os
import re
import time
from typing import TYPE_CHECKING

from tasks.prefect_internals import FLOW_RUN_ID_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMATTER_VARIABLE = "PREFECT_LOGGING_HANDLERS_CONSOLE_FORMATTER"
"""By which every process of a stack is told, Prefect's among them."""

JSON_VARIABLES = {
    FORMATTER_VARIABLE: "json",
    # Prefect's own configuration, all of which the environment may change: what it calls `json`, and where it is used.
    "PREFECT_LOGGING_FORMATTERS_JSON_CLASS": "deployments.processes.log_lines.JsonLines",
    "PREFECT_LOGGING_HANDLERS_DEBUG_FORMATTER": "json",
    # Its handler for consoles replaces :names: by the emoji of that name; this one writes what it is given.
    "PREFECT_LOGGING_ROOT_HANDLERS": "debug",
    "PREFECT_LOGGING_LOGGERS_UVICORN_HANDLERS": "debug",
    "PREFECT_LOGGING_LOGGERS_FASTAPI_HANDLERS": "debug",
}
"""Environment of a process whose lines are JSON."""

REQUIRED = ("time", "level", "logger", "message")
"""Fields of every line, which begin it in this order."""
OPTIONAL = (
    "pid",
    "flow_run_id",
    "flow_run_name",
    "task_run_id",
    "task_run_name",
    "correlation_id",
    "exception",
)
"""Fields of lines of which they are known; all are texts but `pid`, a number."""

_OF_A_RUN = ("flow_run_id", "flow_run_name", "task_run_id", "task_run_name", "correlation_id")
_UNSAFE = re.compile("[\x85\u2028\u2029\ud800-\udfff]")


def wants_json(environment: "Mapping[str, str]" = os.environ) -> bool:
    """Whether a process with this environment writes JSON."""
    return environment.get(FORMATTER_VARIABLE) == "json"


def formatter(text: str, dates: str | None = None) -> logging.Formatter:
    """For a handler: lines of the form `text`, or JSON."""
    return JsonLines() if wants_json() else logging.Formatter(text, dates)


class JsonLines(logging.Formatter):
    """One object a line, whatever the message holds."""

    def __init__(self, *_: object) -> None:
        """Takes what `logging.config` gives every formatter; the form of the line is fixed."""
        super().__init__()

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line, without its end."""
        line: dict[str, object] = {
            "time": in_rfc3339(record.created),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "pid": record.process,
        }
        # Of a run that has its process for itself, what any library says in it.
        if run := os.environ.get(FLOW_RUN_ID_VARIABLE):
            line["flow_run_id"] = run
        for name in _OF_A_RUN:
            if value := getattr(record, name, None):
                line[name] = str(value)
        parts = [self.formatException(record.exc_info)] if record.exc_info else []
        if record.stack_info:
            parts.append(self.formatStack(record.stack_info))
        if parts:
            line["exception"] = "\n".join(parts)
        return as_line(line)


def line_of_now(level: str, logger: str, message: str, **more: object) -> str:
    """What is said now by somebody who has no `logging`, as one line."""
    return as_line(
        {"time": in_rfc3339(time.time()), "level": level, "logger": logger, "message": message, **more}
    )


def as_line(fields: "Mapping[str, object]") -> str:
    """An object in one line, whatever a reader takes for the end of a line; letters stay readable.

    Half a surrogate pair, which is no character, becomes the text of its escape.
    """
    text = json.dumps(fields, ensure_ascii=False)
    return text if text.isascii() else _UNSAFE.sub(_escape, text)


def _escape(found: "re.Match[str]") -> str:
    code = ord(found[0])
    return f"\\u{code:04x}" if not 0xD800 <= code <= 0xDFFF else f"\\\\u{code:04x}"


def in_rfc3339(seconds: float) -> str:
    """A moment in UTC, with milliseconds."""
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{int(seconds % 1 * 1000):03d}Z"
