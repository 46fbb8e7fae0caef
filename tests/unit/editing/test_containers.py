"""The same film in every container gives the same results: pictures by their numbers, sound beside them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tasks.editing.aims import convert_options
from tasks.editing.bench import Bench
from tasks.editing.converting import convert
from tasks.editing.joining import JoinOptions, concatenate
from tasks.editing.mixing import mix
from tasks.editing.mixing_plan import MixOptions, Placing
from tasks.editing.overlay_plan import Layer, OverlayOptions
from tasks.editing.overlays import overlay
from tasks.editing.picturing import picture, picture_options
from tasks.editing.silences import SilenceOptions, remove_silence
from tasks.editing.trimming import Part, trim, trim_options
from tests.unit.editing.films import KINDS, RATE, SECONDS, Kind, beeps, made, number, numbers

Benches = Callable[[], Bench]
PICTURES = RATE * SECONDS


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


@pytest.fixture(scope="module")
def source(kind: Kind, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return kind.film(tmp_path_factory.mktemp("films"))


def test_parts_have_their_pictures_and_their_sound(kind: Kind, source: Path, bench: Benches) -> None:
    at = bench()
    target = at.scratch / "result.mp4"
    # The first lies where nothing is sought, the second behind key pictures.
    parts = [Part(start=0.6, end=1.4), Part(start=2.6, end=3.4)]
    kept = trim([source], trim_options(None, None, parts, "exact", "draft"), target, at)
    assert [(part.start, part.end) for part in kept.parts] == [(0.6, 1.4), (2.6, 3.4)]
    assert numbers(target) == [*range(15, 35), *range(65, 85)]
    assert beeps(target) == pytest.approx([0.4 - kind.early, 1.2 - kind.early], abs=kind.near)


def test_pictures_of_times_are_those_on_the_screen(source: Path, bench: Benches) -> None:
    at = bench()
    folder = at.scratch / "made"
    folder.mkdir()
    wanted = picture_options(["0", "0.6", "1.36", "3.2", "-0"], None, None, None, "png")
    picture([source], wanted, folder / "result.png", at)
    found = []
    for path in sorted(folder.iterdir()):
        with Image.open(path) as image:
            found.append(number(np.asarray(image.convert("L"))))
    assert found == [0, 15, 34, 80, PICTURES - 1]


def test_films_go_over_into_one_another(kind: Kind, source: Path, bench: Benches) -> None:
    at = bench()
    target = at.scratch / "result.mp4"
    asked = {"width": None, "height": None, "fps": None, "fit": "pad", "transition": "fade"}
    options = JoinOptions.model_validate({**asked, "transition_seconds": 0.4, "quality": "draft"})
    concatenate([source, source], options, target, at)
    shown = numbers(target)
    before = PICTURES - 10
    assert len(shown) == 2 * PICTURES - 10
    assert shown[:before] == list(range(before))
    assert shown[before + 10 :] == list(range(10, PICTURES))
    times = [1, 2, 3, *(before / RATE + second for second in (1, 2, 3))]
    assert beeps(target) == pytest.approx([time - kind.early for time in times], abs=kind.near)


def _converted(source: Path, target: Path, at: Bench, width: int | None, loudness: float | None) -> None:
    fixed: dict[str, Any] = {
        **dict.fromkeys(("preset", "height", "fps", "fit", "max_mb")),
        "container": "mp4",
        "keep_loudness": False,
        "quality": "draft",
    }
    options = convert_options(**fixed, width=width, loudness=loudness)
    convert([source], options, target, at)


def _same(source: Path, target: Path, at: Bench) -> None:
    _converted(source, target, at, None, None)


def _louder(source: Path, target: Path, at: Bench) -> None:
    _converted(source, target, at, None, -20)


def _wider(source: Path, target: Path, at: Bench) -> None:
    _converted(source, target, at, 256, None)


def _laid_over(source: Path, target: Path, at: Bench) -> None:
    logo = at.scratch / "logo.png"
    Image.new("RGB", (2, 2)).save(logo)
    overlay([source, logo], OverlayOptions(layers=(Layer(width=2, opacity=1),), quality="draft"), target, at)


def _mixed(source: Path, target: Path, at: Bench) -> None:
    hum = made(at.scratch / "hum.wav", "-f", "lavfi", "-i", "sine=d=1,volume=0.01")
    mix(
        [source, hum],
        MixOptions(tracks=(Placing(role="effect"),), loudness=None, quality="draft"),
        target,
        at,
    )


def _shortened(source: Path, target: Path, at: Bench) -> None:
    options = SilenceOptions(threshold=-30, min_silence=5, quality="draft")
    remove_silence([source], options, target, at)


@pytest.mark.parametrize("name", ["fragments.mp4", "transport.ts", "reordered.avi", "late.ts"])
@pytest.mark.parametrize("job", [_same, _louder, _wider, _laid_over, _mixed, _shortened])
def test_sound_stays_beside_its_picture(
    tmp_path: Path, bench: Benches, name: str, job: Callable[[Path, Path, Bench], None]
) -> None:
    [stored] = [each for each in KINDS if each.name == name]
    at = bench()
    target = at.scratch / "result.mp4"
    job(stored.film(tmp_path), target, at)
    shown = numbers(target)
    assert shown[:PICTURES] == list(range(PICTURES))
    assert beeps(target) == pytest.approx([second - stored.early for second in (1, 2, 3)], abs=stored.near)
