"""Sound as a stream of float32 blocks, decoded and encoded by ffmpeg: memory does not grow with length."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tasks.media.clock import steady
from tasks.media.ffmpeg import check_exit, ffmpeg_command, media_input, written_atomically
from tasks.media.process import ChildProcess

Samples = NDArray[np.float32]
"""A block of sound: rows are moments, columns are channels, full scale is ±1."""

LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}


class PcmReader:
    """Blocks of sound in order; `seconds` counts them, `messages` is ffmpeg's output once all were read."""

    def __init__(self, child: ChildProcess, sample_rate: int, channels: int, block_seconds: float) -> None:
        self._child = child
        self._channels = channels
        self._sample_rate = sample_rate
        self._block_bytes = 4 * channels * max(1, round(sample_rate * block_seconds))
        self._samples = 0

    def __iter__(self) -> Iterator[Samples]:
        while data := self._child.stdout.read(self._block_bytes):
            whole = len(data) - len(data) % (4 * self._channels)
            block = np.frombuffer(data[:whole], dtype="<f4").reshape(-1, self._channels)
            self._samples += len(block)
            # Damaged float codecs give NaN and infinity, which would spread through every later filter.
            yield np.nan_to_num(block, nan=0.0, posinf=0.0, neginf=0.0)
        check_exit(self._child)

    @property
    def seconds(self) -> float:
        """Seconds of sound that were read so far."""
        return self._samples / self._sample_rate

    @property
    def messages(self) -> tuple[str, ...]:
        """The last lines that ffmpeg printed; complete once all blocks were read."""
        return self._child.messages


class PcmWriter:
    """Takes blocks of sound in order; `messages` is ffmpeg's output after `finish`."""

    def __init__(self, child: ChildProcess, channels: int) -> None:
        self._child = child
        self._channels = channels

    def write(self, block: Samples) -> None:
        """Hands a block over; waits while ffmpeg is busy."""
        if block.shape[1] != self._channels:
            raise ValueError(f"a block of {block.shape[1]} channels for a stream of {self._channels}")
        try:
            self._child.stdin.write(np.ascontiguousarray(block, dtype="<f4").data)
        except BrokenPipeError:
            check_exit(self._child)
            raise

    def finish(self) -> None:
        """Ends the sound and waits until ffmpeg has completed the file."""
        try:
            self._child.stdin.close()
        except BrokenPipeError:
            check_exit(self._child)
            raise
        check_exit(self._child)

    @property
    def messages(self) -> tuple[str, ...]:
        """The last lines that ffmpeg printed; complete after `finish`."""
        return self._child.messages


@contextmanager
def decode(
    source: Path,
    *,
    sample_rate: int,
    channels: int,
    deadline: float,
    stream: int | None = None,
    delay: float = 0.0,
    filters: Sequence[str] = (),
    block_seconds: float = 1.0,
    binary: str | None = None,
) -> Iterator[PcmReader]:
    """Decodes the sound of `source` (its stream number `stream`, else ffmpeg's choice) to as many channels.

    Gaps in the track, also before its first packet, become silence, so that times stay those of the file; `delay` in
    seconds is what `tasks.media.probe.AudioStream` says of the track.
    `filters` are ffmpeg audio filters; they see the file's own rate and channels. `deadline` in seconds.
    Raises as `tasks.media.ffmpeg.run_ffmpeg` does, while the blocks are read.
    """
    chain = [
        *([f"asetpts=PTS+{delay:.6f}/TB"] if delay else []),
        steady(),
        *filters,
        f"aformat=sample_rates={sample_rate}:channel_layouts={LAYOUTS[channels]}",
    ]
    arguments = [
        *media_input(source),
        *("-map", "0:a:0" if stream is None else f"0:{stream}"),
        *("-af", ",".join(chain)),
        *("-f", "f32le", "pipe:1"),
    ]
    with ChildProcess(ffmpeg_command(arguments, binary), deadline=deadline, collect=True) as child:
        yield PcmReader(child, sample_rate, channels, block_seconds)


@contextmanager
def encode(
    target: Path,
    *,
    sample_rate: int,
    channels: int,
    arguments: Sequence[str],
    deadline: float,
    binary: str | None = None,
) -> Iterator[PcmWriter]:
    """Encodes blocks of sound to `target`, which appears complete at the end or not at all.

    `arguments` are filters and codec. `deadline` in seconds. Raises as `tasks.media.ffmpeg.run_ffmpeg` does,
    from `write`, `finish` or the end of the block (which finishes if the caller has not).
    """
    with written_atomically(target) as partial:
        command = ffmpeg_command(
            [
                *("-f", "f32le", "-ar", str(sample_rate), "-ch_layout", LAYOUTS[channels], "-i", "pipe:0"),
                *arguments,
                f"file:{partial}",
            ],
            binary,
        )
        with ChildProcess(command, deadline=deadline, feed=True) as child:
            writer = PcmWriter(child, channels)
            yield writer
            writer.finish()
