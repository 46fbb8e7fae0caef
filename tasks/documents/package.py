"""A Word document as a package of parts: checked before anything reads it, and nothing of it is ever fetched or run.

The form is ECMA-376 (Office Open XML), part 2: a ZIP archive whose parts refer to each other by relationships.
"""

import io
import lzma
import posixpath
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from lxml import etree

from tasks.documents.errors import DocumentTooLargeError, UnusableDocumentError

MAX_FILE_BYTES = 200 * 1024 * 1024
_MAX_ENTRIES = 10_000
_MAX_PART_BYTES = 200 * 1024 * 1024
_MAX_ALL_BYTES = 600 * 1024 * 1024
_MAX_RATIO = 200
"""Bytes of XML for one in the archive: text of contracts is packed to a tenth, a bomb to a thousandth."""
_RATIO_COUNTS_FROM = 10 * 1024 * 1024

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_KNOWN_HEADS = (
    (b"%PDF", "é um PDF"),
    (b"{\\rtf", "é um RTF"),
    (b"\x89PNG", "é uma imagem"),
    (b"\xff\xd8\xff", "é uma imagem"),
    (b"<!DOCTYPE", "é uma página da internet"),
    (b"<html", "é uma página da internet"),
)
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,
)
"""What reading a damaged archive raises; RuntimeError also stands for ways to pack that are not known."""
_DEFINITIONS = tuple("<!DOCTYPE".encode(coding) for coding in ("ascii", "utf-16-le", "utf-16-be"))
_SAVE_AS = "Abra-o no Word e salve como .docx."

_RELATIONSHIPS = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_MAIN_TYPES = ("/relationships/officeDocument",)
_MAIN_CONTENT = re.compile(r"application/vnd\.(openxmlformats-officedocument\.wordprocessingml|ms-word)\.")
_OTHER_CONTENT = {
    "spreadsheetml": "uma planilha",
    "presentationml": "uma apresentação",
    "ms-excel": "uma planilha",
}
_MACROS = "/relationships/vbaProject"
_FOREIGN_CONTENT = "/relationships/aFChunk"


@dataclass(frozen=True, slots=True)
class Relationship:
    """That a part refers to another one, or to something outside."""

    identifier: str
    kind: str
    """The end of its type, which the two editions of the standard have in common: "/relationships/header"."""
    target: str
    """Name of the part; of something outside its address as it is written."""
    external: bool


