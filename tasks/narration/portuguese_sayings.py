"""What is said for each kind of thing that is not said as it is written, in Brazilian Portuguese.

Each function is given what its pattern in `tasks.narration.portuguese` has matched, and most of them nothing else.
"""

import re

from tasks.narration import portuguese_numbers as numbers
from tasks.narration import portuguese_words as words
from tasks.narration.portuguese_numbers import (
    NUMBER,
    cardinal,
    digit_by_digit,
    money,
    number,
    ordinal,
)
from tasks.narration.reading_rules import PICTURE_WIDTHS, SURE_ROMAN, Place, plain_digits, roman

_SCALES = {"mi": ("milhão", "milhões"), "bi": ("bilhão", "bilhões")}
_PER = {"mês": "por mês", "mes": "por mês", "ano": "por ano", "dia": "por dia", "hora": "por hora", "h": "por hora",
        "semana": "por semana", "un": "a unidade", "un.": "a unidade", "unidade": "a unidade", "kg": "o quilo",
        "m²": "o metro quadrado", "m2": "o metro quadrado", "l": "o litro", "pessoa": "por pessoa",
        "noite": "por noite"}  # fmt: skip
_CLOCK_BEFORE = re.compile(
    r"(?:^|\W)(?:às|as|das|até|à|pelas|às\s.{1,8}\se|das\s.{1,8}\s(?:às|a|até))\s+$", re.IGNORECASE
)
_DATE_BEFORE = re.compile(
    r"(?:^|\W)(?:dia|dias|até|em|desde|de|do|no|data|partir de|válid[oa] até)\s+$", re.IGNORECASE
)


def _scale(amount: str, scale: str) -> str:
    if scale in ("k", "K"):
        return "mil"
    if scale in _SCALES:
        return _SCALES[scale][numbers.value(amount) >= 2]
    return scale


def price(match: re.Match[str]) -> str | None:
    """Says "R$ 1.299,90", "R$ 100-200", "$5M", "$19.99/mo": money, perhaps a range, perhaps per something."""
    currency, amount = match["currency"], match["amount"]
    scale = _scale(amount, match["scale"]) if match["scale"] else ""
    said = money(currency, amount, scale)
    if match["until"]:
        last = money(currency, match["until"], scale)
        said = f"{_without_name(said, last)} a {last}"
    if match["per"]:
        said += f" {_PER[match['per'].casefold()]}"
    return f"menos {said}" if match["sign"] else said


def _without_name(said: str, last: str) -> str:
    """Such as "cem a duzentos reais", but "cem reais e dez centavos a …"."""
    name = last.rpartition(" ")[2]
    return said.removesuffix(f" {name}") if " e " not in last and said.endswith(f" {name}") else said


def price_behind(match: re.Match[str]) -> str:
    """An amount with its currency behind it: "99 €"."""
    return money(match["currency"], match["amount"])


def multiplier(match: re.Match[str]) -> str | None:
    """Says "12x" in front of money, "3x" in front of "faster"."""
    count = int(match["count"])
    return f"{cardinal(count, feminine=True)} {'vez' if count == 1 else 'vezes'}"


def sizes(match: re.Match[str]) -> str | None:
    """Such as "10x15 cm", "1920x1080", "16:9"."""
    parts = [number(part) for part in re.findall(NUMBER, match["sizes"])]
    said = " por ".join(parts)
    if match["unit"]:
        name = words.unit(match["unit"])
        if name is None or name in words.AMBIGUOUS - {"m", '"', "”"}:
            return None
        said += f" {words.UNITS[name][1]}"
    return said


def _valid(day: int, month: int) -> bool:
    return 1 <= day <= 31 and 1 <= month <= 12


def _day(day: int) -> str:
    return "primeiro" if day == 1 else cardinal(day)


def _year(year: str) -> str:
    return cardinal(int(year) if len(year) == 4 else 2000 + int(year))


def full_date(match: re.Match[str]) -> str | None:
    """A date with its year."""
    day, month = int(match["day"]), int(match["month"])
    if not _valid(day, month):
        return None
    return f"{_day(day)} de {words.MONTHS[month - 1]} de {_year(match['year'])}"


