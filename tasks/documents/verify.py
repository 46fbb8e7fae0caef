"""Whether a redline holds what it promises: accepted it says what the new version says, rejected what the old one says.

Both are done in the XML, by `acceptance`, and are compared over the whole text: body, headers, footers and notes, each
with its own kind.
"""

from dataclasses import dataclass

from lxml import etree

from tasks.documents.acceptance import Verdict, is_revised, resolve
from tasks.documents.package import MadePackage, Relationship
from tasks.documents.revisions import GONE, NEW, Lines, read_lines
from tasks.documents.visible import with_visible_signs

_FIXED_BLANK = "\u00a0"
_EMPTY = [("document", "\n")]
"""A document without any paragraph has an empty one once a word processor has opened it."""
_SHOWN = 60
"""Characters of each text that are shown where they part."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What became of the check."""

    holds: bool
    faults: tuple[str, ...] = ()
    """In Portuguese: where the texts part."""


def verify(redline: MadePackage, old: Lines, new: Lines) -> Verification:
    """Checks a redline against both versions."""
    faults = (
        _part("Aceitas todas as alterações, o texto", _resolved(redline, "accept"), new),
        _part("Recusadas todas as alterações, o texto", _resolved(redline, "reject"), old),
    )
    found = tuple(fault for fault in faults if fault)
    return Verification(not found, found)


def reads_as(lines: Lines, old: Lines, new: Lines) -> bool:
    """Whether each side of a redline is the text of its version, so that places in it are places there."""
    return lines.texts(GONE) == new.texts() and lines.texts(NEW) == old.texts()


def _resolved(redline: MadePackage, verdict: Verdict) -> list[tuple[str, str]]:
    return read_lines(_Resolved(redline, verdict)).texts()


class _Resolved(MadePackage):
    """A package whose tracked changes are accepted or rejected as its parts are read."""

    def __init__(self, document: MadePackage, verdict: Verdict) -> None:
        super().__init__(document.contents)
        self._document = document
        self._verdict: Verdict = verdict

    def relationships(self, part: str) -> tuple[Relationship, ...]:
        return self._document.relationships(part)  # in which nothing is tracked

    def xml(self, part: str) -> etree._Element:
        root = super().xml(part)
        if is_revised(root):
            resolve(root, self._verdict)
        return root


def _part(subject: str, told: list[tuple[str, str]], version: Lines) -> str:
    """A sentence about where the texts of two documents part; empty if they do not."""
    meant = version.texts()
    if told == meant or (not version.lines and told == _EMPTY):
        return ""
    said, wanted = ("".join(text for _, text in texts) for texts in (told, meant))
    if said == wanted:  # and what is a note in one is none in the other
        shared = next(place for place, each in enumerate(meant) if told[place : place + 1] != [each])
        place = version.path(sum(len(text) for _, text in meant[:shared]))
        return f"{subject} está em outra parte do documento do que na versão, a partir de {place}."
    at = next(
        (place for place, (one, other) in enumerate(zip(said, wanted, strict=False)) if one != other),
        min(len(said), len(wanted)),
    )
    place = version.path(at) if version.lines else "o começo"
    return (
        f"{subject} difere da versão a partir de {place}: {_shown(said, at)} em vez de {_shown(wanted, at)}."
    )


def _shown(text: str, at: int) -> str:
    """What stands at a place, in words where there is nothing to see."""
    if at >= len(text):
        return "o fim do texto"
    if text[at] == "\n":
        return "uma quebra de parágrafo"
    said = with_visible_signs(text[at : at + _SHOWN].partition("\n")[0])
    return f"“{said.replace(_FIXED_BLANK, '[U+00A0]')}”"
