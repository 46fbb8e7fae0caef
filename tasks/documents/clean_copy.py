"""The copy of a document that the comparison works on: tracked changes accepted, no code, nothing from elsewhere.

An engine sees nothing but such copies. Every part of them was parsed and written here, within the bounds of `package`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from lxml import etree

from tasks.documents.acceptance import authors, is_revised, resolve
from tasks.documents.errors import DocumentTooLargeError, UnusableDocumentError
from tasks.documents.fields import cut_fetching
from tasks.documents.hidden_text import Unread, unread
from tasks.documents.package import MadePackage, Package, parsed
from tasks.documents.shown import settle_forms

MAX_XML_BYTES = 48 * 1024 * 1024
"""Of all XML in a document. The engine takes about thirty times as much memory; a contract of 300 pages has 3 MB."""

_CONTENT_TYPES = "[Content_Types].xml"
_HYPERLINK = "/hyperlink"
_NOWHERE = "about:blank"
_CODE = ("/vbaProject", "/wordVbaData", "/attachedToolbars")
_SIGNATURE = "digital-signature"
_FOREIGN = "/aFChunk"
_FETCHING = ("{*}attachedTemplate", "{*}mailMerge")
"""Elements of the settings for which a reader would go and fetch something when it opens the document."""
_VML = "urn:schemas-microsoft-com:vml"
_OFFICE = "urn:schemas-microsoft-com:office:office"
_PICTURED = (*(f"{{{_VML}}}{name}" for name in ("imagedata", "fill", "stroke")), f"{{{_OFFICE}}}*")
_SOURCES = frozenset({"src", "althref", f"{{{_OFFICE}}}href", f"{{{_OFFICE}}}althref"})
"""Attributes with the address of a picture (ECMA-376 part 4, 19.1.2); of a shape's own `href` a link is made."""
_PLAIN_KINDS = (
    ("rels", "application/vnd.openxmlformats-package.relationships+xml"),
    ("xml", "application/xml"),
)
_DOCUMENT = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_OTHER_DOCUMENTS = frozenset(
    {
        "application/vnd.ms-word.document.macroEnabled.main+xml",
        "application/vnd.ms-word.template.macroEnabledTemplate.main+xml",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml",
    }
)
"""Kinds of documents with code, and of templates, which become plain documents."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of XML that was cleaned."""

    data: bytes
    authors: tuple[str, ...]
    dropped: frozenset[str]
    """Names of the parts that go with their relationships in it."""
    links_cut: int
    unread: Unread


@dataclass(frozen=True, slots=True)
class CleanCopy:
    """A document that can be compared."""

    document: MadePackage
    authors: tuple[str, ...]
    """Of the tracked changes that were accepted; empty if there were none."""
    dropped_code: bool
    links_cut: int
    """References to something outside (templates, linked pictures, fields that fetch or run something), which lead
    nowhere now. Plain links stay."""
    hidden: bool
    """Whether some of its text is not shown when it is opened."""
    buttons: bool
    """Whether it has fields whose text is part of their code, which is not read (MACROBUTTON)."""
    parts: Mapping[tuple[str, bytes], _Part] = field(default_factory=dict, repr=False)
    """What was made of its XML, by the name of the part and the SHA-256 of what was read."""


