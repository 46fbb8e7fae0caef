"""Turns a still image into a clip over which a camera moves.

The image is brought once to the size at which the closest view is sharp, and into the three planes of video (brightness
and two of colour, BT.709). Each frame is then cut out of these planes at a place and size in fractions of a pixel.
Filters that move by whole pixels shake; enlarging the image first to hide that costs many times the work.
"""

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from PIL import Image, ImageFilter, ImageOps
from pydantic import BaseModel, ConfigDict, Field

from tasks.images.loading import Pixels, load_image
from tasks.media.ffmpeg import check_exit, ffmpeg_command, written_atomically
from tasks.media.process import ChildProcess
from tasks.media.rates import FrameRate, exact_rate
from tasks.progress import Progress, ignore_progress
from tasks.video.encoding import Encoder, Quality, encoder_arguments
from tasks.video.motion import MAX_ZOOM, View, camera_path
from tasks.video.zoom_types import ZoomType

Box = tuple[float, float, float, float]
"""Left, top, right, bottom, in pixels."""
Background = Literal["fill", "blur"]
"""Images of another shape: `fill` crops them, `blur` shows them whole over their own blurred enlargement."""

_WAITING_FRAMES = 4
"""Rendered ahead of the encoder."""
_BLUR = 0.04
"""Standard deviation, as a share of the width."""
_DIM = 0.7
_COLOURS = ("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv")

# Full-range R'G'B' to limited-range Y'CbCr, ITU-R BT.709.
_TO_VIDEO = (
    *(0.2126 * 219 / 255, 0.7152 * 219 / 255, 0.0722 * 219 / 255, 16),
    *(-0.2126 / 1.8556 * 224 / 255, -0.7152 / 1.8556 * 224 / 255, 0.5 * 224 / 255, 128),
    *(0.5 * 224 / 255, -0.7152 / 1.5748 * 224 / 255, -0.0722 / 1.5748 * 224 / 255, 128),
)
_STEADY = Image.Resampling.BILINEAR
"""The centre of its weights is exactly where a pixel is asked for. That of Hamming, as cheap and sharper, is not: what
moves would shake twice as much."""


