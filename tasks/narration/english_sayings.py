"""What is said for each kind of thing that is not said as it is written, in English.

Each function is given what its pattern in `tasks.narration.english` has matched, and most of them nothing else.
"""

import re

from tasks.narration import english_numbers as numbers
from tasks.narration import english_words as words
from tasks.narration.english_numbers import NUMBER, cardinal, digit_by_digit, money, number, ordinal
from tasks.narration.reading_rules import PICTURE_WIDTHS, SURE_ROMAN, Place, plain_digits, roman

_SCALES = {"k": "thousand", "K": "thousand", "M": "million", "MM": "million", "B": "billion", "bn": "billion",
           "T": "trillion"}  # fmt: skip
_PER = {"mo": "per month", "month": "per month", "yr": "per year", "year": "per year", "day": "per day",
        "hr": "per hour",
        "hour": "per hour", "wk": "per week", "week": "per week", "ea": "each", "each": "each", "lb": "per pound",
        "oz": "per ounce", "kg": "per kilogram", "person": "per person", "night": "per night", "user": "per user",
        "unit": "per unit", "sq ft": "per square foot"}  # fmt: skip
_SIGNS = {"-": "minus ", "−": "minus ", "+": "plus ", "±": "plus or minus ", "~": "about "}


def _scale(scale: str) -> str:
    return _SCALES.get(scale, scale)


def price(match: re.Match[str]) -> str:
    """Says "R$ 1.299,90", "R$ 100-200", "$5M", "$19.99/mo": money, perhaps a range, perhaps per something."""
    currency, amount = match["currency"], match["amount"]
    scale = _scale(match["scale"]) if match["scale"] else ""
    said = money(currency, amount, scale)
    if match["until"]:
        last = money(currency, match["until"], scale)
        name = last.rpartition(" ")[2]
        short = said.removesuffix(f" {name}") if " and " not in last else said
        said = f"{short} to {last}"
    if match["per"]:
        said += f" {_PER[match['per'].casefold()]}"
    plus = " plus" if match["plus"] else ""
    return f"minus {said}{plus}" if match["sign"] else f"{said}{plus}"


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


def _full_date(month: int, day: int, year: str) -> str | None:
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    said = f"{words.MONTHS[month - 1]} {ordinal(day)}"
    if not year:
        return said
    return f"{said}, {numbers.year(int(year) if len(year) == 4 else 2000 + int(year))}"


def full_date(match: re.Match[str]) -> str | None:
    """A date with its year."""
    return _full_date(int(match["month"]), int(match["day"]), match["year"])


_DATE_BEFORE = re.compile(
    r"(?:^|\W)(?:on|until|till|by|from|through|since|before|after|ends|starts|date)\s+$", re.IGNORECASE
)


def short_date(match: re.Match[str], place: Place) -> str | None:
    """A day and its month, unless they are more likely a fraction or a rating."""
    month, day = match["month"], match["day"]
    announced = _DATE_BEFORE.search(place.before)
    if not announced and len(day) == 1 and len(month) == 1:
        return None
    return _full_date(int(month), int(day), "")


def named_date(match: re.Match[str]) -> str | None:
    """Says "Dec 15, 2026"."""
    month = words.MONTHS.index(words.MONTH_NAMES[match["name"]]) + 1
    return _full_date(month, int(match["day"]), match["year"] or "")


def clock(match: re.Match[str]) -> str | None:
    """A time of day or a duration, in hours and minutes."""
    hour, minute, half = int(match["hour"]), match["minute"], match["half"]
    if hour > 24:
        return None
    said = cardinal(hour)
    if minute and int(minute):
        said += f" {'oh ' if minute[0] == '0' else ''}{cardinal(int(minute))}"
    elif not half and minute:
        said += " o'clock" if 1 <= hour <= 12 else " hundred hours"
    if match["second"]:
        said += f" and {cardinal(int(match['second']))} seconds"
    return f"{said} {half[0].upper()}.M." if half else said


def hour(match: re.Match[str]) -> str | None:
    """Says "9am", "9-5 pm"."""
    hours = [int(match["hour"]), *([int(match["until"])] if match["until"] else [])]
    if max(hours) > 12:
        return None
    return f"{' to '.join(cardinal(hour) for hour in hours)} {match['half'][0].upper()}.M."


