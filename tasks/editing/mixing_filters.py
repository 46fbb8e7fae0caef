"""The filters of a mix: every sound brought to one form and its place, music lowered under voices, all added up."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Literal

from tasks.editing.bench import Bench
from tasks.media.clock import steady
from tasks.media.ffmpeg import media_input
from tasks.media.probe import probe

RATE = 48_000
"""Hertz of every mix, which is in stereo."""

_BOTH = "pan=stereo|c0=c0|c1=c0,"
"""As loud as before: ffmpeg's own way from one channel to two takes 3 dB off."""
_FORM = f"aformat=sample_fmts=fltp:sample_rates={RATE}:channel_layouts=stereo"
_ROUND_FADE = 2.0
"""Seconds over which the end of a track gives way to its beginning, if that is no more than a quarter of it."""

_KEY_PEAK = -20.0
"""dBFS of what the compressor hears of a voice. It is the same for every voice: raised as far as it will go, then
limited, so that loud and soft words lower music alike."""
_KEY_GATE = 18.0
"""Decibels below the loudness of the voices from which they are taken to be silent: breath and the room."""
_KEY_LIFT = 28.0
"""Decibels above the loudness that speech is raised by to be at the limit nearly always."""
_KEY_BELOW = 1.5
"""Decibels from the limit down to the level that the compressor finds; measured with speech."""
_EARLY = 0.15
"""Seconds by which music makes way before the voice."""
_RATIO = 20.0
"""The greatest that the compressor has: how far music goes down is then up to its threshold alone."""


@dataclass(frozen=True, slots=True)
class Track:
    """The sound of a file."""

    index: int
    """Of its stream."""
    delay: float
    """See `tasks.media.probe.AudioStream`."""
    duration: float
    """Seconds until it ends, by the clock of the file."""
    channels: int


@dataclass(frozen=True, slots=True)
class Rounds:
    """A track that is repeated: once without its end, then again and again with the end faded into the beginning."""

    first: Path
    again: Path
    count: int
    """How often `again` is heard."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A sound of the mix and its place; times in seconds of the film."""

    path: Path
    track: Track
    role: Literal["voice", "music", "effect"]
    gain_db: float
    start: float
    end: float
    fade_in: float = 0.0
    fade_out: float = 0.0
    rounds: Rounds | None = None


@dataclass(frozen=True, slots=True)
class Ducking:
    """How music makes way."""

    amount: float
    """Decibels."""
    release: float
    """Seconds after which it has come back."""
    voice: float
    """Loudness of the voices in LUFS."""


def mix_arguments(
    sounds: Sequence[Sound], total: float, ducking: Ducking | None, after: Iterable[str]
) -> list[str]:
    """Arguments of ffmpeg, up to the codec, for a mix of `total` seconds that `after` (filters) follow."""
    inputs, chains = _placed(sounds, total)
    names = {
        role: [f"[s{n}]" for n, sound in enumerate(sounds) if sound.role == role]
        for role in ("voice", "music", "effect")
    }
    buses = []
    if ducking is not None and names["voice"] and names["music"]:
        chains += [
            f"{_sum(names['voice'])},asplit=2[voice][key]",
            f"{_sum(names['music'])}[music]",
            f"[key]{_key(ducking, total)}[heard]",
            f"[music][heard]{_compressor(ducking)}[lowered]",
        ]
        buses = ["[voice]", "[lowered]", *names["effect"]]
    else:
        buses = [name for role in names.values() for name in role]
    chains.append(f"{_sum(buses)},{','.join([f'atrim=end={total:.6f}', *after])}[mix]")
    return [*inputs, "-filter_complex", ";".join(chains), "-map", "[mix]"]


def voice_arguments(sounds: Sequence[Sound], total: float, after: Iterable[str]) -> list[str]:
    """The same for the voices alone."""
    return mix_arguments([sound for sound in sounds if sound.role == "voice"], total, None, after)


