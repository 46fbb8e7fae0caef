"""Films whose pictures carry their own number, and what is seen of them after a job."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from tasks.captions.burning import BurntVideo, burn, canvas_of
from tasks.captions.fonts import find_typeface
from tasks.captions.look import FontChoice, PlaceChoice
from tasks.captions.reading import Subtitle
from tasks.captions.segments import SegmentLook, segment_script
from tasks.media.ffmpeg import run_ffmpeg

_BITS = 8
SIZE = (128, 64)
ARIAL = find_typeface("Arial", bold=True)


def counted(rate: Fraction | float, seconds: float) -> tuple[str, ...]:
    """A source of ffmpeg: the upper half of each picture is its number, as black and white fields."""
    field = SIZE[0] // _BITS
    shade = f"if(lt(Y,{SIZE[1] // 2}),16+219*mod(floor(N/pow(2,floor(X/{field}))),2),16)"
    source = f"color=black:size={SIZE[0]}x{SIZE[1]}:rate={rate}:duration={seconds},format=yuv420p"
    return ("-f", "lavfi", "-i", f"{source},geq=lum='{shade}':cb=128:cr=128")


def numbers(path: Path) -> list[tuple[float, int]]:
    """When each picture is shown, in seconds from the start of the file, and its number."""
    seen = []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            assert frame.pts is not None
            assert frame.time_base is not None
            light = np.asarray(frame.to_ndarray(format="gray"), np.uint8)
            fields = light[4 : frame.height // 2 - 4].reshape(-1, _BITS, frame.width // _BITS)
            bits = fields[:, :, 4:-4].mean(axis=(0, 2)) > 128
            seen.append(
                (float(frame.pts * frame.time_base), int(sum(1 << n for n, bit in enumerate(bits) if bit)))
            )
    return sorted(seen)


def first_seen(path: Path) -> dict[int, float]:
    """The time at which each number appears."""
    found: dict[int, float] = {}
    for time, number in numbers(path):
        found.setdefault(number, time)
    return found


def captioned(video: Path, folder: Path, *cues: tuple[float, float]) -> tuple[Path, BurntVideo]:
    """The film with a caption in its lower half at these times."""
    subtitles = [Subtitle(start, end, "mmmm") for start, end in cues]
    look = SegmentLook(font=FontChoice(size=200), position=PlaceChoice(marginVertical=100))
    script, _ = segment_script(subtitles, look, canvas_of(video), ARIAL)
    workplace = folder / "work"
    workplace.mkdir(exist_ok=True)
    out = folder / "captioned.mp4"
    made = burn(video, script, out, encoder="libx264", deadline=60, workplace=workplace, quality="draft")
    return out, made


def with_captions(path: Path) -> list[float]:
    """The times of the pictures that have a caption."""
    times = []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            assert frame.time is not None
            if (
                np.asarray(frame.to_ndarray(format="gray"), np.uint8)[frame.height // 2 + 2 :] > 150
            ).sum() > 5:
                times.append(frame.time)
    return times


def made(path: Path, *arguments: str) -> Path:
    """A file of ffmpeg."""
    run_ffmpeg(arguments, output=path, duration=None, deadline=60)
    return path
