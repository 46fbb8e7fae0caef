"""Records as a table that fits the page: which fields become columns, how wide, and how many rows are shown."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import JsonValue

from tasks.reports.content import Cell, Column, Table
from tasks.reports.records import VALUE, Record, words_of
from tasks.reports.texts import before_value, humanised, line
from tasks.reports.values import CUT, Kind, Writer, kind_of, link_of
from tasks.reports.wording import label_in

MOST_ROWS = 200
"""Of a table; the JSON has all."""
_WIDTH = 100
"""Characters in a row of the page."""
_PADDING = 3
_MOST_COLUMNS = 10
_MOST_FIELDS = 400
"""Of records that have ever new fields, those that are looked at."""
_TEXT_WIDTH = (14, 44)
"""Characters up to which texts stay on one line, and the most that a column of them asks for."""
_NAMES = ("title", "titulo", "name", "nome", "label", "subject", "assunto", "headline", "filename")
_LONG = 400


@dataclass(frozen=True)
class Field:
    """A field of records, and how it is shown."""

    key: str
    label: str
    kind: Kind
    is_long: bool = False
    """Whether it holds texts that are read for themselves."""


@dataclass(frozen=True)
class _Measured:
    field: Field
    width: float
    """Characters."""
    wraps: bool
    """Whether it holds texts that may as well stand in less room, on more lines."""
    filled: float
    """Share of the records that have it."""


def fields_of(records: Sequence[Record], writer: Writer, wanted: Collection[str] = ()) -> list[Field]:
    """The fields of records, in the order in which they appear; of very many the first, and those that are wanted."""
    values: dict[str, list[JsonValue]] = {}
    for record in records:
        for key, value in record.items():
            if key in values:
                values[key].append(value)
            elif len(values) < _MOST_FIELDS or key in wanted:
                values[key] = [value]
    made = []
    for key, each in values.items():
        kind = kind_of(key, each)
        texts = [len(value) for value in each if isinstance(value, str)]
        is_long = kind is Kind.TEXT and bool(texts) and sum(texts) / len(texts) > _LONG
        made.append(Field(key, label_of(key, writer), kind, is_long))
    return made


def label_of(key: str, writer: Writer) -> str:
    """What a field is called: in the report's language where its name is a usual one."""
    if key == VALUE:
        return writer.words.value
    return " › ".join(label_in(writer.language, part) for part in words_of(key).split(" › "))


def name_field(records: Sequence[Record], fields: Sequence[Field]) -> Field | None:
    """The field that tells records apart for a reader: a title or name, else the first short text."""
    texts = [field for field in fields if field.kind is Kind.TEXT and not field.is_long]
    for name in _NAMES:
        for field in texts:
            if humanised(field.key) == name:
                return field
    for field in texts:
        different = {str(record.get(field.key)) for record in records}
        if len(different) > 0.7 * len(records):
            return field
    return None


def table_of(
    title: str,
    records: Sequence[Record],
    fields: Sequence[Field],
    writer: Writer,
    *,
    chosen: bool = False,
) -> Table:
    """The table of records.

    Args:
        title: What stands above it; may be empty.
        records: All of them.
        fields: What may become columns.
        writer: Of the values.
        chosen: Whether somebody has chosen the fields: none is left out for what it holds.
    """
    shown = records[:MOST_ROWS]
    notes: list[str] = []
    candidates = [field for field in fields if chosen or not field.is_long]
    if not chosen:
        candidates, common = _without_common(records, candidates, writer)
        if common:
            notes.append(f"{writer.words.same_for_all} {common}")
    measured = [_measure(field, shown, writer) for field in candidates]
    if not chosen:
        measured = [each for each in measured if _has_any(records, each.field)] or measured[:1]
    kept = _chosen(measured, name_field(shown, candidates))
    columns = _columns(kept)
    if len(measured) > len(kept) or (not chosen and any(field.is_long for field in fields)):
        counts = (writer.number(len(kept)), writer.number(len(fields)))
        notes.insert(0, writer.words.shown_columns.format(*counts))
    if len(records) > len(shown):
        counts = (writer.number(len(shown)), writer.number(len(records)))
        notes.insert(0, writer.words.shown_rows.format(*counts))
    rows = tuple(tuple(_cell(record, each.field, writer) for each in kept) for record in shown)
    if any(cell.text.endswith("…") for row in rows for cell in row):
        notes.append(writer.words.cut)
    return Table(title, columns, rows, tuple(notes))


