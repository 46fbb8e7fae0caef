"""The sentences of the templates: what they are for, and how one is chosen.

A phrase names the facts that it needs in braces and is used only where the product has all of them. No phrase claims
anything of its own: no quality, no scarcity, no comparison.
"""

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tasks.copywriting.options import Platform, Tone
from tasks.copywriting.told import Told

Pool = Mapping[Tone, tuple[str, ...]]
_GOES_ON = re.compile(r"name\}[,?]?\s+\w")
_GRAMMAR = frozenset({"name", "the_name", "The_name", "is", "Is", "was", "stands", "came"})
"""Fields that say nothing of the product beside its name."""
_FIELD = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Phrases:
    """All sentences of a language, by tone."""

    hooks: Pool
    """What a post begins with."""
    introductions: Pool
    """What names the product, where the hook did not."""
    lists: Pool
    """What stands above a list of features."""
    prices: Pool
    more_on_price: Pool
    """Behind a price that was already told."""
    deadlines: Pool
    bare_deadline: str
    """Where no price is told."""
    audiences: Pool
    quotes: tuple[str, ...]
    actions: Mapping[Platform, tuple[str, ...]]
    """What readers are asked to do, without a sign at the end."""
    plain_actions: Mapping[Platform, tuple[str, ...]]
    """The same for the tones elegant and professional."""
    linked: tuple[str, ...]
    """Where an address can be tapped."""
    spoken_hooks: Pool
    spoken_prices: tuple[str, ...]
    spoken_actions: Mapping[Platform, tuple[str, ...]]
    spoken_site: str
    """The same where the post has the address."""
    offer_tag: tuple[str, ...]
    """Hashtags of a lowered price."""


def fields_of(phrase: str) -> frozenset[str]:
    """The facts that a phrase needs."""
    return frozenset(_FIELD.findall(phrase))


def fitting(pool: Sequence[str], told: Told) -> tuple[str, ...]:
    """The phrases that suit the product: a name of several parts ends a sentence, a small discount opens none."""
    return tuple(
        phrase
        for phrase in pool
        if not (told.compound and _GOES_ON.search(phrase))
        and not ("percent" not in told.fields and "{old_price}" in phrase)
    )


def fill(phrase: str, fields: Mapping[str, str]) -> str:
    """The phrase with its facts; braces within a fact are text."""
    return _FIELD.sub(lambda match: fields[match[1]], phrase)


def choose(
    phrases: Sequence[str],
    fields: Mapping[str, str],
    dice: random.Random,
    *,
    without: frozenset[str] = frozenset(),
) -> str | None:
    """One of the phrases that can be said, not naming what is in `without`; None if there is none.

    Phrases that say more of the product are preferred to those that fit any.
    """
    possible = [p for p in phrases if fields_of(p) <= fields.keys() and not fields_of(p) & without]
    if not possible:
        return None
    weights = [1 + len(fields_of(p) - _GRAMMAR) for p in possible]
    return dice.choices(possible, weights)[0]
