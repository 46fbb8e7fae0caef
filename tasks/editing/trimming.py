"""Cuts parts out of a film: copies the pictures where the cuts allow it, else encodes them again."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from tasks.editing.bench import Bench, EditOptions, Made
from tasks.editing.copying import PICTURES, SOUNDS, as_long, copy_of
from tasks.editing.moments import ALLOWED, Moment, clock, counts_from_end, seconds_of
from tasks.editing.packets import SAME, Pictures, read_pictures
from tasks.editing.reading import Film
from tasks.editing.segments import TIME_SCALE, Heard, append, form_of, joined, write_sound
from tasks.errors import DamagedMediaError, InvalidInputError, NoVideoError
from tasks.media.probe import MediaInfo, end_of_sound, probe, require_video
from tasks.video.encoding import Quality, encoder_arguments
from tasks.video.upright import Upright, upright

TrimMode = Literal["exact", "fast"]
"""exact: to the picture; fast: at the key pictures around, so that nothing has to be encoded."""

_EARLY = 0.0002
"""Seconds before a key picture at which copies of packets begin, so that no rounding leaves it out."""


class Part(BaseModel):
    """A part of a film to keep."""

    model_config = ConfigDict(frozen=True)

    start: Moment | None = None
    """Empty: the beginning of the film."""
    end: Moment | None = None
    """Empty: its end."""


Parts = Annotated[list[Part], Field(max_length=200)]


class TrimOptions(EditOptions):
    """What to keep."""

    revision: ClassVar[int] = 2

    parts: tuple[Part, ...]
    mode: TrimMode
    quality: Quality


class KeptPart(BaseModel):
    """A part as it was kept, in seconds of the film."""

    model_config = ConfigDict(frozen=True)

    start: float
    end: float


class Trimmed(Made):
    """A film of parts of another."""

    copied: bool
    """Whether the pictures are the film's own; else they were encoded again."""
    parts: tuple[KeptPart, ...]
    """To the picture that they begin and end with."""


@dataclass(frozen=True)
class _Film(Film):
    info: MediaInfo
    codec: str
    """Of the picture."""


def trim_options(
    start: Moment | None, end: Moment | None, parts: Sequence[Part], mode: TrimMode, quality: Quality
) -> TrimOptions:
    """The options of a trim. Raises InvalidInputError for what cannot be meant, before a film is fetched."""
    if parts and (start is not None or end is not None):
        raise InvalidInputError("There are both parts and a start or an end.", hint="Give either, not both.")
    kept = tuple(parts) or (Part(start=start, end=end),)
    if not parts and start is None and end is None:
        raise InvalidInputError(
            "There is nothing to cut.", hint="Give a start, an end, or the parts that are to be kept."
        )
    for part in kept:
        for moment in (part.start, part.end):
            if moment is not None and seconds_of(moment) is None:
                raise InvalidInputError(f'"{moment}" is no time.', hint=f"Give {ALLOWED}.")
        _check_order(part)
    return TrimOptions(parts=kept, mode=mode, quality=quality)


def _check_order(part: Part) -> None:
    if part.start is None or part.end is None or counts_from_end(part.start) != counts_from_end(part.end):
        return
    if (seconds_of(part.start) or 0.0) >= (seconds_of(part.end) or 0.0):
        raise InvalidInputError(
            f'A part that begins at "{part.start}" cannot end at "{part.end}".',
            hint="Give an end that comes after the start.",
        )


