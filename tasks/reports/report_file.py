"""A report as JSON: its form, its version, and all that was collected, uncut."""

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from tasks.messages.plain_json import plain
from tasks.reports.building import Collected
from tasks.reports.content import Block, Chart, Excerpts, Facts, Report, Section, Status, Table
from tasks.reports.wording import Language

_FROZEN = ConfigDict(frozen=True, extra="forbid")


class FigureEntry(BaseModel):
    """A key figure, as the report shows it."""

    model_config = _FROZEN

    label: str
    text: str


class ChartEntry(BaseModel):
    """What a chart of the report draws."""

    model_config = _FROZEN

    title: str
    sort: Literal["bars", "columns", "share"]
    labels: tuple[str, ...]
    values: tuple[float, ...]


class TableEntry(BaseModel):
    """A table of the report, as it is shown: cut where the notes say so."""

    model_config = _FROZEN

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]


class CollectorEntry(BaseModel):
    """One collector."""

    model_config = _FROZEN

    collector: str
    title: str
    status: Status
    reason: str
    figures: tuple[FigureEntry, ...]
    charts: tuple[ChartEntry, ...]
    tables: tuple[TableEntry, ...]
    data: JsonValue
    """All that was collected."""


class ReportFile(BaseModel):
    """The whole report."""

    model_config = _FROZEN

    form: Literal["contraponto/report"] = "contraponto/report"
    version: Literal[1] = 1
    language: Language
    title: str
    date: str = Field(description="As the report shows it.")
    correlation_id: str
    introduction: tuple[str, ...]
    collectors: tuple[CollectorEntry, ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]


def report_file(report: Report, collected: Sequence[Collected]) -> ReportFile:
    """The file of a report that was made of these."""
    return ReportFile(
        language=report.language,
        title=report.title,
        date=report.date,
        correlation_id=report.correlation_id,
        introduction=report.introduction,
        collectors=tuple(
            _entry(section, each) for section, each in zip(report.sections, collected, strict=True)
        ),
        notes=report.notes,
        warnings=report.warnings,
    )


def _entry(section: Section, collected: Collected) -> CollectorEntry:
    return CollectorEntry(
        collector=collected.collector,
        title=section.title,
        status=section.status,
        reason=section.reason,
        figures=tuple(FigureEntry(label=each.label, text=each.text) for each in section.figures),
        charts=tuple(
            ChartEntry(title=each.title, sort=each.sort, labels=each.labels, values=each.values)
            for each in section.blocks
            if isinstance(each, Chart)
        ),
        tables=tuple(table for each in section.blocks if (table := _table(each)) is not None),
        data=plain(collected.data),
    )


def _table(block: Block) -> TableEntry | None:
    match block:
        case Table():
            rows = tuple(tuple(cell.link or cell.text for cell in row) for row in block.rows)
            columns = tuple(column.label for column in block.columns)
            return TableEntry(title=block.title, columns=columns, rows=rows, notes=block.notes)
        case Facts() | Excerpts() | Chart():
            return None
