"""Tracked paragraphs that have no paragraph behind them, written so that every word processor can undo them.

A paragraph whose mark is taken out goes on in the next one. The last one of a document, a cell, a note or a header has
none, and no word processor takes its mark out: what an engine marks so leaves an empty paragraph. So Word itself marks
the end of the paragraph before it instead, and so it is done here. Before a table it is the same for LibreOffice.
"""

from collections.abc import Iterator
from copy import deepcopy
from itertools import count

from lxml import etree

from tasks.documents.shown import PICTURES, attribute, characters, local

_HOLDERS = frozenset({"body", "tc", "hdr", "ftr", "footnote", "endnote", "txbxContent"})
"""What ends with a paragraph."""
_WRAPPERS = {"ins": frozenset({"ins", "moveTo"}), "del": frozenset({"del", "moveFrom"})}
_OTHER = {"ins": "del", "del": "ins"}
_BLOCKS = frozenset({"p", "tbl", "sdt", "customXml", "AlternateContent", "altChunk"})
_EDGES = frozenset(f"customXml{kind}Range{end}" for kind in ("Ins", "Del") for end in ("Start", "End"))
"""Around the beginning and around the end of a content control that came or went."""
_NOT_OF_A_CHANGE = frozenset({"rPr", "sectPr", "pPrChange"})
"""What a change of a paragraph's properties does not say (ECMA-376 part 1, CT_PPrBase)."""


def settle_last_marks(root: etree._Element) -> bool:
    """Moves the marks of a part with tracked changes, in place. Returns whether there were any to move."""
    moved = _dissolve_last_controls(root)
    for last in [*root.iter("{*}p")]:
        kind = _mark(last)
        parent = last.getparent()
        if not kind or parent is None or local(parent) not in _HOLDERS:
            continue
        following = _beside(last, preceding=False)
        if following is None or local(following) == "tbl":
            moved = _settle(last, kind) or moved
    return moved


def _dissolve_last_controls(root: etree._Element) -> bool:
    """Takes content controls that came or went at the end of what holds them from around their paragraphs.

    No paragraph outside of a control goes on in one inside of it, so their last mark could not be undone. The text
    comes back as it was when the change is undone, and the control does not.
    """
    found = False
    for holder in root.iter(*(f"{{*}}{name}" for name in sorted(_HOLDERS))):
        block = next((each for each in holder.iterchildren(reversed=True) if local(each) in _BLOCKS), None)
        while block is not None:
            before = _beside(block, preceding=True)
            if local(block) == "sdt" and _is_tracked(block):
                _dissolve(block)
                found = True
            elif not any(_goes_along(block, kind) for kind in _OTHER):
                break
            block = before
    return found


def _is_tracked(control: etree._Element) -> bool:
    before = control.getprevious()
    return before is not None and local(before) in ("customXmlInsRangeStart", "customXmlDelRangeStart")


def _dissolve(control: etree._Element) -> None:
    parent, content = control.getparent(), control.find("{*}sdtContent")
    if parent is None or content is None:
        return
    inside = [*content]
    edges = (control.getprevious(), control.getnext(), *inside[:1], *inside[-1:])
    for each in edges:
        holder = each.getparent() if each is not None and local(each) in _EDGES else None
        if each is not None and holder is not None:
            holder.remove(each)
    at = parent.index(control)
    parent[at : at + 1] = [*content]


def _settle(last: etree._Element, kind: str) -> bool:
    first, before = last, _beside(last, preceding=True)
    if not _is_whole(last, kind):
        return False
    while before is not None and _goes_along(before, kind):
        first, before = before, _beside(before, preceding=True)
    if before is None or local(before) != "p" or before.find("{*}pPr/{*}sectPr") is not None:
        return False
    is_exchanged = _mark(before) == _OTHER[kind] and _is_whole(before, _OTHER[kind])
    if (_mark(before) and not (is_exchanged and local(first) == "p")) or not _take_looks(last, before, kind):
        return False
    mark = _take_mark(last)
    if is_exchanged:
        _join(before, first)
    else:
        _give_mark(before, mark)
    return True


def _beside(paragraph: etree._Element, *, preceding: bool) -> etree._Element | None:
    """The block next to a paragraph in what holds it."""
    siblings = paragraph.itersiblings(etree.Element, preceding=preceding)
    return next((each for each in siblings if local(each) in _BLOCKS), None)


