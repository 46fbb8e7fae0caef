"""Pieces of speech of one voice, long enough to hear whose it is, and their embeddings."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tasks.speakers.features import SAMPLE_RATE
from tasks.speakers.segmentation import Activity, Samples, Stretch, Window, stretches

PIECE_SECONDS = 1.5
"""Shorter ones are hardly recognised, longer ones hide a change of voice that the segmentation missed."""
STEP_SECONDS = 0.75
_WHOLE_SECONDS = 2.0
"""Stretches up to this length are one piece."""
_SHORTEST_SECONDS = 0.4


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Some speech of one voice, as far as the segmentation could tell."""

    start: float
    end: float
    vector: NDArray[np.float32]
    """Whose voice it is: an embedding of length one."""
    window: float
    """Where the window begins in which it was heard …"""
    voice: int
    """… and its number among the voices of that window."""


class Ear(Protocol):
    """What hears whose voice it is."""

    def embedding(self, samples: Samples) -> NDArray[np.float32]:
        """A vector of length one."""


def pieces(window: Window, found: Activity, ear: Ear) -> Iterator[Piece]:
    """The pieces of a window's inner part."""
    for stretch in stretches(found, margin=PIECE_SECONDS / 2):
        for start, end in _cut(stretch):
            first = round((start - window.start) * SAMPLE_RATE)
            last = round((end - window.start) * SAMPLE_RATE)
            vector = ear.embedding(window.samples[max(first, 0) : last])
            yield Piece(start, end, vector, window.start, stretch.voice)


def _cut(stretch: Stretch) -> list[tuple[float, float]]:
    length = stretch.end - stretch.start
    if length < _SHORTEST_SECONDS:
        return []
    if length <= _WHOLE_SECONDS:
        return [(stretch.start, stretch.end)]
    count = int(np.ceil((length - PIECE_SECONDS) / STEP_SECONDS)) + 1
    starts = np.linspace(stretch.start, stretch.end - PIECE_SECONDS, count)
    return [(float(start), float(start) + PIECE_SECONDS) for start in starts]
