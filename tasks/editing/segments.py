"""Films made of segments: pictures encoded alike one after the other and joined as they are, the sound beside them.

Encoders of sound add some milliseconds to what they are given. Joined hundreds of times, these would move the sound
away from the picture: so the sound of all segments is written as samples, exactly as long as their pictures, and
encoded once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tasks.editing.bench import Bench
from tasks.editing.reading import Film
from tasks.media.clock import steady
from tasks.media.probe import AudioStream
from tasks.video.encoding import sound_rate

AUDIO_BITRATE = "192k"
_STEREO, _SURROUND_BITRATE = 2, "384k"
TIME_SCALE = ("-video_track_timescale", "90000")
"""Of all segments: so fine that the usual frame rates are whole numbers of it, and one, so that they can be joined."""

_LAYOUTS = ("mono", "stereo", "2.1", "quad", "5.1", "7.1")
"""Those that AAC encoders take and players know."""
_LEAD = 0.1
"""Seconds before a piece of sound that are resampled with it."""
_BYTES = 2
"""Of a sample, s16le: no header that ends at 4 GB."""
_BLOCK = 1 << 20


@dataclass(frozen=True)
class SoundForm:
    """How the samples of a film's sound are written."""

    rate: int = 48_000
    layout: str = "stereo"

    @property
    def channels(self) -> int:
        """How many."""
        return {"mono": 1, "stereo": 2, "2.1": 3, "quad": 4, "5.1": 6, "7.1": 8}[self.layout]

    @property
    def bitrate(self) -> str:
        """At which it is encoded: of surround as much as wherever it is encoded."""
        return AUDIO_BITRATE if self.channels <= _STEREO else _SURROUND_BITRATE

    @property
    def frame_bytes(self) -> int:
        """Bytes of one moment."""
        return _BYTES * self.channels

    def samples(self, seconds: float) -> int:
        """How many moments there are in so many seconds."""
        return max(0, round(seconds * self.rate))

    @property
    def arguments(self) -> list[str]:
        """That read such samples from a file, before its `-i`."""
        return ["-f", "s16le", "-ar", str(self.rate), "-ch_layout", self.layout]


def form_of(track: AudioStream) -> SoundForm:
    """The form that keeps most of a track; more than players know of becomes stereo."""
    layout = track.layout.replace("(side)", "")
    if layout not in _LAYOUTS:
        layout = "mono" if track.channels == 1 else "stereo"
    return SoundForm(rate=sound_rate(track.sample_rate), layout=layout)


def write_sound(
    film: Film,
    track: AudioStream | None,
    target: Path,
    form: SoundForm,
    bench: Bench,
    *,
    start: float,
    samples: int,
) -> None:
    """Writes exactly so many samples of a film's sound, from a time on: silence where it has none."""
    if track is None or samples == 0:
        with target.open("wb") as silence:
            silence.truncate(samples * form.frame_bytes)
        return
    # A little of what comes before is resampled too, or the first samples would be those of a beginning.
    skipped = form.samples(_LEAD)
    chain = (
        f"{steady(form.rate)},aformat=sample_fmts=s16:channel_layouts={form.layout},"
        f"apad=whole_len={skipped + samples},"
        f"atrim=start_sample={skipped}:end_sample={skipped + samples},asetpts=N/SR/TB"
    )
    bench.ffmpeg(
        [
            *film.sound_from(track.index, start - skipped / form.rate),
            *("-map", f"0:{track.index}", "-af", chain, "-f", "s16le"),
        ],
        target,
        samples / form.rate,
    )
    # A track that ends early and cannot be padded (a damaged one) is silent from there on.
    with target.open("r+b") as file:
        file.truncate(samples * form.frame_bytes)


def append(sound: Path, piece: Path) -> None:
    """Puts samples behind others, and removes their file."""
    with sound.open("ab") as whole, piece.open("rb") as file:
        while block := file.read(_BLOCK):
            whole.write(block)
    piece.unlink()


@dataclass(frozen=True)
class Heard:
    """The sound of joined segments."""

    reading: tuple[str, ...]
    """Arguments of ffmpeg that open it."""
    coding: tuple[str, ...]
    """How it is written."""
    track: int = 0

    @classmethod
    def samples(cls, sound: Path, form: SoundForm) -> "Heard":
        """Samples, which are encoded."""
        reading = (*form.arguments, "-i", f"file:{sound.resolve()}")
        return cls(reading, ("-c:a", "aac", "-b:a", form.bitrate))

    @classmethod
    def copied(cls, film: Film, track: AudioStream, start: float, seconds: float) -> "Heard":
        """The packets of a film's sound: the first one begins up to its own length (21 ms of AAC) after the start."""
        reading = ("-t", f"{seconds:.6f}", *film.sound_from(track.index, start))
        return cls(reading, ("-c:a", "copy", "-copypriorss:a", "0"), track.index)


def joined(segments: Sequence[tuple[Path, float]], heard: Heard | None, bench: Bench, target: Path) -> None:
    """Writes an MP4 of segments (file, seconds) in one folder, which are alike, with that sound.

    The pictures are copied. One segment is open at a time, however many there are.
    """
    listing = segments[0][0].with_name("segments.txt")
    # The times of the next one begin where the one before has to end, whatever its file says of its length.
    lines = [f"file {path.name}\nduration {seconds:.6f}\n" for path, seconds in segments]
    listing.write_text("ffconcat version 1.0\n" + "".join(lines), encoding="utf-8")
    sound = ["-map", f"1:{heard.track}", *heard.coding] if heard else ["-an"]
    bench.ffmpeg(
        [
            *("-f", "concat", "-i", f"file:{listing.resolve()}", *(heard.reading if heard else ())),
            *("-map", "0:v:0", "-c:v", "copy", *sound, *TIME_SCALE),
            *("-movflags", "+faststart", "-map_metadata", "-1"),
        ],
        target,
        sum(seconds for _, seconds in segments),
    )
