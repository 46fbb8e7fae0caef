"""Where a sentence ends: a period after an abbreviation ends none, unless what follows says so.

Libraries that split text into sentences (pysbd, sentencex, the Punkt of nltk) carry lists like these and look at the
text alone. Here words have times, and a pause tells "… in the U.S. | We …" from "… the U.S. Army …", which no list
can. So the lists are short, and the pause decides.
"""

import re

from tasks.subtitles.pieces import Piece

SENTENCE_PAUSE = 0.25
"""Seconds of silence, at least, after an abbreviation that is also the end of its sentence."""

OPENING, CLOSING = "\"'“”‘’«»‹›([{¿¡-–—", "\"'“”‘’«»‹›)]}"
_STOPS = ".!?…。！？؟۔।॥"
_INITIALS = re.compile(r"[^\W\d_]\.|(?:[^\W\d_]{1,2}\.){2,}")
"""A letter with a period, or several of them: "J.", "U.S.", "a.m.", "z.B.", "Ph.D."."""
_ONE_INITIAL = re.compile(r"[^\W\d_]\.")
_ORDINAL = re.compile(r"\d{1,2}\.")
_NUMBER = re.compile(r"\W*(?:\d|[IVXLC]+\b)")


def _lists(**languages: str) -> dict[str, frozenset[str]]:
    return {language: frozenset(words.split()) for language, words in languages.items()}


_BEFORE_ANYTHING = _lists(
    en="mr mrs ms messrs dr prof rev hon gen col lt sgt capt cmdr maj gov sen rep pres supt st mt e.g i.e cf vs viz",
    pt="sr sra srs sras srta dr dra drs dras prof profa profª exmo exma ilmo ilma d dom eng enga arq adv des min gen "
    "cel cap ten sgt pe fr sto sta v p.ex ex cf vs ed av pça",
    es="sr sra sres sras srta dr dra d dña prof profa ing lic arq gral cnel cap sto sta p p.ej ej cf vs av avda ee",
    fr="m mm mme mmes mlle mlles dr pr prof st ste p.ex ex cf vs av bd",
    de="hr fr dr prof dipl ing st z z.b d.h u.a bzw ca vgl sog evtl ggf inkl zzgl bspw",
    it="sig sigg sig.ra dott prof ing avv arch geom rag on mons p.es es cfr vs",
)
"""What follows explains them: a name after a title, an example after "e.g."; they end no sentence."""
_BEFORE_NUMBERS = _lists(
    en="no nos art vol fig p pp ch sec par ca approx jan feb mar apr jun jul aug sep sept oct nov dec",
    pt="art arts inc nº n n.º núm pág págs p pp vol fig cap séc par § tel ap lt",
    es="art arts inc nº n n.º núm pág págs p pp vol fig cap tel apdo",
    fr="art no nº n° p pp vol fig chap tél env",
    de="abs art nr s bd kap abb tel §",
    it="art artt n nn nr pag pagg p pp vol fig cap tel comma",
)
"""Abbreviations where a number follows; elsewhere some of them are words ("No.", "art.")."""
_ANYWHERE = _lists(
    en="etc inc ltd co corp jr sr bros dept al ave blvd rd oz lb ft hr",
    pt="etc ltda cia jr obs ref tel",
    es="etc ud uds vd vds uu cía ltda",
    fr="etc cie",
    de="usw etc jh mio mrd co chr",
    it="etc ecc soc",
)
LANGUAGES = tuple(_BEFORE_ANYTHING)
"""Codes of the languages whose abbreviations are known."""
_NONE: frozenset[str] = frozenset()


def abbreviates(before: Piece, after: Piece, language: str) -> bool:
    """Whether a word is an abbreviation that the next one belongs to: "Sr." Silva, "nº" 5, "z." B."""
    word = _bare(before.text)
    if not word.endswith((".", "º", "°", "§")):
        return False
    name = word.rstrip(".").casefold()
    if name in _BEFORE_ANYTHING.get(language, _NONE):
        return True
    if name in _BEFORE_NUMBERS.get(language, _NONE):
        return bool(_NUMBER.match(after.text))
    if language == "de" and _ORDINAL.fullmatch(word):
        return not _paused(before, after)
    # The halves of "p. m.", "EE. UU." and "J. K.", which are written apart in some languages.
    return bool(_ONE_INITIAL.fullmatch(word) and _ONE_INITIAL.fullmatch(_bare(after.text).rstrip(",;:")))


def ends_sentence(before: Piece, after: Piece | None, language: str) -> bool:
    """Whether a sentence ends with the word `before`, after which `after` is said (None at the end of all)."""
    text = before.text.rstrip(CLOSING)
    if not text or text[-1] not in _STOPS:
        return False
    if after is None:
        return True
    if text[-1] != "." or text.endswith(".."):
        return not _begins_small(after)
    if abbreviates(before, after, language):
        return False
    word = _bare(before.text)
    if _INITIALS.fullmatch(word) or word.rstrip(".").casefold() in _ANYWHERE.get(language, _NONE):
        return _begins_sentence(after) and _paused(before, after)
    return not _begins_small(after) or _paused(before, after)


def _bare(text: str) -> str:
    return text.lstrip(OPENING).rstrip(CLOSING)


def _paused(before: Piece, after: Piece) -> bool:
    return after.start - before.end >= SENTENCE_PAUSE


def _begins_small(piece: Piece) -> bool:
    return piece.text.lstrip(OPENING)[:1].islower()


def _begins_sentence(piece: Piece) -> bool:
    first = piece.text.lstrip(OPENING)[:1]
    return first.isalpha() and not first.islower()
