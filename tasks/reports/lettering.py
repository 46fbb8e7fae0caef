"""The letters of drawings, where they are set with fonts of our own: the setter takes one font for a whole label."""

from collections.abc import Collection
from itertools import groupby
from xml.etree import ElementTree

from tasks.reports.fonts import TEXT

_SVG = "{http://www.w3.org/2000/svg}"
_PLAIN = "\u0530"
"""Letters before this one are in the font of texts."""


def in_fonts(svg: str, families: Collection[str]) -> str:
    """The drawing with each stretch of a label in the font of its script; where a label is in one, as it was.

    Beside another font's letters those that are joined, or stand in another order, would be squares.
    """
    if all(character < _PLAIN for character in svg):
        return svg
    ElementTree.register_namespace("", _SVG[1:-1])
    root = ElementTree.fromstring(svg)  # noqa: S314 - written by ourselves
    for label in root.iter(f"{_SVG}text"):
        stretches = _stretches(label.text or "", families)
        if len(stretches) > 1:
            label.text = None
            for place, (family, text) in enumerate(stretches):
                part = ElementTree.Element(f"{_SVG}tspan", {"style": f"font-family: '{family}'"})
                part.text = text
                label.insert(place, part)
    return ElementTree.tostring(root, encoding="unicode")


def _stretches(text: str, families: Collection[str]) -> list[tuple[str, str]]:
    """The text in pieces, each with the font that it is set in."""
    from fontTools.unicodedata import script, script_name  # noqa: PLC0415 - it takes its time to import

    found = TEXT

    def family(character: str) -> str:
        nonlocal found
        code = script(character)
        if code != "Zinh" and not character.isspace():  # marks belong to their letters, spaces to either side
            name = f"Noto Sans {script_name(code)}"
            found = name if character >= _PLAIN and name in families else TEXT
        return found

    return [(name, "".join(part)) for name, part in groupby(text, family)]
