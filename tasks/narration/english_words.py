"""Words of English that are not said as they are written: units, abbreviations, letters."""

import re

from tasks.narration.english_numbers import NUMBER, digit_by_digit, number
from tasks.narration.reading_rules import plain_digits

MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
MONTH_NAMES = {
    name: month
    for number, month in enumerate(MONTHS)
    for name in (month, month[:3], f"{month[:3]}.", *(("Sept", "Sept.") if number == 8 else ()))
}

_UNITS = """
kg kilogram kilograms|g gram grams|mg milligram milligrams|lb pound pounds|lbs pound pounds|oz ounce ounces
ml milliliter milliliters|mL milliliter milliliters|l liter liters|L liter liters|gal gallon gallons|qt quart quarts
fl#oz fluid#ounce fluid#ounces|tbsp tablespoon tablespoons|tsp teaspoon teaspoons|pt pint pints
mm millimeter millimeters|cm centimeter centimeters|m meter meters|km kilometer kilometers|mi mile miles
in inch inches|" inch inches|” inch inches|″ inch inches|ft foot feet|yd yard yards|yds yard yards
m² square#meter square#meters|m2 square#meter square#meters|m³ cubic#meter cubic#meters|sq#ft square#foot square#feet
ft² square#foot square#feet|cm² square#centimeter square#centimeters|km² square#kilometer square#kilometers
km/h kilometer#per#hour kilometers#per#hour|mph mile#per#hour miles#per#hour|m/s meter#per#second meters#per#second
V volt volts|kV kilovolt kilovolts|W watt watts|kW kilowatt kilowatts|kWh kilowatt#hour kilowatt#hours
Wh watt#hour watt#hours|A amp amps|mA milliamp milliamps|mAh milliamp#hour milliamp#hours
Hz hertz hertz|kHz kilohertz kilohertz|MHz megahertz megahertz|GHz gigahertz gigahertz
KB kilobyte kilobytes|MB megabyte megabytes|GB gigabyte gigabytes|TB terabyte terabytes
Mbps megabit#per#second megabits#per#second|Gbps gigabit#per#second gigabits#per#second
MP megapixel megapixels|px pixel pixels|dpi dot#per#inch dots#per#inch|fps frame#per#second frames#per#second
rpm RPM RPM|°C degree#Celsius degrees#Celsius|°F degree#Fahrenheit degrees#Fahrenheit|° degree degrees
h hour hours|hr hour hours|hrs hour hours|min minute minutes|mins minute minutes|s second seconds
sec second seconds|secs second seconds|ms millisecond milliseconds|yr year years|yrs year years|wk week weeks
cal calorie calories|kcal kilocalorie kilocalories|kJ kilojoule kilojoules|dB decibel decibels|lm lumen lumens
BTU BTU BTUs|hp horsepower horsepower|psi PSI PSI|pc piece pieces|pcs piece pieces|pk pack packs|ct count count
% percent percent|¢ cent cents
"""
UNITS: dict[str, tuple[str, str]] = {
    name.replace("#", " "): (one.replace("#", " "), many.replace("#", " "))
    for name, one, many in (entry.split() for entry in _UNITS.replace("\n", "|").split("|") if entry)
}
"""Singular and plural by symbol, as it is written."""
_ANY_CASE = {
    name.casefold(): name for name in UNITS if len(name) > 1 and name not in ("MP", "ms", "in", "pt")
}
AMBIGUOUS = frozenset({"A", "in", "pt", "cal", '"', "”"})
"""Units that are also words or marks: they touch their number, or what follows is no word."""
SCREENS = frozenset(
    ["tv", "monitor", "screen", "display", "tablet", "laptop", "wheels", "rims", "pan", "skillet"]
)
"""Things that are so many inches: "32 in TV"."""
_NO_NOUN = re.compile(
    "of|for|and|or|per|by|to|from|an?|in|on|at|with|than|less|more|ago|later|each|only|now|today|total|long|wide|tall|"
    "high|deep|thick|off|max|minimum|maximum|away|below|above|under|over|as|is|are|was|if|but|when|while"
)


def is_part_of_a_name(after: str) -> bool:
    """Whether the words behind a unit are what it describes: "30 min workout", not "30 min later"."""
    found = re.match(r"\s+([^\W\d_]{2,})", after)
    return found is not None and _NO_NOUN.fullmatch(found[1].casefold()) is None


