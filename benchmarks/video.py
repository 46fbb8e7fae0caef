# ruff: noqa: PLC0415 - Prefect and the settings read the environment when they are imported
"""Clips of images beside the usual ways to make them: time, and how much they shake.

python -m benchmarks.video            one clip of 5 s in 1080p each way, and a job of 6 images
python -m benchmarks.video --rounds 3

- zoompan: ffmpeg's filter on the image as it is;
- zoompan over an upscale: on the image enlarged to 12,000 pixels, the usual remedy for its shaking; as it is usually
  written, with the image as a looping video (`-loop 1`), which is enlarged for every frame, and with it enlarged once;
- MoviePy: fetched into a folder of its own when first measured; left out where that is not possible;
- raw encoding: the same frames as ours, ready in a file, through the same encoder with the same arguments.

How much a clip shakes is measured on dots: their places in each frame, less the smooth curve (a polynomial of the
ninth degree) that fits them best; the largest of these distances, and their root mean square.
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import threading
from collections.abc import Callable, Sequence
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from benchmarks.film_peers import moviepy_python
from benchmarks.measure import Cost, machine, measured
from tasks.images.loading import load_image
from tasks.media.ffmpeg import run_ffmpeg
from tasks.video.clip import ClipOptions, render_clip
from tasks.video.encoding import Quality, encoder_arguments
from tasks.video.framing import frame_subject
from tasks.video.motion import camera_path
from tasks.video.picture import PIXEL_FORMAT, Picture
from tasks.video.subject import NOTHING

_SECONDS, _FPS, _WIDTH, _HEIGHT = 5.0, 24, 1920, 1080
_FRAMES = int(_SECONDS * _FPS)
_JOB_IMAGES = 6
_DOTS = tuple((x, y) for x in (0.25, 0.5, 0.75) for y in (0.25, 0.5, 0.75))
_OURS, _MOVIEPY = "ours", "MoviePy"
_OLD, _ONCE = "zoompan over an upscale, looping", "zoompan over an upscale, once"

_MOVIE = """\
import sys
from moviepy import ImageClip, CompositeVideoClip
image, target, seconds, fps = sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4])
clip = ImageClip(image, duration=seconds).resized(height=1080)
clip = clip.resized(width=max(1920, clip.w))
moving = clip.resized(lambda t: 1 + 0.2 * t / seconds).with_position("center")
film = CompositeVideoClip([moving], size=(1920, 1080)).with_duration(seconds)
film.write_videofile(target, fps=fps, codec="libx264", preset="veryfast", ffmpeg_params=["-crf", "20"], logger=None)
"""


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=1, help="repetitions; medians are shown")
    rounds = parser.parse_args().rounds
    print(machine())
    with TemporaryDirectory() as name:
        folder = Path(name)
        photograph, dots = folder / "photograph.jpg", folder / "dots.png"
        _photograph(7).save(photograph, quality=92)
        _dots().save(dots)
        ways: dict[str, Callable[..., object]] = {
            _OURS: _ours,
            "zoompan": partial(_zoompan, upscale=None, looping=False),
            _ONCE: partial(_zoompan, upscale=12_000, looping=False),
            _OLD: partial(_zoompan, upscale=12_000, looping=True),
        }
        python = moviepy_python()
        if python:
            ways[_MOVIEPY] = partial(_movie, python)
        costs: dict[str, list[Cost]] = {way: [] for way in ways}
        for _ in range(rounds):
            for way, make in ways.items():
                costs[way].append(measured(partial(make, photograph, folder / "clip.mp4"))[1])
        shakes = {}
        for way, make in ways.items():
            # Encoded finely where that can be chosen: the noise of coarse encoding looks like shaking too.
            finely = partial(make, quality="high") if way != _MOVIEPY else make
            finely(dots, folder / "dots.mp4")
            shakes[way] = _shake(folder / "dots.mp4")
        print(f"{_SECONDS:g} s, {_WIDTH}×{_HEIGHT}, {_FPS} frames a second, of an image of 4000×3000:")
        for way in ways:
            wall, cpu = _median(costs[way], "wall"), _median(costs[way], "cpu")
            most, mean = shakes[way]
            print(
                f"  {way:34} {wall:6.1f} s  {cpu:6.1f} CPU s   shakes by {most:.2f} px at most, {mean:.3f} rms"
            )
        for way, goal in ((_OLD, 4), (_MOVIEPY, 3)):
            if way in ways:
                wall = _median(costs[way], "wall") / _median(costs[_OURS], "wall")
                cpu = _median(costs[way], "cpu") / _median(costs[_OURS], "cpu")
                print(f"  {way} ÷ ours: wall {wall:.1f}, CPU {cpu:.1f} (goal: at least {goal})")
        _compare_job(folder, rounds)


def _ours(image: Path, target: Path, *, quality: Quality = "standard") -> None:
    render_clip(
        image,
        target,
        zoom="zoomin",
        seconds=_SECONDS,
        options=ClipOptions(quality=quality),
        encoder="libx264",
        deadline=600,
    )


def _zoompan(
    image: Path, target: Path, *, upscale: int | None, looping: bool, quality: Quality = "standard"
) -> None:
    larger = f"scale={upscale}:-1," if upscale else ""
    move = f"zoompan=z='1+0.2*on/{_FRAMES}':x='iw/2-(iw/zoom/2)':y='ih/2-(ih/zoom/2)'"
    frames = 1 if looping else _FRAMES
    filters = f"{larger}crop=iw:iw*9/16,{move}:d={frames}:s={_WIDTH}x{_HEIGHT}:fps={_FPS}"
    run_ffmpeg(
        [
            *(("-loop", "1", "-framerate", str(_FPS)) if looping else ()),
            *("-i", f"file:{image}", "-vf", filters, "-frames:v", str(_FRAMES)),
            *encoder_arguments("libx264", quality),
        ],
        output=target,
        duration=_SECONDS,
        deadline=900,
    )


def _movie(python: Path, image: Path, target: Path) -> None:
    arguments = [str(image), str(target), str(_SECONDS), str(_FPS)]
    subprocess.run([python, "-c", _MOVIE, *arguments], check=True, timeout=900)


def _compare_job(folder: Path, rounds: int) -> None:
    """A whole job, from addresses to stored clips, beside the encoder alone on the same frames."""
    # Other files in each round: what has been made of a file is not made again.
    images = [folder / "images" / str(number) for number in range(rounds)]
    for place in images:
        place.mkdir(parents=True)
        for number in range(_JOB_IMAGES):
            _photograph(number).save(place / f"{number}.jpg", quality=90 + int(place.name) % 10)
    raw = folder / "frames.yuv"
    encoding: list[Cost] = []
    framing = frame_subject(NOTHING, 4 / 3, _WIDTH / _HEIGHT, "fill", _SECONDS)
    for number in range(_JOB_IMAGES):
        picture = Picture(load_image(images[0] / f"{number}.jpg").pixels, (_WIDTH, _HEIGHT), framing)
        with raw.open("wb") as file:
            for view in camera_path("zoomin", _FRAMES, _SECONDS):
                file.writelines(picture.frame(view))
        encoding.append(measured(partial(_encode, raw, folder / "raw.mp4"))[1])
    raw.unlink()
    alone = sum(cost.wall for cost in encoding)
    jobs = _jobs(images, folder / "home")
    whole = statistics.median(cost.wall for cost in jobs)
    print(f"A job of {_JOB_IMAGES} such images: {whole:.1f} s; encoding their frames alone: {alone:.1f} s")
    cpu = _median(jobs, "cpu") / sum(cost.cpu for cost in encoding)
    print(
        f"  whole job ÷ raw encoding of its frames: wall {whole / alone:.2f} (goal: at most 1.15), CPU {cpu:.2f}"
    )


def _encode(raw: Path, target: Path) -> None:
    size = f"{_WIDTH}x{_HEIGHT}"
    run_ffmpeg(
        [
            *("-f", "rawvideo", "-pix_fmt", PIXEL_FORMAT, "-video_size", size, "-framerate", str(_FPS)),
            *("-i", f"file:{raw}", *encoder_arguments("libx264", pixels=PIXEL_FORMAT)),
        ],
        output=target,
        duration=_SECONDS,
        deadline=600,
    )


def _jobs(images: Sequence[Path], home: Path) -> list[Cost]:
    os.environ.update(
        CONTRAPONTO_HOME=str(home),
        CONTRAPONTO_ALLOWED_PRIVATE_HOSTS="127.0.0.1",
        PREFECT_HOME=str(home / "prefect"),
        PREFECT_LOCAL_STORAGE_PATH=str(home / "results"),
        PREFECT_LOGGING_LEVEL="ERROR",
        PREFECT_LOGGING_TO_API_ENABLED="false",
    )
    from deployments.local.scratch_server import scratch_server

    handler = partial(_Quiet, directory=str(images[0].parent))
    # It is forked, so before there are threads.
    with (
        scratch_server(home, os.environ) as prefect,
        ThreadingHTTPServer(("127.0.0.1", 0), handler) as server,
    ):
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        prefect.wait_until_ready()
        costs = [_job(f"http://127.0.0.1:{server.server_port}", place.name) for place in images]
        server.shutdown()
    return costs


def _job(site: str, folder: str) -> Cost:
    from flows.video import img2vid

    asked = [
        {"id": str(number), "image_url": f"{site}/{folder}/{number}.jpg", "duracao": _SECONDS}
        for number in range(_JOB_IMAGES)
    ]

    async def run() -> Any:
        done: Any = img2vid(images=asked, webhook_url=f"{site}/hook", return_state=True)
        return await (await done).result()

    document, cost = measured(lambda: asyncio.run(run()))
    assert document.result["completed"] == _JOB_IMAGES, document.result
    return cost


class _Quiet(SimpleHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


def _median(costs: list[Cost], kind: str) -> float:
    return float(statistics.median(getattr(cost, kind) for cost in costs))


def _photograph(seed: int) -> Image.Image:
    """Something with the detail of a photograph: shapes at every scale, and grain."""
    rng = np.random.default_rng(seed)
    picture = np.zeros((3000, 4000, 3), np.float32)
    for cells, strength in ((5, 90), (20, 45), (80, 25), (400, 14)):
        small = Image.fromarray(rng.integers(0, 255, (cells * 3 // 4 + 1, cells, 3), dtype=np.uint8))
        picture += (
            np.asarray(small.resize((4000, 3000), Image.Resampling.BICUBIC), np.float32) * strength / 174
        )
    picture += rng.normal(0, 3, picture.shape)
    return Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))


def _dots() -> Image.Image:
    """Round white dots on grey, in a picture of the clip's shape."""
    width, height = 2304, 1296
    rows, columns = np.mgrid[0:height, 0:width]
    light = np.full((height, width), 90.0)
    for x, y in _DOTS:
        distance = (columns - x * width) ** 2 + (rows - y * height) ** 2
        light += 150 * np.exp(-distance / (2 * 8.0**2))
    return Image.fromarray(np.clip(light, 0, 255).astype(np.uint8)).convert("RGB").filter(ImageFilter.SMOOTH)


