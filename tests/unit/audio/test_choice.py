"""Which sound of a file is heard, and what becomes of it."""

import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tasks.audio.choice import SoundChoice, SoundReader, choose_sound
from tasks.audio.listening import ENOUGH_SECONDS
from tasks.audio.normalise import NormalisationOptions, normalise
from tasks.audio.voice_activity import speech_stretches
from tasks.errors import EngineError, InvalidInputError
from tasks.media.ffmpeg import run_ffmpeg
from tasks.media.pcm import Samples, decode
from tasks.media.probe import AudioStream, probe
from tests.unit.audio.conftest import WriteSound

Sound = NDArray[np.float32]
RATE = 48_000
NO_MODELS = Path("/nowhere")


def chosen(path: Path, track: int | tuple[str, ...] | None = None) -> SoundChoice:
    return choose_sound(SoundReader(path, probe(path), deadline=60), track)


def decibels(level: float) -> float:
    return float(10 ** (level / 20))


def noise(like: Sound, level: float) -> Sound:
    return np.random.default_rng(2).normal(0, decibels(level), like.size).astype(np.float32)


def stereo(left: Sound, right: Sound) -> Samples:
    return np.stack((left, right), axis=1)


def hum(like: Sound, mains: int) -> Sound:
    """Mains hum with its harmonics."""
    time = np.arange(like.size) / RATE
    sound: Sound = np.zeros(like.size, np.float32)
    for number in range(1, 9):
        sound += 0.2 / number * np.sin(2 * np.pi * mains * number * time).astype(np.float32)
    return sound


@pytest.fixture(scope="module")
def voice(speech: Sound) -> Sound:
    return speech[: 5 * RATE] * np.float32(0.3 / np.abs(speech).max())


@pytest.mark.parametrize(
    ("made", "mix"),
    [
        (lambda voice: voice[:, None], "mix"),
        (lambda voice: stereo(voice, voice), "mix"),
        (lambda voice: stereo(voice, 0 * voice), "mix"),
        (lambda voice: stereo(np.concatenate((voice, 0 * voice)), np.concatenate((0 * voice, voice))), "mix"),
        (lambda voice: stereo(voice, -voice), "difference"),
        (lambda voice: stereo(np.concatenate((voice, voice)), np.concatenate((voice, -voice))), "left"),
        (lambda voice: stereo(voice, -0.8 * voice), "difference"),
        (lambda voice: stereo(voice + noise(voice, -50), -voice), "difference"),
        (lambda voice: stereo(noise(voice, -4), voice), "right"),
        (lambda voice: stereo(voice, -0.8 * np.roll(voice, 6)), "left"),
    ],
    ids=[
        "mono",
        "same",
        "dead",
        "two people",
        "turned",
        "fainter",
        "noisy",
        "noise",
        "one of two turned",
        "late",
    ],
)
def test_the_mix_is_heard_unless_it_hides_the_speech(
    write_sound: WriteSound, voice: Sound, made: Callable[[Sound], Samples], mix: str
) -> None:
    choice = chosen(write_sound("in.wav", made(voice)))
    assert choice.mix == mix
    assert (choice.summary == "") == (mix == "mix")
    assert choice.tried == ()


def test_only_the_beginning_of_a_usual_recording_is_listened_to(
    write_sound: WriteSound, voice: Sound, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_sound("in.flac", np.concatenate([voice] * 20)[:, None])
    heard: list[float] = []

    def listened(audio: Sound) -> list[tuple[float, float]]:
        heard.append(audio.size / 16_000)
        return speech_stretches(audio)

    monkeypatch.setattr("tasks.audio.listening.speech_stretches", listened)
    assert chosen(path).is_plain
    assert heard == [30.0]


@pytest.mark.parametrize(
    ("level", "arguments", "raised"),
    [
        (0, ("-c:a", "pcm_s16le"), False),
        (-46, ("-c:a", "pcm_s24le"), True),
        (-70, ("-c:a", "pcm_f32le"), True),
        (-36, ("-ar", "8000", "-c:a", "pcm_mulaw"), True),
    ],
)
def test_quiet_speech_is_raised_before_all_else(
    write_sound: WriteSound,
    tmp_path: Path,
    voice: Sound,
    level: float,
    arguments: tuple[str, ...],
    raised: bool,
) -> None:
    path = write_sound("in.wav", voice[:, None] * decibels(level), RATE, *arguments)
    target = tmp_path / "out.flac"
    report = normalise(path, target, NormalisationOptions(remove_noise=False), NO_MODELS)
    assert (report.choice.gain > 0) == raised
    assert report.result.loudness.integrated == pytest.approx(-16, abs=1)
    with decode(target, sample_rate=16_000, channels=1, deadline=60) as reader:
        spoken = speech_stretches(np.concatenate(list(reader))[:, 0])
    assert sum(end - start for start, end in spoken) > ENOUGH_SECONDS


@pytest.mark.parametrize("mains", [50, 60])
def test_speech_under_hum_is_heard_above_it(write_sound: WriteSound, voice: Sound, mains: int) -> None:
    choice = chosen(
        write_sound("in.wav", (voice * decibels(-30) + hum(voice, mains))[:, None], RATE, "-c:a", "pcm_s24le")
    )
    assert choice.above_hum
    assert "above the hum" in choice.summary


def test_the_centre_of_surround_sound_is_found_behind_its_noise(
    write_sound: WriteSound, tmp_path: Path, voice: Sound
) -> None:
    pair = write_sound("in.wav", stereo(noise(voice, -14), voice * 0.5))
    path = tmp_path / "surround.flac"
    layout = "pan=5.1|c0=c0|c1=c0|c2=c1|c3=c0|c4=c0|c5=c0"
    run_ffmpeg(["-i", f"file:{pair}", "-af", layout], output=path, duration=None, deadline=60)
    assert chosen(path).mix == "channel 3"


def test_one_microphone_of_many_is_found_behind_the_noise_of_the_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, voice: Sound
) -> None:
    channels = np.repeat(noise(voice, -14)[:, None], 12, axis=1)
    channels[:, 10] = voice * 0.5
    path = tmp_path / "in.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(12)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((channels * 32_000).clip(-32_768, 32_767).astype("<i2").tobytes())
    reads: list[int] = []

    def counted(*arguments: Any, **options: Any) -> Any:
        reads.append(options["channels"])
        return decode(*arguments, **options)

    monkeypatch.setattr("tasks.audio.choice.decode", counted)
    assert chosen(path).mix == "channel 11"
    assert reads == [1, 1, 8, 6], "the mix twice, then its channels eight at a time"