def short_date(match: re.Match[str], place: Place) -> str | None:
    """A day and its month, unless they are more likely a fraction or a rating."""
    day, month = match["day"], match["month"]
    announced = bool(_DATE_BEFORE.search(place.before))
    if not _valid(int(day), int(month)) or (not announced and len(day) == 1 and len(month) == 1):
        return None
    if (day, month) == ("24", "7") and not announced:
        return "vinte e quatro horas por dia, sete dias por semana"
    return f"{_day(int(day))} de {words.MONTHS[int(month) - 1]}"


def month_year(match: re.Match[str]) -> str | None:
    """Says "12/2026"."""
    month = int(match["month"])
    return f"{words.MONTHS[month - 1]} de {cardinal(int(match['year']))}" if 1 <= month <= 12 else None


def first_of(_: re.Match[str]) -> str:
    """The first day of a month has an ordinal."""
    return "primeiro"


def clock(match: re.Match[str], place: Place) -> str | None:
    """A time of day or a duration, in hours and minutes."""
    hour, minute, second = int(match["hour"]), int(match["minute"] or 0), int(match["second"] or 0)
    if minute > 59 or second > 59 or (hour > 24 and not match["mark"]):
        return None
    hours = cardinal(hour, feminine=True)
    name = "hora" if hour < 2 else "horas"
    minutes = f"{cardinal(minute)} {'minuto' if minute == 1 else 'minutos'}"
    if second:
        return f"{hours} {name}, {minutes} e {cardinal(second)} {'segundo' if second == 1 else 'segundos'}"
    if not minute:
        return f"{hours} {name}"
    clock = match["colon"] or (_CLOCK_BEFORE.search(place.before) and not match["named"])
    return f"{hours} e {cardinal(minute)}" if clock else f"{hours} {name} e {minutes}"


def quantity(match: re.Match[str], place: Place) -> str | None:
    """A number or a range with its unit: "2,5 kg", "10-12 cm", "-10°C", "10 a 20%"."""
    name = words.unit(match["unit"])
    if name is None:
        return None
    touches = not match["space"]
    if name in words.AMBIGUOUS and not touches and re.match(r"\s+[^\W\d_]", place.after) and name != "m":
        return None
    if name == "h" and touches and re.match(r"\d", place.after):
        return None
    one, many = words.UNITS[name]
    feminine = name in words.FEMININE_UNITS
    amount = _dotted(match["amount"])
    said = (
        amount
        if not match["amount"].replace(".", "").replace(",", "").isdigit()
        else _number(match["amount"], feminine)
    )
    last = match["until"] or match["amount"]
    if match["until"]:
        said += f" a {_number(match['until'], feminine)}"
    singular = not _dotted_value(last) >= 2 and not match["scale"]
    scale = f" {_scale(last, match['scale'])}" if match["scale"] else ""
    if scale.endswith(("ão", "ões")):
        scale += " de"
    sign = {"-": "menos ", "−": "menos ", "+": "mais ", "±": "mais ou menos ", "~": "cerca de "}.get(
        match["sign"] or "", ""
    )
    return f"{sign}{said}{scale} {one if singular else many}" + (
        f" {_PER[match['per'].casefold()]}" if match["per"] else ""
    )


def _dotted(amount: str) -> str:
    return amount


def _dotted_value(amount: str) -> float:
    if re.fullmatch(r"\d+\.\d{1,2}", amount):
        return float(amount)
    return float(numbers.value(amount))


def _number(amount: str, feminine: bool = False) -> str:
    """Such as "2.5" and "5.1", which are no Brazilian numbers, are said with their point."""
    if re.fullmatch(r"\d+\.\d{1,2}", amount):
        whole, _, rest = amount.partition(".")
        return f"{number(whole)} ponto {numbers.fraction_digits(rest)}"
    return number(amount, feminine=feminine)


def nth(match: re.Match[str]) -> str:
    """An ordinal number."""
    feminine = match["mark"] in "ªa"
    plural = bool(match["plural"])
    said = ordinal(int(match["count"].replace(".", "")), feminine=feminine, plural=plural)
    return f"{said}-feira" if match["day"] else said