def plan(parts: Sequence[Part], pictures: Pictures) -> tuple[tuple[KeptPart, ...], tuple[str, ...]]:
    """The parts as they lie in the film, to the picture; and what is to be said of them.

    Raises InvalidInputError for a part that begins behind the film, or would have no picture.
    """
    kept, warnings = [], []
    length = pictures.end
    for part in parts:
        start = _placed(part.start, 0.0, length)
        end = _placed(part.end, length, length)
        if start >= length - pictures.last / 2:
            raise InvalidInputError(
                f"A part begins at {clock(start)}, but the film is {clock(length)} long.",
                hint="Give a start within the film.",
            )
        if end > length + pictures.last / 2:
            warnings.append(
                f"A part was to end at {clock(end)}, but the film is {clock(length)} long: it ends there."
            )
        if start < 0:
            warnings.append(
                f"A part was to begin {clock(-start)} before the film, which is {clock(length)} long."
            )
        first, last = pictures.snapped(max(start, 0.0)), pictures.snapped(min(max(end, 0.0), length))
        if pictures.count(first, last) == 0:
            raise InvalidInputError(
                f"A part from {clock(max(start, 0.0))} to {clock(max(end, 0.0))} has no picture; the film is "
                f"{clock(length)} long.",
                hint=f"Give parts of at least {pictures.frame:.3f} s.",
            )
        kept.append(KeptPart(start=round(first, 6), end=round(last, 6)))
    return tuple(kept), tuple(warnings)


def _placed(moment: Moment | None, otherwise: float, length: float) -> float:
    if moment is None:
        return otherwise
    seconds = seconds_of(moment) or 0.0
    return length + seconds if counts_from_end(moment) else seconds


def widened(parts: Sequence[KeptPart], pictures: Pictures) -> tuple[KeptPart, ...]:
    """The parts with the pictures around them up to places where the packets can be parted."""
    cuts = pictures.cuts()
    found = []
    for part in parts:
        before = cuts[cuts <= part.start + SAME]
        after = cuts[cuts >= part.end - SAME]
        start = float(before.max()) if len(before) else part.start
        found.append(KeptPart(start=round(start, 6), end=round(float(after.min()), 6)))
    return tuple(found)


def trim(inputs: Sequence[Path], options: TrimOptions, target: Path, bench: Bench) -> Trimmed:
    """Writes an MP4 of the parts of a film, one after the other.

    Raises InvalidInputError, NoVideoError, NotMediaError, DamagedMediaError and what `run_ffmpeg` raises.
    """
    (path,) = inputs
    info = probe(path)
    pictures = read_pictures(path, bench.part(0.0, 0.05).progress)
    track = require_video(info)
    film = _Film(path, track.index, pictures, info, track.codec)
    kept, warnings = plan(options.parts, pictures)
    warnings = (*pictures.warnings, *warnings)
    wide = widened(kept, pictures)
    copyable = pictures.copyable and film.codec in PICTURES
    rest = bench.part(0.05, 1.0)
    wanted = options.mode == "fast" or _same(wide, kept)
    if copyable and wanted and _copied(film, wide, target, rest):
        return Trimmed(copied=True, parts=wide, warnings=warnings)
    if options.mode == "fast":
        warnings = (*warnings, "The pictures of this film cannot be copied: they were encoded again.")
    seen = upright(path, track, bench.scratch)
    lost = _encoded(film, seen, kept, options.quality, target, rest)
    return Trimmed(copied=False, parts=kept, warnings=(*warnings, *seen.warnings, *lost))


def _same(one: Sequence[KeptPart], other: Sequence[KeptPart]) -> bool:
    return all(
        abs(a.start - b.start) < SAME and abs(a.end - b.end) < SAME for a, b in zip(one, other, strict=True)
    )


def _copied(film: _Film, parts: Sequence[KeptPart], target: Path, bench: Bench) -> bool:
    """Copies the packets of the parts; False if ffmpeg took others than those that were meant."""
    pictures = film.pictures
    segments = []
    for number, part in enumerate(parts):
        piece = bench.scratch / f"{number:04d}.mp4"
        share = bench.part(0.6 * number / len(parts), 0.6 * (number + 1) / len(parts))
        first, count = pictures.position(part.start), pictures.count(part.start, part.end)
        seconds = part.end - part.start
        share.ffmpeg(
            [
                *film.pictures_from(part.start - _EARLY),
                *("-map", f"0:{film.picture}", "-an", "-sn", "-dn", *copy_of(film.codec)),
                # What comes before 0 is left out.
                *("-copypriorss:v", "0", "-frames:v", str(count), "-avoid_negative_ts", "make_zero"),
                *(*TIME_SCALE, "-map_metadata", "-1"),
            ],
            piece,
            seconds,
        )
        if not np.array_equal(_sizes(piece), pictures.sizes[first : first + count]):
            return False
        segments.append((piece, seconds))
    rest = bench.part(0.6, 1.0)
    track = film.info.audio
    if len(parts) == 1 and track is not None and track.codec in SOUNDS and _heard_through(film, parts[0]):
        seconds = parts[0].end - parts[0].start
        heard = Heard.copied(film, track, parts[0].start, seconds)
        joined(segments, heard, rest, target)
    else:
        _join(film, parts, segments, target, rest)
    return len(read_pictures(target).times) == sum(pictures.count(part.start, part.end) for part in parts)


