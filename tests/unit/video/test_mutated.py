"""Damaged videos and sounds: each is a typed error or a right result; nothing hangs, nothing is left."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.captions.burning import burn, canvas_of
from tasks.captions.fonts import find_typeface
from tasks.captions.reading import Subtitle
from tasks.captions.segments import SegmentLook, segment_script
from tasks.errors import ContrapontoError, StageTimeoutError
from tasks.media.probe import probe, require_video
from tasks.video.fitting import fit_to_audio
from tests.material import film
from tests.processes import linux_only, running

ARIAL = find_typeface("Arial", bold=True)
CONTAINERS = ("mp4", "mkv", "ts", "avi")


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Half a second of picture and sound in each container."""
    folder = tmp_path_factory.mktemp("films")
    return {name: film(folder / f"v.{name}", size="96x64").read_bytes() for name in CONTAINERS}


def mutated(data: bytes, numbers: random.Random) -> bytes:
    changed = bytearray(data)
    match numbers.randrange(4):
        case 0:
            del changed[numbers.randrange(len(changed)) :]
        case 1:
            for _ in range(numbers.randrange(1, 200)):
                changed[numbers.randrange(len(changed))] = numbers.randrange(256)
        case 2:
            start = numbers.randrange(len(changed))
            del changed[start : start + numbers.randrange(1, 2000)]
        case _:
            # Where the headers are.
            for _ in range(numbers.randrange(1, 30)):
                changed[numbers.randrange(min(800, len(changed)))] = numbers.randrange(256)
    return bytes(changed)


def fitted(video: Path, folder: Path) -> Path:
    fit_to_audio(video, video, folder / "out.mp4", encoder="libx264", deadline=30, quality="draft")
    return folder / "out.mp4"


def captioned(video: Path, folder: Path) -> Path:
    script, _ = segment_script([Subtitle(0, 1, "Olá")], SegmentLook(), canvas_of(video), ARIAL)
    (folder / "work").mkdir(exist_ok=True)
    burn(
        video,
        script,
        folder / "out.mp4",
        encoder="libx264",
        deadline=30,
        workplace=folder / "work",
        quality="draft",
    )
    return folder / "out.mp4"


@linux_only
@pytest.mark.parametrize("work", [fitted, captioned])
@pytest.mark.parametrize("container", CONTAINERS)
def test_damaged_films(
    films: dict[str, bytes], tmp_path: Path, container: str, work: Callable[[Path, Path], Path]
) -> None:
    numbers = random.Random(f"{container} {work.__name__}")
    for _ in range(6):
        video = tmp_path / f"v.{container}"
        video.write_bytes(mutated(films[container], numbers))
        out = tmp_path / "out.mp4"
        out.unlink(missing_ok=True)
        try:
            made = work(video, tmp_path)
        except StageTimeoutError:
            pytest.fail(f"it hung: {video.read_bytes()!r}")
        except ContrapontoError:
            assert not out.exists()
        else:
            assert require_video(probe(made)).width == 96
    assert not running(str(tmp_path))
    assert not list(tmp_path.glob(".*")), "a half-written file is left"
