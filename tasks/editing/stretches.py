"""Parts of a film put one after the other: pictures whole, sound to the sample, both cut at the same moments.

The moments are those of the pictures, and each part's place in the result is counted from the beginning of the film: no
cut adds an error to the next, however many there are. Of pictures ffmpeg keeps those that a formula names, whose
length and time grow little with the number of parts; sound is joined here, because filters cut it at whole frames of
20 ms.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tasks.editing.bench import Bench
from tasks.editing.copying import AUDIO_BITRATE
from tasks.editing.packets import cut_short
from tasks.editing.reading import in_time
from tasks.errors import DamagedMediaError
from tasks.media.clock import behind, zero
from tasks.media.ffmpeg import media_input
from tasks.media.pcm import LAYOUTS, Samples, decode, encode
from tasks.media.probe import AudioStream, MediaInfo, VideoStream, opened, probe
from tasks.media.shown import lag, picture_times
from tasks.video.encoding import Quality, encoder_arguments, sound_rate
from tasks.video.upright import upright

SHORTEST_CUT = 0.04
"""Seconds: less is not worth a jump of the picture. More than the crossfade of a join."""

_CROSSFADE = 0.01
"""Seconds over which the sound of one part gives way to that of the next: too short to be heard, long enough to be no
click."""
_EARLY = 0.001
"""Seconds before a part's first picture from which pictures count as its own, where there is none before it."""
_USUAL_FRAME = 0.04
"""Seconds that the only picture of a film is shown if the file does not say."""
_SOUND_SHARE = 0.2
"""Of the progress; the rest is the picture."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of a film, in seconds."""

    start: float
    end: float

    @property
    def length(self) -> float:
        """Seconds."""
        return self.end - self.start


@dataclass(frozen=True)
class Frames:
    """When the pictures of a film are shown, by the clock of the film."""

    times: NDArray[np.float64]
    """Seconds, ascending."""
    end: float
    """Seconds; when the last one goes."""
    delay: float
    """Seconds to add to the times that ffmpeg gives to its pictures when it reads the track alone."""
    lag: float = 0.0
    """Seconds of these that come from decoding; see `tasks.media.shown.lag`."""
    held: float = 0.0
    """Seconds that the last picture stays on longer than the film says; its repetitions are among the pictures."""
    warnings: tuple[str, ...] = ()
    """What is to be said of a film whose end is missing."""

    @property
    def step(self) -> float:
        """Seconds that a picture is usually shown."""
        return float(np.median(np.diff(self.times))) if self.times.size > 1 else _USUAL_FRAME

    def staying(self, until: float, fps: float | None) -> "Frames":
        """The same with the last picture shown again and again until then; as they are where it is shown so long."""
        step = 1 / fps if fps else self.step
        if until <= self.end + step:
            return self
        again = np.arange(self.end, until - step / 2, step)
        return replace(self, times=np.append(self.times, again), end=until, held=until - self.end)


def for_target(info: MediaInfo, target: Path) -> MediaInfo:
    """What of a film is used for the target: an M4A holds sound alone."""
    return info.model_copy(update={"video": None}) if target.suffix == ".m4a" else info


def read_frames(path: Path, picture: VideoStream) -> Frames:
    """Reads the packets of a film's picture. Raises DamagedMediaError if there are none."""
    with opened(path) as container:
        stream = container.streams[picture.index]
        begin, offset = zero(container, stream), behind(container, stream, stream)
        times, last = picture_times(container, stream)
        stated = float((stream.duration or 0) * (stream.time_base or 0))
    if not times.size:
        raise DamagedMediaError("The video has no frames.", hint="Download or export it again.")
    late = lag(path, picture.index)
    frames = Frames(times - begin, float(times[-1]) - begin + last, offset - late, late)
    end = frames.end if last else frames.end + frames.step
    told = cut_short(stated if probe(path).duration_stated else 0.0, end - float(frames.times[0]))
    return replace(frames, end=end, warnings=told)


