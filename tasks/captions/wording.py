"""Texts shown as others: a caller's replacements, in running text and in words that have times."""

import re
import sys
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import cache, cached_property
from itertools import accumulate, groupby
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from tasks.captions.reading import SpokenWord


class Replacement(BaseModel):
    """A text to be shown as another; of whole words, unless parts of words are asked for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    find: Annotated[str, Field(min_length=1, max_length=500)]
    replace: Annotated[str, Field(max_length=500)] = ""
    part_of_words: bool = False

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What is looked for; a space stands for any white space, also for a new line."""
        # An accent may be stored in its letter or after it.
        stored = (unicodedata.normalize("NFC", self.find), unicodedata.normalize("NFD", self.find))
        forms = dict.fromkeys((self.find, *stored))
        wanted = "|".join(r"\s+".join(map(re.escape, form.split())) or re.escape(form) for form in forms)
        if self.part_of_words:
            return re.compile(wanted)
        letter = _letter()
        # At a comma or a hyphen at its end no word begins or ends: nothing is to be asked there.
        before = rf"(?<!{letter})" if re.match(letter, self.find) else ""
        after = rf"(?!{letter})" if re.search(rf"{letter}\Z", self.find) else ""
        return re.compile(f"{before}(?:{wanted}){after}")


@cache
def _letter() -> str:
    """A pattern for what words consist of: also vowel signs, accents and joiners, which Python does not count."""
    marks = [code for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code))[0] == "M"]
    ranges = ""
    for _, run in groupby(enumerate(marks), key=lambda numbered: numbered[1] - numbered[0]):
        codes = [code for _, code in run]
        ranges += f"{chr(codes[0])}-{chr(codes[-1])}"
    return rf"[\w\u200c\u200d{ranges}]"


def replaced(text: str, replacements: Sequence[Replacement]) -> str:
    """The text with every replacement made, one after the other."""
    for replacement in replacements:
        text = replacement.pattern.sub(lambda _, by=replacement.replace: by, text)  # type: ignore[misc]
    return text


def replaced_words(words: Sequence[SpokenWord], replacements: Sequence[Replacement]) -> list[SpokenWord]:
    """The words with every replacement made, also of several words that follow each other.

    As many words instead keep the times one by one; else what is shown instead has the time of all that it stands for.
    """
    for replacement in replacements:
        words = list(_replaced(words, replacement))
    return list(words)


def _replaced(words: Sequence[SpokenWord], replacement: Replacement) -> Iterator[SpokenWord]:
    ends = list(accumulate(len(word.word) + 1 for word in words))
    text = " ".join(word.word for word in words)
    number = 0
    for match in replacement.pattern.finditer(text):
        first = bisect_right(ends, match.start())
        last = bisect_left(ends, match.end())
        if first < number:
            continue  # a second one in a word is replaced together with the first
        yield from words[number:first]
        found = words[first : last + 1]
        whole = replaced(" ".join(word.word for word in found), [replacement])
        parts = whole.split()
        if len(parts) == len(found):
            yield from (
                word.model_copy(update={"word": part}) for word, part in zip(found, parts, strict=True)
            )
        else:
            yield SpokenWord(word=whole, start=found[0].start, end=found[-1].end)
        number = last + 1
    yield from words[number:]
