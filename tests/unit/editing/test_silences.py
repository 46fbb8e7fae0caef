"""Silences cut out of films: real sound, real pictures, measured."""

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tasks.editing.bench import Bench
from tasks.editing.silences import SilenceOptions, plan_kept, remove_silence
from tasks.editing.stretches import (
    SHORTEST_CUT,
    Frames,
    Stretch,
    joined_sound,
    keep_stretches,
    on_frames,
    read_frames,
)
from tasks.errors import InvalidInputError, NoAudioError
from tasks.media.ffmpeg import run_ffmpeg
from tasks.media.probe import probe, require_video
from tasks.voice.speech import speak
from tests.material import as_wav, film
from tests.unit.editing.films import counted, ends, numbers

DEFAULT = SilenceOptions()


@st.composite
def sounds(draw: st.DrawFn) -> tuple[list[Stretch], float]:
    """Sounds in order, apart, and a film that they may reach beyond."""
    lengths = draw(st.lists(st.floats(0.01, 3), max_size=40))
    at, found = 0.0, []
    for number, length in enumerate(lengths):
        if number % 2:
            found.append(Stretch(at, at + length))
        at += length
    return found, max(0.1, at + draw(st.floats(-1, 2)))


@st.composite
def choices(draw: st.DrawFn) -> SilenceOptions:
    return SilenceOptions(
        min_silence=draw(st.floats(0.1, 2)),
        padding_before=draw(st.floats(0, 0.5)),
        padding_after=draw(st.floats(0, 0.5)),
        min_kept=draw(st.floats(0.05, 0.5)),
        max_silence=draw(st.floats(0, 1)),
    )


@given(sounds(), choices())
@example(
    ([Stretch(1, 2), Stretch(3, 4)], 3.0), SilenceOptions(padding_before=0.5, padding_after=0, max_silence=0)
)
def test_what_is_kept_is_in_order_and_holds_every_sound(
    heard: tuple[list[Stretch], float], options: SilenceOptions
) -> None:
    found, duration = heard
    kept = plan_kept(found, duration, options)
    edges = [0.0, *(edge for part in kept for edge in (part.start, part.end)), duration]
    assert edges == sorted(edges)
    gaps = list(zip(edges[::2], edges[1::2], strict=True))
    for start, end in gaps[1:-1]:
        assert end - start >= SHORTEST_CUT
    for sound in found:
        inside = Stretch(sound.start, min(sound.end, duration))
        if sound.length >= options.min_kept and inside.length > SHORTEST_CUT:
            assert any(part.start <= inside.start + 1e-9 and part.end >= inside.end - 1e-9 for part in kept)
    for start, end in gaps:
        if end - start > 1e-9 and kept:
            # Nothing that is worth keeping lies in a cut, nor closer to it than the padding.
            for sound in found:
                if sound.length >= options.min_kept and sound.start < duration:
                    assert sound.end + options.padding_after <= start + 1e-9 or (
                        sound.start - options.padding_before >= end - 1e-9
                    )


def test_paddings_and_what_silences_are_shortened_to() -> None:
    heard = [Stretch(2, 3), Stretch(5, 6), Stretch(6.3, 7)]
    assert plan_kept(heard, 10, DEFAULT) == (
        Stretch(1.9, 3.2),
        Stretch(4.9, 7.2),
    )
    shortened = plan_kept(heard, 10, DEFAULT.model_copy(update={"max_silence": 0.8}))
    assert [(round(part.start, 6), round(part.end, 6)) for part in shortened] == [(1.2, 3.45), (4.65, 7.8)]
    click = [Stretch(2, 3), Stretch(4, 4.03), Stretch(5, 6)]
    assert plan_kept(click, 6, DEFAULT) == (Stretch(1.9, 3.2), Stretch(4.9, 6))
    assert plan_kept([], 6, DEFAULT) == ()


