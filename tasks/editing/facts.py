"""What is measured of a file that was made: a film, sound or a picture."""

import io
from pathlib import Path

from PIL import Image

from tasks.editing.document import FileFacts
from tasks.media.frames import middle_frame
from tasks.media.probe import probe, shown_size

PICTURES = (".jpg", ".png", ".webp", ".gif")
_THUMBNAIL = 480
"""Greatest side, in pixels."""
_PLAYED = ("yuv420p", "yuvj420p")
"""Pixels of H.264 that browsers and phones play: 4:2:0 with eight bits. Cameras and editors also write others."""


def measure(path: Path) -> FileFacts:
    """The facts of a file of our own making."""
    size = path.stat().st_size
    if path.suffix in PICTURES:
        with Image.open(path) as image:
            moving = _moving(image)
            frames, seconds = moving if moving else (1, None)
            fps = round(frames / seconds, 3) if seconds else None
            return FileFacts(size=size, duration=seconds, width=image.width, height=image.height, fps=fps)
    info = probe(path)
    if info.video is None:
        return FileFacts(size=size, duration=round(info.duration, 6), width=None, height=None, fps=None)
    width, height = shown_size(path)
    return FileFacts(
        size=size, duration=round(info.duration, 6), width=width, height=height, fps=info.video.fps
    )


def hard_to_play(path: Path) -> tuple[str, ...]:
    """What is to be said of a film of our own making whose picture was copied in a form that few players know."""
    track = probe(path).video if path.suffix not in PICTURES else None
    if track is None or track.codec != "h264" or track.pixels in ("", *_PLAYED):
        return ()
    return (
        f"The picture was copied as it is: H.264 in {track.pixels}, which editors open but browsers and phones do not "
        "play. `convert` makes a film of it that plays everywhere.",
    )


def _moving(image: Image.Image) -> tuple[int, float] | None:
    """Pictures and seconds of a GIF that moves."""
    frames = getattr(image, "n_frames", 1)
    if frames == 1:
        return None
    milliseconds = 0
    for number in range(frames):
        image.seek(number)
        milliseconds += image.info.get("duration", 0)
    return frames, milliseconds / 1000


def thumbnail(path: Path, facts: FileFacts) -> bytes | None:
    """A small JPEG of the file for people to look at; None of sound."""
    if facts.width is None:
        return None
    if path.suffix not in PICTURES:
        return middle_frame(path)
    with Image.open(path) as image:
        image.thumbnail((_THUMBNAIL, _THUMBNAIL))
        data = io.BytesIO()
        image.convert("RGB").save(data, "JPEG", quality=80)
        return data.getvalue()
