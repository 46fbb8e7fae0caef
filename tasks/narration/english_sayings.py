"""What is said for each kind of thing that is not said as it is written, in English.

Each function is given what its pattern in `tasks.narration.english` has matched, and most of them nothing else.
"""

import re
from dataclasses import dataclass

from tasks.narration import english_numbers as numbers
from tasks.narration import english_times as times
from tasks.narration import english_words as words
from tasks.narration.english_numbers import NUMBER, cardinal, digit_by_digit, money, number, ordinal
from tasks.narration.reading_rules import PICTURE_WIDTHS, SURE_ROMAN, Place, follows_name, plain_digits, roman

_SCALES = {"k": "thousand", "K": "thousand", "M": "million", "m": "million", "MM": "million", "B": "billion",
           "bn": "billion", "T": "trillion"}  # fmt: skip
_PER = {"mo": "per month", "month": "per month", "yr": "per year", "year": "per year", "day": "per day",
        "hr": "per hour",
        "hour": "per hour", "wk": "per week", "week": "per week", "ea": "each", "each": "each", "lb": "per pound",
        "oz": "per ounce", "kg": "per kilogram", "person": "per person", "night": "per night", "user": "per user",
        "unit": "per unit", "sq ft": "per square foot"}  # fmt: skip
_SIGNS = {"-": "minus ", "−": "minus ", "+": "plus ", "±": "plus or minus ", "~": "about "}


def _scale(scale: str) -> str:
    return _SCALES.get(scale, scale)


def price(match: re.Match[str], place: Place) -> str:
    """Says "R$ 1.299,90", "R$ 100-200", "$5M", "$19.99/mo": money, perhaps a range, perhaps per something."""
    currency, amount = match["currency"], match["amount"]
    scale = _scale(match["scale"]) if match["scale"] else ""
    said = money(currency, amount, scale)
    if match["until"]:
        last = money(currency, match["until"], scale)
        name = last.rpartition(" ")[2]
        short = said.removesuffix(f" {name}") if " and " not in last else said
        said = f"{short} to {last}"
    elif _ARTICLE.search(place.before) and words.is_part_of_a_name(place.after):
        said = money(currency, amount, scale, singular=True)
    if match["per"]:
        said += f" {_PER[match['per'].casefold()]}"
    plus = " plus" if match["plus"] else ""
    return f"minus {said}{plus}" if match["sign"] else f"{said}{plus}"


_ARTICLE = re.compile(r"(?:^|\W)(?:an?|the|this|our|your)\s+$", re.IGNORECASE)


def per(match: re.Match[str], place: Place) -> str | None:
    """A unit without a number: "per lb"."""
    name = words.unit(match["unit"])
    if name is None or not re.search(r"\d\s+$", place.before):
        return None
    return f"{match[0].split()[0]} {words.UNITS[name][0]}"


def either(match: re.Match[str]) -> str | None:
    """Two values of one unit: "110/220V"."""
    name = words.unit(match["unit"])
    if name is None:
        return None
    return f"{', '.join(number(part) for part in match['volts'].split('/'))} {words.UNITS[name][1]}"


def many(match: re.Match[str]) -> str:
    """Says "1000s of"."""
    return {1: "tens", 2: "hundreds", 3: "thousands"}.get(match["zeros"].count("0"), "tens of thousands")


_RATED = re.compile(r"(?:^|\W)(?:rat(?:ed|ing)|scor(?:ed?|es)|average|grade)(?:\s+of)?:?\s+$", re.IGNORECASE)


def rating(match: re.Match[str], place: Place) -> str | None:
    """Says "4.8/5", "9/10 customers", "50/50"."""
    part, whole = match["part"], match["whole"]
    if part == whole == "50":
        return "fifty-fifty"
    by = re.match(
        r"\s+(?:stars?|points|people|customers|users|buyers|dentists|moms|parents|owners)(?!\w)", place.after
    )
    if numbers.value(part) > int(whole) or not ("." in part or _RATED.search(place.before) or by):
        return None
    return f"{number(part)} out of {number(whole)}"


