"""Turns: who speaks from when to when."""

from collections.abc import Iterable, Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from tasks.speech.transcript import Seconds, SpeakerShare


class Turn(BaseModel):
    """One speaker speaks, without a pause; turns of different speakers may overlap."""

    model_config = ConfigDict(frozen=True)

    start: Seconds
    end: Seconds
    speaker: Annotated[int, Field(ge=0)]
    """Numbered from 0 in the order in which they are first heard."""


def label(speaker: int) -> str:
    """The short name of a speaker in data: "S1" for the first."""
    return f"S{speaker + 1}"


def in_order_of_appearance(turns: Iterable[Turn]) -> tuple[Turn, ...]:
    """The turns in order of time, with their speakers numbered anew."""
    ordered = sorted(turns, key=lambda turn: (turn.start, turn.end))
    numbers: dict[int, int] = {}
    return tuple(
        Turn(start=turn.start, end=turn.end, speaker=numbers.setdefault(turn.speaker, len(numbers)))
        for turn in ordered
    )


def shares(turns: Sequence[Turn]) -> tuple[SpeakerShare, ...]:
    """Each speaker's seconds, in order of appearance."""
    seconds: dict[int, float] = {}
    for turn in turns:
        seconds[turn.speaker] = seconds.get(turn.speaker, 0.0) + turn.end - turn.start
    return tuple(
        SpeakerShare(speaker=label(speaker), seconds=seconds[speaker]) for speaker in sorted(seconds)
    )
