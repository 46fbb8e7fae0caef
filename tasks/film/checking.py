"""The finished film is looked at before it is called done: decoded whole, measured, and compared with its plan."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

import av
import numpy as np
from av.audio.stream import AudioStream
from av.video.stream import VideoStream
from PIL import Image
from pydantic import BaseModel, ConfigDict

from tasks.audio.loudness import Loudness, measuring_filter, parse_measurement
from tasks.errors import EngineError
from tasks.film.options import Platform
from tasks.film.platforms import exceeded
from tasks.film.sound import LOUDNESS, TRUE_PEAK
from tasks.film.storyboard import Canvas, Layer
from tasks.media.ffmpeg import run_ffmpeg
from tasks.progress import Progress, ignore_progress

CheckName = Literal[
    "frames", "size", "pixels", "colours", "sound_length", "sound_format", "loudness", "peak", "safe_areas",
    "contrast", "facts", "spoken_facts", "platform", "starts_at_once",
]  # fmt: skip


class Check(BaseModel):
    """What was looked at in the finished film."""

    model_config = ConfigDict(frozen=True)

    name: CheckName
    passed: bool
    measured: str
    wanted: str


READABLE = 4.5
"""Least contrast of letters: WCAG 2.2, 1.4.3."""
_NEAR = 1.0
"""LU by which the loudness may miss."""
_RATE = 48_000
_BT709 = 1
"""FFmpeg's number of it, for matrix, primaries and transfer."""
_LIMITED = 1
_MUST: frozenset[CheckName] = frozenset(
    {"frames", "size", "pixels", "colours", "sound_length", "sound_format", "starts_at_once"}
)
"""What is our own fault if it does not hold: there is no film then."""
_SENTENCES: frozenset[CheckName] = frozenset({"platform", "facts", "spoken_facts"})
"""What is measured of these is a sentence."""
_DECODED = 0.8
"""Share of the progress."""
_STILL = 854
"""Pixels of the longer side of a picture."""
_FREE_PIXELS = 1
"""By which rounding may let a layer leave the safe area."""

FactCheck = Callable[[str], Sequence[str]]
"""What of a text the product's facts do not say, a sentence each."""


@dataclass(frozen=True)
class Wanted:
    """What the film was to be."""

    frames: int
    rate: Fraction
    size: tuple[int, int]
    silent: bool
    platform: Platform | None = None


@dataclass(frozen=True)
class Measured:
    """What the file holds."""

    frames: int
    size: tuple[int, int]
    codecs: tuple[str, str]
    pixels: str
    colours: tuple[int, int, int, int]
    """Range, matrix, primaries and transfer, as FFmpeg numbers them."""
    sample_rate: int
    channels: int
    sound_seconds: float
    loudness: Loudness
    bytes: int
    index_first: bool
    """Whether players can begin before they have all of it."""
    stills: tuple[Image.Image, ...]
    """Small pictures of the moments that were asked for."""


@dataclass(frozen=True)
class Legibility:
    """How well a title is read where it stands."""

    text: str
    contrast: float


def measure_film(
    film: Path, moments: Sequence[int], *, deadline: float, progress: Progress = ignore_progress
) -> Measured:
    """Decodes a film whole. `moments`: numbers of the frames that are wanted as pictures, in order.

    Raises EngineError if it has no picture or no sound, and what `run_ffmpeg` raises.
    """
    stills: dict[int, Image.Image] = {}
    with av.open(str(film)) as container:
        if not container.streams.video or not container.streams.audio:
            raise EngineError(
                "The film has no picture or no sound.", hint="Make it again; the log says more."
            )
        video, audio = container.streams.video[0], container.streams.audio[0]
        video.thread_type = "AUTO"
        total = max(video.frames, 1)
        wanted, frames, samples = set(moments), 0, 0
        for packet in container.demux(video, audio):
            if packet.stream is audio:
                samples += sum(frame.samples for frame in packet.decode() if isinstance(frame, av.AudioFrame))
                continue
            for frame in packet.decode():
                if frames in wanted and isinstance(frame, av.VideoFrame):
                    stills[frames] = _small(frame)
                frames += 1
                progress(min(frames / total, 1.0) * _DECODED)
        facts = _stream_facts(video, audio)
    heard = ["-i", f"file:{film.resolve()}", "-map", "0:a:0", "-af", measuring_filter(), "-f", "null", "-"]
    run = run_ffmpeg(
        heard, output=None, duration=None, deadline=deadline, progress=lambda _done: progress(_DECODED)
    )
    progress(1.0)
    return Measured(
        frames=frames,
        sound_seconds=samples / facts.sample_rate,
        loudness=parse_measurement(run.messages),
        bytes=film.stat().st_size,
        index_first=_index_first(film),
        stills=tuple(stills[moment] for moment in moments if moment in stills),
        size=facts.size,
        codecs=facts.codecs,
        pixels=facts.pixels,
        colours=facts.colours,
        sample_rate=facts.sample_rate,
        channels=facts.channels,
    )