def make_rounds(path: Path, track: Track, length: float, target: Path, bench: Bench) -> Rounds:
    """Writes the rounds of a track that is to be heard for `length` seconds, beside `target`."""
    # The length to the sample is known when all is decoded; 64-bit Wave has no limit of 4 GB.
    whole = target.with_suffix(".whole.w64")
    bench.ffmpeg(
        [
            *media_input(path),
            *("-map", f"0:{track.index}", "-af", f"{_formed(track)}", "-c:a", "pcm_f32le"),
        ],
        whole,
        track.duration,
    )
    samples = round(probe(whole).duration * RATE)
    fade = min(round(_ROUND_FADE * RATE), samples // 4)
    again = target.with_suffix(".again.w64")
    bench.ffmpeg(
        [
            *("-i", f"file:{whole.resolve()}", "-filter_complex"),
            f"asplit=3[a][b][c];[a]atrim=start_sample={samples - fade},asetpts=N/SR/TB[end];"
            f"[b]atrim=end_sample={fade}[begin];"
            f"[c]atrim=start_sample={fade}:end_sample={samples - fade},asetpts=N/SR/TB[middle];"
            # Equal power: end and beginning of a piece of music have nothing to do with each other.
            f"[end][begin]acrossfade=nb_samples={fade}:curve1=qsin:curve2=qsin[seam];"
            "[seam][middle]concat=n=2:v=0:a=1[round]",
            *("-map", "[round]", "-c:a", "pcm_f32le"),
        ],
        again,
        track.duration,
    )
    period = (samples - fade) / RATE
    return Rounds(whole, again, max(1, ceil(length / period)))


def _placed(sounds: Sequence[Sound], total: float) -> tuple[list[str], list[str]]:
    """The inputs, and a chain for each sound that ends in [s0], [s1] …, all of them `total` seconds long."""
    inputs: list[str] = []
    chains: list[str] = []
    used = 0
    for number, sound in enumerate(sounds):
        length = sound.end - sound.start
        if sound.rounds is None:
            inputs += media_input(sound.path)
            begin = f"[{used}:{sound.track.index}]{_formed(sound.track)}"
            used += 1
        else:
            rounds = sound.rounds
            again = ["-stream_loop", str(rounds.count - 1), "-i", f"file:{rounds.again.resolve()}"]
            inputs += ["-i", f"file:{rounds.first.resolve()}", *again]
            period = probe(rounds.again).duration
            chains.append(f"[{used}:a]atrim=end_sample={round(period * RATE)}[f{number}]")
            begin = f"[f{number}][{used + 1}:a]concat=n=2:v=0:a=1,{_FORM}"
            used += 2
        chain = [begin, f"atrim=end={length:.6f}", f"volume={sound.gain_db:.2f}dB:precision=float"]
        if sound.fade_in:
            chain.append(f"afade=t=in:d={sound.fade_in:.6f}")
        if sound.fade_out:
            chain.append(f"afade=t=out:st={length - sound.fade_out:.6f}:d={sound.fade_out:.6f}")
        if sound.start:
            # Not adelay: it holds all of the delay in memory.
            chain.append(f"asetpts=PTS+{sound.start:.6f}/TB,{steady()}")
        chain += [f"apad=whole_dur={total:.6f}", f"atrim=end={total:.6f}"]
        chains.append(f"{','.join(chain)}[s{number}]")
    return inputs, chains


def _formed(track: Track) -> str:
    """The sound by the clock of its file, its gaps filled, in the form of the mix."""
    moved = f"asetpts=PTS+{track.delay:.6f}/TB," if track.delay else ""
    return f"{moved}{steady(RATE)},{_BOTH if track.channels == 1 else ''}{_FORM}"


def _sum(names: Sequence[str]) -> str:
    if len(names) == 1:
        return f"{names[0]}anull"
    return f"{''.join(names)}amix=inputs={len(names)}:normalize=0"


def _key(ducking: Ducking, total: float) -> str:
    """What the compressor hears: the voices as a level that is the same wherever they speak, a little early."""
    gate = 10 ** ((ducking.voice - _KEY_GATE) / 20)
    limit = 10 ** (_KEY_PEAK / 20)
    return (
        f"atrim=start={_EARLY},asetpts=PTS-STARTPTS,"
        f"agate=threshold={min(max(gate, 1e-6), 1):.7f}:range=0:ratio=9000:attack=5:release=200:detection=rms,"
        f"volume={_KEY_PEAK + _KEY_LIFT - ducking.voice:.2f}dB:precision=float,"
        f"alimiter=limit={limit:.6f}:attack=2:release=50:level=false,apad=whole_dur={total:.6f}"
    )


def _compressor(ducking: Ducking) -> str:
    slope = 1 - 1 / _RATIO
    threshold = 10 ** ((_KEY_PEAK - _KEY_BELOW - ducking.amount / slope) / 20)
    return (
        f"sidechaincompress=threshold={max(threshold, 0.000976563):.7f}:ratio={_RATIO:g}:attack=20:"
        f"release={ducking.release * 1000:.0f}:knee=1:detection=rms:link=maximum"
    )
