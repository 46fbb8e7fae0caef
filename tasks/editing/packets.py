"""The pictures of a film by its packets, without decoding: when each is shown, and where a film can be cut uncopied.

Times are those that players show: 0 is where ffmpeg's own seeking has it, the start of the file.
"""

from dataclasses import dataclass
from pathlib import Path

import av
import av.error
import numpy as np
from numpy.typing import NDArray

from tasks.errors import DamagedMediaError
from tasks.media.probe import opened, probe, require_video
from tasks.progress import Progress, ignore_progress

_REPORTED = 2000
"""Packets between two reports of the progress."""
_USUAL_SECONDS = 0.04
"""How long the only picture of a film is shown if nothing says so."""

_UNSEEN, _UNSEEN_SHARE = 0.5, 0.02
"""Seconds, and share of the film, from which a missing end is worth a sentence; as in `tasks.media.shown`."""


@dataclass(frozen=True)
class Pictures:
    """The packets of a film's picture track, in the order of the file."""

    times: NDArray[np.float64]
    """When each is shown, in seconds."""
    sizes: NDArray[np.int64]
    """Bytes."""
    keys: NDArray[np.bool_]
    """Those that need no other one."""
    whole: bool
    """Whether every packet is shown: files can say that some are only there for others."""
    last: float
    """Seconds that the last picture is shown."""
    stated: float = 0.0
    """Seconds of pictures that the file says it has; 0 if it does not."""

    @property
    def shown(self) -> NDArray[np.float64]:
        """The times in the order in which the pictures are shown."""
        return np.sort(self.times)

    @property
    def start(self) -> float:
        """When the first one is shown."""
        return float(self.times.min())

    @property
    def end(self) -> float:
        """When the last one is gone."""
        return float(self.times.max()) + self.last

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is to be said of a film whose end is missing."""
        there = self.end - self.start
        if self.stated - there <= max(_UNSEEN, _UNSEEN_SHARE * self.stated):
            return ()
        return (f"The film is cut short: of its {self.stated:.1f} s {there:.1f} are there.",)

    @property
    def frame(self) -> float:
        """Seconds that a picture is usually shown."""
        steps = np.diff(self.shown)
        return float(np.median(steps)) if len(steps) else self.last

    def snapped(self, moment: float) -> float:
        """The change of pictures that is nearest to the moment: where a cut there can be."""
        changes = np.append(self.shown, self.end)
        return float(changes[np.abs(changes - moment).argmin()])

    def count(self, start: float, end: float) -> int:
        """Pictures whose time is from start on and before end."""
        small = self.frame / 4
        return int(((self.times >= start - small) & (self.times < end - small)).sum())

    def cuts(self) -> NDArray[np.float64]:
        """Times at which the packets can be parted: all before are shown before, and the first one needs no other.

        The end of the film is one of them. Pictures that are shown before the key picture that they follow in the
        file ("open" groups) make none of theirs.
        """
        before = np.maximum.accumulate(np.append(-np.inf, self.times))[:-1]
        after = np.minimum.accumulate(self.times[::-1])[::-1]
        clean = self.keys & (before < self.times) & (after >= self.times)
        return np.append(self.times[clean], self.end)

    def position(self, cut: float) -> int:
        """The number, in the order of the file, of the first packet after a cut."""
        return int((self.times < cut - self.frame / 4).sum())


def read_pictures(path: Path, progress: Progress = ignore_progress) -> Pictures:
    """Reads the packets of the film's picture.

    Raises NoVideoError, NotMediaError, or DamagedMediaError if there is no picture, or not one has a time.
    """
    info = probe(path)
    picture = require_video(info)
    times: list[float] = []
    sizes: list[int] = []
    keys: list[bool] = []
    stated = 0.0
    whole, latest, length = True, float("-inf"), 0.0
    try:
        with opened(path) as container:
            zero = (container.start_time or 0) / av.time_base
            stream = container.streams[picture.index]
            if info.duration_stated and stream.duration and stream.time_base:
                stated = float(stream.duration * stream.time_base)
            for packet in container.demux(stream):
                time = packet.pts if packet.pts is not None else packet.dts
                if time is None or packet.time_base is None or not packet.size:
                    continue
                shown = float(time * packet.time_base) - zero
                if packet.is_discard:
                    whole = False
                    continue
                if shown > latest:
                    latest, length = shown, float((packet.duration or 0) * packet.time_base)
                times.append(shown)
                sizes.append(packet.size)
                keys.append(packet.is_keyframe)
                if len(times) % _REPORTED == 0:
                    progress(min(shown / info.duration, 1.0) if info.duration else 0.0)
    except av.error.FFmpegError as error:
        if not times:
            raise DamagedMediaError("The film cannot be read.", hint="Export it again.") from error
        # What could be read until here is the film.
    if not times:
        raise DamagedMediaError("The film has no pictures.", hint="Download or export it again.")
    found = np.asarray(times)
    steps = np.diff(np.sort(found))
    usual = float(np.median(steps)) if len(steps) else 0.0
    return Pictures(
        times=found,
        sizes=np.asarray(sizes),
        keys=np.asarray(keys),
        whole=whole,
        last=length or usual or _USUAL_SECONDS,
        stated=stated,
    )
