"""The small picture of a film is what players show."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tasks.media.ffmpeg import run_ffmpeg
from tasks.media.frames import middle_frame

RED = (200, 30, 30)
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "1")


def made(path: Path, *arguments: str) -> Path:
    run_ffmpeg(arguments, output=path, duration=None, deadline=60)
    return path


def filmed(path: Path, filters: str) -> Path:
    """Red on the left, blue on the right."""
    halves = (f"color=0x{colour}:size=80x90:rate=10:duration=0.4" for colour in ("c81e1e", "1e1ec8"))
    left, right = (f"{half},format=gbrp" for half in halves)
    return made(path, "-f", "lavfi", "-i", f"{left}[l];{right}[r];[l][r]hstack,{filters}", *H264)


def tagged(matrix: str, primaries: str, transfer: str, space: str) -> str:
    return (
        f"scale=out_color_matrix={matrix}:out_range=limited,format=yuv444p,"
        f"setparams=color_primaries={primaries}:color_trc={transfer}:colorspace={space}:range=tv"
    )


HD = tagged("bt709", "bt709", "bt709", "bt709")


@pytest.mark.parametrize(
    ("turn", "first", "size"),
    [("0", "left", (160, 90)), ("90", "bottom", (90, 160)), ("180", "right", (160, 90))],
)
def test_it_is_turned(tmp_path: Path, turn: str, first: str, size: tuple[int, int]) -> None:
    lying = filmed(tmp_path / "lying.mp4", HD)
    turned = made(tmp_path / "v.mp4", "-display_rotation", turn, "-i", f"file:{lying}", "-c", "copy")
    image = Image.open(io.BytesIO(middle_frame(turned)))
    assert image.size == size
    place = {"left": (5, 45), "right": (155, 45), "bottom": (45, 155)}[first]
    assert (
        np.abs(
            np.asarray(image.convert("RGB").crop((*place, place[0] + 1, place[1] + 1)), int)[0, 0] - RED
        ).max()
        < 12
    )


def test_its_pixels_are_square_and_its_colours_those_of_usual_screens(tmp_path: Path) -> None:
    film = filmed(tmp_path / "v.mkv", f"{tagged('bt2020', 'bt2020', 'bt709', 'bt2020nc')},setsar=2")
    image = Image.open(io.BytesIO(middle_frame(film)))
    assert image.size == (320, 90)
    red, green, blue = image.getpixel((20, 45))  # type: ignore[misc]
    assert red > 215, "redder than the same numbers in BT.709"
    assert max(green, blue) < 30
