"""From pieces and speakers to turns: the likeliest speaker at each moment, who does not change without a reason."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tasks.speakers.clustering import Vectors
from tasks.speakers.pieces import Piece
from tasks.speakers.segmentation import FRAME_SECONDS, VOICES, Activity, Stretch, stretches
from tasks.speakers.turns import Turn

_UNIT_SECONDS = 0.25
"""A stretch is decided on in units of about this length."""
_GRID_SECONDS = 0.01
_CHANGE = 0.3
"""Price of a change of speaker where the segmentation heard one, in similarity a unit …"""
_UNHEARD_CHANGE = 1.0
"""… and where it heard none."""
_PAUSE_SECONDS = 0.3
"""After a pause of this length anybody may go on."""


def turns(heard: Sequence[Activity], found: Sequence[Piece], speakers: Vectors) -> list[Turn]:
    """Who speaks when; speakers are the rows of `speakers`."""
    units = [unit for activity in heard for stretch in stretches(activity) for unit in _units(stretch)]
    if not units or not len(speakers):
        return []
    times = np.array([(unit.start, unit.end) for unit in units])
    names = _path(units, times, _scores(times, found, speakers))
    length = max(float(activity.inner[1]) for activity in heard)
    alone = np.full(round(length / _GRID_SECONDS) + 1, -1)
    active = np.zeros((alone.size, len(speakers)), bool)
    for (start, end), name in zip(times, names, strict=True):
        there = slice(_at(start), _at(end))
        alone[there] = name
        active[there, name] = True
    for activity in heard:
        _add_overlap(activity, alone, active)
    return [turn for name in range(len(speakers)) for turn in _runs(active[:, name], name)]


def _units(stretch: Stretch) -> list[Stretch]:
    count = max(1, round((stretch.end - stretch.start) / _UNIT_SECONDS))
    edges = np.linspace(stretch.start, stretch.end, count + 1)
    return [
        replace(stretch, start=float(edges[at]), end=float(edges[at + 1]), fresh=stretch.fresh and at == 0)
        for at in range(count)
    ]


def _scores(times: NDArray[np.float64], found: Sequence[Piece], speakers: Vectors) -> NDArray[np.float64]:
    """How similar each unit is to each speaker: the mean of the pieces over it, by its length."""
    middles = times.mean(axis=1)
    sums = np.zeros((len(times), len(speakers)))
    counts = np.zeros(len(times))
    for piece in found:
        there = slice(*np.searchsorted(middles, [piece.start, piece.end]))
        sums[there] += piece.vector @ speakers.T
        counts[there] += 1
    lengths = (times[:, 1] - times[:, 0]) / _UNIT_SECONDS
    return np.asarray(sums / np.maximum(counts, 1)[:, None] * lengths[:, None])


def _path(units: Sequence[Stretch], times: NDArray[np.float64], scores: NDArray[np.float64]) -> list[int]:
    """The best sequence of speakers (Viterbi)."""
    count = scores.shape[1]
    back = np.zeros(scores.shape, np.int64)
    total = scores[0].copy()
    for at in range(1, len(units)):
        easy = units[at].fresh or times[at, 0] - times[at - 1, 1] > _PAUSE_SECONDS
        best = int(total.argmax())
        changed = total[best] - (_CHANGE if easy else _UNHEARD_CHANGE)
        back[at] = np.where(changed > total, best, np.arange(count))
        total = np.maximum(total, changed) + scores[at]
    path = [int(total.argmax())]
    for at in range(len(units) - 1, 0, -1):
        path.append(int(back[at, path[-1]]))
    return path[::-1]


def _add_overlap(activity: Activity, alone: NDArray[np.int64], active: NDArray[np.bool_]) -> None:
    """Where two voices speak at once: each is who it is where it speaks alone in the same window."""
    counts = activity.active.sum(axis=1)
    grid = np.minimum((activity.times / _GRID_SECONDS).astype(int), alone.size - 1)
    start, end = activity.inner
    both = (counts > 1) & (activity.times >= start) & (activity.times < end)
    for voice in range(VOICES):
        names = alone[grid[(counts == 1) & activity.active[:, voice]]]
        names = names[names >= 0]
        if names.size:
            name = int(np.bincount(names).argmax())
            for time in activity.times[both & activity.active[:, voice]]:
                there = slice(_at(time - FRAME_SECONDS / 2), _at(time + FRAME_SECONDS / 2) + 1)
                active[there, name] = True


def _runs(active: NDArray[np.bool_], name: int) -> list[Turn]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], active.astype(np.int8), [0]])))
    return [
        Turn(start=start * _GRID_SECONDS, end=end * _GRID_SECONDS, speaker=name)
        for start, end in zip(edges[::2], edges[1::2], strict=True)
    ]


def _at(seconds: float) -> int:
    return max(0, round(seconds / _GRID_SECONDS))
