"""Reads callers' subtitles and word lists, whatever their encoding and their flaws."""

import contextlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Annotated

import pysubs2
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tasks.captions.encodings import decode
from tasks.captions.foreign import not_subtitles
from tasks.captions.line21 import is_scc, script_of_scc
from tasks.captions.paired_times import count_paired, paired_blocks
from tasks.captions.placement import (
    ASS_RESOLUTION,
    Placement,
    placement_of_codes,
    placement_of_settings,
    reads_from_right,
    regions_of,
    within_margins,
)
from tasks.captions.rolling import timed_words, without_rolling
from tasks.captions.single_times import count_single, ends_of, single_blocks
from tasks.captions.styling import Styling, without_private
from tasks.captions.substation import Kind, in_standard_order, kind_of, shown_text, styles_of
from tasks.captions.tagged_text import CODES, marked_text
from tasks.captions.timed_text import USUAL_RATE, Block, blocks, count_blocks, is_webvtt
from tasks.captions.ttml import is_ttml, timed_texts
from tasks.errors import InvalidInputError

MAX_BYTES = 20 * 1024 * 1024
MAX_CUES = 20_000
MAX_WORDS = 200_000
_MAX_SECONDS = 36_000 * 10
_OF_LIBRARY = ("microdvd", "mpl2", "sami")
_SAMI = re.compile(r"\s*<SAMI", re.IGNORECASE)
_SLASH = re.compile(r"^(\{\d+\}\{\d*\})/", re.MULTILINE)
"""How MicroDVD also writes that a text is italic."""
_PARAGRAPH = re.compile(r"<P\b[^<>]*>", re.IGNORECASE)
_WORD_LIST = 'It must look like {"words": [{"word": "Olá", "start": 0.0, "end": 0.4}]}, times in seconds.'
_FOR_OTHERS = " Subtitles, which do not say when each word is spoken, are for caption and caption-segments."
_LINE_END = re.compile(r"(?<!\r)\r+\n")
"""Also as programs leave it that take the line ends of Windows for those of Unix, once or several times."""


@dataclass(frozen=True, slots=True)
class Subtitle:
    r"""A text, when it is shown (seconds), its lines separated by "\n"."""

    start: float
    end: float
    text: str
    place: Placement | None = None
    """Where the file wants it, if it says so."""


@dataclass(frozen=True, slots=True)
class SubtitleFile:
    """The subtitles of a file, and how its text was read."""

    cues: tuple[Subtitle, ...]
    encoding: str
    sure: bool
    """Whether the encoding is known, or no other one gives a text that is as likely."""


class SpokenWord(BaseModel):
    """A word and when it is spoken, in seconds."""

    model_config = ConfigDict(frozen=True)

    word: Annotated[str, Field(max_length=500)]
    start: Annotated[float, Field(ge=0, le=_MAX_SECONDS, allow_inf_nan=False)]
    end: Annotated[float, Field(ge=0, le=_MAX_SECONDS, allow_inf_nan=False)]


class _WordList(BaseModel):
    words: Annotated[list[SpokenWord], Field(max_length=MAX_WORDS)]


class _Transcript(BaseModel):
    """A transcript with word times, as the job `transcribe` writes it."""

    segments: Annotated[list[_WordList], Field(max_length=MAX_WORDS)]


def read_subtitles(data: bytes, encoding: str | None = None, rate: float | None = None) -> SubtitleFile:
    """The subtitles of a file in the order in which they begin; its form is recognised by its content.

    SRT, WebVTT, ASS, SSA, TTML, and what their modules name of rarer forms. Codes that would move or draw are taken
    out; what looks like code and is not is text. Subtitles without text or without a time to be shown in are left out.
    An empty file has no subtitles. `encoding` as for `decode`; `rate`: frames a second of the film, for files that
    count in frames.

    Raises InvalidInputError for anything else than subtitles, and for more than `MAX_CUES`.
    """
    decoded = decode(data, encoding)
    text = _clean(decoded.text)
    if not text.strip() or text.strip() == "WEBVTT":
        return SubtitleFile((), decoded.encoding, decoded.sure)
    # Counted before they are read: millions would take minutes.
    timed = count_blocks(text)
    _check_count(max(timed, text.count("\nDialogue:")))
    found = _found(text, timed, rate or USUAL_RATE)
    if found is None:
        raise not_subtitles(data)
    _check_count(len(found))
    shown = [
        replace(cue, end=min(cue.end, _MAX_SECONDS))
        for cue in found
        if cue.text and cue.end > cue.start and cue.start < _MAX_SECONDS
    ]
    in_order = sorted(shown, key=lambda cue: (cue.start, cue.end))
    return SubtitleFile(tuple(in_order), decoded.encoding, decoded.sure)


def _found(text: str, timed: int, rate: float) -> list[Subtitle] | None:
    """The subtitles as they stand in the file; None if it is of no form that is known."""
    if is_ttml(text):
        return [Subtitle(each.start, each.end, each.text, each.place) for each in timed_texts(text)]
    kind = kind_of(text)
    if timed and kind is None:
        return list(_of_blocks(text, blocks(text, rate)))
    if kind is None:
        paired = count_paired(text)
        _check_count(paired)
        if paired:
            return list(_of_blocks(text, paired_blocks(text, rate)))
        if is_scc(text):
            text, kind = script_of_scc(text), "ass"
        else:
            _check_count(count_single(text))
            single = single_blocks(text)
            if single is not None:
                return list(_of_blocks(text, single))
    found = _of_script(text, kind, rate)
    return found or (None if kind is None or "\nDialogue:" in text else [])


