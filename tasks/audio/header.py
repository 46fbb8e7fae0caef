"""What the header of a sound cannot mean: files whose header is wrong are refused before they are read."""

from tasks.errors import DamagedMediaError
from tasks.media.probe import AudioStream

_LOWEST, _HIGHEST = 1_000, 10_000_000
"""Samples a second. Speech ends where the lowest rate begins, and recorders of bats stay far below the highest."""
_MOST_CHANNELS = 64
"""As many as ffmpeg can mix."""


def check_header(track: AudioStream) -> None:
    """Raises DamagedMediaError for a sound track whose header cannot be true."""
    if not _LOWEST <= track.sample_rate <= _HIGHEST:
        raise _wrong(f"{track.sample_rate:,} samples a second")
    if track.channels > _MOST_CHANNELS:
        raise _wrong(f"{track.channels:,} channels")


def _wrong(what: str) -> DamagedMediaError:
    return DamagedMediaError(
        f"The file says that its sound has {what}, which no recording of speech has.",
        hint="Its header is wrong: export it again, as mono or stereo.",
    )