def price_behind(match: re.Match[str]) -> str:
    """An amount with its currency behind it: "99 €"."""
    return money(match["currency"], match["amount"])


def multiplier(match: re.Match[str]) -> str:
    """Says "12x" in front of money, "3x" in front of "faster"."""
    count = int(match["count"])
    return f"{cardinal(count)} {'time' if count == 1 else 'times'}"


def sizes(match: re.Match[str]) -> str | None:
    """Such as "10x15 in", "1920x1080", "16:9"."""
    said = " by ".join(number(part) for part in re.findall(NUMBER, match["sizes"]))
    if match["unit"]:
        name = words.unit(match["unit"])
        if name is None:
            return None
        said += f" {words.UNITS[name][1]}"
    return said


def quantity(match: re.Match[str], place: Place) -> str | None:
    """A number or a range with its unit: "2.5 kg", "10-12 in", "-10°F"."""
    name = words.unit(match["unit"])
    if name is None or (match["until"] and " " in match[0] and follows_name(place.before)):
        return None
    if name in words.AMBIGUOUS and match["space"]:
        follows = re.match(r"\s+([\w]+)", place.after)
        if follows and follows[1].casefold() not in words.SCREENS:
            return None
    one, many = words.UNITS[name]
    said = number(match["amount"])
    if match["until"]:
        said += f" to {number(match['until'])}"
    describes = match["space"] == "-" or words.is_part_of_a_name(place.after)
    singular = not match["until"] and (numbers.value(match["amount"]) == 1 or describes)
    scale = f" {_scale(match['scale'])}" if match["scale"] else ""
    per = f" {_PER[match['per'].casefold()]}" if match["per"] else ""
    return (
        f"{_SIGNS.get(match['sign'] or '', '')}{said}{scale} {one if singular and not scale else many}{per}"
    )


def feet_and_inches(match: re.Match[str]) -> str:
    """The height of a person, 5'10"."""
    return f"{cardinal(int(match['feet']))} foot {cardinal(int(match['inches']))}"


def nth(match: re.Match[str]) -> str:
    """An ordinal number."""
    return ordinal(int(match["count"].replace(",", "")))


_PARTS = {2: "half", 3: "third", 4: "quarter", 5: "fifth", 6: "sixth", 7: "seventh", 8: "eighth", 9: "ninth",
          10: "tenth",
          16: "sixteenth", 32: "thirty-second"}  # fmt: skip


@dataclass(frozen=True)
class _Fraction:
    whole: str
    top: int
    bottom: int

    @property
    def part(self) -> str:
        """Such as "a half", "three quarters"."""
        if self.bottom == 2:
            return "a half"
        return f"{'a' if self.top == 1 else cardinal(self.top)} {_PARTS[self.bottom]}{'s' if self.top > 1 else ''}"


def _fraction(match: re.Match[str], place: Place) -> _Fraction | None:
    if match["sign"]:
        top, bottom = (int(part) for part in plain_digits(match["sign"]).split("/"))
    else:
        top, bottom = int(match["top"]), int(match["bottom"])
    if bottom not in _PARTS or not 0 < top < bottom or times.DATE_BEFORE.search(place.before):
        return None
    return _Fraction(match["whole"] or match["before"] or "", top, bottom)


def fraction(match: re.Match[str], place: Place) -> str | None:
    """Says "1/2", "1 1/2"; not a date."""
    found = _fraction(match, place)
    if found is None:
        return None
    if found.whole:
        return f"{number(found.whole)} and {found.part}"
    return f"{cardinal(found.top)} {_PARTS[found.bottom]}{'s' if found.top > 1 else ''}"


def fraction_of_a_unit(match: re.Match[str], place: Place) -> str | None:
    """Says "½ lb", "1/4 in", "2 1/2 kg"."""
    found, name = _fraction(match, place), words.unit(match["unit"])
    if found is None or name is None:
        return None
    one, many = words.UNITS[name]
    if found.whole:
        return f"{number(found.whole)} and {found.part} {many}"
    if found.bottom == 2:
        return f"half {'an' if one[0] in 'aeiou' or one == 'hour' else 'a'} {one}"
    return f"{found.part} {one}"


