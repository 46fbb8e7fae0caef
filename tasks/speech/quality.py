"""How good a transcript is, measured against the speech that was heard; and texts that engines invent."""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from tasks.speech.activity import join_close, overlap, subtract, total_length
from tasks.speech.refrains import is_refrain
from tasks.speech.transcript import Quality, Segment, Span

LOST_SECONDS = 2.0
"""A longer stretch of speech without words counts as words lost."""
_WORD_REACH = 0.5
"""Pauses up to this length inside a phrase belong to it: voice activity and word times do not agree
exactly."""
_LOW_LOGPROB = -1.0
"""Mean log probability below which Whisper itself takes a text for failed."""
_DOUBT = 0.5
"""Probability that nobody speaks, from which on the engine's text is in doubt."""
_LOW_PROBABILITY = 0.3
_REPETITIVE = 2.4
"""Compression ratio above which Whisper itself takes a text for a loop."""
_MAX_RATE, _MAX_RATE_UNSPACED = 7.5, 15.0
"""Words (or characters) per second that nobody speaks over a whole segment of some length."""
_UNMARKED_WORDS = 60
"""Words without a sentence mark from which the engine has lost its sentences: more than people say in 20 s."""
_MARKS = re.compile(r"[.?!…;:。？！।؟]")
_SENTENCE_WORDS = 5
"""Nobody says so many without being heard."""
_NO_SPEECH_SECONDS = 0.3
"""Voice activity below this in a whole file is a click or a note, not a word."""

# Credits and sign-offs from the subtitles that the models were trained on. Compared without case and
# punctuation.
_INVENTED = re.compile(
    r"(?:thank(?:s| you)(?: (?:so|very) much)?(?: (?:all|everyone|guys))? for watching.*"
    r"|(?:please )?(?:like and )?subscribe(?: to (?:my|our|the) channel)?.*"
    r"|(?:sub)?titles? by (?:the )?.*|captions? by .*|transcri(?:bed|ption) by .*|translat(?:ed|ion) by .*"
    r"|legendas? (?:por|pela|pelo|de) .*|legendado por .*|tradução e legendas .*"
    r"|(?:muito )?obrigad[oa] por assistir.*|(?:se )?inscreva(?: se)? no canal.*|até o próximo vídeo"
    r"|subt[ií]tulos? (?:realizados? )?por .*|gracias por ver(?: el video)?.*|suscr[ií]bete.*"
    r"|sous titrage.*|sous titres? .*|merci d avoir regardé.*|sottotitoli .*|untertitel .*"
    r"|.*amara org.*|.*opensubtitles.*|ご視聴ありがとうございました|字幕.*|субтитры .*|продолжение следует)"
)
# Ordinary words that are also what an engine says over silence: believed unless next to nothing is heard.
_FILLERS = frozenset(
    {
        "you",
        "thank you",
        "thanks",
        "bye",
        "bye bye",
        "obrigado",
        "obrigada",
        "tchau",
        "gracias",
        "e aí",
        "okay",
        "ok",
        "so",
        "oh",
        "é",
    }
)


def no_speech(speech: Sequence[Span]) -> bool:
    """Whether what was heard in a whole file amounts to no speech at all."""
    return total_length(speech) < _NO_SPEECH_SECONDS


def surely_failed(segment: Segment) -> bool:
    """Whether Whisper itself takes a text for failed."""
    return segment.avg_logprob < _LOW_LOGPROB


def doubtful(segment: Segment) -> bool:
    """Whether the engine itself doubts a text, or that anybody speaks under it."""
    return segment.no_speech_prob > _DOUBT or surely_failed(segment)


def has_words(text: str) -> bool:
    """Whether a text is more than marks."""
    return bool(_bare(text))


def is_known_invention(text: str) -> bool:
    """Whether the text is, as a whole, a credit or sign-off that engines are known to invent."""
    return _INVENTED.fullmatch(_bare(text)) is not None


