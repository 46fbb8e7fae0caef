"""Films brought to what platforms want: sizes, rates, file sizes and loudness are measured in the results."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tasks.editing.aims import ConvertOptions, convert_options
from tasks.editing.bench import Bench
from tasks.editing.budget import budget
from tasks.editing.converting import Converted, convert
from tasks.editing.facts import measure
from tasks.editing.levels import measure_loudness
from tasks.errors import InvalidInputError, LimitExceededError, NoAudioError
from tasks.media.ffmpeg import run_ffmpeg
from tasks.media.probe import probe, require_audio
from tests.material import film, frames_of
from tests.unit.editing.films import beeps, counted, ends, numbers

Benches = Callable[[], Bench]


def options(**changes: Any) -> ConvertOptions:
    usual: dict[str, Any] = {
        **dict.fromkeys(("preset", "width", "height", "fps", "fit", "max_mb", "loudness")),
        "container": "mp4",
        "keep_loudness": False,
        "quality": "draft",
    }
    return convert_options(**{**usual, **changes})


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With one channel of sound, of -41.8 LUFS heard from one loudspeaker."""
    folder = tmp_path_factory.mktemp("films")
    return film(folder / "quiet.mp4", "-af", "volume=-20dB", seconds=2, rate=25, size="320x180")


