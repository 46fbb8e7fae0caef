"""Pictures of a film: its best one, those of given times, or many on one sheet."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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
from tasks.errors import DamagedMediaError, InvalidInputError
from tasks.media.ffmpeg import media_input, written_atomically
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
_GAP = 6
_CODING: dict[PictureFormat, tuple[str, ...]] = {
    "jpg": ("-c:v", "mjpeg", "-q:v", "2", "-pix_fmt", "yuvj420p"),
    "png": ("-c:v", "png", "-pix_fmt", "rgb24"),
    "webp": ("-c:v", "libwebp", "-quality", "88"),
}


class PictureOptions(EditOptions):
    """Which pictures are wanted."""

    revision: ClassVar[int] = 1

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
class _Film:
    path: Path
    picture: int
    """Number of the track."""
    pictures: Pictures
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
        return _sheet(film, options, options.columns * options.rows, target, bench.part(0.2, 1.0))
    if not options.times:
        best = _best(path, pictures, bench.part(0.2, 0.9))
        _take(film, best, options.width, options.picture_format, target, bench.part(0.9, 1.0))
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
        time = _shown_at(pictures, wanted)
        place = target if len(options.times) == 1 else numbered(target, number + 1)
        done = 0.2 + 0.8 * number / len(options.times)
        _take(
            film,
            time,
            options.width,
            options.picture_format,
            place,
            bench.part(done, done + 0.8 / len(options.times)),
        )
        taken.append(round(time, 6))
    return Pictured(times=tuple(taken), warnings=(*warnings, *film.warnings))


def _shown_at(pictures: Pictures, moment: float) -> float:
    """The time of the picture that is on the screen at a moment."""
    shown = pictures.shown
    return float(shown[max(0, int(np.searchsorted(shown, moment + pictures.frame / 100, "right")) - 1)])


def _take(
    film: _Film,
    time: float,
    width: int | None,
    picture_format: PictureFormat,
    target: Path,
    bench: Bench,
) -> None:
    """Writes the picture of a time, as players show it."""
    filters = [*film.seen.filters, *([f"scale={width}:-2"] if width else []), "null"]
    bench.ffmpeg(
        [
            *(
                "-ss",
                f"{max(0.0, time - film.pictures.frame / 4):.6f}",
                *film.seen.reading,
                *media_input(film.path),
            ),
            *("-map", f"0:{film.picture}", "-vf", ",".join(filters), "-frames:v", "1", "-update", "1"),
            *(*_CODING[picture_format], "-map_metadata", "-1"),
        ],
        target,
        None,
    )
    if not target.is_file() or not target.stat().st_size:
        raise DamagedMediaError(
            f"The picture at {clock(time)} cannot be decoded.", hint="Choose another time."
        )


def candidates(pictures: Pictures) -> list[float]:
    """Times worth looking at: key pictures, which cost least, and others where there are few."""
    begin, end = pictures.start, pictures.end
    margin = (end - begin) * _EDGE
    keys = np.sort(pictures.times[pictures.keys])
    inner = keys[(keys >= begin + margin) & (keys <= end - margin)]
    if len(inner) < _FEW:
        even = np.linspace(begin + margin, end - margin, _FEW)
        inner = np.unique([*inner, *(_shown_at(pictures, float(time)) for time in even)])
    chosen = np.unique(np.linspace(0, len(inner) - 1, min(len(inner), _CANDIDATES)).round().astype(int))
    return [float(inner[number]) for number in chosen]


def _best(path: Path, pictures: Pictures, bench: Bench) -> float:
    """The time of the picture that shows most; of a film that is all black, the middle one."""
    with _decoder(path) as decoder:
        found: list[tuple[float, float]] = []
        times = candidates(pictures)
        for number, time in enumerate(times):
            bench.progress(number / (len(times) + 2 * _FINALISTS))
            seen = decoder.at(time)
            if seen is not None:
                found.append((score(seen), time))
        found.sort(reverse=True)
        for rating, time in found[:_FINALISTS]:
            bench.progress(0.8)
            around = [
                decoder.at(min(max(time + aside, 0.0), pictures.end)) for aside in (-_ASIDE, 0.0, _ASIDE)
            ]
            levels = [brightness(seen) for seen in around if seen is not None]
            if rating > 0 and not (len(levels) == 3 and is_fading(*levels)):
                return time
    if not found:
        raise DamagedMediaError("Not one picture of the film can be decoded.", hint="Export it again.")
    return found[0][1] if found[0][0] > 0 else _shown_at(pictures, (pictures.start + pictures.end) / 2)


class _Decoder:
    """Small pictures of a film, by their times."""

    def __init__(self, container: "av.container.InputContainer", stream: int) -> None:
        self._container = container
        self._stream = container.streams[stream]
        self._zero = (container.start_time or 0) / av.time_base

    def at(self, time: float) -> Picture | None:
        """The first picture from a time on; None if there is none that can be decoded."""
        wanted = time + self._zero
        scale = float(self._stream.time_base or 1)
        try:
            self._container.seek(max(0, int(wanted / scale)), stream=self._stream)
            for frame in self._container.decode(self._stream):
                assert isinstance(frame, av.VideoFrame)  # noqa: S101 - of a video stream
                if frame.time is None or frame.time >= wanted - 0.001:
                    height = max(2, round(frame.height * _JUDGED_WIDTH / max(frame.width, 1)))
                    small = frame.reformat(width=_JUDGED_WIDTH, height=height, format="rgb24")
                    return np.asarray(small.to_ndarray(), np.uint8)
        except av.error.FFmpegError:
            return None
        return None


@contextmanager
def _decoder(path: Path) -> Iterator[_Decoder]:
    stream = require_video(probe(path)).index
    with opened(path) as container:
        yield _Decoder(container, stream)


def _sheet(film: _Film, options: PictureOptions, count: int, target: Path, bench: Bench) -> Pictured:
    """Many small pictures in rows, each with its time, at even distances."""
    pictures, columns = film.pictures, options.columns or 1
    width = options.width or _SHEET_WIDTH
    cell = max(16, (width - _GAP * (columns + 1)) // columns)
    length = pictures.end - pictures.start
    times = [_shown_at(pictures, pictures.start + length * (number + 0.5) / count) for number in range(count)]
    font = ImageFont.load_default(max(10, cell // 16))
    sheet: Image.Image | None = None
    for number, time in enumerate(times):
        small = bench.scratch / "small.png"
        share = bench.part(number / count, (number + 1) / count)
        _take(film, time, cell // 2 * 2, "png", small, share)
        with Image.open(small) as image:
            if sheet is None:
                rows = -(-count // columns)
                high = rows * (image.height + _GAP) + _GAP
                sheet = Image.new("RGB", (columns * (image.width + _GAP) + _GAP, high), "#202020")
                draw = ImageDraw.Draw(sheet)
            row, column = divmod(number, columns)
            left, top = _GAP + column * (image.width + _GAP), _GAP + row * (image.height + _GAP)
            sheet.paste(image.convert("RGB"), (left, top))
            draw.text(
                (left + 6, top + image.height - 6),
                clock(round(time, 1)),
                "white",
                font,
                anchor="ld",
                stroke_width=2,
                stroke_fill="black",
            )
        small.unlink()
    assert sheet is not None  # noqa: S101 - there is at least one
    with written_atomically(target) as partial:
        sheet.save(partial, quality=90)
    return Pictured(times=tuple(round(time, 6) for time in times), warnings=film.warnings)
