"""The tags of a contract model: found in its text, paired, and what is wrong with those that do not pair.

`{{TAG-name}}…{{/TAG-name}}`, `{{name}}…{{/name}}`, `{{TAG-name /}}`, numbers `{{7.1}}…{{/7.1}}`, also with letters
(`{{13.1.1.b}}`), nested, and `<<1>>…<</1>>`. Blanks inside are allowed; `{{{` is no tag.
"""

import re
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Literal

from tasks.documents.story import Story

FaultKind = Literal[
    "sem_fechamento", "sem_abertura", "cruzada", "aberta_duas_vezes", "nome_invalido", "chaves_incompletas"
]

MarkerKind = Literal["open", "close", "empty"]

_PREFIX = re.compile(r"TAG-(?=.)", re.IGNORECASE)
_NUMBER = re.compile(r"\d+(\.(\d+|[a-z]{1,3}))*[a-z]?", re.IGNORECASE)
_NAME = re.compile(r"[^\W\d_][\w-]*([ .][\w-]+)*")
_CLAUSE = re.compile(r"[1-9]\d{0,2}")
_PARTS = re.compile(r"[1-9]\d{0,2}(\.+([1-9]\d?|[a-z]|[ivx]{2,5}))+[a-z]?\.*", re.IGNORECASE)
"""A number that is that of a clause, not an amount (1.000) or a date (01.02.2024)."""
_MARKER = re.compile(
    r"(?<!\{)\{\{(?!\{)(?P<braces>[^{}]{0,200})\}\}(?!\})|(?<!<)<<(?!<)(?P<angles>[^<>]{0,200})>>(?!>)"
)
"""Everything that looks like a tag; whether it is one, its name says."""
_HALF = re.compile(
    r"(?<!\{)\{\{(?!\{)\s*+(?P<right>(?:/\s*+)?[\w.-]{1,60}+\s*+/?)\s*+\}(?!\})"  # {{7.1}
    r"|(?<!\{)\{(?!\{)\s*+(?P<left>(?:/\s*+)?[\w.-]{1,60}+\s*+/?)\s*+\}\}(?!\})"  # {7.1}}
    r"|(?<!\{)\{\{(?!\{)\s*+(?!\d+\s[^{}]{0,200}\})"  # {{7.1, and not {{10 dias}
    r"(?P<none>(?:/\s*+)?(?:TAG-[\w.-]{1,60}|\d[\d.]{0,30}(?:\.[a-z]{1,3})?))"
    r"(?![\w.-]|\s*+(?:/\s*+)?\})",
    re.IGNORECASE,
)
"""What was probably meant as a tag and lacks braces."""


@dataclass(frozen=True, slots=True)
class Marker:
    """An opening, closing or self-closing tag as it stands in the text."""

    start: int
    end: int
    written: str
    """With its braces."""
    name: str
    """Without prefix and blanks, as it is written."""
    key: str
    """What names that mean the same have in common: letters are compared without their case."""
    kind: MarkerKind
    fault: "Fault | None" = None
    """What is wrong with itself; then `name` is what was probably meant."""


Pair = tuple[Marker, Marker]


@dataclass(frozen=True, slots=True)
class Tag:
    """A sound tag; `start` to `end` holds its markers, too."""

    name: str
    key: str
    start: int
    end: int
    content: str
    """What is between its markers, without the markers of tags inside."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a marker, and what was probably meant."""

    kind: FaultKind
    start: int
    end: int
    written: str
    message: str
    """In Portuguese, for who edits the model."""
    fix: str
    """The likely correction; empty if nothing is likely."""


@dataclass(frozen=True, slots=True)
class TagsOfText:
    """The sound tags in the order in which they begin, and all faults in the order of the text."""

    tags: tuple[Tag, ...]
    faults: tuple[Fault, ...]


