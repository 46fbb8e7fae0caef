"""The one place that runs ffmpeg: limits, progress, errors and clean ends are the same for all."""

import contextlib
import errno
import logging
import os
import re
import secrets
import select
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg

from tasks.errors import (
    ContrapontoError,
    DamagedMediaError,
    EngineError,
    LimitExceededError,
    MissingEngineError,
    StageTimeoutError,
    StorageFullError,
)
from tasks.media.process import ChildProcess
from tasks.progress import Progress, ignore_progress

log = logging.getLogger(__name__)

# Demuxers of self-contained audio and video. Playlists (hls, dash, concat, sdp …) are left out: they make
# ffmpeg open other files and addresses that the playlist's author chooses. Images and text are not media
# here.
MEDIA_FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,asf,flv,live_flv,mpeg,mpegts,mpegvideo,mxf,nut,ogg,rm,ivf,dv,"
    "mp3,aac,ac3,eac3,flac,wav,w64,aiff,caf,au,amr,amrnb,amrwb,ape,wv,tta,tak,dts,dtshd,truehd,mpc,mpc8,"
    "gsm,voc,oma,dsf,iff,shn,loas,spdif,h264,hevc,av1,obu"
)

_POLL_SECONDS = 0.5
"""How often `progress` is called, and with it whether the work should stop, while ffmpeg says nothing."""
_PREFIX = re.compile(r"^(\[[^\]]*\]\s*)+")
"""Names of the parts of ffmpeg that speak, with addresses in memory: "[mov,mp4 @ 0x5581]"."""


@dataclass(frozen=True)
class FfmpegRun:
    """What a finished run left behind."""

    seconds: float
    """Length of what was written, in seconds of media."""
    messages: tuple[str, ...]
    """The last lines that ffmpeg printed; filters that measure print their summaries here."""


def ffmpeg_binary(override: str | None = None) -> str:
    """The ffmpeg to run: `override`, else what IMAGEIO_FFMPEG_EXE names, else the one installed with us."""
    if override:
        return override
    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise MissingEngineError(
            "No ffmpeg was found for this machine.",
            hint="Install ffmpeg or set IMAGEIO_FFMPEG_EXE to its path.",
        ) from error


def media_input(source: Path) -> list[str]:
    """The arguments that read a file from outside: only plain media containers, only this file."""
    # The "file:" prefix keeps a name with a colon or a leading dash from being read as a protocol or an
    # option.
    return ["-format_whitelist", MEDIA_FORMATS, "-i", f"file:{source.resolve()}"]


def quoted_in_filter(path: Path) -> str:
    """A path as an option's value inside a filter graph, which unquotes it twice."""
    value = re.sub(r"([\\':])", r"\\\1", str(path.resolve()))
    return re.sub(r"([\\'\[\],;])", r"\\\1", value)


def run_ffmpeg(
    arguments: Sequence[str],
    *,
    output: Path | None,
    duration: float | None,
    progress: Progress = ignore_progress,
    deadline: float,
    binary: str | None = None,
) -> FfmpegRun:
    """Runs ffmpeg to its end.

    `arguments` are inputs, filters and codecs, without the output file; `output` is written under a temporary
    name next to it and renamed when complete, so it is there whole or not at all (`None`: `arguments` name
    the output). `duration` is the expected length of the output in seconds, for `progress`; `deadline` the
    seconds the run may take.

    Raises `StageTimeoutError`, `LimitExceededError` (memory), `StorageFullError`, `DamagedMediaError` (the input
    cannot be read) or `EngineError`; what `progress` raises passes through. In every case ffmpeg is gone and no
    partial file is left.
    """
    with contextlib.ExitStack() as stack:
        partial = None if output is None else stack.enter_context(written_atomically(output))
        named = [f"file:{partial}"] if partial else []
        command = ffmpeg_command([*arguments, *named], binary, options=("-progress", "pipe:1"))
        child = stack.enter_context(ChildProcess(command, deadline=deadline, collect=True))
        seconds = _follow(child, duration, progress)
        check_exit(child)
        if partial and not partial.exists():
            # Of pictures ffmpeg says so only in its messages.
            raise DamagedMediaError(
                "Nothing of the file could be decoded there.", hint="Choose another part, or export it again."
            )
        return FfmpegRun(seconds=seconds, messages=child.messages)