def phone(match: re.Match[str]) -> str:
    """A telephone number, digit by digit in its groups."""
    groups = re.findall(r"\d+|[A-Z]+", match[0])
    return ", ".join(
        "eight hundred"
        if group == "800"
        else digit_by_digit(group)
        if group.isdigit()
        else group.capitalize()
        for group in groups
    )


def abbreviation(match: re.Match[str], place: Place) -> str | None:
    """An abbreviation; its period stays where it ends the sentence, too."""
    written = match[0].casefold()
    said = words.ABBREVIATIONS.get(written)
    if said is None:
        return None
    if written == "st." and not re.match(r"\s+[A-Z]", place.after):
        said = "Street"
    if written == "st." and re.search(r"\d\S*\s+(?:[A-Z]\w+\s+)+$", place.before):
        said = "Street"
    if written in ("no.", "est.", "min.", "max.", "co.", "ft.", "gen.", "gov.") and not (
        re.match(r"\s+\d", place.after)
        or (written in ("co.", "ft.") and place.before.rstrip()[-1:].isalnum())
        or (written in ("gen.", "gov.") and re.match(r"\s+[A-Z]", place.after))
    ):
        return None
    last = written in words.MAY_END | {"st."} and said != "Saint"
    ends = last and (not place.after.strip() or re.match(r"\s+[A-Z]", place.after))
    return f"{said}." if ends and written not in ("sr.", "jr.") else said


def numbered(match: re.Match[str]) -> str:
    """Says "No. 5", "#1"."""
    return f"number {number(match['amount'])}"


_KINGS = re.compile(
    r"(?:Henry|Louis|Elizabeth|George|Charles|John Paul|Pius|Edward|Richard|William|James|Francis|Philip|Napoleon)\s+$"
)
_NUMBERED = re.compile(
    r"(?:^|\W)(?:chapter|volume|part|phase|type|title|war|act|book|season|mark|episode|level|class)\s+$", re.I
)


def roman_number(match: re.Match[str], place: Place) -> str | None:
    """A Roman numeral where one is meant."""
    value = roman(match[0])
    king = _KINGS.search(place.before)
    if value is None or not (king or _NUMBERED.search(place.before) or SURE_ROMAN.fullmatch(match[0])):
        return None
    return f"the {ordinal(value)}" if king else cardinal(value)


_YEAR_BEFORE = re.compile(r"(?:^|\W)(?:in|of|since|by|until|year|from|before|after|to|©)\s+$", re.IGNORECASE)


def counted(match: re.Match[str], place: Place) -> str:
    """A number by itself."""
    amount = match["amount"]
    if match["scale"]:
        return f"{_SIGNS.get(match['sign'] or '', '')}{number(amount)} {_scale(match['scale'])}" + (
            " plus" if match["plus"] else ""
        )
    after = re.match(r"\s+([^\W\d_]+)", place.after)
    counts = after and after[1].islower() and after[1].endswith("s") and len(after[1]) > 2
    if re.fullmatch(r"(?:1[1-9]|20)\d\d", amount) and not match["sign"] and not match["plus"]:
        near = int(amount) >= 1900
        if (_YEAR_BEFORE.search(place.before) or near) and not counts:
            return numbers.year(int(amount))
    return f"{_SIGNS.get(match['sign'] or '', '')}{number(amount)}" + (" plus" if match["plus"] else "")


def ranged(match: re.Match[str]) -> str:
    """Says "10-12"."""
    both = (match["amount"], match["until"])
    if all(re.fullmatch(r"(?:19|20)\d\d", each) for each in both):
        return " to ".join(numbers.year(int(each)) for each in both)
    return " to ".join(number(each) for each in both)


def many_in_one(match: re.Match[str]) -> str:
    """Says "2-in-1"."""
    return f"{number(match['many'])} in {number(match['one'])}"


def short(match: re.Match[str]) -> str | None:
    """Says "4K", "3D", "5G": a digit and a letter; "10k" counts thousands."""
    if match["letter"] in "kK" and int(match["amount"]) not in PICTURE_WIDTHS:
        return None
    return f"{number(match['amount'])} {words.spell(match['letter'])}"
