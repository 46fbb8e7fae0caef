"""The copy of a document that the comparison works on: tracked changes accepted, no code, nothing from elsewhere.

An engine sees nothing but such copies. Every part of them was parsed and written here, within the bounds of `package`.
"""

from dataclasses import dataclass

from lxml import etree

from tasks.documents.acceptance import authors, is_revised, resolve
from tasks.documents.errors import DocumentTooLargeError, UnusableDocumentError
from tasks.documents.fields import cut_fetching
from tasks.documents.package import MadePackage, Package
from tasks.documents.shown import settle_forms

MAX_XML_BYTES = 48 * 1024 * 1024
"""Of all XML in a document. The engine takes about thirty times as much memory; a contract of 300 pages has 3 MB."""

_HYPERLINK = "/hyperlink"
_NOWHERE = "about:blank"
_CODE = ("/vbaProject", "/wordVbaData", "/attachedToolbars")
_SIGNATURE = "digital-signature"
_FOREIGN = "/aFChunk"
_FETCHING = ("{*}attachedTemplate", "{*}mailMerge")
"""Elements of the settings for which a reader would go and fetch something when it opens the document."""
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
class CleanCopy:
    """A document that can be compared."""

    document: MadePackage
    authors: tuple[str, ...]
    """Of the tracked changes that were accepted; empty if there were none."""
    dropped_code: bool
    links_cut: int
    """References to something outside (templates, linked pictures, fields that fetch or run something), which lead
    nowhere now. Plain links stay."""


def clean_copy(package: Package) -> CleanCopy:
    """Makes the copy. Raises UnusableDocumentError and DocumentTooLargeError."""
    made: dict[str, bytes] = {}
    found: dict[str, None] = {}
    dropped: set[str] = set()
    cut = size = 0
    for name in package.parts:
        if not package.is_xml(name):
            made[name] = package.read(name)
            continue
        root = package.xml(name)
        if name.lower().endswith(".rels"):
            gone, severed = _clean_relationships(root, name)
            dropped |= gone
            cut += severed
        for element in list(root.iter(*_FETCHING)):
            parent = element.getparent()
            if parent is not None:
                parent.remove(element)
        if is_revised(root):
            found |= dict.fromkeys(authors(root))
            resolve(root, "accept")
        settle_forms(root)
        cut += cut_fetching(root)
        # Written anew even if nothing has changed: what reads the copy finds no more in it than was read here.
        made[name] = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
        size += len(made[name])
        if size > MAX_XML_BYTES:
            raise DocumentTooLargeError(
                f"O documento tem mais de {MAX_XML_BYTES >> 20} MB de texto, além do que pode ser comparado.",
                hint="Divida o documento.",
            )
    kept = {"[Content_Types].xml": _content_types(package, dropped)}
    kept |= {name: data for name, data in made.items() if name not in dropped and name not in kept}
    code = any(name.lower().endswith(("vbaproject.bin", "vbadata.xml")) for name in dropped)
    return CleanCopy(MadePackage(kept), tuple(found), code, cut)


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


def _content_types(package: Package, dropped: set[str]) -> bytes:
    root = package.xml("[Content_Types].xml")
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
