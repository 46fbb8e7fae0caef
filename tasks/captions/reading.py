"""Reads callers' subtitles and word lists, whatever their encoding and their flaws."""

import contextlib
import html
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
from tasks.captions.timed_text import blocks, marked_text, timed_words, without_rolling
from tasks.errors import InvalidInputError

MAX_BYTES = 20 * 1024 * 1024
MAX_CUES = 20_000
MAX_WORDS = 200_000
_MAX_SECONDS = 36_000 * 10

_KEPT_TAG = re.compile(r"\{\\([ibus])([01])\}")
"""The only styling that a subtitle file may bring: italic, bold, underlined, struck out."""
_TAGS = re.compile(r"\{\\[^{}]*\}")
_PLACEHOLDER = {"i1": "\ue010", "i0": "\ue011", "b1": "\ue012", "b0": "\ue013"}
_PLACEHOLDER |= {"u1": "\ue014", "u0": "\ue015", "s1": "\ue016", "s0": "\ue017"}
_PRIVATE = re.compile(r"[\0\ue000-\uf8ff]")
"""What no text needs and this module uses for itself."""
STYLING = {mark: "{\\" + name + "}" for name, mark in _PLACEHOLDER.items()}
"""Characters of private use that stand for styling in the text of a cue, and the ASS code of each."""


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
    _check_count(max(text.count("-->"), text.count("\nDialogue:")))
    is_ass = "[Script Info]" in text or "[Events]" in text
    found = list(_of_script(text) if is_ass or "-->" not in text else _of_blocks(text))
    if not found and not is_ass and not any(blocks(text)):
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
    regions = regions_of(text.split("\n")) if text.lstrip("\ufeff").startswith("WEBVTT") else {}
    for block in without_rolling(list(blocks(text))):
        lines = (" ".join(marked_text(line, _PLACEHOLDER).split()) for line in block.lines)
        shown = "\n".join(line for line in lines if line)
        place = placement_of_settings(block.settings, regions, from_right=reads_from_right(shown))
        place = place or placement_of_codes("".join(_TAGS.findall("\n".join(block.lines))))
        yield Subtitle(block.start, block.end, shown, place)


def _of_script(text: str) -> Iterator[Subtitle]:
    """The subtitles of ASS, and of rarer forms."""
    try:
        file = pysubs2.SSAFile.from_string(text)
    except (pysubs2.Pysubs2Error, ValueError, KeyError, IndexError, OverflowError) as error:
        raise _not_subtitles(text) from error
    _check_count(len(file))
    is_ass = file.format in ("ass", "ssa")
    resolution = _resolution(file)
    for event in file:
        if event.is_comment or (is_ass and re.search(r"\\p[1-9]", event.text)):
            continue
        style = file.styles.get(event.style)
        alignment = int(style.alignment) if is_ass and style else 2
        codes = "".join(_TAGS.findall(event.text))
        place = placement_of_codes(codes, resolution, alignment if 1 <= alignment <= 9 else 2)
        if is_ass:
            place = within_margins(place, (event.marginl, event.marginr, event.marginv), resolution)
        yield Subtitle(max(0.0, event.start / 1000), event.end / 1000, _plain(event.text), place)


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
    if text.startswith("WEBVTT"):
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
    _check_count(text.count("-->"))
    for block in without_rolling(list(blocks(text))):
        words = timed_words(block)
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
    return _PRIVATE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _plain(text: str) -> str:
    """A cue's text with `STYLING` for the styling that may stay, and nothing that a renderer takes for code."""
    text = _KEPT_TAG.sub(lambda tag: _PLACEHOLDER[tag[1] + tag[2]], text)
    text = html.unescape(_TAGS.sub("", text))
    text = text.replace("\\N", "\n").replace("\\n", "\n").replace("\\h", " ")
    return "\n".join(line for raw in text.split("\n") if (line := " ".join(raw.split())))


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
