import wave
from pathlib import Path

import av
import numpy as np
import pytest
from faster_whisper.audio import decode_audio

from tasks.errors import NoAudioError, NotMediaError
from tasks.media.ffmpeg import run_ffmpeg
from tasks.speech.activity import SAMPLE_RATE
from tasks.speech.windows import audio_duration, read_windows

from .conftest import write_wav


def tone(seconds: float, rate: int = SAMPLE_RATE) -> np.ndarray:
    return 0.3 * np.sin(2 * np.pi * 330 * np.arange(int(seconds * rate)) / rate)


def test_windows_follow_each_other_without_gap_or_overlap(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    audio = rng.normal(0, 0.1, 47 * SAMPLE_RATE)
    path = write_wav(tmp_path / "noise.wav", audio, SAMPLE_RATE)
    windows = list(read_windows(path, seconds=10))
    assert len(windows) >= 5
    assert all(window.duration <= 10 for window in windows)
    position = 0
    for window in windows:
        assert window.start == pytest.approx(position / SAMPLE_RATE)
        position += window.audio.size
    whole = np.concatenate([window.audio for window in windows])
    assert np.abs(whole - np.clip(audio, -1, 1)).max() < 1e-4


def test_without_speech_a_window_has_none(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "silence.wav", np.zeros(5 * SAMPLE_RATE), SAMPLE_RATE)
    (window,) = read_windows(path)
    assert window.speech == ()
    assert window.duration == 5.0


def test_the_loud_is_not_cut_when_there_is_a_quieter_moment(tmp_path: Path) -> None:
    audio = tone(30)
    audio[int(17.3 * SAMPLE_RATE) : int(17.6 * SAMPLE_RATE)] *= 0.01
    path = write_wav(tmp_path / "tone.wav", audio, SAMPLE_RATE)
    first = next(iter(read_windows(path, seconds=20)))
    # No voice is heard in a tone: the middle of the region is as good; it must only be within it.
    assert 10 <= first.duration <= 20


def test_other_rates_and_stereo_become_mono_16k(tmp_path: Path) -> None:
    path = tmp_path / "stereo.m4a"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44_100, layout="stereo")
        samples = np.stack([tone(3, 44_100), tone(3, 44_100)]).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="stereo")
        frame.sample_rate = 44_100
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    (window,) = read_windows(path)
    assert window.duration == pytest.approx(3.0, abs=0.1)
    assert audio_duration(path) == pytest.approx(3.0, abs=0.1)
    spectrum = np.abs(np.fft.rfft(window.audio))
    assert spectrum.argmax() * SAMPLE_RATE / window.audio.size == pytest.approx(330, abs=2)


def test_a_hole_in_the_file_does_not_end_the_audio(tmp_path: Path) -> None:
    path = tmp_path / "holed.mp3"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mp3", rate=SAMPLE_RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(
            (tone(20)[None] * 32767).astype(np.int16), format="s16p", layout="mono"
        )
        frame.sample_rate = SAMPLE_RATE
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = bytes(range(250)) * 12
    path.write_bytes(data)
    assert sum(window.duration for window in read_windows(path)) > 17


@pytest.mark.parametrize("content", [b"", b"<!doctype html><html><body>Not found</body></html>"])
def test_what_is_not_media_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "page.mp4"
    path.write_bytes(content)
    with pytest.raises(NotMediaError, match=r"page\.mp4"):
        list(read_windows(path))


def test_a_film_without_sound_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "silent.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=5)
        stream.width = stream.height = 64
        for _ in range(5):
            container.mux(
                stream.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24"))
            )
        container.mux(stream.encode(None))
    with pytest.raises(NoAudioError, match="no audio"):
        list(read_windows(path))


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.wav", "pcm_s16le"),
        ("a.mp3", "libmp3lame"),
        ("a.m4a", "aac"),
        ("a.webm", "libopus"),
        ("a.mkv", "flac"),
    ],
)
def test_sound_is_read_to_the_sample_as_the_engine_reads_it(tmp_path: Path, name: str, codec: str) -> None:
    loud = np.random.default_rng(5).uniform(-0.95, 0.95, 48_000 * 2)
    stereo = np.stack((loud, np.roll(loud, 3)), axis=1)
    source = tmp_path / "source.wav"
    with wave.open(str(source), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes((stereo * 32767).astype("<i2").tobytes())
    path = tmp_path / f"made-{name}"
    run_ffmpeg(["-i", f"file:{source}", "-c:a", codec], output=path, duration=None, deadline=60)
    ours = np.concatenate([window.audio for window in read_windows(path)])
    # Of AAC the engine gets some samples more, which fill the last block.
    theirs, inside = decode_audio(str(path)), slice(0, ours.size - 32)
    assert ours.size == pytest.approx(2 * SAMPLE_RATE, abs=0.05 * SAMPLE_RATE)
    np.testing.assert_array_equal(ours[inside], theirs[inside])
