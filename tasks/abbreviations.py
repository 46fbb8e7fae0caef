"""Abbreviations with a period, by language: for whoever asks whether a period ends a sentence.

Lists of a code of a language. They are short: where words have times, a pause tells more than a list can.
"""

import re

NUMBER = re.compile(r"\W*(?:\d|[IVXLC]+\b)")
"""Begins what an abbreviation of `BEFORE_NUMBERS` belongs to."""


def _lists(**languages: str) -> dict[str, frozenset[str]]:
    return {language: frozenset(words.split()) for language, words in languages.items()}


BEFORE_ANYTHING = _lists(
    en="mr mrs ms messrs dr prof rev hon gen col lt sgt capt cmdr maj gov sen rep pres supt st mt e.g i.e cf vs viz",
    pt="sr sra srs sras srta dr dra drs dras prof profa profª exmo exma ilmo ilma d dom eng enga arq adv des min gen "
    "cel cap ten sgt pe fr sto sta v p.ex ex cf vs ed av pça",
    es="sr sra sres sras srta dr dra d dña prof profa ing lic arq gral cnel cap sto sta p p.ej ej cf vs av avda ee",
    fr="m mm mme mmes mlle mlles dr pr prof st ste p.ex ex cf vs av bd",
    de="hr fr dr prof dipl ing st z z.b d.h u.a bzw ca vgl sog evtl ggf inkl zzgl bspw",
    it="sig sigg sig.ra dott prof ing avv arch geom rag on mons p.es es cfr vs",
)
"""What follows explains them: a name after a title, an example after "e.g."; they end no sentence."""
BEFORE_NUMBERS = _lists(
    en="no nos art vol fig p pp ch sec par ca approx jan feb mar apr jun jul aug sep sept oct nov dec",
    pt="art arts inc nº n n.º núm pág págs p pp vol fig cap séc par § tel ap lt",
    es="art arts inc nº n n.º núm pág págs p pp vol fig cap tel apdo",
    fr="art no nº n° p pp vol fig chap tél env",
    de="abs art nr s bd kap abb tel §",
    it="art artt n nn nr pag pagg p pp vol fig cap tel comma",
)
"""Abbreviations where a number follows; elsewhere some of them are words ("No.", "art.")."""
ANYWHERE = _lists(
    en="etc inc ltd co corp jr sr bros dept al ave blvd rd oz lb ft hr",
    pt="etc ltda cia jr obs ref tel",
    es="etc ud uds vd vds uu cía ltda",
    fr="etc cie",
    de="usw etc jh mio mrd co chr",
    it="etc ecc soc",
)
LANGUAGES = tuple(BEFORE_ANYTHING)
"""Codes of the languages whose abbreviations are known."""
