"""The guard of the facts: what a text says of a product that the product's facts do not say.

`check_facts` is for every text that is published: copy, scripts, titles, captions. It looks at quantities (prices,
percentages, dates, times, measures, counts), addresses, handles and phone numbers, proper names, what the thing is
said to have (`tasks.copywriting.inclusions`), and the claims of `tasks.copywriting.claims`. The same thing in another
notation is the same fact: 1299.90, "R$ 1.299,90" and "mil duzentos e noventa e nove reais e noventa centavos"; 1.5 l
and 1500 ml; "frete grátis" and "free shipping". Computed from the facts, and so allowed: the discount in percent
(rounded down), what is saved, the sum of the instalments, and the days left.

What it cannot see: a false sentence without any of these, and a foreign name that begins a sentence.
"""

import re
import unicodedata
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict

from tasks.copywriting.claims import CONCEPTS, NEGATIONS
from tasks.copywriting.concepts import Concept
from tasks.copywriting.inclusions import included, singular
from tasks.copywriting.notation import MONTHS, WEEKDAYS
from tasks.copywriting.numerals import fold
from tasks.copywriting.quantities import Meaning, Quantity, has_half, is_unit, quantities
from tasks.copywriting.relations import is_just_above, misplaced
from tasks.copywriting.shares import misattributed
from tasks.copywriting.tongue import language_of_facts
from tasks.promotion.materials import Language
from tasks.promotion.product import Product

FindingKind = Literal["number", "address", "name", "claim"]

_LANGUAGES: tuple[Language, ...] = ("pt-BR", "en")
ADDRESS = re.compile(
    r"https?://[^\s<>()\[\]]+|\b[\w.+-]+@[\w-]+\.[\w.-]+|(?<![\w@])@[\w.]+"
    r"|\b(?:www\.)?(?:[\w-]+\.)+(?:com|net|org|br|io|co|shop|store|app|me|ly|gg|tv|info|site|online|link|xyz)\b"
    r"(?:/[^\s<>()\[\]]*)?",
    re.IGNORECASE,
)
_PHONE = re.compile(r"\+?\(?\d[\d ().-]{6,}\d")
_NO_PHONE = re.compile(r"[\d.]+|\d{1,2}([.-])\d{1,2}\1\d{4}|\d{4}-\d\d-\d\d")
"""Numbers and dates of as many digits."""
_HASHTAG = re.compile(r"#\w+")
_NAME = re.compile(r"[^\W\d_][\w’'-]*")
_QUOTED = re.compile(r"[“\"«]((?:[^“”\"«»\n]+ ){2}[^“”\"«»\n]+)[”\"»]")
"""Three words and more in quotation marks."""
_NEAR = 40
"""Letters beside a quote in which its author is named."""
_BEFORE_A_NAME = frozenset(",;%)&/$€£")
"""Signs behind which a sentence goes on."""
_PLATFORMS = (
    "i i'm i'll i've ok oi tv x instagram tiktok facebook youtube whatsapp linkedin threads pinterest telegram direct "
    "dm pm bio pin reels stories shorts off"
)
_SEASONS = "natal pascoa carnaval christmas easter halloween thanksgiving holidays"
_UNITS = "ml kw kwh gb tb mb mah ghz mhz khz hz db mp rpm fps"
_MONTHS = [fold(month) for names in MONTHS.values() for month in names]
_KNOWN = {
    *_PLATFORMS.split(),
    *_SEASONS.split(),
    *_UNITS.split(),
    *_MONTHS,
    *(month[:3] for month in _MONTHS),
    *(fold(day) for week in WEEKDAYS.values() for day in week),
}
"""Words with a capital that anybody may write."""
_MEANT_FOR_ONE = 2
"""Letters of a name: a single capital is none."""


class Finding(BaseModel):
    """Something in a text that is none of the product's facts."""

    model_config = ConfigDict(frozen=True)

    kind: FindingKind
    text: str
    """As it stands there."""
    start: int
    end: int
    """Where, in letters of the text."""
    reason: str
    """One sentence for whoever writes the text again."""


