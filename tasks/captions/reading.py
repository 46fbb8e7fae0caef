"""Reads callers' subtitles and word lists, whatever their encoding and their flaws."""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated

import pysubs2
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tasks.captions.encodings import decode
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
from tasks.captions.styling import Styling, without_private
from tasks.captions.substation import Kind, in_standard_order, kind_of, shown_text, styles_of
from tasks.captions.tagged_text import CODES, marked_text
from tasks.captions.timed_text import blocks, count_blocks, is_webvtt
from tasks.errors import InvalidInputError

MAX_BYTES = 20 * 1024 * 1024
MAX_CUES = 20_000
MAX_WORDS = 200_000
_MAX_SECONDS = 36_000 * 10
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


def read_subtitles(data: bytes, encoding: str | None = None) -> SubtitleFile:
    """The subtitles of an SRT, WebVTT or ASS file in the order in which they begin; recognised by their content.

    Codes that would move or draw are taken out; what looks like code and is not is text. Subtitles without text
    or without a time to be shown in are left out. An empty file has no subtitles. `encoding` as for `decode`.

    Raises InvalidInputError for anything else than subtitles, and for more than `MAX_CUES`.
    """
    decoded = decode(data, encoding)
    text = _clean(decoded.text)
    if not text.strip() or text.strip() == "WEBVTT":
        return SubtitleFile((), decoded.encoding, decoded.sure)
    # Counted before they are read: millions would take minutes.
    timed = count_blocks(text)
    _check_count(max(timed, text.count("\nDialogue:")))
    kind = kind_of(text)
    found = list(_of_blocks(text) if timed and kind is None else _of_script(text, kind))
    if not found and not timed and (kind is None or "\nDialogue:" in text):
        raise _not_subtitles(text)
    _check_count(len(found))
    shown = [
        replace(cue, end=min(cue.end, _MAX_SECONDS))
        for cue in found
        if cue.text and cue.end > cue.start and cue.start < _MAX_SECONDS
    ]
    in_order = sorted(shown, key=lambda cue: (cue.start, cue.end))
    return SubtitleFile(tuple(in_order), decoded.encoding, decoded.sure)


def _of_blocks(text: str) -> Iterator[Subtitle]:
    """The subtitles of SRT and WebVTT."""
    regions = regions_of(text.split("\n")) if is_webvtt(text) else {}
    for block in without_rolling(list(blocks(text))):
        written = "\n".join(block.lines)
        shown = marked_text(written)
        place = placement_of_settings(block.settings, regions, from_right=reads_from_right(shown))
        place = place or placement_of_codes("".join(CODES.findall(written)))
        yield Subtitle(block.start, block.end, shown, place)


def _of_script(text: str, kind: Kind | None) -> Iterator[Subtitle]:
    """The subtitles of ASS and SSA, and of rarer forms, which the library turns into ASS."""
    try:
        file = pysubs2.SSAFile.from_string(in_standard_order(text, kind) if kind else text, kind)
    except (pysubs2.Pysubs2Error, ValueError, KeyError, IndexError, OverflowError) as error:
        raise _not_subtitles(text) from error
    if file.format in ("srt", "vtt"):
        raise _not_subtitles(text)  # whose times are none
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
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise InvalidInputError(
            f"The word list cannot be used: {place}: {first['msg']}.",
            hint='It must look like {"words": [{"word": "Olá", "start": 0.0, "end": 0.4}]}, times in seconds.',
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


def _not_subtitles(text: str) -> InvalidInputError:
    head = text.lstrip()[:200].lower()
    what = "a web page" if head.startswith(("<!doctype", "<html")) else "no subtitle file"
    return InvalidInputError(
        f"The subtitles cannot be read: the file is {what}.",
        hint="Give an SRT, WebVTT or ASS file.",
    )
