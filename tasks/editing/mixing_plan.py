"""When the sounds of a mix are heard: what callers say of it, and where that lies in the film."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from tasks.editing.bench import EditOptions
from tasks.editing.moments import Moment, checked, clock, moment_in
from tasks.errors import InvalidInputError
from tasks.fetching.source import Source
from tasks.video.encoding import Quality

Role = Literal["voice", "music", "effect"]
"""voice: is heard over music; music: makes way for voices; effect: does neither."""
OwnSound = Literal["voice", "music", "effect", "none"]
"""The role of the film's own sound; none: it is left out."""
Length = Literal["picture", "sound"]
"""What decides how long the result is: the film, or the longest voice."""

Gain = Annotated[float, Field(ge=-60, le=30)]
"""Decibels."""
Ducked = Annotated[float, Field(ge=0, le=30)]
Release = Annotated[float, Field(ge=0.05, le=5)]
Loud = Annotated[float, Field(ge=-40, le=-6)]
Peak = Annotated[float, Field(ge=-9, le=0)]


LATER = 0.05
"""Seconds that nobody misses: encoders add as much."""
_SOON = 0.25
"""Seconds by which a film may be longer than its voices, if its picture then needs not be encoded again."""
_SHORTEST_LOOP = 0.1
"""Seconds: less is no sound that can be repeated."""


class Placing(BaseModel):
    """When and how a track is heard. Times are seconds of the film."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: Role = "music"
    gain_db: Gain = 0
    start: Moment = 0.0
    end: Moment | None = None
    """Empty: the end of the track, or that of the film if it is repeated."""
    loop: bool = False
    fade_in: Annotated[float, Field(ge=0, le=60)] = 0
    fade_out: Annotated[float, Field(ge=0, le=60)] | None = None
    """Empty: 2 s for music that is cut off, else none."""


class AddedTrack(Placing):
    """A track of a mix."""

    url: Source


Tracks = Annotated[list[AddedTrack], Field(min_length=1, max_length=50)]


class MixOptions(EditOptions):
    """How a film and its tracks are mixed."""

    revision: ClassVar[int] = 3

    tracks: tuple[Placing, ...]
    own_sound: OwnSound = "voice"
    own_gain_db: Gain = 0
    ducking_db: Ducked = 12
    """Decibels by which music is lowered under voices; 0 leaves it."""
    ducking_release: Release = 0.5
    """Seconds after which music has come back."""
    loudness: Loud | None = -14
    """LUFS of the result; None leaves it as it comes."""
    true_peak: Peak = -1
    """Highest peak of the result in dBTP."""
    length: Length = "picture"
    quality: Quality = "standard"


def placings(tracks: Sequence[AddedTrack]) -> tuple[Placing, ...]:
    """How the tracks are heard, without where they come from. Raises InvalidInputError for what is no time."""
    for track in tracks:
        checked(track.start)
        if track.end is not None:
            checked(track.end)
    return tuple(Placing.model_validate(track.model_dump(exclude={"url"})) for track in tracks)


@dataclass(frozen=True, slots=True)
class Slot:
    """When a track is heard, in seconds of the film; of no length if it is not."""

    start: float
    end: float
    cut: bool
    """Whether it is not heard to its end."""

    @property
    def length(self) -> float:
        """Seconds."""
        return self.end - self.start


@dataclass(frozen=True)
class Plan:
    """When everything is heard."""

    total: float
    """Seconds of the result."""
    slots: tuple[Slot, ...]
    """Of the tracks, in their order."""
    warnings: tuple[str, ...]


def plan_mix(
    end: float, own: float, lengths: Sequence[float], options: MixOptions, ends: Iterable[float] = ()
) -> Plan:
    """When each track is heard in a film that ends at `end`; `own` is the end of its own sound (0: none is kept).

    `lengths` are those of the tracks; `ends` where the film can end without being encoded again, in order: if one comes
    soon after its voices, the film ends there. All in seconds. Raises InvalidInputError for a track that ends before it
    begins.
    """
    times = [_times(placing, number, end) for number, placing in enumerate(options.tracks, 1)]
    warnings: list[str] = []
    total = end
    if options.length == "sound":
        spoken = [
            min(start + length, until) if until is not None else start + length
            for placing, length, (start, until) in zip(options.tracks, lengths, times, strict=True)
            if placing.role == "voice"
        ]
        total = max([*spoken, *([own] if options.own_sound == "voice" else [])], default=0.0) or end
        if total > end + LATER:
            warnings.append(f"The sound lasts {total - end:.1f} s longer: the last picture stays until then.")
        elif total < end - LATER:
            total = next((each for each in ends if total <= each <= total + _SOON), total)
    slots = []
    for number, (placing, length, (start, until)) in enumerate(
        zip(options.tracks, lengths, times, strict=True), 1
    ):
        whole = float("inf") if placing.loop and length >= _SHORTEST_LOOP else start + length
        stop = min(whole, total, until if until is not None else float("inf"))
        if stop <= start:
            warnings.append(
                f"Track {number} is not heard: it begins at {clock(start)}, the end is {clock(total)}."
            )
            stop = start
        slots.append(Slot(start, stop, stop < whole - LATER))
    return Plan(total, tuple(slots), tuple(warnings))


def _times(placing: Placing, number: int, end: float) -> tuple[float, float | None]:
    start = moment_in(placing.start, end)
    until = moment_in(placing.end, end) if placing.end is not None else None
    if until is not None and until <= start:
        raise InvalidInputError(
            f"Track {number} begins at {clock(start)} and ends at {clock(until)}.",
            hint="Give an end that comes after the start.",
        )
    return start, until
