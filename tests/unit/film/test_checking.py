"""Each check of a finished film, with a film that breaks it."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tasks.editing.bench import Bench
from tasks.errors import EngineError
from tasks.film.checking import (
    Check,
    Legibility,
    Measured,
    Wanted,
    check_film,
    measure_film,
    warnings_of,
)
from tasks.film.music import Music
from tasks.film.rendering import render
from tasks.film.sound import Mix, make_film_sound
from tasks.film.storyboard import Canvas, Layer, Title
from tasks.film.timeline import plan_shots
from tasks.media.ffmpeg import run_ffmpeg
from tests.unit.film.plain import plain_pictures, plain_reel

WANTED = Wanted(60, Fraction(20), (240, 426), silent=False)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of 3 s in which nothing is wrong."""
    folder = tmp_path_factory.mktemp("film")
    hum = folder / "hum.wav"
    source = "aevalsrc='0.2*sin(2*PI*300*t)*(0.6+0.4*sin(2*PI*3*t))':s=48000:d=6"
    run_ffmpeg(["-f", "lavfi", "-i", source], output=hum, duration=6, deadline=60)
    sound = folder / "sound.m4a"
    make_film_sound(Mix(music=Music(hum)), 3.0, sound, Bench(folder))
    reel = plain_reel(plan_shots(2, duration=3.0, fps=20), plain_pictures(folder))
    render(reel, sound, folder / "film.mp4", encoder="libx264", deadline=60)
    return folder / "film.mp4"


@pytest.fixture(scope="module")
def measured(film: Path) -> Measured:
    """What is measured of it."""
    return measure_film(film, (0, 30, 59), deadline=60)


def failing(checks: Sequence[Check]) -> set[str]:
    """Names of the checks that were not passed."""
    return {check.name for check in checks if not check.passed}


def test_a_good_film_passes_all_checks(measured: Measured) -> None:
    checks = check_film(measured, WANTED)
    assert failing(checks) == set()
    assert warnings_of(checks) == ()
    assert [still.size for still in measured.stills] == [(240, 426)] * 3


BREAKS: dict[str, tuple[str, ...]] = {
    "frames": ("-frames:v", "57", "-c:v", "libx264", "-pix_fmt", "yuv420p"),
    "size": ("-vf", "crop=200:400", "-c:v", "libx264", "-pix_fmt", "yuv420p"),
    "pixels": ("-c:v", "libx264", "-pix_fmt", "yuv444p"),
    "colours": (
        "-vf",
        "setparams=colorspace=bt470bg:color_primaries=bt470bg:color_trc=smpte170m",
        "-c:v",
        "libx264",
    ),
    "sound_length": ("-c:v", "copy", "-af", "atrim=end=2.8"),
    "sound_format": ("-c:v", "copy", "-ar", "44100", "-ac", "1"),
    "starts_at_once": ("-c", "copy", "-movflags", "-faststart"),
    "loudness": ("-c:v", "copy", "-af", "volume=-6dB"),
    "peak": ("-c:v", "copy", "-af", "volume=14dB"),
}
MUST = ("frames", "size", "pixels", "colours", "sound_length", "sound_format", "starts_at_once")


@pytest.mark.parametrize("name", BREAKS)
def test_a_film_that_breaks_a_check_is_found(film: Path, tmp_path: Path, name: str) -> None:
    broken = tmp_path / "broken.mp4"
    fast = () if name == "starts_at_once" else ("-movflags", "+faststart")
    arguments = ["-i", f"file:{film}", "-map", "0", *BREAKS[name], *fast]
    run_ffmpeg(arguments, output=broken, duration=3, deadline=60)
    checks = check_film(measure_film(broken, (), deadline=60), WANTED)
    assert name in failing(checks)
    if name in MUST:
        with pytest.raises(EngineError, match="failed its check"):
            warnings_of(checks)
    else:
        assert any("instead of" in warning for warning in warnings_of(checks))


def test_a_film_without_sound_is_no_film(film: Path, tmp_path: Path) -> None:
    mute = tmp_path / "mute.mp4"
    run_ffmpeg(["-i", f"file:{film}", "-an", "-c:v", "copy"], output=mute, duration=3, deadline=60)
    with pytest.raises(EngineError, match="no sound"):
        measure_film(mute, (), deadline=60)


def test_sound_where_silence_was_asked_for_is_found(measured: Measured) -> None:
    assert failing(check_film(measured, replace(WANTED, silent=True))) == {"loudness"}


def title(left: int, top: int) -> Layer:
    """White letters of 60 × 20."""
    pixels = np.full((20, 60, 4), 255, np.uint8)
    return Layer(pixels, left, top, 0.0, 2.0, title=Title("headline", "Só hoje"))


@pytest.mark.parametrize(
    ("layer", "inside"),
    [(title(30, 50), True), (title(10, 50), False), (title(30, 30), False), (title(160, 50), False),
     (title(30, 300), False), (replace(title(0, 0), title=None), True)],
)  # fmt: skip
def test_titles_outside_the_safe_area_are_named(measured: Measured, layer: Layer, inside: bool) -> None:
    canvas = Canvas(240, 426, (0.1, 0.1, 0.9, 0.7))
    checks = check_film(measured, WANTED, layers=(layer,), canvas=canvas)
    assert failing(checks) == (set() if inside else {"safe_areas"})
    assert inside or "Só hoje" in warnings_of(checks)[0]


def test_a_title_that_cannot_be_read_is_named(measured: Measured) -> None:
    found = (Legibility("Só hoje", 3.2), Legibility("R$ 99", 9.0))
    checks = check_film(measured, WANTED, legibility=found)
    assert failing(checks) == {"contrast"}
    assert '3.2:1 ("Só hoje")' in warnings_of(checks)[0]


def test_what_the_product_does_not_say_is_named(measured: Measured) -> None:
    def facts(text: str) -> list[str]:
        return ["50% is not the product's."] if "50%" in text else []

    assert failing(check_film(measured, WANTED, shown=("Cafeteira",), facts=facts)) == set()
    checks = check_film(measured, WANTED, shown=("Cafeteira", "50% OFF"), facts=facts)
    assert failing(checks) == {"facts"}
    assert warnings_of(checks) == ("The film's facts: 50% is not the product's.",)


def test_limits_of_the_platform_are_named(measured: Measured) -> None:
    assert failing(check_film(measured, replace(WANTED, platform="youtube"))) == set()
    heavy = replace(measured, bytes=17_000_000)
    checks = check_film(heavy, replace(WANTED, platform="whatsapp"))
    assert failing(checks) == {"platform"}
    assert "whatsapp takes files up to 16 MB; the film has 17.0 MB" in warnings_of(checks)[0]
    long = check_film(measured, replace(WANTED, frames=20 * 200, platform="x"))
    assert "x takes 0.5 to 140 s; the film lasts 200.0 s" in " ".join(check.measured for check in long)
