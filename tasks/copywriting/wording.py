"""The words of a product's facts, made fit to stand in a sentence."""

import html
import re
import unicodedata
from collections.abc import Sequence

from tasks.copywriting.facts import ADDRESS
from tasks.copywriting.notation import listed
from tasks.copywriting.numerals import fold
from tasks.copywriting.portuguese_nouns import is_noun
from tasks.foreign_text import one_line
from tasks.promotion.materials import Language


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_TAG = re.compile(r"<[^<>]{1,200}>")
_MARKDOWN_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)")
_MARKS = re.compile(r"\*\*|__|`+|^\s*(?:[-*•▪●#>]+|\d+[.)])\s+|(?<!\w)\*(?=\S)|(?<=\S)\*(?!\w)")
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+(?=[^\W\d_a-zà-ÿ]|[“\"¿¡\d])")
_BEFORE_THE_REST = re.compile(r"\s+[-–—|/]\s+|\s*[,:;(]\s*")
_SMALL_WORDS = _set(
    "de da do das dos e com em para por a o as os no na sem ao aos até of the and for with in on to by from or at"
)
_ONE_EMOJI = re.compile(r"(?:[🇦-🇿]{2}|.[\ufe0f\u20e3🏻-🏿]*(?:\u200d.[\ufe0f🏻-🏿]*)*)")
_UNIT = re.compile(r"(?<=\d)\s?(?:KG|G|MG|ML|CM|MM|M|KM|H|MIN)\b")
_SHOUTED = 4
"""Letters from which a word in capitals is taken for shouting, and not for an abbreviation."""
_TOGETHER = 4
"""Features in one sentence; more are not taken in by ear."""
_SHORT = 45
_HAS_PARTS = re.compile(r"[,;:!?—]|\.\s|\b(?:e|and|ou|or)\b")
_PROPER = _set("bluetooth android windows google apple samsung usb hdmi alexa netflix inox")


def is_emoji(letter: str) -> bool:
    """Whether the letter is an emoji or belongs to one."""
    return unicodedata.category(letter) == "So" or letter in "\u200d\ufe0f\u20e3" or "🏻" <= letter <= "🏿"


def without_emoji(text: str) -> str:
    """The text without its emoji."""
    return re.sub(r"\s+", " ", "".join(" " if is_emoji(letter) else letter for letter in text)).strip()


def first_emoji(text: str) -> str:
    """The first emoji of a text, whole (👩‍👩‍👧 is one); "" if there is none."""
    found = re.search(r"[^\w\s]+", "".join(letter if is_emoji(letter) else " " for letter in text))
    return _ONE_EMOJI.match(found[0])[0] if found else ""  # type: ignore[index]


def plain(fact: str, own: frozenset[str] = frozenset()) -> str:
    """A fact as one line of plain text: without HTML, Markdown, and addresses that are not `own`."""
    text = _MARKDOWN_LINK.sub(r"\1", html.unescape(_TAG.sub(" ", fact)))
    text = ADDRESS.sub(lambda match: match[0] if match[0].casefold() in own else " ", text)
    return one_line(_MARKS.sub("", text.strip()))


def as_phrase(fact: str, own: frozenset[str] = frozenset()) -> str:
    """A fact without what ends a sentence, beginning with a capital, and not shouted."""
    return capitalised(calm(plain(fact, own).strip(" \t.;,:!-–—"), as_name=False))


def calm(name: str, *, as_name: bool = True) -> str:
    """The text without shouting: CAFETEIRA DE INOX becomes Cafeteira de Inox; abbreviations stay.

    What is no name goes on in small letters: PESA 240 G becomes Pesa 240 g.
    """
    letters = [letter for letter in name if letter.isalpha()]
    if len(letters) < _SHOUTED or not all(letter == letter.upper() for letter in letters):
        return name
    if not any(letter != letter.lower() for letter in letters):
        return name
    if not as_name:
        name = _UNIT.sub(lambda match: match[0].lower(), name)
    calmed = [_calm_word(word, first=not index) for index, word in enumerate(name.split(" "))]
    if as_name:
        return " ".join(calmed)
    return " ".join([*calmed[:1], *(lowered(word, frozenset()) for word in calmed[1:])])


def titled(name: str) -> str:
    """An English name with a capital in each word but the small ones, and measures as they are."""
    words = name.split(" ")
    return " ".join(
        word
        if word.lower() in _SMALL_WORDS
        or not word.isalpha()
        or (number and words[number - 1][-1:].isdecimal())
        else word[0].upper() + word[1:]
        for number, word in enumerate(words)
    )


def _calm_word(word: str, *, first: bool) -> str:
    if any(letter.isdecimal() for letter in word):
        return word
    if word.lower() in _SMALL_WORDS:
        return word.capitalize() if first else word.lower()
    return word.capitalize() if len(word) >= _SHOUTED else word


def capitalised(text: str) -> str:
    """The text with a capital at its beginning; names such as iPhone stay."""
    if len(text) > 1 and text[0].islower() and text[1].isupper():
        return text
    return text[:1].upper() + text[1:]


def lowered(phrase: str, names: frozenset[str]) -> str:
    """The phrase as it goes on within a sentence: small, unless it begins with a name or an abbreviation."""
    first = re.match(r"[\w'’-]*", phrase)
    word = first[0] if first else ""
    keep = (
        not word
        or any(letter.isupper() or letter.isdecimal() for letter in word[1:])
        or fold(word) in _PROPER | names
        or (len(word) == 1 and word not in "AOÀÉE")
    )
    return phrase if keep else phrase[0].lower() + phrase[1:]


def shortened(name: str, most: int) -> str:
    """The name in at most so many letters: cut before what explains it, else between words, without an ellipsis."""
    if len(name) <= most:
        return name
    head = _BEFORE_THE_REST.split(name)[0].strip()
    if 3 <= len(head) <= most:
        return head
    cut = name[: most + 1]
    words = cut.rsplit(" ", 1)[0].split(" ") if " " in cut else [name[:most]]
    while len(words) > 1 and (words[-1].lower() in _SMALL_WORDS or not any(c.isalnum() for c in words[-1])):
        words.pop()
    return " ".join(words).rstrip(" ,;:-–—(/")


def sentences(text: str) -> list[str]:
    """The sentences of a text, each with what ends it."""
    found = [part.strip() for part in _SENTENCE_END.split(one_line(text)) if part.strip()]
    return [part if part[-1] in '.!?…”"' else f"{part}." for part in found]


_PT_VERBS = _set(
    "nao prepara desliga liga aquece lava seca funciona cabe vem acompanha inclui tem resiste dura protege mantem "
    "serve acomoda suporta carrega conecta grava filma toca reduz hidrata limpa remove corta mistura tritura bate "
    "cozinha assa frita gela ilumina acende gira dobra abre fecha encaixa cobre aguenta guarda combina veste ajusta "
    "acompanham incluem duram rende pesa mede troca permite deixa faz tira evita usa sai chega fica pode absorve"
)
_EN_VERBS = _set(
    "does doesn't makes brews turns keeps holds fits comes includes lasts runs works folds charges connects "
    "plays records cuts blends heats cools dries washes protects resists supports carries weighs measures has is "
    "ships serves seats sleeps pairs lets gives takes tells won't never stays opens closes covers cleans removes"
)


_VERBS = _PT_VERBS | _EN_VERBS
"""Facts may be in another language than the text."""


def tells(phrase: str) -> bool:
    """Whether a feature is told by a verb ("Prepara 30 xícaras") and not named ("Jarra de vidro")."""
    first = fold(phrase.split(maxsplit=1)[0]) if phrase.strip() else ""
    return first in _VERBS


_QUALITIES = _set(
    "à às ao aos com sem contra feito feita feitos feitas livre pronto pronta resistente resistentes leve leves macio "
    "macia macios macias impermeável compacto compacta portátil dobrável recarregável lavável flexível ajustável "
    "reutilizável removível inteligente elegante confortável versátil silencioso silenciosa "
    "with without made free ready resistant easy safe for"
)
_RANGES = _set("de do da dos das em no na nos nas from in on")
"""What begins a feature that says how or where it is to be had: "Do PP ao XGG", "In three colors"."""
_SUCH = re.compile(r"\w*(?:proof|resistant|washable|friendly|foldable|rechargeable)|\w+-free|safe")
"""Last words of English phrases that say what something is like."""


_SINCE = re.compile(r"\w+ (?:since|desde) \d.*")
"""What something has been for long: "Alive since 1987"."""
_DONE = re.compile(r"\w{3,}[ai]d[oa]s?")
"""Participles, such as pintada; of those that are nouns some are known."""


def _sort(feature: str) -> str:
    """What a feature says: what the product does, is like, has, or how it comes. Only alike ones are listed."""
    if tells(feature):
        return "does"
    parts = feature.lower().replace(",", " ").split()
    if len(parts) > 1 and parts[0] in _RANGES:
        return "comes"
    # A single word is what something is like far more often than what it has: vegana, dobrável, waterproof.
    if len(parts) == 1 or (parts and (parts[0] in _QUALITIES or _SUCH.fullmatch(parts[-1]))):
        return "is"
    if _SINCE.fullmatch(" ".join(parts)):
        return "is"
    if parts and _DONE.fullmatch(parts[0]) and not is_noun(parts[0]):
        return "is"
    return "has"


def joined(features: Sequence[str], language: Language, names: frozenset[str]) -> list[str]:
    """Features as sentences: what is short and of the same kind goes together, four at most."""
    runs: list[list[str]] = []
    for feature in features:
        last = runs[-1] if runs else []
        if last and _is_short(last[-1]) and _is_short(feature) and _sort(last[-1]) == _sort(feature):
            last.append(feature)
        else:
            runs.append([feature])
    return [
        f"{listed([group[0], *(lowered(feature, names) for feature in group[1:])], language)}."
        for run in runs
        for group in _even(run)
    ]


def _is_short(feature: str) -> bool:
    return len(feature) <= _SHORT and not _HAS_PARTS.search(feature)


def _even(run: list[str]) -> list[list[str]]:
    """The run in as few groups as can be, none much longer than another: five are three and two, not four and one."""
    groups = -(-len(run) // _TOGETHER)
    size, longer = divmod(len(run), groups)
    ends = [size * (n + 1) + min(n + 1, longer) for n in range(groups)]
    return [run[start:end] for start, end in zip([0, *ends], ends, strict=False)]
