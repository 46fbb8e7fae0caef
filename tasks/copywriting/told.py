"""What can be told of a product, in the words of a language: the fields that the phrases of the templates have."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from tasks.copywriting import wording
from tasks.copywriting.notation import day, instalments, money, words
from tasks.copywriting.numerals import fold
from tasks.copywriting.portuguese_nouns import article, is_noun
from tasks.promotion.materials import Language
from tasks.promotion.product import Product

_FOR = re.compile(r"^(?:para|pra|for)\s+(?=\S)", re.IGNORECASE)
"""What people begin an audience with, and the phrases have already."""
_LONGEST_NAME = 60
_LONGEST_QUOTE = 220
_LONGEST_LEAD = 400
_TELLING_LETTERS = 4
_REPEATED = 0.6
"""Share of a sentence's telling words."""


@dataclass(frozen=True)
class Told:
    """A product's facts as words."""

    language: Language
    fields: Mapping[str, str]
    """By the names that phrases use; what the product does not have is missing."""
    features: tuple[str, ...]
    lead: tuple[str, ...]
    """First sentences of the description."""
    call_to_action: str | None
    """The product's own, without a sign at its end."""
    link: str | None
    full_name: str
    names: frozenset[str]
    """Folded words that keep their capitals."""
    stars: int | None
    emoji: str
    """The first one in the product's name."""
    compound: bool
    """Whether the name has parts ("Pousada Mar: diária"), so that it stands best at a sentence's end."""
    over: bool
    """Whether the offer's last day is past."""


def tell(product: Product, language: Language, *, today: date, emoji: bool) -> Told:
    """The facts that texts of this language can use; an offer that is over is not among them."""
    brand = product.brand
    own = frozenset(a.casefold() for a in (product.link, brand.website, brand.handle) if a)

    def cleaned(fact: str | None, most: int = 200) -> str:
        text = wording.plain(fact or "", own).strip(" .;,:")
        return (text if emoji else wording.without_emoji(text))[:most]

    called = wording.without_emoji(wording.plain(product.name, own)).strip(" .;,:")
    full_name = wording.capitalised(wording.calm(called)) or cleaned(brand.name) or product.name
    if language == "en" and _is_phrase(full_name):
        # "The Sourdough starter" reads as a slip; whether its first word is a brand nobody knows.
        full_name = wording.titled(full_name)
    name = wording.shortened(full_name, _LONGEST_NAME)
    over = product.is_over(today)
    fields = {"name": name, **_names(name, product, language)}
    # "Ergo One apresenta: Cadeira Ergo One" says the same twice.
    if (text := wording.without_emoji(cleaned(brand.name))) and text.casefold() not in full_name.casefold():
        fields["brand"] = wording.calm(text)
    # It stands within sentences, which a voice speaks.
    if text := wording.without_emoji(cleaned(product.audience)):
        names = frozenset(fold(word) for word in words(brand.name or ""))
        fields["audience"] = wording.lowered(_FOR.sub("", text), names)
    if (text := cleaned(product.category)) and len(text.split()) == 1 and _is_thing(text, language):
        fields["category"] = text.lower()
        one = "an" if text[0].lower() in "aeiou" else "a"
        fields["a_category"] = text.lower() if text.lower().endswith("s") else f"{one} {text.lower()}"
    if text := cleaned(brand.website):
        fields["website"] = text
    current = product.as_of(today)
    fields |= _prices(current, language)
    if current.offer_ends:
        fields["day"] = day(current.offer_ends, language, today)
    stars = None
    for said in product.testimonials:
        if quote := _quote(said.quote, own):
            fields |= {"quote": quote, "author": wording.plain(said.author)}
            stars = said.stars
            break
    # Lists have emoji of ours in front, and a voice has none.
    phrases = (wording.as_phrase(wording.without_emoji(feature), own) for feature in product.features)
    features = tuple(filter(None, dict.fromkeys(phrases)))
    return Told(
        language=language,
        fields=fields,
        features=features,
        lead=_lead(product.description, own, features, emoji=emoji),
        call_to_action=cleaned(product.call_to_action).rstrip(" !") or None,
        link=product.link,
        full_name=full_name,
        names=frozenset(fold(word) for word in words(brand.name or "")),
        stars=stars,
        emoji=wording.first_emoji(product.name),
        compound=bool(re.search(r"[,:;(|/]|\s[-–—]\s", name)),
        over=over,
    )


