"""Fixtures of the block tests: an environment without anyone's settings, and a real S3 server."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from blocks.settings import OLD_NAMES, get_settings
from tests.servers.s3 import s3_server


@pytest.fixture(autouse=True)
def bare_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty working directory and no settings in the environment; data under it."""
    workplace = tmp_path / "workplace"
    workplace.mkdir()
    monkeypatch.chdir(workplace)
    for name in [name for name in os.environ if name.startswith(("CONTRAPONTO_", "AWS_"))]:
        monkeypatch.delenv(name)
    for name in [old for names in OLD_NAMES.values() for old in names]:
        monkeypatch.delenv(name, raising=False)
    get_settings.cache_clear()
    yield workplace
    get_settings.cache_clear()


@pytest.fixture(scope="session", name="s3_server")
def running_s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of an S3-speaking server."""
    with s3_server(tmp_path_factory.mktemp("s3")) as address:
        yield address