def ffmpeg_command(arguments: Sequence[str], binary: str | None, options: Sequence[str] = ()) -> list[str]:
    """The whole command line: every input may open files and pipes only, never the network."""
    command = [ffmpeg_binary(binary), "-hide_banner", "-nostdin", "-nostats", "-y", *options]
    for argument in arguments:
        if argument == "-i":
            command += ["-protocol_whitelist", "file,pipe"]
        command.append(argument)
    return command


@contextmanager
def written_atomically(target: Path) -> Iterator[Path]:
    """A temporary path next to `target` that becomes `target` if the block succeeds and is removed if not."""
    # The suffix stays last because ffmpeg chooses the container by it.
    partial = target.with_name(f".{target.stem}.{secrets.token_hex(4)}.partial{target.suffix}")
    try:
        yield partial
        os.replace(partial, target)  # noqa: PTH105
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise storage_full() from error
        raise
    finally:
        partial.unlink(missing_ok=True)


def storage_full() -> StorageFullError:
    """The error for a disk that is full while media are written."""
    return StorageFullError(
        "The disk is full.", hint="Free some space, or point the scratch directory to a larger disk."
    )


def check_exit(child: ChildProcess) -> None:
    """Waits for ffmpeg's end and raises the error that fits how it ended."""
    status = child.wait()
    if child.expired:
        raise StageTimeoutError(
            "Processing the media took longer than its time limit.",
            hint="Raise the stage's time limit or give a shorter file.",
        )
    if child.outgrown:
        raise LimitExceededError(
            f"Processing the media took more than {child.memory_mb:,} MB of memory.",
            hint="Give a smaller picture, or raise CONTRAPONTO_FFMPEG_MEMORY_MB.",
        )
    if status:
        for line in child.messages:
            log.warning("ffmpeg: %s", line)
        raise _exit_error(status, child.messages)


def _exit_error(status: int, messages: Sequence[str]) -> ContrapontoError:
    text = "\n".join(messages)
    if "No space left on device" in text or "Disk quota exceeded" in text:
        return storage_full()
    if status == -signal.SIGKILL:
        return EngineError(
            "ffmpeg was killed from outside.", hint="The machine may be out of memory: give the worker more."
        )
    reason = useful_line(messages)
    if "Invalid data found when processing input" in text or "moov atom not found" in text:
        return DamagedMediaError(
            f"The file is damaged and cannot be read ({reason}).", hint="Download or export it again."
        )
    return EngineError(f"ffmpeg failed ({reason}).", hint="The log has its full output.")


def useful_line(messages: Sequence[str]) -> str:
    """The first line that names a cause: later ones only repeat which file and filter had to be given up."""
    lines = [_PREFIX.sub("", line).strip() for line in messages]
    telling = [
        line
        for line in lines
        if re.search(r"(?i)error|invalid|not found|unable|failed|could not|cannot|no such", line)
    ]
    line = next(iter(telling), lines[-1] if lines else "no message")
    return re.sub(r"file:\S*/", "", line).rstrip(".")[:200]


def _follow(child: ChildProcess, duration: float | None, progress: Progress) -> float:
    """Reads ffmpeg's progress until it ends; calls `progress` even when ffmpeg has nothing to say."""
    seconds = 0.0
    rest = b""
    descriptor = child.stdout.fileno()
    while True:
        readable, _, _ = select.select([descriptor], [], [], _POLL_SECONDS)
        if readable:
            data = os.read(descriptor, 65536)
            if not data:
                return seconds
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                # "N/A" until the first frame is out.
                if line.startswith(b"out_time_us=") and line[12:].strip().isdigit():
                    seconds = max(seconds, int(line[12:]) / 1e6)
        progress(min(seconds / duration, 1.0) if duration else 0.0)