@pytest.fixture
def tracks(write_sound: WriteSound, tmp_path: Path, voice: Sound) -> Path:
    """A recording with a silent track, one with speech in Portuguese and one in English."""
    silent = write_sound("silent.wav", 0 * voice[:, None])
    spoken = write_sound("spoken.wav", voice[:, None])
    path = tmp_path / "tracks.mka"
    run_ffmpeg(
        [
            *("-i", f"file:{silent}", "-i", f"file:{spoken}", "-map", "0:a", "-map", "1:a", "-map", "1:a"),
            *("-metadata:s:a:0", "title=Desktop", "-metadata:s:a:1", "language=por"),
            *("-metadata:s:a:2", "language=eng", "-c:a", "flac"),
        ],
        output=path,
        duration=None,
        deadline=60,
    )
    return path


def test_the_first_track_with_speech_is_heard_and_named(tracks: Path, tmp_path: Path) -> None:
    report = normalise(tracks, tmp_path / "out.flac", NormalisationOptions(remove_noise=False), NO_MODELS)
    assert report.choice.track == 2
    assert [(t.track, t.language, t.title) for t in report.choice.tracks] == [
        (1, None, "Desktop"),
        (2, "por", None),
        (3, "eng", None),
    ]
    assert report.filters[0].name == "sound"
    assert report.filters[0].detail == "track 2 of 3: track 1 has no speech"
    assert report.result.loudness.integrated == pytest.approx(-16, abs=1)


@pytest.mark.parametrize(
    ("wanted", "track"), [(3, 3), (("eng",), 3), (("en-US", "english", "ENG"), 3), (("pt", "por"), 2), (1, 1)]
)
def test_a_track_that_is_asked_for_is_heard(tracks: Path, wanted: int | tuple[str, ...], track: int) -> None:
    choice = chosen(tracks, wanted)
    assert choice.track == track
    assert "track 2" not in choice.tried, "no other is looked at"


@pytest.mark.parametrize(("wanted", "asked"), [(4, "4"), (("jpn", "japanese"), "jpn")])
def test_a_track_that_is_not_there_is_refused_with_those_that_are(
    tracks: Path, wanted: int | tuple[str, ...], asked: str
) -> None:
    with pytest.raises(InvalidInputError, match=f"no audio track {asked} .* has 3") as caught:
        chosen(tracks, wanted)
    assert "1 (Desktop, 1 channels); 2 (por, 1 channels)" in caught.value.hint


def test_what_was_tried_in_vain_is_said(write_sound: WriteSound, voice: Sound) -> None:
    choice = chosen(write_sound("in.wav", stereo(noise(voice, -60), noise(voice, -61)[::-1])))
    assert choice.is_plain
    assert choice.tried[0] == "track 1"
    assert {"mix", "left", "right", "difference", "left above the hum"} <= set(choice.tried)
    assert any(name.endswith(" dB") for name in choice.tried)


def test_a_further_track_that_cannot_be_read_does_not_end_the_job(
    tracks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listen = SoundReader.blocks

    def blocks(self: SoundReader, track: AudioStream, **options: Any) -> Iterator[Samples]:
        if track.index == 1:
            raise EngineError("ffmpeg failed.")
        return listen(self, track, **options)

    monkeypatch.setattr(SoundReader, "blocks", blocks)
    assert chosen(tracks).track == 3
    with pytest.raises(EngineError):
        chosen(tracks, 2)
