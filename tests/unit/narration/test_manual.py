"""The tables of the manual say what is spoken."""

import re
from pathlib import Path

import pytest

from tasks.narration.spoken_form import spoken_form
from tasks.promotion.materials import Language

PAGE = (Path(__file__).parents[3] / "docs" / "narration.md").read_text()
ROW = re.compile(r"^\| (?!written)(?P<written>[^|]+) \| (?P<spoken>[^|]+) \|$", re.MULTILINE)


def rows(language: Language) -> list[tuple[str, str]]:
    name = {"pt-BR": "Brazilian Portuguese:", "en": "English:"}[language]
    table = re.split(r"\n\n(?!\|)", PAGE.split(f"\n{name}\n")[1])[0]
    return [(row["written"], row["spoken"]) for row in ROW.finditer(table)]


@pytest.mark.parametrize("language", ["pt-BR", "en"])
def test_what_the_manual_shows_is_what_is_said(language: Language) -> None:
    found = rows(language)
    assert len(found) > 15
    assert [(written, spoken_form(written, language).text) for written, _ in found] == found
