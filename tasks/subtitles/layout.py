"""How large and how fast subtitles may be: named presets, and what a caller changes of them."""

from dataclasses import dataclass, replace
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from tasks.errors import InvalidInputError


@dataclass(frozen=True, slots=True)
class CueLayout:
    """Limits for cues. Times are seconds; the defaults are the preset "standard"."""

    line_width: int = 42
    """Columns in a line; a longer word still stays whole."""
    lines: int = 2
    reading_speed: float = 20.0
    """Columns a second, where the speech leaves the time. Full-width characters take two columns."""
    shortest: float = 1.0
    longest: float = 7.0
    gap: float = 0.084
    """Between cues: two frames at 24 a second, so that the eye sees the change."""
    pause: float = 1.0
    """A silence of this length ends a cue, unless it would leave a word behind."""
    closing: float = 0.5
    """A shorter time without a cue between two is closed down to the gap: a flash of nothing disturbs."""
    lead: float = 0.3
    """How long before its first word a cue may come when it cannot be read otherwise."""


Preset = Literal["standard", "netflix", "bbc", "vertical"]

_PRESETS: dict[Preset, CueLayout] = {
    "standard": CueLayout(),
    "netflix": CueLayout(reading_speed=17.0, shortest=5 / 6, gap=1 / 12, closing=0.5, lead=0.125),
    "bbc": CueLayout(line_width=37, reading_speed=15.0, gap=0.04, closing=1.0, lead=0.5),
    "vertical": CueLayout(
        line_width=20,
        reading_speed=20.0,
        shortest=0.5,
        longest=2.5,
        gap=0.0,
        pause=0.6,
        closing=0.3,
        lead=0.1,
    ),
}
_NETFLIX = _PRESETS["netflix"]
_NETFLIX_BY_LANGUAGE = {
    "en": replace(_NETFLIX, reading_speed=20.0),
    "ar": replace(_NETFLIX, reading_speed=20.0),
    "zh": replace(_NETFLIX, line_width=32, reading_speed=18.0),
    "yue": replace(_NETFLIX, line_width=32, reading_speed=18.0),
    "ko": replace(_NETFLIX, line_width=32, reading_speed=24.0),
    "ja": replace(_NETFLIX, line_width=26, reading_speed=8.0),
    "ru": replace(_NETFLIX, line_width=39),
    "th": replace(_NETFLIX, line_width=35),
}


class SubtitleOptions(BaseModel):
    """How subtitles look: a preset, and single values in its place."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    preset: Preset = Field("standard", description="Rules to follow; vertical is for short upright videos.")
    line_width: Annotated[int, Field(ge=10, le=100)] | None = Field(
        None, description="Characters in a line (full-width ones count twice)."
    )
    lines: Annotated[int, Field(ge=1, le=3)] | None = Field(None, description="Lines in a subtitle, at most.")
    reading_speed: Annotated[float, Field(ge=5, le=60)] | None = Field(
        None, description="Characters a second, at most, where the speech leaves the time."
    )
    gap: Annotated[float, Field(ge=0, le=1)] | None = Field(
        None, description="Seconds between two subtitles."
    )
    shortest: Annotated[float, Field(ge=0.2, le=5)] | None = Field(
        None, description="Seconds that a subtitle stays, at least, where the speech leaves the time."
    )
    longest: Annotated[float, Field(ge=1, le=20)] | None = Field(
        None, description="Seconds that a subtitle stays, at most."
    )

    def check(self) -> None:
        """Raises InvalidInputError where the values contradict each other in some language."""
        for language in ("", *_NETFLIX_BY_LANGUAGE):
            self.layout(language)

    def layout(self, language: str) -> CueLayout:
        """The limits for a language (its code).

        Netflix: 42 characters, 2 lines, 5/6 s to 7 s, 2 frames between, gaps of 3 to 11 frames closed, in-times within
        3 frames of the sound (Timed Text Style Guide: General Requirements; Subtitle Timing Guidelines; frames at 24 a
        second). Characters a second are those of adult programmes in the guide of the language: 20 in English, 17 in
        most others, Portuguese, Spanish, French, German and Italian among them; Chinese 16 full-width characters in a
        line and 9 a second, Korean 16 and 12, Japanese 13 and 4.

        BBC: at most 68 % of the width of a 16:9 picture, which are 37 characters as in teletext, two lines, 160 to 180
        words a minute (about 15 characters a second), no short gaps: none, or at least a second (Subtitle Guidelines,
        "Line length", "Target minimum timing", "Gaps"). It names no shortest and longest time; they are the standard's.

        "vertical" is no broadcaster's: two lines of 20 characters fill the safe middle of an upright picture, and
        change about every two seconds, as short videos do.

        Raises InvalidInputError where the values contradict each other.
        """
        layout = _PRESETS[self.preset]
        if self.preset == "netflix":
            layout = _NETFLIX_BY_LANGUAGE.get(language, layout)
        single = self.model_dump(exclude={"preset"}, exclude_none=True)
        layout = replace(layout, **single)
        if layout.shortest >= layout.longest:
            raise InvalidInputError(
                f"subtitles: the shortest time ({layout.shortest:g} s) is not below the longest "
                f"({layout.longest:g} s).",
                hint='Give a smaller "shortest" or a larger "longest".',
            )
        if layout.gap >= layout.shortest:
            raise InvalidInputError(
                f"subtitles: the gap ({layout.gap:g} s) is not below the shortest time ({layout.shortest:g} s).",
                hint='Give a smaller "gap" or a larger "shortest".',
            )
        return layout
