"""What callers may ask of copy and of a product's description."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from tasks.promotion.materials import Language

Platform = Literal[
    "instagram",
    "tiktok",
    "facebook",
    "youtube",
    "whatsapp",
    "x",
    "linkedin",
    "threads",
    "pinterest",
    "telegram",
]
"""Where a text is published; `tasks.copywriting.platforms` has the rules of each."""
Tone = Literal["friendly", "energetic", "elegant", "playful", "professional"]
"""How a text sounds. It never adds a claim."""
Length = Literal["short", "medium", "long"]
"""How many of the facts a text names."""
Engine = Literal["auto", "templates", "model"]
"""Who writes. auto: the text model where the settings name one, else the templates."""
Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]


class CopyConfig(BaseModel):
    """A post for one platform, and the script and headline of a film about the same product."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    platform: Platform = "instagram"
    """Where it is published: length, hashtags, emoji and call to action follow its rules."""
    tone: Tone = "friendly"
    """How it sounds."""
    length: Length = "medium"
    """How much of the product it tells."""
    include_hashtags: bool = True
    """Whether it may have hashtags; each platform has as many as suit it."""
    include_emojis: bool = True
    """Whether it may have emoji."""
    language: Language = "pt-BR"
    """Of the text. The product's own words are not translated by the templates."""
    seed: Seed = 0
    """Another number gives another text; the same number gives the same text."""
    max_seconds: Annotated[float, Field(gt=0, le=600)] | None = None
    """Seconds that the script may take when it is spoken; facts are left out until it fits."""
    engine: Engine = "auto"
    """Who writes: auto takes the text model of the settings if there is one, else the templates."""


class DescriptionConfig(BaseModel):
    """The texts of a product's page in a shop."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    tone: Tone = "friendly"
    """How it sounds."""
    length: Length = "medium"
    """How much of the product it tells."""
    language: Language = "pt-BR"
    """Of the text. The product's own words are not translated by the templates."""
    seed: Seed = 0
    """Another number gives another text; the same number gives the same text."""
    engine: Engine = "auto"
    """Who writes: auto takes the text model of the settings if there is one, else the templates."""