def find_tags(story: Story) -> TagsOfText:
    """The tags of a document. Faulty ones cost only themselves: the sound ones are there all the same."""
    markers: list[Marker] = []
    faults: list[Fault] = []
    for paragraph in story.paragraphs:
        # No tag goes on in the next paragraph: what was not closed here swallows no page.
        for found in _read(paragraph.text, paragraph.start):
            if isinstance(found, Marker):
                markers.append(found)
            else:
                faults.append(found)
    markers.sort(key=lambda marker: marker.start)
    pairs, unpaired = _pair(markers)
    of_tags = _of_tags(markers, pairs, unpaired)
    tags = [
        _tag(opening, closing, story.text, of_tags)
        for opening, closing in pairs
        if not (opening.fault or closing.fault)
    ]
    faults += [marker.fault for marker in markers if marker.fault]
    # One that is wrong itself lacks a partner for that reason, which is said already.
    faults += _explained([(kind, marker) for kind, marker in unpaired if not marker.fault], pairs)
    return TagsOfText(
        tuple(sorted(tags, key=lambda tag: (tag.start, -tag.end))),
        tuple(sorted(faults, key=lambda fault: (fault.start, fault.end))),
    )


def find_markers(story: Story) -> tuple[Marker, ...]:
    """The markers that are taken out to read the contract itself: those of tags, and nothing that it may say itself.

    A marker is one of a tag if it has its other end, or is sound and closes itself. One that is alone is one if its
    name leaves no doubt: it begins with `TAG-`, is a number with several parts (7.1, 13.1.1.b; also 7..1), closes a
    number, or is the name of a sound tag of the document. All else in braces is text that stays and is compared, whole
    numbers with it: "{{10}} dias", "{{10 dias}} de prazo", "devida{{ exceto em caso de atraso}}".
    """
    markers = sorted(
        (
            each
            for paragraph in story.paragraphs
            for each in _read(paragraph.text, paragraph.start)
            if isinstance(each, Marker)
        ),
        key=lambda marker: marker.start,
    )
    return _of_tags(markers, *_pair(markers))


def _of_tags(
    markers: Sequence[Marker], pairs: Sequence[Pair], unpaired: Sequence[tuple[FaultKind, Marker]]
) -> tuple[Marker, ...]:
    closed = {marker for pair in pairs for marker in pair if marker.kind != "empty" or not marker.fault}
    closed.update(marker for kind, marker in unpaired if kind == "cruzada")
    names = {marker.key for marker in closed if not marker.fault}
    return tuple(marker for marker in markers if marker in closed or _is_named_as_tag(marker, names))


def _is_named_as_tag(marker: Marker, names: set[str]) -> bool:
    written = marker.written.strip("{}<>").strip().removeprefix("/").removesuffix("/").strip()
    return bool(
        _PREFIX.match(written)
        or _PARTS.fullmatch(written)
        or (marker.kind == "close" and _CLAUSE.fullmatch(written))
        or (not marker.fault and marker.key in names)
    )


def tag_key(name: str) -> str:
    """What all ways to write a name have in common: blanks, case and the prefix do not count."""
    plain = unicodedata.normalize("NFC", " ".join(name.split()))
    return _PREFIX.sub("", plain, count=1).casefold()


def _read(text: str, start: int) -> Iterator[Marker | Fault]:
    if "{" not in text and "<" not in text:
        return
    taken: list[tuple[int, int]] = [(0, 0)]
    for match in _MARKER.finditer(text):
        inside = match["braces"] if match["braces"] is not None else match["angles"]
        if match["angles"] is not None and not _NUMBER.fullmatch(inside.strip(" /")):
            continue  # quotation marks are written so, too
        taken.append(match.span())
        yield _marker(inside, match[0], start + match.start(), start + match.end())
    for match in _HALF.finditer(text):
        # The last one that begins before its end reaches furthest.
        if taken[bisect_left(taken, match.end(), key=lambda span: span[0]) - 1][1] <= match.start():
            inside = match["right"] or match["left"] or match["none"]
            yield _half(inside, match[0], start + match.start(), start + match.end())


