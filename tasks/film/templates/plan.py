"""What is said when: the titles of a film, laid over its shots.

Where a sentence of the narration names a price or a feature, that is shown while it is heard.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import get_args

from tasks.copywriting.quantities import quantities
from tasks.copywriting.wording import shortened
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
_CARD_NAME, _SHORT_NAME = 50, 40
"""Letters of a name that leave room for the price below it, and of what is shown of a longer one."""
_MAX_QUOTES = 3
_LEAST = 1.2
"""Seconds that a title is shown for, and that a sentence is heard in a shot, to matter there."""
_READ = 1.7
"""Seconds in which a feature is read."""
_AHEAD = 0.1
"""Seconds by which a title comes before its sentence."""
_SHORT_CALL, _LONGEST_CALL = 30, 60
"""Letters of a call to action: any that is as short; what is cut off a longer one, at most."""
_CLAUSE_END = re.compile(r"[,;:.!?](?=\s)|\s[–—-](?=\s)|\s(?:e|and)(?=\s)")
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
    titles = [_name(brief)]
    if product.old_price is not None:
        titles.append(Title("old_price", money(product.old_price, currency, language, space=FIRM)))
    titles.append(Title("price", money(product.price, currency, language, space=FIRM)))
    if product.instalments is not None:
        titles.append(Title("instalments", instalments(product.instalments, currency, language, space=FIRM)))
    if product.notable_discount is not None:
        titles.append(Title("discount", words["off"].format(product.notable_discount)))
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
        _name(brief),
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
        starts = _starts(shot, texts)
        for part, said_now in enumerate(texts):
            end = starts[part + 1] if part + 1 < len(texts) else shot.end
            titles = (*said_now.titles, *(call if part == len(texts) - 1 else ()))
            yield _scene(brief, shot, said_now.layout, titles, starts[part], end, number)
    for shot in brief.shots:
        if shot.part == "end":
            yield _scene(brief, shot, "end", end_titles(brief), shot.start, shot.end, 0)


@dataclass(frozen=True)
class _Said:
    """What is shown for a part of a shot."""

    layout: str
    titles: tuple[Title, ...]
    at: float | None = None
    """Seconds of the film from which it is heard; None: the parts of the shot are as long as each other."""


def _starts(shot: Shot, parts: Sequence[_Said]) -> list[float]:
    length = (shot.end - shot.start) / len(parts)
    even = [shot.start + number * length for number in range(len(parts))]
    heard = [part.at for part in parts[1:] if part.at is not None]
    return [shot.start, *heard] if len(heard) == len(parts) - 1 else even


def _assigned(brief: Brief, shots: Sequence[Shot], *, quotes: bool) -> list[list[_Said]]:
    """What each shot says: one thing, or two if it is long and all would not be said else."""
    said: list[list[_Said]] = [[] for _ in shots]
    said[0].append(_Said("opening", opening_titles(brief)))
    priced = price_titles(brief)
    price = next((title.text for title in priced if title.role == "price"), None)
    price_at = _price_shot(brief, shots) if price else None
    if price_at is not None:
        if price_at > 0 or shots[0].end - shots[0].start >= _SPLIT:
            said[price_at].append(_Said("price", priced, _price_heard(brief, shots[price_at])))
        else:
            said[0] = [_Said("price", priced)]
    quoted = brief.product.testimonials[:_MAX_QUOTES] if quotes else ()
    for number, quote in enumerate(quoted):
        free = [index for index, parts in enumerate(said) if not parts]
        title = Title("quote", quote.quote)
        titles = (title, Title("author", quote.author), *_brand(brief))
        if free:
            said[free[0]].append(_Said("quote", titles))
        elif number == 0:
            longest = max(range(len(shots)), key=lambda index: shots[index].end - shots[index].start)
            said[longest].insert(1, _Said("quote", titles))
    _add_features(brief, shots, said)
    if price_at is not None:
        _add_around_price(brief, shots[price_at], said[price_at])
    for parts in said:
        if not parts:
            parts.append(_Said("picture", (Title("name", brief.product.name), *_brand(brief))))
    return said


def _add_features(brief: Brief, shots: Sequence[Shot], said: list[list[_Said]]) -> None:
    """For each shot that says nothing yet the features that are heard in it; else of those that are heard nowhere."""
    features = _features(brief)
    heard = _heard(brief, features)
    left = [text for text in features if not any(text in about for about in heard.values())]
    for index, parts in enumerate(said):
        if not parts:
            found: list[tuple[str, float | None]] = [*_features_in(brief, shots[index], heard)]
            if not found and left:
                free = sum(not others for others in said[index:])
                length = shots[index].end - shots[index].start
                count = min(-(-len(left) // free), max(1, int(length / _READ)))
                found, left = [(text, None) for text in left[:count]], left[count:]
            parts += [_Said("feature", (Title("feature", text), *_brand(brief)), at) for text, at in found]
    opening, first = said[0], shots[0]
    # An opening that is alone for long goes on with what is heard in it, else with the best feature that is not heard.
    if len(opening) == 1 and opening[0].layout == "opening" and first.end - first.start >= _SPLIT:
        later = [(text, at) for text, at in _features_in(brief, first, heard) if at >= first.start + _LEAST]
        goes_on: list[tuple[str, float | None]] = [*later] or [(text, None) for text in left[:1]]
        opening += [_Said("feature", (Title("feature", text), *_brand(brief)), at) for text, at in goes_on]


def _add_around_price(brief: Brief, shot: Shot, parts: list[_Said]) -> None:
    """In a shot that tells more than the price, the features that are heard before it and behind it."""
    place = next((number for number, part in enumerate(parts) if part.layout == "price"), None)
    if place is None or (price := parts[place].at) is None or any(part.at is None for part in parts[1:]):
        return
    found = _features_in(brief, shot, _heard(brief, _features(brief)))
    after_opening = shot.start + (_LEAST if place else 0.0)
    around = [_Said("feature", (Title("feature", text), *_brand(brief)), at) for text, at in found]
    known = [part.titles for part in parts]
    around = [part for part in around if part.titles not in known and part.at is not None]
    before = [part for part in around if part.at is not None and after_opening <= part.at <= price - _LEAST]
    behind = [part for part in around if part.at is not None and part.at >= price + _LEAST]
    parts[place + 1 : place + 1] = behind
    parts[place:place] = before


_Heard = dict[int, tuple[str, ...]]
"""Features that sentences of the narration are about, by the numbers of these."""


def _heard(brief: Brief, features: Sequence[str]) -> _Heard:
    sentences = brief.narration.sentences if brief.narration is not None else ()
    found = {}
    for number, sentence in enumerate(sentences):
        about = [text for text in features if _likeness(text, sentence.text) >= _HEARD]
        found[number] = tuple(sorted(about, key=lambda text: _place_in(text, sentence.text)))
    return found


def _features_in(brief: Brief, shot: Shot, heard: _Heard) -> list[tuple[str, float]]:
    """The features that are heard in a shot, each with the time from which it is to be shown."""
    if brief.narration is None:
        return []
    found: list[tuple[str, float]] = []
    for number in shot.sentences:
        sentence, texts = brief.narration.sentences[number], heard[number]
        long = sentence.end - sentence.start
        for place, text in enumerate(texts):
            # A sentence that names several is about each for as long.
            begins, ends = (sentence.start + long * part / len(texts) for part in (place, place + 1))
            start, end = max(begins - _AHEAD, shot.start), min(ends, shot.end)
            if end - start < min(_LEAST, long / len(texts)) or shot.end - start < _LEAST:
                continue
            if not found or (found[-1][0] != text and start - found[-1][1] >= _LEAST):
                found.append((text, start))
    return found


def _place_in(text: str, sentence: str) -> int:
    """Where the first of a text's words stands in a sentence."""
    said = sentence.casefold()
    return min(
        (said.find(word.casefold()) for word in _WORD.findall(text) if word.casefold() in said), default=0
    )


