"""Numbers and what belongs to them: "R$ 1.299,90", "12 mil reais", "3,5 kg", "May 12", "12 de maio", "06 12 34 56"."""

import re
from dataclasses import dataclass

from tasks.abbreviations import unelided
from tasks.subtitles.marks import CLOSING


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_NUMBER = re.compile(r"[+\-−–±~]?\d[\d.,:/ \-–]*(?:st|nd|rd|th|er|re|e|ème|º|ª|°|h|%|\.)?", re.IGNORECASE)
_YEAR = re.compile(r"(?:1[5-9]|20)\d\d")
_BEGUN = re.compile(r"\+?\d+(?:[\-–]\d+)?h?", re.IGNORECASE)
_GROUP = re.compile(r"\d{2,}(?:[.,\-–]\d+)?")
"""Digits that may go on what other digits have begun: "1 250 000", "0800 123 4567"; not "1 2 3", which is counting."""
_DASHES = (" -", " –", " —")
_CURRENCIES = _set("r$ us$ u$ a$ c$ mx$ ar$ $ € £ ¥ ₹ ₽ eur usd brl gbp chf")
_SYMBOLS = _set("""
    % ‰ ° °C °F ºC ºF € $ £ ¥ mg g kg t mm cm m km mm² cm² m² km² m2 km2 m³ m3 ml cl l L ft yd lb lbs oz s ms min h Hz
    kHz MHz GHz W kW kWh MW GW V A kB KB MB GB TB kbps Mbps Gbps dB bpm km/h m/s mph kcal kJ Pa bar px fps a.m p.m
""")
"""As they are written: "a" is a word, "A" an ampere."""
_DIVIDED = _set("h min m ft € $ £ uhr heure heures hora horas ora ore")
"""Units that a smaller number may follow: "20 h 30", "1 m 80", "5 € 20"."""


@dataclass(frozen=True, slots=True)
class _Words:
    multipliers: frozenset[str]
    units: frozenset[str]
    months: frozenset[str]
    """In lower case where that is allowed: "may" is no month in English."""
    links: frozenset[str]
    """What stands between a number and its unit or month."""


def _words(*, multipliers: str, units: str, months: str, links: str) -> _Words:
    return _Words(_set(multipliers), _set(units), _set(months), _set(links))


_BY_LANGUAGE = {
    "en": _words(
        multipliers="hundred thousand million billion trillion dozen hundreds thousands millions billions",
        units="dollars dollar cents euros euro pounds pound reais percent degrees years year months month weeks week "
        "days day hours hour minutes minute seconds miles mile meters metres kilometers kilometres kilos "
        "kilograms grams liters litres feet foot inches times people o'clock am pm",
        months="January February March April May June July August September October November December Jan Feb Mar "
        "Apr Jun Jul Aug Sep Sept Oct Nov Dec",
        links="of",
    ),
    "pt": _words(
        multipliers="mil milhão milhões bilhão bilhões trilhão trilhões cento centos dúzia dúzias",
        units="reais real dólares dólar euros euro libras centavos por graus ano anos mês meses semanas dias dia horas "
        "hora minutos minuto segundos quilômetros metros centímetros quilos gramas litros vezes pessoas",
        months="janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
        links="de",
    ),
    "es": _words(
        multipliers="mil millón millones billón billones ciento cientos docena docenas",
        units="euros euro dólares dólar pesos libras céntimos por grados año años mes meses semanas días día horas "
        "hora minutos minuto segundos kilómetros metros centímetros kilos gramos litros veces personas",
        months="enero febrero marzo abril mayo junio julio agosto septiembre setiembre octubre noviembre diciembre",
        links="de",
    ),
    "fr": _words(
        multipliers="cent cents mille million millions milliard milliards douzaine",
        units="euros euro dollars dollar livres centimes pour degrés an ans année années mois semaines jours jour "
        "heures heure minutes minute secondes kilomètres mètres centimètres kilos grammes litres fois personnes",
        months="janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        links="de d'",
    ),
    "de": _words(
        multipliers="hundert tausend million millionen milliarde milliarden dutzend mio mrd",
        units="euro dollar pfund cent prozent grad jahr jahre jahren monate monaten wochen tage tagen uhr stunden "
        "stunde minuten minute sekunden kilometer meter zentimeter kilo gramm liter mal menschen",
        months="januar februar märz april mai juni juli august september oktober november dezember",
        links="",
    ),
    "it": _words(
        multipliers="cento mila mille milione milioni miliardo miliardi dozzina",
        units="euro dollari dollaro sterline centesimi per gradi anno anni mese mesi settimane giorni giorno ore ora "
        "minuti minuto secondi chilometri metri centimetri chili grammi litri volte persone",
        months="gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
        links="di",
    ),
}
_NO_WORDS = _words(multipliers="", units="", months="", links="")