ABBREVIATIONS = {
    "mr.": "Mister", "mr": "Mister", "mrs.": "Missus", "mrs": "Missus", "ms.": "Miz", "dr.": "Doctor", "dr": "Doctor",
    "prof.": "Professor", "st.": "Saint", "ave.": "Avenue", "blvd.": "Boulevard", "rd.": "Road", "jr.": "Junior",
    "sr.": "Senior", "inc.": "Incorporated", "ltd.": "Limited", "co.": "Company", "corp.": "Corporation",
    "etc.": "et cetera", "etc": "et cetera", "vs.": "versus", "vs": "versus", "approx.": "approximately",
    "e.g.": "for example", "i.e.": "that is", "dept.": "department", "est.": "established", "max.": "maximum",
    "min.": "minimum", "tel.": "telephone", "w/": "with", "w/o": "without", "lbs.": "pounds", "oz.": "ounces",
    "hrs.": "hours", "mins.": "minutes", "ft.": "feet", "qty.": "quantity", "ref.": "reference", "vol.": "volume",
    "a.m.": "A.M.", "p.m.": "P.M.", "u.s.": "US", "u.s.a.": "USA", "and/or": "and or", "no.": "number",
    "ph.d.": "PHD", "incl.": "including", "gov.": "Governor", "gen.": "General", "capt.": "Captain",
}  # fmt: skip
MAY_END = frozenset(
    [
        "etc.",
        "inc.",
        "ltd.",
        "co.",
        "corp.",
        "jr.",
        "sr.",
        "u.s.",
        "u.s.a.",
        "lbs.",
        "oz.",
        "hrs.",
        "mins.",
        "ft.",
        "ave.",
        "blvd.",
        "rd.",
        "ph.d.",
    ]
)
"""Abbreviations whose period may be that of the sentence, too."""
SPELT = frozenset(
    [
        "USB",
        "HDMI",
        "UHD",
        "IPS",
        "GPU",
        "CPU",
        "UV",
        "UVA",
        "UVB",
        "AI",
        "AC",
        "EVA",
        "MDF",
        "ABS",
        "API",
        "UHF",
        "RGB",
        "RFID",
        "ATM",
        "SUV",
        "UPS",
        "DIY",
        "USA",
        "UK",
        "EU",
        "FAQ",
        "ID",
        "IT",
        "DJ",
        "OS",
        "UI",
        "UX",
        "HIIT",
        "BPA",
        "SKU",
        "ETA",
        "IOS",
        "AM",
        "PM",
        "EV",
    ]
) - {"IT", "HIIT", "AM"}
"""Acronyms with a vowel that are said letter by letter all the same."""
_CONSONANTS = re.compile(r"[BCDFGHJKLMNPQRSTVWXZ]{2,6}")


def unit(symbol: str) -> str | None:
    """The unit as it stands in `UNITS`, however it is written ("KG", "Lbs"); None if it is none."""
    if symbol in UNITS:
        return symbol
    return _ANY_CASE.get(symbol.casefold())


def spells(word: str) -> bool:
    """Whether an acronym is said letter by letter: it has no vowel, or is known for it."""
    return word in SPELT or bool(_CONSONANTS.fullmatch(word))


def spell(letters: str) -> str:
    """Says "tv": "TV", which voices read letter by letter; with blanks between them an A would be an article."""
    return "".join(letter.upper() for letter in letters if letter.isalpha())


_WORD_SIGNS = {"&": "and", "+": "plus", "=": "equals", "/": "slash", "%": "percent", "@": "at", "#": "hashtag",
               "×": "by", "÷": "divided by", "<": "less than", ">": "greater than", "≥": "at least", "≤": "at most",
               "±": "plus or minus", "°": "degrees", "$": "dollars", "€": "euros", "£": "pounds", "¢": "cents",
               "§": "section", "~": "about"}  # fmt: skip


def letters_and_digits(word: str) -> str:
    """What is said for a word with anything in it, part by part; whatever has no name is left out."""
    word = re.sub(r"(?<=\S)²", " squared", re.sub(r"(?<=\S)³", " cubed", word))
    found = []
    for piece in re.findall(rf"{NUMBER}|[^\W\d_]+(?:['’-][^\W\d_]+)*|\s+|.", plain_digits(word)):
        if piece[0].isdigit():
            digits = piece.replace(".", "").replace(",", "")
            long = len(digits) > 6 and "." not in piece and "," not in piece
            found.append(digit_by_digit(digits) if long else number(piece))
        elif piece[0].isalpha():
            apart = len(piece) <= 2 and piece.isupper() and piece != word
            found.append(spell(piece) if spells(piece) or apart else piece)
        else:
            found.append(_WORD_SIGNS.get(piece, ""))
    # "A4": an A by itself would be an article, too.
    return re.sub(r"\bA (?=[a-z])", "A-", " ".join(filter(None, found)), count=int(word[:1] == "A"))


def part(word: str) -> str:
    """What is said for a part of a compound: acronyms letter by letter."""
    return spell(word) if spells(word) else word
