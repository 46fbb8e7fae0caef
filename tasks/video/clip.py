"""Turns a still image into a clip over which a camera moves that follows what the image shows.

The image is brought once to the size at which the closest view is sharp, and into the three planes of video (brightness
and two of colour, BT.709). Each frame is then cut out of these planes at a place and size in fractions of a pixel.
Filters that move by whole pixels shake; enlarging the image first to hide that costs many times the work.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from PIL import Image
from pydantic import BaseModel, ConfigDict, Field

from tasks.images.loading import load_image, smaller
from tasks.media.ffmpeg import ffmpeg_command, written_atomically
from tasks.media.process import ChildProcess
from tasks.media.rates import FrameRate, exact_rate
from tasks.progress import Progress, ignore_progress
from tasks.video.encoding import Encoder, Quality, encoder_arguments
from tasks.video.feeding import COLOURS, feeding
from tasks.video.framing import Background, UsedBackground, frame_subject
from tasks.video.motion import camera_path
from tasks.video.picture import PIXEL_FORMAT, Picture, needed_side
from tasks.video.subject import SubjectKind, find_subject
from tasks.video.zoom_types import ZoomType


class ClipOptions(BaseModel):
    """What all clips of a job have in common."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    width: Annotated[int, Field(ge=64, le=4096, multiple_of=2)] = 1920
    height: Annotated[int, Field(ge=64, le=4096, multiple_of=2)] = 1080
    fps: FrameRate = 24
    background: Background = "auto"
    quality: Quality = "standard"


@dataclass(frozen=True)
class Clip:
    """A finished clip."""

    frames: int
    seconds: float
    width: int
    height: int
    fps: float
    encoder: Encoder
    background: UsedBackground
    subject: SubjectKind
    """What was found in the image and followed."""
    warnings: tuple[str, ...]
    """What is to be said of the image."""


def render_clip(
    image: Path,
    target: Path,
    *,
    zoom: ZoomType,
    seconds: float,
    options: ClipOptions,
    encoder: Encoder,
    deadline: float,
    progress: Progress = ignore_progress,
    threads: int = 0,
    small: Path | None = None,
) -> Clip:
    """Writes the clip as MP4; `target` is there whole or not at all.

    It lasts `seconds`, rounded to whole frames, at least one. `threads`: of the encoder; 0 leaves it to it. `small`:
    where a small JPEG of the image goes, which is decoded once for both.

    Raises as `tasks.images.loading.load_image`, `tasks.images.faces.find_faces` and `tasks.media.ffmpeg.run_ffmpeg` do.
    """
    rate = exact_rate(options.fps)
    frames = max(1, round(seconds * rate))
    size = (options.width, options.height)
    loaded = load_image(image, needed_side(size))
    if small is not None:
        thumbnail(loaded.image, small)
    subject = find_subject(loaded.image)
    aspect = loaded.image.width / loaded.image.height
    framing = frame_subject(subject, aspect, size[0] / size[1], options.background, seconds)
    picture = Picture(loaded.image, size, framing)
    path = camera_path(zoom, frames, seconds, framing.focus)
    arguments = [
        *("-f", "rawvideo", "-pix_fmt", PIXEL_FORMAT, "-video_size", f"{options.width}x{options.height}"),
        *("-framerate", str(rate), *COLOURS, "-i", "pipe:0"),
        *encoder_arguments(encoder, options.quality, threads=threads, pixels=PIXEL_FORMAT),
        *COLOURS,
    ]
    with written_atomically(target) as partial:
        command = ffmpeg_command([*arguments, f"file:{partial}"], None)
        with ChildProcess(command, deadline=deadline, feed=True) as child, feeding(child) as write:
            for number, view in enumerate(path):
                write(picture.frame(view))
                progress(number / frames)
    return Clip(
        frames,
        float(frames / rate),
        options.width,
        options.height,
        options.fps,
        encoder,
        framing.background,
        subject.kind,
        loaded.warnings,
    )


def thumbnail(image: Image.Image, target: Path, side: int = 320) -> None:
    """Writes a small JPEG of an image."""
    small = smaller(image, side, Image.Resampling.BICUBIC)
    with written_atomically(target) as partial:
        small.save(partial, "JPEG", quality=80)