def check_facts(
    text: str, product: Product, language: Language, *, today: date | None = None
) -> tuple[Finding, ...]:
    """Everything in the text that the product's facts do not say, in order; empty if the text may be published.

    `today` allows the days that are left until the offer's end. The language is that of the text; facts may be in
    another.
    """
    text = unicodedata.normalize("NFC", text)
    facts = _Facts(product, today)
    findings = list(_addresses(text, facts))
    rest = _blank(_without_own_hashtags(text, facts), findings)
    findings += _quotes(rest, facts)
    for allowed in facts.verbatim(rest):
        rest = rest[: allowed[0]] + "\n" * (allowed[1] - allowed[0]) + rest[allowed[1] :]
    rest = facts.without_right_weekday(rest)
    findings += _numbers(rest, facts, language)
    findings += _claims(_without_halves(rest, language), facts)
    if language == facts.language:
        # The noun is looked for as it stands: those of another language are other words.
        findings += _included(rest, facts)
    findings += _names(rest, facts)
    return tuple(sorted(findings, key=lambda finding: finding.start))


class _Facts:
    """The product's facts in the forms in which texts are compared with them."""

    def __init__(self, product: Product, today: date | None) -> None:
        brand = product.brand
        self.product = product
        own = (product.name, product.description, *product.features, product.category, product.audience,
               product.call_to_action, brand.name)  # fmt: skip
        self.texts = tuple(unicodedata.normalize("NFC", fact) for fact in own if fact)
        self.quotes = tuple(unicodedata.normalize("NFC", said.quote) for said in product.testimonials)
        self.addresses = {
            _bare(address) for address in (product.link, brand.website, brand.handle) if address
        }
        self.phones = {
            _digits(phone)
            for fact in (brand.phone or "", *self.texts)
            for phone in _PHONE.findall(unicodedata.normalize("NFC", fact))
        }
        self.folded = "\n".join(fold(fact) for fact in self.texts)
        self.language = language_of_facts(product)
        self.own = frozenset(re.findall(r"[\w'’-]+", fold(f"{product.name} {product.category or ''}")))
        self.letters = "\n".join(_letters(fact) for fact in self.texts)
        self.meanings = frozenset(self._meanings(today))
        named = [
            *self.texts,
            *self.quotes,
            *(said.author for said in product.testimonials),
            brand.handle or "",
        ]
        words = {fold(word) for fact in named for word in _NAME.findall(fact)}
        # USB-C is USB, too.
        self.words = words | {part for word in words for part in re.split(r"['’-]", word) if len(part) > 1}

    def _meanings(self, today: date | None) -> Iterator[Meaning]:
        authors = (said.author for said in self.product.testimonials)
        for fact in (*self.texts, *authors):
            for quantity in quantities(fact, *_LANGUAGES):
                for kind, value in quantity.meanings:
                    yield kind, value
                    if kind == "code":
                        # "XZ-3000" is also written "XZ 3000".
                        yield from (("plain", Decimal(digits)) for digits in re.findall(r"\d+", str(value)))
                    elif kind.startswith("money"):
                        yield "plain", value
        product = self.product
        for amount in self._amounts():
            yield f"money:{product.currency}", amount
            yield "plain", amount
        if product.instalments:
            yield "times", Decimal(product.instalments.count)
        if product.discount_percent is not None:
            yield "percent", Decimal(product.discount_percent)
        if ends := product.offer_ends:
            for written in (f"{ends:%d-%m}", f"{ends:%d-%m-%Y}"):
                yield "date", written
            yield "plain", Decimal(ends.year)
            yield "day of month", Decimal(ends.day)
            if today is not None and ends >= today:
                yield "day", Decimal((ends - today).days)
        for said in product.testimonials:
            if said.stars:
                yield "stars", Decimal(said.stars)

    def _amounts(self) -> Iterator[Decimal]:
        product = self.product
        if product.price is not None:
            yield product.price
            if product.old_price is not None:
                yield product.old_price
                yield product.old_price - product.price
        if product.instalments:
            yield product.instalments.amount
            yield product.instalments.amount * product.instalments.count

    def verbatim(self, text: str) -> Iterator[tuple[int, int]]:
        """Where the facts themselves stand, word for word, and what customers said, by the sentence."""
        folded = fold(text)
        said = {part for quote in self.quotes for part in (quote, *re.split(r"(?<=[.!?])\s+", quote))}
        for fact in sorted({*self.texts, *said}, key=len, reverse=True):
            bare = fold(fact).strip(" .!?;,\n")
            # One word is too little to know that it stands for the fact.
            if not re.search(r"\w\W+\w", bare):
                continue
            # What a customer said is the shop's own claim unless it begins a line or stands in quotation marks.
            before = r"(?:(?<=[“\"'«‘])|(?<![^\n]))" if fact in said else r"(?<!\w)"
            pattern = rf"{before}{re.escape(bare)}(?!\w)".replace(r"\ ", r"\s+")
            yield from (match.span() for match in re.finditer(pattern, folded))

    def without_right_weekday(self, text: str) -> str:
        """The text without the weekday of the last day where that day follows it: "domingo, 20 de dezembro"."""
        ends = self.product.offer_ends
        if ends is None:
            return text
        names = "|".join(week[ends.weekday()] for week in WEEKDAYS.values())
        months = "|".join(f"{fold(month[ends.month - 1])[:3]}\\w*" for month in MONTHS.values())
        found = re.finditer(
            rf"\b(?:{names})(?:-feira)?,? \(?(?:dia )?(?=(?:(?:{months})\.? )?{ends.day}\b)", fold(text)
        )
        for match in found:
            text = text[: match.start()] + "\n" * len(match[0]) + text[match.end() :]
        return text

    def claim(self, concept: Concept, thing: re.Pattern[str]) -> bool:
        """Whether the facts say that thing of a concept."""
        return concept.follows(self.product) or any(
            not self._denied(match.start()) for match in thing.finditer(self.folded)
        )

    def names_thing(self, noun: str) -> bool:
        """Whether the facts name a thing (`singular`), and do not say that there is none."""
        return any(
            singular(word, self.language) == noun and not self._denied(match.start())
            for match in re.finditer(r"[\w'’-]+", self.folded)
            for word in {match[0], *match[0].split("-")}
        )

    def _denied(self, start: int) -> bool:
        """Whether the words before a place of the facts deny what stands there."""
        return NEGATIONS[self.language].search(self.folded[:start].rpartition("\n")[2]) is not None


