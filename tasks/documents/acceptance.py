"""Tracked changes accepted or rejected in the XML itself, as Word does it (ECMA-376 part 1, 17.13.5).

It is our own, apart from the engine that makes redlines: what checks them must not share their faults.
"""

from collections.abc import Iterable, Iterator
from typing import Literal

from lxml import etree

from tasks.documents.shown import BRANCHES, PICTURES, branch, characters, local

Verdict = Literal["accept", "reject"]

_TAKEN_OUT: dict[Verdict, frozenset[str]] = {
    "accept": frozenset({"del", "moveFrom"}),
    "reject": frozenset({"ins", "moveTo"}),
}
_KEPT: dict[Verdict, frozenset[str]] = {
    "accept": frozenset({"ins", "moveTo"}),
    "reject": frozenset({"del", "moveFrom"}),
}
_CELLS: dict[Verdict, str] = {"accept": "cellDel", "reject": "cellIns"}
_CHANGES = frozenset(
    {
        "rPrChange",
        "pPrChange",
        "sectPrChange",
        "tblPrChange",
        "tblPrExChange",
        "tblGridChange",
        "trPrChange",
        "tcPrChange",
        "numberingChange",
    }
)
_RANGES = frozenset(
    {
        "moveFromRangeStart",
        "moveFromRangeEnd",
        "moveToRangeStart",
        "moveToRangeEnd",
        "customXmlInsRangeStart",
        "customXmlInsRangeEnd",
        "customXmlDelRangeStart",
        "customXmlDelRangeEnd",
        "customXmlMoveFromRangeStart",
        "customXmlMoveFromRangeEnd",
        "customXmlMoveToRangeStart",
        "customXmlMoveToRangeEnd",
    }
)
_TRANSPARENT = frozenset({"sdt", "sdtContent", "customXml", "smartTag", "AlternateContent", *BRANCHES})
"""What may be around paragraphs and is no place of its own."""
_CELL_MARKS = frozenset({"cellIns", "cellDel", "cellMerge"})
_MARKS = frozenset({"ins", "del", "moveFrom", "moveTo"})
REVISIONS = _MARKS | _CHANGES | _CELL_MARKS
"""Elements that say that something was changed."""


def _tags(names: Iterable[str]) -> tuple[str, ...]:
    """The names as lxml looks for them, in any namespace."""
    return tuple(f"{{*}}{name}" for name in sorted(names))


_REVISION_TAGS = _tags(REVISIONS)
_MARK_TAGS = _tags(_MARKS)
_CHANGE_TAGS = _tags(_MARKS | _CHANGES)
_PLACE_TAGS = _tags(_RANGES | _CELL_MARKS)
_PROPERTIES = frozenset({"rPr", "trPr", "numPr", "pPr"})
"""Where a mark says something of what holds it, and holds nothing itself."""


def is_revised(root: etree._Element) -> bool:
    """Whether a part holds tracked changes."""
    return next(root.iter(*_REVISION_TAGS), None) is not None


def authors(root: etree._Element) -> Iterator[str]:
    """Who made the tracked changes of a part, once for each of them."""
    for each in root.iter(*_REVISION_TAGS):
        yield next((str(value) for key, value in each.attrib.items() if str(key).endswith("}author")), "")


def resolve(root: etree._Element, verdict: Verdict) -> None:
    """Accepts or rejects all tracked changes of a part, in place."""
    _resolve_rows(root, verdict)
    _resolve_content(root, verdict)
    _drop_hollow(root, "tr", "tbl")
    _merge_paragraphs(root, verdict)
    _resolve_properties(root, verdict)
    for each in list(root.iter(*_PLACE_TAGS)):
        _drop(each)
    if verdict == "reject":
        for each in list(root.iter("{*}delText", "{*}delInstrText")):
            name = etree.QName(each)
            each.tag = f"{{{name.namespace}}}{'t' if name.localname == 'delText' else 'instrText'}"
    _tidy(root)


def _resolve_rows(root: etree._Element, verdict: Verdict) -> None:
    for row in list(root.iter("{*}tr")):
        properties = row.find("{*}trPr")
        if properties is not None and any(local(each) in _TAKEN_OUT[verdict] for each in properties):
            _drop(row)
    for cell in list(root.iter("{*}tc")):
        properties = cell.find("{*}tcPr")
        if properties is not None and any(local(each) == _CELLS[verdict] for each in properties):
            _drop(cell)