_PARTS = {2: "meio", 3: "terço", 4: "quarto", 5: "quinto", 6: "sexto", 7: "sétimo", 8: "oitavo", 9: "nono",
          10: "décimo"}  # fmt: skip


def fraction(match: re.Match[str], place: Place) -> str | None:
    """Says "1/2", "1 1/2"; not a date."""
    whole = match["whole"] or match["before"]
    if match["sign"]:
        top, bottom = (int(part) for part in plain_digits(match["sign"]).split("/"))
    else:
        top, bottom = int(match["top"]), int(match["bottom"])
    if bottom not in _PARTS or not 0 < top < bottom or _DATE_BEFORE.search(place.before):
        return None
    whole = f"{number(whole)} e " if whole else ""
    if bottom == 2:
        return f"{whole}{'meia' if words.counts_feminine('', place.after) else 'meio'}"
    return f"{whole}{cardinal(top)} {_PARTS[bottom]}{'s' if top > 1 else ''}"


def phone(match: re.Match[str]) -> str:
    """A telephone number, digit by digit in its groups."""
    groups = [digit_by_digit(group) for group in re.findall(r"\d+", match["number"])]
    said = ", ".join(groups)
    if match["area"]:
        said = (
            f"{cardinal(int(match['area']))}, {said}"
            if match["area"][0] != "0"
            else f"{digit_by_digit(match['area'])}, {said}"
        )
    return f"mais {cardinal(int(match['country']))}, {said}" if match["country"] else said


def free_call(match: re.Match[str]) -> str:
    """Says "0800 123 4567"."""
    first = {"8": "oitocentos", "3": "trezentos", "5": "quinhentos", "9": "novecentos"}[match[0][1]]
    rest = ", ".join(digit_by_digit(group) for group in _in_threes(match["number"]))
    return f"zero {first}, {rest}"


def _in_threes(digits: str) -> list[str]:
    groups = re.findall(r"\d+", digits)
    return re.findall(r"\d{3}(?=\d{3})|\d+", groups[0]) if len(groups) == 1 else groups


def long_code(match: re.Match[str]) -> str:
    """CEP, CPF and CNPJ, digit by digit."""
    signs = {"/": "barra", "-": "", ".": ""}
    return ", ".join(
        filter(
            None,
            (
                digit_by_digit(part) if part.isdecimal() else signs[part]
                for part in re.findall(r"\d+|\D", match[0])
            ),
        )
    )


_ADDRESS_SIGNS = {".": "ponto", "@": "arroba", "-": "hífen", "_": "underline", "/": "barra", ":": "dois pontos",
                  "?": "interrogação", "=": "igual", "&": "e", "+": "mais", "#": "jogo da velha", "%": "por cento",
                  "~": "til"}  # fmt: skip
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
        "ig",
        "loja",
        "eco",
        "dev",
        "tech",
        "digital",
        "live",
    ]
)


def address(match: re.Match[str]) -> str | None:
    """A web or e-mail address; None if it only looks like one."""
    text = re.sub(r"^(?:https?://)?(?:www\.)?", "", match[0], flags=re.IGNORECASE).rstrip("/")
    if "@" not in text and not words_ending(text):
        return None
    parts = re.findall(r"[^\W\d_]+|\d+|.", text)
    said = []
    for index, part in enumerate(parts):
        if part.isdecimal():
            said.append(number(part) if len(part) < 5 else digit_by_digit(part))
        elif not part[0].isalpha():
            said.append(_ADDRESS_SIGNS.get(part, ""))
        elif (
            index and parts[index - 1] == "." and len(part) == 2 and part.casefold() not in _SAID_ENDINGS
        ) or words.spells(part.upper()):
            said.append(words.spell(part))
        else:
            said.append(part)
    return " ".join(filter(None, said))