def quantity(match: re.Match[str], place: Place) -> str | None:
    """A number or a range with its unit: "2.5 kg", "10-12 in", "-10°F"."""
    name = words.unit(match["unit"])
    if name is None:
        return None
    if name in words.AMBIGUOUS and match["space"] and re.match(r"\s+[^\W\d_]", place.after):
        return None
    one, many = words.UNITS[name]
    said = number(match["amount"])
    if match["until"]:
        said += f" to {number(match['until'])}"
    singular = not match["until"] and (numbers.value(match["amount"]) == 1 or match["space"] == "-")
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


def fraction(match: re.Match[str], place: Place) -> str | None:
    """Says "1/2", "1 1/2"; not a date."""
    whole = match["whole"] or match["before"]
    if match["sign"]:
        top, bottom = (int(part) for part in plain_digits(match["sign"]).split("/"))
    else:
        top, bottom = int(match["top"]), int(match["bottom"])
    if bottom not in _PARTS or not 0 < top < bottom or _DATE_BEFORE.search(place.before):
        return None
    if whole:
        part = (
            "a half"
            if bottom == 2
            else f"{'a' if top == 1 else cardinal(top)} {_PARTS[bottom]}{'s' if top > 1 else ''}"
        )
        return f"{number(whole)} and {part}"
    return f"{cardinal(top)} {_PARTS[bottom]}{'s' if top > 1 else ''}"


def all_day(_: re.Match[str], place: Place) -> str | None:
    """Says "24/7"."""
    return None if _DATE_BEFORE.search(place.before) else "twenty-four seven"


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


_ADDRESS_SIGNS = {".": "dot", "@": "at", "-": "dash", "_": "underscore", "/": "slash", ":": "colon",
                  "?": "question mark",
                  "=": "equals", "&": "and", "+": "plus", "#": "hash", "%": "percent", "~": "tilde"}  # fmt: skip
_SAID_ENDINGS = frozenset(
    [
        "com",
        "net",
        "org",
        "gov",
        "edu",
        "app",
        "shop",
        "store",
        "online",
        "site",
        "info",
        "blog",
        "eco",
        "dev",
        "tech",
        "digital",
        "live",
        "biz",
    ]
)
_COUNTRIES = frozenset(
    [
        "br",
        "io",
        "me",
        "co",
        "tv",
        "us",
        "uk",
        "pt",
        "es",
        "ai",
        "gg",
        "ly",
        "ar",
        "eu",
        "de",
        "fr",
        "it",
        "ca",
        "au",
        "in",
    ]
)


def address(match: re.Match[str]) -> str | None:
    """A web or e-mail address; None if it only looks like one."""
    text = re.sub(r"^(?:https?://)?(?:www\.)?", "", match[0], flags=re.IGNORECASE).rstrip("/")
    ending = text.partition("/")[0].rpartition(".")[2].casefold()
    if "@" not in text and ending not in _SAID_ENDINGS | _COUNTRIES:
        return None
    parts = re.findall(r"[^\W\d_]+|\d+|.", text)
    said = []
    for index, part in enumerate(parts):
        if part.isdecimal():
            said.append(number(part) if len(part) < 5 else digit_by_digit(part))
        elif not part[0].isalpha():
            said.append(_ADDRESS_SIGNS.get(part, ""))
        elif (
            index and parts[index - 1] == "." and part.casefold() in _COUNTRIES - {"me", "co", "in"}
        ) or words.spells(part.upper()):
            said.append(words.spell(part))
        else:
            said.append(part)
    return " ".join(filter(None, said))


def handle(match: re.Match[str]) -> str:
    """Says "@loja.bonita"."""
    return "at " + words.letters_and_digits(
        match["name"].replace("_", " underscore ").replace(".", " dot ").strip()
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


def decade(match: re.Match[str]) -> str:
    """Says "1980s", "'90s"."""
    return numbers.decade(int(match["year"]))


def short(match: re.Match[str]) -> str | None:
    """Says "4K", "3D", "5G": a digit and a letter; "10k" counts thousands."""
    if match["letter"] in "kK" and int(match["amount"]) not in PICTURE_WIDTHS:
        return None
    return f"{number(match['amount'])} {words.spell(match['letter'])}"