def clean_copy(package: Package, other: CleanCopy | None = None) -> CleanCopy:
    """Makes the copy. Raises UnusableDocumentError and DocumentTooLargeError.

    `other` is that of another version: of two versions most parts are the same, and those are cleaned once.
    """
    known = other.parts if other is not None else {}
    made: dict[str, bytes] = {}
    parts: dict[tuple[str, bytes], _Part] = {}
    size = 0
    for name in package.parts:
        read = package.read(name)
        if name == _CONTENT_TYPES or not package.is_xml(name):
            made[name] = read
            continue
        key = (name, sha256(read).digest())
        parts[key] = part = known.get(key) or _cleaned(name, read)
        made[name] = part.data
        size += len(part.data)
        if size > MAX_XML_BYTES:
            raise DocumentTooLargeError(
                f"O documento tem mais de {MAX_XML_BYTES >> 20} MB de texto, além do que pode ser comparado.",
                hint="Divida o documento.",
            )
    found = dict.fromkeys(author for part in parts.values() for author in part.authors)
    dropped = {gone for part in parts.values() for gone in part.dropped}
    kept = {_CONTENT_TYPES: _content_types(package, dropped)}
    kept |= {name: data for name, data in made.items() if name not in dropped and name not in kept}
    code = any(name.lower().endswith(("vbaproject.bin", "vbadata.xml")) for name in dropped)
    cut = sum(part.links_cut for part in parts.values())
    looked = [part.unread for part in parts.values()]
    hiding = frozenset().union(*(each.hiding for each in looked))
    hidden = any(each.hidden or each.used & hiding for each in looked)
    buttons = any(each.buttons for each in looked)
    return CleanCopy(MadePackage(kept), tuple(found), code, cut, hidden, buttons, parts)


def _cleaned(name: str, read: bytes) -> _Part:
    root = parsed(name, read)
    dropped, cut = _clean_relationships(root, name) if name.lower().endswith(".rels") else (set(), 0)
    for element in list(root.iter(*_FETCHING)):
        parent = element.getparent()
        if parent is not None:
            parent.remove(element)
    by: tuple[str, ...] = ()
    if is_revised(root):
        by = tuple(dict.fromkeys(authors(root)))
        resolve(root, "accept")
    settle_forms(root)
    cut += cut_fetching(root) + _cut_sources(root)
    # Written anew even if nothing has changed: what reads the copy finds no more in it than was read here.
    data = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    return _Part(data, by, frozenset(dropped), cut, unread(root))


def _clean_relationships(root: etree._Element, listed: str) -> tuple[set[str], int]:
    """Names of the parts that are dropped with their relationships, and how many references were cut."""
    gone: set[str] = set()
    cut = 0
    folder = listed.partition("_rels/")[0]
    for each in list(root.iter("{*}Relationship")):
        kind, target = each.get("Type", ""), each.get("Target", "")
        if kind.endswith(_FOREIGN):
            raise UnusableDocumentError(
                "O documento traz outro documento inteiro dentro de si, que só o Word pode abrir.",
                hint="Abra-o no Word e salve como .docx.",
            )
        if kind.endswith(_CODE) or _SIGNATURE in kind:
            root.remove(each)
            gone.add(target.lstrip("/") if target.startswith("/") else folder + target)
        elif each.get("TargetMode") == "External" and not kind.endswith(_HYPERLINK):
            if kind.endswith(("/attachedTemplate", "/mailMergeSource", "/mailMergeHeaderSource")):
                root.remove(each)
            else:
                each.set("Target", _NOWHERE)
            cut += 1
    return gone, cut


def _cut_sources(root: etree._Element) -> int:
    """Takes the addresses out of drawings of the older kind (VML) that name a picture themselves. Returns how many."""
    cut = 0
    for each in root.iter(*_PICTURED):
        for name in _SOURCES & set(each.attrib):
            del each.attrib[name]
            cut += 1
    return cut


def _content_types(package: Package, dropped: set[str]) -> bytes:
    root = package.xml(_CONTENT_TYPES)
    space = etree.QName(root).namespace
    known = {each.get("Extension", "").lower() for each in root.iter("{*}Default")}
    for extension, kind in _PLAIN_KINDS:
        if extension not in known:  # which some writers leave out, and the engine asks for
            root.insert(0, etree.Element(f"{{{space}}}Default", Extension=extension, ContentType=kind))
    for each in list(root.iter("{*}Override")):
        if each.get("PartName", "").lstrip("/") in dropped:
            root.remove(each)
        elif each.get("ContentType", "") in _OTHER_DOCUMENTS:
            each.set("ContentType", _DOCUMENT)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
