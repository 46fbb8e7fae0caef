"""The pictures of a film by its packets, without decoding: when each is shown, and where a film can be cut uncopied.

Times are those that players show; see `tasks.media.clock`.
"""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import av.error
import numpy as np
from numpy.typing import NDArray

from tasks.errors import DamagedMediaError
from tasks.media.clock import may_jump, zero
from tasks.media.probe import opened, probe, require_video
from tasks.media.shown import lag, timed_packets
from tasks.progress import Progress, ignore_progress

_REPORTED = 2000
"""Packets between two reports of the progress."""
_USUAL_SECONDS = 0.04
"""How long the only picture of a film is shown if nothing says so."""
_ROUNDED = 0.001
"""Seconds by which times are rounded: those that people write, and those of Matroska and FLV."""
SAME = 1e-5
"""Seconds by which a time may differ from itself after it was written with six digits."""
_SCATTERED = 0.5
"""Seconds before a key picture at which a track is entered whose packets a seek does not tell apart: what is decoded
first there has no times of its own."""

_UNSEEN, _UNSEEN_SHARE = 0.5, 0.02
"""Seconds, and share of the film, from which a missing end is worth a sentence; as in `tasks.media.shown`."""


@dataclass(frozen=True)
class Entrance:
    """Where to begin reading a track so that all from a key picture on is decoded. Seconds by the film's clock."""

    sought: float
    """Where to seek."""
    key: float
    """When the key picture is shown: what is read first must not come later."""


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
    decoded: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    """When each has to be decoded, in seconds."""
    lag: float = 0.0
    """Seconds by which ffmpeg shows decoded pictures late; see `tasks.media.shown.lag`."""
    scattered: bool = False
    """Whether a seek may lead to any packet, not only to key pictures."""
    seekable: bool = True
    """Whether times are where seeks look for them: not where the clock has jumped."""

    @cached_property
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
    def copyable(self) -> bool:
        """Whether the packets, copied, are the film: all are shown, all are there, and they say when."""
        return self.whole and not self.warnings and not self.lag

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is to be said of a film whose end is missing."""
        return cut_short(self.stated, self.end - self.start)

    @property
    def frame(self) -> float:
        """Seconds that a picture is usually shown."""
        steps = np.diff(self.shown)
        return float(np.median(steps)) if len(steps) else self.last

    @property
    def even(self) -> bool:
        """Whether all pictures are shown equally long, but for rounding."""
        steps = np.diff(self.shown)
        return len(steps) == 0 or float(np.ptp(steps)) <= 2 * _ROUNDED + SAME

    def snapped(self, moment: float) -> float:
        """The change of pictures that is nearest to the moment: where a cut there can be."""
        changes = np.append(self.shown, self.end)
        return float(changes[np.abs(changes - moment).argmin()])

    def at(self, moment: float) -> float:
        """The time of the picture that is on the screen at a moment."""
        shown = self.shown
        return float(shown[max(0, int(np.searchsorted(shown, moment + _ROUNDED, "right")) - 1)])

    def before(self, cut: float) -> float:
        """A moment a little before a change of pictures, and after the picture before: rounding moves neither over it.

        Closer to the change, because filters round to the nearest unit of a track, which may be a whole picture.
        """
        changes = np.append(self.shown, self.end)
        number = int(np.searchsorted(changes, cut - SAME, "left"))
        if number == 0:
            return cut - _ROUNDED
        return cut - (cut - float(changes[number - 1])) / 4

    def count(self, start: float, end: float) -> int:
        """Pictures from one change of pictures to another."""
        return int(((self.times >= self.before(start)) & (self.times < self.before(end))).sum())

    def cuts(self) -> NDArray[np.float64]:
        """Times at which the packets can be parted: all before are shown before, and the first one needs no other.

        The end of the film is one of them. Pictures that are shown before the key picture that they follow in the
        file ("open" groups) make none of theirs.
        """
        before, after = self._around()
        return np.append(self.times[self.keys & (before < self.times) & (after >= self.times)], self.end)

    def ends(self) -> NDArray[np.float64]:
        """Times at which copied packets can end: all before are shown before, and all others after."""
        before, after = self._around()
        return np.append(after[1:][before[1:] < after[1:]], self.end)

    def position(self, cut: float) -> int:
        """The number, in the order of the file, of the first packet after a cut."""
        return int((self.times < self.before(cut)).sum())

    def entrance(self, moment: float) -> Entrance | None:
        """Where to enter the film for the picture that is on the screen at a moment; None: at its beginning."""
        keys = np.flatnonzero(self.keys & (self.times <= self.at(moment) + SAME))
        if not self.seekable or len(keys) == 0 or keys[-1] == 0:
            return None
        key = float(self.times[keys[-1]])
        return Entrance(float(self.decoded[keys[-1]]) - _SCATTERED if self.scattered else key, key)

    def _around(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """For each packet, when the last of those before it is shown, and the first of it and those after it."""
        before = np.maximum.accumulate(np.append(-np.inf, self.times))[:-1]
        return before, np.minimum.accumulate(self.times[::-1])[::-1]


def cut_short(stated: float, there: float) -> tuple[str, ...]:
    """What is to be said of a film with so many seconds of pictures that says it has `stated` (0: it does not)."""
    if stated - there <= max(_UNSEEN, _UNSEEN_SHARE * stated):
        return ()
    return (f"The film is cut short: of its {stated:.1f} s {there:.1f} are there.",)


def read_pictures(path: Path, progress: Progress = ignore_progress) -> Pictures:
    """Reads the packets of the film's picture.

    Raises NoVideoError, NotMediaError, or DamagedMediaError if there is no picture, or not one has a time.
    """
    info = probe(path)
    picture = require_video(info)
    times: list[float] = []
    decoded: list[float] = []
    sizes: list[int] = []
    keys: list[bool] = []
    stated = 0.0
    whole, seekable, latest, length = True, True, float("-inf"), 0.0
    key: float | None = None
    try:
        with opened(path) as container:
            stream = container.streams[picture.index]
            begin, scattered = zero(container, stream), may_jump(container)
            unit = float(stream.time_base or 1)
            if info.duration_stated and stream.duration:
                stated = float(stream.duration * unit)
            for each in timed_packets(container, stream):
                packet = each.packet
                if each.time is None:
                    continue
                shown = each.time * unit - begin
                if packet.is_keyframe and key is None:
                    # Pictures before it cannot be decoded.
                    key = shown
                    whole = whole and not times
                    times, decoded, sizes, keys, latest = [], [], [], [], float("-inf")
                if packet.is_discard or (key is not None and shown < key):
                    whole = False
                    continue
                seekable = seekable and not each.jumped
                if shown > latest:
                    latest, length = shown, each.duration * unit
                times.append(shown)
                decoded.append((each.time if each.decoded is None else each.decoded) * unit - begin)
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
        decoded=np.asarray(decoded),
        lag=lag(path, picture.index),
        scattered=scattered,
        seekable=seekable,
    )
