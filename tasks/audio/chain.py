"""The neural filters in their order: blocks of sound go through one after the other."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tasks.audio import noise, vocals
from tasks.audio.noise import NoiseRemover
from tasks.audio.processor import Processor
from tasks.audio.resample import Resampler
from tasks.audio.vocals import VocalIsolator
from tasks.media.pcm import Samples


@dataclass
class Step:
    """A processor, what it is there for, and the time it took."""

    name: str | None
    engine: str
    processor: Processor
    seconds: float = 0.0

    def process(self, block: Samples) -> Samples:
        """As the processor's, timed."""
        return self._timed(lambda: self.processor.process(block))

    def flush(self) -> Samples:
        """As the processor's, timed."""
        return self._timed(self.processor.flush)

    def _timed(self, work: Callable[[], Samples]) -> Samples:
        started = time.perf_counter()
        try:
            return work()
        finally:
            self.seconds += time.perf_counter() - started


def load_steps(
    models_dir: Path, *, remove_noise: bool, isolate_vocals: bool, rate: int, channels: int, threads: int
) -> list[Step]:
    """The filters that are asked for, for sound of `rate` hertz. Raises MissingEngineError if a model is not there."""
    steps: list[Step] = []
    if remove_noise:
        remover = NoiseRemover(models_dir, channels=channels, threads=threads)
        steps.append(Step("remove_noise", noise.ENGINE, remover))
    if isolate_vocals:
        if steps:
            resampler = Resampler(rate, vocals.SAMPLE_RATE, channels=channels)
            steps.append(Step(None, "swresample", resampler))
        steps.append(Step("isolate_vocals", vocals.ENGINE, VocalIsolator(models_dir, threads=threads)))
    return steps


def through(steps: Sequence[Step], blocks: Iterable[Samples]) -> Iterator[Samples]:
    """The blocks after all steps; together they are as long as what went in."""
    for block in blocks:
        for step in steps:
            block = step.process(block)  # noqa: PLW2901
        yield block
    for index, step in enumerate(steps):
        rest = step.flush()
        for later in steps[index + 1 :]:
            rest = later.process(rest)
        yield rest
