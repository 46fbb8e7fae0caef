"""Which pieces a film is made of whose parts go over into one another: bodies of one part, joints of two.

Everything is counted in frames of the film that is made, so that its length is known to the frame beforehand.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Piece:
    """A run of frames of a part, or of two parts that go over into one another."""

    part: int
    """Number of the part; of a joint that of the earlier one."""
    start: int
    """First frame of that part."""
    frames: int
    joint: bool = False
    """Whether the part after it begins in the same frames, with its own first one."""


def longest_transition(lengths: Sequence[int], frames: int) -> int:
    """So many frames, or as many as the shortest part has room for at both its ends."""
    return max(0, min(frames, min(lengths) // 2))


def pieces(lengths: Sequence[int], transition: int) -> tuple[Piece, ...]:
    """The pieces in order, of parts of these lengths; `transition` frames are common to each two neighbours.

    Together they have `sum(lengths) - (len(lengths) - 1) * transition` frames.
    """
    found = []
    last = len(lengths) - 1
    for number, length in enumerate(lengths):
        begin = transition if number > 0 else 0
        end = length - transition if number < last else length
        if end > begin:
            found.append(Piece(number, begin, end - begin))
        if number < last and transition:
            found.append(Piece(number, end, transition, joint=True))
    return tuple(found)
