"""English as Americans read it aloud: prices, dates, times, units, phones, addresses and the rest."""

import re
from collections.abc import Mapping
from typing import ClassVar

from tasks.narration import english_addresses as addresses
from tasks.narration import english_sayings as say
from tasks.narration import english_times as times
from tasks.narration import english_words as words
from tasks.narration.english_numbers import CURRENCY, NUMBER
from tasks.narration.reading_rules import ADDRESS, Place, placed, rule

_I = re.IGNORECASE
_SCALE = r"(?:thousand|million|billion|trillion|bn|MM|[kKMBT])(?!\w)"
_RANGE = r"\s?[-–—]\s?"
_MONTH = "|".join(re.escape(name) for name in sorted(words.MONTH_NAMES, key=len, reverse=True))
_UNIT = r"(?P<unit>km/h|m/s|fl oz|sq ft|°[CF]?|%|¢|[\"”″]|[A-Za-z]{1,4}[²³]?|[mc]?m[23])(?![\w²³])"
_SIGN = r"(?:(?P<whole>\d+)\s?)?(?P<sign>[¼-¾⅓-⅞])"
_FRACTION = rf"(?:{_SIGN}|(?:(?P<before>\d+)\s)?(?P<top>\d)/(?P<bottom>\d{{1,2}})(?![\d/]))"
_HALF = r"(?P<half>[ap]\.?m(?:\.(?!\w)|(?!\w)))"