class Package:
    """An opened document. Parts are read when they are asked for."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._names = {_part_name(info.filename): info for info in archive.infolist()}
        self._relationships: dict[str, tuple[Relationship, ...]] = {}

    @cached_property
    def main(self) -> str:
        """Name of the part that holds the text, found by its relationship."""
        found = [
            each.target for each in self.relationships("") if each.kind in _MAIN_TYPES and not each.external
        ]
        name = found[0] if found else "word/document.xml"
        if not self.has(name):
            raise UnusableDocumentError("O arquivo não é um documento do Word: falta o texto principal.")
        return name

    @cached_property
    def has_macros(self) -> bool:
        """Whether there is code in the document. It is never run, and never carried into what is made of it."""
        return any(each.kind == _MACROS for each in self.relationships(self.main))

    @cached_property
    def external(self) -> tuple[Relationship, ...]:
        """What the text refers to outside of the document (pictures, templates, links). It is never fetched."""
        return tuple(each for each in self.relationships(self.main) if each.external)

    def xml(self, part: str) -> etree._Element:
        """The root of a part.

        Raises UnusableDocumentError for a part that is missing or no XML, or that brings definitions of its own.
        """
        return parsed(part, self.read(part))

    def relationships(self, part: str) -> tuple[Relationship, ...]:
        """What a part refers to; "" for the package itself."""
        if part not in self._relationships:
            self._relationships[part] = self._read_relationships(*posixpath.split(part))
        return self._relationships[part]

    def _read_relationships(self, folder: str, name: str) -> tuple[Relationship, ...]:
        listed = posixpath.join(folder, "_rels", f"{name}.rels")
        if not self.has(listed):
            return ()
        return tuple(
            Relationship(
                identifier=each.get("Id", ""),
                kind="/relationships/" + each.get("Type", "").rpartition("/relationships/")[2],
                target=each.get("Target", "") if external else _resolved(folder, each.get("Target", "")),
                external=external,
            )
            for each in self.xml(listed).iter(_RELATIONSHIPS)
            for external in (each.get("TargetMode") == "External",)
        )

    @property
    def parts(self) -> tuple[str, ...]:
        """The names of all parts, in the order of the archive."""
        return tuple(name for name in self._names if name and not name.endswith("/"))

    def is_xml(self, part: str) -> bool:
        """Whether a part is read as XML, by its name or by the kind that the package says it has."""
        extension = part.rpartition(".")[2].lower()
        kind = self._kinds.get(f"/{part}") or self._kinds.get(f".{extension}", "")
        return extension in ("xml", "rels") or kind.endswith("xml")

    def content_type(self, part: str) -> str:
        """The kind that the package gives to a part by its name; empty if it gives none.

        Raises UnusableDocumentError for an archive of something else.
        """
        return self._kinds.get(f"/{part}", "")

    @cached_property
    def _kinds(self) -> dict[str, str]:
        """Kinds of parts by their names and by the endings of names (ECMA-376 part 2, on content types)."""
        if not self.has("[Content_Types].xml"):
            raise UnusableDocumentError(
                "O arquivo não é um documento do Word: é um arquivo compactado.", hint=_SAVE_AS
            )
        found: dict[str, str] = {}
        for each in self.xml("[Content_Types].xml").iter("{*}Default", "{*}Override"):
            name, extension = _part_name(each.get("PartName", "")), each.get("Extension", "").lower()
            found.setdefault(f"/{name}" if name else f".{extension}", each.get("ContentType", ""))
        return found

    def has(self, part: str) -> bool:
        """Whether there is such a part."""
        return part in self._names

    def read(self, part: str) -> bytes:
        """A part as it is. Raises UnusableDocumentError for one that is missing or damaged."""
        info = self._names.get(part)
        if info is None:
            raise UnusableDocumentError(f"O documento está danificado: falta {part}.", hint=_SAVE_AS)
        try:
            # Never more than it declares, which `open_package` has checked.
            with self._archive.open(info) as stream:
                return stream.read(_MAX_PART_BYTES)
        except _DAMAGED as error:
            raise UnusableDocumentError(
                f"O documento está danificado: {part} não pode ser lido.", hint=_SAVE_AS
            ) from error


class MadePackage(Package):
    """A document that was made here: its parts are in memory, to be read often, and need no checks."""

    def __init__(self, contents: Mapping[str, bytes]) -> None:
        self.contents = contents
        self._relationships = {}

    @property
    def parts(self) -> tuple[str, ...]:
        """The names of all parts, in their order."""
        return tuple(self.contents)

    def has(self, part: str) -> bool:
        """Whether there is such a part."""
        return part in self.contents

    def read(self, part: str) -> bytes:
        """A part as it is. Raises UnusableDocumentError for one that is missing."""
        try:
            return self.contents[part]
        except KeyError:
            raise UnusableDocumentError(f"O documento está danificado: falta {part}.") from None

    def file(self, *, small: bool = False) -> bytes:
        """The document as a file; `small` packs its parts, which takes longer than all else that is done to a copy."""
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w") as archive:
            for name, data in self.contents.items():
                archive.writestr(
                    zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED if small else zipfile.ZIP_STORED
                )
        return held.getvalue()


def parsed(part: str, data: bytes) -> etree._Element:
    """The root of what was read of a part.

    Raises UnusableDocumentError for what is no XML, or brings definitions of its own.
    """
    # A definition could be used to make gigabytes of a kilobyte, or to read files of this machine.
    if any(definition in data for definition in _DEFINITIONS):
        raise UnusableDocumentError(f"O documento define entidades próprias em {part}, o que não é aceito.")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_pis=True,
        remove_comments=True,  # which would part the text around them
    )
    try:
        return etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise UnusableDocumentError(
            f"O documento está danificado: {part} não pode ser lido.", hint=_SAVE_AS
        ) from error


def package_of(file: bytes) -> MadePackage:
    """The document of a file that was made here."""
    with zipfile.ZipFile(io.BytesIO(file)) as archive:
        package = Package(archive)
        return MadePackage({name: package.read(name) for name in package.parts})


@contextmanager
def open_package(path: Path) -> Iterator[Package]:
    """Opens a Word document (.docx, .docm, .dotx) after everything that can be known without reading it was checked.

    Raises UnusableDocumentError, in one Portuguese sentence: old or encrypted documents, other kinds of files, damaged
    ones, ones that would inflate beyond the bounds, and ones that embed whole other documents (altChunk).
    """
    with path.open("rb") as file:
        head = file.read(512)
    size = path.stat().st_size
    _check_head(head, size)
    with _archive(path) as archive:
        _check_entries(archive.infolist(), size)
        package = Package(archive)
        _check_kind(package)
        yield package


def _archive(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except _DAMAGED as error:
        raise UnusableDocumentError(
            "O documento está danificado: o arquivo não abre.", hint=_SAVE_AS
        ) from error


def _check_head(head: bytes, size: int) -> None:
    if not size:
        raise UnusableDocumentError("O arquivo está vazio.", hint="Envie o documento de novo.")
    if size > MAX_FILE_BYTES:
        raise DocumentTooLargeError(f"O arquivo tem {size >> 20} MB; o máximo são {MAX_FILE_BYTES >> 20} MB.")
    if head.startswith(_OLE):
        raise UnusableDocumentError(
            "O arquivo é um .doc antigo ou está protegido por senha.", hint=f"Tire a senha. {_SAVE_AS}"
        )
    for known, what in _KNOWN_HEADS:
        if head.lstrip().lower().startswith(known.lower()):
            raise UnusableDocumentError(f"O arquivo não é um documento do Word: {what}.", hint=_SAVE_AS)
    if not head.startswith(b"PK"):
        raise UnusableDocumentError("O arquivo não é um documento do Word.", hint=_SAVE_AS)


def _check_entries(entries: list[zipfile.ZipInfo], size: int) -> None:
    if len(entries) > _MAX_ENTRIES:
        raise DocumentTooLargeError(f"O documento tem {len(entries)} partes; o máximo são {_MAX_ENTRIES}.")
    if any(info.flag_bits & 0x1 for info in entries):
        raise UnusableDocumentError("O arquivo está protegido por senha.", hint="Tire a senha.")
    names = [_part_name(info.filename) for info in entries if not info.filename.endswith("/")]
    if len(set(names)) < len(names):
        raise UnusableDocumentError(
            "O documento está danificado: tem duas partes com o mesmo nome.", hint=_SAVE_AS
        )
    inflated = sum(info.file_size for info in entries)
    largest = max((info.file_size for info in entries), default=0)
    if (
        inflated > _MAX_ALL_BYTES
        or largest > _MAX_PART_BYTES
        or (inflated > _RATIO_COUNTS_FROM and inflated > _MAX_RATIO * size)
    ):
        raise DocumentTooLargeError(
            f"O documento ocupa {inflated >> 20} MB quando aberto, além do que é aceito.",
            hint="Reduza as imagens, ou divida o documento.",
        )


def _check_kind(package: Package) -> None:
    content = package.content_type(package.main)
    if content and not _MAIN_CONTENT.match(content):
        what = next(
            (what for sign, what in _OTHER_CONTENT.items() if sign in content), "outro tipo de arquivo"
        )
        raise UnusableDocumentError(f"O arquivo não é um documento do Word: é {what}.", hint=_SAVE_AS)
    if any(each.kind == _FOREIGN_CONTENT for each in package.relationships(package.main)):
        raise UnusableDocumentError(
            "O documento traz outro documento inteiro dentro de si, que só o Word pode abrir.", hint=_SAVE_AS
        )


def _part_name(name: str) -> str:
    return name.replace("\\", "/").lstrip("/")


def _resolved(folder: str, target: str) -> str:
    """The name of the part that a relationship in `folder` means."""
    return (
        _part_name(target)
        if target.startswith("/")
        else _part_name(posixpath.normpath(posixpath.join(folder, target)))
    )
