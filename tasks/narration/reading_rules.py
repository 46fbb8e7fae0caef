"""How a written text is read aloud, for all languages: rules are tried word by word, from left to right.

A rule is a pattern that may reach over several words ("R$ 1.299,90", "10 de março") and what is said for it. Where none
fits, the word is said as it is, and what in it cannot be said by its letters (digits, signs) is read by the language's
fallback. So whatever a text holds, no digit is left in what is spoken.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stretch stands: its text and what is around it, which decides gender and the like."""

    text: str
    start: int
    end: int

    @property
    def before(self) -> str:
        """The text before it."""
        return self.text[: self.start]

    @property
    def after(self) -> str:
        """The text after it."""
        return self.text[self.end :]


Say = Callable[[re.Match[str], Place], str | None]
"""What is said for a match; None where the rule does not fit after all."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A stretch of text that is not said as its letters say."""

    pattern: re.Pattern[str]
    say: Say


def placed(pattern: str, say: Say, flags: int = 0) -> Rule:
    """A rule that looks at what is around its match."""
    return Rule(re.compile(pattern, flags), say)


def rule(pattern: str, say: Callable[[re.Match[str]], str | None], flags: int = 0) -> Rule:
    """A rule that looks at its match alone."""

    def alone(match: re.Match[str], place: Place) -> str | None:
        del place
        return say(match)

    return Rule(re.compile(pattern, flags), alone)


class Reading(Protocol):
    """What a language says."""

    @property
    def joints(self) -> Mapping[str, str]:
        """What is said for a sign that joins two stretches without a space: "9h-18h", "TV+soundbar"."""

    @property
    def rules(self) -> Sequence[Rule]:
        """In the order in which they are tried; patterns match at the beginning of a word."""

    def word(self, word: str, place: Place) -> str:
        """What is said for a word that no rule has: itself, unless it has digits or signs. Without digits."""


OPENING = "\"'“”‘’«»‹›([{¿¡*_"
"""Before a word, not part of it."""
CLOSING = "\"'”’»›)]}*_.,;:!?…"
"""After a word, not part of it."""
_DASHES = "-–—"
_MOST_JOINED = 8
"""Stretches without a space between them that are read by rules; more are no text for people."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of the written text, by its first and last character, and what is said for it."""

    start: int
    end: int
    spoken: str


def stretches(text: str, reading: Reading) -> list[Stretch]:
    """The text in stretches, in order: words with the marks that cling to them; white space belongs to none.

    Marks that stand alone join the word before them (at the beginning, the one after); what is said for a stretch is
    never empty, and holds no digit.
    """
    found: list[Stretch] = []
    position, pending = 0, None
    while (begin := _skip(text, position, str.isspace)) < len(text):
        first = _skip(text, begin, OPENING.__contains__)
        stop, spoken = _read(text, begin, first, reading)
        start = begin if pending is None else pending
        if any(letter.isalnum() for letter in spoken):
            found.append(Stretch(start, stop, spoken))
            pending = None
        elif found:
            last = found.pop()
            joined = _RANGE.search(text[:stop]) if text[begin:stop] in _DASHES else None
            said = (
                f"{last.spoken} {reading.joints[text[begin:stop]]}"
                if joined and _are_alike(joined, _NEXT.match(text, stop))
                else _with_marks(last.spoken, text[begin:stop])
            )
            found.append(Stretch(last.start, stop, said))
        else:
            pending = start
        position = stop
    return found


def _read(text: str, begin: int, first: int, reading: Reading, joined: int = 0) -> tuple[int, str]:
    """Where the stretch that begins here ends, and what is said for it with its marks."""
    for at in dict.fromkeys((begin, first)):
        for rule in reading.rules:
            match = rule.pattern.match(text, at)
            if match is None or match.end() == at:
                continue
            stop = _word_end(text, match.end())
            tail = text[match.end() : stop]
            marks_only = not tail.strip(CLOSING + _DASHES)
            if not marks_only and (tail[0] not in reading.joints or joined >= _MOST_JOINED):
                continue
            spoken = rule.say(match, Place(text, match.start(), match.end()))
            if spoken is None or any_digit(spoken):
                continue
            if marks_only:
                return stop, text[begin:at] + spoken + _marks(tail, match[0])
            joint = reading.joints[tail[0]]
            if tail[0] in _DASHES and not any_digit(tail):
                joint = ""
            stop, rest = _read(text, match.end() + 1, match.end() + 1, reading, joined + 1)
            apart = " " if rest[:1].isalnum() else ""
            return stop, f"{text[begin:at]}{spoken} {joint}{apart}{rest}"
    stop = _word_end(text, first)
    core_end = stop
    while core_end > first and text[core_end - 1] in CLOSING:
        core_end -= 1
    word = text[first:core_end]
    spoken = reading.word(word, Place(text, first, core_end)) if word else ""
    return stop, text[begin:first] + spoken + text[core_end:stop]