def _names(name: str, product: Product, language: Language) -> dict[str, str]:
    """The name with its article, and what agrees with it; only where the article is sure."""
    if language == "en":
        if not name[0].isascii() or name.lower().startswith(("the ", "a ", "an ", "my ", "your ")):
            named = {"the_name": name, "The_name": name, "yours": "yours"}
        else:
            named = {"the_name": f"the {name}", "The_name": f"The {name}", "yours": "yours"}
        # "Towels" are several, "glass" and "bus" are one: of others nobody knows.
        return named | ({} if re.search(r"[^su]s$", name) else {"is": "is", "was": "was"})
    sort = article(name)
    called = name
    if not sort and product.category and is_noun(product.category):
        sort = article(product.category)
        called = f"{product.category.lower()} {name}"
    if not sort:
        return {"The_name": name}
    yours = {"o": "o seu", "a": "a sua", "os": "os seus", "as": "as suas"}[sort]
    many = sort.endswith("s")
    if _is_phrase(called):
        called = called[0].lower() + called[1:]
    return {
        "the_name": f"{sort} {called}",
        "The_name": f"{sort.capitalize()} {called}",
        "of_name": f"d{sort} {called}",
        "in_name": f"n{sort} {called}",
        "yours": yours,
        "is": "são" if many else "é",
        "Is": "São" if many else "É",
        "stands": "estão" if many else "está",
        "came": "apareceram" if many else "apareceu",
    }


def _is_phrase(name: str) -> bool:
    """Whether a name only says what the thing is ("Pão de queijo congelado"): within a sentence it is then small."""
    first, *others = name.split()
    return (
        bool(others)
        and first[1:].islower()
        and not any(letter.isupper() for word in others for letter in word)
    )


def _is_thing(category: str, language: Language) -> bool:
    return is_noun(category) if language == "pt-BR" else category.isascii() and category.isalpha()


def _prices(product: Product, language: Language) -> dict[str, str]:
    if product.price is None:
        return {}
    fields = {"price": money(product.price, product.currency, language)}
    if product.old_price is not None:
        fields["old_price"] = money(product.old_price, product.currency, language)
        if (percent := product.notable_discount) is not None:
            fields["percent"] = str(percent)
            fields["saved"] = money(product.old_price - product.price, product.currency, language)
    if product.instalments:
        fields["parts"] = instalments(product.instalments, product.currency, language)
    return fields


def _quote(quote: str, own: frozenset[str]) -> str:
    """What a customer said, or its first whole sentences; "" if even the first is too long."""
    told = ""
    for sentence in wording.sentences(wording.plain(quote, own).strip("\"“”'")):
        if len(told) + len(sentence) > _LONGEST_QUOTE:
            break
        told = f"{told} {sentence}".strip()
    return told.removesuffix(".")


def _lead(description: str, own: frozenset[str], features: Sequence[str], *, emoji: bool) -> tuple[str, ...]:
    listed = {fold(word) for feature in features for word in words(feature)}
    lead: list[str] = []
    paragraph = next((part for part in description.split("\n") if part.strip()), "")
    for sentence in wording.sentences(wording.plain(paragraph, own)):
        told = sentence if emoji else wording.without_emoji(sentence)
        if sum(map(len, lead)) + len(told) > _LONGEST_LEAD:
            break
        telling = [fold(word) for word in words(told) if len(word) >= _TELLING_LETTERS]
        # What the features say is not said twice.
        if not telling or sum(word in listed for word in telling) < _REPEATED * len(telling):
            lead.append(told)
    return tuple(lead)
