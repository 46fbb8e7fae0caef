"""A comparison as a page for who reviews the contract: one file, in Portuguese, that also reads well on paper."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tasks.documents.blocks import Block, Segment, ShownLine
from tasks.documents.change import Category, Change, ClauseName, Reference
from tasks.documents.comparison import ClauseCount, Comparison
from tasks.documents.highlights import Highlight, HighlightKind
from tasks.documents.revisions import GONE, NEW
from tasks.documents.visible import with_visible_directions, with_visible_signs

_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    finalize=with_visible_directions,
)
CATEGORIES: dict[Category, tuple[str, str]] = {
    "inclusao": ("inclusão", "inclusões"),
    "remocao": ("remoção", "remoções"),
    "modificacao": ("modificação", "modificações"),
    "comentario": ("comentário", "comentários"),
    "formatacao": ("formatação", "formatações"),
}
_FIGURES: dict[HighlightKind, str] = {
    "valor": "Valor",
    "percentual": "Percentual",
    "prazo": "Prazo",
    "data": "Data",
}
_SHOWN = 2000
"""Characters of a change in its own words; the whole of it is in the text beside, and in the JSON."""


@dataclass(frozen=True, slots=True)
class _Mark:
    """Characters of the text with how they are marked."""

    text: str
    mark: str
    """The element: ins, del, a class of a change without either; empty for what stayed."""
    number: int
    last: bool
    """Whether it ends the change in this paragraph: its number is shown behind it."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A paragraph as one text and side by side."""

    both: tuple[_Mark, ...]
    before: tuple[_Mark, ...]
    after: tuple[_Mark, ...]


@dataclass(frozen=True, slots=True)
class _Shown:
    """A block as the page has it."""

    block: Block
    title: str
    lines: tuple[_Line, ...]
    changes: tuple[Change, ...]
    references: tuple[Reference, ...]


def comparison_page(comparison: Comparison) -> str:
    """The page. What stands in the documents is text in it, never markup."""
    changes = comparison.findings.alteracoes
    return _PAGES.get_template("comparison_report.html").render(
        found=comparison.findings,
        blocks=[_shown(block, changes) for block in comparison.blocks],
        figures=list(_figures(changes)),
        figure_names=_FIGURES,
        categories=CATEGORIES,
        clauses=comparison.findings.por_clausula,
        first_block=_first_blocks(comparison.findings.por_clausula, comparison.blocks),
        clause_title=clause_title,
        label=_label,
        clipped=_clipped,
        is_told=_is_told,
    )


def clause_title(name: ClauseName | None, part: str = "") -> str:
    """What a reader calls the place."""
    if name is None:
        return part.capitalize() if part else "Fora das cláusulas"
    if name.numero and name.numero[:1].isdigit():
        title = f"Cláusula {name.numero}" + (f" – {name.nome}" if name.nome else "")
    else:
        title = str(name)
    return f"{title} ({part})" if part else title


def _shown(block: Block, changes: Sequence[Change]) -> _Shown:
    held = tuple(changes[number - 1] for number in block.changes)
    references = dict.fromkeys(reference for change in held for reference in change.referencias)
    title = clause_title(block.clause, block.part)
    formatted = {change.sort for change in held if change.categoria == "formatacao"}
    return _Shown(
        block,
        title,
        tuple(_line(line, formatted) for line in block.lines),
        held,
        tuple(references),
    )


def _line(line: ShownLine, formatted: set[int]) -> _Line:
    # Before each other as they are read: what was there first, then what came for it.
    segments = _old_first(line.segments)
    return _Line(
        tuple(_marks(segments, formatted)),
        tuple(_marks([each for each in segments if each.kind not in NEW], formatted)),
        tuple(_marks([each for each in segments if each.kind not in GONE], formatted)),
    )


def _old_first(segments: Sequence[Segment]) -> list[Segment]:
    found: list[Segment] = []
    for segment in segments:
        if segment.kind in GONE and found and found[-1].kind in NEW and found[-1].change == segment.change:
            found.insert(len(found) - 1, segment)
        else:
            found.append(segment)
    return found


def _marks(segments: Sequence[Segment], formatted: set[int]) -> Iterator[_Mark]:
    for place, segment in enumerate(segments):
        later = segments[place + 1 :]
        last = bool(segment.change) and not any(each.change == segment.change for each in later)
        mark = {
            "inserted": "ins",
            "deleted": "del",
            "moved_to": "ins moved",
            "moved_from": "del moved",
            "equal": "look" if segment.change in formatted else "",
        }[segment.kind]
        text = with_visible_signs(segment.text) if mark else segment.text
        yield _Mark(text, mark, segment.change, last)


def _figures(changes: Sequence[Change]) -> Iterator[tuple[Change, Highlight]]:
    """The changed figures: amounts first, then percentages, deadlines and dates; each kind in the order of the text."""
    for kind in _FIGURES:
        yield from ((change, each) for change in changes for each in change.destaques if each.tipo == kind)


def _first_blocks(clauses: Sequence[ClauseCount], blocks: Sequence[Block]) -> dict[int, int]:
    """For each row of the summary the block that it leads to."""
    first: dict[ClauseName | None, int] = {}
    for block in blocks:
        first.setdefault(block.clause, block.number)
    return {place: first[row.clausula] for place, row in enumerate(clauses) if row.clausula in first}


def _label(change: Change) -> str:
    if change.movida:
        return "mudança de lugar" if change.conteudo == change.alteracao else "mudança de lugar e de texto"
    return CATEGORIES[change.categoria][0]


def _is_told(change: Change) -> bool:
    """Whether a figure says all of a change, whose words alone are half a number."""
    return any(change.conteudo in each.antes and change.alteracao in each.depois for each in change.destaques)


def _clipped(text: str) -> str:
    text = with_visible_signs(text)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]} […]"
