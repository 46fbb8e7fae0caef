"""Reading a track of a film from a moment on: ffmpeg's clock shows 0 then, and all from there on can be decoded.

Where a seek leads is up to the container: mostly to the key picture before, in MPEG-TS and MPEG-PS to any packet, and
near the beginning of FLV and AVI nowhere at all. So it is tried here first; a track is read from its beginning where
that does not lead to what is needed.
"""

from dataclasses import dataclass
from pathlib import Path

import av
import av.error
from av.container import InputContainer
from av.stream import Stream

from tasks.editing.packets import Entrance, Pictures
from tasks.media.clock import behind, command_zero, may_jump, zero
from tasks.media.ffmpeg import media_input
from tasks.media.probe import opened
from tasks.media.shown import timed_packets

_NEAR = 1.0
"""Seconds from the beginning of a film within which a seek saves nothing."""
_LEAD, _SCATTERED_LEAD = 1.0, 3.0
"""Seconds before a moment at which its sound is entered: decoders are at work when it comes, and what lies beside it in
a file may be that much later."""
_ROUNDED = 0.001
"""Seconds by which the times of Matroska and FLV are rounded."""


@dataclass(frozen=True)
class Film:
    """A film whose picture is known by its packets."""

    path: Path
    picture: int
    """Number of the picture track."""
    pictures: Pictures

    def pictures_from(self, moment: float) -> list[str]:
        """Arguments of ffmpeg that read its picture: all that is on the screen from a moment on, and some before."""
        return self._reading(self.picture, moment + self.pictures.lag, self.pictures.entrance(moment))

    def sound_from(self, track: int, moment: float) -> list[str]:
        """The same for its sound: all that is heard from a moment on, and some before."""
        lead = _SCATTERED_LEAD if self.pictures.scattered else _LEAD
        entrance = Entrance(moment - lead, moment - lead / 2) if self.pictures.seekable else None
        return self._reading(track, moment, entrance)

    def _reading(self, track: int, moment: float, entrance: Entrance | None) -> list[str]:
        with opened(self.path) as container:
            stream = container.streams[track]
            begin, origin = zero(container, container.streams[self.picture]), command_zero(container, stream)
            first = (container.start_time or 0) / av.time_base
            seeking: list[str] = []
            if entrance is not None:
                seek = round(entrance.sought + begin - first, 6)
                if seek > _NEAR and _leads(container, stream, first + seek, entrance.key + begin):
                    seeking = ["-noaccurate_seek", "-ss", f"{seek:.6f}"]
                    origin = max(first + seek, origin) if may_jump(container) else first + seek
        return [*seeking, "-itsoffset", f"{origin - begin - moment:.6f}", *media_input(self.path)]


def whole_film(path: Path, picture: int | None, *chosen: int) -> list[str]:
    """Arguments of ffmpeg that read these tracks of a film, and no others, from its beginning by its clock.

    `picture`: the number of the picture track, whether it is one of them or not.
    """
    with opened(path) as container:
        tracks = [container.streams[each] for each in chosen]
        moved = behind(container, container.streams[picture] if picture is not None else None, *tracks)
    return [*(["-itsoffset", f"{moved:.6f}"] if moved else []), *media_input(path)]


def in_time(moved: float, stays: float = 0.0) -> str:
    """Filters, each with a comma behind it, for pictures that are moved and whose last one stays on. In seconds."""
    # It is repeated first: once times were moved, it is not known how many pictures there are a second.
    repeated = f"tpad=stop_mode=clone:stop_duration={stays:.6f}," if stays > 0 else ""
    return repeated + (f"setpts=PTS{moved:+.6f}/TB," if moved else "")


def _leads(container: InputContainer, stream: Stream, sought: float, needed: float) -> bool:
    """Whether a seek leads to a packet of the track that needs no other and is not later than what is needed."""
    try:
        container.seek(int(sought * av.time_base))
        for each in timed_packets(container, stream):
            if each.packet.is_keyframe and each.time is not None:
                return float(each.time * (stream.time_base or 0)) <= needed + _ROUNDED
    except av.error.FFmpegError:
        return False
    return False