def is_invented(segment: Segment, speech: Sequence[Span]) -> bool:
    """Whether a segment should be taken out because nobody said it.

    That is a phrase known to be invented, or a filler, over (almost) no speech, and a doubtful text or a whole sentence
    over none. The phrase alone is never enough, since people do thank for watching.
    """
    bare = _bare(segment.text)
    if not bare:
        return True
    heard = overlap(Span(start=segment.start, end=segment.end), speech)
    in_doubt = doubtful(segment)
    if is_known_invention(segment.text):
        # Nobody says four words in the time of one: the text does not fit what was heard.
        return in_doubt or heard < 0.12 * len(bare.split())
    if bare in _FILLERS:
        return heard < 0.1 or (in_doubt and heard < 0.3)
    return heard == 0.0 and (in_doubt or len(bare.split()) >= _SENTENCE_WORDS)


def assess(
    segments: Sequence[Segment],
    speech: Sequence[Span],
    *,
    removed: Sequence[str] = (),
    spaced: bool = True,
    about_language: Iterable[str] = (),
) -> Quality:
    """The quality report of a transcript.

    `speech` is what voice activity heard, in order, in seconds. `spaced` says whether the language separates
    words by spaces; where it does not, rates count characters. `about_language` are warnings about the language.
    """
    if not segments and no_speech(speech):
        warnings = ["No speech was found: the audio is silent, or holds only music or noise."]
        return Quality(
            no_speech=True,
            speech_seconds=total_length(speech),
            removed=tuple(removed),
            warnings=tuple(warnings + _removed_warning(removed)),
        )
    speech_seconds = total_length(speech)
    transcribed = speech_seconds - total_length(subtract(speech, covered(segments)))
    probabilities = [word.probability for segment in segments for word in segment.words]
    count = sum(_count(segment.text, spaced) for segment in segments)
    quality = Quality(
        speech_seconds=speech_seconds,
        transcribed_seconds=transcribed,
        coverage=transcribed / speech_seconds if speech_seconds else 1.0,
        uncovered=tuple(uncovered(segments, speech)),
        words_per_second=count / transcribed if transcribed > 0 else 0.0,
        repeated=tuple(repeated(segments, speech)),
        low_confidence=tuple(_span(s) for s in segments if surely_failed(s)),
        low_confidence_words=(
            sum(p < _LOW_PROBABILITY for p in probabilities) / len(probabilities) if probabilities else 0.0
        ),
        suspicious=tuple(_span(s) for s in segments if is_known_invention(s.text)),
        removed=tuple(removed),
    )
    return quality.model_copy(
        update={"warnings": (*about_language, *_warnings(quality, segments, speech, spaced))}
    )


def uncovered(segments: Sequence[Segment], speech: Sequence[Span]) -> list[Span]:
    """The stretches of speech of more than `LOST_SECONDS` without words."""
    lost = subtract(speech, covered(segments))
    return [span for span in join_close(lost, gap=_WORD_REACH) if overlap(span, lost) > LOST_SECONDS]


def covered(segments: Sequence[Segment]) -> list[Span]:
    """Where there are words, with the pauses and edges that belong to them."""
    spans = [
        Span(start=part.start, end=max(part.start, part.end))
        for segment in segments
        for part in (segment.words or (segment,))
    ]
    return join_close(sorted(spans, key=lambda span: span.start), gap=2 * _WORD_REACH, pad=_WORD_REACH)


def repeated(segments: Sequence[Segment], speech: Sequence[Span] = ()) -> Iterable[Span]:
    """Segments that repeat themselves, and runs of three or more equal segments.

    Those that were really said so, by the `speech` that voice activity heard, are none.
    """
    run: list[Segment] = []
    for segment in [*segments, None]:
        if segment is not None and run and _bare(segment.text) == _bare(run[-1].text):
            run.append(segment)
            continue
        if (len(run) >= 3 or any(looping(member) for member in run)) and not is_refrain(run, speech):
            yield Span(start=run[0].start, end=run[-1].end)
        run = [segment] if segment is not None else []


def looping(segment: Segment) -> bool:
    """Whether the text of one segment looks like an engine in a loop: the same few words again and again."""
    words = _bare(segment.text).split()
    if len(words) < 2:  # unspaced languages, or a single drawn-out word
        letters = _bare(segment.text)
        return len(letters) >= 12 and len(set(letters)) <= len(letters) // 6
    for size in (1, 2, 3, 4, 5):
        repeats = _longest_run(words, size)
        if repeats >= (6 if size == 1 else 4) or (repeats >= 3 and size >= 4):
            return True
    # The engine's ratio covers the 30 s around the segment; it convicts only a segment that is itself
    # repetitive.
    return segment.compression_ratio > _REPETITIVE and len(words) >= 8 and len(set(words)) < len(words) / 2


