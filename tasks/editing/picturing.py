"""Pictures of a film: its best one, those of given times, or many on one sheet."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import av
import av.error
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from pydantic import Field

from tasks.editing.bench import Bench, EditOptions, Made, numbered
from tasks.editing.judging import Picture, brightness, is_fading, score
from tasks.editing.moments import ALLOWED, Moment, clock, counts_from_end, seconds_of
from tasks.editing.packets import Pictures, read_pictures
from tasks.editing.reading import Film
from tasks.editing.sheets import laid_out
from tasks.errors import DamagedMediaError, InvalidInputError
from tasks.media.clock import zero
from tasks.media.ffmpeg import written_atomically
from tasks.media.probe import opened, probe, require_video
from tasks.video.upright import Upright, upright

PictureFormat = Literal["jpg", "png", "webp"]
Times = Annotated[list[Moment], Field(max_length=100)]

_CANDIDATES = 40
_FEW = 12
"""Key pictures below which others are looked at too."""
_EDGE = 0.03
"""Share of the film at each end in which titles and fades are."""
_FINALISTS = 5
_ASIDE = 0.3
"""Seconds before and after a finalist at which a fade shows."""
_JUDGED_WIDTH = 320
_SHEET_WIDTH = 1600
_CODING: dict[PictureFormat, tuple[str, ...]] = {
    "jpg": ("-c:v", "mjpeg", "-q:v", "2", "-pix_fmt", "yuvj420p"),
    "png": ("-c:v", "png", "-pix_fmt", "rgb24"),
    "webp": ("-c:v", "libwebp", "-quality", "88"),
}


class PictureOptions(EditOptions):
    """Which pictures are wanted."""

    revision: ClassVar[int] = 2

    times: tuple[Moment, ...]
    columns: int | None
    rows: int | None
    width: int | None
    """Of a picture, or of the sheet; None: of the film, or `_SHEET_WIDTH`."""
    picture_format: PictureFormat


class Pictured(Made):
    """Pictures of a film."""

    times: tuple[float, ...]
    """When each is shown, in seconds; of a sheet those on it."""


def picture_options(
    times: Sequence[Moment],
    columns: int | None,
    rows: int | None,
    width: int | None,
    picture_format: PictureFormat,
) -> PictureOptions:
    """The options of a thumbnail. Raises InvalidInputError for what cannot be meant, before a film is fetched."""
    if times and (columns or rows):
        raise InvalidInputError(
            "There are both times and columns or rows of a sheet.", hint="Give either, not both."
        )
    for moment in times:
        if seconds_of(moment) is None:
            raise InvalidInputError(f'"{moment}" is no time.', hint=f"Give {ALLOWED}.")
    if columns or rows:
        columns, rows = columns or 4, rows or 4
    return PictureOptions(
        times=tuple(times), columns=columns, rows=rows, width=width, picture_format=picture_format
    )


@dataclass(frozen=True)
class _Film(Film):
    seen: Upright

    @property
    def warnings(self) -> tuple[str, ...]:
        return (*self.pictures.warnings, *self.seen.warnings)


def picture(inputs: Sequence[Path], options: PictureOptions, target: Path, bench: Bench) -> Pictured:
    """Writes one picture, or several that are numbered.

    Raises InvalidInputError, NoVideoError, NotMediaError, DamagedMediaError and what `run_ffmpeg` raises.
    """
    (path,) = inputs
    pictures = read_pictures(path, bench.part(0.0, 0.2).progress)
    track = require_video(probe(path))
    film = _Film(path, track.index, pictures, upright(path, track, bench.scratch))
    if options.columns and options.rows:
        return _sheet(film, options, target, bench.part(0.2, 1.0))
    size = (options.width, -2) if options.width else None
    if not options.times:
        best = _best(film, bench.part(0.2, 0.9))
        _take(film, best, size, options.picture_format, target, bench.part(0.9, 1.0))
        return Pictured(times=(round(best, 6),), warnings=film.warnings)
    taken, warnings = [], []
    for number, moment in enumerate(options.times):
        wanted = seconds_of(moment) or 0.0
        wanted = pictures.end + wanted if counts_from_end(moment) else wanted
        if not 0 <= wanted <= pictures.end:
            length = clock(pictures.end)
            warnings.append(
                f"There is no picture at {moment}: the film is {length} long; the nearest was taken."
            )
        time = pictures.at(wanted)
        place = target if len(options.times) == 1 else numbered(target, number + 1)
        done = 0.2 + 0.8 * number / len(options.times)
        share = bench.part(done, done + 0.8 / len(options.times))
        _take(film, time, size, options.picture_format, place, share)
        taken.append(round(time, 6))
    return Pictured(times=tuple(taken), warnings=(*warnings, *film.warnings))


def _take(
    film: _Film,
    time: float,
    size: tuple[int, int] | None,
    picture_format: PictureFormat,
    target: Path,
    bench: Bench,
) -> None:
    """Writes the picture of a time, as players show it; -2 as a height keeps its shape."""
    begin = film.pictures.before(time) - time
    filters = [
        *film.seen.filters,
        f"trim=start={begin:.6f}",
        *([f"scale={size[0]}:{size[1]}"] if size else []),
    ]
    try:
        bench.ffmpeg(
            [
                *film.seen.reading,
                *film.pictures_from(time),
                *("-map", f"0:{film.picture}", "-vf", ",".join(filters), "-frames:v", "1", "-update", "1"),
                *(*_CODING[picture_format], "-map_metadata", "-1"),
            ],
            target,
            None,
        )
    except DamagedMediaError as error:
        raise DamagedMediaError(
            f"The picture at {clock(time)} cannot be decoded.", hint="Choose another time."
        ) from error


def candidates(pictures: Pictures) -> list[float]:
    """Times worth looking at: key pictures, which cost least, and others where there are few."""
    begin, end = pictures.start, pictures.end
    margin = (end - begin) * _EDGE
    keys = np.sort(pictures.times[pictures.keys])
    inner = keys[(keys >= begin + margin) & (keys <= end - margin)]
    if len(inner) < _FEW:
        even = np.linspace(begin + margin, end - margin, _FEW)
        inner = np.unique([*inner, *(pictures.at(float(time)) for time in even)])
    chosen = np.unique(np.linspace(0, len(inner) - 1, min(len(inner), _CANDIDATES)).round().astype(int))
    return [float(inner[number]) for number in chosen]


def _best(film: _Film, bench: Bench) -> float:
    """The time of the picture that shows most; of a film that is all black, the middle one."""
    pictures = film.pictures
    found: list[tuple[float, float]] = []
    times = candidates(pictures)
    for number, time in enumerate(times):
        bench.progress(number / (len(times) + 2 * _FINALISTS))
        seen = _small(film, time)
        if seen is not None:
            found.append((score(seen), time))
    found.sort(reverse=True)
    for rating, time in found[:_FINALISTS]:
        bench.progress(0.8)
        around = [_small(film, min(max(time + aside, 0.0), pictures.end)) for aside in (-_ASIDE, 0.0, _ASIDE)]
        levels = [brightness(seen) for seen in around if seen is not None]
        if rating > 0 and not (len(levels) == 3 and is_fading(*levels)):
            return time
    if not found:
        raise DamagedMediaError("Not one picture of the film can be decoded.", hint="Export it again.")
    return found[0][1] if found[0][0] > 0 else pictures.at((pictures.start + pictures.end) / 2)


def _small(film: _Film, time: float) -> Picture | None:
    """The first picture from a time on, made small; None if there is none that can be decoded."""
    entrance = film.pictures.entrance(time)
    with opened(film.path) as container:
        stream = container.streams[film.picture]
        begin = zero(container, stream)
        try:
            if entrance is not None:
                container.seek(int((entrance.sought + begin) * av.time_base))
            for frame in container.decode(stream):
                assert isinstance(frame, av.VideoFrame)  # noqa: S101 - of a video stream
                if frame.time is None or frame.time - begin >= time - 0.001:
                    height = max(2, round(frame.height * _JUDGED_WIDTH / max(frame.width, 1)))
                    small = frame.reformat(width=_JUDGED_WIDTH, height=height, format="rgb24")
                    return np.asarray(small.to_ndarray(), np.uint8)
        except av.error.FFmpegError:
            return None
    return None


def _sheet(film: _Film, options: PictureOptions, target: Path, bench: Bench) -> Pictured:
    """Many small pictures in rows, each with its time, at even distances."""
    pictures, columns, rows = film.pictures, options.columns or 1, options.rows or 1
    shape = (film.seen.width, film.seen.height)
    sheet = laid_out(columns, rows, options.width or _SHEET_WIDTH, shape, options.picture_format)
    count, length = columns * rows, pictures.end - pictures.start
    times = [pictures.at(pictures.start + length * (number + 0.5) / count) for number in range(count)]
    font = ImageFont.load_default(max(10, sheet.cell[0] // 16))
    whole = Image.new("RGB", (sheet.width, sheet.height), "#202020")
    draw = ImageDraw.Draw(whole)
    for number, time in enumerate(times):
        small = bench.scratch / "small.png"
        share = bench.part(number / count, (number + 1) / count)
        _take(film, time, sheet.cell, "png", small, share)
        left, top = sheet.place(number)
        with Image.open(small) as image:
            whole.paste(image.convert("RGB"), (left, top))
        draw.text(
            (left + 6, top + sheet.cell[1] - 6),
            clock(round(time, 1)),
            "white",
            font,
            anchor="ld",
            stroke_width=2,
            stroke_fill="black",
        )
        small.unlink()
    with written_atomically(target) as partial:
        whole.save(partial, quality=90)
    return Pictured(times=tuple(round(time, 6) for time in times), warnings=film.warnings)