def _mark(block: etree._Element) -> str:
    """What became of the mark at the end of a paragraph: ins, del, or nothing, or something else."""
    marks = block.find("{*}pPr/{*}rPr") if local(block) == "p" else None
    found = [local(each) for each in marks if local(each) in _OTHER] if marks is not None else []
    return " ".join(found)


def _is_whole(paragraph: etree._Element, kind: str) -> bool:
    """Whether all that a paragraph says came, or went, and no section ends with it."""
    if paragraph.find("{*}pPr/{*}sectPr") is not None:
        return False
    return all(
        _is_within(each, paragraph, kind)
        for each in paragraph.iter(etree.Element)
        if characters(each) is not None or local(each) in PICTURES
    )


def _goes_along(block: etree._Element, kind: str) -> bool:
    """Whether nothing stays of a block before the last paragraph: of one with its mark, or of a table."""
    if local(block) == "tbl":
        rows = [*block.iterchildren("{*}tr")]
        return bool(rows) and all(row.find(f"{{*}}trPr/{{*}}{kind}") is not None for row in rows)
    return _mark(block) == kind and _is_whole(block, kind)


def _is_within(element: etree._Element, paragraph: etree._Element, kind: str) -> bool:
    for around in element.iterancestors():
        if around is paragraph:
            return False
        if local(around) in _WRAPPERS[kind]:
            return True
    return False


def _take_looks(last: etree._Element, before: etree._Element, kind: str) -> bool:
    """Gives the last paragraph the looks of the one that ends where it ends, once its own text is gone.

    A paragraph that goes on in another one takes the looks of that. False where they cannot be said.
    """
    its, others = _looks(last.find("{*}pPr")), before.find("{*}pPr")
    change = others.find("{*}pPrChange") if others is not None else None
    rejected = _looks(change.find("{*}pPr")) if change is not None else _looks(others)
    wanted = rejected if kind == "ins" else _looks(others)
    if [*map(_written, its)] == [*map(_written, wanted)]:
        return True
    properties = _properties(last)
    mark = last.find(f"{{*}}pPr/{{*}}rPr/{{*}}{kind}")
    if properties.find("{*}pPrChange") is not None or mark is None:
        return False
    space = etree.QName(last).namespace
    told = etree.SubElement(
        properties, f"{{{space}}}pPrChange", {str(key): str(value) for key, value in mark.attrib.items()}
    )
    told.set(f"{{{space}}}id", str(next(_numbers(last))))
    was = etree.SubElement(told, f"{{{space}}}pPr")
    if kind == "ins":
        was.extend(deepcopy(wanted))
    else:
        was.extend(its)
        properties[0:0] = deepcopy(wanted)
    return True


def _looks(properties: etree._Element | None) -> list[etree._Element]:
    if properties is None:
        return []
    return [each for each in properties.iterchildren(etree.Element) if local(each) not in _NOT_OF_A_CHANGE]


def _written(element: etree._Element) -> bytes:
    return etree.tostring(element, method="c14n", exclusive=True)


def _numbers(element: etree._Element) -> Iterator[int]:
    """Numbers that no annotation of the part has."""
    root = element.getroottree().getroot()
    used = {attribute(each, "id") for each in root.iter(etree.Element)}
    return (number for number in count(len(used)) if str(number) not in used)


def _properties(paragraph: etree._Element) -> etree._Element:
    found = paragraph.find("{*}pPr")
    if found is None:
        found = etree.Element(f"{{{etree.QName(paragraph).namespace}}}pPr")
        paragraph.insert(0, found)
    return found


def _take_mark(paragraph: etree._Element) -> etree._Element:
    marks = _properties(paragraph).find("{*}rPr")
    assert marks is not None  # noqa: S101 - only of paragraphs whose mark is tracked
    mark = next(each for each in marks if local(each) in _OTHER)
    marks.remove(mark)
    return mark


def _give_mark(paragraph: etree._Element, mark: etree._Element) -> None:
    properties = _properties(paragraph)
    marks = properties.find("{*}rPr")
    if marks is None:
        marks = etree.Element(f"{{{etree.QName(paragraph).namespace}}}rPr")
        change = properties.find("{*}pPrChange")
        properties.insert(len(properties) if change is None else properties.index(change), marks)
    marks.insert(0, mark)


def _join(gone: etree._Element, paragraph: etree._Element) -> None:
    """Puts the content of a paragraph before that of the next one, which it becomes a part of."""
    at = 1 if paragraph.find("{*}pPr") is not None else 0
    paragraph[at:at] = [each for each in gone if local(each) != "pPr"]
    parent = gone.getparent()
    if parent is not None:
        parent.remove(gone)