def _cell(record: Record, field: Field, writer: Writer) -> Cell:
    value = record.get(field.key)
    link = link_of(value) if field.kind is Kind.URL else None
    written = writer.value(value, field.kind)
    # Without what every address has; the whole of it is behind the link.
    return Cell(written.partition("://")[2].removeprefix("www.").rstrip("/") if link else written, link)


def _without_common(
    records: Sequence[Record], fields: Sequence[Field], writer: Writer
) -> tuple[list[Field], str]:
    """The fields that tell records apart, and the others with their one value."""
    if len(records) < 4 or len(fields) < 4:
        return list(fields), ""
    different, common = [], []
    for field in fields:
        values = {repr(record.get(field.key)) for record in records}
        if len(values) > 1:
            different.append(field)
        elif records[0].get(field.key) not in (None, "", [], {}):
            common.append(before_value(field.label) + writer.value(records[0][field.key], field.kind, 60))
    if not different:
        return list(fields), ""
    return different, "; ".join(common[:6])


def _has_any(records: Sequence[Record], field: Field) -> bool:
    return any(record.get(field.key) not in (None, "", [], {}) for record in records)


def _measure(field: Field, records: Sequence[Record], writer: Writer) -> _Measured:
    values = [record.get(field.key) for record in records]
    present = [value for value in values if value not in (None, "", [], {})]
    lengths = sorted(len(writer.value(value, field.kind)) for value in present) or [1]
    # The nth longest, so that one odd value does not widen the column.
    longest = lengths[-1 if field.kind is not Kind.TEXT else (len(lengths) - 1) * 9 // 10]
    word = max((len(part) for part in field.label.split()), default=1)
    least, most = _TEXT_WIDTH
    wraps = field.kind in (Kind.TEXT, Kind.NESTED, Kind.URL) and lengths[-1] > least
    width = float(max(min(longest, most), word + 1))
    return _Measured(field, width, wraps, len(present) / len(values) if values else 0)


def _chosen(measured: Sequence[_Measured], name: Field | None) -> list[_Measured]:
    """As many columns as the page has room for: the name first, then the fuller, then the earlier."""

    def rank(place: int) -> tuple[bool, bool, bool, int]:
        each = measured[place]
        nested = each.field.kind is Kind.NESTED
        return (each.field is not name, nested, each.filled < 0.3, place)

    kept: list[int] = []
    room = float(_WIDTH)
    for place in sorted(range(len(measured)), key=rank):
        each = measured[place]
        # A column of texts takes less than it asks for where others need the room.
        needed = (min(each.width, 18) if each.wraps else each.width) + _PADDING
        if kept and (needed > room or len(kept) >= _MOST_COLUMNS):
            continue
        kept.append(place)
        room -= needed
    return [measured[place] for place in sorted(kept)]


def _columns(kept: Sequence[_Measured]) -> tuple[Column, ...]:
    """Widths: figures get what they need, texts share the rest by what they ask for."""
    fixed = sum(each.width + _PADDING for each in kept if not each.wraps)
    asked = sum(each.width + _PADDING for each in kept if each.wraps)
    rest = max(_WIDTH - fixed, 0.15 * _WIDTH) if asked else 0
    widths = [(each.width + _PADDING) * (rest / asked if each.wraps else 1) for each in kept]
    total = sum(widths) or 1
    return tuple(
        Column(line(each.field.label, 40), each.field.kind, width / total)
        for each, width in zip(kept, widths, strict=True)
    )


def renamed(field: Field, label: str, kind: Kind | None = None) -> Field:
    """The field under another name."""
    return replace(field, label=label, kind=kind or field.kind)


def cell_of(value: JsonValue, key: str, writer: Writer) -> Cell:
    """A value that stands alone."""
    kind = kind_of(key, [value])
    return Cell(writer.value(value, kind, 2 * CUT), link_of(value) if kind is Kind.URL else None)


def as_record(value: Mapping[str, JsonValue]) -> Record:
    """An object as a record."""
    return value
