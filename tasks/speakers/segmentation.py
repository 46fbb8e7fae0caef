"""Who of a few voices speaks when, in windows of ten seconds: each window has its own numbering of the voices.

The windows overlap by half. What is said at a moment is taken from the window in whose middle it lies; the edges only
give the network its context.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

from tasks.speakers.features import SAMPLE_RATE
from tasks.speakers.segmentation_network import CLASSES

WINDOW_SECONDS = 10.0
"""What the network was trained on."""
STEP_SECONDS = 5.0
VOICES = 3
"""Most voices that a window can tell apart."""
FRAME_SECONDS = 270 / SAMPLE_RATE
"""17 ms: the strides of the network's layers are 10 · 3 · 3 · 3 samples."""
FIRST_SECONDS = 495 / SAMPLE_RATE
"""The middle of the first frame."""

_EDGE_SECONDS = (WINDOW_SECONDS - STEP_SECONDS) / 2
# Nobody, each voice alone, each pair of voices: the order in which the network was trained.
_CLASSES = [(), *combinations(range(VOICES), 1), *combinations(range(VOICES), 2)]
_ACTIVE = np.array([[voice in group for voice in range(VOICES)] for group in _CLASSES])
assert len(_CLASSES) == CLASSES  # noqa: S101 - two facts about one network

Samples = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """Ten seconds of mono sound at 16 kHz."""

    start: float
    """Seconds in the recording."""
    samples: Samples
    last: bool

    @property
    def inner(self) -> tuple[float, float]:
        """The part of the recording that this window decides on: together the windows' parts are all of it."""
        before = _EDGE_SECONDS if self.start else 0.0
        after = 0.0 if self.last else _EDGE_SECONDS
        return self.start + before, self.start + WINDOW_SECONDS - after


@dataclass(frozen=True, slots=True, eq=False)
class Activity:
    """Which voices speak in a window."""

    inner: tuple[float, float]
    times: NDArray[np.float64]
    """The middle of each frame, in seconds of the recording."""
    active: NDArray[np.bool_]
    """(frame, voice)"""


@dataclass(frozen=True, slots=True)
class Stretch:
    """One voice speaks alone, in seconds of the recording."""

    start: float
    end: float
    fresh: bool
    """Another voice, or silence, was heard right before; else it goes on from the window before."""
    voice: int
    """Its number among the voices of the window."""


def windows(blocks: Iterable[Samples]) -> Iterator[Window]:
    """The sound in windows; the last one is filled up with silence."""
    size, step = round(WINDOW_SECONDS * SAMPLE_RATE), round(STEP_SECONDS * SAMPLE_RATE)
    pending = np.zeros(0, np.float32)
    start = 0.0
    for block in blocks:
        pending = np.concatenate([pending, block])
        # One window is held back until it is known whether it is the last.
        while pending.size > size:
            yield Window(start, pending[:size], last=False)
            pending = pending[step:]
            start += STEP_SECONDS
    yield Window(start, np.pad(pending, (0, size - pending.size)), last=True)


def activity(window: Window, classes: NDArray[np.float32]) -> Activity:
    """What the network's log probabilities (frame, class) say of a window."""
    times = window.start + FIRST_SECONDS + FRAME_SECONDS * np.arange(len(classes), dtype=np.float64)
    return Activity(window.inner, times, np.asarray(_ACTIVE[classes.argmax(axis=1)]))


def stretches(found: Activity, *, margin: float = 0.0) -> Iterator[Stretch]:
    """Where one voice speaks alone in the inner part of the window, and up to `margin` seconds around it."""
    first, last = found.inner[0] - margin, found.inner[1] + margin
    code = found.active @ (1 << np.arange(VOICES))
    bounds = [0, *(np.flatnonzero(np.diff(code)) + 1).tolist(), len(code)]
    for begin, end in pairwise(bounds):
        start = float(found.times[begin]) - FRAME_SECONDS / 2
        stop = float(found.times[end - 1]) + FRAME_SECONDS / 2
        if found.active[begin].sum() == 1 and stop > first and start < last:
            voice = int(found.active[begin].argmax())
            yield Stretch(max(start, first, 0.0), min(stop, last), start >= first, voice)
