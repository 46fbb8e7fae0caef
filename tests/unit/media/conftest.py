"""Small media files, made by the ffmpeg under test."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.media.ffmpeg import run_ffmpeg

MakeMedia = Callable[..., Path]

TONE = ("-f", "lavfi", "-i", "sine=f=440:d=20:r=44100")
PICTURES = ("-f", "lavfi", "-i", "testsrc=s=64x48:r=10:d=20")


@pytest.fixture
def make_media(tmp_path: Path) -> MakeMedia:
    def make(name: str, *arguments: str) -> Path:
        path = tmp_path / name
        run_ffmpeg(arguments or TONE, output=path, duration=None, deadline=60)
        return path

    return make


@pytest.fixture
def cut(tmp_path: Path) -> Callable[[Path], Path]:
    """Gives a copy of a file without its second half."""

    def halve(path: Path) -> Path:
        data = path.read_bytes()
        half = tmp_path / f"half-{path.name}"
        half.write_bytes(data[: len(data) // 2])
        return half

    return halve
