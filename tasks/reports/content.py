"""What a report consists of, before it is set in a format: every text is ready to be shown, and is data."""

from dataclasses import asdict, dataclass, field, replace
from typing import Literal

from tasks.reports.values import Kind
from tasks.reports.wording import Language


@dataclass(frozen=True, slots=True)
class Cell:
    """A value as it is written."""

    text: str
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    label: str
    kind: Kind
    share: float
    """Of the width of the page; those of a table add up to 1."""

    @property
    def right(self) -> bool:
        """Whether it stands at the right, so that figures are above each other."""
        return self.kind in (Kind.NUMBER, Kind.DURATION, Kind.BYTES, Kind.IDENTIFIER)

    @property
    def html_class(self) -> str:
        """For the page: whether it stands at the right, and whether it stays on one line."""
        one_line = self.right or self.kind in (Kind.DATE, Kind.TIME)
        return " ".join(("n" if self.right else "", "w" if one_line else "")).strip()


@dataclass(frozen=True, slots=True)
class Table:
    """Records below each other."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fact:
    """A named value; those that belong to it follow it one level deeper."""

    label: str
    value: Cell
    level: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """Named values below each other."""

    title: str
    facts: tuple[Fact, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The beginning of a long text."""

    heading: str
    about: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Excerpts:
    """Long texts, such as transcripts."""

    title: str
    items: tuple[Excerpt, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Chart:
    """Figures to be drawn."""

    sort: Literal["bars", "columns", "share"]
    """Bars are named and compared, columns follow each other in time, shares make a whole."""
    title: str
    labels: tuple[str, ...]
    values: tuple[float, ...]
    written: tuple[str, ...]
    """The values, as a reader reads them."""


Block = Table | Facts | Excerpts | Chart


@dataclass(frozen=True, slots=True)
class Figure:
    """A key figure."""

    label: str
    text: str


Status = Literal["done", "failed", "timed_out"]


@dataclass(frozen=True, slots=True)
class Section:
    """What one collector has found."""

    title: str
    status: Status
    status_text: str
    reason: str
    """Why there is nothing; empty where all went well."""
    figures: tuple[Figure, ...]
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """All of it."""

    language: Language
    title: str
    date: str
    correlation_id: str
    introduction: tuple[str, ...]
    sections: tuple[Section, ...]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    color: str
    """As #rrggbb."""
    logo: bytes | None = field(default=None, repr=False)
    """A PNG."""


def charts_in(report: Report) -> list[Chart]:
    """The charts, in their order."""
    return [block for section in report.sections for block in section.blocks if isinstance(block, Chart)]


def all_text(report: Report) -> str:
    """Everything that a report shows."""
    return repr(asdict(replace(report, logo=None)))


def is_dark(color: str) -> bool:
    """Whether white letters are read on it."""
    red, green, blue = (int(color[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = [
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in (red, green, blue)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] < 0.3
