"""Brazilian Portuguese read aloud: what is said for prices, dates, times, units, phones, addresses and the rest."""

import re
from collections.abc import Mapping
from typing import ClassVar

from tasks.narration import portuguese_addresses as addresses
from tasks.narration import portuguese_sayings as say
from tasks.narration import portuguese_times as times
from tasks.narration import portuguese_words as words
from tasks.narration.portuguese_numbers import CURRENCY, NUMBER
from tasks.narration.reading_rules import ADDRESS, Place, placed, rule

_I = re.IGNORECASE
_AMOUNT = r"\d+(?:\.\d+)*(?:,\d+)?"
_SCALE = r"(?:mil|milhão|milhões|bilhão|bilhões|trilhão|trilhões|mi|bi|k|K)(?!\w)"
_SIGN = r"(?:(?P<whole>\d+)\s?)?(?P<sign>[¼-¾⅓-⅞])"
_FRACTION = rf"(?:{_SIGN}|(?:(?P<before>\d+)\s)?(?P<top>\d)/(?P<bottom>\d{{1,2}})(?![\d/]))"
_RANGE = r"\s?(?:-|–|—)\s?"
_UNIT = r"(?P<unit>km/h|m/s|[°º][CF]?|%|‰|[\"”]|[A-Za-zÀ-ÿ]{1,4}[²³]?|[mc]?m[23])(?![\w²³])"

_SHORT = "|".join(month[:3] for month in words.MONTHS)
_DAYS = "|".join(words.WEEKDAYS)