def _sizes(piece: Path) -> NDArray[np.int64]:
    """Of the packets of a piece, which may have none."""
    try:
        return read_pictures(piece).sizes
    except (DamagedMediaError, NoVideoError):
        return np.zeros(0, np.int64)


def _heard_through(film: _Film, part: KeptPart) -> bool:
    """Whether the sound does not end before the part."""
    return as_long(end_of_sound(film.path, film.info), part.end, film.pictures.last)


def _encoded(
    film: _Film, seen: Upright, parts: Sequence[KeptPart], quality: Quality, target: Path, bench: Bench
) -> tuple[str, ...]:
    """Encodes the pictures of the parts; what is to be said of those that cannot be decoded."""
    pictures, lost = film.pictures, 0
    segments = []
    total = sum(part.end - part.start for part in parts)
    done = 0.0
    for number, part in enumerate(parts):
        piece = bench.scratch / f"{number:04d}.mp4"
        seconds = part.end - part.start
        share = bench.part(0.85 * done / total, 0.85 * (done + seconds) / total)
        done += seconds
        first, last = (pictures.before(moment) - part.start for moment in (part.start, part.end))
        shown = "".join(f"{each}," for each in seen.filters)
        share.ffmpeg(
            [
                *seen.reading,
                *film.pictures_from(part.start),
                *("-map", f"0:{film.picture}", "-an", "-sn", "-dn"),
                "-vf",
                f"{shown}trim=start={first:.6f}:end={last:.6f},setpts=PTS-STARTPTS,"
                "crop=trunc(iw/2)*2:trunc(ih/2)*2:0:0,format=yuv420p",
                # Of an even film times are counted in pictures, which takes their rounding away.
                *("-fps_mode", "vfr", *([] if pictures.even else ["-enc_time_base", "filter"])),
                *encoder_arguments(bench.encoder, quality, threads=bench.threads),
                *(*TIME_SCALE, "-map_metadata", "-1"),
            ],
            piece,
            seconds,
        )
        lost += pictures.count(part.start, part.end) - _came(piece, part)
        segments.append((piece, seconds))
    _join(film, parts, segments, target, bench.part(0.85, 1.0))
    # Where packets are fields, there are more of them than pictures.
    return (f"{lost} of the pictures cannot be decoded.",) if lost > 0 and not seen.interlaced else ()


def _came(piece: Path, part: KeptPart) -> int:
    """How many pictures a piece has. Raises DamagedMediaError if there are none."""
    count = len(_sizes(piece))
    if not count:
        raise DamagedMediaError(
            f"Not one picture from {clock(part.start)} to {clock(part.end)} can be decoded.",
            hint="Choose another part, or export the film again.",
        )
    return count


def _join(
    film: _Film, parts: Sequence[KeptPart], segments: Sequence[tuple[Path, float]], target: Path, bench: Bench
) -> None:
    track = film.info.audio
    if track is None:
        joined(segments, None, bench, target)
        return
    form = form_of(track)
    sound, piece = bench.scratch / "sound.pcm", bench.scratch / "piece.pcm"
    written, length = 0, 0.0
    for part in parts:
        length += part.end - part.start
        # Counted from the beginning, so that nothing adds up.
        samples = form.samples(length) - written
        write_sound(film, track, piece, form, bench, start=part.start, samples=samples)
        append(sound, piece)
        written += samples
    joined(segments, Heard.samples(sound, form), bench.part(0.3, 1.0), target)