@pytest.mark.parametrize(
    ("heard", "kept"), [((0, 9.6), (0, 10)), ((0.4, 10), (0, 10)), ((0.4, 9.6), (0, 10))]
)
def test_short_silences_stay_at_the_edges_too(heard: tuple[float, float], kept: tuple[float, float]) -> None:
    for shortest in (0.5, 600):
        assert plan_kept([Stretch(*heard)], 10, SilenceOptions(min_silence=shortest)) == (Stretch(*kept),)
    close = SilenceOptions(min_silence=0.3)
    assert plan_kept([Stretch(*heard)], 10, close) == (
        Stretch(max(0, heard[0] - 0.1), min(10, heard[1] + 0.2)),
    )


def test_short_silences_are_cut_where_they_are_asked_for() -> None:
    heard = [Stretch(0, 1), Stretch(1.18, 2), Stretch(2.18, 3)]
    close = DEFAULT.model_copy(update={"min_silence": 0.15, "padding_before": 0.02, "padding_after": 0.02})
    assert len(plan_kept(heard, 3, close)) == 3
    assert len(plan_kept(heard, 3, DEFAULT)) == 1


@given(sounds(), st.sampled_from([24.0, 30000 / 1001, 50.0]), st.floats(0, 0.1))
def test_cuts_are_made_between_pictures(
    heard: tuple[list[Stretch], float], rate: float, first: float
) -> None:
    found, duration = heard
    times = np.arange(first, max(duration, first + 1 / rate), 1 / rate)
    frames = Frames(times, float(times[-1] + 1 / rate), 0.0)
    end = max(duration, frames.end)
    planned = plan_kept(found, end, DEFAULT)
    kept = on_frames(planned, frames, end)
    for before, after in pairwise(kept):
        assert after.start - before.end >= SHORTEST_CUT
    for part in kept:
        for edge in (part.start, part.end):
            assert edge in times or edge in (0.0, end) or edge < first
    for part in planned:
        assert any(new.start <= part.start + 1e-6 and new.end >= part.end - 1e-6 for new in kept)


@given(st.data())
def test_sound_is_cut_to_the_sample_and_joined_without_a_click(data: st.DataObject) -> None:
    rate = data.draw(st.sampled_from([8_000, 44_100]))
    lengths = data.draw(st.lists(st.floats(0.05, 0.4), min_size=2, max_size=12))
    edges = np.cumsum(lengths)
    parts = [Stretch(*map(float, pair)) for pair in zip(edges[::2], edges[1::2], strict=False)]
    sound = np.linspace(-1, 1, round(edges[-1] * rate) + 50, dtype=np.float32)[:, None]
    blocks = np.array_split(sound, data.draw(st.integers(1, 9)))
    made = np.concatenate(list(joined_sound(blocks, 1, parts, rate)))[:, 0]
    assert len(made) == round(sum(part.length for part in parts) * rate)
    at = 0.0
    for part in parts:
        # The middle of each part is where it belongs: not a sample off.
        middle = part.start + part.length / 2
        place = round((at + part.length / 2) * rate)
        assert abs(made[place] - sound[round(middle * rate), 0]) < 4 / len(sound)
        at += part.length
    steps = np.abs(np.diff(made))
    assert steps.max() < 2 / (0.009 * rate) + 4 / len(sound), "a jump"


def flashes(path: Path, rate: str, count: int, every: float = 1.2) -> Path:
    """A film of white pictures and beeps, both at once every so many seconds, faint noise between."""
    seconds = count * every
    on = f"between(mod(t,{every}),0.5,0.6)"
    run_ffmpeg(
        [
            *("-f", "lavfi", "-i", f"color=black:size=64x48:rate={rate}:duration={seconds}"),
            *("-f", "lavfi", "-i"),
            f"aevalsrc='0.5*sin(2*PI*1000*t)*{on}+0.0002*(random(0)-0.5)':s=44100:d={seconds}",
            "-vf",
            f"drawbox=c=white:t=fill:enable='between(mod(t+0.0001,{every}),0.5,0.6)'",
            *("-preset", "ultrafast", "-bf", "2"),
        ],
        output=path,
        duration=seconds,
        deadline=60,
    )
    return path


