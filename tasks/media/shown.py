"""When the pictures of a film are shown, as players do it: from its packets' times, without decoding.

What lies outside of an edit list, comes before the first key frame or has no time is not shown; the last picture is
shown for as long as the file says. Films are made anew at a constant rate: editors, platforms and the joining of clips
expect one, captions need pictures to appear in while the film stands still, and a picture that is repeated costs next
to nothing. The rate is the lowest at which every picture has a place of its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from pathlib import Path

import av
import av.error
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from numpy.typing import NDArray

from tasks.errors import DamagedMediaError
from tasks.media.clock import command_zero, may_jump, times_of_showing, zero
from tasks.media.probe import MediaInfo, opened, require_video
from tasks.media.rates import STANDARD_RATES, exact_rate

Times = NDArray[np.float64]
"""Seconds, rising."""

_USUAL_FPS = Fraction(25)
"""For films of a single picture, and streams without times."""
_LOWEST = 10
"""Pictures a second: with fewer, a caption would be seen to come late."""
_HIGHEST = 60
"""More is kept where the film itself has a constant rate, up to `_HIGHEST_OWN`."""
_HIGHEST_OWN = 120
_LOWEST_OWN = Fraction(1, 100)
_NEAR = 0.005
"""A mean within this share of a usual rate is tried as that rate first."""
_BESIDE = 0.1
"""Of a frame: how far from its place in a constant rate a time may lie by its rounding (Matroska: 1 ms)."""
_UNSEEN, _UNSEEN_SHARE = 0.5, 0.02
"""Seconds, and share of its length, that a film may lack before anything is said: times are rounded, and pictures that
need others which are not there are not shown."""
_JUMP_BACK, _JUMP_AHEAD = 0.1, 10.0
"""Seconds from which ffmpeg takes a step of a clock that may jump for a jump (`-dts_delta_threshold`)."""


@dataclass(frozen=True)
class Shown:
    """The time in which the pictures of a film are seen."""

    start: float
    """When the first picture appears, on the player's clock; mostly 0."""
    seconds: float
    """From the first picture to the end of the last."""
    frames: int
    rate: Fraction
    """The lowest constant rate (from 10 on) at which every picture has a place of its own."""
    left_out: int
    """Pictures that have no place, where no rate up to 60 has one for each."""
    missing: float
    """Seconds that the file says it had more, where it is cut short."""
    lead: float
    """Seconds by which the player's clock is ahead of the times that ffmpeg gives to the pictures."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is to be said of a film that is made anew at `rate`."""
        told = []
        if self.missing:
            told.append(
                f"The film is cut short: of its {self.seconds + self.missing:.1f} s {self.seconds:.1f} are there."
            )
        if self.left_out:
            told.append(
                f"Of its {self.frames} pictures {self.left_out} are left out: "
                f"they come faster, or more unevenly, than {self.rate} a second."
            )
        return tuple(told)


def shown(path: Path, info: MediaInfo) -> Shown:
    """Reads the times of all pictures.

    Raises NoVideoError, NotMediaError, or DamagedMediaError if there is no picture.
    """
    picture = require_video(info)
    with opened(path) as container:
        stream = container.streams[picture.index]
        sound = container.streams[info.audio.index] if info.audio is not None else None
        start, command = zero(container, stream), command_zero(container, stream, sound)
        stated = [rate for rate in (stream.average_rate, stream.base_rate) if rate]
        length = float((stream.duration or 0) * (stream.time_base or 0))
        times, last = picture_times(container, stream)
    if not times.size:
        raise DamagedMediaError("The video has no frames.", hint="Download or export it again.")
    if last <= 0:
        last = float(np.median(np.diff(times))) if times.size > 1 else float(1 / _stated(stated))
    rate = constant_rate(times, stated)
    seconds = float(times[-1] - times[0]) + last
    missing = length - seconds
    return Shown(
        start=max(0.0, float(times[0]) - start),
        seconds=seconds,
        frames=times.size,
        rate=rate,
        left_out=_left_out(times, rate),
        missing=missing if info.duration_stated and missing > max(_UNSEEN, _UNSEEN_SHARE * length) else 0.0,
        lead=start - command,
    )


