"""What is said when: the titles of a film, laid over its shots.

Where a sentence of the narration names a price or a feature, that is shown while it is heard.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import get_args

from tasks.film.storyboard import Brief, Move, Scene, Shot, Title, Transition
from tasks.promotion.materials import Language
from tasks.promotion.wording import FIRM, day, instalments, money

_MOVES: tuple[Move, ...] = get_args(Move)
_SPLIT = 4.4
"""Seconds from which a scene says two things, one after the other."""
_WORD = re.compile(r"\w{4,}")
_HEARD = 0.5
"""Share of a text's words that a sentence has, to be about it."""
_GLANCE = 90
"""Letters of a sentence of the description that can be read at a glance."""
_MAX_QUOTES = 3
_WORDS: dict[Language, dict[str, str]] = {
    "pt-BR": {"ends": "Oferta até {}", "call": "Compre agora", "off": "{}% OFF"},
    "en": {"ends": "Offer ends {}", "call": "Shop now", "off": "{}% OFF"},
}


def language_of(brief: Brief) -> Language:
    """In which the film's own words are."""
    return "en" if brief.language.lower().startswith("en") else "pt-BR"


def opening_titles(brief: Brief) -> tuple[Title, ...]:
    """The headline, and whose it is."""
    return (_headline(brief), *_brand(brief))


def price_titles(brief: Brief) -> tuple[Title, ...]:
    """What it costs, and all that belongs to it; nothing where no price is known."""
    product, language = brief.product, language_of(brief)
    if product.price is None:
        return ()
    words = _WORDS[language]
    currency = product.currency
    titles = [Title("name", product.name)]
    if product.old_price is not None:
        titles.append(Title("old_price", money(product.old_price, currency, language, space=FIRM)))
    titles.append(Title("price", money(product.price, currency, language, space=FIRM)))
    if product.instalments is not None:
        titles.append(Title("instalments", instalments(product.instalments, currency, language, space=FIRM)))
    if product.discount_percent:
        titles.append(Title("discount", words["off"].format(product.discount_percent)))
    if product.offer_ends is not None:
        titles.append(Title("offer_ends", words["ends"].format(day(product.offer_ends, language))))
    return (*titles, *_brand(brief))


def end_titles(brief: Brief) -> tuple[Title, ...]:
    """Who sells it, what to do, and where."""
    brand = brief.product.brand
    contacts = [text for text in (brand.website, brand.handle, brand.phone) if text]
    price = [title for title in price_titles(brief) if title.role == "price"]
    return (
        *_brand(brief),
        Title("name", brief.product.name),
        *price,
        _call(brief),
        *(Title("contact", text) for text in contacts),
    )


def poster_titles(brief: Brief) -> tuple[Title, ...]:
    """All that stands on a poster."""
    priced = [title for title in price_titles(brief) if title.role not in ("name", "brand")]
    return (*opening_titles(brief), *priced)


def scenes_of(brief: Brief, *, quotes: bool = False) -> Iterator[Scene]:
    """The scenes of a film: opening, features or quotes, price, end card; with all of their titles.

    Layouts: opening, feature, quote, price, picture (nothing is said) and end.
    """
    shots = [shot for shot in brief.shots if shot.part != "end"]
    said = _assigned(brief, shots, quotes=quotes)
    has_end = len(shots) < len(brief.shots)
    for number, (shot, texts) in enumerate(zip(shots, said, strict=True)):
        last = number == len(shots) - 1
        call = (_call(brief),) if last and not has_end else ()
        length = (shot.end - shot.start) / len(texts)
        for part, (layout, titles) in enumerate(texts):
            start = shot.start + part * length
            end = shot.end if part == len(texts) - 1 else start + length
            tail = call if part == len(texts) - 1 else ()
            yield _scene(brief, shot, layout, (*titles, *tail), start, end, number)
    for shot in brief.shots:
        if shot.part == "end":
            yield _scene(brief, shot, "end", end_titles(brief), shot.start, shot.end, 0)


_Said = tuple[str, tuple[Title, ...]]


