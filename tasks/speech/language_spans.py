"""Which language is spoken when, in a recording whose speakers change it.

Some phrases are looked at, and all of them where those do not agree; then the most probable course of languages over
all that was seen is taken, in which a change has to be worth its price: one look alone may be wrong.
"""

from collections.abc import Mapping, Sequence
from math import ceil, log

from tasks.speech.activity import join_close
from tasks.speech.identification import LOOK_SECONDS, Look
from tasks.speech.transcript import Span

_PHRASE_PAUSE = 0.4
"""Seconds of silence between phrases. Who changes the language takes a breath."""
EVERY_SECONDS = 10.0
"""Of speech, one phrase at least is looked at: what costs about a twentieth of the recognition."""
_CHANGE = 3.0
"""Price of a change as the logarithm of a probability ratio; there and back, one phrase has to be 400 times as
probable in its own language as in that of its neighbours."""
_FLOOR = 1e-5
_LIKELY = 0.5
"""Probability under which a look names no language."""
_SURE = 0.9
"""Probability under which a look counts half."""


class LanguageSpan(Span):
    """A stretch of time in which one language is spoken."""

    language: str
    probability: float
    """How sure the model is of the language here, 0 to 1."""


Seen = dict[int, Mapping[str, float]]
"""Number of a phrase -> what a look at it says."""


def language_spans(
    speech: Sequence[Span], look: Look, before: str | None = None, *, every: float = EVERY_SECONDS
) -> list[LanguageSpan]:
    """The languages spoken, in order; the spans hold all the speech and meet in the silences between phrases.

    `speech` is in order, in seconds; `before` is the language in which the recording was going on, if it had begun.
    Of `every` so many seconds of speech one phrase at least is looked at. Nothing without speech.
    """
    phrases = _phrases(speech)
    if not phrases:
        return []
    seen = _looked(phrases, look, every)
    course = _course([seen[number] for number in sorted(seen)], before)
    of_phrase = _of_all(dict(zip(sorted(seen), course, strict=True)), len(phrases))
    spans: list[LanguageSpan] = []
    first = 0
    for number in range(1, len(phrases) + 1):
        if number < len(phrases) and of_phrase[number] == of_phrase[first]:
            continue
        start = phrases[0].start if first == 0 else (phrases[first - 1].end + phrases[first].start) / 2
        end = (
            phrases[-1].end
            if number == len(phrases)
            else (phrases[number - 1].end + phrases[number].start) / 2
        )
        language = of_phrase[first]
        sure = [look_.get(language, 0.0) for at, look_ in seen.items() if first <= at < number]
        spans.append(LanguageSpan(start=start, end=end, language=language, probability=sum(sure) / len(sure)))
        first = number
    return spans


def _phrases(speech: Sequence[Span]) -> list[Span]:
    """Stretches between pauses, none longer than a look."""
    found: list[Span] = []
    for phrase in join_close(speech, gap=_PHRASE_PAUSE):
        parts = max(1, ceil(phrase.length / LOOK_SECONDS))
        for part in range(parts):
            step = phrase.length / parts
            found.append(Span(start=phrase.start + part * step, end=phrase.start + (part + 1) * step))
    return found


def _looked(phrases: Sequence[Span], look: Look, every: float) -> Seen:
    """Looks at some phrases, and at all of them if those do not agree."""
    seen = {number: look(phrases[number]) for number in _chosen(phrases, every)}
    if len({_likeliest(found) for found in seen.values()}) > 1 or any(
        max(found.values()) < _LIKELY for found in seen.values()
    ):
        seen |= {number: look(phrases[number]) for number in range(len(phrases)) if number not in seen}
    return seen


def _chosen(phrases: Sequence[Span], every: float) -> list[int]:
    """The first phrase, the last, and of `every` so many seconds of speech the longest, which tells most."""
    chosen = {0, len(phrases) - 1}
    group: list[int] = []
    seconds = 0.0
    for number, phrase in enumerate(phrases):
        group.append(number)
        seconds += phrase.length
        if seconds >= every or number == len(phrases) - 1:
            chosen.add(max(group, key=lambda index: phrases[index].length))
            group, seconds = [], 0.0
    return sorted(chosen)


def _course(looks: Sequence[Mapping[str, float]], before: str | None) -> list[str]:
    """The most probable language of every look (Viterbi), going on from the language `before`.

    Without one, it is the language that fits all the looks best. Another one at the beginning or at the end pays as one
    in the middle does, which comes and goes.
    """
    languages = sorted({_likeliest(look) for look in looks} | ({before} if before else set()))
    fits = [{language: _fit(look, language) for language in languages} for look in looks]
    home = before or max(languages, key=lambda language: sum(fit[language] for fit in fits))
    abroad = {language: 0.0 if language == home else -_CHANGE for language in languages}
    scores = {language: abroad[language] + fits[0][language] for language in languages}
    came_from: list[dict[str, str]] = []
    for fit in fits[1:]:
        best = max(languages, key=lambda language: scores[language])
        origin = {
            language: best if scores[best] - _CHANGE > scores[language] else language
            for language in languages
        }
        scores = {
            language: scores[origin[language]] - _CHANGE * (origin[language] != language) + fit[language]
            for language in languages
        }
        came_from.append(origin)
    course = [max(languages, key=lambda language: scores[language] + abroad[language])]
    for origin in reversed(came_from):
        course.append(origin[course[-1]])
    return course[::-1]


def _fit(look: Mapping[str, float], language: str) -> float:
    weight = 1.0 if max(look.values()) >= _SURE else 0.5
    return weight * log(max(look.get(language, 0.0), _FLOOR))


def _of_all(seen: Mapping[int, str], count: int) -> list[str]:
    """The language of every phrase: its own, or that of the seen one before it, else of the first seen."""
    found: list[str] = []
    current = seen[min(seen)]
    for number in range(count):
        current = seen.get(number, current)
        found.append(current)
    return found


def _likeliest(look: Mapping[str, float]) -> str:
    return max(look, key=lambda code: look[code])
