"""A report as PDF, and its charts as pictures: set by typst, to which every text is data, never markup."""

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from tasks.errors import EngineError
from tasks.reports.content import Block, Cell, Chart, Excerpts, Facts, Report, Table, charts_in, is_dark
from tasks.reports.drawing import INK, NARROW, WIDTH, chart_svg
from tasks.reports.fonts import EMOJI, TITLES, Letters, require_setter
from tasks.reports.lettering import Drawing
from tasks.reports.texts import breakable, is_right_to_left, line
from tasks.reports.wording import WORDS

TEMPLATE = Path(__file__).with_name("report.typ")
_PICTURE = b"""#import "drawing.typ": drawing
#set page(width: auto, height: auto, margin: 0pt, fill: white)
#let found = json(bytes(sys.inputs.charts))
#set text(font: found.families)
#for (place, chart) in found.charts.enumerate() {
  if place > 0 { pagebreak() }
  drawing(chart, 1pt)
}
"""
_DOTS = 192
"""Of an inch, in pictures of charts."""


def draw(report: Report) -> list[str]:
    """The drawings of a report's charts, in their order."""
    return [chart_svg(chart, report.color, place) for place, chart in enumerate(charts_in(report))]


def pdf_of(
    report: Report, drawings: Sequence[Drawing], letters: Letters, date: datetime
) -> tuple[bytes, int]:
    """The report as pages and how many they are; the same bytes for the same report. Raises EngineError."""
    typst = require_setter()
    compiler = typst.Compiler(
        input=TEMPLATE,
        root=TEMPLATE.parent,
        font_paths=letters.fonts,
        ignore_system_fonts=True,
        sys_inputs={"report": json.dumps(_content(report, drawings, letters), ensure_ascii=False)},
    )
    try:
        made: bytes = compiler.compile(format="pdf", timestamp=date.replace(microsecond=0))
        pages = int(compiler.query("<pages>", field="value", one=True))
    except typst.TypstError as error:
        raise EngineError(f"The PDF could not be set: {line(str(error), 200)}") from error
    return made, pages


def pictures_of(drawings: Sequence[Drawing], letters: Letters) -> list[bytes]:
    """The drawings as PNG, in their order. Raises EngineError."""
    if not drawings:
        return []
    typst = require_setter()
    given = {"families": letters.families, "charts": [_drawn(each) for each in drawings]}
    compiler = typst.Compiler(
        input=_PICTURE,
        root=TEMPLATE.parent,
        font_paths=letters.fonts,
        ignore_system_fonts=True,
        sys_inputs={"charts": json.dumps(given, ensure_ascii=False)},
    )
    try:
        made: bytes | list[bytes] = compiler.compile(format="png", ppi=_DOTS)
    except typst.TypstError as error:
        raise EngineError(f"The charts could not be drawn: {line(str(error), 200)}") from error
    return made if isinstance(made, list) else [made]


def _content(report: Report, drawings: Sequence[Drawing], letters: Letters) -> dict[str, Any]:
    words = WORDS[report.language]
    left = iter(drawings)
    titles = tuple(dict.fromkeys((TITLES, *letters.families)))
    return {
        "color": report.color,
        "dark": is_dark(report.color),
        "logo": None if report.logo is None else _in_svg(report.logo),
        "families": letters.families,
        "titles": titles,
        "emoji": EMOJI,
        "lang": report.language[:2],
        "title": breakable(report.title),
        "rtl": is_right_to_left(report.title),
        "short_title": line(report.title, 90),
        "date": report.date,
        "date_label": words.date,
        "correlation": f"{words.conversation}: {breakable(line(report.correlation_id, 90))}",
        "page": words.page.format("{a}", "{b}"),
        "words": {"summary": words.summary, "warnings": words.warnings},
        "introduction": [_said(each) for each in report.introduction],
        "warnings": [breakable(each) for each in report.warnings],
        "notes": report.notes,
        "sections": [
            {
                "title": breakable(section.title),
                "status": section.status,
                "status_text": section.status_text,
                "reason": breakable(section.reason),
                "figures": [{"label": breakable(each.label), "text": each.text} for each in section.figures],
                "blocks": [_block(block, left) for block in section.blocks],
            }
            for section in report.sections
        ],
    }


def _block(block: Block, drawings: Iterator[Drawing]) -> dict[str, Any]:
    match block:
        case Chart():
            drawn = _drawn(next(drawings))
            width = 1 if block.sort != "share" else NARROW / WIDTH
            named = zip(block.labels, block.written, strict=True)
            alt = "; ".join(f"{label}: {written}" for label, written in named)
            return {"sort": "chart", "title": breakable(block.title), **drawn, "share": width, "alt": alt}
        case Table():
            return {
                "sort": "table",
                "title": breakable(block.title),
                "shares": [column.share for column in block.columns],
                "right": [column.right for column in block.columns],
                "labels": [breakable(column.label) for column in block.columns],
                "rows": [[_cell(cell) for cell in row] for row in block.rows],
                "notes": [breakable(each) for each in block.notes],
            }
        case Facts():
            return {
                "sort": "facts",
                "title": block.title,
                "facts": [
                    {"label": breakable(each.label), "value": _valued(each.value), "level": each.level}
                    for each in block.facts
                ],
                "notes": block.notes,
            }
        case Excerpts():
            return {
                "sort": "excerpts",
                "title": breakable(block.title),
                "items": [
                    {"heading": _said(each.heading), "paragraphs": [_said(text) for text in each.paragraphs]}
                    for each in block.items
                ],
                "notes": block.notes,
            }


def _drawn(drawing: Drawing) -> dict[str, Any]:
    return {**asdict(drawing), "ink": INK}


def _cell(cell: Cell) -> str | dict[str, Any]:
    valued = _valued(cell)
    return valued if len(valued) > 1 else valued["text"]


def _valued(cell: Cell) -> dict[str, Any]:
    return {**_said(cell.text), **({"link": cell.link} if cell.link else {})}


def _said(text: str) -> dict[str, Any]:
    said: dict[str, Any] = {"text": breakable(text)}
    return {**said, "rtl": True} if is_right_to_left(text) else said


def _in_svg(png: bytes) -> str:
    """A picture as the setter takes it in a text: it cannot be given bytes."""
    width, height = (int.from_bytes(png[place : place + 4], "big") for place in (16, 20))
    data = base64.b64encode(png).decode()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
        f'<image width="{width}" height="{height}" href="data:image/png;base64,{data}"/></svg>'
    )
