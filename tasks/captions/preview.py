"""What captions will look like: still pictures of the film, made before it is drawn as a whole."""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pysubs2
from PIL import Image

from tasks.captions.burning import EVEN, never_seen, prepare_drawing
from tasks.media.ffmpeg import media_input, run_ffmpeg
from tasks.media.probe import probe, require_video
from tasks.media.shown import shown
from tasks.video.upright import upright

MOST = 3
"""Pictures of a preview."""
_LONGER_SIDE = 960
"""Pixels of a picture of a preview."""
_SHEET_HEIGHT, _GAP = 480, 6
_END = 0.1
"""Seconds before the end of the film from which no picture is taken."""
_CODES = re.compile(r"\{[^}]*\}")
_DRAWING = re.compile(r"\\p[1-9]")
_SHORTEST = 0.05
"""Seconds that something must stand on the screen to be a picture of a preview."""


@dataclass(frozen=True, slots=True)
class Still:
    """A picture of the film with captions."""

    seconds: float
    """When in the film."""
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class Preview:
    """Pictures of the film, and what would be said of it if it were drawn."""

    stills: tuple[Still, ...]
    warnings: tuple[str, ...]


def telling_moments(script: pysubs2.SSAFile, start: float, end: float, most: int = MOST) -> list[float]:
    """When much is written on the screen: at most one moment of each of `most` equal parts from `start` to `end`.

    In seconds, in their order; none if nothing is shown between `start` and `end`.
    """
    changes: dict[float, int] = {}
    for event in script:
        if _DRAWING.search(event.text):
            continue
        letters = len(_CODES.sub("", event.text))
        begins, ends = max(event.start / 1000, start), min(event.end / 1000, end)
        if ends > begins:
            changes[begins] = changes.get(begins, 0) + letters
            changes[ends] = changes.get(ends, 0) - letters
    if not changes:
        return []
    first, last = min(changes), max(changes)
    part = (last - first) / most
    best: dict[int, tuple[int, float, float]] = {}
    written = 0
    for now, following in pairwise(sorted(changes)):
        written += changes[now]
        if written and following - now >= _SHORTEST:
            middle = (now + following) / 2
            number = min(int((middle - first) / part), most - 1)
            # Of those with as much, the one nearest to the middle of its part: not two pictures of one moment.
            found = (written, -abs(middle - first - (number + 0.5) * part), middle)
            best[number] = max(found, best.get(number, found))
    return [round(moment, 3) for _, (_, _, moment) in sorted(best.items())]


def stills(
    video: Path,
    script: pysubs2.SSAFile,
    *,
    workplace: Path,
    deadline: float,
    fonts: Sequence[Path] = (),
) -> Preview:
    """Up to `MOST` pictures of the film with the script drawn in; one of its beginning if nothing is written.

    `workplace` is an empty folder. Raises NotMediaError, NoVideoError, DamagedMediaError and what `run_ffmpeg` raises.
    """
    info = probe(video)
    picture = require_video(info)
    film = shown(video, info)
    until = film.start + film.seconds
    moments = telling_moments(script, film.start, max(film.start, until - _END)) or [film.start]
    drawing = prepare_drawing(script, workplace, fonts)
    seen = upright(video, picture, workplace)
    found = []
    for number, moment in enumerate(moments):
        target = workplace / f"{number}.png"
        # A film whose last picture stands still for long has none after the moment: then its first one will do.
        for seek in (moment - film.lead, 0.0):
            run = run_ffmpeg(
                [
                    *(*seen.reading, "-ss", f"{max(0.0, seek):.3f}", *media_input(video)),
                    *("-map", f"0:{picture.index}", "-vf"),
                    ",".join(
                        [
                            f"setpts=PTS-STARTPTS+{moment:.3f}/TB",
                            *seen.filters,
                            EVEN,
                            drawing.filter,
                            _SMALLER,
                        ]
                    ),
                    *("-frames:v", "1", "-update", "1", f"file:{target}"),
                ],
                output=None,
                duration=None,
                deadline=deadline,
            )
            drawing.check(run.messages)
            if target.exists():
                found.append(Still(moment, _jpeg(target)))
                break
    return Preview(tuple(found), film.warnings + seen.warnings + never_seen(script, until))


_SMALLER = (
    f"scale=w='if(gt(iw,ih),min(iw,{_LONGER_SIDE}),-2)':"
    f"h='if(gt(iw,ih),-2,min(ih,{_LONGER_SIDE}))':flags=lanczos,format=rgb24"
)


def sheet(pictures: Sequence[bytes]) -> bytes:
    """One JPEG of several beside each other."""
    images: list[Image.Image] = []
    for picture in pictures:
        with Image.open(io.BytesIO(picture)) as image:
            width = round(image.width * _SHEET_HEIGHT / image.height)
            images.append(image.resize((width, _SHEET_HEIGHT), Image.Resampling.LANCZOS))
    width = sum(each.width + _GAP for each in images) - _GAP
    whole = Image.new("RGB", (width, _SHEET_HEIGHT), "white")
    left = 0
    for each in images:
        whole.paste(each, (left, 0))
        left += each.width + _GAP
    data = io.BytesIO()
    whole.save(data, "JPEG", quality=80)
    return data.getvalue()


def _jpeg(path: Path) -> bytes:
    with Image.open(path) as image:
        data = io.BytesIO()
        image.convert("RGB").save(data, "JPEG", quality=85)
    return data.getvalue()
