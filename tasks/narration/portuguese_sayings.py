"""What is said for each kind of thing that is not said as it is written, in Brazilian Portuguese.

Each function is given what its pattern in `tasks.narration.portuguese` has matched, and most of them nothing else.
"""

import re
from dataclasses import dataclass

from tasks.narration import portuguese_numbers as numbers
from tasks.narration import portuguese_times as times
from tasks.narration import portuguese_words as words
from tasks.narration.portuguese_numbers import (
    NUMBER,
    cardinal,
    digit_by_digit,
    money,
    number,
    ordinal,
)
from tasks.narration.reading_rules import PICTURE_WIDTHS, SURE_ROMAN, Place, follows_name, plain_digits, roman

_SCALES = {"mi": ("milhão", "milhões"), "bi": ("bilhão", "bilhões")}
_PER = {"mês": "por mês", "mes": "por mês", "ano": "por ano", "dia": "por dia", "hora": "por hora", "h": "por hora",
        "semana": "por semana", "un": "a unidade", "un.": "a unidade", "unidade": "a unidade", "kg": "o quilo",
        "m²": "o metro quadrado", "m2": "o metro quadrado", "l": "o litro", "pessoa": "por pessoa",
        "noite": "por noite"}  # fmt: skip


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


def quantity(match: re.Match[str], place: Place) -> str | None:
    """A number or a range with its unit: "2,5 kg", "10-12 cm", "-10°C", "10 a 20%"."""
    name = words.unit(match["unit"])
    if name is None:
        return None
    if match["until"] and " " in match[0] and follows_name(place.before):
        return None
    touches = not match["space"]
    if name in words.AMBIGUOUS and not touches and re.match(r"\s+[^\W\d_]", place.after) and name != "m":
        amperes = name == "A" and re.match(r"\s+(?:com|de|em|e|ou|para|por)\s", place.after)
        if not amperes:
            return None
    if name == "h" and touches and re.match(r"\d", place.after):
        return None
    one, many = words.UNITS[name]
    feminine = name in words.FEMININE_UNITS
    amount = re.sub(r"^0(?=\d)", "", match["amount"]) if name in words.HOURS else match["amount"]
    said = _number(amount, feminine)
    last = match["until"] or amount
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


def range_of_a_unit(match: re.Match[str], place: Place) -> str | None:
    """Such as "10% - 20%"; of hours both are times of day, with minutes or without."""
    return None if match["unit"] in words.HOURS else quantity(match, place)


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


_DEGREES_BEFORE = re.compile(
    r"(?:^|\W)(?:forno|gira|giro|giro de|rotação de|ângulo de|temperatura de|inclinação de|faz|fazem|fez)(?:\s+a)?\s+$",
    re.IGNORECASE,
)
_NOUN_AFTER = re.compile(
    r"\s+(?!(?:no|na|de|do|da|por|para|com|em|à|ao|às|aos|e|ou|sem|até|a|o|que|mas)\b)[^\W\d_]{2,}",
    re.IGNORECASE,
)
_TURNS = ("180", "360")
_LEAST_DEGREES = {"°": 20, "º": 40}
"""From here on a number with this sign and no noun behind it is more likely degrees than a place in an order."""


def _is_degrees(match: re.Match[str], place: Place) -> bool:
    count, mark = match["count"], match["mark"]
    if mark not in _LEAST_DEGREES or match["day"] or match["plural"]:
        return False
    if count in _TURNS or _DEGREES_BEFORE.search(place.before):
        return True
    return int(count.replace(".", "")) >= _LEAST_DEGREES[mark] and not _NOUN_AFTER.match(place.after)


def nth(match: re.Match[str], place: Place) -> str | None:
    """An ordinal number; not degrees, which many write with the same sign."""
    if _is_degrees(match, place):
        return None
    feminine = match["mark"] in "ªa"
    plural = bool(match["plural"])
    said = ordinal(int(match["count"].replace(".", "")), feminine=feminine, plural=plural)
    return f"{said}-feira" if match["day"] else said


_PARTS = {2: "meio", 3: "terço", 4: "quarto", 5: "quinto", 6: "sexto", 7: "sétimo", 8: "oitavo", 9: "nono",
          10: "décimo"}  # fmt: skip


@dataclass(frozen=True)
class _Fraction:
    whole: str
    top: int
    bottom: int

    def part(self, *, feminine: bool) -> str:
        """Such as "meia", "três quartos"."""
        if self.bottom == 2:
            return "meia" if feminine else "meio"
        return f"{cardinal(self.top)} {_PARTS[self.bottom]}{'s' if self.top > 1 else ''}"


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
    feminine = words.counts_feminine("", place.after)
    part = found.part(feminine=feminine)
    return f"{number(found.whole, feminine=feminine)} e {part}" if found.whole else part


def fraction_of_a_unit(match: re.Match[str], place: Place) -> str | None:
    """Says "½ kg", "1/4 L", "2 1/2 h"."""
    found, name = _fraction(match, place), words.unit(match["unit"])
    if found is None or name is None:
        return None
    one, many = words.UNITS[name]
    feminine = name in words.FEMININE_UNITS
    part = found.part(feminine=feminine)
    if found.whole:
        return f"{number(found.whole, feminine=feminine)} {one if found.whole == '1' else many} e {part}"
    return f"{part} {one}" if found.bottom == 2 else f"{part} de {one}"


