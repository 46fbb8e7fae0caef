"""When jobs come: by the hours of a day, at random within them."""

from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo

import numpy as np

from tasks.errors import InvalidInputError
from tasks.sizing.simulation import Numbers

HOURS = 24
HOUR = 3600.0
DAY = HOURS * HOUR
FLAT = (1.0,) * HOURS
_BUSIEST = 14
"""The hour in the middle of which most comes, where nothing is known but how much busier than the mean it is."""
_HIGHEST_PEAK = 20.0


def profile(moments: Iterable[datetime], zone: tzinfo | None = None) -> tuple[float, ...]:
    """How many times its fair share comes in each hour of the day, mean 1; in this zone, else in this machine's.

    Every hour has a little of what the hours beside it have: a handful of jobs says little about a single hour.
    """
    counts = np.zeros(HOURS)
    for moment in moments:
        counts[moment.astimezone(zone).hour] += 1
    smooth = (counts * 2 + np.roll(counts, 1) + np.roll(counts, -1)) / 4
    total = smooth.sum()
    return tuple((smooth * HOURS / total).tolist()) if total else FLAT


def with_peak(shape: Sequence[float], peak: float) -> tuple[float, ...]:
    """The shape made steeper or flatter, so that its busiest hour has `peak` times what the mean hour has.

    Raises:
        InvalidInputError: no day has such a peak.
    """
    if not 1.0 <= peak <= _HIGHEST_PEAK:
        raise InvalidInputError(
            f"A peak of {peak:g} is none: the busiest hour has 1 to {_HIGHEST_PEAK:g} times what the mean hour has.",
            hint="1 spreads the jobs evenly; 3 is a day with office hours.",
        )
    if peak == 1.0:
        return FLAT
    given = np.asarray(shape, dtype=float)
    if given.max() - given.min() < 1e-9:
        given = np.exp(np.cos(2 * np.pi * (np.arange(HOURS) - _BUSIEST) / HOURS))
    logs = np.log(np.maximum(given, given.max() * 1e-6))
    low, high = 0.0, 1e6
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if _peak(logs, middle) < peak else (low, middle)
    weights = np.exp(high * (logs - logs.max()))
    return tuple((weights / weights.mean()).tolist())


def _peak(logs: Numbers, power: float) -> float:
    weights = np.exp(power * (logs - logs.max()))
    return float(1.0 / weights.mean())


def poisson(shape: Sequence[float], jobs_per_day: float, days: int, numbers: np.random.Generator) -> Numbers:
    """Random times within so many days in a row, ascending, in seconds; the first day begins at midnight."""
    means = np.tile(np.asarray(shape) / sum(shape) * jobs_per_day, days)
    counts = numbers.poisson(means)
    hours = np.repeat(np.arange(HOURS * days), counts)
    return np.sort((hours + numbers.random(len(hours))) * HOUR)