def on_frames(parts: Sequence[Stretch], frames: Frames, duration: float) -> tuple[Stretch, ...]:
    """The parts (in order) widened to whole pictures. What then lies less than a worthwhile cut apart is one part."""
    times = frames.times
    snapped = []
    for part in parts:
        at = int(np.searchsorted(times, part.start + 1e-6, side="right")) - 1
        after = int(np.searchsorted(times, part.end - 1e-6, side="left"))
        start = float(times[at]) if at >= 0 and part.start > 0 else part.start
        end = float(times[after]) if after < len(times) else duration
        snapped.append(Stretch(start, end))
    return tuple(joined(snapped, SHORTEST_CUT))


def joined(parts: Iterable[Stretch], gap: float) -> list[Stretch]:
    """The parts (in order), those that overlap, touch or lie less than `gap` apart made one."""
    made: list[Stretch] = []
    for part in parts:
        if made and (part.start - made[-1].end < gap or part.start <= made[-1].end):
            made[-1] = Stretch(made[-1].start, max(made[-1].end, part.end))
        else:
            made.append(part)
    return made


def keep_stretches(
    source: Path,
    info: MediaInfo,
    parts: Sequence[Stretch],
    frames: Frames | None,
    target: Path,
    bench: Bench,
    quality: Quality = "standard",
) -> tuple[str, ...]:
    """Writes an MP4 of the parts of a film one after the other, decoded and encoded once; what is to be said of it.

    `parts` are in order, at least `SHORTEST_CUT` apart, and begin and end with pictures where there are any (`frames`,
    see `on_frames`). Raises what `run_ffmpeg`, `tasks.media.pcm.decode` and `upright` raise.
    """
    seconds = sum(part.length for part in parts)
    sound = None
    if info.audio is not None:
        sound = bench.scratch / "sound.m4a" if info.video is not None else target
        share = bench.part(0.0, _SOUND_SHARE if info.video is not None else 1.0)
        _keep_sound(source, info.audio, parts, sound, share)
    if info.video is None or frames is None:
        return ()
    seen = upright(source, info.video, bench.scratch)
    # First: fields become pictures by those around them, whether these are kept or not.
    steps = [
        *seen.filters,
        kept_pictures(parts, frames),
        "crop=trunc(iw/2)*2:trunc(ih/2)*2:0:0,format=yuv420p",
    ]
    formula = bench.scratch / "parts.filter"
    formula.write_text(",".join(steps), encoding="utf-8")
    bench.part(_SOUND_SHARE if sound else 0.0, 1.0).ffmpeg(
        [
            *seen.reading,
            *media_input(source),
            *(["-i", f"file:{sound.resolve()}"] if sound else []),
            # In a file: the parts of a long film are more than a command line holds.
            *("-map", f"0:{info.video.index}", "-/filter:v", str(formula.resolve())),
            *(["-map", "1:a:0", "-c:a", "copy"] if sound else ["-an"]),
            *("-sn", "-dn", "-fps_mode", "vfr", "-enc_time_base", "filter"),
            *encoder_arguments(bench.encoder, quality, threads=bench.threads),
            *("-map_metadata", "-1"),
        ],
        target,
        seconds,
    )
    return seen.warnings


def kept_pictures(parts: Sequence[Stretch], frames: Frames) -> str:
    """The filters that keep the pictures of the parts and move each to its time in the result.

    Whether and by how much depends on the time alone, which is looked up in a tree of comparisons: a picture of a film
    of 2,000 parts costs eleven of them.
    """
    times = frames.times
    bounds: list[float] = []
    keep: list[str] = ["0"]
    moved: list[str] = ["0"]
    gone = 0.0
    before = 0.0
    for part in parts:
        gone += part.start - before
        before = part.end
        bounds += [_between(times, part.start), _between(times, part.end)]
        keep += ["1", "0"]
        moved += [f"{gone:.9f}"] * 2
    return (
        f"{in_time(frames.delay, frames.held)}select='{_tree('t', bounds, keep)}',"
        # Rounded once for all pictures of a part, so that their distances stay.
        f"setpts='PTS-round(({_tree('T', bounds, moved)})/TB)'"
    )


