"""Two versions of a contract compared: the redline, whether it holds, and the changes with their clauses."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from uuid import UUID, uuid5

from lxml import etree
from pydantic import BaseModel, ConfigDict

from tasks.documents.automatic_numbers import numbers_of
from tasks.documents.blocks import Block, blocks_of
from tasks.documents.change import Category, Change, ClauseName, Reference
from tasks.documents.changes import RawChange, atoms_of, read_changes
from tasks.documents.clause_places import ClausePlaces
from tasks.documents.clause_references import ClauseReferences
from tasks.documents.clauses import Clause
from tasks.documents.clean_copy import CleanCopy, clean_copy
from tasks.documents.comments import comment_changes, read_comments
from tasks.documents.engine import ComparisonEngine, Signature
from tasks.documents.errors import UnusableDocumentError
from tasks.documents.figure_changes import highlights_of, joined_by_figure
from tasks.documents.formatting import is_hollow
from tasks.documents.highlights import Figures
from tasks.documents.last_marks import settle_last_marks
from tasks.documents.looks import read_looks
from tasks.documents.markers import Unmarked, without_markers
from tasks.documents.package import MadePackage, Package, open_package, package_of
from tasks.documents.plain_diff import by_words_where_exchanged, compared_by_words
from tasks.documents.revisions import Lines, read_lines
from tasks.documents.verify import reads_as, verify

_NAMES = UUID("6f0b1a52-5d0f-4c39-9a39-4b1f0c1f7a11")
"""Our own namespace of identifiers of changes."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is compared, and what is known of it."""

    old: Path
    new: Path
    old_name: str
    new_name: str
    clauses: Sequence[Clause] = ()
    references: Sequence[Reference] = ()
    remove_markers: bool = True
    """Whether markers of tags are taken out of both first."""
    signature: Signature = field(default_factory=Signature)


class ClauseCount(BaseModel):
    """How many changes a clause has, by category."""

    model_config = ConfigDict(frozen=True)

    clausula: ClauseName | None
    """None for what stands in no clause."""
    total: int
    por_categoria: dict[Category, int]


