"""Prepares any sound for recognition: noise removal, vocal isolation, high-pass, mono, 16 kHz, loudness.

First it is found out which sound is heard: `tasks.audio.choice`. Then two passes, both streamed. The first decodes,
filters and measures; its result waits on disk because the gain is only known at its end. The second applies the gain
and writes FLAC. Without a loudness target one pass does it all. Where noise is to be removed, a quick look at all of
the sound comes before: a clean recording is left as it is, for the network would cost more than all the rest and could
only do harm.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from tasks.audio import vocals
from tasks.audio.chain import Step, load_steps, through
from tasks.audio.choice import SoundChoice, SoundReader, choose_sound
from tasks.audio.loudness import Loudness, gain_filters, gain_for, measuring_filter, parse_measurement
from tasks.audio.noise import SAMPLE_RATE as NOISE_RATE
from tasks.audio.noise_floor import why_clean
from tasks.audio.vocals import SAMPLE_RATE as VOCALS_RATE
from tasks.errors import DamagedMediaError, NoAudioError
from tasks.media.ffmpeg import run_ffmpeg
from tasks.media.pcm import LAYOUTS, decode, encode
from tasks.media.probe import AudioStream, MediaInfo, end_of_packets, probe, require_audio
from tasks.progress import Progress, ignore_progress, part_of

FilterName = Literal["sound", "remove_noise", "isolate_vocals", "highpass", "mono", "sample_rate", "loudness"]

HIGHPASS_HERTZ = 80
RECOGNITION_RATE = 16_000
"""What Whisper was trained on; see `tasks.speech.activity.SAMPLE_RATE`."""

# A fourth-order Butterworth (24 dB per octave) as two second-order sections: -3 dB at 80 Hz, -16 dB at mains
# hum.
_HIGHPASS = f"highpass=f={HIGHPASS_HERTZ}:t=q:w=0.5412,highpass=f={HIGHPASS_HERTZ}:t=q:w=1.3066"
_FLAC = ("-c:a", "flac", "-sample_fmt", "s16", "-compression_level", "5")
# Rounding to 16 bits without dither would make quiet passages audibly rough.
_TO_16_BITS = "aresample=osf=s16:dither_method=triangular"

# FLAC's and the recognisers' world ends here; 384 kHz recordings exist but nothing in them is sound.
_HIGHEST_RATE = 96_000
_LEAST_SAMPLES = 32
"""FLAC has blocks of 16 or more; a resampler may give one or two fewer than it got."""
_REPORT_SECONDS = 0.25
_MISSING_SECONDS = 2.0
_MISSING_SHARE = 0.05
"""Whichever is more may be missing at the end before a file counts as cut short."""
_CHOICE = 0.02
_LOOK = 0.05
_FIRST_PASS = 0.9
"""Shares of the progress at the end of the choice of the sound, of the look at its noise, and of the first pass; the
second one is fast."""


class NormalisationOptions(BaseModel):
    """Which filters to apply."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    remove_noise: bool = True
    """Where there is any: see `tasks.audio.noise_floor`."""
    noise_engine: Literal["deepfilternet", "afftdn"] = "deepfilternet"
    """Neural (needs a model) or spectral (weaker, about ten times faster, no model)."""
    isolate_vocals: bool = False
    apply_highpass_filter: bool = False
    convert_to_mono: bool = True
    """Otherwise mono stays mono, stereo stays stereo, and surround becomes stereo."""
    set_sample_rate_16k: bool = True
    loudness_lufs: float | None = Field(default=-16.0, ge=-50, le=-5)
    """Integrated loudness of the result (EBU R128); None leaves it as it is."""
    audio_track: int | tuple[str, ...] | None = None
    """Number of the sound track, from 1, or the names of its language; see `tasks.audio.choice`."""

    @property
    def changes_anything(self) -> bool:
        """Whether any filter is asked for; loudness by itself is no reason to make a second file."""
        return (
            self.remove_noise
            or self.isolate_vocals
            or self.apply_highpass_filter
            or self.convert_to_mono
            or self.set_sample_rate_16k
        )


class FilterReport(BaseModel):
    """What became of one filter."""

    model_config = ConfigDict(frozen=True)

    name: FilterName
    status: Literal["applied", "skipped"]
    engine: str | None = None
    seconds: float | None = None
    """Time it took; None for filters that run inside ffmpeg together with the decoding."""
    detail: str = ""


class SoundReport(BaseModel):
    """The sound before or after."""

    model_config = ConfigDict(frozen=True)

    duration: float
    sample_rate: int
    channels: int
    loudness: Loudness


class NormalisationReport(BaseModel):
    """What `normalise` did."""

    model_config = ConfigDict(frozen=True)

    source: SoundReport
    result: SoundReport
    filters: tuple[FilterReport, ...]
    choice: SoundChoice
    """Which sound of the file it is."""
    as_recorded: bool
    """Whether only its channels were mixed and its rate and loudness changed, of the sound that any program hears."""
    seconds: float
    """Time it all took."""