def _quotes(text: str, facts: _Facts) -> Iterator[Finding]:
    """What a customer is said to have said, and has not."""
    authors = {fold(name) for said in facts.product.testimonials for name in _NAME.findall(said.author)}
    said = [_spoken(quote) for quote in facts.quotes]
    for match in _QUOTED.finditer(text):
        around = text[max(0, match.start() - _NEAR) : match.start()], text[match.end() : match.end() + _NEAR]
        named = {fold(name) for part in around for name in _NAME.findall(part)} & authors
        if named and not any(_spoken(match[1]) in quote for quote in said):
            yield _finding("claim", match, "is not what the customer said")


def _spoken(quote: str) -> str:
    """The words of a quote, as they are compared."""
    return " ".join(re.findall(r"\w+", fold(quote)))


def _addresses(text: str, facts: _Facts) -> Iterator[Finding]:
    for match in ADDRESS.finditer(text):
        if _bare(match[0]) not in facts.addresses:
            yield _finding("address", match, "is no address or handle of the product or its brand")
    for match in _PHONE.finditer(text):
        digits = _digits(match[0])
        whole_number = len(digits) >= 8 and not _NO_PHONE.fullmatch(match[0].strip())
        if whole_number and not any(digits in known for known in facts.phones):
            yield _finding("number", match, "is no phone number of the brand")


def _blank(text: str, findings: list[Finding]) -> str:
    """The text without addresses, which hold digits and names."""
    spans = [match.span() for match in ADDRESS.finditer(text)] + [(f.start, f.end) for f in findings]
    for start, end in spans:
        text = text[:start] + "\n" * (end - start) + text[end:]
    return text


def _without_own_hashtags(text: str, facts: _Facts) -> str:
    """The text without hashtags that are made of the facts' own words."""
    for match in _HASHTAG.finditer(text):
        if (letters := _letters(match[0])) in facts.letters and not letters.isdecimal():
            text = text[: match.start()] + "\n" * len(match[0]) + text[match.end() :]
    return text