def words_ending(text: str) -> bool:
    """Whether a text with points is an address: it ends in the name of a domain."""
    host = text.partition("/")[0]
    ending = host.rpartition(".")[2].casefold()
    return ending in _SAID_ENDINGS or (len(ending) == 2 and ending.isalpha() and ending in _COUNTRIES)


_COUNTRIES = frozenset(
    ["br", "io", "me", "co", "tv", "us", "uk", "pt", "es", "ai", "gg", "ly", "ar", "eu", "de", "fr", "it"]
)


def handle(match: re.Match[str]) -> str:
    """Says "@loja.bonita"."""
    return "arroba " + words.letters_and_digits(
        match["name"].replace("_", " underline ").replace(".", " ponto ").strip()
    )


def abbreviation(match: re.Match[str], place: Place) -> str | None:
    """An abbreviation; its period stays where it ends the sentence, too."""
    written = match[0].casefold()
    said = words.ABBREVIATIONS.get(written)
    if said is None or (written == "un" and not place.before.rstrip().endswith(tuple("0123456789"))):
        return None
    ends = written in words.MAY_END and (not place.after.strip() or re.match(r"\s+[A-ZÀ-Ý]", place.after))
    return f"{said}." if ends else said


def weekdays(match: re.Match[str]) -> str:
    """Says "seg. a sex.", "sáb-dom"."""
    first, last = (words.WEEKDAYS[match[name].casefold()] for name in ("first", "last"))
    return f"{first} {match['link'] or 'a'} {last}"


def street(_: re.Match[str]) -> str:
    """Says "R. Augusta"."""
    return "rua"


def numero(match: re.Match[str]) -> str:
    """Says "nº 5"."""
    return f"número {number(match['amount'])}"


_KINGS = re.compile(r"(?:^|\W)[A-ZÀ-Ý][\wà-ÿ]+\s+$")
_NUMBERED = re.compile(
    r"(?:^|\W)(?:século|séculos|capítulo|volume|tomo|fase|parte|edição|módulo|tipo|título|guerra mundial)\s+$",
    re.I,
)


def roman_number(match: re.Match[str], place: Place) -> str | None:
    """A Roman numeral where one is meant."""
    value = roman(match[0])
    announced = _NUMBERED.search(place.before)
    if value is None or not (announced or SURE_ROMAN.fullmatch(match[0])):
        return None
    if announced and "culo" in announced[0].casefold():
        return ordinal(value) if value <= 10 else cardinal(value)
    if not announced and _KINGS.search(place.before):
        return ordinal(value) if value <= 10 else cardinal(value)
    return cardinal(value)


def counted(match: re.Match[str], place: Place) -> str | None:
    """A number by itself; its gender is that of what it counts."""
    amount, scale = match["amount"], match["scale"]
    after = re.sub(r"^\s+(?:a|e|ou|até)\s+\d+(?=\s)", "", place.after)
    feminine = words.counts_feminine(place.before, after)
    if scale:
        name = _scale(amount, scale)
        of = " de" if name != "mil" and re.match(r"\s+(?!de\b|e\b|do|da)[^\W\d_]", place.after) else ""
        return f"{_number(amount, feminine and name == 'mil')} {name}{of}"
    sign = {"-": "menos ", "−": "menos ", "+": "mais de ", "±": "mais ou menos ", "~": "cerca de "}.get(
        match["sign"] or "", ""
    )
    of = ""
    if re.fullmatch(r"[1-9]\d{0,2}(?:\.000){2,}", amount) and re.match(r"\s+(?!de\b)[^\W\d_]", place.after):
        of = " de"
    return f"{sign}{_number(amount, feminine)}{of}"


def ranged(match: re.Match[str], place: Place) -> str | None:
    """Says "10-12"."""
    feminine = words.counts_feminine(place.before, place.after)
    return f"{_number(match['amount'], feminine)} a {_number(match['until'], feminine)}"


def short(match: re.Match[str]) -> str | None:
    """Says "4K", "3D", "5G": a digit and a letter; "10k" counts thousands."""
    if match["letter"] in "kK" and int(match["amount"]) not in PICTURE_WIDTHS:
        return None
    return f"{number(match['amount'])} {words.spell(match['letter'])}"
