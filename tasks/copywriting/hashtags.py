"""Hashtags of a product, made of its facts' words alone."""

import random
import re
from collections.abc import Iterator
from itertools import pairwise

from tasks.copywriting.notation import words
from tasks.copywriting.phrases import Phrases
from tasks.copywriting.told import Told
from tasks.copywriting.wording import calm, without_emoji
from tasks.promotion.product import Product

_LONGEST = 28
"""Letters; a longer one is not read."""
_ENDS = re.compile(r"\s*[,:;(|/]\s*|\s[-–—]\s|\s+\d+[.,]\d")
_LITTLE_WORDS = "de da do das dos e com em para por a o as os the and for with in of to"


def hashtags(
    product: Product, told: Told, phrases: Phrases, most: int, dice: random.Random
) -> tuple[str, ...]:
    """At most so many hashtags, the more telling first: the name, the kind of thing, the brand, a lowered price."""
    tags: dict[str, str] = {}
    for tag in filter(None, _tags(product, told, phrases, dice)):
        tags.setdefault(tag.lower(), tag)
    return tuple(f"#{tag}" for tag in list(tags.values())[:most])


def _tags(product: Product, told: Told, phrases: Phrases, dice: random.Random) -> Iterator[str]:
    yield _tag(calm(product.category or ""))
    yield _tag(calm(product.brand.name or ""))
    yield _name_tag(told.fields["name"])
    if "old_price" in told.fields:
        yield dice.choice(phrases.offer_tag)
    audience = told.fields.get("audience", "")
    if len(audience.split()) <= 2:
        yield _tag(audience)


def _name_tag(name: str) -> str:
    """As many of the name's first words as can be read; a number that a hashtag would make another one ends it."""
    parts = words(_ENDS.split(without_emoji(name))[0])
    numbers = [
        n for n, (one, after) in enumerate(pairwise(parts), 1) if one[-1].isdigit() and after[0].isdigit()
    ]
    parts = parts[: numbers[0]] if numbers else parts
    while len(parts) > 1 and (len(_joined(parts)) > _LONGEST or parts[-1].lower() in _LITTLE_WORDS.split()):
        parts.pop()
    return _tag(" ".join(parts))


def _tag(text: str) -> str:
    """The words as one, or "" if that is none: a hashtag has a letter, and only letters and digits."""
    tag = _joined(words(without_emoji(text)))
    return tag if len(tag) <= _LONGEST and any(letter.isalpha() for letter in tag) else ""


def _joined(parts: list[str]) -> str:
    several = len(parts) > 1
    whole = "".join(part.capitalize() if several and part.islower() else part for part in parts)
    return "".join(letter for letter in whole if letter.isalnum())