class Findings(BaseModel):
    """All that is told of a comparison."""

    model_config = ConfigDict(frozen=True)

    arquivo_anterior: str
    arquivo_novo: str
    verificado: bool
    """Whether the redline accepted is the new version, and rejected the old one."""
    falhas_de_verificacao: tuple[str, ...]
    avisos: tuple[str, ...]
    por_categoria: dict[Category, int]
    por_clausula: tuple[ClauseCount, ...]
    alteracoes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The findings, the redline, and what the report shows of it."""

    findings: Findings
    redline: bytes
    blocks: tuple[Block, ...]


def compare(wanted: Wanted, engine: ComparisonEngine) -> Comparison:
    """Compares two versions.

    Raises UnusableDocumentError (also of what only the engine cannot read) and the errors of `ComparisonEngine`.
    """
    old_copy = _copy(wanted.old, wanted.old_name)
    new_copy = _copy(wanted.new, wanted.new_name, old_copy)
    old_unmarked, new_unmarked = _unmarked(old_copy, wanted), _unmarked(new_copy, wanted)
    old_document, new_document = old_unmarked.document, new_unmarked.document
    old, new = old_unmarked.lines, new_unmarked.lines
    file = engine.redline(old_document.file(), new_document.file(), wanted.signature)
    redlined = package_of(file)
    redline = read_lines(redlined)
    lines = by_words_where_exchanged(redline) if reads_as(redline, old, new) else compared_by_words(old, new)
    old_text, new_text = old.text(), new.text()
    before, after = Figures(old_text), Figures(new_text)
    raw = [
        *joined_by_figure(read_changes(lines), old_text, new_text, before, after),
        *read_looks(lines, old, new),
        *_of_comments(old_document, new_document, old, new, lines),
    ]
    raw.sort(key=lambda each: (each.line, each.new_start, each.category == "formatacao"))
    places = ClausePlaces(old, wanted.clauses, old_unmarked.spans, numbers_of(old_document, old))
    clauses = places.of_redline(lines, dict(zip(new.starts, numbers_of(new_document, new), strict=True)))
    names = [
        (None if _is_new(lines, each.line) else places.of_range(each.old_start, each.old_end))
        or _at(clauses, each.line)
        for each in raw
    ]
    blocks, numbers = blocks_of(lines, raw, names)
    changes = tuple(_stored(wanted, old, new, raw, names, numbers, (before, after)))
    finished = _finished(redlined, redline)
    checked = verify(finished, old, new)
    findings = Findings(
        arquivo_anterior=wanted.old_name,
        arquivo_novo=wanted.new_name,
        verificado=checked.holds,
        falhas_de_verificacao=checked.faults,
        avisos=tuple(_warnings(wanted, (old_copy, old_unmarked), (new_copy, new_unmarked))),
        por_categoria=_by_category(change.categoria for change in changes),
        por_clausula=tuple(_by_clause(names, changes)),
        alteracoes=changes,
    )
    return Comparison(findings, file if finished is redlined else finished.file(small=True), blocks)


def _copy(path: Path, name: str, other: CleanCopy | None = None) -> CleanCopy:
    try:
        with open_package(path) as package:
            return clean_copy(package, other)
    except UnusableDocumentError as error:
        error.message = f"{name}: {error.message}"
        raise


def _unmarked(copy: CleanCopy, wanted: Wanted) -> Unmarked:
    document = copy.document
    return (
        without_markers(document)
        if wanted.remove_markers
        else Unmarked(document, read_lines(document), (), 0)
    )


def _of_comments(
    old_document: Package, new_document: Package, old: Lines, new: Lines, lines: Lines
) -> Iterator[RawChange]:
    """The comments that came and went, each at its line of the redline and its places in both texts."""
    old_at, new_at = _Across(lines, old_side=True), _Across(lines, old_side=False)
    before, after = read_comments(old_document, old), read_comments(new_document, new)
    for change, gone in comment_changes(before, after):
        across = old_at if gone else new_at
        change.line, other = across(change.old_start)
        if gone:
            change.new_start = change.new_end = other
        else:
            change.old_start = change.old_end = other
        yield change


class _Across:
    """From a place in one version to the line of the redline and the place in the other version."""

    def __init__(self, lines: Lines, *, old_side: bool) -> None:
        firsts = [(atoms[0].old, atoms[0].new) for atoms in atoms_of(lines)]
        self._starts = sorted(
            (old if old_side else new, place, new if old_side else old)
            for place, (old, new) in enumerate(firsts)
        )

    def __call__(self, offset: int) -> tuple[int, int]:
        at = max(0, bisect_right(self._starts, (offset, len(self._starts), 0)) - 1)
        _, place, there = self._starts[at] if self._starts else (0, 0, 0)
        return place, there


def _is_new(lines: Lines, place: int) -> bool:
    return bool(lines.lines) and lines.lines[place].is_new


def _at(clauses: Sequence[ClauseName | None], line: int) -> ClauseName | None:
    return clauses[line] if line < len(clauses) else None


def _stored(
    wanted: Wanted,
    old: Lines,
    new: Lines,
    raw: Sequence[RawChange],
    names: Sequence[ClauseName | None],
    blocks: Sequence[int],
    figures: tuple[Figures, Figures],
) -> Iterator[Change]:
    before, after = figures
    references = ClauseReferences(wanted.references, wanted.clauses)
    files = ":".join(sha256(path.read_bytes()).hexdigest() for path in (wanted.old, wanted.new))
    for place, (each, name, block) in enumerate(zip(raw, names, blocks, strict=True), 1):
        paths = (
            new.path(each.new_start),
            new.path(each.new_end),
            old.path(each.old_start),
            old.path(each.old_end),
        )
        yield Change(
            id=str(uuid5(_NAMES, ":".join((files, str(place), each.category, *paths)))),
            sort=place,
            bloco=block,
            clausula=name.id if name else None,
            clausula_numero=name.numero if name else "",
            clausula_nome=name.nome if name else "",
            categoria=each.category,
            conteudo=each.before,
            alteracao=each.after,
            caminho_inicio=paths[0],
            caminho_fim=paths[1],
            caminho_anterior_inicio=paths[2],
            caminho_anterior_fim=paths[3],
            movida=each.moved,
            destaques=highlights_of(each, before, after),
            referencias=references.of(name),
        )


def _by_category(categories: Iterable[Category]) -> dict[Category, int]:
    return dict(sorted(Counter(categories).items()))


def _by_clause(names: Sequence[ClauseName | None], changes: Sequence[Change]) -> Iterator[ClauseCount]:
    held: dict[ClauseName | None, list[Category]] = {}
    for name, change in zip(names, changes, strict=True):
        held.setdefault(name, []).append(change.categoria)
    for name, categories in held.items():
        yield ClauseCount(clausula=name, total=len(categories), por_categoria=_by_category(categories))


def _warnings(
    wanted: Wanted, old: tuple[CleanCopy, Unmarked], new: tuple[CleanCopy, Unmarked]
) -> Iterator[str]:
    for name, (copy, unmarked) in ((wanted.old_name, old), (wanted.new_name, new)):
        if copy.authors:
            named = ", ".join(author for author in copy.authors if author) or "autor desconhecido"
            yield f"{name} já tinha alterações controladas ({named}), que foram aceitas antes da comparação."
        if unmarked.markers:
            yield f"De {name} foram retiradas {unmarked.markers} marcas antes da comparação."
        if copy.dropped_code:
            yield f"{name} tem macros, que não foram executadas nem levadas para o documento marcado."
        if copy.hidden:
            yield f"{name} tem texto que não se vê no Word (oculto, branco, minúsculo); aqui é lido como os demais."
        if copy.buttons:
            yield f"{name} tem botões (campos MACROBUTTON), cujo texto não é comparado; confira-os no Word."
        if copy.links_cut:
            yield f"{name} se refere a arquivos de fora dele, que não foram abertos."


def _finished(document: MadePackage, redline: Lines) -> MadePackage:
    """The redline as others open it, without tracked changes of looks that change nothing, which the engine leaves.

    Where there is nothing to do it is the same document. `redline` is used up.
    """
    parts: dict[str, bytes] = {}
    for part, root in {line.part: line.element.getroottree().getroot() for line in redline.lines}.items():
        hollow = [each for each in root.iter("{*}rPrChange", "{*}pPrChange") if is_hollow(each)]
        for each in hollow:
            parent = each.getparent()
            if parent is not None:
                parent.remove(each)
        if settle_last_marks(root) or hollow:
            parts[part] = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    return MadePackage({**document.contents, **parts}) if parts else document