def normalise(
    source: Path,
    target: Path,
    options: NormalisationOptions,
    models_dir: Path,
    progress: Progress = ignore_progress,
    deadline: float = 3600.0,
    *,
    threads: int = 2,
    binary: str | None = None,
) -> NormalisationReport:
    """Normalises the sound of `source` into the 16-bit FLAC file `target`.

    `target` appears complete or not at all. Memory does not grow with the length. While the work goes on, 64
    kB of disk per second (16 kHz mono; 384 kB for stereo at 48 kHz) is used beside `target`. `deadline` in
    seconds; `threads` for the neural filters.

    Raises `NotMediaError`, `NoAudioError`, `DamagedMediaError`, `MissingEngineError` (a model is not there),
    `StageTimeoutError`, `StorageFullError`, `EngineError`, and whatever `progress` raises.
    """
    started = time.monotonic()
    report = _Throttle(progress)
    report(0.0)
    info = probe(source)
    require_audio(info)

    def remaining() -> float:
        return deadline - (time.monotonic() - started)

    sounds = SoundReader(source, info, deadline=remaining(), binary=binary)
    choice = choose_sound(sounds, options.audio_track, part_of(report, 0.0, _CHOICE))
    audio = info.audio_tracks[choice.track - 1]
    clean = ""
    if options.remove_noise:
        look = part_of(report, _CHOICE, _LOOK)
        clean = why_clean(
            sounds.blocks(audio, channels=1, filters=choice.filters(audio.channels), progress=look)
        )
    asked, options = options, options.model_copy(update={"remove_noise": options.remove_noise and not clean})
    plan = _plan(audio, choice, options)
    steps = load_steps(
        models_dir,
        remove_noise=options.remove_noise and options.noise_engine == "deepfilternet",
        isolate_vocals=options.isolate_vocals,
        rate=plan.decode_rate,
        channels=plan.decode_channels,
        threads=threads,
    )

    with TemporaryDirectory(dir=target.parent, prefix=f".{target.stem}.") as scratch:
        final = options.loudness_lufs is None
        filtered = target if final else Path(scratch) / "filtered.f32"
        share = 1.0 if final else _FIRST_PASS
        first_pass = part_of(report, _LOOK if asked.remove_noise else _CHOICE, share)
        decoded = decode(
            source,
            sample_rate=plan.decode_rate,
            channels=plan.decode_channels,
            stream=audio.index,
            delay=audio.delay,
            filters=[measuring_filter(true_peak=False), *plan.decode_filters],
            deadline=remaining(),
            binary=binary,
        )
        encoded = encode(
            filtered,
            sample_rate=steps[-1].processor.sample_rate if steps else plan.decode_rate,
            channels=plan.decode_channels,
            arguments=[
                *(
                    "-af",
                    ",".join([*plan.encode_filters, measuring_filter(), *([_TO_16_BITS] if final else [])]),
                ),
                *(_FLAC if final else ("-f", "f32le")),
            ],
            deadline=remaining(),
            binary=binary,
        )
        with encoded as writer:
            with decoded as reader:
                for block in through(steps, reader):
                    writer.write(block)
                    first_pass(reader.seconds / info.duration if info.duration else 0.0)
            _check_complete(source, info, audio, reader.seconds)
            _check_long_enough(reader.seconds, plan.rate)
            writer.finish()
        before = parse_measurement(reader.messages)
        after = parse_measurement(writer.messages)
        levelling = FilterReport(name="loudness", status="skipped")
        if options.loudness_lufs is not None:
            second_started = time.monotonic()
            gain = gain_for(after, options.loudness_lufs)
            run = run_ffmpeg(
                [
                    *("-f", "f32le", "-ar", str(plan.rate), "-ch_layout", LAYOUTS[plan.channels]),
                    *("-i", f"file:{filtered}"),
                    *("-af", ",".join([*_levelled(gain, after, plan.rate), measuring_filter(), _TO_16_BITS])),
                    *_FLAC,
                ],
                output=target,
                duration=reader.seconds,
                progress=part_of(report, share, 1.0),
                deadline=remaining(),
                binary=binary,
            )
            levelling = _levelling_report(gain, time.monotonic() - second_started)
            after = parse_measurement(run.messages)
    report(1.0)
    return NormalisationReport(
        source=SoundReport(
            duration=reader.seconds, sample_rate=audio.sample_rate, channels=audio.channels, loudness=before
        ),
        result=SoundReport(
            duration=reader.seconds, sample_rate=plan.rate, channels=plan.channels, loudness=after
        ),
        filters=(*_filter_reports(choice, options, steps, clean), levelling),
        choice=choice,
        as_recorded=choice.is_plain
        and not audio.delay
        and not (options.remove_noise or options.isolate_vocals or options.apply_highpass_filter),
        seconds=time.monotonic() - started,
    )


@dataclass(frozen=True)
class _Plan:
    """Rates and channels along the way."""

    decode_rate: int
    decode_channels: int
    decode_filters: tuple[str, ...]
    encode_filters: tuple[str, ...]
    rate: int
    channels: int


