"""Joins films into one: copied where they are alike, else brought to one size and rate and encoded once.

Each film is open for the time of its own pieces; a transition is rendered of the two films beside it alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from tasks.editing.bench import Bench, EditOptions, Made
from tasks.editing.clips import Clip, read_clip
from tasks.editing.copying import copy_of
from tasks.editing.framing import COLOURS, Fit, Side, framed
from tasks.editing.joints import Piece, longest_transition, pieces
from tasks.editing.moments import MOST_SECONDS, clock
from tasks.editing.packets import read_pictures
from tasks.editing.segments import TIME_SCALE, Heard, SoundForm, form_of, joined, write_sound
from tasks.errors import ContrapontoError, LimitExceededError
from tasks.media.ffmpeg import media_input
from tasks.media.rates import FrameRate, exact_rate
from tasks.video.encoding import Quality, encoder_arguments

Transition = Literal["none", "fade", "slide", "wipe", "dissolve"]
_XFADE: dict[Transition, str] = {
    "fade": "fade",
    "slide": "slideleft",
    "wipe": "wipeleft",
    "dissolve": "dissolve",
}
"""What ffmpeg's filter calls them."""

_READ, _SEEN, _HEARD = 0.05, 0.8, 0.9
"""Of the progress: until films are read, pictures are done, sound is done."""


class JoinOptions(EditOptions):
    """How films are joined."""

    revision: ClassVar[int] = 2

    width: Side | None
    """None: that of the first film, as is its height."""
    height: Side | None
    fps: FrameRate | None
    fit: Fit
    transition: Transition
    transition_seconds: float
    quality: Quality


class Joined(Made):
    """A film of several."""

    copied: bool
    """Whether the pictures are the films' own; else they were encoded again."""
    inputs: int
    transition_seconds: float
    """As it was made."""
    starts: tuple[float, ...]
    """When each film begins in the whole, in seconds."""


@dataclass(frozen=True)
class _Frame:
    """What all films are brought to."""

    width: int
    height: int
    rate: Fraction
    fit: Fit

    def frames(self, clip: Clip) -> int:
        return max(1, round(clip.seconds * self.rate))


def concatenate(inputs: Sequence[Path], options: JoinOptions, target: Path, bench: Bench) -> Joined:
    """Writes an MP4 of the films, one after the other.

    Raises NoVideoError, NotMediaError, DamagedMediaError (the sentence says which film), LimitExceededError and what
    `run_ffmpeg` raises.
    """
    clips = [
        _read(
            path,
            number,
            len(inputs),
            bench.part(_READ * number / len(inputs), _READ * (number + 1) / len(inputs)),
        )
        for number, path in enumerate(inputs)
    ]
    total = sum(clip.seconds for clip in clips)
    if total > MOST_SECONDS:
        raise LimitExceededError(
            f"The films are {clock(total)} long together; {clock(MOST_SECONDS)} is the most.",
            hint="Give fewer.",
        )
    frame = _frame(clips[0], options)
    lengths = [frame.frames(clip) for clip in clips]
    wanted = round(options.transition_seconds * float(frame.rate)) if options.transition != "none" else 0
    transition = longest_transition(lengths, wanted)
    warnings = invisible = _invisible(options, frame)
    if transition < wanted:
        shortest = min(clips, key=lambda clip: clip.seconds)
        lasting = transition / float(frame.rate)
        warnings += (
            f"The transitions last {lasting:.2f} s instead of {options.transition_seconds:g} s: the "
            f"shortest film, number {clips.index(shortest) + 1}, has {shortest.seconds:.2f} s.",
        )
    for number, clip in enumerate(clips, 1):
        warnings += tuple(f"Film {number}: {said}" for said in clip.warnings)
    warnings += tuple(dict.fromkeys(said for clip in clips for said in clip.seen.warnings))
    if not wanted and _alike(clips, frame) and _copied(clips, target, bench):
        seconds, copied, warnings = [clip.seconds for clip in clips], True, invisible
    else:
        _encoded(clips, frame, lengths, transition, options, target, bench)
        seconds, copied = [(length - transition) / float(frame.rate) for length in lengths], False
    starts = np.concatenate(([0.0], np.cumsum(seconds[:-1])))
    return Joined(
        copied=copied,
        inputs=len(clips),
        transition_seconds=round(transition / float(frame.rate), 6),
        starts=tuple(round(float(start), 6) for start in starts),
        warnings=warnings,
    )


