import pytest

from tasks.jobs.document import JobDocument
from tests.servers.endpoint import ended_job


@pytest.fixture
def document() -> JobDocument:
    return ended_job()