def bound_quantities(texts: list[str], language: str) -> list[int]:
    """For each pair of neighbours, 2 where a number and what it counts are separated, 1 where they may be, else 0."""
    words = _BY_LANGUAGE.get(language, _NO_WORDS)
    kinds = [_kind(text, words, language) for text in texts]
    bonds = [0] * max(len(texts) - 1, 0)
    for i, text in enumerate(texts[:-1]):
        here, after = kinds[i], kinds[i + 1]
        if _ends_clause(text):
            # "12. Mai": the ordinals of dates. "10 – 20": a range.
            if (language == "de" and text.endswith(".") and "number" in here and "month" in after) or (
                text.endswith(_DASHES) and "number" in here and "number" in after
            ):
                bonds[i] = 2
            continue
        follows_number = i > 0 and bonds[i - 1] == 2 and "number" in kinds[i - 1]
        if (
            ("currency" in here and "number" in after)
            or ("number" in here and after & {"unit", "multiplier", "month"})
            or ("multiplier" in here and after & {"unit", "multiplier"})
            or ("month" in here and "number" in after)
            or ("begun" in here and "group" in after and (follows_number or "year" not in here))
            or ("divided" in here and "number" in after and follows_number)
        ):
            bonds[i] = 2
        else:
            counts = "number" in here and "year" not in here and _bare(texts[i + 1])[:1].islower()
            in_words = "multiplier" in after and _bare(text)[:1].isalpha()
            bonds[i] = max(bonds[i], int(counts or in_words))
        if i + 2 < len(texts) and "link" in after:
            beyond = kinds[i + 2]
            if (
                ("number" in here and "month" in beyond)
                or ("month" in here and "number" in beyond)
                or ("multiplier" in here and "unit" in beyond)
            ):
                bonds[i] = bonds[i + 1] = 2
    return bonds


def _kind(text: str, words: _Words, language: str) -> frozenset[str]:
    bare = unelided(_bare(text), language)
    plain = bare.rstrip(".,;:!?… -–—")
    low = plain.casefold()
    kinds = {
        "number": bool(_NUMBER.fullmatch(bare.rstrip(",;:!?… "))) and bare[-1:] not in "$€£",
        "begun": bool(_BEGUN.fullmatch(bare)),
        "group": bool(_GROUP.fullmatch(plain)),
        "year": bool(_YEAR.fullmatch(bare)),
        "currency": low in _CURRENCIES,
        "unit": plain in _SYMBOLS or low in words.units or low in _CURRENCIES,
        "divided": low in _DIVIDED,
        "multiplier": low in words.multipliers,
        "month": plain in words.months or low in words.months,
        "link": low in words.links,
    }
    return frozenset(kind for kind, found in kinds.items() if found)


def _bare(text: str) -> str:
    return text.lstrip("\"'“”‘’«»‹›([{¿¡ ").rstrip(CLOSING)


def _ends_clause(text: str) -> bool:
    return text.endswith(_DASHES) or text.rstrip(CLOSING)[-1:] in {",", ";", ":", ".", "!", "?", "…"}
