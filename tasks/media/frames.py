"""Single pictures out of videos."""

import io
from pathlib import Path

import av
import av.error
import numpy as np
from PIL import Image

from tasks.errors import DamagedMediaError
from tasks.images.colour import coded, in_srgb
from tasks.media.probe import opened, probe, require_video, shown_size

_QUARTER = 90


def middle_frame(path: Path, width: int = 480) -> bytes:
    """A small JPEG of the middle of a video, as players show it.

    Raises NoVideoError, NotMediaError or DamagedMediaError.
    """
    info = probe(path)
    picture = require_video(info)
    size = shown_size(path)
    try:
        with opened(path) as container:
            stream = container.streams[picture.index]
            container.seek(int(info.duration / 2 * av.time_base))
            for frame in container.decode(stream):
                assert isinstance(frame, av.VideoFrame)  # noqa: S101 - of a video stream
                image = _small(frame, size, width)
                data = io.BytesIO()
                image.save(data, "JPEG", quality=80)
                return data.getvalue()
    except av.error.FFmpegError as error:
        raise DamagedMediaError("The video cannot be decoded.", hint="Export it again.") from error
    raise DamagedMediaError("The video has no frames.", hint="Export it again.")


def _small(frame: av.VideoFrame, size: tuple[int, int], side: int) -> Image.Image:
    """The picture upright, in the shape of `size`, no side longer than `side`, in the colours of usual screens."""
    image = Image.fromarray(frame.to_ndarray(format="rgb24"))
    # Players turn by quarters only.
    if frame.rotation % _QUARTER == 0:
        image = image.rotate(frame.rotation, expand=True)
    share = min(1.0, side / max(size))
    image = image.resize(
        (max(1, round(size[0] * share)), max(1, round(size[1] * share))),
        Image.Resampling.BICUBIC,
        reducing_gap=2.0,
    )
    space = coded(frame.color_primaries, frame.color_trc)
    if space.usual:
        return image
    return Image.fromarray(
        np.rint(in_srgb(np.asarray(image, np.float32) / np.float32(255), space) * 255).astype(np.uint8)
    )
