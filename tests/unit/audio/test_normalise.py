import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tasks.audio.choice import SoundChoice
from tasks.audio.loudness import measuring_filter, parse_measurement
from tasks.audio.normalise import NormalisationOptions, normalise
from tasks.audio.steps import NormalisedAudio
from tasks.errors import (
    CancelledError,
    MissingEngineError,
    StageTimeoutError,
)
from tasks.media.ffmpeg import run_ffmpeg
from tasks.media.pcm import Samples, decode
from tasks.media.probe import probe, require_audio
from tests.processes import linux_only, running
from tests.unit.audio.conftest import WriteSound, si_sdr

BARE = NormalisationOptions(
    remove_noise=False, convert_to_mono=False, set_sample_rate_16k=False, loudness_lufs=None
)
NO_MODELS = Path("/nowhere")
RATE = 48_000


def options(**changes: object) -> NormalisationOptions:
    return NormalisationOptions.model_validate(BARE.model_dump() | changes)


def read(path: Path) -> tuple[Samples, int]:
    audio = require_audio(probe(path))
    with decode(path, sample_rate=audio.sample_rate, channels=audio.channels, deadline=60) as reader:
        return np.concatenate(list(reader)), audio.sample_rate


def tone(hertz: float, seconds: float = 3, level: float = 0.3, rate: int = RATE) -> NDArray[np.float32]:
    return (level * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)).astype(np.float32)


