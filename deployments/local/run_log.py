"""Where the log of a run in this process goes: into a file, so that a terminal shows the job alone."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path

from typing_extensions import override

_MOST_BYTES = 5_000_000
_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"


def run_log(home: Path) -> Path:
    """The file; runs in the same home share it, and an older one lies beside it."""
    return home / "logs" / "run.log"


@contextmanager
def logged_to(path: Path) -> Iterator[None]:
    """Within the block everything that is logged, warnings of Python among it, goes to the file and nowhere else.

    Prefect's own handlers that write to the terminal rest. Levels stay: clients of HTTP, say, would write down
    addresses with their passwords.
    """
    import prefect.main  # noqa: F401, PLC0415 - costs what Prefect costs; it sets up its logging

    path.parent.mkdir(parents=True, exist_ok=True)
    loggers = [logging.getLogger(name) for name in (None, "prefect", "prefect.extra", "prefect.flow_runs")]
    before = [(logger, logger.handlers[:]) for logger in loggers]
    file = _PrivateFile(
        path, maxBytes=_MOST_BYTES, backupCount=1, encoding="utf-8", errors="backslashreplace"
    )
    file.setFormatter(logging.Formatter(_FORMAT))
    logging.captureWarnings(True)
    try:
        for logger, handlers in before:
            logger.handlers = [each for each in handlers if not isinstance(each, logging.StreamHandler)]
            if not logger.propagate or logger is logging.root:
                logger.addHandler(file)
        yield
    finally:
        logging.captureWarnings(False)
        for logger, handlers in before:
            logger.handlers = handlers
        file.close()


class _PrivateFile(RotatingFileHandler):
    """A log names recordings and addresses: it is its owner's alone."""

    @override
    def _open(self):  # type: ignore[no-untyped-def]
        return open(
            self.baseFilename,
            self.mode,
            encoding=self.encoding,
            errors=self.errors,
            opener=lambda name, flags: os.open(name, flags, 0o600),
        )