class English:
    """How Americans read; see `tasks.narration.reading_rules.Reading`."""

    joints: ClassVar[Mapping[str, str]] = {
        "-": "to",
        "–": "to",
        "—": "to",
        "/": "slash",
        "+": "plus",
        "&": "and",
        "=": "equals",
    }

    rules = (
        placed(
            rf"(?P<sign>[-−])?(?P<currency>{CURRENCY})\s?"
            rf"(?P<amount>{NUMBER})(?:{_RANGE}{CURRENCY}?(?P<until>{NUMBER}))?"
            rf"(?:\s?(?P<scale>{_SCALE}|m(?![\w²³])))?(?P<plus>\+)?(?:\s?/\s?(?P<per>month|mo|year|yr"
            rf"|day|hour|hr|week|wk|each|ea|lb|oz|kg|person|night|user|unit|sq ft)(?!\w))?",
            say.price, _I,
        ),
        placed(
            r"(?:a|per|each)\s(?P<unit>lb|oz|kg|g|mi|km|m²|m2|sq ft|ml|l|gal|yd|ft|hr|h|wk|yr)(?![\w²³])", say.per, _I,
        ),
        rule(rf"(?P<amount>{NUMBER})\s?(?P<currency>€|£|R\$|USD|EUR|GBP|BRL)(?!\w)", say.price_behind),
        rule(ADDRESS, addresses.address, _I),
        rule(r"@(?P<name>\w(?:[\w.]*\w)?)", addresses.handle),
        rule(
            r"(?:\+?1[\s.-])?\(?\d{3}\)?[\s.-]\d{3}[\s.-]\d{4}(?![\d-])"
            r"|1-\d{3}-(?:\d{3}-\d{4}|[A-Z]{5,9})(?!\w)|\d{3}-\d{4}(?![\d-])|0\d{4}\s\d{6}(?!\d)",
            say.phone,
        ),
        placed(r"24/7(?!\d)", times.all_day),
        rule(
            r"(?P<month>\d{1,2})(?P<mark>[/.-])(?P<day>\d{1,2})(?P=mark)(?P<year>\d{4}|\d{2})(?![\d/])",
            times.full_date,
        ),
        rule(r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})(?!\d)", times.full_date),
        rule(
            rf"(?P<day>[0-3]?\d)\s(?P<name>{_MONTH})(?:,?\s(?P<year>(?:1[5-9]|20)\d\d))?(?![\w:%]|[,.]\d)",
            times.named_date,
        ),
        rule(
            rf"(?P<name>{_MONTH})\s(?P<day>[0-3]?\d)(?:st|nd|rd|th)?(?:,?\s"
            rf"(?P<year>(?:1[5-9]|20)\d\d))?(?![\w:%]|[,.]\d)",
            times.named_date,
        ),
        placed(r"(?P<part>\d{1,3}(?:\.\d)?)/(?P<whole>5|10|20|50|100)(?![\d/])", say.rating),
        placed(rf"{_FRACTION}\s?{_UNIT}", say.fraction_of_a_unit),
        placed(_FRACTION, say.fraction),
        placed(r"(?P<month>\d{1,2})/(?P<day>\d{1,2})(?![\d/])", times.short_date),
        rule(rf"(?P<hour>\d{{1,2}})\.(?P<minute>[0-5]\d)(?P<second>)\s?{_HALF}", times.clock, _I),
        rule(
            rf"(?P<hour>\d{{1,2}}):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d))?(?:\s?{_HALF})?(?![\w:])",
            times.clock, _I,
        ),
        rule(rf"(?P<hour>\d{{1,2}})(?:{_RANGE}(?P<until>\d{{1,2}}))?\s?{_HALF}", times.hour, _I),
        rule(r"(?P<feet>\d)['’′]\s?(?P<inches>\d{1,2})[\"”″]", say.feet_and_inches),
        rule(r"(?P<hours>\d{1,3})\s?h(?:rs?)?\s(?P<minutes>[0-5]?\d)\s?m(?:in)?(?!\w)", times.lasting, _I),
        rule(rf"(?P<volts>{NUMBER}/\d{{2,4}})\s?{_UNIT}", say.either),
        rule(
            rf"(?P<sizes>{NUMBER}\s?{_UNIT}(?:\s?[x×]\s?{NUMBER}\s?(?P=unit)){{1,2}})(?!\w)", say.sizes, _I
        ),
        rule(rf"(?P<sizes>{NUMBER}(?:\s?[x×]\s?{NUMBER}){{1,2}})(?:\s?{_UNIT})?(?!\w)", say.sizes, _I),
        rule(r"(?P<sizes>\d{1,2}:\d{1,2})(?P<unit>)(?![\d:])", say.sizes),
        rule(r"(?P<count>\d{1,3})\s?[x×](?!\w)", say.multiplier, _I),
        rule(r"(?P<count>\d{1,3}(?:,\d{3})?)(?:st|nd|rd|th)(?!\w)", say.nth, _I),
        rule(r"(?P<many>\d{1,2})-in-(?P<one>\d)(?!\w)", say.many_in_one, _I),
        rule(r"['’]?(?P<year>(?:1[5-9]|20)\d0|[2-9]0)['’]?s(?!\w)", times.decade),
        rule(r"1(?P<zeros>0{1,3}|0{1,2},000|,000)s(?=\s+of\s)", say.many),
        placed(
            rf"(?P<amount>{NUMBER})(?P<space>\s?)(?P<sign>)(?P<scale>)(?P<per>)"
            rf"{_UNIT}{_RANGE}(?P<until>{NUMBER})\s?(?P=unit)(?![\w²³])",
            say.quantity,
        ),
        placed(
            rf"(?P<sign>[-−+±~])?(?P<amount>{NUMBER})(?:{_RANGE}(?P<until>{NUMBER}))?"
            rf"(?P<space>[\s-]?)(?:(?P<scale>thousand|million|billion)\s)?{_UNIT}"
            r"(?:/(?P<per>mo|month|day|year|yr|week|person)(?!\w))?",
            say.quantity,
        ),
        rule(r"(?:No\.|Nos\.|#|№)\s?(?P<amount>\d[\d,]*)(?!\w)", say.numbered, _I),
        rule(r"(?P<amount>\d{1,2})(?P<letter>[A-Za-z])(?!\w)", say.short),
        rule(rf"(?P<amount>{NUMBER})(?:-|–|—|\s[–—]\s)(?P<until>{NUMBER})(?![\w/-])", say.ranged),
        placed(
            rf"(?P<sign>[-−+±~])?(?P<amount>{NUMBER})(?:\s?(?P<scale>{_SCALE}))?(?P<plus>\+)?(?![\w/:-])",
            say.counted,
        ),
        placed(
            r"w/o?(?!\w)|and/or(?!\w)|(?:[^\W\d_]{1,6}\.){1,3}(?![\w/])|[^\W\d_]{2,3}(?![\w/'’.-])",
            say.abbreviation, _I,
        ),
        placed(r"[IVXLC]+(?!\w)", say.roman_number),
    )  # fmt: skip

    def word(self, word: str, place: Place) -> str:
        """See `Reading`."""
        del place
        if words.spells(word):
            return words.spell(word)
        if all(letter.isalpha() or letter in "-'’" for letter in word):
            parts = word.split("-")
            return " ".join(map(words.part, parts)) if any(map(words.spells, parts)) else word
        if "/" in word and all(part.isalpha() for part in word.split("/")):
            return " slash ".join(map(words.part, word.split("/")))
        return words.letters_and_digits(word)


ENGLISH = English()
"""The reading of English."""
