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
from typing import Annotated, Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field

from tasks.images.loading import Pixels, load_image
from tasks.media.ffmpeg import check_exit, ffmpeg_command, written_atomically
from tasks.media.process import ChildProcess
from tasks.progress import Progress, ignore_progress
from tasks.video.encoding import Encoder, Quality, encoder_arguments
from tasks.video.motion import MAX_ZOOM, View, camera_path
from tasks.video.zoom_types import ZoomType

Plane = NDArray[Any]
"""8 bits; OpenCV's annotations know no narrower type."""
Background = Literal["fill", "blur"]
"""Images of another shape: `fill` crops them, `blur` shows them whole over their own blurred enlargement."""

_WAITING_FRAMES = 4
"""Rendered ahead of the encoder."""
_BLUR = 0.04
"""Standard deviation, as a share of the width."""
_DIM = 0.7
_COLOURS = ("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv")

# Full-range R'G'B' to limited-range Y'CbCr, ITU-R BT.709.
_TO_VIDEO = np.array(
    [
        [0.2126 * 219 / 255, 0.7152 * 219 / 255, 0.0722 * 219 / 255, 16],
        [-0.2126 / 1.8556 * 224 / 255, -0.7152 / 1.8556 * 224 / 255, 0.5 * 224 / 255, 128],
        [0.5 * 224 / 255, -0.7152 / 1.5748 * 224 / 255, -0.0722 / 1.5748 * 224 / 255, 128],
    ]
)


class ClipOptions(BaseModel):
    """What all clips of a job have in common."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    width: Annotated[int, Field(ge=64, le=4096, multiple_of=2)] = 1920
    height: Annotated[int, Field(ge=64, le=4096, multiple_of=2)] = 1080
    fps: Annotated[int, Field(ge=1, le=60)] = 24
    background: Background = "fill"
    quality: Quality = "standard"


@dataclass(frozen=True)
class Clip:
    """A finished clip."""

    frames: int
    seconds: float
    width: int
    height: int
    fps: int
    encoder: Encoder


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
    frames = max(1, round(seconds * options.fps))
    # The work beside the encoder is one thread's; more of them only get in its way.
    cv2.setNumThreads(1)
    picture = Picture(load_image(image, _needed_side(options)), options)
    arguments = [
        *("-f", "rawvideo", "-pix_fmt", "yuv420p", "-video_size", f"{options.width}x{options.height}"),
        *("-framerate", str(options.fps), *_COLOURS, "-i", "pipe:0"),
        *encoder_arguments(encoder, options.quality, threads=threads),
        *_COLOURS,
    ]
    with written_atomically(target) as partial:
        command = ffmpeg_command([*arguments, f"file:{partial}"], None)
        with ChildProcess(command, deadline=deadline, feed=True) as child, _feeding(child) as write:
            for number, view in enumerate(camera_path(zoom, frames, seconds)):
                write(picture.frame(view))
                progress(number / frames)
    return Clip(frames, frames / options.fps, options.width, options.height, options.fps, encoder)


def thumbnail(image: Path, target: Path, width: int = 320) -> None:
    """Writes a small JPEG of the image. Raises as `load_image`."""
    small = Image.fromarray(load_image(image, width))
    small.thumbnail((width, width))
    with written_atomically(target) as partial:
        small.save(partial, "JPEG", quality=80)


class Picture:
    """An image in the planes of video, ready to be looked at."""

    def __init__(self, pixels: Pixels, options: ClipOptions) -> None:
        self._size = (options.width, options.height)
        canvas = _canvas(pixels, options)
        height, width = canvas.shape[:2]
        # Of the canvas, how many pixels lie in one of the frame when all of it is shown.
        self._scale = width / options.width
        planes = cv2.split(cv2.transform(canvas, _TO_VIDEO))
        half = (-(-width // 2), -(-height // 2))
        self._bright = np.ascontiguousarray(planes[0])
        self._colours = [cv2.resize(plane, half, interpolation=cv2.INTER_AREA) for plane in planes[1:]]
        self._extent = (width, height)
        self._frame = np.empty(options.width * options.height * 3 // 2, np.uint8)

    def frame(self, view: View) -> bytes:
        """One frame in the order yuv420p."""
        width, height = self._size
        # The centre of the frame's pixel 0, and the step from one to the next, in pixels of the canvas.
        step = self._scale * view.size
        left = view.x * self._extent[0] - step * (width - 1) / 2 - 0.5
        top = view.y * self._extent[1] - step * (height - 1) / 2 - 0.5
        at = width * height
        bright = self._frame[:at].reshape(height, width)
        _cut(self._bright, step, left, top, bright, cv2.INTER_CUBIC)
        # Colour samples sit on every second column and between two rows; those of the canvas between four pixels.
        for number, plane in enumerate(self._colours):
            start = at + number * at // 4
            colour = self._frame[start : start + at // 4].reshape(height // 2, width // 2)
            _cut(plane, step, (left - 0.5) / 2, (top + step / 2 - 0.5) / 2, colour, cv2.INTER_LINEAR)
        return self._frame.tobytes()


def _cut(plane: Plane, step: float, left: float, top: float, target: Plane, interpolation: int) -> None:
    height, width = target.shape
    matrix = np.array([[step, 0, left], [0, step, top]])
    cv2.warpAffine(
        plane,
        matrix,
        (width, height),
        target,
        flags=interpolation | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )


def _needed_side(options: ClipOptions) -> int:
    """The longer side of an image from which nothing is lost, with some to spare for cropping."""
    return int(max(options.width, options.height) * MAX_ZOOM * 2)


def _canvas(pixels: Plane, options: ClipOptions) -> Plane:
    """The image in the shape of the clip, so large that the closest view has the clip's own pixels."""
    width, height = round(options.width * MAX_ZOOM), round(options.height * MAX_ZOOM)
    filled = _resized(_cropped(pixels, width / height), width, height)
    if options.background == "fill":
        return filled
    ratio = min(width / pixels.shape[1], height / pixels.shape[0])
    inner = (max(1, round(pixels.shape[1] * ratio)), max(1, round(pixels.shape[0] * ratio)))
    if inner == (width, height):
        return filled
    # Blurred when it is small: the same look for a fraction of the work.
    small = cv2.resize(filled, (width // 8, height // 8), interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(small, (0, 0), _BLUR * width / 8)
    canvas = cv2.resize(blurred, (width, height), interpolation=cv2.INTER_CUBIC)
    canvas = cv2.convertScaleAbs(canvas, alpha=_DIM)
    left, top = (width - inner[0]) // 2, (height - inner[1]) // 2
    canvas[top : top + inner[1], left : left + inner[0]] = _resized(pixels, *inner)
    return canvas


def _cropped(pixels: Plane, shape: float) -> Plane:
    """The middle of the image that has this ratio of width to height."""
    height, width = pixels.shape[:2]
    wide = min(width, max(1, round(height * shape)))
    high = min(height, max(1, round(width / shape)))
    left, top = (width - wide) // 2, (height - high) // 2
    return pixels[top : top + high, left : left + wide]


def _resized(pixels: Plane, width: int, height: int) -> Plane:
    larger = width > pixels.shape[1] or height > pixels.shape[0]
    interpolation = cv2.INTER_CUBIC if larger else cv2.INTER_AREA
    return cv2.resize(pixels, (width, height), interpolation=interpolation)


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