def _of_blocks(text: str, found: Iterable[Block]) -> Iterator[Subtitle]:
    """The subtitles of SRT and WebVTT, and of what is like them."""
    regions = regions_of(text.split("\n")) if is_webvtt(text) else {}
    for block in without_rolling(list(found)):
        written = "\n".join(block.lines)
        shown = marked_text(written)
        place = placement_of_settings(block.settings, regions, from_right=reads_from_right(shown))
        place = place or placement_of_codes("".join(CODES.findall(written)))
        yield Subtitle(block.start, block.end, shown, place)


def _of_script(text: str, kind: Kind | None, rate: float) -> list[Subtitle] | None:
    """The subtitles of ASS and SSA, and of rarer forms, which the library turns into ASS; None if it cannot."""
    try:
        file = _script(text, kind, rate)
    except (pysubs2.Pysubs2Error, ValueError, KeyError, IndexError, OverflowError):
        return None
    # The others are read here, and not by the library: what it takes for them is none.
    return list(_of_events(file, kind)) if kind or file.format in _OF_LIBRARY else None


def _script(text: str, kind: Kind | None, rate: float) -> pysubs2.SSAFile:
    if kind:
        return pysubs2.SSAFile.from_string(in_standard_order(text, kind), kind)
    if _SAMI.match(text):
        # Its languages stand beside each other in paragraphs.
        file = pysubs2.SSAFile.from_string(_PARAGRAPH.sub("<br>", text), "sami")
        file.events.sort(key=lambda event: event.start)
        # The library guesses how long it takes to read each.
        for event, end in zip(file, ends_of([event.start / 1000 for event in file]), strict=True):
            event.end = round(end * 1000)
        return file
    text = _SLASH.sub(r"\1{y:i}", text)
    try:
        return pysubs2.SSAFile.from_string(text)
    except pysubs2.UnknownFPSError:
        return pysubs2.SSAFile.from_string(text, fps=rate)


def _of_events(file: pysubs2.SSAFile, kind: Kind | None) -> Iterator[Subtitle]:
    _check_count(len(file))
    resolution = _resolution(file)
    named = {name: styles_of(style) for name, style in file.styles.items()}
    for event in file:
        if event.is_comment:
            continue
        name = event.style.lstrip("*")  # as old programs mark what is no style of the file
        style = file.styles.get(name, file.styles.get("Default"))
        own = styles_of(style) if style and kind else frozenset[str]()
        shown, codes = shown_text(event.text, Styling(own, named), comments=kind is not None)
        alignment = int(style.alignment) if style and kind else 2
        place = placement_of_codes(codes, resolution, alignment if 1 <= alignment <= 9 else 2)
        if kind:
            place = within_margins(place, (event.marginl, event.marginr, event.marginv), resolution)
        yield Subtitle(max(0.0, event.start / 1000), event.end / 1000, shown, place)


def _resolution(file: pysubs2.SSAFile) -> tuple[float, float]:
    """In which pixels a script counts. As libass takes them: what is missing follows from a picture of 4:3."""
    width, height = (
        int(value) if (value := file.info.get(name, "").strip()[:6]).isdecimal() else 0
        for name in ("PlayResX", "PlayResY")
    )
    if width and height:
        return width, height
    return (width, width * 3 / 4) if width else (height * 4 / 3, height) if height else ASS_RESOLUTION


def read_words(data: bytes) -> list[SpokenWord]:
    """The words of a word list, or of a transcript's JSON, in the order in which they are spoken.

    A word list is `{"words": [{"word", "start", "end"}]}`, times in seconds; WebVTT with times between the words, such
    as YouTube's automatic captions, is one, too. Words without letters are left out, times that overlap the next word's
    are cut.

    Raises InvalidInputError, which names the place, for anything else.
    """
    text = _clean(decode(data).text)
    if is_webvtt(text):
        return _in_order(list(_of_webvtt(text)))
    try:
        listed = _WordList.model_validate_json(text).words
    except ValidationError as error:
        with contextlib.suppress(ValidationError):
            segments = _Transcript.model_validate_json(text).segments
            return _in_order([word for segment in segments for word in segment.words])
        if not text.lstrip().startswith(("{", "[")):
            raise InvalidInputError(
                "The word list cannot be used: the file is not JSON.", hint=_WORD_LIST + _FOR_OTHERS
            ) from error
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise InvalidInputError(
            f"The word list cannot be used: {place}: {first['msg']}.",
            hint=_WORD_LIST,
        ) from error
    return _in_order(listed)


def _of_webvtt(text: str) -> Iterator[SpokenWord]:
    _check_count(count_blocks(text))
    for block in without_rolling(list(blocks(text))):
        words = list(timed_words(block))
        ends = [*(word.start for word in words[1:]), block.end]
        for word, end in zip(words, ends, strict=False):
            if word.start < _MAX_SECONDS:
                yield SpokenWord(
                    word=word.word[:500], start=word.start, end=min(max(word.start, end), _MAX_SECONDS)
                )


def _in_order(listed: list[SpokenWord]) -> list[SpokenWord]:
    words = sorted(
        (word for word in listed if word.word.strip() and word.end >= word.start), key=lambda word: word.start
    )
    # One more than there are words, if there are none.
    following = [*(word.start for word in words[1:]), float("inf")]
    return [
        SpokenWord(
            word=" ".join(word.word.split()), start=word.start, end=max(word.start, min(word.end, until))
        )
        for word, until in zip(words, following, strict=False)
    ]


def _clean(text: str) -> str:
    """A text with line ends that are all alike; byte order marks stand in it where files were joined."""
    return without_private(_LINE_END.sub("\n", text).replace("\r", "\n").replace("\ufeff", ""))


def _check_count(count: int) -> None:
    if count > MAX_CUES:
        raise InvalidInputError(f"The file has {count:,} subtitles; {MAX_CUES:,} is the most.")
