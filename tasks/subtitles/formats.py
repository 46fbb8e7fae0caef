"""Transcripts as files: subtitles (SRT, WebVTT, ASS), text, tables and the transcript document itself."""

import re
from collections.abc import Sequence
from typing import Literal, Protocol, get_args

import pysubs2

from tasks.errors import InvalidInputError
from tasks.speech.transcript import Segment, Transcript
from tasks.subtitles.cues import Cue, plan_cues
from tasks.subtitles.layout import CueLayout
from tasks.subtitles.parts import HARD_SPACES

SubtitleFormat = Literal["srt", "vtt", "ass", "txt", "tsv", "json"]

# The library reads braces and backslashes as markup, whatever the format: these stand in for them meanwhile.
_BRACE_OPEN, _BRACE_CLOSE, _BACKSLASH = "\ue000", "\ue001", "\ue002"
_HIDE = str.maketrans({"{": _BRACE_OPEN, "}": _BRACE_CLOSE, "\\": _BACKSLASH})
_SHOW = str.maketrans({_BRACE_OPEN: "{", _BRACE_CLOSE: "}", _BACKSLASH: "\\"})
# ASS knows no escape for the backslash: a word joiner after it keeps "\\N" from being a line break.
_SHOW_ASS = str.maketrans({_BRACE_OPEN: "\\{", _BRACE_CLOSE: "\\}", _BACKSLASH: "\\\u2060"})
_VTT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
# Fields of ASS end at a comma, and know no escape for it.
_ASS_NAME = str.maketrans({",": ";"})
_ASS_NAMES = " / "
_WHITE_SPACE = re.compile(rf"[^\S{''.join(HARD_SPACES)}]+")
"""But those spaces that hold words together in a line."""


def render(
    transcript: Transcript,
    format: SubtitleFormat,
    *,
    layout: CueLayout | None = None,
) -> str:
    """The transcript in a format, as text to be stored in UTF-8.

    "txt" has one line for each segment; "tsv" has start and end in milliseconds and the text, as
    openai-whisper writes them; "json" is the transcript document. Where speakers are known, "vtt" has them as voices,
    "ass" as names, "srt" before the first words of each turn, "txt" before each line, "tsv" in a fourth column. Raises
    InvalidInputError for any other format.
    """
    match format:
        case "srt" | "vtt" | "ass":
            # The other two have a place for names that no viewer has to read.
            return render_cues(plan_cues(transcript, layout, named=format == "srt"), format)
        case "txt":
            return "".join(_text_line(segment) for segment in transcript.segments)
        case "tsv":
            return _table(transcript.segments)
        case "json":
            return transcript.model_dump_json(indent=2) + "\n"
    raise InvalidInputError(
        f'The format "{format}" is not known.', hint=f"Choose from: {', '.join(get_args(SubtitleFormat))}."
    )


def _text_line(segment: Segment) -> str:
    name = f"{speaker_name(segment.speaker)}: " if segment.speaker else ""
    return f"{name}{_one_line(segment.text)}\n"


def _table(segments: Sequence[Segment]) -> str:
    named = any(segment.speaker for segment in segments)
    rows = [("start", "end", "text", "speaker")]
    rows += [
        (
            str(round(segment.start * 1000)),
            str(round(segment.end * 1000)),
            _one_line(segment.text),
            _one_line(segment.speaker or ""),
        )
        for segment in segments
    ]
    return "".join("\t".join(row if named else row[:3]) + "\n" for row in rows)


def speaker_name(label: str) -> str:
    """What people read for the label of a speaker: "Speaker 1" for "S1"."""
    return f"Speaker {label[1:]}" if label[:1] == "S" and label[1:].isdigit() else _one_line(label)


class Shown(Protocol):
    """What is shown together: lines from a start to an end, in seconds."""

    @property
    def start(self) -> float:
        """When it comes."""

    @property
    def end(self) -> float:
        """When it goes."""

    @property
    def lines(self) -> tuple[str, ...]:
        """What is shown."""


def render_cues(cues: Sequence[Shown], kind: Literal["srt", "vtt", "ass"], *, tall: bool = False) -> str:
    """Cues that are cut already, as text to be stored in UTF-8; `tall`: ass is laid out for an upright film."""
    subtitles = pysubs2.SSAFile()
    if kind == "ass":
        # Sizes below are for this canvas; players scale them to the video.
        width, height = (1080, 1920) if tall else (1920, 1080)
        subtitles.info.update({"PlayResX": str(width), "PlayResY": str(height), "WrapStyle": "0"})
        subtitles.info["ScaledBorderAndShadow"] = "yes"
        # In an upright film the buttons of the platforms lie over the lowest fifth.
        subtitles.styles["Default"] = pysubs2.SSAStyle(
            fontname="Arial",
            fontsize=72 if tall else 64,
            outline=3,
            shadow=1,
            marginl=90 if tall else 120,
            marginr=90 if tall else 120,
            marginv=480 if tall else 60,
        )
    for cue in cues:
        speakers = cue.speakers if isinstance(cue, Cue) else ()
        subtitles.append(
            pysubs2.SSAEvent(
                start=round(cue.start * 1000),
                end=round(cue.end * 1000),
                text="\\N".join(line.translate(_HIDE) for line in _escaped(cue.lines, speakers, kind)),
                name=_ass_name(speakers),
            )
        )
    if kind == "ass":
        return subtitles.to_string(kind, header_notice="Written by Contraponto").translate(_SHOW_ASS)
    return subtitles.to_string(kind).translate(_SHOW)


def _ass_name(speakers: Sequence[str | None]) -> str:
    names = _ASS_NAMES.join(speaker_name(who) for who in dict.fromkeys(speakers) if who)
    return names.translate(_ASS_NAME)


def _escaped(shown: Sequence[str], speakers: Sequence[str | None], kind: str) -> list[str]:
    if kind != "vtt":
        return list(shown)
    lines = [line.translate(_VTT) for line in shown]
    if not any(speakers):
        return lines
    if len(set(speakers)) == 1 and (name := speakers[0]):
        lines[0] = _voice(name) + lines[0]
        lines[-1] += "</v>"
        return lines
    who = [*speakers, *[None] * len(lines)]
    return [
        f"{_voice(speaker)}{line}</v>" if speaker else line for line, speaker in zip(lines, who, strict=False)
    ]


def _voice(speaker: str) -> str:
    return f"<v {speaker_name(speaker).translate(_VTT)}>"


def _one_line(text: str) -> str:
    return _WHITE_SPACE.sub(" ", text).strip()
