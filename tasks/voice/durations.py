"""How long each phoneme lasts: voice networks predict it, and keep it to themselves.

The tensor is made an output of the network when it is loaded. In Protocol Buffers two messages written one behind the
other are one with the fields of both, so a few bytes behind the file do it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tasks.voice.engine import Interval, Samples, Utterance
from tasks.voice.word_sounds import word_places

UNIT = 600
"""Samples of one unit of the predicted durations: 25 ms at 24 kHz, in Hibari as in Kokoro."""

LEAD = 0.03
"""Seconds by which a phoneme is heard before its predicted place: measured at first sounds after silence (medians
of 45 ms for Hibari, 40 ms for Kokoro's Japanese voices, 20 ms for its Brazilian one)."""
_HEARD = 10 ** (-35 / 20)
"""Of the loudest moment: from there on something is heard."""
_WINDOW = 0.005
"""Seconds that are looked at together."""

# Numbers of the fields in onnx.proto: ModelProto.graph, GraphProto.output, ValueInfoProto.name.
_GRAPH, _OUTPUT, _NAME = 7, 12, 1


@dataclass(frozen=True)
class Spoken:
    """A row of phonemes that was spoken."""

    samples: Samples
    lengths: NDArray[np.floating]
    """Of each phoneme in units, with the one that opens the row and the one that closes it."""


def with_output(network: Path, tensor: str) -> bytes:
    """An ONNX file's content, with an inner tensor as its last output."""
    return network.read_bytes() + _field(_GRAPH, _field(_OUTPUT, _field(_NAME, tensor.encode())))


def utter(
    text: str, rows: Sequence[str], read: Callable[[str], str], run: Callable[[str], Spoken], rate: int
) -> Utterance:
    """Speaks the rows of phonemes that a text is read as, and finds its words in them.

    Args:
        text: What is spoken.
        rows: Its phonemes, as many together as the engine takes; each of the network's alphabet alone.
        read: Phonemes of a single word.
        run: Speaks a row.
        rate: Samples a second.
    """
    parts: list[Samples] = []
    edges: list[float] = []
    now = 0.0
    for row in rows:
        spoken = run(row)
        lengths = np.asarray(spoken.lengths, np.float64) * (UNIT / rate)
        assert len(lengths) == len(row) + 2, "one duration for each phoneme"  # noqa: S101
        bounds = now + np.cumsum(lengths)
        # A blank between two rows is theirs too: places count in the rows joined by blanks.
        edges += [float(bound) for bound in bounds[:-1]]
        parts.append(spoken.samples)
        now += len(spoken.samples) / rate
    if not parts:
        return Utterance(np.zeros(0, np.float32), tuple((0.0, 0.0) for _ in text.split()))
    places = word_places(text.split(), " ".join(rows), read)
    samples = np.concatenate(parts)
    words = [_interval(place, edges) for place in places]
    return Utterance(samples, _to_their_last_sound(words, samples, rate))


def _interval(place: tuple[int, int], edges: Sequence[float]) -> Interval:
    start, stop = place
    if start >= stop:
        stop = start = min(start, len(edges) - 1)
    return max(edges[start] - LEAD, 0.0), max(edges[stop] - LEAD, 0.0)


def _to_their_last_sound(words: Sequence[Interval], samples: Samples, rate: int) -> tuple[Interval, ...]:
    """A word before a mark sounds on into the time that the network gives to the mark."""
    window = round(_WINDOW * rate)
    count = len(samples) // window
    if not count:
        return tuple(words)
    loudest = np.abs(samples[: count * window].reshape(count, window)).max(axis=1)
    heard = loudest > loudest.max() * _HEARD
    told: list[Interval] = []
    for number, (start, predicted) in enumerate(words):
        stop = predicted
        following = (first for first, last in words[number + 1 :] if last > first)
        limit = next(following, len(samples) / rate)
        if stop > start and limit - stop > _WINDOW:
            sounds = np.flatnonzero(heard[round(start / _WINDOW) : round(limit / _WINDOW)])
            last = start + (int(sounds[-1]) + 1) * _WINDOW if sounds.size else stop
            stop = min(max(last, min(stop, limit)), limit)
        told.append((start, stop))
    return tuple(told)


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])
