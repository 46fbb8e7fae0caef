"""Abbreviations with a period, by language: for whoever asks whether a period ends a sentence.

Lists of a code of a language. They are short: where words have times, a pause tells more than a list can. An entry
with a capital is one only with it ("Fa." Müller, but "due anni fa."), one after a hyphen ends longer words
("Hauptstr.").
"""

import re
from collections.abc import Mapping

NUMBER = re.compile(r"\W*(?:\d|[IVXLC]+\b(?!['’]))")
"""Begins what an abbreviation of `BEFORE_NUMBERS` belongs to: "5", "IV", but not "I'm" or "C'est"."""


def _lists(**languages: str) -> dict[str, frozenset[str]]:
    return {language: frozenset(words.split()) for language, words in languages.items()}


BEFORE_ANYTHING = _lists(
    en="mr mrs ms messrs dr prof rev hon gen col lt sgt capt cmdr maj gov sen rep pres supt st mt e.g i.e cf vs viz "
    "adm brig cpl pvt pfc insp amb atty msgr",
    pt="sr sra srs sras srta srtas dr dra drs dras prof profa profª profs exmo exma exmos exmas ilmo ilma revmo d dom "
    "eng engª engº enga arq adv des min gen cel cap ten sgt alm brig maj cb sd dep deps sen pres gov proc emb pe fr "
    "mons sto sta v p.ex ex cf vs ed av pça",
    es="sr sra sres sras srta dr dra dres dras d dña prof profa profs ing lic lcdo lcda mtro mtra arq excmo excma ilmo "
    "ilma gral cnel tte cap sgto alm sen dip gob pres pbro mons hno hna sto sta p p.ej ej cf vs av avda ee",
    fr="m mm mme mmes mlle mlles dr drs pr prof mgr gén cdt capt lt sgt adj vve st ste sté ets p.ex ex cf vs av bd",
    de="hr fr frl dr prof dipl ing st z z.b d.h u.a bzw ca vgl sog evtl ggf inkl exkl zzgl einschl bspw insb ehem bzgl "
    "geb gest verh Fa Fam med phil jur rer nat habil",
    it="sig sigg sig.ra dott dott.ssa prof prof.ssa ing avv arch geom rag on sen pres gen magg serg amm mons card sac "
    "p.es es cfr vs",
)
"""What follows explains them: a name after a title, an example after "e.g."; they end no sentence."""
BEFORE_NUMBERS = _lists(
    en="no nos art vol fig p pp ch sec par apt bldg rm ste ext ca approx est max min jan feb mar apr jun jul aug sep "
    "sept oct nov dec",
    pt="art arts inc nº n n.º núm pág págs p pp vol fig cap séc par § tel ap apt apto aprox máx mín bl sl lj qd lt",
    es="art arts inc nº n n.º núm pág págs p pp vol fig cap tel tfno tlf teléf apdo apto dpto aprox máx mín",
    fr="art no nº n° p pp vol fig chap tél env approx max min apt appt app bât ét",
    de="abs art nr s bd kap abb tel § max min mind pos ziff -str hausnr jan feb aug sept okt nov dez",
    it="art artt n nn nr pag pagg p pp vol fig cap tel comma ca circa max min int sez cod",
)
"""Abbreviations where a number follows; elsewhere some of them are words ("No.", "art.")."""
ANYWHERE = _lists(
    en="etc inc ltd co corp jr sr bros dept al ave blvd rd oz lb ft hr",
    pt="etc ltda cia jr obs ref tel",
    es="etc ud uds vd vds uu cía ltda",
    fr="etc cie",
    de="usw etc jh mio mrd co chr mwst ust",
    it="etc ecc soc",
)
LANGUAGES = tuple(BEFORE_ANYTHING)
"""Codes of the languages whose abbreviations are known."""

_NONE: frozenset[str] = frozenset()
_ELIDED = re.compile(r"^\w+['’](?=\w)")
_ELIDING = frozenset({"fr", "it"})


def unelided(word: str, language: str) -> str:
    """A word without the little one that is written together with it: "art." of "l'art.", "avv." of "dell'avv."."""
    return _ELIDED.sub("", word) if language in _ELIDING else word


def is_listed(word: str, lists: Mapping[str, frozenset[str]], language: str) -> bool:
    """Whether a word, with its period or without, is in one of the lists above."""
    known = lists.get(language, _NONE)
    name = word.rstrip(".")
    low = name.casefold()
    return name in known or low in known or any(low.endswith(entry[1:]) for entry in known if entry[0] == "-")
