"""The labels of drawings, apart from their shapes, for the setter.

It sets text of its own in every script. What stands within a drawing it only copies, letter for letter: vowels that
stand before their consonant lie on top of others then, joined letters come apart, and one font has to do.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

from tasks.reports.drawing import BELOW

_SVG = "{http://www.w3.org/2000/svg}"
_MOVED = re.compile(r"translate\(([-\d.]+)[, ]+([-\d.]+)\)")


@dataclass(frozen=True)
class Label:
    """A text in a drawing; places and sizes are in its pixels."""

    text: str
    x: float
    y: float
    """Of the line that the letters stand on."""
    size: float
    back: float
    """What part of its width lies before `x`: 0 is the start of the text, 1 its end."""


@dataclass(frozen=True)
class Drawing:
    """A chart in two parts."""

    shapes: str
    """As SVG."""
    width: float
    height: float
    labels: tuple[Label, ...]


def taken_apart(svg: str) -> Drawing:
    """The parts of a chart as `tasks.reports.drawing` draws it."""
    root = ElementTree.fromstring(svg)  # noqa: S314 - written by ourselves
    labels = tuple(_taken(root, 0.0, 0.0, ()))
    ElementTree.register_namespace("", _SVG[1:-1])
    shapes = ElementTree.tostring(root, encoding="unicode")
    return Drawing(shapes, float(root.attrib["width"]), float(root.attrib["height"]), labels)


def _taken(parent: ElementTree.Element, x: float, y: float, classes: tuple[str, ...]) -> Iterator[Label]:
    """The labels within an element, which it has no more then."""
    for child in list(parent):
        moved = _MOVED.match(child.get("transform", ""))
        left, top = (x + float(moved[1]), y + float(moved[2])) if moved else (x, y)
        within = (*classes, *child.get("class", "").split())
        if child.tag != f"{_SVG}text":
            yield from _taken(child, left, top, within)
            continue
        parent.remove(child)
        text = "".join(child.itertext())
        if text.strip():
            size, back, shift = _manner(within)
            yield Label(
                text, left + float(child.get("x", 0)) + shift, top + float(child.get("y", 0)), size, back
            )


def _manner(classes: tuple[str, ...]) -> tuple[float, float, float]:
    """Size, the part that lies before its place, and by how much it is moved: what the style of the drawing says."""
    if "legend" in classes:
        return 14, 0, 0
    if "axis" in classes:
        return 13, 1 if "y" in classes else 0.5, 0
    if BELOW in classes:
        return 12, 1, -6
    return 12, 0 if "horizontal" in classes else 0.5, 6 if "horizontal" in classes else 0
