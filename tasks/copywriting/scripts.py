"""The script of a film made of templates: hook, benefits, price, call to action; and its headline.

What does not fit into the time is left out fact by fact; no sentence is ever cut.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tasks.copywriting.options import CopyConfig
from tasks.copywriting.phrases import choose, fields_of, fill, fitting
from tasks.copywriting.posts import PHRASES
from tasks.copywriting.told import Told
from tasks.copywriting.ways import way_of
from tasks.copywriting.wording import joined, shortened, without_emoji
from tasks.errors import InvalidInputError
from tasks.promotion.materials import Language

HEADLINE = 40
"""Letters."""
Seconds = Callable[[str], float]
"""How long a script takes when it is spoken."""

_USUAL = {"short": 2, "medium": 4, "long": 7}
"""Features that a script tells."""
_USUAL_SECONDS = {"short": 15.0, "medium": 30.0, "long": 60.0}
"""Where nothing is asked for."""
_LONGEST_LEAD = 140
_LAST = 2
"""Features that are told as long as anything else can be left out."""


@dataclass(frozen=True)
class _Amount:
    features: int
    lead: bool = False
    deadline: bool = True
    parts: bool = True
    price: bool = True
    hook: bool = True
    action: bool = True


def write_script(told: Told, config: CopyConfig, key: str, seconds: Seconds, call: str) -> str:
    """What is spoken, one sentence after the other. `call`: the call to action of the post and of the film's button.

    Raises InvalidInputError if even the shortest takes longer than `config.max_seconds`.
    """
    script = ""
    for amount in _amounts(told, config):
        dice = random.Random(key)  # noqa: S311 - the same each time
        script = " ".join(_sentences(told, config, amount, dice, call))
        if seconds(script) <= (config.max_seconds or _USUAL_SECONDS[config.length]):
            return script
    if config.max_seconds is None:
        return script
    raise too_many_seconds(seconds(script), config.max_seconds)


def too_many_seconds(takes: float, may_take: float) -> InvalidInputError:
    """The error that says by how much a script is too long."""
    return InvalidInputError(
        f"Even the shortest script takes {takes:.1f} s to speak, {takes - may_take:.1f} s more than the {may_take:g} s "
        "that it may take.",
        hint="Allow more seconds, or give the product a shorter name and call to action.",
    )


def _amounts(told: Told, config: CopyConfig) -> Iterator[_Amount]:
    most = min(_USUAL[config.length], len(told.features))
    if config.length != "short" and told.lead and len(told.lead[0]) <= _LONGEST_LEAD:
        yield _Amount(most, lead=True)
    for features in range(most, -1, -1):
        yield _Amount(features)
        if features <= _LAST:
            # Some of what is good about it is worth more than how it may be paid.
            yield _Amount(features, deadline=False)
            yield _Amount(features, deadline=False, parts=False)
        if features == 1:
            yield _Amount(features, deadline=False, parts=False, hook=False)
    yield _Amount(0, deadline=False, parts=False, hook=False)
    yield _Amount(0, deadline=False, parts=False, hook=False, price=False)
    yield _Amount(0, deadline=False, parts=False, hook=False, price=False, action=False)


def _sentences(
    told: Told, config: CopyConfig, amount: _Amount, dice: random.Random, call: str
) -> Iterator[str]:
    phrases = PHRASES[config.language]
    fields = dict(told.fields)
    if not amount.parts:
        fields.pop("parts", None)
    hook = choose(fitting(phrases.spoken_hooks[config.tone], told), fields, dice) or "{name}."
    action = choose(_actions(config, call), fields, dice)
    yield fill(hook if amount.hook else "{name}.", fields)
    if amount.lead:
        yield _spoken(told.lead[0])
    yield from joined(
        [_spoken(feature) for feature in told.features[: amount.features]], config.language, told.names
    )
    if amount.price and (price := _price(phrases.spoken_prices, fields)):
        yield price
        deadline = choose(phrases.deadlines["professional"], fields, dice)
        if amount.deadline and deadline:
            yield fill(deadline, fields)
    if amount.action:
        own = _spoken(told.call_to_action or "")
        yield (own if own[-1:] in ".!?" else f"{own}.") if own else fill(action or "", fields)


def _actions(config: CopyConfig, call: str) -> tuple[str, ...]:
    """What may be asked for at the end: what the post asks for, too."""
    phrases = PHRASES[config.language]
    actions = phrases.spoken_actions[config.platform]
    if config.tone in ("elegant", "professional"):
        written = phrases.plain_actions[config.platform]
        # An address is no pleasure to listen to.
        actions = tuple(f"{phrase}." for phrase in written if "{website}" not in phrase)
    way = way_of(call)
    same = tuple(phrase for phrase in actions if way_of(phrase) == way)
    if same:
        return same
    return (phrases.spoken_site,) if way == "site" else (call if call[-1:] in ".!?" else f"{call}.",)


def _price(pool: tuple[str, ...], fields: dict[str, str]) -> str:
    """The first of the sentences for which all facts are there: they go from the most telling to the barest."""
    found = next((phrase for phrase in pool if fields_of(phrase) <= fields.keys()), None)
    return fill(found, fields) if found else ""


def _spoken(text: str) -> str:
    return without_emoji(text)


def write_headline(told: Told, language: Language) -> str:
    """The product in at most 40 letters."""
    name = shortened(told.full_name, HEADLINE)
    if percent := told.fields.get("percent"):
        longer = f"{name} com {percent}% de desconto" if language == "pt-BR" else f"{percent}% off {name}"
        if len(longer) <= HEADLINE:
            return longer
    return name