@pytest.fixture(scope="module")
def tall(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("films")
    return film(folder / "tall.mkv", seconds=1, rate=50, size="90x160", sound=False)


def made(source: Path, bench: Bench, **changes: Any) -> tuple[Converted, Path]:
    wanted = options(**changes)
    target = bench.scratch / f"result.{wanted.container}"
    return convert([source], wanted, target, bench), target


def test_nothing_to_change_is_copied(quiet: Path, bench: Benches) -> None:
    result, target = made(quiet, bench())
    assert (result.copied, result.sound_copied) == (True, True)
    assert len(frames_of(target)) == 50


def test_only_the_sound_is_encoded_where_only_that_changes(quiet: Path, bench: Benches) -> None:
    result, target = made(quiet, bench(), preset="web")
    assert (result.copied, result.sound_copied) == (True, False)
    assert result.loudness_before == pytest.approx(-38.8, abs=0.3)
    assert result.loudness_after == pytest.approx(-14, abs=0.5)
    assert result.true_peak is not None
    assert result.true_peak <= -1
    assert result.warnings == ()
    at = bench()
    heard = measure_loudness(target, require_audio(probe(target)), 2, at)
    assert heard.integrated == result.loudness_after


def test_loud_sound_is_lowered_and_its_peaks_are_held(tmp_path: Path, bench: Benches) -> None:
    loud = film(tmp_path / "loud.mp4", "-af", "volume=18dB", "-ac", "2", seconds=2)
    result, _ = made(loud, bench(), loudness=-16)
    assert result.loudness_after == pytest.approx(-16, abs=0.5)
    clicks = ("-af", "volume=17dB,volume=-30dB:enable='gt(mod(t,0.5),0.03)'")
    noisy = film(tmp_path / "peaks.mp4", *clicks, seconds=2)
    raised, _ = made(noisy, bench(), loudness=-12)
    assert raised.true_peak is not None
    assert raised.true_peak <= -0.8


@pytest.mark.parametrize(
    ("changes", "size", "fps"),
    [
        ({"preset": "youtube"}, (1920, 1080), 50),
        ({"preset": "instagram-feed", "fit": "crop"}, (1080, 1350), 50),
        ({"preset": "whatsapp"}, (90, 160), 25),
        ({"width": 180}, (180, 320), 50),
        ({"height": 80, "fps": 23.976}, (44, 80), 24000 / 1001),
    ],
)
def test_the_shape_is_what_was_asked(
    tall: Path, bench: Benches, changes: dict[str, Any], size: tuple[int, int], fps: float
) -> None:
    result, target = made(tall, bench(), **changes)
    facts = measure(target)
    assert (facts.width, facts.height) == size
    assert facts.fps == pytest.approx(fps, rel=0.001)
    assert facts.duration == pytest.approx(1, abs=1 / fps)
    assert result.loudness_after is None


def test_hdr_becomes_what_usual_screens_show(tmp_path: Path, bench: Benches) -> None:
    named = ("-vf", "setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv")
    hdr = film(tmp_path / "hdr.mp4", *named, seconds=0.5, sound=False)
    result, target = made(hdr, bench(), preset="web")
    assert not result.copied
    assert "HDR (PQ)" in result.warnings[0]
    with av.open(str(target)) as container:
        assert container.streams.video[0].codec_context.color_trc == 1, "BT.709"


@pytest.mark.parametrize("most", [0.03, 0.05])
def test_the_file_is_no_larger_than_asked(quiet: Path, bench: Benches, most: float) -> None:
    result, target = made(quiet, bench(), max_mb=most)
    assert most * 0.5e6 < target.stat().st_size <= most * 1e6
    assert not result.copied
    assert len(frames_of(target)) == 50


@pytest.mark.parametrize("container", ["webm", "gif", "mp3", "m4a", "wav", "mov"])
def test_every_container(quiet: Path, bench: Benches, container: str) -> None:
    result, target = made(quiet, bench(), container=container)
    facts = measure(target)
    assert facts.duration == pytest.approx(2, abs=0.05)
    assert (facts.width is None) == (container in ("mp3", "m4a", "wav"))
    assert result.bitrate > 0
    assert result.sound_copied == (container in ("m4a", "mov"))


@pytest.mark.parametrize("heard", [1.2, 2.6])
@pytest.mark.parametrize("changes", [{}, {"width": 256}, {"loudness": -20}])
def test_sound_and_picture_end_together(
    tmp_path: Path, bench: Benches, heard: float, changes: dict[str, Any]
) -> None:
    source = counted(tmp_path / "film.mp4", seconds=2, heard=heard)
    result, target = made(source, bench(), **changes)
    seconds = max(2, heard)
    assert ends(target) == pytest.approx((seconds, seconds), abs=0.04)
    assert numbers(target)[:50] == list(range(50))
    assert beeps(target) == pytest.approx([each for each in (1, 2) if each < heard], abs=0.006)
    assert result.copied == ("width" not in changes)
    assert result.sound_copied == (heard > 2 and "loudness" not in changes)


@pytest.mark.parametrize(
    ("rate", "near"), [(37_800, 44_100), (11_111, 12_000), (4_000, 8_000), (96_000, 48_000)]
)
@pytest.mark.parametrize("container", ["mp3", "m4a", "wav"])
def test_sound_of_any_rate(tmp_path: Path, bench: Benches, rate: int, near: int, container: str) -> None:
    source = tmp_path / "sound.wav"
    run_ffmpeg(["-f", "lavfi", "-i", f"sine=d=0.5:r={rate}"], output=source, duration=1, deadline=60)
    _, target = made(source, bench(), container=container)
    found = require_audio(probe(target)).sample_rate
    assert found == (rate if container == "wav" else near)


def test_a_gif_is_no_faster_than_browsers_show_it(quiet: Path, bench: Benches) -> None:
    result, target = made(quiet, bench(), container="gif", fps=60, width=64)
    assert result.warnings == (
        "A GIF has at most 50 frames a second: browsers show one with more too slowly.",
    )
    with Image.open(target) as image:
        assert image.info["duration"] == 20


def test_what_cannot_be_meant_is_said(tall: Path, bench: Benches) -> None:
    for changes, says in (
        ({"container": "mp3", "width": 640}, "no picture"),
        ({"container": "wav", "preset": "web"}, "no picture"),
        ({"container": "webm", "max_mb": 3}, "not of webm"),
        ({"loudness": -14, "keep_loudness": True}, "kept and changed"),
    ):
        with pytest.raises(InvalidInputError, match=says):
            options(**changes)
    with pytest.raises(NoAudioError):
        made(tall, bench(), container="mp3")


@given(
    st.floats(0.1, 1000),
    st.floats(0.1, 36_000),
    st.tuples(st.integers(64, 4096), st.integers(64, 4096)),
    st.sampled_from([10.0, 25.0, 60.0]),
    st.booleans(),
)
def test_budgets_stay_below_the_size(
    megabytes: float, seconds: float, sides: tuple[int, int], fps: float, sound: bool
) -> None:
    try:
        plan = budget(megabytes * 1e6, seconds, *sides, fps, sound=sound)
    except LimitExceededError:
        roomy = megabytes * 8e6 / seconds > 120_000
        assert not roomy, "there is room for a picture"
        return
    assert plan.whole * seconds / 8 <= megabytes * 1e6
    assert 2 <= plan.width <= sides[0]
    assert 2 <= plan.height <= sides[1]
    assert plan.width / plan.height == pytest.approx(sides[0] / sides[1], rel=0.05)
    assert (plan.sound > 0) == sound
