"""Log lines of the project's own services: for people, or JSON objects where the setting `log_format` says so.

Prefect's processes have this from Prefect. Standard library only: a model's process and the zygote begin here.
"""

import json
import logging
import os
import time

FORMATTER_VARIABLE = "PREFECT_LOGGING_HANDLERS_CONSOLE_FORMATTER"
"""By which every process of a stack is told, Prefect's among them."""


def formatter(text: str, dates: str | None = None) -> logging.Formatter:
    """For a handler: lines of the form `text`, or JSON."""
    if os.environ.get(FORMATTER_VARIABLE) == "json":
        return _Json()
    return logging.Formatter(text, dates)


class _Json(logging.Formatter):
    """One object a line, with the names that Prefect's lines have."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "created": record.created,
            "asctime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "severity": record.levelname,
            "levelname": record.levelname,
            "name": record.name,
            "process": record.process,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exc_info"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)
