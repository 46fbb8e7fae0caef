"""What of a part its reader sees: the one place where all who read it learn which elements count, and what they say.

Two forms of the same content (mc:AlternateContent) are read as one, and what stands for a character is that character.
"""

from collections.abc import Iterator

from lxml import etree

_BREAKS = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "\u2011"}
"""What stands for a character in a run (ECMA-376 part 1, 17.3.3)."""
UNSEEN = dict.fromkeys((0xAD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF))
"""Characters without a look of their own, as they are taken out of a text (`str.translate`): hyphens of the end of a
line, and marks of where a line may end or not."""
_TEXTS = frozenset({"t", "delText", "instrText", "delInstrText"})
_SYMBOLS = frozenset({"sym", "symEx"})
PICTURES = frozenset({"drawing", "pict", "object"})
"""What is drawn in a run, and may hold boxes with text."""
BRANCHES = frozenset({"Choice", "Fallback"})
"""The forms of content of which one is shown."""
_WORD = "http://schemas.microsoft.com/office/word/"
_UNDERSTOOD = frozenset(
    {
        "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
        "http://purl.oclc.org/ooxml/wordprocessingml/main",
        "http://schemas.openxmlformats.org/officeDocument/2006/math",
        "http://purl.oclc.org/ooxml/officeDocument/math",
        "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing",
        "http://schemas.openxmlformats.org/drawingml/2006/main",
        "http://schemas.microsoft.com/office/drawing/2010/main",
        "urn:schemas-microsoft-com:vml",
        *(
            f"{_WORD}{name}"
            for name in (
                "2010/wordml",
                "2010/wordprocessingCanvas",
                "2010/wordprocessingDrawing",
                "2010/wordprocessingGroup",
                "2010/wordprocessingInk",
                "2010/wordprocessingShape",
                "2012/wordml",
                "2012/wordprocessingDrawing",
                "2015/wordml/symex",
                "2016/wordml/cid",
                "2018/wordml",
                "2018/wordml/cex",
                "2020/wordml/sdtdatahash",
                "2023/wordml/word16du",
            )
        ),
    }
)
"""Namespaces of what Word shows, whose texts, text boxes and pictures are found here."""


def children(element: etree._Element) -> Iterator[etree._Element]:
    """The elements right below one; in the place of two forms of something those of the form that is shown."""
    for child in element.iterchildren(tag=etree.Element):
        if local(child) != "AlternateContent":
            yield child
        elif (chosen := branch(child)) is not None:
            yield from children(chosen)


def branch(alternate: etree._Element) -> etree._Element | None:
    """The form that is shown of an mc:AlternateContent (ECMA-376 part 3, 7.5 to 7.7); None if none can be.

    It is the first mc:Choice that requires nothing but namespaces that are understood, else the mc:Fallback. A form in
    which no text is found gives way to one with text: of some namespaces not all is understood.
    """
    choices = [each for each in alternate.iterchildren("{*}Choice") if _is_understood(each)]
    forms = [*choices, *alternate.iterchildren("{*}Fallback")]
    return next((each for each in forms if _says_something(each)), forms[0] if forms else None)


def settle_forms(root: etree._Element) -> None:
    """Puts the form that is shown in the place of text in several ones: other programs choose otherwise, or read all.

    Pictures keep theirs, of which older programs need the second one.
    """
    space = etree.QName(root).namespace
    for alternate in [*root.iter("{*}AlternateContent")]:
        parent = alternate.getparent()
        if parent is None or etree.QName(parent).namespace != space or not any(map(_is_written, alternate)):
            continue
        chosen = branch(alternate)
        at = parent.index(alternate)
        parent[at : at + 1] = [] if chosen is None else [*chosen]


def characters(element: etree._Element) -> str | None:
    """What an element of a run says; None if it is nothing that says something, a picture for instance.

    The code of a field is text like any other here: whether it is one is seen in `fields`.
    """
    name = local(element)
    if name in _TEXTS:
        return element.text or ""
    if name in _SYMBOLS:
        return _symbol(element)
    return _BREAKS.get(name)


def text_boxes(drawn: etree._Element) -> Iterator[etree._Element]:
    """The texts of the boxes in a picture, each a story of its own."""
    for child in children(drawn):
        if local(child) == "txbxContent":
            yield child
        else:
            yield from text_boxes(child)


def local(element: etree._Element) -> str:
    """The name of an element without its namespace, in which the two editions of the standard differ."""
    return str(element.tag).rpartition("}")[2]


def attribute(element: etree._Element, name: str) -> str:
    """An attribute in the element's own namespace; empty if it has none."""
    return element.get(f"{{{etree.QName(element).namespace}}}{name}", "")


def _is_understood(choice: etree._Element) -> bool:
    # What a prefix stands for is said where it is declared; one that is declared nowhere is not understood.
    return all(choice.nsmap.get(prefix) in _UNDERSTOOD for prefix in choice.get("Requires", "").split())


def _says_something(form: etree._Element) -> bool:
    # A symEx names a place in a font, and the other form the character that is meant.
    return any(
        local(each) == "txbxContent" or (local(each) != "symEx" and characters(each))
        for each in form.iter(etree.Element)
    )


def _is_written(form: etree._Element) -> bool:
    """Whether a form holds text other than that of pictures."""
    for child in form.iterchildren(tag=etree.Element):
        if local(child) not in PICTURES and (characters(child) or _is_written(child)):
            return True
    return False


def _symbol(element: etree._Element) -> str:
    try:
        symbol = chr(int(attribute(element, "char"), 16))
    except (ValueError, OverflowError):
        return ""
    return "" if "\ud800" <= symbol <= "\udfff" else symbol
