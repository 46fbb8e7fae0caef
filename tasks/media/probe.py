"""What a media file contains, found out from its content (never from its name)."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
import av.error
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from pydantic import BaseModel, ConfigDict

from tasks.errors import DamagedMediaError, InvalidInputError, NoAudioError, NotMediaError, NoVideoError
from tasks.media.clock import delay, zero
from tasks.media.ffmpeg import MEDIA_FORMATS

_OPEN_SECONDS = 30.0
_HEAD_BYTES = 64 * 1024
_TAG_LETTERS = 100
_QUARTER = 90
_LONGEST_PIXEL = 4
"""Pixels that are said to be longer are a mistake of the file; anamorphic films have up to 2."""
_LEAST_SIDE = 2
"""Pixels of which H.264 in 4:2:0 has one of colour."""
_SHORTEST_SOUND = 0.01
"""Seconds, of something to hear: codecs make nothing of less."""
_WAV_UNKNOWN = 0x7FFF0000
"""Lengths from here on are what programs write that cannot go back to state the real one."""

# Containers whose header states how long the content is. Others (bare AAC, MPEG-TS, Ogg …) are guessed from
# the bit rate or the last packet: such a length does not show that the end is missing.
_STATES_LENGTH = ("mov", "matroska", "wav", "w64", "flac", "aiff", "caf", "avi", "asf", "ape", "wv", "tta")
_STATES_FILE_ALONE = ("asf",)
"""Of these, containers whose tracks are all said to be as long as the file."""
# Without a stated length these are estimated from the first frames' bit rate, which can be far off.
_GUESSES_LENGTH = ("mp3", "aac", "ac3", "eac3", "amr", "dts", "loas")

# Where and how media files begin: one that begins so and cannot be read is damaged, any other is not media.
_SIGNATURES: tuple[tuple[int, bytes], ...] = (
    (4, b"ftyp"),
    (4, b"moov"),
    (4, b"mdat"),
    (0, b"\x1a\x45\xdf\xa3"),
    (0, b"RIFF"),
    (0, b"OggS"),
    (0, b"fLaC"),
    (0, b"ID3"),
    (0, b"FLV\x01"),
    (0, b"FORM"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),
    (0, b"\x00\x00\x01\xba"),
)


_PICTURES = tuple(
    re.compile(sign, re.DOTALL)
    for sign in (
        rb"GIF8|\x89PNG|\xff\xd8\xff|BM.{4}\0\0\0\0|II\*\0|MM\0\*|RIFF.{4}WEBP|\0\0\0\x0cjP  ",
        rb".{4}ftyp(?:avif|avis|heic|heix|heif|mif1|msf1)",
    )
)
"""How pictures begin, moving ones among them, which some call films."""


class AudioStream(BaseModel):
    """A sound track."""

    model_config = ConfigDict(frozen=True)

    index: int
    """Its number among all streams of the file, from 0."""
    codec: str
    sample_rate: int
    channels: int
    layout: str
    duration: float | None
    """Seconds, where the track states its own length."""
    language: str | None = None
    """The tag of the file, mostly ISO 639-2 ("por")."""
    title: str | None = None
    default: bool = False
    """Whether the file says that players should choose it."""
    delay: float = 0.0
    """Seconds by which `tasks.media.pcm.decode` moves the track; see `tasks.media.clock`."""
    end: float | None = None
    """When it ends by the clock of the file, in seconds, where the file says so; see `end_of_sound`."""


class VideoStream(BaseModel):
    """The picture track; cover art is not one."""

    model_config = ConfigDict(frozen=True)

    index: int
    codec: str
    width: int
    height: int
    fps: float | None
    pixels: str = ""
    """ffmpeg's name for how they are kept ("yuv420p"); empty where the headers do not say it."""


class MediaInfo(BaseModel):
    """What `probe` found."""

    model_config = ConfigDict(frozen=True)

    container: str
    duration: float
    """Seconds."""
    duration_stated: bool
    """Whether the file itself states its length (else it was counted or estimated from what is there)."""
    audio: AudioStream | None
    """The track that players choose: the file's default one."""
    audio_tracks: tuple[AudioStream, ...]
    """All of them, in the order of the file."""
    video: VideoStream | None


def probe(path: Path) -> MediaInfo:
    """Reads the file's headers (and its packets, where the headers do not say how long it is).

    Raises `NotMediaError` (empty, a web page, text, a picture, a playlist) or `DamagedMediaError` (media
    whose index is missing).
    """
    if path.stat().st_size == 0:
        raise NotMediaError("The file is empty.", hint="Check that the address leads to audio or video.")
    try:
        with opened(path) as container:
            audio = container.streams.best("audio")
            video = _picture_track(container)
            if audio is None and video is None:
                raise _not_media(path)
            return _describe(path, container, audio, video)
    except av.error.FFmpegError as error:
        raise _unreadable(path) from error


def require_audio(info: MediaInfo) -> AudioStream:
    """The file's sound track; raises `NoAudioError` if it has none."""
    if info.audio is None:
        raise NoAudioError("The file has no sound, only pictures.", hint="Give a file with an audio track.")
    return info.audio


