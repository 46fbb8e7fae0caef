"""Makes the content of a report of what collectors have answered."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue

from tasks.reports import charts
from tasks.reports.content import (
    Block,
    Cell,
    Excerpt,
    Excerpts,
    Fact,
    Facts,
    Figure,
    Report,
    Section,
    Status,
)
from tasks.reports.forms import Form, FormField, form_of
from tasks.reports.records import Found, LongText, Named, Record, RecordList, found_in
from tasks.reports.tables import Field, cell_of, fields_of, label_of, name_field, renamed, table_of
from tasks.reports.texts import humanised, line, paragraphs
from tasks.reports.values import AMOUNTS, Kind, Writer, amount_of, kind_of, moment_of, period
from tasks.reports.wording import Language, label_in

_MOST_FACTS = 60
_MOST_BLOCKS = 24
"""Lists and texts of one collector that the report shows."""
_MOST_EXCERPTS = 12
_MOST_FIGURES = 4
_EXCERPT = 500
"""Characters."""
_TITLE = 200
_INTRODUCTION = 20_000
_REASON = 1000


@dataclass(frozen=True)
class Collected:
    """What one collector has answered."""

    collector: str
    status: Status
    data: JsonValue = None
    reason: str | None = None


@dataclass(frozen=True)
class Wanted:
    """What the report is to be, beside what was collected."""

    language: Language
    title: str | None
    date: datetime
    """In UTC."""
    correlation_id: str
    introduction: str
    color: str
    logo: bytes | None = None
    """A PNG."""


def build_report(collected: Sequence[Collected], wanted: Wanted) -> Report:
    """The report. Nothing that collectors send makes it fail."""
    writer = Writer(wanted.language)
    words = writer.words
    sections = tuple(_section(each, writer) for each in collected)
    notes = [] if sections else [words.nothing]
    date = f"{writer.time(wanted.date)} UTC"
    return Report(
        language=wanted.language,
        title=line(wanted.title or "", _TITLE) or words.title,
        date=date,
        correlation_id=line(wanted.correlation_id, _TITLE),
        introduction=paragraphs(wanted.introduction, _INTRODUCTION),
        sections=sections,
        notes=(*notes, *([words.in_utc] if writer.in_utc else [])),
        warnings=(),
        color=wanted.color,
        logo=wanted.logo,
    )


def _section(collected: Collected, writer: Writer) -> Section:
    words = writer.words
    name = line(collected.collector, _TITLE)
    status = {"done": words.done, "failed": words.failed, "timed_out": words.timed_out}[collected.status]
    reason = line(collected.reason or "", _REASON)
    form = form_of(collected.collector)
    hidden = form.hidden if form else ()
    found = [each for each in found_in(collected.data) if not each.path or each.path[0] not in hidden]
    figures: list[Figure] = []
    blocks = list(_blocks(found, form, figures, writer))
    if not found and not reason:
        reason = words.nothing_collected if collected.status == "done" else words.no_reason
    return Section(
        title=form.called(collected.collector) if form else label_in(writer.language, humanised(name)),
        status=collected.status,
        status_text=status,
        reason=reason,
        figures=tuple(figures),
        blocks=tuple(blocks),
    )


def _blocks(
    found: Sequence[Found], form: Form | None, figures: list[Figure], writer: Writer
) -> Iterator[Block]:
    """Known records first, then the named values, then all else in its order."""
    lists = [each for each in found if isinstance(each, RecordList)]
    texts = [each for each in found if isinstance(each, LongText)]
    named = [each for each in found if isinstance(each, Named)]
    known = next((each for each in lists if form and _is_of(form, each)), None)
    if form is not None and known is not None:
        yield from _known_records(form, known, figures, writer)
        named = [each for each in named if each.path not in {(count,) for count in form.counts}]
    shown = [each for each in lists if each is not known]
    for each in shown[:_MOST_BLOCKS]:
        yield from _records(each, figures, writer, alone=len(lists) == 1)
    if named:
        figures += _figures(named, writer)[: max(0, _MOST_FIGURES - len(figures))]
        yield _facts(named, writer)
    if texts:
        yield _texts(texts, writer)
    if (left := len(shown) - _MOST_BLOCKS) > 0:
        yield Facts("", (), (writer.words.more_sections.format(writer.number(left)),))


def _records(found: RecordList, figures: list[Figure], writer: Writer, *, alone: bool) -> Iterator[Block]:
    title = _title(found.path, writer)
    fields = fields_of(found.records, writer)
    if len(figures) < _MOST_FIGURES:
        figures.append(
            Figure(title if title and not alone else writer.words.records, writer.number(len(found.records)))
        )
    if not fields:
        return
    moment = next(filter(_is_moment, fields), None)
    if len(figures) < _MOST_FIGURES and moment is not None:
        figures += _period(moment, found.records, writer)
    yield from charts.charts_of(title, found.records, fields, writer)
    yield table_of(title or writer.words.records, found.records, fields, writer)
    for field in fields:
        if field.is_long:
            yield from _excerpts(field.label, field, found.records, name_field(found.records, fields), writer)


def _is_moment(field: Field) -> bool:
    return field.kind in (Kind.DATE, Kind.TIME)


def _period(moment: Field, records: Sequence[Record], writer: Writer) -> list[Figure]:
    """From when to when the records are; nothing where they are of one day."""
    moments = [found for record in records if (found := moment_of(record.get(moment.key)))]
    span = period(moments)
    return [Figure(moment.label, writer.words.from_to.format(*map(writer.day, span)))] if span else []


def _is_of(form: Form, found: RecordList) -> bool:
    last = found.path[-1] if found.path else None
    return (last is None or last in form.lists) and any(
        key in record for record in found.records[:20] for key in form.needs
    )


def _known_records(form: Form, found: RecordList, figures: list[Figure], writer: Writer) -> Iterator[Block]:
    records = found.records
    fields = {field.key: field for field in fields_of(records, writer, form.keys)}

    def known(wanted: FormField | None) -> Field | None:
        key = next((key for key in wanted.keys if key in fields), None) if wanted else None
        if wanted is None or key is None:
            return None
        kind = wanted.kind
        # What is said to be an amount and is none is shown as it is.
        if kind is not None and kind is not Kind.TEXT and fields[key].kind is Kind.TEXT:
            kind = None
        return renamed(fields[key], wanted.label[writer.language], kind)

    title = form.title[writer.language]
    figures.append(Figure(title, writer.number(len(records))))
    for each in map(known, form.sums):
        if each is not None:
            amounts = [value for record in records if (value := amount_of(record.get(each.key))) is not None]
            if amounts:
                figures.append(Figure(each.label, writer.amount(_whole(sum(amounts)), each.kind)))
    chosen = [each for each in map(known, form.columns) if each is not None]
    moment = known(form.moment)
    if moment is not None and not _is_moment(moment):
        moment = None
    if moment is not None:
        figures += _period(moment, records, writer)
    drawn = []
    name, amount, kind = chosen[0], known(form.bars), known(form.share_of)
    if len(records) >= 3 and amount is not None:
        drawn.append(charts.bars(records, name, amount, writer))
    if moment is not None:
        drawn.append(charts.columns(title, records, moment, writer))
    if len(records) >= 3 and kind is not None:
        drawn.append(charts.share(title, records, kind, writer, known(form.share_amount)))
    yield from (chart for chart in drawn if chart is not None)
    yield table_of(title, records, chosen, writer, chosen=True)
    text = known(form.text)
    if text is not None:
        yield from _excerpts(text.label, text, records, name, writer)


def _whole(value: float) -> float | int:
    return int(value) if value == int(value) else value


def _excerpts(
    title: str, text: Field, records: Sequence[Record], name: Field | None, writer: Writer
) -> list[Excerpts]:
    with_text = [
        (place, record, value)
        for place, record in enumerate(records, 1)
        if isinstance(value := record.get(text.key), str) and value.strip()
    ]
    items = tuple(
        Excerpt(
            line(
                writer.value(record.get(name.key), name.kind) if name else f"{writer.words.number} {place}",
                120,
            ),
            "",
            paragraphs(value, _EXCERPT),
        )
        for place, record, value in with_text[:_MOST_EXCERPTS]
    )
    notes = []
    if left := max(0, len(with_text) - _MOST_EXCERPTS):
        notes.append(writer.words.more.format(writer.number(left)))
    elif any(len(value) > _EXCERPT for _, _, value in with_text):
        notes.append(writer.words.all_in_json)
    return [Excerpts(title, items, tuple(notes))] if items else []


def _figures(named: Sequence[Named], writer: Writer) -> list[Figure]:
    """The amounts among the named values of the highest level."""
    made = []
    for each in named:
        if len(each.path) == 1 and (kind := kind_of(each.path[0], [each.value])) in AMOUNTS:
            made.append(Figure(line(label_of(each.path[0], writer), 40), writer.value(each.value, kind)))
    return made


def _facts(named: Sequence[Named], writer: Writer) -> Facts:
    facts: list[Fact] = []
    before: tuple[str, ...] = ()
    for each in named[:_MOST_FACTS]:
        groups = each.path[:-1]
        for level, group in enumerate(groups):
            if groups[: level + 1] != before[: level + 1]:
                facts.append(Fact(line(label_of(group, writer), 60), Cell(""), level))
        before = groups
        key = each.path[-1] if each.path else ""
        label = line(label_of(key, writer), 60) if key else writer.words.value
        facts.append(Fact(label, cell_of(each.value, key, writer), len(groups)))
    notes: tuple[str, ...] = ()
    if left := max(0, len(named) - _MOST_FACTS):
        notes = (writer.words.more.format(writer.number(left)),)
    return Facts(writer.words.details, tuple(facts), notes)


def _texts(texts: Sequence[LongText], writer: Writer) -> Excerpts:
    items = tuple(
        Excerpt(_title(each.path, writer), "", paragraphs(each.text, 4 * _EXCERPT))
        for each in texts[:_MOST_EXCERPTS]
    )
    notes = []
    if left := max(0, len(texts) - _MOST_EXCERPTS):
        notes.append(writer.words.more.format(writer.number(left)))
    elif any(len(each.text) > 4 * _EXCERPT for each in texts):
        notes.append(writer.words.all_in_json)
    return Excerpts(writer.words.texts, items, tuple(notes))


def _title(path: Sequence[str], writer: Writer) -> str:
    return line(" › ".join(label_of(part, writer) for part in path), 120)
