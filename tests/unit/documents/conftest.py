"""The real engine, once for all tests of this package."""

from collections.abc import Iterator

import pytest

from tasks.documents.engine import ComparisonEngine


@pytest.fixture(scope="session")
def engine() -> Iterator[ComparisonEngine]:
    with ComparisonEngine() as engine:
        yield engine