def require_heard(info: MediaInfo) -> AudioStream:
    """The same for one of which something can be heard; raises `NoAudioError` also if it is empty."""
    track = require_audio(info)
    if info.duration < _SHORTEST_SOUND:
        raise NoAudioError(
            f"The sound is empty: it is {1000 * info.duration:.1f} ms long.",
            hint="Record or export it again.",
        )
    return track


def require_video(info: MediaInfo) -> VideoStream:
    """The file's picture track; raises `NoVideoError` if it has none."""
    if info.video is None:
        raise NoVideoError("The file has no picture, only sound.", hint="Give a file with a video track.")
    return info.video


def shown_size(path: Path) -> tuple[int, int]:
    """Width and height of the picture as players show it: turned if the file says so, with square pixels.

    Raises `NotMediaError`, `NoVideoError`, `DamagedMediaError` (no frame can be decoded), or `InvalidInputError` for a
    size that no film can have.
    """
    picture = require_video(probe(path))
    try:
        with opened(path) as container:
            stream = container.streams.video[_place(container, picture.index)]
            for frame in container.decode(stream):
                sides = _square(frame.width, frame.height, stream.sample_aspect_ratio)
                if min(sides) < _LEAST_SIDE:
                    raise InvalidInputError(
                        f"The picture has {sides[0]}×{sides[1]} pixels; {_LEAST_SIDE}×{_LEAST_SIDE} is the least.",
                        hint="Give a film with a larger picture.",
                    )
                # Players turn by quarters only.
                return sides if abs(frame.rotation) % 180 != _QUARTER else (sides[1], sides[0])
    except av.error.FFmpegError as error:
        raise _unreadable(path) from error
    raise DamagedMediaError("The video has no frames.", hint="Download or export it again.")


def plausible(pixel: Fraction) -> bool:
    """Whether pixels can have this shape (width through height): players take no other seriously."""
    return 1 / _LONGEST_PIXEL <= pixel <= _LONGEST_PIXEL


def _square(width: int, height: int, pixel: Fraction | None) -> tuple[int, int]:
    """The size at which a picture whose pixels are not square is shown: its greater one."""
    if not pixel or pixel == 1 or not plausible(pixel):
        return width, height
    return (round(width * pixel), height) if pixel > 1 else (width, round(height / pixel))


def _place(container: InputContainer, index: int) -> int:
    return [stream.index for stream in container.streams.video].index(index)


def end_of_sound(path: Path, info: MediaInfo) -> float:
    """When the sound that players choose ends, by the clock of the file; reads the file where it does not say so."""
    track = require_audio(info)
    if track.end is not None:
        return track.end
    with opened(path) as container:
        begin = zero(container, container.streams[info.video.index] if info.video is not None else None)
        return max(0.0, _span_of([container.streams[track.index]], container)[1] - begin)


def end_of_packets(path: Path, stream: int | None = None) -> float:
    """Where the last packet (of one stream, or of all) ends, in seconds from the first; reads the file."""
    with opened(path) as container:
        start, end = _span_of(container.streams if stream is None else [container.streams[stream]], container)
    return max(0.0, end - start)


def _span_of(streams: Iterable[Stream], container: InputContainer) -> tuple[float, float]:
    """When the first packet of these streams begins and the last one ends, by the times in the file."""
    end = 0.0
    start: float | None = None
    try:
        for packet in container.demux(*streams):
            span = _span(packet)
            if span is not None:
                start = span[0] if start is None else min(start, span[0])
                end = max(end, span[1])
    except av.error.FFmpegError:
        # What could be read until here is the answer.
        pass
    return start or 0.0, end


@contextmanager
def opened(path: Path) -> Iterator[InputContainer]:
    """The container of a media file: plain formats only, and nothing but this file."""
    options = {"protocol_whitelist": "file", "format_whitelist": MEDIA_FORMATS}
    with av.open(
        f"file:{path.resolve()}", options=options, timeout=_OPEN_SECONDS, metadata_errors="replace"
    ) as container:
        yield container


def _picture_track(container: InputContainer) -> Stream | None:
    """The track that players show: no cover; the first that is marked so and moves (the first of AVIF does not)."""
    tracks = [
        stream
        for stream in container.streams.video
        if not stream.disposition & av.stream.Disposition.attached_pic
    ]
    return max(
        tracks,
        key=lambda stream: (bool(stream.disposition & av.stream.Disposition.default), stream.frames != 1),
        default=None,
    )


