"""What the caller of a diarization can choose."""

from dataclasses import dataclass

from tasks.errors import InvalidInputError


@dataclass(frozen=True, slots=True)
class DiarizationOptions:
    """How many speakers there may be; counted by ear where nothing is said."""

    speakers_min: int | None = None
    speakers_max: int | None = None

    def check(self) -> None:
        """Raises InvalidInputError if no number of speakers fits."""
        if self.speakers_min and self.speakers_max and self.speakers_min > self.speakers_max:
            raise InvalidInputError(
                f"speakers_min is {self.speakers_min} and speakers_max is {self.speakers_max}: no number of speakers "
                "fits both.",
                hint="Give a speakers_min that is not greater than speakers_max, or leave one of them out.",
            )


def diarization_options(
    diarize: bool, speakers_min: int | None, speakers_max: int | None
) -> DiarizationOptions | None:
    """What a caller asked for; None: no speaker labels.

    Raises InvalidInputError if that contradicts itself.
    """
    if not diarize:
        if speakers_min is None and speakers_max is None:
            return None
        raise InvalidInputError(
            "speakers_min and speakers_max are for speaker labels, and diarize is false.",
            hint="Set diarize to true, or leave both numbers out.",
        )
    options = DiarizationOptions(speakers_min, speakers_max)
    options.check()
    return options
