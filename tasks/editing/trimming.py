"""Cuts parts out of a film: copies the pictures where the cuts allow it, else encodes them again."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from tasks.editing.bench import Bench, EditOptions, Made
from tasks.editing.clips import COPIED_PICTURES
from tasks.editing.moments import ALLOWED, Moment, clock, counts_from_end, seconds_of
from tasks.editing.packets import Pictures, read_pictures
from tasks.editing.segments import TIME_SCALE, Heard, append, form_of, joined, write_sound
from tasks.errors import InvalidInputError
from tasks.media.ffmpeg import media_input
from tasks.media.probe import MediaInfo, VideoStream, probe, require_video
from tasks.video.encoding import Quality, encoder_arguments
from tasks.video.upright import Upright, upright

TrimMode = Literal["exact", "fast"]
"""exact: to the picture; fast: at the key pictures around, so that nothing has to be encoded."""

COPIED_SOUNDS = ("aac", "mp3", "ac3", "eac3")


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

    revision: ClassVar[int] = 1

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
class _Film:
    path: Path
    info: MediaInfo
    picture: VideoStream
    pictures: Pictures


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
        if start >= length - pictures.frame / 2:
            raise InvalidInputError(
                f"A part begins at {clock(start)}, but the film is {clock(length)} long.",
                hint="Give a start within the film.",
            )
        if end > length + pictures.frame / 2:
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
    small = pictures.frame / 4
    found = []
    for part in parts:
        before = cuts[cuts <= part.start + small]
        after = cuts[cuts >= part.end - small]
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
    film = _Film(path, info, require_video(info), pictures)
    kept, warnings = plan(options.parts, pictures)
    warnings = (*pictures.warnings, *warnings)
    wide = widened(kept, pictures)
    copyable = pictures.whole and not pictures.warnings and film.picture.codec in COPIED_PICTURES
    rest = bench.part(0.05, 1.0)
    wanted = options.mode == "fast" or _same(wide, kept, pictures.frame)
    if copyable and wanted and _copied(film, wide, target, rest):
        return Trimmed(copied=True, parts=wide, warnings=warnings)
    if options.mode == "fast":
        warnings = (*warnings, "The pictures of this film cannot be copied: they were encoded again.")
    seen = upright(path, film.picture, bench.scratch)
    _encoded(film, seen, kept, options.quality, target, rest)
    return Trimmed(copied=False, parts=kept, warnings=(*warnings, *seen.warnings))


def _same(one: Sequence[KeptPart], other: Sequence[KeptPart], frame: float) -> bool:
    return all(
        abs(a.start - b.start) < frame / 4 and abs(a.end - b.end) < frame / 4
        for a, b in zip(one, other, strict=True)
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
                # A little later, so that a rounded time does not lead to the key picture before.
                *("-ss", f"{part.start + pictures.frame / 4:.6f}", *media_input(film.path)),
                *("-map", f"0:{film.picture.index}", "-an", "-sn", "-dn", "-c:v", "copy"),
                *(
                    "-frames:v",
                    str(count),
                    "-copyinkf",
                    "-avoid_negative_ts",
                    "make_zero",
                    *TIME_SCALE,
                    "-map_metadata",
                    "-1",
                ),
            ],
            piece,
            seconds,
        )
        if not np.array_equal(read_pictures(piece).sizes, pictures.sizes[first : first + count]):
            return False
        segments.append((piece, seconds))
    rest = bench.part(0.6, 1.0)
    track = film.info.audio
    if len(parts) == 1 and track is not None and track.codec in COPIED_SOUNDS:
        heard = Heard.copied(film.path, track, parts[0].start, parts[0].end - parts[0].start)
        joined(segments, heard, rest, target)
    else:
        _join(film, parts, segments, target, rest)
    return len(read_pictures(target).times) == sum(pictures.count(part.start, part.end) for part in parts)


def _encoded(
    film: _Film, seen: Upright, parts: Sequence[KeptPart], quality: Quality, target: Path, bench: Bench
) -> None:
    segments = []
    total = sum(part.end - part.start for part in parts)
    done = 0.0
    for number, part in enumerate(parts):
        piece = bench.scratch / f"{number:04d}.mp4"
        seconds = part.end - part.start
        share = bench.part(0.85 * done / total, 0.85 * (done + seconds) / total)
        done += seconds
        small = film.pictures.frame / 4
        shown = "".join(f"{each}," for each in seen.filters)
        # Pictures from the key picture before the start on are decoded, and those before it left out: a picture that
        # is shown across the start is not lost.
        share.ffmpeg(
            [
                *("-ss", f"{part.start:.6f}", "-noaccurate_seek", *seen.reading, *media_input(film.path)),
                *("-map", f"0:{film.picture.index}", "-an", "-sn", "-dn"),
                "-vf",
                f"{shown}trim=start={-small:.6f}:end={seconds - small:.6f},setpts=PTS-STARTPTS,"
                "crop=trunc(iw/2)*2:trunc(ih/2)*2:0:0,format=yuv420p",
                *("-fps_mode", "vfr", *encoder_arguments(bench.encoder, quality, threads=bench.threads)),
                *(*TIME_SCALE, "-map_metadata", "-1"),
            ],
            piece,
            seconds,
        )
        segments.append((piece, seconds))
    _join(film, parts, segments, target, bench.part(0.85, 1.0))


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
        write_sound(film.path, track, piece, form, bench, start=part.start, samples=samples)
        append(sound, piece)
        written += samples
    joined(segments, Heard.samples(sound, form), bench.part(0.3, 1.0), target)