def _describe(path: Path, container: InputContainer, audio: Stream | None, video: Stream | None) -> MediaInfo:
    name = container.format.name
    whole = _whole_wav(path) if name == "wav" else 1.0
    stated = name.split(",")[0] in _STATES_LENGTH or (name == "mp3" and _counts_frames(path))
    tracks = tuple(
        _audio_stream(stream, whole, container, video, stated=stated and name not in _STATES_FILE_ALONE)
        for stream in container.streams.audio
    )
    sound = next((track for track in tracks if audio is not None and track.index == audio.index), None)
    if sound is not None and (sound.sample_rate <= 0 or sound.channels <= 0):
        raise _unreadable(path)
    duration = whole * container.duration / av.time_base if container.duration else 0.0
    if not duration or (not stated and name in _GUESSES_LENGTH):
        stated = False
        duration = end_of_packets(path)
    return MediaInfo(
        container=name,
        duration=duration,
        duration_stated=stated,
        audio=sound,
        audio_tracks=tracks,
        video=_video_stream(video) if video is not None else None,
    )


def _audio_stream(
    stream: Stream, whole: float, container: InputContainer, picture: Stream | None, *, stated: bool
) -> AudioStream:
    duration = _seconds(stream.duration, stream.time_base)
    start = _seconds(stream.start_time, stream.time_base) or 0.0
    if duration is None:
        # Matroska keeps a track's own length as a tag, "00:01:30.500000000".
        hours, _, rest = stream.metadata.get("DURATION", "").partition(":")
        minutes, _, seconds = rest.partition(":")
        if hours.isdigit() and minutes.isdigit() and seconds.replace(".", "", 1).isdigit():
            duration, start = int(hours) * 3600 + int(minutes) * 60 + float(seconds), 0.0
    context = stream.codec_context
    return AudioStream(
        index=stream.index,
        codec=context.name if context is not None else "unknown",
        sample_rate=getattr(context, "sample_rate", 0) or 0,
        channels=getattr(context, "channels", 0) or 0,
        layout=context.layout.name if context is not None and hasattr(context, "layout") else "unknown",
        duration=duration * whole if duration is not None else None,
        language=_tag(stream, "language"),
        title=_tag(stream, "title"),
        default=bool(stream.disposition & av.stream.Disposition.default),
        delay=delay(container, stream, picture),
        end=start + duration * whole - zero(container, picture) if stated and duration is not None else None,
    )


def _tag(stream: Stream, name: str) -> str | None:
    # "und" is what programs write that do not know: undetermined.
    text = " ".join(stream.metadata.get(name, "").split())[:_TAG_LETTERS]
    return None if text in ("", "und") else text


def _video_stream(stream: Stream) -> VideoStream:
    context = stream.codec_context
    rate = getattr(stream, "average_rate", None)
    return VideoStream(
        index=stream.index,
        codec=context.name if context is not None else "unknown",
        width=getattr(context, "width", 0) or 0,
        height=getattr(context, "height", 0) or 0,
        fps=float(rate) if rate else None,
        pixels=getattr(context, "pix_fmt", None) or "",
    )


def _seconds(ticks: int | None, time_base: Fraction | None) -> float | None:
    return float(ticks * time_base) if ticks and time_base else None


def _span(packet: "Packet[Stream]") -> tuple[float, float] | None:
    time = packet.pts if packet.pts is not None else packet.dts
    if time is None or packet.time_base is None:
        return None
    return float(time * packet.time_base), float((time + (packet.duration or 0)) * packet.time_base)


def _counts_frames(path: Path) -> bool:
    """Whether an MP3 starts with the frame that states the number of frames (Xing, Info or VBRI)."""
    with path.open("rb") as file:
        head = file.read(10)
        if head[:3] == b"ID3":
            # The tag's length: four bytes of seven bits.
            size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
            file.seek(10 + size)
        else:
            file.seek(0)
        frame = file.read(512)
    return any(mark in frame for mark in (b"Xing", b"Info", b"VBRI"))


def _whole_wav(path: Path) -> float:
    """The length that a WAV file states, as a multiple of what is there (readers take a cut for its end)."""
    size = path.stat().st_size
    with path.open("rb") as file:
        stated = int.from_bytes(file.read(8)[4:], "little") + 8
    # Programs that write to a pipe state the greatest number they can, with or without sign.
    return stated / size if size < stated < _WAV_UNKNOWN else 1.0


def _unreadable(path: Path) -> NotMediaError | DamagedMediaError:
    with path.open("rb") as file:
        head = file.read(16)
    if any(sign.match(head) for sign in _PICTURES):
        return NotMediaError(
            "The file is a picture, not audio or video.", hint="Give a film, such as MP4, MOV or WebM."
        )
    if any(head[offset : offset + len(mark)] == mark for offset, mark in _SIGNATURES):
        return DamagedMediaError(
            "The file is cut short or damaged: the index that is needed to play it is missing.",
            hint="Download or export it again.",
        )
    return _not_media(path)


def _not_media(path: Path) -> NotMediaError:
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES).lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    hint = "Check that the address leads to audio or video."
    if head.startswith((b"<!doctype html", b"<html")):
        return NotMediaError("The file is a web page, not audio or video.", hint=hint)
    if head.startswith(b"#extm3u"):
        return NotMediaError(
            "The file is a playlist, not audio or video.", hint="Give the address of the media itself."
        )
    return NotMediaError("The file is neither audio nor video.", hint=hint)
