"""The letters of reports: the fonts of captions, which have those of most languages, and emoji in colour."""

import os
import re
import tempfile
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from types import ModuleType
from typing import Any

from tasks import captions
from tasks.errors import MissingEngineError

TEXT, TITLES, EMOJI = "Arimo", "Outfit", "Twemoji Mozilla"
_FIRST = (TEXT, "Noto Sans Arabic")
_SYMBOLS = ("Noto Sans Symbols",)
_HAN = re.compile("[\u2e80-\u9fff]")
_CERTAIN = "\u0530"
_SAMPLE = 100_000
"""Characters that the script of Chinese is told by."""


def require_setter() -> ModuleType:
    """The library that sets pages. Raises MissingEngineError if it is not installed."""
    try:
        import typst  # noqa: PLC0415 - an extra of the installation, and large
    except ImportError as error:
        raise MissingEngineError(
            "Reports need the package typst, which is not installed.",
            hint="Run: pip install 'contraponto[reports]'",
        ) from error
    return typst


@dataclass(frozen=True)
class Letters:
    """The fonts of one report."""

    fonts: Any
    """As the setter has them."""
    families: tuple[str, ...]
    """In the order in which they are asked for a letter."""
    lost: str
    """The letters that none of them has, each once."""


def letters_of(text: str, folders: Sequence[Path], cache: Path) -> Letters:
    """The fonts that a text is set in.

    Args:
        text: All that is set.
        folders: Where fonts are, beside those of the project.
        cache: Folder for what is made of the fonts of the project; made where it is missing.
    """
    there = tuple(folder for folder in (*folders, _shipped(), _emoji_folder(cache)) if folder.is_dir())
    fonts = _loaded(there, tuple(_stamp(folder) for folder in there))
    families = sorted(fonts.families(), key=partial(_rank, _region(text)))
    return Letters(fonts, tuple(families), _lost(text, folders))


def _rank(region: str, family: str) -> tuple[int, bool, str]:
    """Letters of most languages first; fonts of titles and emoji only for what no other has."""
    if family in _FIRST:
        return (_FIRST.index(family), False, family)
    if family.startswith("Noto Sans"):
        last = family in _SYMBOLS
        return (10 + last, not family.endswith(f" {region}") and "CJK" in family, family)
    return (30 if family == EMOJI else 20, False, family)


def _region(text: str) -> str:
    """How Han is written in the text, as the families of its fonts end."""
    if not _HAN.search(text):
        return "JP"
    from tasks.captions.scripts import han_region  # noqa: PLC0415 - it takes its time to import

    return han_region(text[:_SAMPLE])


def _lost(text: str, folders: Sequence[Path]) -> str:
    """The letters of a text that no font has."""
    # The fonts of the project have those before these.
    different = "".join(character for character in dict.fromkeys(text) if character >= _CERTAIN)
    if not any(unicodedata.category(character)[0] in "LM" for character in different):
        return ""
    from tasks.captions.fonts import find_typeface  # noqa: PLC0415 - it takes its time to import

    return find_typeface(TEXT, bold=False, folders=folders).missing_letters(different)


def scripts_of(lost: Iterable[str], installed: Iterable[str]) -> tuple[str, tuple[str, ...]]:
    """What scripts letters are of, in words, and the models that would bring fonts for them."""
    from tasks.captions.scripts import COVERED, by_script, script_names  # noqa: PLC0415 - it takes its time to import

    wanted = by_script(lost).keys()
    there = set(installed)
    models = (name for name, scripts in COVERED.items() if name not in there and wanted & set(scripts))
    return script_names(lost), tuple(models)


@lru_cache(maxsize=4)
def _loaded(folders: tuple[Path, ...], _stamps: tuple[int, ...]) -> Any:
    return require_setter().Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(each) for each in folders]
    )


def _stamp(folder: Path) -> int:
    return folder.stat().st_mtime_ns


def _shipped() -> Path:
    return Path(captions.__file__).with_name("fonts")


def _emoji_folder(cache: Path) -> Path:
    """The folder with the emoji as a font that the setter reads: it knows no compressed ones."""
    source = _shipped() / "TwemojiMozilla.woff"
    target = cache / f"{source.stem}.ttf"
    if target.is_file():
        return cache
    from fontTools.ttLib import TTFont  # noqa: PLC0415 - of the same extra; it takes its time to import

    cache.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=cache, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as made, TTFont(source, lazy=True, recalcTimestamp=False) as font:
            font.flavor = None
            font.save(made, reorderTables=None)
        Path(name).replace(target)
    finally:
        Path(name).unlink(missing_ok=True)
    return cache
