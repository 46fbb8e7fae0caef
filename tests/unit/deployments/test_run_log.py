"""The log of a run in this process stays out of the terminal."""

import logging
import warnings
from pathlib import Path

import pytest
from prefect.logging.configuration import ensure_logging_setup

from deployments.local.run_log import logged_to, run_log


def test_everything_that_is_logged_is_in_a_file_of_its_owner_and_not_on_the_terminal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = run_log(tmp_path)
    with logged_to(path):
        logging.getLogger("tasks.fetching.sites").warning("of a library")
        logging.getLogger("prefect.client").error("of Prefect")
        logging.getLogger("prefect").info("known")
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn("of Python", stacklevel=1)
    written = path.read_text()
    for line in ("of a library", "of Prefect", "known", "of Python"):
        assert written.count(line) >= 1
    assert written.count("of Prefect") == 1
    assert path.stat().st_mode & 0o077 == 0
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")


def test_afterwards_logging_is_as_it_was(tmp_path: Path) -> None:
    ensure_logging_setup()
    before = logging.root.handlers[:], logging.root.level
    with logged_to(tmp_path / "x.log"):
        pass
    assert (logging.root.handlers, logging.root.level) == before
