"""What a step of a pipeline is given, and what it makes."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel

from tasks.promotion.materials import CaptionTrack, Narration, Picture, WrittenCopy
from tasks.promotion.product import Product


@dataclass(frozen=True)
class Given:
    """What a step works with."""

    options: BaseModel
    product: Product | None
    images: tuple[str, ...]
    """Addresses or store keys."""
    pictures: tuple[Picture, ...]
    copy: WrittenCopy | None
    narration: Narration | None
    captions: CaptionTrack | None
    for_film: bool
    """Whether a film waits for what the step makes."""
    max_seconds: float | None
    """That a narration may take at most: those of the shortest film that waits for it."""
    max_script_seconds: float | None
    """That a script may take, so that the film has time for its end."""
    speed: float
    """Of the voice that speaks the script."""
    strict: bool


@dataclass(frozen=True)
class Made:
    """What a step made."""

    told: BaseModel | None = None
    """For the job document."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Keys of the cache by what each is called."""
    shown: Mapping[str, str] = field(default_factory=dict)
    """Keys of small JPEG pictures that the web page shows, by what each is."""
    pages: Mapping[str, str] = field(default_factory=dict)
    """Texts that it shows besides, by their titles."""
    pictures: tuple[Picture, ...] = ()
    copy: WrittenCopy | None = None
    narration: Narration | None = None
    captions: CaptionTrack | None = None
    warnings: tuple[str, ...] = ()
