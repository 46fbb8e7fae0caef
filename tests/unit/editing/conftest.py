"""Benches for operations on films."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.editing.bench import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Callable[[], Bench]:
    made: list[Path] = []

    def make() -> Bench:
        folder = tmp_path / f"bench{len(made)}"
        folder.mkdir()
        made.append(folder)
        return Bench(scratch=folder)

    return make