def _resolve_content(root: etree._Element, verdict: Verdict) -> None:
    for each in list(root.iter(*_MARK_TAGS)):
        parent = each.getparent()
        if parent is None or local(parent) in _PROPERTIES:
            continue
        if local(each) in _TAKEN_OUT[verdict]:
            _drop(each)
        elif local(each) in _KEPT[verdict]:
            _unwrap(each)


def _merge_paragraphs(root: etree._Element, verdict: Verdict) -> None:
    """A paragraph whose mark is taken out goes on in the next one; its content comes first there."""
    for paragraph in list(root.iter("{*}p")):
        marks = paragraph.find("{*}pPr/{*}rPr")
        if marks is None or not any(local(each) in _TAKEN_OUT[verdict] for each in marks):
            continue
        content = [each for each in paragraph if local(each) != "pPr"]
        following = _next_block(paragraph)
        if following is not None and local(following) == "p":
            at = 1 if following.find("{*}pPr") is not None else 0
            following[at:at] = content
            _drop(paragraph)
        elif not any(_holds_something(each) for each in content):
            previous = _previous_block(paragraph)
            # A cell, and whatever else holds paragraphs, holds at least one.
            if previous is not None or following is not None:
                _drop(paragraph)


def _resolve_properties(root: etree._Element, verdict: Verdict) -> None:
    for each in list(root.iter(*_CHANGE_TAGS)):
        name = local(each)
        parent = each.getparent()
        if parent is None:
            continue
        if name in _CHANGES:
            if verdict == "reject" and name != "numberingChange":
                _restore(parent, each)
            else:
                _drop(each)
        elif name in _MARKS and local(parent) in _PROPERTIES:
            _drop(each)


def _restore(properties: etree._Element, change: etree._Element) -> None:
    """Puts back what the properties were; what is not part of a change (marks, sections, headers) stays."""
    before = next(iter(change), None)
    for each in list(properties):
        if local(each) not in (*_MARKS, "rPr", "sectPr", "headerReference", "footerReference"):
            _drop(each)
    if before is not None:
        references = [each for each in properties if local(each).endswith("Reference")]
        at = len(references)
        properties[at:at] = list(before)


def _tidy(root: etree._Element) -> None:
    """Takes away what has become hollow, and gives each cell the paragraph that it must have."""
    _drop_hollow(root, "tr", "tbl", "sdt")
    for cell in root.iter("{*}tc"):
        if not any(_first_block(each) is not None or local(each) == "sdt" for each in cell):
            etree.SubElement(cell, f"{{{etree.QName(cell).namespace}}}p")


def _drop_hollow(root: etree._Element, *names: str) -> None:
    """Takes away tables without rows, rows without cells, controls without anything."""
    kinds = {"tr": "tc", "tbl": "tr"}
    for name in names:
        for each in list(root.iter(f"{{*}}{name}")):
            inside = each.find("{*}sdtContent") if name == "sdt" else each
            if inside is not None and not any(
                name == "sdt" or local(child) == kinds[name] or local(child) in _TRANSPARENT
                for child in inside
            ):
                _drop(each)


def _next_block(element: etree._Element) -> etree._Element | None:
    """The paragraph or table behind one, into and out of content controls, which divide nothing."""
    at: etree._Element | None = element
    while at is not None:
        # Behind one form of something is what stands behind all of them.
        for sibling in at.itersiblings(etree.Element) if local(at) not in BRANCHES else ():
            found = _first_block(sibling)
            if found is not None:
                return found
        parent = at.getparent()
        at = parent if parent is not None and local(parent) in _TRANSPARENT else None
    return None


def _first_block(element: etree._Element) -> etree._Element | None:
    if local(element) in ("p", "tbl"):
        return element
    if local(element) == "AlternateContent":
        chosen = branch(element)
        return _first_block(chosen) if chosen is not None else None
    if local(element) in _TRANSPARENT:
        return next((found for each in element if (found := _first_block(each)) is not None), None)
    return None


def _previous_block(element: etree._Element) -> etree._Element | None:
    return next(
        (each for each in element.itersiblings(etree.Element, preceding=True) if _is_block(each)), None
    )


def _is_block(element: etree._Element) -> bool:
    return local(element) in ("p", "tbl", "sdt")


def _holds_something(element: etree._Element) -> bool:
    return any(
        characters(each) is not None or local(each) in PICTURES or local(each) == "fldChar"
        for each in element.iter(etree.Element)
    )


def _unwrap(element: etree._Element) -> None:
    parent = element.getparent()
    assert parent is not None  # noqa: S101 - only of elements that have one
    at = parent.index(element)
    parent[at : at + 1] = list(element)


def _drop(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)