class Portuguese:
    """How Brazilians read; see `tasks.narration.reading_rules.Reading`."""

    joints: ClassVar[Mapping[str, str]] = {
        "-": "a",
        "–": "a",
        "—": "a",
        "/": "barra",
        "+": "mais",
        "&": "e",
        "=": "igual a",
    }

    rules = (
        rule(
            rf"(?P<sign>[-−])?\s?(?P<currency>{CURRENCY})\s?(?P<amount>{_AMOUNT})"
            rf"(?:{_RANGE}(?:R\$\s?)?(?P<until>{_AMOUNT}))?"
            rf"(?:\s?(?P<scale>{_SCALE}))?"
            r"(?:\s?/\s?(?P<per>mês|mes|ano|dia|hora|h|semana|un\.|unidade|un|kg|m²|m2|l|pessoa|noite)(?!\w))?",
            say.price, _I,
        ),
        placed(
            r"(?:o|a|por|cada)\s(?P<unit>kg|g|m²|m2|m³|m3|l|km|cm|ml|h|un)(?![\w²³])", say.per, _I,
        ),
        rule(rf"(?P<amount>{_AMOUNT})\s?(?P<currency>€|£|R\$|US\$)(?!\w)", say.price_behind),
        rule(ADDRESS, addresses.address, _I),
        rule(r"@(?P<name>\w(?:[\w.]*\w)?)", addresses.handle),
        rule(r"\d{2}\.\d{3}\.\d{3}/\d{4}-\d{2}|\d{3}\.\d{3}\.\d{3}-\d{2}|\d{5}-\d{3}(?![\d-])", say.long_code),
        rule(r"0[3589]00[\s.-]?(?P<number>\d{3}[\s.-]?\d{3,4}|\d{2}[\s.-]?\d{2}[\s.-]?\d{2,3})(?!\d)", say.free_call),
        rule(
            r"(?:\+(?P<country>\d{1,3})\s?)?\(?(?P<area>0?\d{2})\)\s?"
            r"(?P<number>9?\s?\d{4}[\s.-]?\d{4})(?!\d)", say.phone
        ),
        rule(
            r"(?!(?:19|20)\d\d-(?:19|20)\d\d)(?:\+(?P<country>\d{1,3})\s)?(?:(?P<area>\d{2})[\s-])?"
            r"(?P<number>9\s?\d{4}[-\s]\d{4}|[2-5]\d{3}-\d{4})(?![\d-])",
            say.phone,
        ),
        rule(r"(?:\+?(?P<country>55))?(?P<area>[1-9]\d)(?P<number>9\d{8})(?!\d)", say.phone),
        rule(
            r"(?P<day>\d{1,2})[º°]?(?P<mark>[/.-])(?P<month>\d{1,2})(?P=mark)(?P<year>\d{4}|\d{2})(?![\d/])",
            times.full_date,
        ),
        rule(r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})(?!\d)", times.full_date),
        rule(r"(?P<month>0?[1-9]|1[0-2])/(?P<year>(?:19|20)\d{2})(?!\d)", times.month_year),
        rule(
            rf"(?P<day>\d{{1,2}})[º°]?(?:/(?P<name>{_SHORT})|\sde\s(?P<short>{_SHORT})\.)"
            r"(?:\s?(?:/|de)\s?(?P<year>\d{4}|\d{2}))?(?!\w)",
            times.named_date, _I,
        ),
        rule(rf"(?P<name>{_SHORT})\.?/(?P<year>(?:19|20)?\d{{2}})(?![\w/])", times.named_month, _I),
        placed(r"(?P<part>\d{1,3}(?:,\d)?)/(?P<whole>\d{1,3})(?![\d/])", say.rating),
        placed(rf"{_FRACTION}\s?{_UNIT}", say.fraction_of_a_unit),
        placed(_FRACTION, say.fraction),
        rule(rf"(?P<volts>{NUMBER}/\d{{2,4}})\s?{_UNIT}", say.either),
        placed(r"(?P<day>\d{1,2})/(?P<month>\d{1,2})(?![\d/])", times.short_date),
        rule(r"1[º°]?(?=\s+de\s+(?:" + "|".join(words.MONTHS) + r")(?!\w))", times.first_of, _I),
        placed(
            r"(?P<hour>\d{1,2})(?:(?P<colon>:)(?P<minute>[0-5]\d)(?::"
            r"(?P<second>[0-5]\d))?(?P<mark>\s?h(?:s|rs|oras)?)?)(?!\w)(?P<named>)",
            times.clock, _I,
        ),
        placed(
            r"(?P<hour>\d{1,3})(?P<colon>)(?P<mark>h)\s?(?P<minute>[0-5]?\d)"
            r"(?P<named>\s?m(?:in)?)?(?:\s?(?P<second>[0-5]?\d)s)?(?!\w)",
            times.clock, _I,
        ),
        rule(
            rf"(?P<sizes>{NUMBER}\s?{_UNIT}(?:\s?[x×]\s?{NUMBER}\s?(?P=unit)){{1,2}})(?!\w)", say.sizes, _I,
        ),
        rule(
            rf"(?P<sizes>{NUMBER}(?:\s?[x×]\s?{NUMBER}){{1,2}})(?:\s?{_UNIT})?(?!\w)", say.sizes, _I,
        ),
        rule(r"(?P<sizes>\d{1,2}:\d{1,2})(?P<unit>)(?![\d:])", say.sizes),
        rule(r"(?P<count>\d{1,3})\s?[x×](?!\w)", say.multiplier, _I),
        placed(r"(?P<count>[2-6])(?P<mark>[ªa])(?P<plural>)(?P<day>-feira|\sfeira)", say.nth, _I),
        placed(
            r"(?P<count>\d{1,3}(?:\.\d{3})?)\.?(?P<mark>[ºªo°])"
            r"(?P<plural>s)?(?P<day>)(?![\wCF])(?!\s?[CF](?!\w))",
            say.nth,
        ),
        placed(r"(?P<count>\d{1,3})\.?(?P<mark>[ºª°])(?P<plural>s)?(?P<day>)(?![\w])", say.nth),
        placed(
            rf"(?P<amount>{NUMBER})(?P<space>\s?)(?P<sign>)(?P<scale>)(?P<per>)"
            rf"{_UNIT}{_RANGE}(?P<until>{NUMBER})\s?(?P=unit)(?![\w²³])",
            say.range_of_a_unit,
        ),
        placed(
            rf"(?P<sign>[-−+±~])?(?P<amount>{NUMBER}(?:\.\d+)?)(?:(?:{_RANGE}|\sa\s)"
            rf"(?P<until>{NUMBER}))?(?P<space>\s?)(?:(?P<scale>mil|milhões|milhão)\s)?{_UNIT}"
            r"(?:/(?P<per>mês|dia|ano|semana|pessoa)(?!\w))?",
            say.quantity,
        ),
        rule(r"(?:n\.?[º°]|nº\.?|nro\.)\s?(?P<amount>\d+(?:\.\d+)*)", say.numero, _I),
        rule(r"(?P<amount>\d{1,2})(?P<letter>[A-Za-z])(?!\w)", say.short),
        placed(rf"(?P<amount>{NUMBER})(?:-|–|—|\s[–—]\s)(?P<until>{NUMBER})(?![\w/-])", say.ranged),
        placed(
            rf"(?P<sign>[-−+±~])?(?P<amount>{NUMBER}(?:\.\d{{1,2}})?)(?:\s?(?P<scale>{_SCALE}))?(?![\w/:-])",
            say.counted,
        ),
        rule(
            rf"(?P<first>{_DAYS})\.?(?:\s(?P<link>a|à|e|até)\s|{_RANGE})(?P<last>{_DAYS})(?!\w)\.?",
            times.weekdays, _I,
        ),
        rule(r"R\.(?=\s(?:d[aoe]s?\s)?[A-ZÀ-Ý][a-zà-ÿ])", say.street),
        placed(
            r"[^\W\d_]{1,6}\.?[º°ª]?\.?(?:[^\W\d_]\.)?(?![\w/])"
            r"|[csp]/(?!\w)|[Ss]/[Aa](?!\w)|[Ee]/[Oo][Uu](?!\w)|[Cc]/[Cc](?!\w)",
            say.abbreviation,
        ),
        placed(r"[IVXLC]+(?!\w)", say.roman_number),
    )  # fmt: skip

    def word(self, word: str, place: Place) -> str:
        """See `Reading`."""
        del place
        if word.casefold() in words.FOREIGN or word.isalpha():
            return words.part(word)
        if all(letter.isalpha() or letter in "-'’" for letter in word):
            parts = word.split("-")
            return " ".join(map(words.part, parts)) if any(map(words.spells, parts)) else word
        if "/" in word and all(part.isalpha() for part in word.split("/")):
            return " barra ".join(map(words.part, word.split("/")))
        return words.letters_and_digits(word)


PORTUGUESE = Portuguese()
"""The reading of Brazilian Portuguese."""
