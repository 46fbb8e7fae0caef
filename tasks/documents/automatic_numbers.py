"""The numbers that a word processor writes before paragraphs by itself, and that are no text of the document.

Most contracts that are made in Word are numbered so. The rules are ECMA-376 part 1, 17.9; what is counted together is
what has the same definition (abstractNum), as Word does it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lxml import etree

from tasks.documents.numerals import ordinal_in_words, roman_digits
from tasks.documents.package import Package
from tasks.documents.revisions import Lines
from tasks.documents.shown import attribute

_LEVELS = 9
_LONGEST = 60
"""Characters of what stands around a number."""
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_REPEATED = 5
"""Letters in a row: the 27th is aa, the 53rd aaa."""
_PLACE = re.compile(r"%([1-9])")
_NAMED = b"numId"
"""What is in every part that names a list."""
_UNNUMBERED = frozenset({"bullet", "none"})


@dataclass(frozen=True, slots=True)
class _Level:
    """How the paragraphs of a level are numbered."""

    start: int
    form: str
    text: str
    """With %1 for the number of the first level."""
    style: str
    """The style of paragraphs whose level it is."""
    restarts: int
    """Behind paragraphs of this level and of those above it, from 1; 0 for never."""
    decimal: bool
    """Whether all levels are written in digits here."""


@dataclass(frozen=True, slots=True)
class _List:
    """A numbering that paragraphs name."""

    counted_with: str
    levels: Mapping[int, _Level]
    starts: Mapping[int, int]
    """Where it begins anew, by level."""


def numbers_of(package: Package, lines: Lines) -> list[str]:
    """What stands before each paragraph of a document without tracked changes; empty where nothing does.

    Of headers, footers and notes it is not told. Raises UnusableDocumentError.
    """
    numbering, styles = _root(package, "numbering"), _root(package, "styles")
    if numbering is None or (styles is None and _NAMED not in package.read(package.main)):
        return [""] * len(lines.lines)
    named = _Styles(styles)
    lists = _lists(numbering, named)
    count = _Count()
    return [
        count.before(*_place(line.element, lists, named)) if line.part == package.main else ""
        for line in lines.lines
    ]


def _root(package: Package, kind: str) -> etree._Element | None:
    """A part that the text refers to, if it names lists."""
    for each in package.relationships(package.main):
        if each.kind == f"/relationships/{kind}" and not each.external and package.has(each.target):
            # Most documents have styles, and to read them takes as long as all the rest of a short one.
            return package.xml(each.target) if _NAMED in package.read(each.target) else None
    return None


class _Styles:
    """The lists that styles of paragraphs name."""

    def __init__(self, root: etree._Element | None) -> None:
        self._of: dict[str, etree._Element] = {}
        self._found: dict[str, tuple[str, int | None]] = {}
        self._default = ""
        for style in root.iter("{*}style") if root is not None else ():
            name = attribute(style, "styleId")
            self._of.setdefault(name, style)
            if attribute(style, "type") == "paragraph" and attribute(style, "default") in ("1", "true", "on"):
                self._default = name

    def numbering(self, name: str) -> tuple[str, int | None]:
        """Name of the list and level of a style, or of the one that it is based on; empty if there is none."""
        name = name or self._default
        if name not in self._found:
            self._found[name] = next(self._inherited(name), ("", None))
        return self._found[name]

    def family(self, name: str) -> Iterator[str]:
        """A style and those that it is based on."""
        seen: set[str] = set()
        name = name or self._default
        while name in self._of and name not in seen:
            seen.add(name)
            yield name
            name = _value(self._of[name], "basedOn")

    def _inherited(self, name: str) -> Iterator[tuple[str, int | None]]:
        for each in self.family(name):
            properties = self._of[each].find("{*}pPr/{*}numPr")
            if properties is not None and (number := _value(properties, "numId")):
                yield number, _level(_value(properties, "ilvl"))


def _lists(root: etree._Element, styles: _Styles) -> dict[str, _List]:
    definitions = {attribute(each, "abstractNumId"): each for each in root.iter("{*}abstractNum")}
    named = {attribute(each, "numId"): each for each in root.iter("{*}num")}
    found: dict[str, _List] = {}
    for name, each in named.items():
        definition = definitions.get(_value(each, "abstractNumId"))
        link = _value(definition, "numStyleLink")
        if link:  # its levels are those of the list that a style names
            linked = named.get(styles.numbering(link)[0])
            definition = definitions.get(_value(linked, "abstractNumId"))
        if definition is None:
            continue
        levels = dict(_levels(definition))
        starts: dict[int, int] = {}
        for override in each.iter("{*}lvlOverride"):
            levels |= dict(_levels(override))
            level = _level(attribute(override, "ilvl"))
            if level is not None and (start := _whole(_value(override, "startOverride"))) is not None:
                starts[level] = start
        found[name] = _List(attribute(definition, "abstractNumId"), levels, starts)
    return found


def _levels(holder: etree._Element) -> Iterator[tuple[int, _Level]]:
    for each in holder.iterchildren("{*}lvl"):
        place = _level(attribute(each, "ilvl"))
        if place is None:
            continue
        restarts = _whole(_value(each, "lvlRestart"))
        legal = each.find("{*}isLgl")
        yield (
            place,
            _Level(
                start=_whole(_value(each, "start")) or 0,
                form=_value(each, "numFmt") or "decimal",
                text=_value(each, "lvlText")[:_LONGEST],
                style=_value(each, "pStyle"),
                restarts=place if restarts is None else min(restarts, place),
                decimal=legal is not None and attribute(legal, "val") not in ("0", "false", "off"),
            ),
        )


def _place(
    paragraph: etree._Element, lists: Mapping[str, _List], styles: _Styles
) -> tuple[_List | None, int]:
    """The list of a paragraph, and its level in it: its own, else those of its style."""
    properties = paragraph.find("{*}pPr")
    style = _value(properties, "pStyle")
    own = properties.find("{*}numPr") if properties is not None else None
    number, level = _value(own, "numId"), _level(_value(own, "ilvl"))
    inherited, its_level = styles.numbering(style)
    held = lists.get(number or inherited)
    if held is None:
        return None, 0
    if level is None and not number:
        # Which level a style is of, the list says.
        family = list(styles.family(style))
        of_style = (place for place, each in held.levels.items() if each.style in family)
        level = next(of_style, its_level)
    return held, level or 0


class _Count:
    """How far each definition has come."""

    def __init__(self) -> None:
        self._now: dict[str, dict[int, int]] = {}
        self._begun: set[tuple[int, int]] = set()

    def before(self, held: _List | None, at: int) -> str:
        """What stands before the next paragraph of a list."""
        if held is None or at not in held.levels:
            return ""
        now = self._now.setdefault(held.counted_with, {})
        anew = held.starts.get(at) if (id(held), at) not in self._begun else None
        self._begun.add((id(held), at))
        if anew is not None:
            now[at] = anew
        else:
            now[at] = now[at] + 1 if at in now else held.levels[at].start
        for deeper in [place for place in now if place > at]:
            level = held.levels.get(deeper)
            if level is None or at < level.restarts:
                del now[deeper]
        return _written(held.levels, now, at)


def _written(levels: Mapping[int, _Level], now: Mapping[int, int], at: int) -> str:
    level = levels[at]
    if level.form in _UNNUMBERED:
        return ""

    def number(match: re.Match[str]) -> str:
        place = int(match[1]) - 1
        its = levels.get(place)
        if its is None or place > at:
            return ""
        return _number(now.get(place, its.start), "decimal" if level.decimal else its.form)

    return _PLACE.sub(number, level.text)


def _number(value: int, form: str) -> str:
    match form:
        case "upperRoman" | "lowerRoman":
            digits = roman_digits(value)
            return digits if form == "upperRoman" else digits.lower()
        case "upperLetter" | "lowerLetter" if 0 < value <= len(_LETTERS) * _REPEATED:
            times, letter = divmod(value - 1, len(_LETTERS))
            said = _LETTERS[letter] * (times + 1)
            return said.upper() if form == "upperLetter" else said
        case "decimalZero":
            return f"{value:02}"
        case "ordinal":
            return f"{value}º"
        case "ordinalText":
            return ordinal_in_words(value)
        case "none" | "bullet":
            return ""
        case _:
            return str(value)


def _value(holder: etree._Element | None, name: str) -> str:
    """What a property of an element says; empty if it is not there."""
    found = holder.find(f"{{*}}{name}") if holder is not None else None
    return attribute(found, "val") if found is not None else ""


def _whole(written: str) -> int | None:
    return int(written) if written.isascii() and written.isdecimal() and len(written) < _LEVELS else None


def _level(written: str) -> int | None:
    level = _whole(written)
    return level if level is not None and level < _LEVELS else None
