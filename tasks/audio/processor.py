"""The parts of a sound pipeline that run in this process: blocks go in and come out in order."""

from typing import Protocol

import numpy as np

from tasks.media.pcm import Samples


class Processor(Protocol):
    """Changes sound block by block, keeping memory bounded.

    What comes out may be later than what went in, but all of it together has the length of the input (times
    the ratio of the rates) and starts at the same moment.
    """

    sample_rate: int
    """Of the sound that comes out, in hertz."""

    def process(self, block: Samples) -> Samples:
        """Takes the next block; returns what is ready, which may be empty or longer than the block."""

    def flush(self) -> Samples:
        """Returns what is left; called once, after the last block."""


def silence(samples: int, channels: int) -> Samples:
    """A block of digital silence; without samples it is the empty block that processors return."""
    return np.zeros((samples, channels), dtype=np.float32)