def seen_and_heard(path: Path) -> tuple[NDArray[np.float64], NDArray[np.float64], list[float]]:
    """When it gets white, when it gets loud, and the times of all pictures."""
    with av.open(str(path)) as container:
        shown = [
            (float(frame.time or 0), bool(frame.to_ndarray(format="gray").mean() > 100))
            for frame in container.decode(video=0)
        ]
    with av.open(str(path)) as container:
        decoded = list(container.decode(audio=0))
        rate = decoded[0].sample_rate
        sound = np.concatenate([frame.to_ndarray().mean(axis=0) for frame in decoded])
    loud = np.flatnonzero(np.abs(sound) > 0.15)
    begins = loud[np.concatenate(([True], np.diff(loud) > rate / 20))] / rate + float(decoded[0].time or 0)
    white = [time for (time, now), (_, before) in zip(shown[1:], shown[:-1], strict=True) if now > before]
    return np.array(white), begins, [time for time, _ in shown]


@pytest.mark.parametrize("rate", ["24", "30000/1001"])
def test_picture_and_sound_stay_together_over_all_cuts(tmp_path: Path, rate: str) -> None:
    source = flashes(tmp_path / "film.mp4", rate, 25)
    made = remove_silence([source], DEFAULT, tmp_path / "out.mp4", Bench(scratch=tmp_path))
    assert made.cuts == 25
    assert not made.warnings
    white, beeps, _ = seen_and_heard(source)
    cut_white, cut_beeps, times = seen_and_heard(tmp_path / "out.mp4")
    assert len(cut_white) == len(cut_beeps) == 25
    # How far each beep is from its picture is what it was, to half a millisecond: nothing adds up.
    assert np.abs((cut_beeps - cut_white) - (beeps - white)).max() < 0.0005
    step = float(1 / Fraction(rate))
    assert np.diff(times) == pytest.approx(np.full(len(times) - 1, step), abs=0.0002)
    kept = sum(part.end - part.start for part in made.kept)
    assert len(times) == round(kept / step)
    assert kept == pytest.approx(25 * 1.2 - made.removed, abs=0.05)
    assert probe(tmp_path / "out.mp4").duration == pytest.approx(kept, abs=0.05)


def test_two_thousand_cuts(tmp_path: Path) -> None:
    """More than a command line holds, in a time that does not grow with their number."""
    source = film(tmp_path / "film.mp4", "-preset", "ultrafast", seconds=840, size="32x32", sound=False)
    info = probe(source)
    frames = read_frames(source, require_video(info))
    parts = [Stretch(number * 5 / 12, (number * 5 + 3) / 12) for number in range(2000)]
    keep_stretches(source, info, parts, frames, tmp_path / "out.mp4", Bench(scratch=tmp_path), "draft")
    made = read_frames(tmp_path / "out.mp4", require_video(probe(tmp_path / "out.mp4")))
    assert made.times == pytest.approx(np.arange(6000) / 12, abs=0.001)


