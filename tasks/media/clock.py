"""The clock of a file: the one that a player shows under the picture, whatever offset a sound track has.

ffmpeg lets times count from the earliest stream of a file, as players do. There are two exceptions, for which `delay`
makes up. In containers whose clock may start anywhere and jump (MPEG-TS, MPEG-PS, Ogg) ffmpeg looks only at the streams
that it was asked for: sound that starts 2 s after the picture would seem to start with it. And sound whose encoder
put a few milliseconds before its beginning would push the first picture away from 0.
"""

from typing import cast

import av
from av.container import InputContainer
from av.stream import Stream

_ENCODER_SECONDS = 0.1
"""Lead of the sound up to which it is the work of an encoder: AAC fills 21 to 48 ms before the first sample, and
pictures that are stored out of order are shown two or three frames later. Sound that starts earlier than that was
recorded earlier, and players show it so: their clock starts with it."""


def delay(container: InputContainer, sound: Stream, picture: Stream | None) -> float:
    """Seconds to add to the times that ffmpeg gives to a sound track when it reads that track alone."""
    return behind(container, picture, sound)


def behind(container: InputContainer, picture: Stream | None, *chosen: Stream | None) -> float:
    """Seconds to add to the times that ffmpeg gives when it reads these streams together, and no others."""
    return round(command_zero(container, *chosen) - zero(container, picture), 6)


def zero(container: InputContainer, picture: Stream | None) -> float:
    """The time in the file, in seconds, at which a player's clock shows 0."""
    first = (container.start_time or 0) / av.time_base
    shown = _start(picture) if picture is not None else None
    if shown is not None and 0 < shown - first <= _ENCODER_SECONDS:
        return shown
    return first


def command_zero(container: InputContainer, *chosen: Stream | None) -> float:
    """The time in the file, in seconds, that becomes 0 when ffmpeg reads these of its streams."""
    starts = [start for stream in chosen if stream is not None and (start := _start(stream)) is not None]
    return min(starts) if starts and may_jump(container) else (container.start_time or 0) / av.time_base


def may_jump(container: InputContainer) -> bool:
    """Whether the clock of this kind of file may start anywhere and jump (libavformat's AVFMT_TS_DISCONT)."""
    return bool(int(container.format.flags) & _MAY_JUMP)


def steady(rate: int | None = None) -> str:
    """The filter of ffmpeg that keeps sound with its clock: what is missing at its beginning or within is silent.

    `rate` of the samples it gives, in hertz; None: the sound's own.
    """
    return f"aresample={f'{rate}:' if rate else ''}async=1:min_hard_comp={_IN_TIME}:first_pts=0"


def times_of_showing(container: InputContainer) -> bool:
    """Whether the packets of pictures say when they are shown; those of AVI only say in which order they come."""
    return container.format.name != "avi"


_IN_TIME = 0.04
"""Seconds by which sound may be beside its clock before it is moved there: EBU R 37 allows as much. Recordings have
clocks that are uneven by less, and every move is heard as a click."""

_WITHOUT_CLOCK = frozenset(
    (
        *(
            "aac",
            "ac3",
            "aiff",
            "amr",
            "amrnb",
            "amrwb",
            "ape",
            "au",
            "caf",
            "dts",
            "dtshd",
            "eac3",
            "flac",
            "gsm",
        ),
        *("loas", "mp3", "mpc", "mpc8", "oma", "shn", "tak", "tta", "truehd", "voc", "w64", "wav", "wv"),
    )
)


def has_clock(container: InputContainer) -> bool:
    """Whether the file says when its sound is heard; in others, one sample follows the other from 0 on."""
    return container.format.name not in _WITHOUT_CLOCK


_MAY_JUMP: int = cast(int, av.format.Flags.ts_discont.value)


def _start(stream: Stream) -> float | None:
    if stream.start_time is None or stream.time_base is None:
        return None
    return float(stream.start_time * stream.time_base)
