"""Whether a redline holds what it promises: accepted it says what the new version says, rejected what the old one says.

Both are done in the XML, by `acceptance`, and are compared over the whole text: body, headers, footers and notes.
"""

from dataclasses import dataclass

from lxml import etree

from tasks.documents.acceptance import Verdict, resolve
from tasks.documents.package import Package
from tasks.documents.revisions import GONE, NEW, Lines, read_lines

_SHOWN = 60
"""Characters of each text that are shown where they part."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What became of the check."""

    holds: bool
    faults: tuple[str, ...] = ()
    """In Portuguese: where the texts part."""


def verify(redline: Package, old: Lines, new: Lines) -> Verification:
    """Checks a redline against both versions."""
    accepted, rejected = new.text(), old.text()
    faults = (
        _part("Aceitas todas as alterações, o texto", _resolved(redline, "accept"), accepted, new),
        _part("Recusadas todas as alterações, o texto", _resolved(redline, "reject"), rejected, old),
    )
    found = tuple(fault for fault in faults if fault)
    return Verification(not found, found)


def reads_as(lines: Lines, old: Lines, new: Lines) -> bool:
    """Whether each side of a redline is the text of its version, so that places in it are places there."""
    return lines.text(GONE) == new.text() and lines.text(NEW) == old.text()


def _resolved(redline: Package, verdict: Verdict) -> str:
    return read_lines(_Resolved(redline, verdict)).text()


class _Resolved(Package):
    """A package whose tracked changes are accepted or rejected as its parts are read."""

    def __init__(self, package: Package, verdict: Verdict) -> None:
        super().__init__(package.archive)
        self._verdict: Verdict = verdict

    def xml(self, part: str) -> etree._Element:
        root = super().xml(part)
        resolve(root, self._verdict)
        return root


def _part(subject: str, said: str, wanted: str, version: Lines) -> str:
    """A sentence about where two texts part; empty if they do not."""
    if said == wanted:
        return ""
    at = next(
        (place for place, (one, other) in enumerate(zip(said, wanted, strict=False)) if one != other),
        min(len(said), len(wanted)),
    )
    shown, meant = said[at : at + _SHOWN].partition("\n")[0], wanted[at : at + _SHOWN].partition("\n")[0]
    place = version.path(at) if version.lines else "o começo"
    return f"{subject} difere da versão a partir de {place}: “{shown}” em vez de “{meant}”."