def _small(frame: av.VideoFrame) -> Image.Image:
    image = Image.fromarray(np.asarray(frame.to_ndarray(format="rgb24"), np.uint8))
    image.thumbnail((_STILL, _STILL))
    return image


@dataclass(frozen=True)
class _StreamFacts:
    size: tuple[int, int]
    codecs: tuple[str, str]
    pixels: str
    colours: tuple[int, int, int, int]
    sample_rate: int
    channels: int


def _stream_facts(video: VideoStream, audio: AudioStream) -> _StreamFacts:
    context = video.codec_context
    return _StreamFacts(
        size=(context.width, context.height),
        codecs=(context.name, audio.codec_context.name),
        pixels=context.pix_fmt or "none",
        colours=(context.color_range, context.colorspace, context.color_primaries, context.color_trc),
        sample_rate=audio.codec_context.sample_rate,
        channels=audio.codec_context.channels,
    )


def _index_first(film: Path) -> bool:
    """Whether the index ("moov") stands before the samples ("mdat")."""
    with film.open("rb") as file:
        while head := file.read(16):
            size, kind = int.from_bytes(head[:4], "big"), head[4:8]
            if kind in (b"moov", b"mdat"):
                return kind == b"moov"
            if size == 1:
                size = int.from_bytes(head[8:16], "big")
            if size < 8:
                return False
            file.seek(size - len(head), 1)
    return False


def check_film(
    measured: Measured,
    wanted: Wanted,
    *,
    layers: Sequence[Layer] = (),
    canvas: Canvas | None = None,
    legibility: Sequence[Legibility] = (),
    shown: Sequence[str] = (),
    spoken: Sequence[str] = (),
    facts: FactCheck | None = None,
) -> tuple[Check, ...]:
    """All checks of a film. `shown` and `spoken`: the texts in it, which `facts` looks at."""
    checks = [
        _check("frames", measured.frames, wanted.frames),
        _check("size", _by(measured.size), _by(wanted.size)),
        _check("pixels", f"{measured.codecs[0]} {measured.pixels}", "h264 yuv420p"),
        _check("colours", measured.colours, (_LIMITED, _BT709, _BT709, _BT709)),
        _check(
            "sound_format",
            f"{measured.codecs[1]} {measured.sample_rate} Hz, {measured.channels} channels",
            f"aac {_RATE} Hz, 2 channels",
        ),
        _check("starts_at_once", measured.index_first, True),
        _sound_length(measured, wanted),
        *_levels(measured.loudness, wanted),
    ]
    if canvas is not None:
        checks.append(_safe_areas(layers, canvas))
    if legibility:
        checks.append(_contrast(legibility))
    if facts is not None:
        checks.append(_facts("facts", shown, facts))
        if spoken:
            checks.append(_facts("spoken_facts", spoken, facts))
    if wanted.platform is not None:
        over = exceeded(
            wanted.platform,
            seconds=float(wanted.frames / wanted.rate),
            size=measured.bytes,
            fps=float(wanted.rate),
            side=min(measured.size),
        )
        fits = f"within the limits of {wanted.platform}"
        checks.append(Check(name="platform", passed=not over, measured=" ".join(over) or fits, wanted=fits))
    return tuple(checks)


