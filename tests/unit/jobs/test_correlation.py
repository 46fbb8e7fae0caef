"""Log records that belong together carry one identifier, also from threads."""

import contextvars
import logging
import threading

import pytest

from tasks.jobs.correlation import correlated, correlation_id


def test_records_carry_the_identifier_of_their_context(caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("test.correlation")
    with caplog.at_level(logging.INFO):
        log.info("before")
        with correlated("R-7"):
            log.info("inside")
            context = contextvars.copy_context()
            thread = threading.Thread(target=context.run, args=(log.info, "thread"))
            thread.start()
            thread.join()
            with correlated("R-8"):
                log.info("nested")
            log.info("again")
        log.info("after")
    found = {record.message: getattr(record, "correlation_id", None) for record in caplog.records}
    assert found == {
        "before": None,
        "inside": "R-7",
        "thread": "R-7",
        "nested": "R-8",
        "again": "R-7",
        "after": None,
    }
    assert correlation_id() is None
