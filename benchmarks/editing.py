"""Edits of films beside the ffmpeg commands that a careful user writes, and beside MoviePy.

python -m benchmarks.editing                      all, on a film of 24 s (60 cuts in remove-silence) and parts of it
python -m benchmarks.editing --seconds 4          a look
python -m benchmarks.editing --only concatenate   those whose name holds that

Ours are the plain functions, without the flow around them: reading the film, checks of what was made and the
measuring of loudness are in their times. MoviePy is fetched into a folder of its own when first measured, and left
out where that is not possible; its times hold the start of a Python, which is printed. What each way has made is
looked at: a line says so where lengths or sizes differ. What takes less than a second is done five times in turn, and
medians are shown.
"""

import argparse
import shutil
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image, ImageDraw

from benchmarks import film_peers as peers
from benchmarks.measure import Cost, machine, measured
from tasks.editing.aims import convert_options
from tasks.editing.bench import Bench, Operation, Options
from tasks.editing.converting import convert
from tasks.editing.joining import JoinOptions, Transition, concatenate
from tasks.editing.mixing import mix
from tasks.editing.mixing_plan import MixOptions, Placing
from tasks.editing.overlay_plan import Layer, OverlayOptions
from tasks.editing.overlays import overlay
from tasks.editing.picturing import picture, picture_options
from tasks.editing.silences import SilenceOptions, remove_silence
from tasks.editing.trimming import TrimMode, trim, trim_options
from tasks.media.ffmpeg import run_ffmpeg
from tasks.media.probe import probe
from tasks.video.encoding import encoder_arguments

_OURS, _FFMPEG, _MOVIEPY = "ours", "ffmpeg", "MoviePy"
_SHORT, _AGAIN = 1.0, 4
"""Seconds below which a way is measured so many times more, and the median counts."""
_PERIOD, _BURST = 0.4, 0.15
"""Seconds from one burst of noise to the next, and of a burst."""
_NEAR = 0.25
"""Seconds by which lengths may differ: sound is cut at its frames by some, and to the sample by ours."""


@dataclass(frozen=True)
class _Films:
    """What is edited."""

    seconds: float
    film: Path
    half: Path
    """Its beginning, half as long."""
    quarter: Path
    parts: tuple[Path, ...]
    """Three that are alike, together half as long."""
    shapes: tuple[Path, ...]
    """Three of different sizes and rates, together a quarter as long."""
    shape_seconds: float
    """Of each of these."""
    music: Path
    logo: Path


@dataclass(frozen=True)
class _Edit:
    """One thing to do, and the ways to do it. Each writes the file that it is given."""

    name: str
    ours: Callable[[Path], object]
    plain: Callable[[Path], object]
    movie: tuple[str | Path | float, ...] | None = None
    """Name and arguments of a program for MoviePy; None: it has nothing for it."""
    ending: str = ".mp4"


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=24.0, help="length of the film; at least 4")
    parser.add_argument("--only", metavar="NAME", default="", help="measure what has this in its name")
    asked = parser.parse_args()
    if asked.seconds < 4:
        parser.error("a film of less than 4 s leaves parts that are too short")
    print(machine())
    with TemporaryDirectory() as name:
        folder = Path(name)
        films = _make(folder, asked.seconds)
        edits = [edit for edit in _edits(films) if asked.only in edit.name]
        if not edits:
            parser.error(f"nothing is called so; there are {', '.join(edit.name for edit in _edits(films))}")
        python = peers.moviepy_python()
        print(f"A film of {films.seconds:g} s, {peers.WIDTH}×{peers.HEIGHT}, {peers.FPS} frames a second:\n")
        print("| wall s, CPU s | made | ours | ffmpeg | MoviePy | ours ÷ ffmpeg | MoviePy ÷ ours |")
        print("|---|---|---|---|---|---|---|")
        differing = []
        for edit in edits:
            ways: dict[str, Callable[[Path], object]] = {_OURS: edit.ours, _FFMPEG: edit.plain}
            if python and edit.movie:
                program, *arguments = edit.movie
                ways[_MOVIEPY] = partial(_movie, python, str(program), arguments)
            costs, seen = _measure(edit, ways, folder)
            found = {way: _described(path) for way, path in seen.items()}
            print(_row(edit.name, found[_OURS], costs), flush=True)
            differing += _differences(edit.name, found)
        print(*("", *differing) if differing else "", sep="\n")
        if python:
            start = measured(partial(peers.movie, python, "start", folder / "none.mp4"))[1]
            print(f"MoviePy's start, which is in its times: {start.wall:.2f} s, {start.cpu:.2f} CPU s")
    print(machine())