def _without_halves(text: str, language: Language) -> str:
    """The text without measures that have a half, which are judged as measures."""
    for found in quantities(text, language):
        if has_half(text, found):
            text = text[: found.start] + "\n" * (found.end - found.start) + text[found.end :]
    return text


def _numbers(text: str, facts: _Facts, language: Language) -> Iterator[Finding]:
    phones = [
        match.span()
        for match in _PHONE.finditer(text)
        if any(_digits(match[0]) in known for known in facts.phones)
    ]
    stated = quantities(text, language)
    for quantity, fault in (
        *misplaced(text, stated, facts.product),
        *misattributed(text, stated, facts.product, facts.texts),
    ):
        yield _of_quantity(text, quantity, fault)
    for found in stated:
        if is_just_above(text, found, facts.product, facts.meanings):
            continue
        if found.meanings & facts.meanings or any(start <= found.start < end for start, end in phones):
            continue
        yield _of_quantity(text, found, _what(found))


def _of_quantity(text: str, found: Quantity, what: str) -> Finding:
    said = text[found.start : found.end]
    return Finding(kind="number", text=said, start=found.start, end=found.end, reason=f'"{said}" {what}')


def _what(found: Quantity) -> str:
    kinds = {kind.partition(":")[0] for kind, _ in found.meanings}
    for kind, said in (
        ("money", "is no price of the product"),
        ("percent", "is no percentage among the facts"),
        ("date", "is no date among the facts"),
        ("time", "is no time among the facts"),
        ("times", "is no number of instalments among the facts"),
    ):
        if kind in kinds:
            return said
    return "is no number among the facts"


def _claims(text: str, facts: _Facts) -> Iterator[Finding]:
    folded = fold(text)
    for name, concept in CONCEPTS.items():
        for thing in concept.things:
            matches = list(thing.finditer(folded))
            if not matches or facts.claim(concept, thing):
                continue
            for match in matches:
                if concept.after is not None and not concept.after.search(folded[: match.start()]):
                    continue
                said = text[match.start() : match.end()]
                yield Finding(
                    kind="claim",
                    text=said,
                    start=match.start(),
                    end=match.end(),
                    reason=f'"{said}" is a claim ({name}) that the facts do not make',
                )


def _included(text: str, facts: _Facts) -> Iterator[Finding]:
    for start, end, noun in included(text, facts.language, facts.own):
        # Measures are judged as quantities, and words of claims as claims.
        judged = is_unit(noun) or any(
            thing.fullmatch(noun) for concept in CONCEPTS.values() for thing in concept.things
        )
        if not judged and not facts.names_thing(noun):
            said = text[start:end]
            reason = f'"{said}" includes something ({noun}) that the facts do not name'
            yield Finding(kind="claim", text=said, start=start, end=end, reason=reason)


def _names(text: str, facts: _Facts) -> Iterator[Finding]:
    for match in _NAME.finditer(text):
        word = match[0]
        inner = any(letter.isupper() for letter in word[1:]) and not word.isupper()
        if not (
            inner or (word[0].isupper() and len(word) >= _MEANT_FOR_ONE and _goes_on(text, match.start()))
        ):
            continue
        parts = [fold(part) for part in re.split(r"['’-]", word) if part]
        if fold(word) in facts.words | _KNOWN or all(part in facts.words | _KNOWN for part in parts):
            continue
        yield _finding("name", match, "is no name among the facts (write other words in small letters)")


def _goes_on(text: str, start: int) -> bool:
    """Whether a sentence goes on here: only then does a capital make a name."""
    before = text[:start].rstrip(" \u00a0")
    return bool(before) and (before[-1].isalnum() or before[-1] in _BEFORE_A_NAME)


def _finding(kind: FindingKind, match: re.Match[str], what: str) -> Finding:
    return Finding(
        kind=kind, text=match[0], start=match.start(), end=match.end(), reason=f'"{match[0]}" {what}'
    )


def _bare(address: str) -> str:
    """An address as it is compared."""
    return re.sub(r"^https?://(?:www\.)?|^www\.|[/.,;:!?]+$", "", address.casefold())


def _letters(text: str) -> str:
    """What of a text stands in a hashtag."""
    return "".join(letter for letter in fold(text) if letter.isalnum())


def _digits(phone: str) -> str:
    return re.sub(r"\D", "", phone)
