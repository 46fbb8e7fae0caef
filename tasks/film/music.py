"""Music under a film, chosen by mood: the tracks of the model `music`, made for this by a generator, MIT."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from tasks.errors import MissingEngineError
from tasks.film.options import Mood, MusicChoice

MODEL_NAME = "music"

_BEATS_A_MINUTE: dict[tuple[Mood, str], float] = {
    ("calm", "acoustic"): 68, ("calm", "electronic"): 72,
    ("energetic", "acoustic"): 132, ("energetic", "electronic"): 150,
    ("happy", "acoustic"): 110, ("happy", "electronic"): 123,
    ("nostalgic", "acoustic"): 78, ("nostalgic", "electronic"): 84,
    ("tender", "acoustic"): 90, ("tender", "electronic"): 99,
}  # fmt: skip
"""As the list beside the tracks says."""
_MOODS: dict[str, Mood] = {
    "product-hero": "happy", "slideshow": "happy", "story": "tender", "price-drop": "energetic", "testimonial": "calm",
}  # fmt: skip
_NAME = re.compile(r"(?P<mood>[a-z]+)_(?P<kind>acoustic|electronic)_\w+\.opus")


@dataclass(frozen=True)
class Music:
    """A track."""

    path: Path
    beats_a_minute: float | None = None
    """If that is known: it is then repeated on the beat."""


def chosen_mood(choice: MusicChoice, template: str) -> Mood | None:
    """The mood asked for, or one that suits the template; None for no music."""
    if choice == "none":
        return None
    return _MOODS.get(template, "happy") if choice == "auto" else choice


def track_names(models_dir: Path) -> tuple[str, ...]:
    """The tracks that are installed; none if the music is not."""
    return tuple(sorted(path.name for path in (models_dir / MODEL_NAME).glob("*.opus")))


def choose_track(models_dir: Path, mood: Mood, seed: str) -> Music:
    """One of the tracks of a mood, always the same for the same seed.

    Raises MissingEngineError if they are not installed.
    """
    found = sorted((models_dir / MODEL_NAME).glob(f"{mood}_*.opus"))
    if not found:
        raise MissingEngineError(
            "The music is not installed.",
            hint="Get it with: contraponto models get music, or set music to none.",
        )
    path = found[int(hashlib.sha256(f"{mood} {seed}".encode()).hexdigest(), 16) % len(found)]
    named = _NAME.fullmatch(path.name)
    return Music(path, _BEATS_A_MINUTE.get((mood, named["kind"])) if named else None)
