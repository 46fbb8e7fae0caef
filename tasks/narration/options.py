"""What callers choose of a narration."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from tasks.fetching.source import Source
from tasks.promotion.materials import Language
from tasks.subtitles.layout import SubtitleOptions

VoiceEngineChoice = Literal["auto", "embedded", "endpoint", "none"]
"""auto: the speech endpoint if the settings name one, else the embedded voices; none: the film has no voice."""

LONGEST_SCRIPT = 5000
"""Characters: about six minutes."""


class VoiceConfig(BaseModel):
    """How a script is spoken."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    engine: VoiceEngineChoice = "auto"
    """Who speaks: the embedded voices, an OpenAI-compatible speech endpoint, or nobody (none)."""
    language: Language | None = None
    """Language of the script; none: that of the copy, else the one in which the script is written."""
    voice: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    """Name of the voice, such as pf_dora; none: the best of the language."""
    speed: Annotated[float, Field(ge=0.25, le=4)] = 1.0
    """1 is the voice's own pace, 2 twice as fast."""
    model: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """Of the speech endpoint, such as tts-1; none: that of the settings."""
    script_text: Annotated[str, Field(min_length=1, max_length=LONGEST_SCRIPT)] | None = None
    """What is spoken; none: the script of the copy."""
    audio_url: Source | None = None
    """Your own recording of the script: address or store key. Nothing is spoken then; the script times its words."""
    sentence_pause: Annotated[float, Field(ge=0, le=3)] = 0.3
    """Seconds of silence after a sentence, at speed 1; twice as many after a paragraph."""
    loudness: Annotated[float, Field(ge=-31, le=-8)] = -16.0
    """Of the narration alone, in LUFS; a film has its own."""


CaptionFormat = Literal["srt", "vtt", "ass", "json"]


class CaptionsConfig(BaseModel):
    """How the captions of a narration are cut and in which files they are given."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    audio_url: Source | None = None
    """A recording to caption in place of the narration: address or store key. The script, if there is one, is found in
    it; without a script it is written down."""
    language: Language | None = None
    """Spoken language; none: that of the narration or the copy, else of the product's facts, else Brazilian
    Portuguese."""
    format: CaptionFormat = "srt"
    """The file that is asked for: srt, vtt, ass, or json (with the times of all words). srt and ass always are."""
    subtitles: SubtitleOptions = SubtitleOptions(preset="vertical")
    """Rules by which captions are cut: vertical for upright films, standard, netflix or bbc for others."""

    @property
    def formats(self) -> tuple[CaptionFormat, ...]:
        """All files that are made, the one asked for first."""
        return tuple(dict.fromkeys((self.format, "srt", "ass")))