def warnings_of(checks: Sequence[Check]) -> tuple[str, ...]:
    """What is to be said of a film whose checks are these.

    Raises EngineError if something does not hold that must: such a film is not delivered.
    """
    failed = [check for check in checks if not check.passed]
    for check in failed:
        if check.name in _MUST:
            raise EngineError(
                f"The film failed its check of {_IN_WORDS[check.name]}: {check.measured} instead of {check.wanted}.",
                hint="Run the job again; if it stays so, report it with the job's log.",
            )
    return tuple(
        f"The film's {_IN_WORDS[check.name]}: {check.measured}"
        + ("" if check.name in _SENTENCES else f" instead of {check.wanted}.")
        for check in failed
    )


_IN_WORDS: dict[CheckName, str] = {
    "frames": "number of frames",
    "size": "size",
    "pixels": "codec and pixel format",
    "colours": "colour tags",
    "sound_length": "length of sound",
    "sound_format": "sound format",
    "loudness": "loudness",
    "peak": "highest peak",
    "safe_areas": "safe areas",
    "contrast": "legibility",
    "facts": "facts",
    "spoken_facts": "spoken facts",
    "platform": "platform",
    "starts_at_once": "index at the front",
}


def _check(name: CheckName, measured: object, wanted: object) -> Check:
    return Check(name=name, passed=measured == wanted, measured=str(measured), wanted=str(wanted))


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


def _sound_length(measured: Measured, wanted: Wanted) -> Check:
    frame, seconds = float(1 / wanted.rate), float(wanted.frames / wanted.rate)
    return Check(
        name="sound_length",
        passed=abs(measured.sound_seconds - seconds) <= frame + 1e-6,
        measured=f"{measured.sound_seconds:.3f} s",
        wanted=f"{seconds:.3f} ± {frame:.3f} s",
    )


def _levels(found: Loudness, wanted: Wanted) -> tuple[Check, ...]:
    if wanted.silent:
        quiet = found.peak is None
        heard = "silence" if quiet else f"a peak of {found.peak} dBTP"
        return (Check(name="loudness", passed=quiet, measured=heard, wanted="silence"),)
    integrated, peak = found.integrated, found.peak
    return (
        Check(
            name="loudness",
            passed=integrated is not None and abs(integrated - LOUDNESS) <= _NEAR,
            measured="silence" if integrated is None else f"{integrated:.1f} LUFS",
            wanted=f"{LOUDNESS:g} ± {_NEAR:g} LUFS",
        ),
        Check(
            name="peak",
            passed=peak is None or peak <= TRUE_PEAK + 0.05,
            measured="silence" if peak is None else f"{peak:.1f} dBTP",
            wanted=f"{TRUE_PEAK:g} dBTP at most",
        ),
    )


def _facts(name: CheckName, texts: Sequence[str], facts: FactCheck) -> Check:
    wrong = [sentence for text in dict.fromkeys(texts) for sentence in facts(text)]
    return Check(
        name=name,
        passed=not wrong,
        measured=" ".join(wrong[:3]) or "nothing but the product's facts",
        wanted="nothing but the product's facts",
    )


def _safe_areas(layers: Sequence[Layer], canvas: Canvas) -> Check:
    outside = [layer.title.text for layer in layers if layer.title is not None and _leaves(layer, canvas)]
    return Check(
        name="safe_areas",
        passed=not outside,
        measured=f"outside: {', '.join(outside)}" if outside else "all titles inside",
        wanted="all titles inside",
    )


def _leaves(layer: Layer, canvas: Canvas) -> bool:
    """Whether a layer's letters, as far as they can be seen, stand outside the safe area."""
    rows, columns = (np.flatnonzero((layer.pixels[:, :, 3] > 127).any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return False
    left, top, right, bottom = canvas.safe
    return bool(
        layer.left + columns[0] < left * canvas.width - _FREE_PIXELS
        or layer.top + rows[0] < top * canvas.height - _FREE_PIXELS
        or layer.left + columns[-1] + 1 > right * canvas.width + _FREE_PIXELS
        or layer.top + rows[-1] + 1 > bottom * canvas.height + _FREE_PIXELS
    )


def _contrast(found: Sequence[Legibility]) -> Check:
    least = min(found, key=lambda each: each.contrast)
    return Check(
        name="contrast",
        passed=least.contrast >= READABLE,
        measured=f'{least.contrast:.1f}:1 ("{least.text}")',
        wanted=f"{READABLE}:1",
    )
