"""What of records is worth a drawing. No chart rather than one that says nothing."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise

from tasks.reports.content import Chart
from tasks.reports.records import Record
from tasks.reports.tables import Field, name_field
from tasks.reports.texts import line, narrow
from tasks.reports.values import AMOUNTS, Kind, Writer, amount_of, moment_of

_FEWEST = 5
"""Records from which on a drawing says more than the table."""
_MOST_BARS = 10
_MOST_COLUMNS = 36
_MOST_SHARES = 6
_LONELY = 0.6
"""Kinds for each record from which on their shares say no more than the table."""
_MOST_CHARTS = 2
_LABEL, _SHARE_LABEL = 44, 28
_MOST_COMPARED = 300
"""Characters of names that may differ only at their ends, as the types of office documents do."""


def charts_of(title: str, records: Sequence[Record], fields: Sequence[Field], writer: Writer) -> list[Chart]:
    """At most two: the largest of the first amount that tells records apart, and how they lie in time, or shares."""
    return list(_candidates(title, records, fields, writer))[:_MOST_CHARTS]


def _candidates(
    title: str, records: Sequence[Record], fields: Sequence[Field], writer: Writer
) -> Iterator[Chart]:
    if len(records) < _FEWEST:
        return
    name = name_field(records, fields)
    if name is not None:
        amounts = (field for field in fields if field.kind in AMOUNTS)
        yield from [chart for field in amounts if (chart := bars(records, name, field, writer))][:1]
    moments = (field for field in fields if field.kind in (Kind.DATE, Kind.TIME))
    yield from [chart for field in moments if (chart := columns(title, records, field, writer))][:1]
    kinds = (field for field in fields if field.kind in (Kind.TEXT, Kind.TRUTH) and field is not name)
    yield from [chart for field in kinds if (chart := share(title, records, field, writer))][:1]


def bars(records: Sequence[Record], name: Field, amount: Field, writer: Writer) -> Chart | None:
    """The largest amounts by name, above and below nothing; None where they are alike or have no names of their own."""
    found = [
        (line(str(record[name.key]), _MOST_COMPARED), value)
        for record in records
        if record.get(name.key) not in (None, "") and (value := amount_of(record.get(amount.key))) is not None
    ]
    values = [value for _, value in found]
    if len(found) < 3 or len(found) < len(records) / 2:
        return None
    if len({after - before for before, after in pairwise(values)}) == 1:
        # They are counted through.
        return None
    below = min(values) < 0
    largest = sorted(found, key=lambda each: -abs(each[1]))[:_MOST_BARS]
    largest.sort(key=lambda each: -each[1])
    title = writer.words.largest_either_way if below else writer.words.largest
    if len({label for label, _ in largest}) < len(largest) or largest[0][1] == largest[-1][1]:
        return None
    labels = _shortened([label for label, _ in largest], _LABEL)
    return Chart(
        "bars",
        title.format(amount.label, len(largest)) if len(found) > len(largest) else amount.label,
        labels,
        tuple(value for _, value in largest),
        tuple(writer.amount(value, amount.kind) for _, value in largest),
    )


def columns(title: str, records: Sequence[Record], moment: Field, writer: Writer) -> Chart | None:
    """How many records there are in each day, month or year; None where they are of one moment, or too scattered."""
    moments = [found for record in records if (found := moment_of(record.get(moment.key)))]
    if len(moments) < _FEWEST:
        return None
    first, last = min(moments), max(moments)
    if not (1970 <= first.year <= last.year <= 2200):
        return None
    if (last - first).days < _MOST_COLUMNS:
        return _counted(writer.words.by_day, title, [_day(each) for each in moments], 1, writer)
    if 12 * (last.year - first.year) + last.month - first.month < _MOST_COLUMNS:
        months = [each.year * 12 + each.month - 1 for each in moments]
        return _counted(writer.words.by_month, title, months, 2, writer)
    return _counted(writer.words.by_year, title, [each.year for each in moments], 3, writer)


def _day(moment: datetime) -> int:
    return moment.toordinal()


def _counted(wording: str, title: str, places: Sequence[int], sort: int, writer: Writer) -> Chart | None:
    counts = Counter(places)
    span = range(min(places), max(places) + 1)
    if not 3 <= len(span) <= _MOST_COLUMNS or len(counts) < 3:
        return None
    # Days without records are columns, too: a gap is a fact.
    values = [counts[place] for place in span]
    return Chart(
        "columns",
        wording.format(title or writer.words.records),
        tuple(_named(place, sort, writer) for place in span),
        tuple(float(value) for value in values),
        tuple(writer.number(value) if value else "" for value in values),
    )


def _named(place: int, sort: int, writer: Writer) -> str:
    if sort == 1:
        moment = datetime.fromordinal(place)
        return writer.day(moment)[:5] if writer.language == "pt-BR" else writer.day(moment).rpartition(" ")[0]
    if sort == 2:
        return f"{writer.words.months[place % 12]} {place // 12 % 100:02}"
    return str(place)


def share(
    title: str, records: Sequence[Record], kind: Field, writer: Writer, amount: Field | None = None
) -> Chart | None:
    """Of how many records, or of how much, each kind makes a part; None where nearly each has one of its own."""
    parts: dict[str, float] = defaultdict(float)
    for record in records:
        value = record.get(kind.key)
        label = (
            writer.value(value, kind.kind, _MOST_COMPARED) if value not in (None, "") else writer.words.none
        )
        found = 1.0 if amount is None else amount_of(record.get(amount.key))
        if found is not None and found >= 0:
            parts[label] += found
    if len(parts) < 2 or len(parts) > max(_MOST_SHARES, len(records) / 3) or not sum(parts.values()):
        return None
    if amount is None and len(parts) > _LONELY * len(records):
        return None
    ordered = sorted(parts.items(), key=lambda each: (-each[1], each[0]))
    if len(ordered) > _MOST_SHARES:
        left = ordered[_MOST_SHARES - 1 :]
        ordered = [*ordered[: _MOST_SHARES - 1], (writer.words.others, sum(value for _, value in left))]
    total = sum(parts.values())
    if ordered[0][1] > 0.98 * total:
        return None
    of = title or writer.words.records if amount is None else amount.label
    unit = Kind.NUMBER if amount is None else amount.kind
    written = [
        f"{100 * value / total:.0f}\u00a0% ({writer.amount(value if amount else int(value), unit)})"
        for _, value in ordered
    ]
    return Chart(
        "share",
        writer.words.share.format(of, kind.label.lower() if kind.label.istitle() else kind.label),
        _shortened([label for label, _ in ordered], _SHARE_LABEL),
        tuple(value for _, value in ordered),
        tuple(written),
    )


def _shortened(labels: Sequence[str], most: int) -> tuple[str, ...]:
    """The labels in at most so many characters, each another: where beginnings are alike, their ends are shown."""
    made = [narrow(label, most) for label in labels]
    alike = Counter(made)
    ends = most // 2
    made = [
        short
        if alike[short] == 1 or short == label
        else f"{narrow(label, most - ends)}{narrow(label[::-1], ends + 1)[-2::-1]}"
        for short, label in zip(made, labels, strict=True)
    ]
    alike = Counter(made)
    return tuple(
        short if alike[short] == 1 or short == label else f"{narrow(label, most - 4)} {place}"
        for place, (short, label) in enumerate(zip(made, labels, strict=True), 1)
    )
