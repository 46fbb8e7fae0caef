"""Results that fit: as much of a collection as a message and a job document hold."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel

MOST_BYTES = 256 * 1024
"""Of the items of a result, as JSON: a job document has about four times as much, the message about its end twice."""

Item = TypeVar("Item", bound=BaseModel)


@dataclass(frozen=True)
class Fitted(Generic[Item]):
    """What fits of a collection."""

    items: tuple[Item, ...]
    complete: bool
    """Whether nothing was left out."""


def fitted(
    items: Sequence[Item],
    shorter: Sequence[Callable[[Item], Item]] = (),
    *,
    most_bytes: int = MOST_BYTES,
) -> Fitted[Item]:
    """The items; if they are too large all of them shorter, step by step, and at last only the first of them.

    Args:
        items: What was collected.
        shorter: What to do without, the least important first. Each step is done on top of those before it.
        most_bytes: Of all items together, as JSON.
    """
    kept = list(items)
    for number in range(len(shorter) + 1):
        if sum(map(_size, kept)) <= most_bytes:
            return Fitted(tuple(kept), number == 0)
        if number < len(shorter):
            kept = [shorter[number](item) for item in kept]
    fitting: list[Item] = []
    left = most_bytes
    for item in kept:
        left -= _size(item)
        if left < 0:
            break
        fitting.append(item)
    return Fitted(tuple(fitting), complete=False)


def _size(item: BaseModel) -> int:
    return len(item.model_dump_json().encode()) + 1
