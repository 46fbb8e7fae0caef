"""Whether every letter of a text can be drawn: a caption without them says something else, or nothing."""

from collections.abc import Sequence
from typing import Literal

from tasks.captions.fonts import Typeface
from tasks.captions.reading import SpokenWord, Subtitle
from tasks.captions.scripts import COVERED, by_script, script_names
from tasks.captions.wording import Replacement, replaced, replaced_words
from tasks.errors import InvalidInputError, MissingEngineError

MissingLetters = Literal["fail", "leave_out"]
"""What becomes of a text with letters that no font here can draw."""


def require_letters(text: str, typeface: Typeface, installed: Sequence[str]) -> None:
    """Checks that the fonts have every letter of a text; other characters may be missing.

    Args:
        text: All that is to be shown.
        typeface: What it is set in.
        installed: Which of the models of `COVERED` are there.

    Raises:
        MissingEngineError: Fonts that can be fetched have the letters.
        InvalidInputError: No font that the project knows has them.
    """
    missing = typeface.missing_letters(text)
    if not missing:
        return
    wanted = by_script(missing)
    models = [
        name for name, scripts in COVERED.items() if name not in installed and wanted.keys() & set(scripts)
    ]
    message = f"No font here can draw {script_names(missing)}, which the captions have letters of."
    own = "put a .ttf or .otf file that has these letters into the folder fonts of the data folder"
    otherwise = 'or send missing_letters "leave_out" to have them left out.'
    if models:
        raise MissingEngineError(
            message,
            hint=f"Get the fonts with: contraponto models get {' '.join(models)} ({own}, {otherwise[:-1]}).",
        )
    raise InvalidInputError(message, hint=f"{own[0].upper()}{own[1:]}, {otherwise}")


def text_of_subtitles(subtitles: Sequence[Subtitle], replacements: Sequence[Replacement]) -> str:
    """All that subtitles show."""
    return "\n".join(replaced(subtitle.text, replacements) for subtitle in subtitles)


def text_of_words(words: Sequence[SpokenWord], replacements: Sequence[Replacement]) -> str:
    """All that words show."""
    return " ".join(word.word for word in replaced_words(words, replacements))