def _half(inside: str, written: str, start: int, end: int) -> Marker | Fault:
    """What lacks braces: the marker that it was meant to be."""
    meant = _marker(inside, written, start, end)
    if isinstance(meant, Fault):
        return meant
    slashes = ("/" if meant.kind == "close" else "", " /" if meant.kind == "empty" else "")
    fault = Fault(
        "chaves_incompletas",
        start,
        end,
        written,
        f"A marca {written} não tem as duas chaves de cada lado.",
        f"Escreva {{{{{slashes[0]}{meant.name}{slashes[1]}}}}}",
    )
    return replace(meant, fault=fault)


def _marker(inside: str, written: str, start: int, end: int) -> Marker | Fault:
    body = " ".join(inside.split())
    closing, empty = body.startswith("/"), body.endswith("/") and len(body) > 1
    name = _PREFIX.sub("", body.removeprefix("/").removesuffix("/").strip(), count=1)
    kind: MarkerKind = "close" if closing else "empty" if empty else "open"
    if not (closing and empty) and (_NUMBER.fullmatch(name) or _NAME.fullmatch(name)):
        return Marker(start, end, written, name, tag_key(name), kind)
    likely = _likely_name(name)
    message = f"{written} não é um nome de marca." if name else f"{written} não tem nome."
    fix = f"Escreva {{{{{'/' if closing else ''}{likely}}}}}" if likely else ""
    fault = Fault("nome_invalido", start, end, written, message, fix)
    return Marker(start, end, written, likely, tag_key(likely), kind, fault) if likely else fault


def _likely_name(name: str) -> str:
    """The name that was meant by one that is none: `23.1.1.` and `7..1` have a dot too many."""
    likely = re.sub(r"\.{2,}", ".", re.sub(r"[\s,;:_]+", ".", name.strip())).strip(".-/ ")
    return likely if likely != name and (_NUMBER.fullmatch(likely) or _NAME.fullmatch(likely)) else ""


def _pair(markers: Sequence[Marker]) -> tuple[list[Pair], list[tuple[FaultKind, Marker]]]:
    """The sound pairs, and each marker that is in none, with what it is."""
    pairs: list[Pair] = []
    unpaired: list[tuple[FaultKind, Marker]] = []
    open_: list[Marker] = []
    open_names: Counter[str] = Counter()
    passed: dict[str, list[Marker]] = {}
    """By name, those that were opened inside of a tag that was closed before them."""
    for marker in markers:
        if marker.kind == "empty":
            pairs.append((marker, marker))
        elif marker.kind == "open":
            open_.append(marker)
            open_names[marker.key] += 1
        elif open_names[marker.key]:
            while open_[-1].key != marker.key:
                inner = open_.pop()
                open_names[inner.key] -= 1
                passed.setdefault(inner.key, []).append(inner)
            pairs.append((open_.pop(), marker))
            open_names[marker.key] -= 1
        elif passed.get(marker.key):
            unpaired += [("cruzada", passed[marker.key].pop()), ("cruzada", marker)]
        else:
            unpaired.append(("sem_abertura", marker))
    closed = {opening.key for opening, _ in pairs}
    left = [*open_, *chain.from_iterable(passed.values())]
    names = Counter(marker.key for marker in left)
    for marker in left:
        twice = marker.key in closed or names[marker.key] > 1
        unpaired.append(("aberta_duas_vezes" if twice else "sem_fechamento", marker))
    return pairs, unpaired


def _tag(opening: Marker, closing: Marker, text: str, markers: Sequence[Marker]) -> Tag:
    if opening is closing:
        return Tag(opening.name, opening.key, opening.start, opening.end, "")
    first = bisect_left(markers, opening.end, key=lambda each: each.start)
    last = bisect_left(markers, closing.start, key=lambda each: each.start)
    parts, at = [], opening.end
    for marker in markers[first:last]:
        parts.append(text[at : marker.start])
        at = marker.end
    parts.append(text[at : closing.start])
    return Tag(opening.name, opening.key, opening.start, closing.end, "".join(parts).strip())