def _measure(
    edit: _Edit, ways: dict[str, Callable[[Path], object]], folder: Path
) -> tuple[dict[str, Cost], dict[str, Path]]:
    """The costs of the ways, which take turns, and what each has made."""
    costs: dict[str, list[Cost]] = {way: [] for way in ways}
    made = {}
    for turn in range(1 + _AGAIN):
        for way, make in ways.items():
            if turn and costs[way][0].wall >= _SHORT:
                continue
            place = folder / "made" / way
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir(parents=True)
            made[way] = place / f"result{edit.ending}"
            costs[way].append(measured(partial(make, made[way]))[1])
    middle = {
        way: Cost(statistics.median(cost.wall for cost in each), statistics.median(cost.cpu for cost in each))
        for way, each in costs.items()
    }
    return middle, made


def _row(name: str, made: tuple[float, str], costs: dict[str, Cost]) -> str:
    ours = costs[_OURS]
    cells = [name, f"{made[0]:.1f} s, {made[1]}" if made[0] else made[1]]
    for way in (_OURS, _FFMPEG, _MOVIEPY):
        cells.append(f"{costs[way].wall:.2f}, {costs[way].cpu:.2f}" if way in costs else "–")
    for above, below in ((ours, costs[_FFMPEG]), (costs.get(_MOVIEPY), ours)):
        cells.append(f"{above.wall / below.wall:.2f}, {above.cpu / below.cpu:.2f}" if above else "–")
    return f"| {' | '.join(cells)} |"


def _differences(name: str, found: dict[str, tuple[float, str]]) -> list[str]:
    """A line for each way whose result is not of the length and size of ours."""
    seconds, size = found[_OURS]
    return [
        f"{name}: {way} made {other:.2f} s of {shape}, ours {seconds:.2f} s of {size}"
        for way, (other, shape) in found.items()
        if shape != size or abs(other - seconds) > _NEAR
    ]


def _described(path: Path) -> tuple[float, str]:
    """Seconds (0 of a picture) and size of a result."""
    if path.suffix == ".jpg":
        with Image.open(path) as image:
            return 0.0, f"{image.width}×{image.height}"
    info = probe(path)
    assert info.video is not None
    assert info.audio is not None, path
    return info.duration, f"{info.video.width}×{info.video.height}"


def _movie(python: Path, program: str, arguments: Sequence[str | Path | float], target: Path) -> None:
    peers.movie(python, program, target, *arguments)


def _ours(operation: Operation[Options], inputs: Sequence[Path], options: Options, target: Path) -> None:
    scratch = target.with_name("scratch")
    scratch.mkdir()
    operation(inputs, options, target, Bench(scratch=scratch))


