"""The READMEs and the pages of the manual: their fenced blocks, and the statements of those that are shell."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from blocks.settings import PROJECT_ROOT

_DOCS = PROJECT_ROOT / "docs"


@dataclass(frozen=True)
class Language:
    """One language of the manual."""

    readme: Path
    folder: Path

    @property
    def pages(self) -> list[Path]:
        """The README and the pages of the manual."""
        return [self.readme, *sorted(self.folder.glob("*.md"))]


ENGLISH = Language(PROJECT_ROOT / "README.md", _DOCS)
PORTUGUESE = Language(PROJECT_ROOT / "README.pt-BR.md", _DOCS / "pt-BR")
LANGUAGES = (ENGLISH, PORTUGUESE)
PAGES = [page for language in LANGUAGES for page in language.pages]


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def manual(language: Language) -> str:
    """All that is there to read in one language."""
    return "\n".join(text_of(page) for page in language.pages)


def named(path: Path) -> str:
    """What a test's parameter is called."""
    return str(path.relative_to(PROJECT_ROOT))


by_language = pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.readme.name)


@dataclass(frozen=True)
class Block:
    """One fenced block."""

    language: str
    text: str


def blocks(markdown: str) -> list[Block]:
    """Every fenced block in its order."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", markdown, re.M | re.S)
    return [Block(language, text) for language, text in found]


def section(markdown: str, heading: str) -> str:
    """What stands below a heading, up to the next of its level or above."""
    level = heading.partition(" ")[0]
    start = markdown.index(f"\n{heading}\n") + len(heading) + 2
    end = re.compile(rf"^#{{2,{len(level)}}} ", re.M).search(markdown, start)
    return markdown[start : end.start() if end else None]


def statements(shell: str) -> Iterator[str]:
    """The statements of a shell block: lines, joined while a quote is open and after a backslash."""
    statement = ""
    for line in shell.splitlines():
        statement = f"{statement}\n{line}" if statement else line
        if statement.count("'") % 2 == 0 and not statement.endswith("\\"):
            yield statement
            statement = ""
    assert not statement, f"it does not end: {statement}"


def commands() -> Iterator[list[str]]:
    """Every command of the shell blocks of every page, split into words; assignments before it are left out."""
    for page in PAGES:
        for block in blocks(text_of(page)):
            if block.language == "sh":
                for statement in statements(block.text):
                    yield from _split(statement)


def mentioned() -> Iterator[list[str]]:
    """Every command of ours that a sentence names with something after it: `contraponto deploy --image x`."""
    for page in PAGES:
        prose = re.sub(r"```.*?```", "", text_of(page), flags=re.S)
        for span in re.findall(r"`((?:contraponto|make|prefect|pip) [^`]+)`", prose):
            yield shlex.split(span.replace("\n", " "))


def _split(statement: str) -> Iterator[list[str]]:
    if statement.startswith("field()"):
        return
    inner = re.fullmatch(r"[A-Z]+=\$\((.*)\)", statement, re.S)
    for part in re.split(r" \| (?=field|python3)", inner[1] if inner else statement):
        words = shlex.split(part.replace("\\\n", " "), comments=True)
        while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
            words.pop(0)
        if words and words[0] not in ("field", "python3"):
            yield words
