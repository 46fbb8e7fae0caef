"""An endpoint for webhooks, and a job that has ended."""

from collections.abc import Iterator

import pytest

from tasks.jobs.document import JobDocument
from tests.servers.endpoint import WebhookEndpoint, ended_job


@pytest.fixture
def endpoint() -> Iterator[WebhookEndpoint]:
    running = WebhookEndpoint()
    yield running
    running.close()


@pytest.fixture
def document() -> JobDocument:
    return ended_job()
