"""The real engine, once for all tests of this package, and comparisons by it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.documents.comparison import Comparison, Wanted, compare
from tasks.documents.engine import ComparisonEngine
from tests.unit.documents.comparisons import Compare
from tests.unit.documents.docx import save


@pytest.fixture(scope="session")
def engine() -> Iterator[ComparisonEngine]:
    with ComparisonEngine() as engine:
        yield engine


@pytest.fixture
def compared(engine: ComparisonEngine, tmp_path: Path) -> Compare:
    def run_it(old: str | Path, new: str | Path, **more: object) -> Comparison:
        paths = [
            given_ if isinstance(given_, Path) else save(tmp_path / f"{name}.docx", given_)
            for name, given_ in (("v1", old), ("v2", new))
        ]
        wanted = Wanted(paths[0], paths[1], "v1.docx", "v2.docx")
        return compare(replace(wanted, **more), engine)  # type: ignore[arg-type]

    return run_it