def level(sound: Samples, rate: int, hertz: float) -> float:
    """Amplitude of one frequency, away from the ends."""
    middle = sound[rate // 2 : -rate // 2, 0]
    phase = np.exp(-2j * np.pi * hertz * np.arange(len(middle)) / rate)
    return float(2 * np.abs(middle @ phase) / len(middle))


def loudness(path: Path) -> float:
    run = run_ffmpeg(
        ["-i", f"file:{path}", "-af", measuring_filter(), "-f", "null", "-"],
        output=None,
        duration=None,
        deadline=60,
    )
    integrated = parse_measurement(run.messages).integrated
    assert integrated is not None
    return integrated


def test_nothing_asked_changes_nothing(write_sound: WriteSound, tmp_path: Path) -> None:
    sound = np.stack((tone(440), tone(3000)), axis=1)
    target = tmp_path / "out.flac"
    report = normalise(write_sound("in.wav", sound), target, BARE, NO_MODELS)
    out, rate = read(target)
    assert rate == RATE
    np.testing.assert_allclose(out, sound, atol=2e-4)
    assert {filter_.status for filter_ in report.filters} == {"skipped"}
    assert [filter_.name for filter_ in report.filters] == [
        "remove_noise",
        "isolate_vocals",
        "highpass",
        "mono",
        "sample_rate",
        "loudness",
    ]
    assert report.result.duration == 3
    assert report.result.channels == 2


@pytest.mark.parametrize(
    ("changes", "as_recorded"),
    [
        ({}, True),
        ({"convert_to_mono": True, "set_sample_rate_16k": True, "loudness_lufs": -16.0}, True),
        ({"apply_highpass_filter": True}, False),
        ({"remove_noise": True, "noise_engine": "afftdn"}, False),
    ],
)
def test_a_sound_is_as_recorded_unless_a_filter_changed_it(
    write_sound: WriteSound, tmp_path: Path, changes: dict[str, object], as_recorded: bool
) -> None:
    hiss = np.random.default_rng(2).normal(0, 0.1, RATE * 3).astype(np.float32)
    source = write_sound("in.wav", np.stack((tone(440) + hiss, tone(440) + hiss), axis=1))
    report = normalise(source, tmp_path / "out.flac", options(**changes), NO_MODELS)
    assert report.as_recorded == as_recorded


def test_a_recogniser_reads_the_recording_itself_where_it_is_as_recorded() -> None:
    choice = SoundChoice(track=1, tracks=())
    changed = NormalisedAudio(key="audio/a.flac", duration=1.0, choice=choice)
    untouched = changed.model_copy(update={"as_recorded": True})
    unmade = changed.model_copy(update={"key": None})
    assert [audio.heard_from("media/a.mp4") for audio in (changed, untouched, unmade)] == [
        "audio/a.flac",
        "media/a.mp4",
        "media/a.mp4",
    ]


def test_highpass_cuts_hum_and_spares_voices(write_sound: WriteSound, tmp_path: Path) -> None:
    sound = (tone(30) + tone(50) + tone(200))[:, None]
    target = tmp_path / "out.flac"
    normalise(write_sound("in.wav", sound), target, options(apply_highpass_filter=True), NO_MODELS)
    out, rate = read(target)
    assert level(out, rate, 30) < 0.3 * 0.03
    assert level(out, rate, 50) < 0.3 * 0.2
    assert level(out, rate, 200) == pytest.approx(0.3, rel=0.05)


def test_the_whole_band_up_to_8_khz_survives_the_resampling(write_sound: WriteSound, tmp_path: Path) -> None:
    sound = (tone(7000) + tone(12000))[:, None]
    target = tmp_path / "out.flac"
    normalise(write_sound("in.wav", sound), target, options(set_sample_rate_16k=True), NO_MODELS)
    out, rate = read(target)
    assert rate == 16_000
    assert len(out) == 3 * 16_000
    assert level(out, rate, 7000) == pytest.approx(0.3, rel=0.05)
    assert level(out, rate, 4000) < 0.001, "12 kHz must not be folded down"


def test_the_band_above_11_khz_survives_without_resampling(write_sound: WriteSound, tmp_path: Path) -> None:
    target = tmp_path / "out.flac"
    normalise(
        write_sound("in.wav", tone(15000)[:, None]), target, options(apply_highpass_filter=True), NO_MODELS
    )
    assert level(*read(target), 15000) == pytest.approx(0.3, rel=0.05)


def test_both_channels_are_heard_in_mono(write_sound: WriteSound, tmp_path: Path) -> None:
    sound = np.stack((tone(440), tone(1000)), axis=1)
    target = tmp_path / "out.flac"
    normalise(write_sound("in.wav", sound), target, options(convert_to_mono=True), NO_MODELS)
    out, rate = read(target)
    assert out.shape[1] == 1
    assert level(out, rate, 440) == pytest.approx(level(out, rate, 1000), rel=0.05)


@pytest.mark.parametrize("source_level", [0.01, 0.05, 0.9])
@pytest.mark.parametrize("target_lufs", [-23.0, -16.0])
def test_loudness_reaches_its_target(
    write_sound: WriteSound,
    tmp_path: Path,
    speech: NDArray[np.float32],
    source_level: float,
    target_lufs: float,
) -> None:
    sound = (speech / np.abs(speech).max() * source_level)[:, None]
    target = tmp_path / "out.flac"
    report = normalise(
        write_sound("in.wav", sound, RATE, "-c:a", "pcm_f32le"),
        target,
        options(loudness_lufs=target_lufs, convert_to_mono=True, set_sample_rate_16k=True),
        NO_MODELS,
    )
    assert loudness(target) == pytest.approx(target_lufs, abs=1)
    assert report.result.loudness.integrated == pytest.approx(loudness(target), abs=0.2)
    assert report.result.loudness.peak is not None
    assert report.result.loudness.peak <= -1.0
    assert report.filters[-1].status == "applied"


def test_limiting_keeps_the_sound_in_its_place(
    write_sound: WriteSound, tmp_path: Path, speech: NDArray[np.float32]
) -> None:
    target = tmp_path / "out.flac"
    normalise(write_sound("in.wav", speech[:, None]), target, options(loudness_lufs=-12), NO_MODELS)
    out, _ = read(target)
    assert len(out) == len(speech)
    assert si_sdr(speech, out[:, 0]) > 10


@pytest.mark.parametrize("noise", [0.0, 1e-5])
def test_silence_is_not_raised(write_sound: WriteSound, tmp_path: Path, noise: float) -> None:
    sound = (np.random.default_rng(0).standard_normal((3 * RATE, 1)) * noise).astype(np.float32)
    target = tmp_path / "out.flac"
    source = write_sound("in.wav", sound, RATE, "-c:a", "pcm_f32le")
    report = normalise(source, target, options(loudness_lufs=-16), NO_MODELS)
    assert np.abs(read(target)[0]).max() < 0.001
    assert report.filters[-1].status == "skipped"
    assert "silence" in report.filters[-1].detail


def test_a_tenth_of_a_second_is_enough(write_sound: WriteSound, tmp_path: Path) -> None:
    target = tmp_path / "out.flac"
    report = normalise(
        write_sound("in.wav", tone(440, seconds=0.1)[:, None]), target, options(loudness_lufs=-16), NO_MODELS
    )
    assert report.result.duration == pytest.approx(0.1)
    assert len(read(target)[0]) == 0.1 * RATE


@pytest.mark.parametrize(
    ("name", "arguments", "channels"),
    [
        ("phone.wav", ["-ar", "8000", "-c:a", "pcm_mulaw"], 1),
        ("surround.m4a", ["-ac", "6"], 2),
        ("voice.ogg", ["-c:a", "libopus"], 1),
        ("high.flac", ["-ar", "192000"], 1),
        ("film.ts", [], 1),
    ],
)
def test_odd_sources(
    write_sound: WriteSound, tmp_path: Path, name: str, arguments: list[str], channels: int
) -> None:
    source = write_sound(name, tone(440, 5)[:, None], RATE, *arguments)
    for wanted in (options(), options(set_sample_rate_16k=True, convert_to_mono=True, loudness_lufs=-16)):
        report = normalise(source, tmp_path / "out.flac", wanted, NO_MODELS)
        assert report.result.channels == (1 if wanted.convert_to_mono else channels)
        out, rate = read(tmp_path / "out.flac")
        assert len(out) / rate == pytest.approx(5, abs=0.1)
        assert level(out, rate, 440) > 0.05


def test_afftdn_takes_away_steady_noise(
    write_sound: WriteSound, tmp_path: Path, speech: NDArray[np.float32]
) -> None:
    noise = np.random.default_rng(0).standard_normal(len(speech)).astype(np.float32)
    sound = speech + noise * np.sqrt((speech @ speech) / (noise @ noise) / 3)
    target = tmp_path / "out.flac"
    report = normalise(
        write_sound("in.wav", (sound * 0.3)[:, None]),
        target,
        options(remove_noise=True, noise_engine="afftdn"),
        NO_MODELS,
    )
    assert report.filters[0].engine == "afftdn"
    cleaned = read(target)[0][:, 0]
    assert len(cleaned) == len(speech)
    assert si_sdr(speech, cleaned) > si_sdr(speech, sound) + 2


@pytest.mark.models
def test_the_defaults_make_noisy_stereo_clear(
    write_sound: WriteSound, tmp_path: Path, models_dir: Path, speech: NDArray[np.float32]
) -> None:
    noise = np.random.default_rng(0).standard_normal((len(speech), 2)).astype(np.float32)
    noise *= np.sqrt(2 * (speech @ speech) / np.square(noise).sum() / 1.5)
    sound = (speech[:, None] + noise) * 0.2
    seen: list[float] = []
    target = tmp_path / "out.flac"
    report = normalise(
        write_sound("in.m4a", sound, RATE, "-b:a", "256k"),
        target,
        NormalisationOptions(),
        models_dir,
        seen.append,
    )
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (0, 1)
    states = {filter_.name: filter_.status for filter_ in report.filters}
    assert states == {
        "remove_noise": "applied",
        "isolate_vocals": "skipped",
        "highpass": "skipped",
        "mono": "applied",
        "sample_rate": "applied",
        "loudness": "applied",
    }
    assert (report.result.sample_rate, report.result.channels) == (16_000, 1)
    assert report.source.channels == 2
    clean_target = tmp_path / "clean.flac"
    normalise(
        write_sound("clean.wav", speech[:, None]),
        clean_target,
        options(set_sample_rate_16k=True),
        NO_MODELS,
    )
    clean, out = read(clean_target)[0][:, 0], read(target)[0][:, 0]
    length = min(len(clean), len(out))
    assert si_sdr(clean[:length], out[:length]) > 11


def test_a_clean_recording_is_left_as_it_is_and_the_report_says_why(
    write_sound: WriteSound, tmp_path: Path, speech: NDArray[np.float32]
) -> None:
    source = write_sound("in.wav", speech[:, None])
    asked = normalise(source, tmp_path / "asked.flac", options(remove_noise=True), NO_MODELS)
    report = asked.filters[0]
    assert (report.name, report.status, report.engine) == ("remove_noise", "skipped", None)
    assert re.fullmatch(r"clear enough: the noise lies \d\d dB below the speech", report.detail)
    normalise(source, tmp_path / "plain.flac", options(), NO_MODELS)
    assert (tmp_path / "asked.flac").read_bytes() == (tmp_path / "plain.flac").read_bytes()


@pytest.mark.models
def test_all_filters_together(
    write_sound: WriteSound, tmp_path: Path, models_dir: Path, speech: NDArray[np.float32]
) -> None:
    hiss = np.random.default_rng(0).standard_normal(len(speech)).astype(np.float32) * 0.04
    report = normalise(
        write_sound("in.wav", (speech + hiss)[:, None]),
        tmp_path / "out.flac",
        NormalisationOptions(isolate_vocals=True, apply_highpass_filter=True),
        models_dir,
    )
    assert {filter_.status for filter_ in report.filters} == {"applied"}
    assert report.filters[0].seconds
    assert report.filters[1].seconds
    out, _ = read(tmp_path / "out.flac")
    assert len(out) / 16_000 == pytest.approx(len(speech) / RATE, abs=0.01)
    assert loudness(tmp_path / "out.flac") == pytest.approx(-16, abs=1)


def test_a_missing_model_is_no_silent_downgrade(write_sound: WriteSound, tmp_path: Path) -> None:
    source = write_sound("in.wav", tone(440)[:, None])
    for wanted in (options(remove_noise=True), options(isolate_vocals=True)):
        with pytest.raises(MissingEngineError, match="contraponto models get"):
            normalise(source, tmp_path / "out.flac", wanted, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["in.wav"]


@linux_only
def test_cancelling_leaves_no_process_and_no_file(write_sound: WriteSound, tmp_path: Path) -> None:
    source = write_sound("in.wav", np.zeros((RATE * 120, 1), np.float32))
    work = tmp_path / "work"
    work.mkdir()

    def cancel_after(fraction: float) -> Callable[[float], None]:
        def progress(done: float) -> None:
            if done > fraction:
                raise CancelledError("The job was cancelled.")

        return progress

    for fraction in (0.0, 0.5, 0.91):
        with pytest.raises(CancelledError):
            normalise(
                source, work / "out.flac", options(loudness_lufs=-16), NO_MODELS, cancel_after(fraction)
            )
        assert not list(work.iterdir())
        assert not running(str(tmp_path))


def test_the_deadline_ends_it(write_sound: WriteSound, tmp_path: Path) -> None:
    source = write_sound("in.wav", np.zeros((RATE * 60, 1), np.float32))
    with pytest.raises(StageTimeoutError):
        normalise(source, tmp_path / "out.flac", options(), NO_MODELS, deadline=0.05)
    assert [path.name for path in tmp_path.iterdir()] == ["in.wav"]