def _between(times: NDArray[np.float64], moment: float) -> float:
    """A moment between the picture that begins at `moment` and the one before: rounding then moves neither over it."""
    at = int(np.searchsorted(times, moment - 1e-6, side="left"))
    if at == 0 or at == len(times):
        return moment - _EARLY if at == 0 else moment + _EARLY
    return float(times[at - 1] + times[at]) / 2


def _tree(variable: str, bounds: Sequence[float], values: Sequence[str]) -> str:
    """A formula with value number n from bound n - 1 to bound n."""
    if len(set(values)) == 1:
        return values[0]
    middle = len(bounds) // 2
    left = _tree(variable, bounds[:middle], values[: middle + 1])
    right = _tree(variable, bounds[middle + 1 :], values[middle + 1 :])
    return f"if(lt({variable},{bounds[middle]:.6f}),{left},{right})"


def _keep_sound(
    source: Path, track: AudioStream, parts: Sequence[Stretch], target: Path, bench: Bench
) -> None:
    rate = sound_rate(track.sample_rate)
    channels = track.channels if track.channels in LAYOUTS else 2
    seconds = sum(part.length for part in parts)
    with (
        decode(
            source,
            sample_rate=rate,
            channels=channels,
            deadline=bench.left(),
            stream=track.index,
            delay=track.delay,
        ) as reader,
        encode(
            target,
            sample_rate=rate,
            channels=channels,
            arguments=("-c:a", "aac", "-b:a", AUDIO_BITRATE, "-map_metadata", "-1"),
            deadline=bench.left(),
        ) as writer,
    ):
        written = 0
        for block in joined_sound(reader, channels, parts, rate):
            writer.write(block)
            written += len(block)
            bench.progress(min(1.0, written / rate / seconds))


def joined_sound(
    sound: Iterable[Samples], channels: int, parts: Sequence[Stretch], rate: int
) -> Iterator[Samples]:
    """The sound of the parts, in blocks, each join a crossfade around its moment; silence after the sound's end.

    `parts` are in order and further apart than a crossfade is long. As many samples come as the parts together last.
    """
    half = round(_CROSSFADE * rate / 2)
    rising = np.linspace(0, 1, 2 * half, dtype=np.float32)[:, None]
    source = _Forwards(sound, channels)
    placed = 0.0
    fading: Samples | None = None
    for number, part in enumerate(parts):
        # Where a part lies in the result decides how many samples it has.
        length = round((placed + part.length) * rate) - round(placed * rate)
        placed += part.length
        begin = round(part.start * rate)
        end = begin + length
        if fading is not None:
            yield fading + source.block(begin - half, begin + half) * rising
            begin += half
        elif begin:
            yield source.block(begin, begin + half) * rising[half:]
            begin += half
        last = number == len(parts) - 1
        yield from source.stretch(begin, end if last else end - half)
        fading = None if last else source.block(end - half, end + half) * rising[::-1]


class _Forwards:
    """A stream of blocks from which stretches are taken, each after the one before."""

    def __init__(self, blocks: Iterable[Samples], channels: int) -> None:
        self._blocks = iter(blocks)
        self._channels = channels
        self._block: Samples = np.zeros((0, channels), np.float32)
        self._start = 0
        """Number of the block's first sample."""

    def stretch(self, start: int, end: int) -> Iterator[Samples]:
        at = start
        while at < end:
            while at >= self._start + len(self._block):
                self._start += len(self._block)
                following = next(self._blocks, None)
                if following is None:
                    self._block = np.zeros((0, self._channels), np.float32)
                    yield np.zeros((end - at, self._channels), np.float32)
                    return
                self._block = following
            taken = self._block[at - self._start : end - self._start]
            yield taken
            at += len(taken)

    def block(self, start: int, end: int) -> Samples:
        return np.concatenate([*self.stretch(start, end), np.zeros((0, self._channels), np.float32)])
