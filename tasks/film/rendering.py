"""Renders a film: scenes under a moving camera, transitions, layers, captions and sound in one encode.

Frames are made one by one and given to ffmpeg, which draws the captions and encodes. Two or three pictures are held at
a time, however long the film is.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path

from tasks.film.overlay import Look, Overlay
from tasks.film.planes import Frame
from tasks.film.stage import Span, Stage, set_stage
from tasks.film.storyboard import Layer, Pixels, Scene
from tasks.film.transitions import transition_frame
from tasks.media.ffmpeg import ffmpeg_command, written_atomically
from tasks.media.process import ChildProcess
from tasks.progress import Progress, ignore_progress
from tasks.video.encoding import Encoder, Quality, encoder_arguments
from tasks.video.feeding import COLOURS, feeding
from tasks.video.picture import PIXEL_FORMAT

_PATIENCE = 0.5
"""Seconds between calls while a picture is made ready."""


@dataclass(frozen=True)
class Reel:
    """All that is seen in a film but for its captions."""

    scenes: tuple[Scene, ...]
    layers: tuple[Layer, ...]
    images: tuple[Path, ...]
    """Files of the pictures that scenes name."""
    ground: Callable[[Scene], Pixels]
    size: tuple[int, int]
    """Width and height, both even."""
    frames: int
    rate: Fraction


@dataclass(frozen=True, slots=True)
class _Change:
    """The frames in which one scene gives way to the next."""

    first: int
    last: int
    """The one after its last."""


class Frames:
    """The frames of a reel, made one after the other."""

    def __init__(self, reel: Reel, look: Look | None = None) -> None:
        """`look`: see `Overlay`."""
        self._reel = reel
        self._starts = [round(scene.start * reel.rate) for scene in reel.scenes]
        ends = [*self._starts[1:], reel.frames]
        lengths = [after - first for first, after in zip(self._starts, ends, strict=True)]
        self._changes = [self._change(number, lengths) for number in range(len(reel.scenes))]
        self._spans = [
            Span(change.first, following.last if following else reel.frames)
            for change, following in zip(self._changes, [*self._changes[1:], None], strict=True)
        ]
        self._overlay = Overlay(reel.layers, reel.size, reel.rate, look)
        self._stages: dict[int, Future[Stage]] = {}
        self._waiting: Callable[[], None] = lambda: None
        self.warnings: list[str] = []

    def _change(self, number: int, lengths: Sequence[int]) -> _Change:
        start, scene = self._starts[number], self._reel.scenes[number]
        if number == 0 or scene.transition == "none":
            return _Change(start, start)
        room = min(lengths[number - 1], lengths[number])
        half = min(round(scene.takeover * self._reel.rate / 2), room // 2)
        return _Change(start - half, start + half)

    def each(self, take: Callable[[int, Frame], None], waiting: Callable[[], None] = lambda: None) -> None:
        """Makes all frames in their order. `waiting` is called now and then while a picture is made ready.

        Raises as `tasks.film.stage.set_stage` and whatever `take` and `waiting` raise.
        """
        self._waiting = waiting
        number, last = 0, len(self._starts) - 1
        with ThreadPoolExecutor(1, "stage") as pool:
            try:
                for frame in range(self._reel.frames):
                    while number < last and frame >= self._changes[number + 1].first:
                        number += 1
                    self._prepare(pool, number, frame)
                    take(frame, self._finished(number, frame))
            finally:
                for stage in self._stages.values():
                    stage.cancel()

    def _prepare(self, pool: ThreadPoolExecutor, number: int, frame: int) -> None:
        """Has the stages of this scene and of the next one; forgets those that are over."""
        for wanted in (number, number + 1):
            if wanted < len(self._reel.scenes) and wanted not in self._stages:
                self._stages[wanted] = pool.submit(self._stage, wanted)
        if number - 1 in self._stages and frame >= self._changes[number].last:
            del self._stages[number - 1]

    def _stage(self, number: int) -> Stage:
        reel, scene = self._reel, self._reel.scenes[number]
        image = None if scene.picture is None else reel.images[scene.picture]
        stage = set_stage(
            scene, image, partial(reel.ground, scene), reel.size, self._spans[number], reel.rate
        )
        self.warnings += (warning for warning in stage.warnings if warning not in self.warnings)
        return stage

    def _ready(self, number: int) -> Stage:
        stage = self._stages[number]
        while True:
            try:
                return stage.result(_PATIENCE)
            except TimeoutError:
                if stage.done():
                    raise
                self._waiting()

    def _finished(self, number: int, frame: int) -> Frame:
        change, scene = self._changes[number], self._reel.scenes[number]
        stage = self._ready(number)
        if frame < change.last:
            before = self._ready(number - 1)
            share = (frame - change.first + 0.5) / (change.last - change.first)
            seen = transition_frame(
                scene.transition, partial(before.frame, frame), partial(stage.frame, frame), share
            )
        else:
            seen = stage.frame(frame)
        if not self._overlay.touches(frame):
            return seen
        drawn = seen.own()
        self._overlay.draw(frame, drawn)
        return drawn


@dataclass(frozen=True)
class Rendered:
    """What came of it."""

    warnings: tuple[str, ...]
    messages: tuple[str, ...]
    """The last lines of ffmpeg: which fonts the captions were drawn in."""


def render(
    reel: Reel,
    sound: Path,
    target: Path,
    *,
    captions: str | None = None,
    look: Look | None = None,
    encoder: Encoder,
    quality: Quality = "standard",
    threads: int = 0,
    deadline: float,
    progress: Progress = ignore_progress,
) -> Rendered:
    """Writes the film as MP4, with its sound as it is; `target` is there whole or not at all.

    `captions`: a filter of ffmpeg that draws them. `look`: see `Overlay`. `threads`: of the encoder; 0 leaves it to it.

    Raises as `tasks.film.stage.set_stage` and `tasks.media.ffmpeg.run_ffmpeg` do.
    """
    frames = Frames(reel, look)
    width, height = reel.size
    arguments = [
        *("-f", "rawvideo", "-pix_fmt", PIXEL_FORMAT, "-video_size", f"{width}x{height}"),
        *("-framerate", str(reel.rate), *COLOURS, "-i", "pipe:0", "-i", f"file:{sound.resolve()}"),
        *("-map", "0:v:0", "-map", "1:a:0", *(("-vf", captions) if captions else ())),
        *encoder_arguments(encoder, quality, threads=threads, pixels=PIXEL_FORMAT, faster=True),
        *("-c:a", "copy", *COLOURS, "-map_metadata", "-1"),
    ]
    with written_atomically(target) as partial_file:
        command = ffmpeg_command([*arguments, f"file:{partial_file}"], None)
        with ChildProcess(command, deadline=deadline, feed=True) as child, feeding(child) as write:
            done = 0.0

            def take(number: int, frame: Frame) -> None:
                nonlocal done
                write(frame.pieces())
                done = number / reel.frames
                progress(done)

            frames.each(take, lambda: progress(done))
        messages = child.messages
    return Rendered(tuple(frames.warnings), messages)
