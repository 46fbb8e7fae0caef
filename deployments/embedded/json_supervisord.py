"""supervisord whose logs hold JSON objects, its own and those of its services: `python -m`, with its own options.

It reads what every service prints anyway: so that is where it becomes JSON (`json_output`), without a process more for
each service, and what a service says last is read before its end is told.
"""

import time
from collections.abc import Mapping
from typing import Any

from supervisor import dispatchers, process, supervisord
from supervisor.options import ServerOptions

from deployments.processes.json_output import QUIET_SECONDS, JsonOutput
from deployments.processes.log_lines import line_of_now

_LEVELS = {"CRIT": "CRITICAL", "ERRO": "ERROR", "WARN": "WARNING", "INFO": "INFO"}
_FIRST = {"parse_criticals": "critical", "parse_warnings": "warn", "parse_infos": "info"}
"""What supervisord has to say of its options, and as what."""


class Output(dispatchers.POutputDispatcher):  # type: ignore[misc]  # supervisor has no types
    """What a process of a service prints, on its way to the log."""

    def __init__(self, process: Any, event_type: Any, fd: int) -> None:
        super().__init__(process, event_type, fd)
        self._output = JsonOutput(process.config.name)
        self._heard = 0.0

    def _log(self, data: bytes) -> None:
        self._heard = time.monotonic()
        super()._log(self._output.feed(data))

    def readable(self) -> bool:
        """Asked before every wait of supervisord, the longest of which is a second."""
        if self._output.waits and time.monotonic() - self._heard > QUIET_SECONDS:
            super()._log(self._output.quiet())
        return bool(super().readable())

    def end(self) -> None:
        """Nothing more comes."""
        super()._log(self._output.end())


class Process(process.Subprocess):  # type: ignore[misc]
    """A process of a service."""

    def drain(self) -> None:
        """Read what is left; supervisord then forgets who read it."""
        super().drain()
        for dispatcher in self.dispatchers.values():
            if isinstance(dispatcher, Output):
                dispatcher.end()


class Options(ServerOptions):  # type: ignore[misc]
    """supervisord's options, its log among them."""

    def make_logger(self) -> None:
        """Open its log."""
        # What it begins with waits until it can be said how.
        first = {name: getattr(self, name) for name in _FIRST}
        for name in first:
            setattr(self, name, [])
        super().make_logger()
        for handler in self.logger.handlers:
            handler.setFormat(_Form())
        for name, lines in first.items():
            for line in lines:
                getattr(self.logger, _FIRST[name])(line)


class _Form:
    """In the place of a text with %: supervisord knows no other way to say how its lines are."""

    def __mod__(self, record: Mapping[str, str]) -> str:
        level = _LEVELS.get(record["levelname"], "DEBUG")
        return f"{line_of_now(level, 'supervisord', record['message'])}\n"


def main() -> None:
    """Be supervisord."""
    dispatchers.POutputDispatcher = Output
    process.Subprocess = Process
    supervisord.ServerOptions = Options
    supervisord.main()


if __name__ == "__main__":
    main()