class _Throttle:
    """Passes progress on, never backwards and a few times a second at most: every call may cost a request."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._highest = 0.0
        self._last = -math.inf

    def __call__(self, fraction: float) -> None:
        self._highest = max(self._highest, fraction)
        now = time.monotonic()
        if now - self._last >= _REPORT_SECONDS or fraction in (0.0, 1.0):
            self._last = now
            self._progress(self._highest)


def _plan(audio: AudioStream, choice: SoundChoice, options: NormalisationOptions) -> _Plan:
    neural_noise = options.remove_noise and options.noise_engine == "deepfilternet"
    channels = 1 if options.convert_to_mono or choice.changes_channels else min(audio.channels, 2)
    rate = RECOGNITION_RATE if options.set_sample_rate_16k else min(audio.sample_rate, _HIGHEST_RATE)
    # The separation uses where voices stand between the channels. Without it, mixing down first halves the
    # neural work, and helps it: what the channels share is the voice; noise that differs between them loses
    # up to 3 dB.
    decode_channels = 2 if options.isolate_vocals else channels
    if neural_noise:
        decode_rate = NOISE_RATE
    elif options.isolate_vocals:
        decode_rate = VOCALS_RATE
    else:
        decode_rate = min(audio.sample_rate, _HIGHEST_RATE)
    return _Plan(
        decode_rate=decode_rate,
        decode_channels=decode_channels,
        decode_filters=(
            *choice.filters(audio.channels),
            *(_spectral_denoise(audio.sample_rate) if options.remove_noise and not neural_noise else ()),
        ),
        encode_filters=(
            *([_HIGHPASS] if options.apply_highpass_filter else []),
            f"aformat=sample_rates={rate}:channel_layouts={LAYOUTS[channels]}",
        ),
        rate=rate,
        channels=channels,
    )


def _spectral_denoise(sample_rate: int) -> tuple[str, ...]:
    # The filter answers two of its steps of 1/80 s late and does not say so.
    late = 2 * (sample_rate // 80)
    return (
        f"apad=pad_len={late}",
        # nt=w: white noise; tn=1: follows the noise floor as it changes; nr: decibels taken away.
        "afftdn=nr=20:nf=-40:tn=1:nt=w",
        f"atrim=start_sample={late}",
        "asetpts=N/SR/TB",
    )


def _check_complete(source: Path, info: MediaInfo, audio: AudioStream, decoded: float) -> None:
    """Raises if the end of the sound is missing, by what the file says about its length."""
    if decoded == 0:
        raise NoAudioError("The audio track is empty.", hint="Give a file with sound.")
    stated = audio.duration or info.duration
    tolerated = max(_MISSING_SECONDS, _MISSING_SHARE * stated)
    if not info.duration_stated or stated - decoded <= tolerated:
        return
    # A track may be shorter than the file; then other tracks go on to the stated end.
    if info.duration - end_of_packets(source) <= tolerated:
        return
    raise DamagedMediaError(
        f"The file is cut short: it says that it is {stated:.0f} s long, but only {decoded:.0f} s are there.",
        hint="Download or export it again.",
    )


def _check_long_enough(seconds: float, sample_rate: int) -> None:
    """Raises if there is less sound than fills the smallest block of FLAC."""
    if seconds * sample_rate < _LEAST_SAMPLES:
        raise NoAudioError(
            f"The audio track lasts {seconds * 1000:.1f} ms, in which nothing can be said.",
            hint="Give a file with sound.",
        )


def _levelled(gain: float | None, measured: Loudness, sample_rate: int) -> list[str]:
    return [] if gain is None else gain_filters(gain, measured, sample_rate)


def _levelling_report(gain: float | None, seconds: float) -> FilterReport:
    if gain is None:
        return FilterReport(
            name="loudness", status="skipped", detail="silence is left as it is", seconds=seconds
        )
    return FilterReport(
        name="loudness", status="applied", engine="EBU R128", detail=f"{gain:+.1f} dB", seconds=seconds
    )


def _filter_reports(
    choice: SoundChoice, options: NormalisationOptions, steps: Sequence[Step], clean: str
) -> list[FilterReport]:
    neural = {step.name: step for step in steps}
    chosen: tuple[tuple[FilterName, bool, str], ...] = (
        ("remove_noise", options.remove_noise, "afftdn"),
        ("isolate_vocals", options.isolate_vocals, vocals.ENGINE),
        ("highpass", options.apply_highpass_filter, "ffmpeg"),
        ("mono", options.convert_to_mono, "ffmpeg"),
        ("sample_rate", options.set_sample_rate_16k, "ffmpeg"),
    )
    reports = []
    if unusual := choice.summary:
        reports.append(FilterReport(name="sound", status="applied", detail=unusual))
    for name, wanted, engine in chosen:
        if not wanted:
            detail = clean if name == "remove_noise" else ""
            reports.append(FilterReport(name=name, status="skipped", detail=detail))
        elif step := neural.get(name):
            reports.append(
                FilterReport(name=name, status="applied", engine=step.engine, seconds=step.seconds)
            )
        else:
            reports.append(FilterReport(name=name, status="applied", engine=engine))
    return reports
