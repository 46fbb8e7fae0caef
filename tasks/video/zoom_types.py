"""The camera moves of clips, and how a job's clips get theirs."""

import random
from collections.abc import Sequence
from typing import Literal

ZoomType = Literal["zoomin", "zoomout", "zoompanright"]


def share_out(count: int, zoom_types: Sequence[ZoomType], seed: str) -> list[ZoomType]:
    """`count` moves, of each of `zoom_types` as many as of the others (or one more), shuffled.

    The same seed always gives the same order.
    """
    kinds = list(dict.fromkeys(zoom_types))
    chosen = [kinds[number % len(kinds)] for number in range(count)]
    # `random` promises for `random()` alone that a seed gives the same numbers in every version of Python.
    numbers = random.Random(seed)  # noqa: S311 - a film, not a secret
    drawn = [numbers.random() for _ in range(count)]
    return [move for _, move in sorted(zip(drawn, chosen, strict=True), key=lambda pair: pair[0])]
