"""What a text says that the thing has, holds or comes with: its noun must stand among the facts.

"Comes with a bulb" has no number, no name and none of the adjectives of `tasks.copywriting.claims`; the verb is what
makes a claim of it. Looked for is the noun that it is about: in English the last word of what is included, in
Portuguese the first. What readers have ("you have", "your desk has") is theirs, and no claim; nor is what cannot be a
part of any thing ("has a story"). "With" says what a thing has only where it begins a clause or follows the thing's own
name: "curl up with a book" says nothing of a lamp.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from tasks.copywriting.numerals import fold
from tasks.promotion.materials import Language

_ENDINGS_PT = re.compile(r"(?:oes|aes|ns|(?<=[rzs])es)$")
_ENDINGS_EN = re.compile(r"(?:(?<=x)|(?<=ch|sh|ss))es$")


@dataclass(frozen=True)
class _Grammar:
    before: re.Pattern[str]
    """The verb, behind which stands what is included."""
    having: re.Pattern[str]
    """The same for verbs that are also said of readers, and of what is no part of anything."""
    with_what: re.Pattern[str]
    """"With" and what follows it."""
    behind: re.Pattern[str]
    """What is included, before the word that says so."""
    ends: frozenset[str]
    """Words that what is included ends before."""
    little: frozenset[str]
    """Words in it that are no noun."""
    nothing: frozenset[str]
    """Words that include no thing: "comes with you"."""
    no_part: frozenset[str]
    """Nouns of what no product has as a part, in the singular."""
    noun_last: bool


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LONGEST = 6
"""Words of what is included."""
_WORDS = r"(?P<what>[\w'’-]+(?:[ \t]+[\w'’-]+){0,5})"
_READERS = re.compile(r"\b(?:your|seus?|suas?)[ \t]+([\w'’-]+)[ \t]+$")
"""Something of the reader's, which has what follows."""
_FOR_THING = re.compile(
    r"^[^\W\d]+(?:[ \t]+[^\W\d]+)? (?:para|pra) (?:o |a |seu |sua )?(?!\w+[aeio]r\b)([\w-]{3,})"
)
"""What a part is for: a pocket is not yet one for a notebook."""
_CLAUSE = r"(?:(?<![^\n.,;:!?—–(])[ \t]*|(?P<of>[\w'’-]+)[ \t]+)"
"""The beginning of a clause, or the word before."""
_NUMBER_PT = r"(?:uma?|dois|duas|tres|quatro|cinco|seis|sete|oito|nove|dez|\d+)"
_NUMBER_EN = r"(?:an?|two|three|four|five|six|seven|eight|nine|ten|\d+)"
_GRAMMARS: dict[Language, _Grammar] = {
    "pt-BR": _Grammar(
        before=re.compile(
            # "Acompanha o seu ritmo" goes along with it.
            r"\b(?:v[ei]e?m com|acompanham?(?! (?:[oa]s?|seus?|suas?|cada|tod[oa]s?)\b)|inclui|incluem|incluindo|"
            rf"possui|possuem|contam? com)[ \t]+{_WORDS}"
        ),
        having=re.compile(
            r"(?<!quem )(?<!voce )(?<!voces )(?<!gente )(?<!mundo )\b(?:"
            r"(?:t[ei]m|traz(?:em)?|esconde|oferece|comporta|acomoda|armazena|(?:equipad|dotad)[oa]s? com)[ \t]+"
            rf"|cabem?[ \t]+|vira[ \t]+(?=uma? )|guarda[ \t]+(?=(?:[oa]s?|seus?|suas?|{_NUMBER_PT}) )"
            rf"|leva[ \t]+(?={_NUMBER_PT} )|(?<!em )(?<!no )(?:modo|funcao|sistema)[ \t]+(?:de[ \t]+)?){_WORDS}"
        ),
        with_what=re.compile(rf"{_CLAUSE}com[ \t]+{_WORDS}"),
        behind=re.compile(rf"\bcom[ \t]+{_WORDS}?[ \t]+(?:inclus|incluid)[oa]s?\b"),
        ends=_set("e ou de do da dos das para pra por que no na nos nas em com sem incluso inclusa incluida incluido"),
        little=_set(
            "um uma uns umas o a os as ate mais tambem ainda seu sua seus suas dois duas tres quatro "
            "cinco seis sete oito nove dez doze bom boa bons boas grande grandes outro outra muito muita muitos muitas"
        ),
        nothing=_set("voce voces a gente tudo todos quem calma vontade nos mim ele ela isso nossa nosso que sido feito "
        "ele eles elas certeza nada alguem cada essa esse esta este pouco pouca menos"),
        no_part=_set(
            "amor calma carinho certeza cuidado coragem pressa tempo tranquilidade gosto cheiro sabor jeito cara alma "
            "vida historia memoria lembranca momento dia noite hora manha tarde semana ano hoje amanha lugar casa "
            "caminho mundo espaco coisa gente pessoa amigo familia crianca cliente duvida pergunta segredo motivo "
            "razao ideia plano sonho sorriso toque clique passo pe sol chuva frio calor vento ajuda sucesso sentido "
            "graca valor preco sinal conta fim comeco atencao rotina bagagem personalidade encanto charme orgulho"
        ),
        noun_last=False,
    ),
    "en": _Grammar(
        before=re.compile(rf"\b(?:com(?:es|e|ing) with|ships? with|includ(?:es?|ing)|features)[ \t]+{_WORDS}"),
        having=re.compile(
            r"(?<!who )(?<!one )(?<!body )(?<!\byou )(?:(?<!\w)(?:it[ \t]+)?"
            rf"(?:has|holds|carries|fits|offers|sports|hides|stores|houses|packs|boasts|provides|contains|"
            rf"equipped with|doubles as|you get)[ \t]+(?=(?:{_NUMBER_EN}|its own|built-in) )"
            r"|(?<!\w)(?:holds|stores|charges|carries)[ \t]+(?=your )"
            r"|(?<!\w)fits[ \t]+(?:in|into|inside)[ \t]+(?=(?:your|an?|the|any|every) )"
            rf"|\bbuilt-in[ \t]+){_WORDS}"
        ),
        with_what=re.compile(rf"{_CLAUSE}with[ \t]+(?=(?:{_NUMBER_EN}|its own|built-in) ){_WORDS}"),
        behind=re.compile(
            r"(?<!\bin )(?<!\bon )\b(?P<function>[a-z][\w'’-]*)[ \t]+(?:function|mode)\b|"
            r"\b(?P<what>[\w'’-]+(?:[ \t]+[\w'’-]+){0,2}?)[ \t]+(?:(?:is|are)[ \t]+)?(?:included|in the box)\b"
        ),
        ends=_set(
            "and or of for to that which in on at with without by from so included is are until till as while when "
            "every per"
        ),
        little=_set("a an the its your our one two also up"),
        nothing=_set("you us me it them everything all everyone no little few bit lot"),
        no_part=_set(
            "love care time day night hour morning evening week weekend year life story memory moment place home room "
            "way world thing people friend family customer question reason idea plan dream smile touch click step "
            "look feel taste smell view name price value meaning purpose twist heart soul spirit charm personality "
            "cup book coffee breath glance eye attention schedule routine job point chance pace"
        ),
        noun_last=True,
    ),
}  # fmt: skip


def included(text: str, language: Language, own: Collection[str] = ()) -> Iterator[tuple[int, int, str]]:
    """Where a text says what the thing has, and the noun of it, folded and without the sign of the plural.

    `own`: folded words that name the thing.
    """
    grammar, folded = _GRAMMARS[language], fold(text)
    told = set()
    for pattern in (grammar.before, grammar.having, grammar.with_what, grammar.behind):
        for match in pattern.finditer(folded):
            groups = match.groupdict()
            if (of := groups.get("of")) and of not in own:
                continue
            group = "what" if match["what"] else "function"
            noun = _noun(match[group], grammar)
            if noun is None:
                continue
            noun = singular(noun, language)
            everyday = pattern in (grammar.having, grammar.with_what)
            reader = _READERS.search(folded[: match.start()]) if pattern is grammar.having else None
            theirs = reader is not None and reader[1] not in own
            if theirs or (everyday and noun in grammar.no_part) or match.end(group) in told:
                continue
            told.add(match.end(group))
            yield match.start(), match.end(group), noun
            if meant := _FOR_THING.search(match[group]):
                thing = singular(meant[1], language)
                if thing not in grammar.no_part and meant[1] not in grammar.nothing | grammar.little:
                    yield match.start(), match.end(group), thing


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
