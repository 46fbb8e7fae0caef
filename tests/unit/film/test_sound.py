"""The sound of a film."""

from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from tasks.audio.loudness import measuring_filter, parse_measurement
from tasks.editing.bench import Bench
from tasks.errors import MissingEngineError
from tasks.film.music import Music, choose_track, chosen_mood
from tasks.film.sound import Mix, make_film_sound
from tasks.media.ffmpeg import run_ffmpeg

RATE = 48_000


def tone(path: Path, seconds: float, expression: str) -> Path:
    """A sound by a formula of ffmpeg."""
    source = f"aevalsrc='{expression}':s={RATE}:d={seconds}"
    run_ffmpeg(["-f", "lavfi", "-i", source], output=path, duration=seconds, deadline=60)
    return path


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Syllables for 4 s of every 6."""
    path = tmp_path_factory.mktemp("voice") / "voice.wav"
    return tone(path, 12.0, "0.2*sin(2*PI*180*t)*abs(sin(2*PI*2*t))*lt(mod(t\\,6)\\,4)")


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """5 s of a steady chord."""
    return tone(tmp_path_factory.mktemp("bed") / "bed.wav", 5.0, "0.1*sin(2*PI*440*t)+0.1*sin(2*PI*554*t)")


def samples(path: Path) -> NDArray[np.float32]:
    """Of the left channel."""

    with av.open(str(path)) as container:
        resampler = av.AudioResampler("fltp", "stereo", RATE)
        blocks = [
            block.to_ndarray()[0]
            for frame in container.decode(audio=0)
            for block in resampler.resample(frame)
        ]
    return np.concatenate(blocks)


def level(sound: NDArray[np.float32], start: float, end: float) -> float:
    """Decibels of full scale."""
    part = sound[round(start * RATE) : round(end * RATE)]
    return float(20 * np.log10(max(float(np.sqrt(np.mean(part**2))), 1e-9)))


def loudness(path: Path) -> tuple[float, float]:
    """LUFS and dBTP."""
    run = run_ffmpeg(
        ["-i", f"file:{path}", "-af", measuring_filter(), "-f", "null", "-"],
        output=None,
        duration=None,
        deadline=60,
    )
    found = parse_measurement(run.messages)
    assert found.integrated is not None
    assert found.peak is not None
    return found.integrated, found.peak


def test_a_short_bed_is_heard_to_the_end_of_a_long_film(bed: Path, tmp_path: Path) -> None:
    target = tmp_path / "sound.m4a"
    assert make_film_sound(Mix(music=Music(bed)), 30.0, target, Bench(tmp_path)) == ()
    heard = samples(target)
    assert abs(len(heard) / RATE - 30.0) < 1 / 30
    levels = [level(heard, second, second + 1) for second in range(28)]
    assert max(levels) - min(levels) < 4
    # Its last second and a half fades, to the very end.
    assert levels[-1] - 12 < level(heard, 29.0, 29.5) < levels[-1]
    assert level(heard, 29.95, 30.0) < -40
    integrated, peak = loudness(target)
    assert integrated == pytest.approx(-14, abs=1)
    assert peak <= -1


def test_music_makes_way_for_the_voice(voice: Path, bed: Path, tmp_path: Path) -> None:
    target = tmp_path / "sound.m4a"
    mix = Mix(voice=voice, music=Music(bed, 120.0))
    assert make_film_sound(mix, 14.0, target, Bench(tmp_path)) == ()
    heard = samples(target)
    spectrum = [
        np.abs(np.fft.rfft(heard[round(start * RATE) : round((start + 1) * RATE)]))[430:450].max()
        for start in (2.0, 5.0)
    ]
    assert 6 < 20 * np.log10(spectrum[1] / spectrum[0]) < 16
    integrated, peak = loudness(target)
    assert integrated == pytest.approx(-14, abs=1)
    assert peak <= -1


def test_the_beat_goes_on_where_a_track_begins_again(tmp_path: Path) -> None:
    # A click every half second, 120 a minute, in 9.3 s: no whole number of bars.
    clicks = tone(tmp_path / "clicks.wav", 9.3, "0.5*sin(2*PI*900*t)*lt(mod(t\\,0.5)\\,0.03)")
    target = tmp_path / "sound.m4a"
    make_film_sound(Mix(music=Music(clicks, 120.0)), 24.0, target, Bench(tmp_path))
    heard = np.abs(samples(target))
    loud = heard > 0.2 * heard.max()
    times = np.flatnonzero(loud & ~np.roll(_held(loud), 1)) / RATE
    phases = (times[times < 22] + 0.25) % 0.5 - 0.25
    assert len(times) > 40
    assert np.abs(phases).max() < 0.03


def _held(loud: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether it was loud within the last 0.2 s."""
    reach = round(0.2 * RATE)
    counts = np.cumsum(loud.astype(int))
    recent = counts - np.concatenate([np.zeros(reach, int), counts[:-reach]])
    held: NDArray[np.bool_] = recent > 0
    return held


def test_without_voice_and_music_the_track_is_silent_and_as_long(tmp_path: Path) -> None:
    target = tmp_path / "sound.m4a"
    make_film_sound(Mix(), 7.5, target, Bench(tmp_path))
    heard = samples(target)
    assert not heard.any()
    assert abs(len(heard) / RATE - 7.5) < 1 / 30


def test_moods_suit_templates_and_can_be_chosen() -> None:
    assert chosen_mood("auto", "price-drop") == "energetic"
    assert chosen_mood("calm", "price-drop") == "calm"
    assert chosen_mood("none", "price-drop") is None


def test_missing_music_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(MissingEngineError, match="models get music"):
        choose_track(tmp_path, "happy", "1")


def test_a_track_is_the_same_for_the_same_seed(tmp_path: Path) -> None:
    (tmp_path / "music").mkdir()
    for name in ("happy_acoustic_1.opus", "happy_electronic_2.opus", "calm_acoustic_1.opus"):
        (tmp_path / "music" / name).touch()
    chosen = {choose_track(tmp_path, "happy", str(seed)) for seed in range(20)}
    assert {(music.path.name, music.beats_a_minute) for music in chosen} == {
        ("happy_acoustic_1.opus", 110),
        ("happy_electronic_2.opus", 123),
    }
    assert choose_track(tmp_path, "happy", "7") == choose_track(tmp_path, "happy", "7")
