"""Changes inside of one figure as one change: of "12.500,00 (doze mil e quinhentos reais)" three words may be new."""

from collections.abc import Sequence
from dataclasses import replace

from tasks.documents.changes import RawChange
from tasks.documents.highlights import Figures

_TEXT = frozenset({"inclusao", "remocao", "modificacao"})


def joined_by_figure(
    changes: Sequence[RawChange], old_text: str, new_text: str, before: Figures, after: Figures
) -> list[RawChange]:
    """The changes of the text, those that touch the same amount, date, percentage or deadline as one."""
    found: list[RawChange] = []
    for change in changes:
        last = found[-1] if found else None
        if last is not None and _is_one(last, change, before, after):
            found[-1] = _joined(last, change, old_text, new_text)
        else:
            found.append(change)
    return found


def _is_one(one: RawChange, other: RawChange, before: Figures, after: Figures) -> bool:
    if one.line != other.line or one.moved or other.moved or not {one.category, other.category} <= _TEXT:
        return False
    for figures, first, second in (
        (before, (one.old_start, one.old_end), (other.old_start, other.old_end)),
        (after, (one.new_start, one.new_end), (other.new_start, other.new_end)),
    ):
        if set(figures.touching(*first)) & set(figures.touching(*second)):
            return True
    return False


def _joined(one: RawChange, other: RawChange, old_text: str, new_text: str) -> RawChange:
    line, first, _ = one.spots[0]
    return replace(
        one,
        category="modificacao",
        before=old_text[one.old_start : other.old_end],
        after=new_text[one.new_start : other.new_end],
        old_end=other.old_end,
        new_end=other.new_end,
        spots=[(line, first, other.spots[-1][2])],
    )