def _invisible(options: JoinOptions, frame: _Frame) -> tuple[str, ...]:
    """What is to be said of transitions that are too short for a picture of their own."""
    if options.transition == "none" or round(options.transition_seconds * float(frame.rate)):
        return ()
    return (
        f"There are no transitions: {options.transition_seconds:g} s are less than a picture at "
        f"{float(frame.rate):g} frames a second.",
    )


def _read(path: Path, number: int, count: int, bench: Bench) -> Clip:
    try:
        workplace = bench.scratch / f"film{number}"
        workplace.mkdir()
        return read_clip(path, workplace, bench.progress)
    except ContrapontoError as error:
        error.message = f"Film {number + 1} of {count}: {error.message}"
        raise


def _frame(first: Clip, options: JoinOptions) -> _Frame:
    """The first film's size and rate where none is asked for; of one side alone, its shape."""
    width, height = options.width, options.height
    if width is None and height is None:
        width, height = first.width, first.height
    elif width is None and height is not None:
        width = round(first.width * height / first.height)
    elif height is None and width is not None:
        height = round(first.height * width / first.width)
    # H.264 in 4:2:0 needs even sides.
    even = [max(2, side // 2 * 2) for side in (width or 2, height or 2)]
    return _Frame(even[0], even[1], exact_rate(options.fps) if options.fps else first.rate, options.fit)


def _alike(clips: Sequence[Clip], frame: _Frame) -> bool:
    first = clips[0]
    same = (first.width, first.height) == (frame.width, frame.height) and first.rate == frame.rate
    return same and first.likeness is not None and all(clip.likeness == first.likeness for clip in clips)


def _copied(clips: Sequence[Clip], target: Path, bench: Bench) -> bool:
    """Joins the packets; False if they did not all come through."""
    segments = []
    for number, clip in enumerate(clips):
        piece = bench.scratch / f"{number:04d}.mp4"
        share = _share(bench, _READ, 0.5, number, len(clips))
        share.ffmpeg(
            [
                *media_input(clip.path),
                *("-map", f"0:{clip.picture}", "-an", "-sn", "-dn", *copy_of(clip.codec), "-copyinkf"),
                *("-avoid_negative_ts", "make_zero", *TIME_SCALE, "-map_metadata", "-1"),
            ],
            piece,
            clip.seconds,
        )
        segments.append((piece, clip.seconds))
    heard = _sound(clips, [clip.seconds for clip in clips], 0.0, bench)
    joined(segments, heard, bench.part(_HEARD, 1.0), target)
    return len(read_pictures(target).times) == sum(len(clip.pictures.times) for clip in clips)


def _encoded(
    clips: Sequence[Clip],
    frame: _Frame,
    lengths: Sequence[int],
    transition: int,
    options: JoinOptions,
    target: Path,
    bench: Bench,
) -> None:
    plan = pieces(lengths, transition)
    total, done = sum(piece.frames for piece in plan), 0
    segments = []
    for number, piece in enumerate(plan):
        path = bench.scratch / f"{number:04d}.mp4"
        share = _share(bench, _READ, _SEEN, done, total, piece.frames)
        _render(clips, piece, frame, options, path, share)
        segments.append((path, piece.frames / float(frame.rate)))
        done += piece.frames
    heard = _sound(
        clips, [length / float(frame.rate) for length in lengths], transition / float(frame.rate), bench
    )
    joined(segments, heard, bench.part(_HEARD, 1.0), target)


def _render(
    clips: Sequence[Clip], piece: Piece, frame: _Frame, options: JoinOptions, target: Path, bench: Bench
) -> None:
    shown = [(clips[piece.part], piece.start)]
    if piece.joint:
        shown.append((clips[piece.part + 1], 0))
    reading: list[str] = []
    graphs = []
    for number, (clip, first) in enumerate(shown):
        begin = clip.start + first / float(frame.rate)
        reading += [*clip.seen.reading, *clip.pictures_from(begin)]
        # Labels of the graph are those of one film only.
        fitting = framed(frame.width, frame.height, frame.fit, tagged=clip.tagged, lines=clip.height)
        for label in ("front", "back", "soft", "whole"):
            fitting = fitting.replace(f"[{label}]", f"[{label}{number}]")
        graphs.append(
            f"[{number}:{clip.picture}]{clip.upright}fps={frame.rate}:start_time=0,"
            f"tpad=stop_mode=clone:stop=-1,trim=end_frame={piece.frames},{fitting},format=yuv420p,{COLOURS}[clip{number}]"
        )
    if piece.joint:
        seconds = piece.frames / float(frame.rate)
        graphs.append(
            f"[clip0][clip1]xfade=transition={_XFADE[options.transition]}:duration={seconds:.6f}:offset=0[picture]"
        )
    else:
        graphs.append("[clip0]null[picture]")
    bench.ffmpeg(
        [
            *reading,
            *("-filter_complex", ";".join(graphs), "-map", "[picture]", "-an"),
            *("-frames:v", str(piece.frames)),
            *encoder_arguments(bench.encoder, options.quality, threads=bench.threads),
            *(*TIME_SCALE, "-map_metadata", "-1"),
        ],
        target,
        piece.frames / float(frame.rate),
    )


def _sound(clips: Sequence[Clip], seconds: Sequence[float], transition: float, bench: Bench) -> Heard | None:
    """The sound of the films, each as long as its pictures, going over into one another as they do."""
    tracks = [clip.sound for clip in clips]
    forms = {form_of(track) for track in tracks if track is not None}
    if not forms:
        return None
    form = forms.pop() if len(forms) == 1 else SoundForm()
    whole, piece = bench.scratch / "sound.pcm", bench.scratch / "piece.pcm"
    # Counted from the beginning, so that nothing adds up.
    begins = np.concatenate(([0.0], np.cumsum(np.asarray(seconds) - transition)))[:-1]
    spans = [
        (form.samples(begin), form.samples(begin + length))
        for begin, length in zip(begins.tolist(), seconds, strict=True)
    ]
    tail = np.zeros((0, form.channels), np.float32)
    with whole.open("wb") as file:
        for number, (clip, (first, end)) in enumerate(zip(clips, spans, strict=True)):
            share = _share(bench, _SEEN, _HEARD, number, len(clips))
            write_sound(clip, clip.sound, piece, form, share, start=clip.start, samples=end - first)
            heard = np.fromfile(piece, np.int16).reshape(-1, form.channels)
            piece.unlink()
            file.write(_crossed(tail, heard[: len(tail)]).tobytes())
            stop = min(spans[number + 1][0], end) - first if number + 1 < len(spans) else end - first
            file.write(heard[len(tail) : stop].tobytes())
            tail = heard[stop:].astype(np.float32)
    return Heard.samples(whole, form)


def _crossed(before: NDArray[np.float32], after: NDArray[np.int16]) -> NDArray[np.int16]:
    """One sound going over into another with the same power all the time."""
    angle = (np.arange(len(before), dtype=np.float32)[:, None] + 0.5) / max(len(before), 1) * (np.pi / 2)
    mixed = before * np.cos(angle) + after * np.sin(angle)
    return np.clip(np.round(mixed), -32768, 32767).astype(np.int16)


def _share(bench: Bench, start: float, end: float, done: int, total: int, size: int = 1) -> Bench:
    span = (end - start) / total
    return bench.part(start + span * done, start + span * (done + size))