def _edits(films: _Films) -> list[_Edit]:
    film = films.film
    # There is a key picture in every second.
    start, end = float(films.seconds // 4), float(films.seconds // 4 + films.seconds // 2)
    between = (start + 0.2, end + 0.2)

    def trimmed(mode: TrimMode, first: float, last: float) -> Callable[[Path], object]:
        return partial(_ours, trim, [film], trim_options(first, last, [], mode, "standard"))

    def together(paths: Sequence[Path], transition: Transition) -> Callable[[Path], object]:
        options = JoinOptions(
            width=None,
            height=None,
            fps=None,
            fit="pad",
            transition=transition,
            transition_seconds=peers.FADE,
            quality="standard",
        )
        return partial(_ours, concatenate, paths, options)

    reels = convert_options("reels", None, None, None, None, None, "mp4", None, False, "standard")
    music = MixOptions(tracks=(Placing(role="music", gain_db=-6),))
    silences = SilenceOptions(
        threshold=peers.SILENT,
        min_silence=peers.SHORTEST_SILENCE,
        padding_before=peers.PADDING,
        padding_after=peers.PADDING,
    )
    best = picture_options([], None, None, None, "jpg")
    return [
        _Edit(
            "trim, copied",
            trimmed("fast", start, end),
            partial(peers.plain_copied_trim, film, start, end),
        ),
        _Edit(
            "trim, exact",
            trimmed("exact", *between),
            partial(peers.plain_exact_trim, film, *between),
            ("exact trim", film, *between),
        ),
        _Edit(
            "concatenate, alike",
            together(films.parts, "none"),
            partial(peers.plain_concatenation, films.parts),
            ("concatenation", *films.parts),
        ),
        _Edit(
            "concatenate, fades between sizes",
            together(films.shapes, "fade"),
            partial(peers.plain_fades, films.shapes, films.shape_seconds),
            ("fades", *films.shapes),
        ),
        _Edit(
            "convert to reels",
            partial(_ours, convert, [films.quarter], reels),
            partial(peers.plain_reels, films.quarter),
            ("reels", films.quarter),
        ),
        _Edit(
            "mix-audio, ducking",
            partial(_ours, mix, [films.half, films.music], music),
            partial(peers.plain_mix, films.half, films.music, films.seconds / 2),
            ("mix", films.half, films.music),
        ),
        _Edit(
            "overlay of a logo",
            partial(_ours, overlay, [films.half, films.logo], OverlayOptions(layers=(Layer(),))),
            partial(peers.plain_logo, films.half, films.logo),
            ("logo", films.half, films.logo),
        ),
        _Edit(
            f"remove-silence, {round(films.seconds / _PERIOD)} cuts",
            partial(_ours, remove_silence, [film], silences),
            partial(peers.plain_silences, film),
            ("silences", film),
        ),
        _Edit(
            "thumbnail",
            partial(_ours, picture, [film], best),
            partial(peers.plain_thumbnail, film, films.seconds),
            ending=".jpg",
        ),
    ]


def _make(folder: Path, seconds: float) -> _Films:
    """Films of moving pictures and bursts of noise, with a key picture in every second."""
    sixth = seconds / 6
    half = f"{peers.WIDTH // 2}x{peers.HEIGHT}"

    def film(
        name: str, length: float, size: str, rate: int, *, offset: float = 0.0, both: bool = False
    ) -> Path:
        target = folder / f"{name}.mp4"
        sources = [f"testsrc2=size={half if both else size}:rate={rate}"]
        if both:
            sources.append(f"mandelbrot=size={half}:rate={rate}")
        sound = f"anoisesrc=color=pink:amplitude=0.4:sample_rate=48000:seed=7,asetnsamples=480,{_bursts()}"
        graph = "[0:v][1:v]hstack" if both else "[0:v]null"
        run_ffmpeg(
            [
                *(argument for source in (*sources, sound) for argument in ("-f", "lavfi", "-i", source)),
                *("-filter_complex", f"{graph},trim=start={offset:.6f},setpts=PTS-STARTPTS[picture]"),
                *("-map", "[picture]", "-map", f"{len(sources)}:a", "-t", f"{length:.6f}"),
                *(
                    *encoder_arguments("libx264"),
                    "-g",
                    str(rate),
                    "-sc_threshold",
                    "0",
                    "-c:a",
                    "aac",
                    "-b:a",
                    "192k",
                    "-ac",
                    "2",
                ),
            ],
            output=target,
            duration=length,
            deadline=300,
        )
        return target

    music, logo = folder / "music.m4a", folder / "logo.png"
    tones = (
        "aevalsrc='0.2*sin(440*PI*t)+0.2*sin(554*PI*t)|0.2*sin(440*PI*t)+0.2*sin(659*PI*t)':sample_rate=48000"
    )
    run_ffmpeg(
        ["-f", "lavfi", "-i", tones, "-t", f"{seconds + 5:.6f}", "-c:a", "aac", "-b:a", "192k"],
        output=music,
        duration=seconds,
        deadline=60,
    )
    image = Image.new("RGBA", (600, 300))
    ImageDraw.Draw(image).ellipse((10, 10, 590, 290), (230, 60, 40, 200), (255, 255, 255, 255), 12)
    image.save(logo)
    size = f"{peers.WIDTH}x{peers.HEIGHT}"
    whole = film("film", seconds, size, peers.FPS, both=True)

    def beginning(name: str, length: float) -> Path:
        target = folder / f"{name}.mp4"
        # Whole groups of pictures: cut by time, copied pictures come a few too many.
        pictures = ("-frames:v", round(length) * peers.FPS)
        peers.ffmpeg("-i", whole, "-t", round(length), *pictures, "-c", "copy", target)
        return target

    # At the least, transitions take half of it.
    shape = max(seconds / 12, 2 * peers.FADE)
    return _Films(
        seconds=seconds,
        film=whole,
        half=beginning("half", seconds / 2),
        quarter=beginning("quarter", seconds / 4),
        parts=tuple(
            film(f"part{number}", sixth, size, peers.FPS, offset=number * sixth) for number in range(3)
        ),
        shapes=(
            film("wide", shape, size, peers.FPS),
            film("small", shape, "640x480", 30),
            film("tall", shape, "720x1280", 24),
        ),
        shape_seconds=shape,
        music=music,
        logo=logo,
    )


def _bursts() -> str:
    return f"volume='if(lt(mod(t,{_PERIOD}),{_BURST}),1,0.0005)':eval=frame"


if __name__ == "__main__":
    main()
