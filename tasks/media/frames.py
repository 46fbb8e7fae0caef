"""Single pictures out of videos."""

import io
from pathlib import Path

import av
import av.error
from PIL import Image

from tasks.errors import DamagedMediaError
from tasks.media.probe import opened, probe, require_video


def middle_frame(path: Path, width: int = 480) -> bytes:
    """A small JPEG of the middle of a video. Raises NoVideoError, NotMediaError or DamagedMediaError."""
    info = probe(path)
    picture = require_video(info)
    try:
        with opened(path) as container:
            stream = container.streams[picture.index]
            container.seek(int(info.duration / 2 * av.time_base))
            for frame in container.decode(stream):
                assert isinstance(frame, av.VideoFrame)  # noqa: S101 - of a video stream
                image = Image.fromarray(frame.to_ndarray(format="rgb24"))
                image.thumbnail((width, width))
                data = io.BytesIO()
                image.save(data, "JPEG", quality=80)
                return data.getvalue()
    except av.error.FFmpegError as error:
        raise DamagedMediaError("The video cannot be decoded.", hint="Export it again.") from error
    raise DamagedMediaError("The video has no frames.", hint="Export it again.")