def either(match: re.Match[str]) -> str | None:
    """Two values of one unit: "110/220V"."""
    name = words.unit(match["unit"])
    if name is None:
        return None
    feminine = name in words.FEMININE_UNITS
    return f"{', '.join(number(part, feminine=feminine) for part in match['volts'].split('/'))} {words.UNITS[name][1]}"


def per(match: re.Match[str], place: Place) -> str | None:
    """A unit behind a price: "o kg", "por m²"."""
    name = words.unit(match["unit"])
    if name is None or not re.search(r"\d\s+$", place.before):
        return None
    return f"{match[0].split()[0]} {words.UNITS[name][0]}"


_RATED = re.compile(
    r"(?:^|\W)(?:notas?|avaliaç(?:ão|ões)|avaliad[oa]s?|média|placar|pontuação|parcelas?|parte|etapa|passo|lição|página)"
    r"(?:\s+(?:de|com))?:?\s+$",
    re.IGNORECASE,
)
_RATED_BY = re.compile(
    r"\s+(?:d[oa]s\s)?(?:clientes|estrelas|pontos|pessoas|usuários|compradores|consumidores|dentistas|médicos|mães)(?!\w)"
)


def rating(match: re.Match[str], place: Place) -> str | None:
    """Says "nota 4,9/5", "parcela 1/12", "9/10 clientes"."""
    part, whole = match["part"], match["whole"]
    if numbers.value(part) > int(whole) or not (
        "," in part or _RATED.search(place.before) or _RATED_BY.match(place.after)
    ):
        return None
    return f"{number(part)} de {number(whole)}"


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


def abbreviation(match: re.Match[str], place: Place) -> str | None:
    """An abbreviation; its period stays where it ends the sentence, too."""
    written = match[0].casefold()
    said = words.ABBREVIATIONS.get(written)
    if said is None or (written == "un" and not place.before.rstrip().endswith(tuple("0123456789"))):
        return None
    ends = written in words.MAY_END and (not place.after.strip() or re.match(r"\s+[A-ZÀ-Ý]", place.after))
    return f"{said}." if ends else said


def street(_: re.Match[str]) -> str:
    """Says "R. Augusta"."""
    return "rua"


def numero(match: re.Match[str]) -> str:
    """Says "nº 5"."""
    return f"número {number(match['amount'])}"


_KINGS = re.compile(r"(?:^|\W)[A-ZÀ-Ý][\wà-ÿ]+\s+$")
_NUMBERED = re.compile(
    r"(?:^|\W)(?:século|séculos|sécs?\.|capítulo|volume|tomo|fase|parte|edição|módulo|tipo|título|guerra mundial)\s+$",
    re.I,
)


_EVENTS = re.compile(
    r"\s+(?:(?P<feminine>edição|bienal|feira|semana|jornada|copa|corrida|festa|conferência|mostra|maratona|caminhada)|"
    r"congresso|encontro|festival|simpósio|seminário|campeonato|fórum|prêmio|salão|concurso|torneio)(?!\w)",
    re.IGNORECASE,
)


def roman_number(match: re.Match[str], place: Place) -> str | None:
    """A Roman numeral where one is meant."""
    value = roman(match[0])
    if value is not None and len(match[0]) > 1 and (event := _EVENTS.match(place.after)):
        return ordinal(value, feminine=event["feminine"] is not None)
    announced = _NUMBERED.search(place.before)
    if value is None or not (announced or SURE_ROMAN.fullmatch(match[0])):
        return None
    if announced and "séc" in announced[0].casefold():
        return ordinal(value) if value <= 10 else cardinal(value)
    if not announced and _KINGS.search(place.before):
        return ordinal(value) if value <= 10 else cardinal(value)
    return cardinal(value)


_YEAR_BEFORE = re.compile(
    r"(?:^|\W)(?:de|em|até|desde|ano|coleção|copa|verão|inverno|safra)\s+$", re.IGNORECASE
)


def counted(match: re.Match[str], place: Place) -> str | None:
    """A number by itself; its gender is that of what it counts."""
    amount, scale = match["amount"], match["scale"]
    after = re.sub(r"^\s+(?:a|e|ou|até)\s+\d+(?:/\d+)?(?=\s)", "", place.after)
    is_year = re.fullmatch(r"(?:19|20)\d\d", amount) and _YEAR_BEFORE.search(place.before)
    feminine = not is_year and words.counts_feminine(place.before, after, one=amount == "1")
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
    feminine = words.counts_feminine(place.before, place.after, one=False)
    return f"{_number(match['amount'], feminine)} a {_number(match['until'], feminine)}"


def short(match: re.Match[str]) -> str | None:
    """Says "4K", "3D", "5G": a digit and a letter; "10k" counts thousands."""
    if match["letter"] in "kK" and int(match["amount"]) not in PICTURE_WIDTHS:
        return None
    return f"{number(match['amount'])} {words.spell(match['letter'])}"