class ClipOptions(BaseModel):
    """What all clips of a job have in common."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    width: Annotated[int, Field(ge=64, le=4096, multiple_of=2)] = 1920
    height: Annotated[int, Field(ge=64, le=4096, multiple_of=2)] = 1080
    fps: FrameRate = 24
    background: Background = "fill"
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
) -> Clip:
    """Writes the clip as MP4; `target` is there whole or not at all.

    It lasts `seconds`, rounded to whole frames, at least one. `threads`: of the encoder; 0 leaves it to it.

    Raises as `tasks.images.loading.load_image` and `tasks.media.ffmpeg.run_ffmpeg` do.
    """
    rate = exact_rate(options.fps)
    frames = max(1, round(seconds * rate))
    loaded = load_image(image, _needed_side(options))
    picture = Picture(loaded.pixels, options)
    arguments = [
        *("-f", "rawvideo", "-pix_fmt", "yuv420p", "-video_size", f"{options.width}x{options.height}"),
        *("-framerate", str(rate), *_COLOURS, "-i", "pipe:0"),
        *encoder_arguments(encoder, options.quality, threads=threads),
        *_COLOURS,
    ]
    with written_atomically(target) as partial:
        command = ffmpeg_command([*arguments, f"file:{partial}"], None)
        with ChildProcess(command, deadline=deadline, feed=True) as child, _feeding(child) as write:
            for number, view in enumerate(camera_path(zoom, frames, seconds)):
                write(picture.frame(view))
                progress(number / frames)
    return Clip(
        frames, float(frames / rate), options.width, options.height, options.fps, encoder, loaded.warnings
    )


def thumbnail(image: Path, target: Path, width: int = 320) -> None:
    """Writes a small JPEG of the image. Raises as `load_image`."""
    small = Image.fromarray(load_image(image, width).pixels)
    small.thumbnail((width, width))
    with written_atomically(target) as partial:
        small.save(partial, "JPEG", quality=80)


class Picture:
    """An image in the planes of video, ready to be looked at."""

    def __init__(self, pixels: Pixels, options: ClipOptions) -> None:
        self._size = (options.width, options.height)
        canvas = _canvas(Image.fromarray(pixels), options)
        self._extent = canvas.size
        self._bright, *colours = canvas.convert("RGB", _TO_VIDEO).split()
        half = (-(-canvas.width // 2), -(-canvas.height // 2))
        # An edge of one pixel more, because the places of colour samples reach beyond that of brightness.
        self._colours = [
            Image.fromarray(np.pad(np.asarray(plane.resize(half, Image.Resampling.BOX)), 1, mode="edge"))
            for plane in colours
        ]
        self._colour_scale = (half[0] / canvas.width, half[1] / canvas.height)

    def frame(self, view: View) -> bytes:
        """One frame in the order yuv420p."""
        width, height = self._size
        left, right = (self._extent[0] * (view.x + side * view.size / 2) for side in (-1, 1))
        top, bottom = (self._extent[1] * (view.y + side * view.size / 2) for side in (-1, 1))
        bright = self._bright.resize(
            self._size, _STEADY, box=_within((left, top, right, bottom), self._bright)
        )
        # Colour samples sit on every second column, half a pixel left of the middle between two (MPEG-2).
        shift = (right - left) / width / 2
        across, down = self._colour_scale
        box = (
            (left - shift) * across + 1,
            top * down + 1,
            (right - shift) * across + 1,
            bottom * down + 1,
        )
        half = (width // 2, height // 2)
        colours = (plane.resize(half, _STEADY, box=_within(box, plane)) for plane in self._colours)
        return b"".join(plane.tobytes() for plane in (bright, *colours))


def _within(box: Box, plane: Image.Image) -> Box:
    """The box without what rounding lets it exceed the plane by."""
    left, top, right, bottom = box
    return max(left, 0.0), max(top, 0.0), min(right, plane.width), min(bottom, plane.height)


def _needed_side(options: ClipOptions) -> int:
    """The longer side of an image from which nothing is lost, with some to spare for cropping."""
    return int(max(options.width, options.height) * MAX_ZOOM * 2)


def _canvas(image: Image.Image, options: ClipOptions) -> Image.Image:
    """The image in the shape of the clip, so large that the closest view has the clip's own pixels."""
    size = (round(options.width * MAX_ZOOM), round(options.height * MAX_ZOOM))
    if options.background == "fill" or image.width * size[1] == image.height * size[0]:
        return ImageOps.fit(image, size, Image.Resampling.LANCZOS)
    # Blurred when it is small: the same look for a fraction of the work.
    small = ImageOps.fit(image, (size[0] // 8, size[1] // 8), Image.Resampling.BOX)
    blurred = small.filter(ImageFilter.GaussianBlur(_BLUR * small.width))
    canvas = blurred.resize(size, Image.Resampling.BICUBIC).point(lambda level: level * _DIM)
    whole = ImageOps.contain(image, size, Image.Resampling.LANCZOS)
    canvas.paste(whole, ((size[0] - whole.width) // 2, (size[1] - whole.height) // 2))
    return canvas


@contextmanager
def _feeding(child: ChildProcess) -> Iterator[Callable[[bytes], None]]:
    """Gives frames to the child in a thread, so that it encodes one while the next is made; waits for its end."""
    waiting: queue.Queue[bytes | None] = queue.Queue(_WAITING_FRAMES)
    broken = threading.Event()

    def feed() -> None:
        while (frame := waiting.get()) is not None:
            if not broken.is_set():
                try:
                    child.stdin.write(frame)
                except (BrokenPipeError, ValueError):
                    # Ended early: its exit says why. What is still waiting is taken and dropped.
                    broken.set()

    feeder = threading.Thread(target=feed, name="frames", daemon=True)
    feeder.start()

    def write(frame: bytes) -> None:
        if broken.is_set():
            check_exit(child)
        waiting.put(frame)

    try:
        yield write
    except BaseException:
        broken.set()
        child.kill()
        raise
    finally:
        waiting.put(None)
        feeder.join()
    if not broken.is_set():
        with contextlib.suppress(BrokenPipeError):
            child.stdin.close()
    check_exit(child)