def _assigned(brief: Brief, shots: Sequence[Shot], *, quotes: bool) -> list[list[_Said]]:
    """What each shot says: one thing, or two if it is long and all would not be said else."""
    said: list[list[_Said]] = [[] for _ in shots]
    said[0].append(("opening", opening_titles(brief)))
    priced = price_titles(brief)
    price = next((title.text for title in priced if title.role == "price"), None)
    price_at = _price_shot(brief, shots, price) if price else None
    if price_at is not None:
        if price_at > 0 or shots[0].end - shots[0].start >= _SPLIT:
            said[price_at].append(("price", priced))
        else:
            said[0] = [("price", priced)]
    quoted = brief.product.testimonials[:_MAX_QUOTES] if quotes else ()
    for number, quote in enumerate(quoted):
        free = [index for index, parts in enumerate(said) if not parts]
        title = Title("quote", quote.quote)
        titles = (title, Title("author", quote.author), *_brand(brief))
        if free:
            said[free[0]].append(("quote", titles))
        elif number == 0:
            longest = max(range(len(shots)), key=lambda index: shots[index].end - shots[index].start)
            said[longest].insert(1, ("quote", titles))
    _add_features(brief, shots, said)
    for parts in said:
        if not parts:
            parts.append(("picture", (Title("name", brief.product.name), *_brand(brief))))
    return said


def _add_features(brief: Brief, shots: Sequence[Shot], said: list[list[_Said]]) -> None:
    """A feature for each shot that says nothing yet: the one that is heard, else the next."""
    features = _features(brief)
    free = [index for index, parts in enumerate(said) if not parts]
    left = list(features)
    chosen: dict[int, str] = {}
    for index in free:
        spoken = _spoken(brief, shots[index])
        heard = max(left, key=lambda text: _likeness(text, spoken), default=None)
        if heard is not None and _likeness(heard, spoken) >= _HEARD:
            chosen[index] = heard
            left.remove(heard)
    for index in free:
        text = chosen.get(index) or (left.pop(0) if left else None)
        if text is not None:
            said[index].append(("feature", (Title("feature", text), *_brand(brief))))
    # An opening that is alone for long goes on with the best feature.
    if left and len(said[0]) == 1 and shots[0].end - shots[0].start >= _SPLIT and said[0][0][0] == "opening":
        said[0].append(("feature", (Title("feature", left[0]), *_brand(brief))))


def _price_shot(brief: Brief, shots: Sequence[Shot], price: str) -> int:
    """Where the price is heard, else the last shot."""
    amount = price.rsplit(FIRM, maxsplit=1)[-1].lstrip("$€£")
    for index, shot in enumerate(shots):
        if amount in _spoken(brief, shot) and (index > 0 or len(shots) == 1):
            return index
    return len(shots) - 1


def _spoken(brief: Brief, shot: Shot) -> str:
    if brief.narration is None:
        return ""
    return " ".join(brief.narration.sentences[number].text for number in shot.sentences)


def _likeness(text: str, spoken: str) -> float:
    words = {word.casefold() for word in _WORD.findall(text)}
    heard = {word.casefold() for word in _WORD.findall(spoken)}
    return len(words & heard) / len(words) if words else 0.0


def _features(brief: Brief) -> list[str]:
    """What is good about the product; without such facts the short sentences of its description."""
    product = brief.product
    if product.features:
        return list(product.features)
    sentences = re.split(r"(?<=[.!?…])\s+|\n+", product.description)
    return [
        sentence.strip().rstrip(".") for sentence in sentences if 0 < len(sentence.strip()) <= _GLANCE
    ][:6]  # fmt: skip


def _headline(brief: Brief) -> Title:
    text = brief.copy.headline if brief.copy is not None and brief.copy.headline else brief.product.name
    return Title("headline", text)


def _brand(brief: Brief) -> tuple[Title, ...]:
    brand = brief.product.brand
    return (Title("brand", brand.name),) if brand.name else ()


def _call(brief: Brief) -> Title:
    written = brief.copy.call_to_action if brief.copy is not None else ""
    text = brief.product.call_to_action or written or _WORDS[language_of(brief)]["call"]
    return Title("call_to_action", text)


def _scene(
    brief: Brief, shot: Shot, layout: str, titles: tuple[Title, ...], start: float, end: float, number: int
) -> Scene:
    first = start == shot.start
    transition: Transition = brief.transition if first else "none"
    scene = Scene(layout, start, end, shot.picture, titles, _MOVES[number % len(_MOVES)], transition)
    return replace(scene, takeover=shot.takeover if first else 0.0)
