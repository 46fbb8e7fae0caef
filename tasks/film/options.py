"""What callers choose about a promotional film."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from tasks.captions.word_look import Preset
from tasks.fetching.source import Source
from tasks.film.storyboard import Transition
from tasks.media.rates import FrameRate
from tasks.promotion.materials import Language
from tasks.video.encoding import Quality

TemplateChoice = Literal["auto", "product-hero", "slideshow", "story", "price-drop", "testimonial"]
"""auto: price-drop where a price was lowered by 5 % or more, testimonial where a customer is quoted, else
product-hero."""
AudioType = Literal["voiceover", "ambient", "none"]
"""voiceover: a voice, with music under it; ambient: music alone; none: a silent track."""
Mood = Literal["calm", "energetic", "happy", "nostalgic", "tender"]
MusicChoice = Literal["auto", "none", "calm", "energetic", "happy", "nostalgic", "tender"]
"""auto: a mood that suits the template."""
Aspect = Literal["9:16", "4:5", "1:1", "16:9"]
Platform = Literal[
    "instagram", "tiktok", "facebook", "youtube", "whatsapp", "linkedin", "pinterest", "x", "threads", "telegram"
]  # fmt: skip

SHORTEST, LONGEST = 3.0, 180.0
"""Seconds of a film."""

_SHAPES: dict[Aspect, tuple[int, int]] = {"9:16": (9, 16), "4:5": (4, 5), "1:1": (1, 1), "16:9": (16, 9)}


class VideoConfig(BaseModel):
    """How the film is made."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    duration: Annotated[float, Field(ge=SHORTEST, le=LONGEST)] | None = None
    """Seconds. Empty: as long as the narration; without one, some seconds a picture. A longer narration is refused."""
    template: TemplateChoice = "auto"
    audio_type: AudioType | None = None
    """Empty: voiceover if there is a voice, else ambient."""
    audio_url: Source | None = None
    """Your own recording instead of the voice-over: a URL or a key of the media store."""
    voice_gain: Annotated[float, Field(ge=-30, le=12)] = 0
    """Decibels by which the voice is louder, before the whole is brought to its loudness."""
    music_gain: Annotated[float, Field(ge=-30, le=12)] = 0
    """The same for the music."""
    music: MusicChoice = "auto"
    """Mood of the music, or none."""
    music_url: Source | None = None
    """Music of your own: a URL or a key of the media store."""
    transitions: Transition = "fade"
    """How one picture gives way to the next."""
    include_captions: bool = True
    """Whether captions are drawn into the film, if there is something to caption."""
    caption_style: Preset = "box"
    """A look of the captions; `box` marks the spoken word with the colour of the brand."""
    aspect: Aspect = "9:16"
    size: Annotated[int, Field(ge=240, le=2160, multiple_of=2)] = 1080
    """Pixels of the shorter side."""
    fps: FrameRate = 30
    """Frames a second."""
    quality: Quality = "standard"
    language: Language | None = None
    """Of its own words, prices and dates; empty: that of the voice or the copy, else of the product's facts."""
    platform: Platform | None = None
    """Where it is published: what the app lays over the picture is kept free, and its limits are checked."""

    @property
    def frame(self) -> tuple[int, int]:
        """Width and height in pixels, both even."""
        across, down = _SHAPES[self.aspect]
        unit = self.size / min(across, down)
        return round(across * unit / 2) * 2, round(down * unit / 2) * 2