def _price_shot(brief: Brief, shots: Sequence[Shot]) -> int:
    """Where the price is heard, else the last shot. 150 kg are no price of R$ 150."""
    price = (f"money:{brief.product.currency}", brief.product.price)
    for index, shot in enumerate(shots):
        heard = quantities(_spoken(brief, shot), language_of(brief))
        if (index > 0 or len(shots) == 1) and any(price in each.meanings for each in heard):
            return index
    return len(shots) - 1


def _price_heard(brief: Brief, shot: Shot) -> float | None:
    """Seconds of the film from which the price is heard in a shot, if something else is heard before."""
    price = (f"money:{brief.product.currency}", brief.product.price)
    if brief.narration is None:
        return None
    for sentence in (brief.narration.sentences[number] for number in shot.sentences):
        if any(price in each.meanings for each in quantities(sentence.text, language_of(brief))):
            at = max(sentence.start - _AHEAD, shot.start)
            return at if shot.end - at >= _LEAST else None
    return None


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


def _name(brief: Brief) -> Title:
    """The product's name, as long as there is room for it beside a price."""
    name = brief.product.name
    return Title("name", name if len(name) <= _CARD_NAME else shortened(name, _SHORT_NAME))


def _brand(brief: Brief) -> tuple[Title, ...]:
    brand = brief.product.brand
    return (Title("brand", brand.name),) if brand.name else ()


def _call(brief: Brief) -> Title:
    """As short as a button is: the post and the voice have the whole of it."""
    written = brief.copy.call_to_action if brief.copy is not None else ""
    text = brief.product.call_to_action or written or _WORDS[language_of(brief)]["call"]
    return Title("call_to_action", _shortened(text))


def _shortened(text: str) -> str:
    """Its first clause, where it is long and the clause says what to do; a question before it does not."""
    if len(text) > _SHORT_CALL:
        text = text.rpartition("? ")[2].strip() or text
    if len(text) <= _SHORT_CALL:
        return text
    for end in _CLAUSE_END.finditer(text):
        clause = text[: end.start()].strip()
        if len(clause) > _LONGEST_CALL:
            break
        if len(clause.split()) > 1:
            return clause
    return text


def _scene(
    brief: Brief, shot: Shot, layout: str, titles: tuple[Title, ...], start: float, end: float, number: int
) -> Scene:
    first = start == shot.start
    transition: Transition = brief.transition if first else "none"
    scene = Scene(layout, start, end, shot.picture, titles, _MOVES[number % len(_MOVES)], transition)
    return replace(scene, takeover=shot.takeover if first else 0.0)
