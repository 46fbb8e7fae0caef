"""How long a recording may be: checked as soon as the header has arrived, and again when the file is whole."""

from pathlib import Path

from tasks.errors import ContrapontoError, LimitExceededError
from tasks.media.probe import probe
from tasks.net.urls import mask_url
from tasks.progress import Progress

_HEADER_BYTES = 256 * 1024


def check_length(seconds: float, max_seconds: float, source: str) -> None:
    """Raises LimitExceededError if the recording is longer than allowed."""
    if seconds > max_seconds:
        raise LimitExceededError(
            f"{mask_url(source)} is {_minutes(seconds)} long; the limit is {_minutes(max_seconds)}.",
            hint="Send a shorter recording, or raise CONTRAPONTO_MAX_DURATION_MINUTES.",
        )


def stop_if_too_long(progress: Progress, folder: Path, max_seconds: float, source: str) -> Progress:
    """A `Progress` for a download into `folder` that ends it when the header says that the recording is too long.

    Containers that state their length do so near their beginning (MP4 files made for the web among them); the
    others are checked when they are whole.
    """
    probed = False

    def report(fraction: float) -> None:
        nonlocal probed
        progress(fraction)
        if probed:
            return
        parts = [path for path in folder.glob(".*.part") if path.stat().st_size >= _HEADER_BYTES]
        if not parts:
            return
        probed = True
        try:
            info = probe(parts[0])
        except ContrapontoError:
            return  # The header is elsewhere, or the file is no good: the whole file will tell.
        if info.duration_stated:
            check_length(info.duration, max_seconds, source)

    return report


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:.0f} seconds"
