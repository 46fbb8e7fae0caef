"""What changes do to figures.

Changes inside of one are one change: of "12.500,00 (doze mil e quinhentos reais)" three words may be new. And one that
stands at the edge of a figure may lengthen it: "30 dias" is another one once "úteis" stands behind it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tasks.documents.changes import RawChange
from tasks.documents.highlights import Figures, Highlight, changed_figures

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


def highlights_of(change: RawChange, before: Figures, after: Figures) -> tuple[Highlight, ...]:
    """What became of the figures that a change of the text reaches into, in either version."""
    if change.category not in _TEXT:
        return ()
    old = _Range(change.old_start, change.old_end)
    new = _Range(change.new_start, change.new_end)
    # What surrounds the change is the same in both: a figure that sticks out on one side does so on the other.
    grown = True
    while grown:
        left = max(old.sticks_out_left(before), new.sticks_out_left(after))
        right = max(old.sticks_out_right(before), new.sticks_out_right(after))
        grown = left > 0 or right > 0
        old, new = old.wider(left, right), new.wider(left, right)
    return changed_figures(before.touching(old.start, old.end), after.touching(new.start, new.end))


@dataclass(frozen=True, slots=True)
class _Range:
    start: int
    end: int

    def sticks_out_left(self, figures: Figures) -> int:
        return max((self.start - start for start, *_ in figures.touching(self.start, self.end)), default=0)

    def sticks_out_right(self, figures: Figures) -> int:
        return max((end - self.end for _, end, *_ in figures.touching(self.start, self.end)), default=0)

    def wider(self, left: int, right: int) -> "_Range":
        return _Range(max(0, self.start - left), self.end + right)


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