_NAME = re.compile(r"\S\s+[^\W\d_a-zß-ÿ]\S*\s+$|(?:^|\s)[^\W\d_]*[a-z][A-Z]\w*\s+$")


def follows_name(before: str) -> bool:
    """Whether a number stands behind a name, and is part of it: "iPhone 15"."""
    return _NAME.search(before) is not None


_RANGE = re.compile(r"(?P<word>\S*\s)?(?P<first>\S+)\s\S$")
_NEXT = re.compile(r"\s(?P<last>\S+)(?P<after>\s[^\W\d_]\S*)?")
_LONGEST_BARE = 3


def _are_alike(first: re.Match[str], last: re.Match[str] | None) -> bool:
    """Whether what stands before and behind a dash with blanks are the ends of a range: "9h - 18h", "5 - 7 dias"."""
    if last is None:
        return False
    one, other = first["first"], last["last"].rstrip(CLOSING)
    if one.isdecimal() and other.isdecimal():
        counts = last["after"] is not None and last["after"].strip()[:1].islower()
        named = follows_name(first.string[: first.start("first")])
        short = max(len(one), len(other)) <= _LONGEST_BARE
        return counts and not named and short and int(one) < int(other)
    shapes = [_shape(one), _shape(other)]
    return shapes[0] == shapes[1] and "9" in shapes[0] and not one.isdecimal()


def _shape(word: str) -> str:
    """What kind of thing it is: times with minutes or without, amounts of one unit."""
    found = re.sub(r"\d+", "9", word.casefold()).replace("p.m", "a.m").replace("pm", "am")
    return re.sub(r"^9(?:h9?|:9)(?:min)?", "9h", found)


def _marks(tail: str, matched: str) -> str:
    """The marks behind what a rule has matched; a full stop that it took as part of an abbreviation is gone."""
    return (
        tail.strip(_DASHES)
        if tail
        else ("" if not matched.endswith((",", ";", ":", "!", "?")) else matched[-1])
    )


def _with_marks(spoken: str, marks: str) -> str:
    """A mark that stands alone is a pause."""
    if spoken[-1:].isalnum() and any(mark in marks for mark in _DASHES + "|·:;,"):
        return f"{spoken},"
    return spoken


def _word_end(text: str, at: int) -> int:
    return _skip(text, at, lambda letter: not letter.isspace())


def _skip(text: str, at: int, wanted: Callable[[str], bool]) -> int:
    while at < len(text) and wanted(text[at]):
        at += 1
    return at


def plain_digits(text: str) -> str:
    """The text with every kind of digit as 0 to 9, and fractions of one character with a stroke ("½" is "1/2")."""
    text = unicodedata.normalize("NFKC", text).replace("\u2044", "/").replace("\u2212", "-")
    return "".join(
        str(unicodedata.digit(letter)) if letter.isdigit() and not letter.isascii() else letter
        for letter in text
    )


ADDRESS = (
    r"(?:https?://|www\.)\S*[\w/]|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    r"|[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,7}(?:/[\w./?=&%+~#-]*[\w/])?(?![\w@])"
)
"""What looks like the address of a page or of a mailbox; the last kind must still end in the name of a domain."""
_ROMAN = re.compile(r"(?=[IVXLC])(?:C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
PICTURE_WIDTHS = frozenset({2, 4, 5, 6, 8, 12, 16})
"""Of films and screens, in thousands of columns: "4K" is no four thousand."""
_ROMAN_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}
SURE_ROMAN = re.compile(r"I{2,3}|IV|VI{1,3}|IX|XI{1,3}|XI?V|XVI{0,3}|XI?X|XXI{0,3}|XXI?V|XXVI{0,3}|XXI?X")
"""Roman numerals that are no words, sizes (XL) or initials."""


def roman(word: str) -> int | None:
    """The value of a Roman numeral up to 399; None if it is none."""
    if not _ROMAN.fullmatch(word):
        return None
    values = [_ROMAN_VALUES[letter] for letter in word]
    return sum(-one if one < after else one for one, after in zip(values, [*values[1:], 0], strict=True))


def any_digit(text: str) -> bool:
    """Whether any kind of digit is in the text."""
    return any(letter.isdigit() for letter in text)
