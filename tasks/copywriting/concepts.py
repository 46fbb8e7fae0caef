"""What a claim is: something that may be said of a product, in its wordings."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from tasks.promotion.product import Product


def _never(_product: Product) -> bool:
    return False


@dataclass(frozen=True)
class Concept:
    """Something that may be claimed, and how."""

    things: tuple[re.Pattern[str], ...]
    """The wordings of each thing that it may say: facts that say one of them say no other."""
    follows: Callable[[Product], bool] = _never
    """Whether the structured facts (price, instalments, last day) say it."""
    after: re.Pattern[str] | None = None
    """What must stand before it in its sentence, to make a claim of it; None: it is one anywhere."""


_STAR = re.compile(r"(?<!\\w)(?<!\.)\*")
"""One that ends a stem, and is not already a part of a pattern."""


def concept(
    wordings: str, follows: Callable[[Product], bool] = _never, *, after: str | None = None
) -> Concept:
    """A concept of wordings that are matched against folded text.

    Blanks in a wording are any white space, also a line break, and with a question mark none; a star ends a stem. Two
    bars stand between things that are not the same.
    """
    patterns = _STAR.sub(r"\\w*", wordings).replace(" ?", r"\s*").replace(" ", r"\s+").split("||")
    things = tuple(re.compile(rf"(?<!\w)(?:{pattern})(?!\w)") for pattern in patterns)
    return Concept(things, follows, re.compile(after) if after is not None else None)
