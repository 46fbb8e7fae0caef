"""Frames on their way to the encoder."""

import contextlib
import fcntl
import queue
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Final

from tasks.media.ffmpeg import check_exit
from tasks.media.process import ChildProcess

COLOURS: Final = (
    "-colorspace",
    "bt709",
    "-color_primaries",
    "bt709",
    "-color_trc",
    "bt709",
    "-color_range",
    "tv",
)
"""Arguments of ffmpeg that say what the samples of a frame mean."""
_WAITING_FRAMES = 4
"""Rendered ahead of the encoder."""
_PIPE_BYTES = 1024 * 1024
"""The most that Linux gives who is not root."""


@contextmanager
def feeding(child: ChildProcess) -> Iterator[Callable[[Sequence[bytes | memoryview]], None]]:
    """Gives frames to the child in a thread, so that it encodes one while the next is made; waits for its end.

    Yields the function that takes a frame, in pieces that must not change any more. Raises as `check_exit`.
    """
    waiting: queue.Queue[Sequence[bytes | memoryview] | None] = queue.Queue(_WAITING_FRAMES)
    broken = threading.Event()

    def feed() -> None:
        while (frame := waiting.get()) is not None:
            if not broken.is_set():
                try:
                    child.stdin.writelines(frame)
                except (BrokenPipeError, ValueError):
                    # Ended early: its exit says why. What is still waiting is taken and dropped.
                    broken.set()

    _widen(child.stdin)
    feeder = threading.Thread(target=feed, name="frames", daemon=True)
    feeder.start()

    def write(frame: Sequence[bytes | memoryview]) -> None:
        if broken.is_set():
            check_exit(child)
        waiting.put(frame)

    try:
        yield write
    except BaseException:
        broken.set()
        child.kill()
        raise
    finally:
        waiting.put(None)
        feeder.join()
    if not broken.is_set():
        with contextlib.suppress(BrokenPipeError):
            child.stdin.close()
    check_exit(child)


def _widen(pipe: IO[bytes]) -> None:
    """Lets the pipe hold so much that its two ends change turns a few times a frame and not fifty times."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