def constant_rate(times: Times, stated: list[Fraction]) -> Fraction:
    """The lowest constant rate at which every picture has a place of its own; 60 if there is none.

    `stated` are the rates that the file itself names.
    """
    if times.size < 2:
        return _not_too_low(min(max(_stated(stated), _LOWEST_OWN), Fraction(_HIGHEST)))
    since = times - times[0]
    mean = (times.size - 1) / float(since[-1])
    usual = [rate for rate in STANDARD_RATES if rate >= mean * (1 - _NEAR)]
    near = sorted((rate for rate in usual if rate <= mean * (1 + _NEAR)), key=lambda rate: abs(rate - mean))
    own = [exact_rate(float(rate)) for rate in stated]
    rates = [
        _not_too_low(rate)
        for rate in (*own, *near, exact_rate(mean), *usual)
        if _LOWEST_OWN <= rate <= _HIGHEST_OWN
    ]
    for rate in rates:
        places = since * float(rate)
        if np.abs(places - np.rint(places)).max() < _BESIDE and not _left_out(times, rate):
            return rate
    for rate in sorted(rates):
        if rate <= _HIGHEST and not _left_out(times, rate):
            return rate
    return Fraction(_HIGHEST)


def _left_out(times: Times, rate: Fraction) -> int:
    return times.size - int(np.unique(np.rint((times - times[0]) * float(rate))).size)


def _not_too_low(rate: Fraction) -> Fraction:
    return rate * ceil(_LOWEST / rate) if rate < _LOWEST else rate


def _stated(rates: list[Fraction]) -> Fraction:
    return next((exact_rate(float(rate)) for rate in rates), _USUAL_FPS)


@dataclass(frozen=True, slots=True)
class TimedPacket:
    """A packet of a track. Times in units of its `time_base`; after a jump of the clock they go on."""

    packet: "Packet[Stream]"
    time: int | None
    """When what it holds is shown or heard."""
    decoded: int | None
    """When it has to be decoded."""
    duration: int
    """For how long; 0 if that is not said."""
    jumped: bool
    """Whether the clock has jumped before it."""


def timed_packets(container: InputContainer, stream: Stream) -> Iterator[TimedPacket]:
    """The packets of a track that hold something, in the order of the file. Raises av.error.FFmpegError."""
    jumps, dated = may_jump(container), times_of_showing(container)
    scale = float(stream.time_base or 1)
    offset, expected = 0, None
    for packet in container.demux(stream):
        if not packet.size:
            continue
        time = packet.pts if packet.pts is not None and dated else packet.dts
        if jumps and time is not None and packet.dts is not None:
            step = (packet.dts + offset - expected) * scale if expected is not None else 0.0
            if step > _JUMP_AHEAD or step < -_JUMP_BACK:
                offset -= round(step / scale)
            expected = packet.dts + offset + (packet.duration or 0)
        yield TimedPacket(
            packet,
            time=None if time is None else time + offset,
            decoded=None if packet.dts is None else packet.dts + offset,
            duration=(packet.duration or 0) if dated else 0,
            jumped=offset != 0,
        )


def lag(path: Path, picture: int) -> float:
    """Seconds by which ffmpeg shows the pictures that it decodes of this track after their times.

    Decoders hold pictures back until they have those that are shown before. Where packets do not say when they are
    shown, ffmpeg takes the time at which a picture leaves the decoder. 0 if nothing can be decoded.
    """
    try:
        with opened(path) as container:
            if times_of_showing(container):
                return 0.0
            first = next(
                (each.decoded for each in timed_packets(container, container.streams[picture])), None
            )
        with opened(path) as container:
            stream = container.streams[picture]
            frame = next(iter(container.decode(stream)), None)
            if first is None or not isinstance(frame, av.VideoFrame) or frame.dts is None:
                return 0.0
            return max(0.0, float((frame.dts - first) * (stream.time_base or 0)))
    except av.error.FFmpegError:
        return 0.0


def picture_times(container: InputContainer, stream: Stream) -> tuple[Times, float]:
    """When each picture appears, in seconds, and for how long the last is shown (0 if that is not said)."""
    scale = float(stream.time_base or 1)
    times: dict[int, int] = {}
    untimed = 0
    key: int | None = None
    try:
        for each in timed_packets(container, stream):
            packet, time = each.packet, each.time
            if time is None:
                untimed += 1
                continue
            if packet.is_keyframe and key is None:
                # Pictures before it cannot be decoded.
                key = time
                times.clear()
            if not packet.is_discard and (key is None or time >= key):
                times[time] = each.duration
    except av.error.FFmpegError:
        # What could be read until here is what can be shown.
        pass
    if not times and untimed:
        rate = stream.average_rate or _USUAL_FPS
        return np.arange(untimed) / float(rate), float(1 / rate)
    ordered = sorted(times)
    last = times[ordered[-1]] if ordered else 0
    return np.array(ordered, np.float64) * scale, last * scale
