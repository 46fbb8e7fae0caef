"""What a text says to be in the box or part of the thing: its noun must stand among the facts.

"Comes with a bulb" has no number, no name and none of the adjectives of `tasks.copywriting.claims`; the verb is what
makes a claim of it. Looked for is the noun that it is about: in English the last word of what is included, in
Portuguese the first.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tasks.copywriting.numerals import fold
from tasks.promotion.materials import Language

_ENDINGS_PT = re.compile(r"(?:oes|aes|ns|(?<=[rzs])es)$")
_ENDINGS_EN = re.compile(r"(?:(?<=x)|(?<=ch|sh|ss))es$")


@dataclass(frozen=True)
class _Grammar:
    before: re.Pattern[str]
    """The verb, behind which stands what is included."""
    behind: re.Pattern[str]
    """What is included, before the word that says so."""
    ends: frozenset[str]
    """Words that what is included ends before."""
    little: frozenset[str]
    """Words in it that are no noun."""
    nothing: frozenset[str]
    """Words that include no thing: "comes with you"."""
    noun_last: bool


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LONGEST = 6
"""Words of what is included."""
_WORDS = r"(?P<what>[\w'’-]+(?:[ \t]+[\w'’-]+){0,5})"
_GRAMMARS: dict[Language, _Grammar] = {
    "pt-BR": _Grammar(
        before=re.compile(
            # "Acompanha o seu ritmo" goes along with it.
            r"\b(?:v[ei]e?m com|acompanham?(?! (?:[oa]s?|seus?|suas?|cada|tod[oa]s?)\b)|inclui|incluem|incluindo|"
            rf"possui|possuem|contam? com)[ \t]+{_WORDS}"
        ),
        behind=re.compile(rf"\bcom[ \t]+{_WORDS}?[ \t]+(?:inclus|incluid)[oa]s?\b"),
        ends=_set("e ou de do da dos das para pra por que no na nos nas em com sem incluso inclusa incluida incluido"),
        little=_set(
            "um uma uns umas o a os as ate mais tambem ainda seu sua seus suas dois duas tres quatro "
            "cinco seis sete oito nove dez doze"
        ),
        nothing=_set("voce voces a gente tudo todos quem calma vontade nos mim ele ela isso nossa nosso"),
        noun_last=False,
    ),
    "en": _Grammar(
        before=re.compile(rf"\b(?:com(?:es|e|ing) with|ships? with|includ(?:es?|ing)|features)[ \t]+{_WORDS}"),
        behind=re.compile(
            r"\b(?P<what>[\w'’-]+(?:[ \t]+[\w'’-]+){0,2}?)[ \t]+(?:(?:is|are)[ \t]+)?(?:included|in the box)\b"
        ),
        ends=_set("and or of for to that which in on at with without by from so included is are"),
        little=_set("a an the its your our one two also up"),
        nothing=_set("you us me it them everything all everyone no"),
        noun_last=True,
    ),
}  # fmt: skip


def included(text: str, language: Language) -> Iterator[tuple[int, int, str]]:
    """Where a text says what is included, and the noun of it, folded and without the sign of the plural."""
    grammar, folded = _GRAMMARS[language], fold(text)
    for pattern in (grammar.before, grammar.behind):
        for match in pattern.finditer(folded):
            if noun := _noun(match["what"], grammar):
                yield match.start(), match.end("what"), singular(noun, language)


def singular(word: str, language: Language) -> str:
    """The word without the sign of the plural, as far as its ending tells it."""
    if language == "pt-BR" and (ending := _ENDINGS_PT.search(word)):
        return word[: ending.start()] + (
            "ao" if ending[0] in ("oes", "aes") else "m" if ending[0] == "ns" else ""
        )
    if language == "en" and (ending := _ENDINGS_EN.search(word)):
        return word[: ending.start()]
    return word.removesuffix("s") if len(word) > 3 else word


def _noun(what: str, grammar: _Grammar) -> str | None:
    found: list[str] = []
    for word in what.split()[:_LONGEST]:
        if word in grammar.nothing:
            return None
        if word in grammar.ends:
            break
        if word not in grammar.little and not word.isdecimal():
            found.append(word)
    if not found:
        return None
    return found[-1 if grammar.noun_last else 0]
