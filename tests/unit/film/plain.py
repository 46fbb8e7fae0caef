"""The plainest film: a picture a shot, nothing written on it."""

from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tasks.film.rendering import Reel
from tasks.film.storyboard import Layer, Pixels, Scene, Transition
from tasks.film.timeline import Plan

COLOURS = ((200, 30, 30), (30, 160, 40), (40, 60, 200), (220, 200, 40), (150, 40, 160))


def plain_pictures(folder: Path) -> tuple[Path, ...]:
    """A PNG of each of the colours."""
    paths = []
    for number, color in enumerate(COLOURS):
        paths.append(folder / f"{number}.png")
        Image.new("RGB", (160, 200), color).save(paths[-1])
    return tuple(paths)


def plain_ground(_scene: Scene) -> Pixels:
    """Black, of 240 × 426."""
    return np.dstack([np.zeros((426, 240, 3), np.uint8), np.full((426, 240, 1), 255, np.uint8)])


def plain_reel(
    plan: Plan, images: tuple[Path, ...], kind: Transition = "fade", layers: tuple[Layer, ...] = ()
) -> Reel:
    """The film of a plan, 240 × 426."""
    scenes = tuple(
        Scene(shot.part, shot.start, shot.end, shot.picture, transition=kind, takeover=shot.takeover)
        for shot in plan.shots
    )
    return Reel(scenes, layers, images, plain_ground, (240, 426), plan.frames, plan.rate)


def decoded(film: Path) -> list[NDArray[np.uint8]]:
    """All frames, RGB."""
    with av.open(str(film)) as container:
        return [
            frame.to_ndarray(format="rgb24").astype(np.uint8, copy=False)
            for frame in container.decode(video=0)
        ]


def nearest(frame: NDArray[np.uint8]) -> int | None:
    """Which of the colours most of the frame has; None for another one."""
    color = np.median(frame.reshape(-1, 3), axis=0)
    apart = [float(np.abs(color - each).max()) for each in COLOURS]
    best = int(np.argmin(apart))
    return best if apart[best] < 30 else None