def _longest_run(words: Sequence[str], size: int) -> int:
    """How many times in a row some group of `size` words occurs."""
    best = 1
    for offset in range(min(size, len(words))):
        groups = [tuple(words[i : i + size]) for i in range(offset, len(words) - size + 1, size)]
        run = 1
        for before, after in pairwise(groups):
            run = run + 1 if before == after else 1
            best = max(best, run)
    return best


def unmarked(segments: Sequence[Segment]) -> Iterable[Span]:
    """Runs of segments with many words and no sentence mark, as an engine writes that has lost its sentences."""
    run: list[Segment] = []
    for segment in [*segments, None]:
        if segment is not None and not _MARKS.search(segment.text):
            run.append(segment)
            continue
        if sum(_count(member.text, spaced=True) for member in run) >= _UNMARKED_WORDS:
            yield Span(start=run[0].start, end=run[-1].end)
        run = []


def too_fast(segments: Sequence[Segment], speech: Sequence[Span], spaced: bool) -> Iterable[Span]:
    """Segments with more words than can be said in the speech under them."""
    limit = _MAX_RATE if spaced else _MAX_RATE_UNSPACED
    for segment in segments:
        count = _count(segment.text, spaced)
        heard = min(max(overlap(_span(segment), speech), 0.2), max(segment.duration, 0.2))
        if count >= 5 and count / heard > limit:
            yield _span(segment)


def _warnings(
    quality: Quality, segments: Sequence[Segment], speech: Sequence[Span], spaced: bool
) -> Iterable[str]:
    if not segments:
        first = clock(speech[0].start)
        yield f"Speech was heard (about {quality.speech_seconds:.1f} s, from {first}), but nothing was written."
    elif quality.uncovered:
        seconds = total_length(quality.uncovered)
        first = clock(quality.uncovered[0].start)
        yield f"About {seconds:.0f} s of speech have no words, the first at {first}: some may be missing."
    elif quality.coverage < 0.85 and quality.speech_seconds > 5:
        yield f"Only {quality.coverage:.0%} of the speech heard has words: some may be missing."
    if quality.repeated:
        yield f"The text repeats itself at {_places(quality.repeated)}: the engine may be in a loop there."
    if quality.low_confidence:
        count = len(quality.low_confidence)
        yield f"The engine is unsure of {count} segment(s), at {_places(quality.low_confidence)}."
    if quality.low_confidence_words > 0.2:
        share = f"{quality.low_confidence_words:.0%}"
        yield f"{share} of the words are uncertain: the audio may be hard to understand."
    if quality.suspicious:
        yield (
            f"A phrase that engines tend to invent stands at {_places(quality.suspicious)}: "
            "check that it was said."
        )
    if crammed := list(too_fast(segments, speech, spaced)):
        yield f"More words than can be said in the time stand at {_places(crammed)}."
    yield from _removed_warning(quality.removed)


def _removed_warning(removed: Sequence[str]) -> list[str]:
    if not removed:
        return []
    quoted = ", ".join(f'"{text}"' for text in removed[:3])
    more = f" and {len(removed) - 3} more" if len(removed) > 3 else ""
    return [f"Text was taken out because no speech lies under it: {quoted}{more}."]


def _places(spans: Sequence[Span]) -> str:
    shown = ", ".join(clock(span.start) for span in spans[:3])
    return shown + (f" and {len(spans) - 3} more places" if len(spans) > 3 else "")


def clock(seconds: float) -> str:
    """A time for people: "0:07", "12:03", "1:02:03"."""
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def _count(text: str, spaced: bool) -> int:
    return len(text.split()) if spaced else len(_bare(text).replace(" ", ""))


def _bare(text: str) -> str:
    return " ".join(re.sub(r"[^\w]+|_", " ", text.casefold()).split())


def _span(segment: Segment) -> Span:
    return Span(start=segment.start, end=segment.end)
