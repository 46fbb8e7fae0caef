"""Which sound of a file is heard: the track, the channels of it, and how much it must be raised to be heard at all.

The usual recording pays for a look at its beginning: as soon as somebody speaks in the mix of the first track, that is
the choice. Only where (hardly) anybody is heard, or where the channels of the mix cancel each other, a second look is
taken at what else there is: single channels, their difference, the sound above hum and rumble, each raised as far as
its own noise permits, and then at the next track.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from tasks.audio.header import check_header
from tasks.audio.listening import (
    ABOVE_HUM,
    ENOUGH_SECONDS,
    LOOK_SECONDS,
    SPEECH_LEVEL,
    FirstLook,
    SecondLook,
    Sound,
    is_wide,
    pan,
    second_looks,
    side_by_side,
)
from tasks.audio.noise_floor import measure_noise_floor
from tasks.audio.voice_activity import SAMPLE_RATE, can_hear
from tasks.errors import DamagedMediaError, EngineError, InvalidInputError
from tasks.media.pcm import PcmReader, Samples, decode
from tasks.media.probe import AudioStream, MediaInfo, require_audio
from tasks.progress import Progress, ignore_progress

_QUIET = -45.0
"""dBFS (RMS) below which speech is raised before anything else is done to it. The noise removal takes it for noise from
about -55 on, and 16 bits begin to be audibly rough; telephone, broadcast and meeting levels lie between -15 and -40."""

_MORE_SECONDS = 1.0
"""Speech by which another sound must have more than the first that has any."""

_AS_MUCH = 0.8
_CLEARLY_MORE = 1.25
_NEXT_TO_NOTHING = 0.1


class TrackReport(BaseModel):
    """A sound track that there is."""

    model_config = ConfigDict(frozen=True)

    track: int
    """Number among the sound tracks, from 1."""
    language: str | None
    title: str | None
    channels: int
    default: bool


class SoundChoice(BaseModel):
    """The sound that is heard."""

    model_config = ConfigDict(frozen=True)

    track: int
    """Number among the sound tracks, from 1."""
    tracks: tuple[TrackReport, ...]
    players: int = 1
    """The track that players choose, and every program that is told nothing else."""
    mix: str = "mix"
    gain: float = 0.0
    """Decibels by which it is raised."""
    above_hum: bool = False
    """Whether what lies under speech is cut off, because it hid the speech."""
    reason: str = ""
    """Why it is not simply the first track; empty where it is, or where a track was asked for."""
    tried: tuple[str, ...] = ()
    """Everything that was listened to in vain, where no speech was found."""

    @property
    def is_plain(self) -> bool:
        """Whether it is what any program hears that opens the file."""
        first = (
            self.track == self.players == 1
        )  # some programs take the first track, and some that of players
        wide = any(is_wide(track.channels) for track in self.tracks[:1])
        return first and not wide and self.mix == "mix" and not self.gain and not self.above_hum

    @property
    def changes_channels(self) -> bool:
        """Whether it is one channel made of several in another way than by mixing them."""
        return self.mix != "mix"

    def filters(self, channels: int) -> tuple[str, ...]:
        """The ffmpeg filters that make it of a track of so many channels."""
        return (
            *([pan(self.mix, channels)] if self.changes_channels or is_wide(channels) else []),
            *([ABOVE_HUM] if self.above_hum else []),
            *([f"volume={self.gain:.2f}dB:precision=float"] if self.gain else []),
        )

    @property
    def summary(self) -> str:
        """What is unusual about it, for people; empty where nothing is."""
        parts = [
            *([f"track {self.track} of {len(self.tracks)}"] if self.track > 1 else []),
            *(
                [f"{self.mix} of the channels" if self.mix == "difference" else self.mix]
                if self.mix != "mix"
                else []
            ),
            *(["above the hum"] if self.above_hum else []),
            *([f"{self.gain:+.0f} dB"] if self.gain else []),
        ]
        return ", ".join(parts) + (f": {self.reason}" if parts and self.reason else "")


class SoundReader:
    """Opens the sounds of one file; all of that together may take `deadline` seconds."""

    def __init__(self, source: Path, info: MediaInfo, *, deadline: float, binary: str | None = None) -> None:
        self._source = source
        self.info = info
        self._end = time.monotonic() + deadline
        self._binary = binary

    def blocks(
        self,
        track: AudioStream,
        *,
        channels: int,
        filters: Sequence[str] = (),
        seconds: float = 1.0,
        progress: Progress = ignore_progress,
    ) -> Iterator[Samples]:
        """The sound of a track at 16 kHz in blocks of so many seconds. Raises as `tasks.media.pcm.decode`."""
        opened = decode(
            self._source,
            sample_rate=SAMPLE_RATE,
            channels=channels,
            stream=track.index,
            delay=track.delay,
            filters=filters,
            block_seconds=seconds,
            deadline=max(0.0, self._end - time.monotonic()),
            binary=self._binary,
        )
        with opened as reader:
            for block in reader:
                yield block
                progress(_share(reader, self.info))


def _share(reader: PcmReader, info: MediaInfo) -> float:
    return min(1.0, reader.seconds / info.duration) if info.duration else 0.0


def choose_sound(
    reader: SoundReader, wanted: int | Sequence[str] | None, progress: Progress = ignore_progress
) -> SoundChoice:
    """The sound of a file that is to be heard.

    `wanted` is the number of a sound track, from 1, or a language by all its names and codes, of which the file may use
    one; None: the default track, or the next one that has speech. Raises InvalidInputError (there is no such track) and
    as `tasks.media.pcm.decode`.
    """
    info = reader.info
    reports = tuple(_report(number, track) for number, track in enumerate(info.audio_tracks, 1))
    order = _order(info, wanted, reports)
    plain = SoundChoice(track=order[0], tracks=reports, players=_order(info, None, reports)[0])
    if not can_hear():
        check_header(info.audio_tracks[order[0] - 1])
        return plain
    listened = _Listened(Sound("mix"), "", ())
    chosen = order[0]
    tried: list[str] = []
    for number in order:
        try:
            here = _listen(reader, info.audio_tracks[number - 1], progress)
        except (DamagedMediaError, EngineError):
            # One that was not asked for by anybody is no reason to give up the recording.
            if number == order[0]:
                raise
            tried.append(f"track {number} (cannot be read)")
            continue
        tried += [f"track {number}", *here.tried]
        if here.sound.speech > 2 * listened.sound.speech + _MORE_SECONDS * (number != order[0]):
            listened, chosen = here, number
        if listened.sound.speech >= ENOUGH_SECONDS:
            break
    choice = plain.model_copy(update={"track": chosen})
    if not listened.sound.is_heard:
        return choice.model_copy(update={"tried": tuple(dict.fromkeys(tried))})
    reasons = [*([f"track {order[0]} has no speech"] if chosen != order[0] else []), listened.reason]
    choice = choice.model_copy(
        update={
            "mix": listened.sound.mix,
            "above_hum": listened.sound.above_hum,
            "reason": "; ".join(filter(None, reasons)),
        }
    )
    track = info.audio_tracks[chosen - 1]
    gain = _gain(reader, track, choice, listened.sound)
    reason = "; ".join(filter(None, (choice.reason, "the speech is very quiet" if gain else "")))
    return choice.model_copy(update={"gain": gain, "reason": reason})


def _report(number: int, track: AudioStream) -> TrackReport:
    return TrackReport(
        track=number,
        language=track.language,
        title=track.title,
        channels=track.channels,
        default=track.default,
    )


def _order(info: MediaInfo, wanted: int | Sequence[str] | None, tracks: Sequence[TrackReport]) -> list[int]:
    """The numbers of the tracks that may be heard, the first choice first."""
    if wanted is None:
        players = next(n for n, track in enumerate(info.audio_tracks, 1) if track == require_audio(info))
        return [players, *(report.track for report in tracks if report.track != players)]
    if isinstance(wanted, int):
        found = [report.track for report in tracks if report.track == wanted]
    else:
        tags = {_primary(name) for name in wanted}
        found = [report.track for report in tracks if report.language and _primary(report.language) in tags]
    if not found:
        asked = wanted if isinstance(wanted, int) else next(iter(wanted), "")
        there = "; ".join(_described(report) for report in tracks)
        raise InvalidInputError(
            f"There is no audio track {asked} in the recording, which has {len(tracks)}.",
            hint=f"Choose one of these in audio_track, or leave it empty: {there}.",
        )
    return found


def _primary(tag: str) -> str:
    return tag.strip().lower().replace("_", "-").split("-")[0]


def _described(report: TrackReport) -> str:
    facts = [fact for fact in (report.language, report.title) if fact]
    return f"{report.track} ({', '.join([*facts, f'{report.channels} channels'])})"


@dataclass(frozen=True)
class _Listened:
    """What is best heard in a track, why that, and what else was listened to."""

    sound: Sound
    reason: str
    tried: tuple[str, ...]


def _listen(reader: SoundReader, track: AudioStream, progress: Progress) -> _Listened:
    check_header(track)
    first = FirstLook(track.channels)
    filters = SoundChoice(track=1, tracks=()).filters(track.channels)
    for block in reader.blocks(
        track, channels=first.channels, filters=filters, seconds=LOOK_SECONDS, progress=progress
    ):
        first.add(block)
        if first.is_enough:
            break
    plain = first.sound
    if first.is_enough and not first.is_suspicious:
        return _Listened(plain, "", ())
    sounds: list[Sound] = []
    tried: list[str] = []
    for mixes in second_looks(track.channels, difference_first=first.is_opposed):
        for look in _second_look(reader, track, mixes, first, progress):
            sounds += look.sounds
            tried += look.tried
    best, reason = _best(first, sounds)
    return _Listened(best, reason, tuple(dict.fromkeys(tried)))


def _second_look(
    reader: SoundReader, track: AudioStream, mixes: Sequence[str], first: FirstLook, progress: Progress
) -> list[SecondLook]:
    """Reads a track once more, for all of `mixes`: those of stereo are made of its channels, any other comes alone."""
    stereo = track.channels == 2
    filters, width = SoundChoice(track=1, tracks=()).filters(track.channels), 2 if stereo else 1
    if not stereo and mixes != ["mix"]:
        columns, width = side_by_side(mixes, track.channels)
        filters = (columns,)
    most = first.blocks if first.is_enough else None
    looks = [
        SecondLook(group, reader.info.duration, most=most)
        for group in ([mixes] if stereo else [[mix] for mix in mixes])
    ]
    for block in reader.blocks(
        track, channels=width, filters=filters, seconds=LOOK_SECONDS, progress=progress
    ):
        for column, look in enumerate(looks):
            if not look.is_enough:
                look.add(block if stereo else block[:, [column]])
        if all(look.is_enough for look in looks):
            break
    return looks


def _best(first: FirstLook, sounds: Sequence[Sound]) -> tuple[Sound, str]:
    """What is to be heard instead of the mix, if anything, and why."""
    plain = first.sound
    if plain.is_heard and first.channels == 2:
        unchanged = {sound.mix: sound for sound in sounds if not sound.above_hum}
        left, right = unchanged["left"], unchanged["right"]
        best, other = (left, right) if left.speech >= right.speech else (right, left)
        if first.is_cancelled:
            best = (
                unchanged["difference"] if first.is_opposed else max(left, right, key=lambda side: side.level)
            )
            if best.speech >= _AS_MUCH * plain.speech:
                return best, "the channels cancel each other"
        # Two people, each in a channel of their own, are both wanted.
        elif other.speech < _NEXT_TO_NOTHING * best.speech and best.speech > _CLEARLY_MORE * plain.speech:
            return best, "the other channel is noise"
        elif first.is_partly_cancelled and best.speech > _CLEARLY_MORE * plain.speech:
            return best, "the channels cancel each other in places"
    if first.is_enough:
        return plain, ""
    most = max((sound.speech for sound in sounds), default=0.0)
    if not most or most <= 2 * plain.speech + (_MORE_SECONDS if plain.is_heard else 0.0):
        return plain, ""
    best = next(sound for sound in sounds if sound.speech >= _AS_MUCH * most)
    if best.mix == "mix":
        return best, ""
    hardly = "hardly any" if plain.is_heard else "no"
    return best, "the channels cancel each other" if first.is_cancelled else f"the mix has {hardly} speech"


def _gain(reader: SoundReader, track: AudioStream, choice: SoundChoice, sound: Sound) -> float:
    """Decibels that bring quiet speech to a usual level; 0 where it is not quiet."""
    if sound.level >= _QUIET:
        return 0.0
    # The beginning may be quieter than the rest: what is raised is all of it.
    filters = choice.filters(track.channels)
    floor = measure_noise_floor(reader.blocks(track, channels=1, filters=filters))
    level = max(sound.level, floor.speech if floor else sound.level)
    return round(SPEECH_LEVEL - level, 1) if level < _QUIET else 0.0
