"""Text that nobody sees when a document is opened, though it is there: hidden, white on white, or tiny.

Hidden may also be what a style says. Of a field that is a button (MACROBUTTON) the shown text is part of its code, and
is not read.
"""

from dataclasses import dataclass

from lxml import etree

from tasks.documents.shown import attribute, local

_SMALLEST = 6
"""Half-points below which nobody reads a text."""
_WHITE = frozenset({"ffffff", "auto", ""})
_AROUND = ("{*}p", "{*}tc")
"""What may have a background of its own, beside a run; that of a picture or of a table's style is not looked up."""
_BUTTON = "MACROBUTTON"


@dataclass(frozen=True, slots=True)
class Unread:
    """What a part has that is not read as it is seen."""

    hidden: bool
    """Whether some of its text is not shown, by what stands in the part itself."""
    buttons: bool
    """Whether it has fields whose text is part of their code."""
    used: frozenset[str]
    """Names of the styles that text has."""
    hiding: frozenset[str]
    """Names of the styles that hide text."""


def unread(root: etree._Element) -> Unread:
    """Looks through a part."""
    hidden, used = False, set[str]()
    for run in root.iter("{*}r"):
        if not any((text.text or "").strip() for text in run.iterchildren("{*}t")):
            continue
        properties = run.find("{*}rPr")
        paragraph = next(run.iterancestors("{*}p"), None)
        styles = [properties.find("{*}rStyle") if properties is not None else None]
        styles.append(paragraph.find("{*}pPr/{*}pStyle") if paragraph is not None else None)
        used |= {attribute(each, "val") for each in styles if each is not None}
        hidden = hidden or (properties is not None and (_vanishes(properties) or _is_unseen(run, properties)))
    codes = [
        *("".join(each.text or "" for each in p.iter("{*}instrText")) for p in root.iter("{*}p")),
        *(attribute(each, "instr") for each in root.iter("{*}fldSimple")),
    ]
    return Unread(hidden, any(_BUTTON in code.upper() for code in codes), frozenset(used), _hiding(root))


def _vanishes(properties: etree._Element) -> bool:
    return any(
        attribute(each, "val") not in ("0", "false", "off") for each in properties.findall("{*}vanish")
    )


def _is_unseen(run: etree._Element, properties: etree._Element) -> bool:
    size = properties.find("{*}sz")
    if size is not None and attribute(size, "val").isdecimal() and int(attribute(size, "val")) < _SMALLEST:
        return True
    color = properties.find("{*}color")
    if color is None or attribute(color, "val").lower() != "ffffff" or _is_dark(properties):
        return False
    if any(local(each) in ("txbxContent", "tbl") and _may_be_filled(each) for each in run.iterancestors()):
        return False
    around = (each.find(f"{{*}}{local(each)}Pr") for each in run.iterancestors(*_AROUND))
    return not any(each is not None and _is_dark(each) for each in around)


def _may_be_filled(holder: etree._Element) -> bool:
    return local(holder) == "txbxContent" or holder.find("{*}tblPr/{*}tblStyle") is not None


def _is_dark(properties: etree._Element) -> bool:
    """Whether there is a background on which white can be read."""
    shade = properties.find("{*}shd")
    if shade is not None and attribute(shade, "fill").lower() not in _WHITE:
        return True
    marked = properties.find("{*}highlight")
    return marked is not None and attribute(marked, "val") not in ("none", "white")


def _hiding(root: etree._Element) -> frozenset[str]:
    """The styles of a part that hide text, by themselves or by what they are based on."""
    styles = {attribute(each, "styleId"): each for each in root.iterchildren("{*}style")}
    found: set[str] = set()
    for name in styles:
        seen: set[str] = set()
        at: str = name
        while at in styles and at not in seen:
            seen.add(at)
            properties, based = styles[at].find("{*}rPr"), styles[at].find("{*}basedOn")
            if properties is not None and properties.find("{*}vanish") is not None:
                found |= {name} if _vanishes(properties) else set()
                break
            at = attribute(based, "val") if based is not None else ""
    return frozenset(found)
