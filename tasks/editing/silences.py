"""Where a film is silent, and what of it is kept when its silences are cut."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tasks.audio.noise_floor import NoiseFloor, measure_noise_floor
from tasks.audio.voice_activity import SAMPLE_RATE, speech_stretches
from tasks.editing.bench import Bench, EditOptions, Made
from tasks.editing.copying import copy_film
from tasks.editing.stretches import (
    SHORTEST_CUT,
    Stretch,
    for_target,
    joined,
    keep_stretches,
    on_frames,
    read_frames,
)
from tasks.editing.trimming import KeptPart
from tasks.errors import InvalidInputError
from tasks.media.pcm import Samples, decode
from tasks.media.probe import MediaInfo, probe, require_audio
from tasks.video.encoding import Quality

Detection = Literal["level", "speech"]
"""level: what is louder than the threshold is kept; speech: what the voice activity model hears as speech."""

Threshold = Literal["auto"] | Annotated[float, Field(ge=-90, le=-5)]
"""dBFS."""
MinSilence = Annotated[float, Field(ge=0.1, le=600)]
Padding = Annotated[float, Field(ge=0, le=10)]
MinKept = Annotated[float, Field(ge=0.05, le=10)]
MaxSilence = Annotated[float, Field(ge=0, le=600)]

_FRAME = SAMPLE_RATE // 100
"""Samples of the stretches whose level is measured: 10 ms."""
_SMOOTHED = 3
"""Such stretches whose power is averaged: the level of noise leaps from one to the next."""
_RUMBLE = 60
"""Hertz below which nothing counts: wind, hum and a constant offset are no sound that is to be kept."""
_WORD_GAP = 0.2
"""Seconds of quiet that can lie within a word, before a plosive for instance."""
_HEARD_AT_ONCE = 300
"""Seconds of sound that the voice activity model is given at a time."""
_LONGEST_EDGE = 0.3
"""Seconds by which sound before and after a stretch of speech is taken to be its own: soft beginnings and ends."""

# Where the threshold lies between the noise (0) and the speech (1) of a recording, and its limits in decibels below the
# speech. Ends of words fade over some 35 dB; what is quieter than that is reverberation. Closer than 12 dB lie vowels.
_SHARE = 0.3
_BELOW_SPEECH = (45.0, 12.0)
_LEAST_DISTANCE = 6.0
"""Decibels from the noise up to the speech below which a recording has no pauses: music, or talk without one."""
_SURE_DISTANCE = 15.0
"""Decibels from which levels tell speech from noise."""
_HEARING_SHARE = 0.15
"""Of the progress."""


class SilenceOptions(EditOptions):
    """What counts as a silence, and what is left of it. Times in seconds."""

    revision: ClassVar[int] = 3

    detect: Detection = "level"
    threshold: Threshold = "auto"
    """dBFS below which it is silent; auto: between the noise of the recording and its speech."""
    min_silence: MinSilence = 0.5
    """Shorter silences stay."""
    padding_before: Padding = 0.1
    """Kept of a silence before what follows it."""
    padding_after: Padding = 0.2
    """Kept of a silence after what precedes it."""
    min_kept: MinKept = 0.1
    """Shorter sounds between silences count as silent: clicks."""
    max_silence: MaxSilence = 0
    """What every silence that is cut is shortened to, where that is more than the paddings."""
    quality: Quality = "standard"


class RemovedSilence(Made):
    """What was cut out of a film."""

    removed: float
    """Seconds."""
    cuts: int
    threshold: float | None
    """dBFS below which it was silent; None where no level decided."""
    copied: bool
    """Whether nothing was cut, and both tracks are as they were."""
    kept: tuple[KeptPart, ...]


@dataclass(frozen=True)
class Hearing:
    """Where something is to be heard in a recording."""

    sounds: tuple[Stretch, ...]
    """In order, apart from each other."""
    seconds: float
    """Of sound that was heard."""
    threshold: float | None
    """dBFS; None where only digital silence was heard, or nothing but noise."""
    warnings: tuple[str, ...] = ()


def remove_silence(
    inputs: Sequence[Path], options: SilenceOptions, target: Path, bench: Bench
) -> RemovedSilence:
    """Cuts the silences of a film (or of sound alone) out of its picture and its sound.

    Raises NoAudioError, InvalidInputError if all of it is silent, and what `probe`, `keep_stretches` and `decode`
    raise.
    """
    source = inputs[0]
    info = for_target(probe(source), target)
    frames = read_frames(source, info.video) if info.video is not None else None
    share = _HEARING_SHARE if info.video is not None else 0.5
    hearing = listen(source, info, options, bench.part(0.0, share))
    duration = max(hearing.seconds, frames.end if frames else 0.0)
    if frames is not None and info.video is not None:
        frames = frames.staying(duration, info.video.fps)
    kept = plan_kept(hearing.sounds, duration, options)
    if not kept:
        what = f"louder than {hearing.threshold:g} dBFS" if hearing.threshold is not None else "to be heard"
        raise InvalidInputError(
            f"The recording is silent from beginning to end: nothing is {what}.",
            hint="Give another recording, or name a lower threshold.",
        )
    kept = on_frames(kept, frames, duration) if frames else kept
    whole = len(kept) == 1 and kept[0].length > duration - SHORTEST_CUT
    copied, rest = False, bench.part(share, 1.0)
    if whole:
        copied, told = copy_film(source, info, duration, target, rest, options.quality)
    else:
        told = keep_stretches(source, info, kept, frames, target, rest, options.quality)
    return RemovedSilence(
        removed=0.0 if whole else round(duration - sum(part.length for part in kept), 3),
        cuts=0 if whole else len(kept) - 1 + (kept[0].start > 0) + (kept[-1].end < duration),
        threshold=hearing.threshold,
        copied=copied,
        kept=tuple(KeptPart(start=round(part.start, 3), end=round(part.end, 3)) for part in kept),
        warnings=(*(frames.warnings if frames else ()), *hearing.warnings, *told),
    )


def listen(source: Path, info: MediaInfo, options: SilenceOptions, bench: Bench) -> Hearing:
    """Hears the sound of a film through. Raises NoAudioError and what `tasks.media.pcm.decode` raises."""
    track = require_audio(info)
    levels: list[NDArray[np.float32]] = []
    speech: list[Stretch] = []
    with decode(
        source,
        sample_rate=SAMPLE_RATE,
        channels=2,
        deadline=bench.left(),
        stream=track.index,
        delay=track.delay,
        filters=(f"highpass=f={_RUMBLE}",),
    ) as reader:

        def heard() -> Iterator[Samples]:
            waiting: list[Samples] = []
            for number, block in enumerate(reader):
                bench.progress(min(1.0, reader.seconds / info.duration) if info.duration else 0.0)
                sound = _one_channel(block)
                levels.append(_levels(sound))
                if options.detect == "speech":
                    waiting.append(sound)
                    if len(waiting) == _HEARD_AT_ONCE:
                        speech.extend(_spoken(waiting, number + 1 - _HEARD_AT_ONCE))
                        waiting.clear()
                yield sound[:, None]
            if waiting:
                speech.extend(_spoken(waiting, len(levels) - len(waiting)))

        floor = measure_noise_floor(heard())
        seconds = reader.seconds
    level = _smoothed(np.concatenate(levels)) if levels else np.zeros(0, np.float32)
    threshold, warnings = _threshold(floor, options)
    # Without pauses all is kept, and of digital silence nothing.
    whole = [Stretch(0.0, seconds)] if floor is not None else []
    sounds = whole if threshold is None else _runs(level > threshold)
    if options.detect == "speech":
        sounds = _with_edges(speech, sounds)
    return Hearing(tuple(sounds), seconds, threshold, warnings)


def plan_kept(sounds: Sequence[Stretch], duration: float, options: SilenceOptions) -> tuple[Stretch, ...]:
    """What is kept of a film of `duration` seconds in which `sounds` (in order) are heard; empty if nothing is."""
    word_gap = min(_WORD_GAP, options.min_silence)
    kept = [sound for sound in joined(sounds, word_gap) if sound.length >= options.min_kept]
    heard = [
        Stretch(min(max(0.0, part.start), duration), min(part.end, duration))
        for part in joined(kept, options.min_silence)
        if part.start < duration
    ]
    if not heard:
        return ()
    before, after = options.padding_before, options.padding_after
    half = max(0.0, options.max_silence - before - after) / 2
    cuts = [
        *([Stretch(0.0, heard[0].start - max(before, options.max_silence))] if heard[0].start else []),
        *(Stretch(one.end + after + half, other.start - before - half) for one, other in pairwise(heard)),
        Stretch(heard[-1].end + max(after, options.max_silence), duration),
    ]
    # Between two sounds a silence is long enough, or they would have been joined; at the edges there is one sound.
    edges = (heard[0].start, duration - heard[-1].end)
    short = [edge < options.min_silence for edge in edges]
    return _without(
        [
            cut
            for cut in cuts
            if cut.length >= SHORTEST_CUT
            and not (cut.start == 0 and short[0])
            and not (cut.end == duration and short[1])
        ],
        duration,
    )


def _one_channel(block: Samples) -> NDArray[np.float32]:
    """Both channels together; where they cancel each other out, the louder one."""
    middle = block.mean(axis=1, dtype=np.float32)
    power = np.square(block, dtype=np.float64).mean(axis=0)
    if np.square(middle, dtype=np.float64).mean() >= power.max() / 8:
        return np.asarray(middle, np.float32)
    return np.ascontiguousarray(block[:, int(power.argmax())])


def _levels(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """Power of each 10 ms; of a rest too."""
    rest = -len(sound) % _FRAME
    padded = np.pad(sound, (0, rest)) if rest else sound
    return np.asarray(np.square(padded.reshape(-1, _FRAME), dtype=np.float64).mean(axis=1), np.float32)


def _smoothed(power: NDArray[np.float32]) -> NDArray[np.float64]:
    """DBFS of each 10 ms."""
    if not power.size:
        return power.astype(np.float64)
    mean = np.convolve(power, np.full(_SMOOTHED, 1 / _SMOOTHED), mode="same")
    return np.asarray(10 * np.log10(mean + 1e-12), np.float64)


def _threshold(floor: NoiseFloor | None, options: SilenceOptions) -> tuple[float | None, tuple[str, ...]]:
    if options.threshold != "auto":
        return options.threshold, ()
    if floor is None:
        return None, ()
    if floor.distance < _LEAST_DISTANCE:
        if options.detect == "speech":
            return None, ()
        return None, ("The recording is about equally loud all through: no silence stands out.",)
    low, high = (floor.speech - below for below in _BELOW_SPEECH)
    threshold = min(max(floor.noise + _SHARE * floor.distance, low), high)
    warnings = (
        f"The noise lies only {floor.distance:.0f} dB below the speech: soft words may be taken for silence. "
        "The parameter detect: speech listens for voices instead.",
    )
    unsure = options.detect == "level" and floor.distance < _SURE_DISTANCE
    return round(threshold, 1), warnings if unsure else ()


def _runs(loud: NDArray[np.bool_]) -> list[Stretch]:
    """Where it is loud, in seconds."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], loud, [False])).astype(np.int8)))
    return [Stretch(float(start) / 100, float(end) / 100) for start, end in edges.reshape(-1, 2)]


def _spoken(blocks: Sequence[Samples], second: int) -> list[Stretch]:
    return [Stretch(start + second, end + second) for start, end in speech_stretches(np.concatenate(blocks))]


def _with_edges(speech: Sequence[Stretch], sounds: Sequence[Stretch]) -> list[Stretch]:
    """The speech with the sound that its stretches lie in: the model begins late on soft beginnings."""
    widened = []
    first = 0
    for part in speech:
        while first < len(sounds) and sounds[first].end <= part.start:
            first += 1
        start, end = part.start, part.end
        for sound in sounds[first:]:
            if sound.start >= part.end:
                break
            start, end = min(start, sound.start), max(end, sound.end)
        widened.append(Stretch(max(start, part.start - _LONGEST_EDGE), min(end, part.end + _LONGEST_EDGE)))
    return joined(widened, 0.0)


def _without(cuts: Sequence[Stretch], duration: float) -> tuple[Stretch, ...]:
    edges = [0.0, *(edge for cut in cuts for edge in (cut.start, cut.end)), duration]
    return tuple(
        Stretch(start, end)
        for start, end in zip(edges[::2], edges[1::2], strict=True)
        if end - start > SHORTEST_CUT
    )
