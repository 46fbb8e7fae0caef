"""Draws captions into the picture of a video."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pysubs2

from tasks.captions.faces import FontFile
from tasks.captions.fonts import font_files
from tasks.captions.look import Canvas, SafeArea
from tasks.errors import EngineError
from tasks.media.ffmpeg import media_input, quoted_in_filter, run_ffmpeg
from tasks.media.probe import MediaInfo, probe, require_video, shown_size
from tasks.media.shown import Shown, shown
from tasks.progress import Progress, ignore_progress
from tasks.video.encoding import Encoder, Quality, encoder_arguments, sound_arguments
from tasks.video.upright import Upright, upright

_COPIED = ("aac", "mp3", "mp3float", "ac3", "eac3")
"""Sound that MP4 holds as it is."""
EVEN = "crop=trunc(iw/2)*2:trunc(ih/2)*2:0:0"
"""The filter that cuts a picture to even sides; see `canvas_of`."""
_CHOSEN = re.compile(r"fontselect: \((?P<asked>[^,]*),.*\) -> (?P<path>[^,]*),.*, (?P<name>\S+)$")
"""The line in which libass says, through ffmpeg, which face it took for a family."""

_FAMILY = re.compile(r"\\fn([^\\}]+)")


@dataclass(frozen=True)
class BurntVideo:
    """A video with captions in its picture."""

    seconds: float
    width: int
    height: int
    fps: float | None
    warnings: tuple[str, ...]


def canvas_of(video: Path, safe_area: SafeArea = "none") -> Canvas:
    """The picture as it is shown, cut to even sides, which H.264 in 4:2:0 needs. Raises as `shown_size`."""
    width, height = shown_size(video)
    return Canvas(width=width // 2 * 2, height=height // 2 * 2, safe_area=safe_area)


def burn(
    video: Path,
    script: pysubs2.SSAFile,
    target: Path,
    *,
    encoder: Encoder,
    deadline: float,
    workplace: Path,
    fonts: Sequence[Path] = (),
    quality: Quality = "standard",
    threads: int = 0,
    progress: Progress = ignore_progress,
) -> BurntVideo:
    """Writes an MP4 of the video with the script drawn in; its sound is kept. `target` is there whole or not at all.

    `workplace` is an empty folder for the script and the fonts; `fonts` are the installation's font folders.

    Raises NotMediaError, NoVideoError, DamagedMediaError, what `run_ffmpeg` raises, and EngineError if another font
    was drawn than the one chosen.
    """
    info = probe(video)
    picture = require_video(info)
    film = shown(video, info)
    seen = upright(video, picture, workplace)
    drawing = prepare_drawing(script, workplace, fonts)
    run = run_ffmpeg(
        [
            *seen.reading,
            *media_input(video),
            *("-map", f"0:{picture.index}", *kept_sound(info), "-sn", "-dn"),
            *("-vf", f"{_timed(film, seen, drawing.filter)},format=yuv420p"),
            *encoder_arguments(encoder, quality, threads=threads),
            *("-map_metadata", "-1"),
        ],
        output=target,
        duration=info.duration,
        progress=progress,
        deadline=deadline,
    )
    drawing.check(run.messages)
    made = require_video(probe(target))
    return BurntVideo(
        seconds=run.seconds,
        width=made.width,
        height=made.height,
        fps=made.fps,
        warnings=film.warnings + seen.warnings + never_seen(script, film.start + film.seconds),
    )


def never_seen(script: pysubs2.SSAFile, end: float) -> tuple[str, ...]:
    """What is to be said of captions that begin when the last picture is gone: of longer sound, or another film."""
    begins = [line.start / 1000 for line in script if not line.is_comment and line.start / 1000 >= end]
    if not begins:
        return ()
    return (
        f"The pictures of the film end at {end:.1f} s: captions that begin later, up to {max(begins):.1f} s, are not "
        "seen.",
    )


@dataclass(frozen=True)
class Drawing:
    """A script and the fonts that it is set in, laid out for ffmpeg."""

    filter: str
    faces: tuple[FontFile, ...]

    def check(self, messages: Sequence[str]) -> None:
        """Raises EngineError if ffmpeg says in its messages that another font was drawn than one of these."""
        _check_fonts(messages, self.faces)


def prepare_drawing(script: pysubs2.SSAFile, workplace: Path, fonts: Sequence[Path] = ()) -> Drawing:
    """Lays a script and its fonts out in `workplace`; `fonts` are the installation's font folders."""
    (workplace / "captions.ass").write_text(script.to_string("ass"), encoding="utf-8")
    faces = font_files(_families(script), fonts)
    (workplace / "fonts").mkdir(exist_ok=True)
    for path in {face.path for face in faces}:
        link = workplace / "fonts" / path.name
        link.unlink(missing_ok=True)
        link.symlink_to(path.resolve())
    lettering, folder = quoted_in_filter(workplace / "captions.ass"), quoted_in_filter(workplace / "fonts")
    return Drawing(f"ass=filename={lettering}:fontsdir={folder}", tuple(faces))


def _timed(film: Shown, seen: Upright, drawing: str) -> str:
    """Draws into pictures that come at the film's rate and have the times of the player's clock while it draws."""
    start = round(film.start * film.rate)
    lead = round((film.start + film.lead) * film.rate) - start
    return ",".join(
        [
            "setpts=PTS-STARTPTS",
            *seen.filters,
            f"fps={film.rate},setpts=PTS+{start}",
            EVEN,
            f"{drawing},setpts=PTS+{lead}",
        ]
    )


def kept_sound(info: MediaInfo) -> list[str]:
    """The arguments for the sound of a film, which is copied where MP4 can hold it."""
    if info.audio is None:
        return ["-an"]
    chosen = ["-map", f"0:{info.audio.index}"]
    if info.audio.codec in _COPIED:
        return [*chosen, "-c:a", "copy"]
    return [*chosen, *sound_arguments(info.audio)]


def _families(script: pysubs2.SSAFile) -> set[str]:
    """What the script is set in: renderers read every font that they are given, and some are large."""
    named = {family for event in script for family in _FAMILY.findall(event.text)}
    return named | {style.fontname for style in script.styles.values()}


def _check_fonts(messages: Sequence[str], faces: Sequence[FontFile]) -> None:
    """The renderer takes whatever resembles a font that it does not find; here that is an error."""
    expected: dict[str, set[str]] = {}
    for face in faces:
        expected.setdefault(face.family.casefold(), set()).update(face.face)
    for message in messages:
        chosen = _CHOSEN.search(message)
        if chosen and chosen["name"] not in expected.get(chosen["asked"].casefold(), ()):
            raise EngineError(
                f"The captions were drawn in {chosen['name']} instead of {chosen['asked']}.",
                hint="Check the font file: its family name may differ from the one chosen.",
            )