def test_no_word_is_clipped(tmp_path: Path) -> None:
    phrases = ["She stopped.", "Nobody had expected six ships before half past four.", "Yes.", "What if?"]
    rate = 24_000
    voiced = []
    for number, text in enumerate(phrases):
        path = tmp_path / f"{number}.wav"
        speak(text, language="en", target=path, models_dir=tmp_path)
        with av.open(str(path)) as container:
            voiced.append(np.concatenate([f.to_ndarray()[0] for f in container.decode(audio=0)]) / 32768)
    pause = np.zeros(round(1.3 * rate))
    sound = np.concatenate([piece for said in voiced for piece in (said, pause)]) * 0.5
    for noise, detect in ((0.0, "level"), (0.001, "level"), (0.001, "speech")):
        noisy = sound + np.random.default_rng(1).normal(0, noise, sound.size) if noise else sound
        (tmp_path / "talk.wav").write_bytes(as_wav(noisy, rate))
        options = SilenceOptions.model_validate({"detect": detect})
        made = remove_silence([tmp_path / "talk.wav"], options, tmp_path / "out.mp4", Bench(scratch=tmp_path))
        assert made.cuts >= 4
        power = np.square(sound[: len(sound) // 240 * 240].reshape(-1, 240)).mean(axis=1)
        level = 10 * np.log10(power + 1e-12)
        # What is within 35 dB of the loudest is speech.
        for at in np.flatnonzero(level > level.max() - 35) / 100:
            assert any(part.start <= at + 0.005 and part.end >= at + 0.005 for part in made.kept), at
        assert made.removed > 3


def tone(path: Path, formula: str, seconds: float, channels: str = "") -> Path:
    source = f"aevalsrc='{formula}':s=16000:d={seconds}{channels}"
    run_ffmpeg(["-f", "lavfi", "-i", source], output=path, duration=seconds, deadline=30)
    return path


def test_where_nothing_is_silent_the_tracks_are_copied(tmp_path: Path) -> None:
    source = film(tmp_path / "film.mkv", "-c:a", "aac", seconds=1)
    made = remove_silence([source], DEFAULT, tmp_path / "out.mp4", Bench(scratch=tmp_path))
    assert (made.copied, made.cuts, made.removed) == (True, 0, 0.0)
    packets = []
    for path in (source, tmp_path / "out.mp4"):
        with av.open(str(path)) as container:
            packets.append([packet.size for packet in container.demux(video=0) if packet.size])
    assert packets[0] == packets[1]


@pytest.mark.parametrize(("heard", "edge"), [(2.6, 2.6), (1.2, 2.0)])
def test_sound_and_picture_end_together(tmp_path: Path, heard: float, edge: float) -> None:
    source = counted(tmp_path / "film.mp4", seconds=2, heard=heard)
    loud, target = SilenceOptions(threshold=-30, quality="draft"), tmp_path / "out.mp4"
    made = remove_silence([source], loud, target, Bench(scratch=tmp_path))
    kept = sum(part.end - part.start for part in made.kept)
    assert made.cuts > 0
    assert ends(target) == pytest.approx((kept, kept), abs=0.04)
    patient = loud.model_copy(update={"min_silence": 5})
    made = remove_silence([source], patient, target, Bench(scratch=tmp_path))
    assert (made.cuts, made.copied) == (0, heard > 2)
    assert ends(target) == pytest.approx((edge, edge), abs=0.04)
    assert numbers(target)[:50] == list(range(50))


def test_silent_from_beginning_to_end(tmp_path: Path) -> None:
    for formula, options in (("0", DEFAULT), ("0.0001*sin(t*900)", SilenceOptions(threshold=-50))):
        source = tone(tmp_path / "a.wav", formula, 2)
        with pytest.raises(InvalidInputError, match="silent from beginning to end"):
            remove_silence([source], options, tmp_path / "out.mp4", Bench(scratch=tmp_path))
    with pytest.raises(NoAudioError):
        remove_silence(
            [film(tmp_path / "v.mp4", sound=False)], DEFAULT, tmp_path / "out.mp4", Bench(scratch=tmp_path)
        )
    assert not (tmp_path / "out.mp4").exists()


def test_channels_that_cancel_each_other_out_are_heard(tmp_path: Path) -> None:
    # A constant offset and rumble are not; 0.8 s in the middle are.
    voice = "0.3*sin(2*PI*500*t)*between(t,1,1.8)"
    source = tone(tmp_path / "a.wav", f"0.1+{voice}|0.1-{voice}", 4)
    made = remove_silence(
        [source], SilenceOptions(threshold=-45), tmp_path / "out.m4a", Bench(scratch=tmp_path)
    )
    [part] = made.kept
    assert part.start == pytest.approx(0.9, abs=0.03)
    assert part.end == pytest.approx(2.0, abs=0.03)
    info = probe(tmp_path / "out.m4a")
    assert info.audio is not None
    assert (info.audio.channels, info.video) == (2, None)
