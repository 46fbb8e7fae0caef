"""Times of the sound are those of the picture's clock, whatever the container does with them."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tasks.media.ffmpeg import run_ffmpeg
from tasks.media.pcm import decode, encode
from tasks.media.probe import probe, require_audio
from tasks.media.shown import lag, shown
from tasks.speech.windows import read_windows

RATE = 16_000
BEEPS = (0.5, 2.0)
"""Seconds from the beginning of the sound."""
SECONDS = 3.0

H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-pix_fmt", "yuv420p")
CODECS = {
    "ts": (*H264, "-c:a", "aac"),
    "mpg": ("-c:v", "mpeg2video", "-c:a", "mp2"),
    "mp4": (*H264, "-c:a", "aac"),
    "mov": (*H264, "-c:a", "pcm_s16le"),
    "mkv": (*H264, "-c:a", "flac"),
    "webm": ("-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus"),
    "flv": ("-c:v", "flv1", "-c:a", "aac"),
    "ogv": ("-c:v", "libtheora", "-c:a", "libvorbis"),
    "wmv": ("-c:v", "wmv2", "-c:a", "wmav2"),
}


@pytest.fixture(scope="module")
def beeps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("beeps") / "beeps.wav"
    sound = np.zeros((round(SECONDS * 48_000), 1), np.float32)
    for start in BEEPS:
        at = round(start * 48_000)
        sound[at : at + 2400, 0] = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(2400) / 48_000)
    with encode(path, sample_rate=48_000, channels=1, arguments=(), deadline=60) as writer:
        writer.write(sound)
    return path


def film(path: Path, sound: Path, *, sound_later: float = 0.0, picture_later: float = 0.0) -> Path:
    """A film of pictures and beeps, one of which starts later in the container."""
    picture = ("-f", "lavfi", "-i", f"testsrc=s=64x48:r=25:d={SECONDS + 1}")
    run_ffmpeg(
        [
            *("-itsoffset", str(picture_later), *picture),
            *("-itsoffset", str(sound_later), "-i", f"file:{sound}"),
            *("-map", "0:v", "-map", "1:a", *CODECS[path.suffix[1:]]),
        ],
        output=path,
        duration=None,
        deadline=60,
    )
    return path


def starts(sound: NDArray[np.float32]) -> list[float]:
    """Where the beeps begin, in seconds."""
    loud = np.flatnonzero(np.abs(sound) > 0.1)
    first = np.concatenate(([True], np.diff(loud) > RATE / 2))
    return [float(at) / RATE for at in loud[first]]


def heard(path: Path) -> list[float]:
    """Where they begin as a normalisation hears them."""
    track = require_audio(probe(path))
    with decode(
        path, sample_rate=RATE, channels=1, stream=track.index, delay=track.delay, deadline=60
    ) as reader:
        return starts(np.concatenate(list(reader))[:, 0])


def heard_raw(path: Path) -> list[float]:
    """Where they begin for a recogniser that is given the file itself."""
    return starts(np.concatenate([window.audio for window in read_windows(path)]))


@pytest.mark.parametrize("container", CODECS)
@pytest.mark.parametrize("later", [0.0, 1.4])
def test_sound_that_starts_later_is_heard_later(
    tmp_path: Path, beeps: Path, container: str, later: float
) -> None:
    path = film(tmp_path / f"film.{container}", beeps, sound_later=later)
    expected = pytest.approx([start + later for start in BEEPS], abs=0.005)
    assert heard(path) == expected
    assert heard_raw(path) == expected


def test_short_gaps_are_silent_and_unevenness_is_left(tmp_path: Path, beeps: Path) -> None:
    for gap, moved in ((0.06, 0.06), (0.02, 0.0)):
        path = tmp_path / f"gap{gap}.mkv"
        later = f"asetnsamples=480,asetpts='PTS+gt(T,1)*{gap}/TB'"
        run_ffmpeg(
            ["-i", f"file:{beeps}", "-af", later, "-c:a", "pcm_s16le"],
            output=path,
            duration=None,
            deadline=60,
        )
        assert heard(path) == pytest.approx([BEEPS[0], BEEPS[1] + moved], abs=0.002)


@pytest.mark.parametrize(
    ("container", "codec"),
    [("mp4", "libx264"), ("avi", "mpeg4"), ("avi", "libx264"), ("ts", "libx264"), ("flv", "flv1")],
)
@pytest.mark.parametrize("reordered", [0, 2])
def test_pictures_have_the_times_of_showing(
    tmp_path: Path, container: str, codec: str, reordered: int
) -> None:
    path = tmp_path / f"film.{container}"
    ordering = () if codec == "flv1" else ("-bf", str(reordered))
    run_ffmpeg(
        ["-f", "lavfi", "-i", "testsrc=s=64x48:r=25:d=1", "-c:v", codec, *ordering, "-pix_fmt", "yuv420p"],
        output=path,
        duration=None,
        deadline=60,
    )
    info = probe(path)
    assert info.video is not None
    film = shown(path, info)
    assert film.frames == film.rate == 25
    assert film.start == pytest.approx(0, abs=1e-6)
    assert film.seconds == pytest.approx(1, abs=0.001)
    assert (lag(path, info.video.index) > 0) == (container == "avi" and reordered > 0)


@pytest.mark.parametrize("container", ["ts", "mkv", "mp4"])
def test_sound_before_the_first_picture_is_not_lost(tmp_path: Path, beeps: Path, container: str) -> None:
    # A camera that was switched on later: the clock of players starts with the sound.
    path = film(tmp_path / f"film.{container}", beeps, picture_later=1.0)
    assert heard(path) == pytest.approx(BEEPS, abs=0.025)
    assert heard_raw(path) == heard(path)


def test_a_clock_that_starts_again_in_the_middle_goes_on(tmp_path: Path, beeps: Path) -> None:
    path = film(tmp_path / "film.ts", beeps)
    length = probe(path).duration
    twice = tmp_path / "twice.ts"
    twice.write_bytes(path.read_bytes() * 2)
    again = heard(twice)
    assert again[:2] == pytest.approx(BEEPS, abs=0.005)
    assert again[2] - again[0] == pytest.approx(length, abs=1.1), "the second part follows the first"
    assert again[3] - again[2] == pytest.approx(BEEPS[1] - BEEPS[0], abs=0.005)
    assert heard_raw(twice) == again


@pytest.mark.parametrize(
    ("name", "codec"),
    [("sound.mp3", ()), ("sound.m4a", ()), ("sound.ogg", ("-c:a", "libopus")), ("sound.flac", ())],
)
def test_what_an_encoder_puts_before_the_beginning_does_not_count(
    tmp_path: Path, beeps: Path, name: str, codec: tuple[str, ...]
) -> None:
    path = tmp_path / name
    run_ffmpeg(["-i", f"file:{beeps}", *codec], output=path, duration=None, deadline=60)
    assert heard(path) == pytest.approx(BEEPS, abs=0.005)
    assert heard_raw(path) == pytest.approx(BEEPS, abs=0.005)
