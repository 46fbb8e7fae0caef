"""Quantities that a text states: prices, percentages, dates, times, measures, counts, and names with digits."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from tasks.copywriting.notation import MONTHS
from tasks.copywriting.numerals import DIGITS, SCALE, SINGLE, WORDS, fold, values
from tasks.promotion.materials import Language

Meaning = tuple[str, Decimal | str]
"""A kind (money:BRL, percent, times, date, time, a base unit, code, plain) and a value in it."""

_UNITS: dict[str, tuple[str, str]] = {
    "kg|quilos?|kilos?|quilogramas?|kilograms?": ("g", "1000"),
    "g|gr|gramas?|grams?": ("g", "1"),
    "mg|miligramas?|milligrams?": ("g", "0.001"),
    "oz|ounces?|oncas?": ("oz", "1"),
    "lbs?|pounds?|libras?": ("lb", "1"),
    "l|lt|litros?|lit(?:er|re)s?": ("ml", "1000"),
    "ml|mililitros?|millilit(?:er|re)s?": ("ml", "1"),
    "km|quilometros?|kilomet(?:er|re)s?": ("mm", "1000000"),
    "m|mts?|metros?|met(?:er|re)s?": ("mm", "1000"),
    "cm|centimetros?|centimet(?:er|re)s?": ("mm", "10"),
    "mm|milimetros?|millimet(?:er|re)s?": ("mm", "1"),
    "m2|m²|metros quadrados|square met(?:er|re)s": ("m2", "1"),
    "\"|″|''|pol|polegadas?|inch|inches": ("inch", "1"),
    "ft|feet|foot|pes": ("foot", "1"),
    "kw|quilowatts?|kilowatts?": ("watt", "1000"),
    "w|watts?": ("watt", "1"),
    "kwh": ("kwh", "1"),
    "v|volts?": ("volt", "1"),
    "mah": ("mah", "1"),
    "ah": ("mah", "1000"),
    "amperes?|amps?": ("ampere", "1"),
    "gb|gigas?|gigabytes?": ("byte", "1000000000"),
    "tb|teras?|terabytes?": ("byte", "1000000000000"),
    "mb|megabytes?": ("byte", "1000000"),
    "khz": ("hertz", "1000"),
    "mhz": ("hertz", "1000000"),
    "ghz": ("hertz", "1000000000"),
    "hz|hertz": ("hertz", "1"),
    "mp|megapixels?": ("megapixel", "1"),
    "°c|º ?c|° ?c|graus(?: celsius)?|degrees(?: celsius)?": ("degree", "1"),
    "db|decibeis|decibels?": ("decibel", "1"),
    "bar|bars|bares": ("bar", "1"),
    "btus?(?:/h)?": ("btu", "1"),
    "rpm": ("rpm", "1"),
    "lumens?|lm": ("lumen", "1"),
    "kcal|calorias?|calories": ("kcal", "1"),
    "km/h": ("km/h", "1"),
    "anos?|years?": ("month", "12"),
    "mes|meses|months?": ("month", "1"),
    "semanas?|weeks?": ("day", "7"),
    "dias?|days?": ("day", "1"),
    "h|hs|horas?|hours?|hrs?": ("minute", "60"),
    "min|minutos?|minutes?": ("minute", "1"),
    "s|seg|segundos?|seconds?": ("second", "1"),
    "estrelas?|stars?": ("stars", "1"),
}
_CURRENCIES = {"r$": "BRL", "brl": "BRL", "us$": "USD", "u$": "USD", "$": "USD", "usd": "USD", "€": "EUR",
               "eur": "EUR", "£": "GBP", "gbp": "GBP"}  # fmt: skip
_CURRENCY_WORDS = (
    ("reais|real|brl", "BRL"),
    ("dolares|dolar|dollars?|usd|bucks", "USD"),
    ("euros?|eur|€", "EUR"),
    ("libras?|pounds?|gbp", "GBP"),
)
_HALF = r" (?:e mei[oa]|and a half)(?!\w)"
_IDIOMS = frozenset({"day", "minute", "second", "times", "plain", "stars"})
"""Kinds of "one day" and "uma vez", which state nothing."""
_BLANK = "[ \\t\u00a0\u202f]"
_JOINT = re.compile(rf"{_BLANK}*(?:/|-|–|,|x|×|ou|a|e|ate|or|to|and){_BLANK}*")
_NUMBER_BEFORE = re.compile(rf"^{DIGITS}(?:{_BLANK}|-)?")
_UNIT_WORDS = tuple(
    (re.compile(pattern), unit, Decimal(factor)) for pattern, (unit, factor) in _UNITS.items()
)
_MONTH_NUMBERS = {fold(name)[:3]: number for names in MONTHS.values() for number, name in enumerate(names, 1)}


@dataclass(frozen=True, slots=True)
class Quantity:
    """A quantity in a text and all that it may mean."""

    start: int
    end: int
    meanings: frozenset[Meaning]


@cache
def _pattern(language: Language) -> re.Pattern[str]:
    number = rf"(?:(?<!\w)|(?<=\dx)|(?<=\$))(?P<number>{DIGITS}|{WORDS[language]})"
    months = "|".join(
        sorted((f"{fold(m)}|{fold(m)[:3]}\\.?" for names in MONTHS.values() for m in names), key=len)[::-1]
    )
    months = months.replace("set\\.?", "set\\.?|sept\\.?")
    units = "|".join(_UNITS)
    currencies = "|".join(pattern for pattern, _ in _CURRENCY_WORDS)
    ordinal = r"(?:º|ª|°|o|st|nd|rd|th)?"
    alternatives = "|".join(
        (
            r"(?<!\w)(?P<iso>\d{4}-\d\d-\d\d)(?!\w)",
            r"(?<![\w/])(?P<slashes>\d{1,2}/\d{1,2}(?:/\d{4}|/\d\d)?)(?![\w/])",
            # "Under a pound" states one; "a pound of coffee" has said nothing of the product.
            rf"\b(?:under|less than|below|within|menos de|abaixo de) (?P<one>an?|uma?) (?P<measure>{units})(?!\w)"
            rf"(?P<half_of_one>{_HALF})?",
            r"(?<![\w.-])(?P<marks>\d{1,2}(?P<mark>[.-])\d{1,2}(?:(?P=mark)(?:\d{4}|\d\d)))(?![\w.-]\w)",
            rf"\b(?:dia|the) (?P<monthday>\d{{1,2}}){ordinal}(?![\w/%]|[.,:]\d|\s(?:de|of|x|{months}|{units})\b)",
            rf"(?<!\w)(?P<day3>\d{{1,2}})/(?P<month3>{months})(?!\w)(?:/(?P<year3>\d{{4}}))?",
            rf"(?<!\w)(?P<day>\d{{1,2}}){ordinal} (?:de |of )?(?P<month>{months})(?!\w)"
            r"(?:(?:,| de)? (?P<year>\d{4}))?",
            rf"(?<!\w)(?P<month2>{months}) (?P<day2>\d{{1,2}}){ordinal}(?!\w)(?:,? (?P<year2>\d{{4}}))?",
            r"(?<!\w)(?P<clock>\d{1,2}(?:h|:)\d\d)(?!\w)",
            r"(?<!\w)(?P<meridian>\d{1,2}(?::\d\d)? ?[ap]\.?m\b)",
            r"(?<!\w)(?P<code>(?!(?:brl|usd|eur|gbp)\d)[a-z]+-?\d[\w-]*)",
            # A price, "1.299,90", may have its currency before or behind it.
            rf"(?:(?P<currency>r\$|us\$|u\$|\$|€|£|\b(?:brl|usd|eur|gbp))\s?)?{number}{SCALE}"
            rf"(?:(?:\s?(?P<percent>%|\bpor cento\b|\bper ?cent\b))"
            r"|(?P<times>\s?x(?!\w)(?!\s*\d)|\s(?:(?:interest[ -]free|monthly|equal) )*"
            r"(?:vezes|parcelas?|prestacoes|instal?lments?|payments?)(?!\w))"
            rf"|(?:(?: de)?\s?(?P<coin>{currencies})(?!\w)"
            rf"(?:(?: e | and |, )(?P<cents>\d\d|{WORDS[language]}) (?:centavos|cents)(?!\w))?)"
            rf"|(?:(?:\s|-)?(?P<unit>{units})(?![\w])(?P<half>{_HALF})?)"
            r"|(?P<ordinal>[ºª]|st\b|nd\b|rd\b|th\b)|(?![a-wyz_\d]))",
            r"(?<![\w$])(?P<code2>\d\w*)",
        )
    )
    # A quantity stands on one line.
    return re.compile(alternatives.replace(r"\s", _BLANK))


def quantities(text: str, *languages: Language) -> list[Quantity]:
    """All quantities in a text; numbers in words are those of the languages."""
    folded = fold(text)
    found: dict[tuple[int, int], Quantity] = {}
    for language in languages:
        for match in _pattern(language).finditer(folded):
            meanings = frozenset(_meanings(match, day_first=language == "pt-BR"))
            if meanings:
                start = match.start("one" if match["one"] else 0)
                found[match.span()] = Quantity(start, match.end(), meanings)
    return _with_units_of_lists(folded, sorted(found.values(), key=lambda quantity: quantity.start))


def is_unit(word: str) -> bool:
    """Whether a folded word is one that things are measured in."""
    return any(pattern.fullmatch(word) for pattern, _, _ in _UNIT_WORDS)


def has_half(text: str, found: Quantity) -> bool:
    """Whether a quantity of the text is told with a half: "um quilo e meio"."""
    return re.search(f"{_HALF}$", fold(text[found.start : found.end])) is not None


def _with_units_of_lists(folded: str, found: list[Quantity]) -> list[Quantity]:
    """In "110/220 V" and "30 x 20 x 10 cm" the unit belongs to every number."""
    whole = list(found)
    for index in reversed(range(len(found) - 1)):
        here, after = whole[index], whole[index + 1]
        plain = [value for kind, value in here.meanings if kind == "plain"]
        # `_meanings` gives a measure in its base unit: the factor is that of the written unit behind.
        unit = _unit_at_end(folded[after.start : after.end])
        if plain and unit and _JOINT.fullmatch(folded[here.end : after.start]):
            base, factor = unit
            meanings = frozenset((base, Decimal(value) * factor) for value in plain)
            whole[index] = Quantity(here.start, after.end, here.meanings | meanings)
    return whole


def _unit_at_end(written: str) -> tuple[str, Decimal] | None:
    unit = _NUMBER_BEFORE.sub("", written)
    return next(((base, factor) for known, base, factor in _UNIT_WORDS if known.fullmatch(unit)), None)


def _meanings(match: re.Match[str], *, day_first: bool) -> Iterator[Meaning]:
    groups = match.groupdict()
    if written := groups["iso"]:
        year, month, day = written.split("-")
        yield _date(int(day), int(month), year)
    elif written := groups["slashes"]:
        yield from _in_figures(written.split("/"), day_first=day_first)
        yield ("code", written)
    elif written := groups["marks"]:
        yield from _in_figures(re.split("[.-]", written), day_first=day_first)
        yield ("code", written)
    elif measure := groups["measure"]:
        count = Decimal("1.5" if groups["half_of_one"] else 1)
        yield from (
            (base, count * factor) for pattern, base, factor in _UNIT_WORDS if pattern.fullmatch(measure)
        )
    elif written := groups["monthday"]:
        yield ("day of month", Decimal(written))
        yield ("plain", Decimal(written))
    elif groups["month3"]:
        yield _date(int(groups["day3"]), _month(groups["month3"]), groups["year3"])
    elif groups["month"]:
        yield _date(int(groups["day"]), _month(groups["month"]), groups["year"])
    elif groups["month2"]:
        yield _date(int(groups["day2"]), _month(groups["month2"]), groups["year2"])
    elif written := groups["clock"]:
        hours, minutes = re.split("[h:]", written)
        yield ("time", f"{int(hours):02}:{minutes}")
    elif written := groups["meridian"]:
        hours, _, minutes = re.sub(r"[^\d:]", "", written).partition(":")
        yield ("time", f"{int(hours) % 12 + 12 * ('p' in written):02}:{minutes or '00'}")
    elif written := groups["code"] or groups["code2"]:
        yield ("code", re.sub(r"[-_]", "", written))
    else:
        yield from _counted(groups)


def _in_figures(parts: list[str], *, day_first: bool) -> Iterator[Meaning]:
    """A date in figures. In English the month is first, unless there is no such month."""
    first, second, *rest = (int(part) for part in parts)
    year = str(rest[0] + 2000 if rest[0] < 100 else rest[0]) if rest else ""
    yield _date(first, second, year) if day_first or first > 12 else _date(second, first, year)


def _counted(groups: dict[str, str | None]) -> Iterator[Meaning]:
    number, scale = groups["number"], groups["scale"]
    assert number  # noqa: S101 - the last branch of the pattern
    found = values(number, scale)
    kinds: list[tuple[str, Decimal]] = []
    if groups["percent"]:
        kinds = [("percent", Decimal(1))]
    elif groups["currency"]:
        kinds = [(f"money:{_CURRENCIES[groups['currency']]}", Decimal(1))]
    elif coin := groups["coin"]:
        cents = next(iter(values(groups["cents"]))) / 100 if groups["cents"] else Decimal(0)
        found = frozenset(value + cents for value in found)
        kinds = [
            (f"money:{code}", Decimal(1)) for words, code in _CURRENCY_WORDS if re.fullmatch(words, coin)
        ]
        if coin in ("pounds", "pound", "libra", "libras"):
            kinds.append(("lb", Decimal(1)))
    elif groups["times"]:
        kinds = [("times", Decimal(1))]
    elif unit := groups["unit"]:
        if groups["half"]:
            found = frozenset(value + Decimal("0.5") for value in found)
        kinds = [(base, factor) for pattern, base, factor in _UNIT_WORDS if pattern.fullmatch(unit)]
    elif groups["ordinal"]:
        kinds = [("ordinal", Decimal(1))]
    else:
        kinds = [("plain", Decimal(1))]
    if number in SINGLE and kinds[0][0] in _IDIOMS and not groups["half"]:
        return
    for kind, factor in kinds:
        yield from ((kind, value * factor) for value in found)


def _month(written: str) -> int:
    return _MONTH_NUMBERS[written[:3]]


def _date(day: int, month: int, year: str | None) -> Meaning:
    return ("date", f"{day:02}-{month:02}{f'-{year}' if year else ''}")