def _explained(unpaired: Sequence[tuple[FaultKind, Marker]], pairs: Sequence[Pair]) -> Iterator[Fault]:
    """Each unpaired marker with a sentence and the likely fix.

    An opening and a closing that lack each other's partner and resemble each other were probably meant as one tag.
    """
    openings = sorted(
        (marker for kind, marker in unpaired if kind in ("sem_fechamento", "aberta_duas_vezes")),
        key=lambda marker: marker.start,
    )
    closings = [marker for kind, marker in unpaired if kind == "sem_abertura"]
    used = {opening.key for opening, _ in pairs}
    partner: dict[Marker, Marker] = {}
    for closing in closings:
        before = bisect_left(openings, closing.start, key=lambda marker: marker.start)
        near = [each for each in openings[max(0, before - _NEAR) : before] if each not in partner]
        best = min(
            near,
            key=lambda each: (_distance(each.key, closing.key), closing.start - each.start),
            default=None,
        )
        if best is not None and _distance(best.key, closing.key) < _UNLIKE:
            partner[best] = closing
    opened_by = {closing: opening for opening, closing in partner.items()}
    for kind, marker in unpaired:
        other = partner.get(marker) or opened_by.get(marker)
        yield Fault(
            kind,
            marker.start,
            marker.end,
            marker.written,
            _SENTENCES[kind].format(written=marker.written, name=marker.name),
            _fix(kind, marker, other, used),
        )


_SENTENCES: dict[FaultKind, str] = {
    "sem_fechamento": "A marca {written} é aberta e não é fechada.",
    "sem_abertura": "A marca {written} fecha o que não foi aberto.",
    "aberta_duas_vezes": "A marca {written} é aberta mais vezes do que é fechada.",
    "cruzada": "A marca {name} cruza outra: uma tem de ser fechada dentro da outra.",
}


def _fix(kind: FaultKind, marker: Marker, other: Marker | None, used: set[str]) -> str:
    if kind == "cruzada":
        return f"Feche {marker.name} antes da marca que a contém" if marker.kind == "open" else ""
    if other is not None:
        opening, closing = (marker, other) if marker.kind == "open" else (other, marker)
        # Of the two the name is wrong that stands elsewhere as a sound tag; else that of the closing one.
        if opening.key in used and closing.key not in used:
            return f"Troque {opening.written} por {{{{{closing.name}}}}}"
        return f"Troque {closing.written} por {{{{/{opening.name}}}}}"
    if marker.kind == "open":
        return f"Feche com {{{{/{marker.name}}}}}, ou apague {marker.written}"
    return f"Abra com {{{{{marker.name}}}}}, ou apague {marker.written}"


_UNLIKE = 3
_NEAR = 100
"""Openings before a closing among which its own is looked for."""


def _distance(one: str, other: str) -> int:
    """0 for names that differ in signs only (710 and 7.10), 1 for a number and the next, 2 for one letter; else 3."""
    if re.sub(r"[\W_]", "", one) == re.sub(r"[\W_]", "", other):
        return 0
    if other in _next_numbers(one) or one in _next_numbers(other):
        return 1
    return 2 if _is_one_edit(one, other) and min(len(one), len(other)) > 2 else _UNLIKE


def _next_numbers(key: str) -> tuple[str, ...]:
    """The numbers that may follow one: 7.2 and 8 follow 7.1."""
    parts = key.split(".")
    if not all(part.isdigit() for part in parts):
        return ()
    return tuple(".".join([*parts[:place], str(int(parts[place]) + 1)]) for place in range(len(parts)))


def _is_one_edit(one: str, other: str) -> bool:
    """Whether one letter was left out, added or changed, or two beside each other were exchanged."""
    short, long = sorted((one, other), key=len)
    if len(long) - len(short) > 1:
        return False
    start = next((n for n, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    if len(short) < len(long):
        return short[start:] == long[start + 1 :]
    exchanged = (
        short[start : start + 2] == long[start : start + 2][::-1] and short[start + 2 :] == long[start + 2 :]
    )
    return exchanged or short[start + 1 :] == long[start + 1 :]
