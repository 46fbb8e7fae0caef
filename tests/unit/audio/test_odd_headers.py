"""Sound whose header says what hardly any header says: rates, channels and lengths at their ends."""

import struct
from pathlib import Path

import numpy as np
import pytest

from tasks.audio.choice import SoundReader, choose_sound
from tasks.audio.normalise import NormalisationOptions, normalise
from tasks.errors import DamagedMediaError, NoAudioError
from tasks.media.ffmpeg import run_ffmpeg
from tasks.media.probe import probe
from tasks.speech.windows import read_windows

RATE = 16_000
NO_MODELS = Path("/nowhere")
PLAIN = NormalisationOptions(remove_noise=False)


def odd_wav(path: Path, channels: int = 1, seconds: float = 1.0, stated_rate: int = RATE) -> Path:
    """A tone in the last channel; the others are silent."""
    samples = np.zeros((round(seconds * RATE), channels), "<i2")
    samples[:, -1] = 20_000 * np.sin(2 * np.pi * 440 * np.arange(len(samples)) / RATE)
    body = samples.tobytes()
    bytes_a_second = (stated_rate * 2 * channels) & 0xFFFFFFFF
    form = struct.pack("<HHIIHH", 1, channels, stated_rate, bytes_a_second, 2 * channels, 16)
    chunks = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(body)) + body
    path.write_bytes(b"RIFF" + struct.pack("<I", len(chunks)) + chunks)
    return path


@pytest.mark.parametrize("channels", [9, 16, 64])
def test_all_channels_of_a_field_recorder_are_heard(tmp_path: Path, channels: int) -> None:
    source = odd_wav(tmp_path / "in.wav", channels)
    report = normalise(source, tmp_path / "out.flac", PLAIN, NO_MODELS)
    assert report.result.channels == 1
    assert report.result.duration == pytest.approx(1, abs=0.01)
    assert report.result.loudness.integrated == pytest.approx(-16, abs=1)
    assert not report.as_recorded, "a recogniser could not mix them"


@pytest.mark.parametrize(("channels", "rate"), [(1, 1), (1, 999), (1, 2**31 - 1), (65, RATE)])
def test_a_header_that_cannot_be_true_is_named(tmp_path: Path, channels: int, rate: int) -> None:
    source = odd_wav(tmp_path / "in.wav", channels, 0.1, rate)
    with pytest.raises(DamagedMediaError, match="which no recording of speech has"):
        normalise(source, tmp_path / "out.flac", PLAIN, NO_MODELS, deadline=20)


@pytest.mark.parametrize("samples", [1, 5, 15])
def test_less_sound_than_a_word_takes_is_named(tmp_path: Path, samples: int) -> None:
    source = odd_wav(tmp_path / "in.wav", seconds=samples / RATE)
    with pytest.raises(NoAudioError, match="nothing can be said"):
        normalise(source, tmp_path / "out.flac", PLAIN, NO_MODELS)


def test_a_hundredth_of_a_second_is_a_recording(tmp_path: Path) -> None:
    source = odd_wav(tmp_path / "in.wav", seconds=0.01)
    report = normalise(source, tmp_path / "out.flac", PLAIN, NO_MODELS)
    assert report.result.duration == pytest.approx(0.01, abs=0.001)


@pytest.mark.parametrize("container", ["mka", "mp4"])
@pytest.mark.parametrize("default", [1, 2])
@pytest.mark.parametrize("wanted", [None, 1, 2])
def test_what_counts_as_recorded_is_the_track_that_was_chosen(
    tmp_path: Path, container: str, default: int, wanted: int | None
) -> None:
    path = tmp_path / f"two.{container}"
    run_ffmpeg(
        [
            *("-f", "lavfi", "-i", "sine=440:d=2", "-f", "lavfi", "-i", "sine=1760:d=2", "-map", "0:a"),
            *("-map", "1:a", "-disposition:a", "0", f"-disposition:a:{default - 1}", "default"),
        ],
        output=path,
        duration=None,
        deadline=60,
    )
    target = tmp_path / "out.flac"
    report = normalise(path, target, PLAIN.model_copy(update={"audio_track": wanted}), NO_MODELS)
    assert report.choice.track == (wanted or default)
    assert tone(target) == pytest.approx({1: 440, 2: 1760}[report.choice.track], abs=2)
    if report.as_recorded:
        assert tone(path) == pytest.approx(tone(target), abs=2)
    assert choose_sound(SoundReader(path, probe(path), deadline=60), 1).is_plain == (default == 1)


def tone(path: Path) -> float:
    """Hertz of what a recogniser hears."""
    heard = np.concatenate([window.audio for window in read_windows(path)])
    return float(np.abs(np.fft.rfft(heard)).argmax() * RATE / heard.size)