def _shake(clip: Path) -> tuple[float, float]:
    with av.open(str(clip)) as container:
        frames = [frame.to_ndarray(format="gray").astype(np.float64) for frame in container.decode(video=0)]
    times = np.linspace(-1, 1, len(frames))
    beside: list[NDArray[np.float64]] = []
    for x, y in _DOTS:
        place = (x * _WIDTH, y * _HEIGHT)
        track = []
        for frame in frames:
            place = _found(frame, place)
            track.append(place)
        for axis in np.array(track).T:
            beside.append(axis - np.polynomial.Polynomial.fit(times, axis, 9)(times))
    distances = np.concatenate(beside)
    return float(np.abs(distances).max()), float(np.sqrt((distances**2).mean()))


def _found(frame: NDArray[np.float64], near: tuple[float, float], reach: int = 28) -> tuple[float, float]:
    """The centre of the dot near a place. Two passes: the second is centred on what the first found."""
    x, y = near
    for _ in range(3):
        column, row = round(x), round(y)
        part = frame[row - reach : row + reach + 1, column - reach : column + reach + 1]
        down, right = np.mgrid[-reach : reach + 1, -reach : reach + 1]
        window = np.exp(-((right - (x - column)) ** 2 + (down - (y - row)) ** 2) / (2 * 9.0**2))
        weight = np.clip(part - np.median(part), 0, None) * window
        x, y = column + (weight * right).sum() / weight.sum(), row + (weight * down).sum() / weight.sum()
    return x, y


if __name__ == "__main__":
    main()
