"""Parts of films: real films, whose pictures are compared with those of the original."""

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.editing.bench import Bench
from tasks.editing.packets import Pictures, read_pictures
from tasks.editing.segments import Heard, SoundForm
from tasks.editing.trimming import Part, Trimmed, TrimMode, plan, trim, trim_options, widened
from tasks.errors import CancelledError, InvalidInputError
from tasks.media.probe import probe, shown_size
from tests.material import film, frames_of
from tests.unit.editing.films import KINDS, beeps, counted, damaged, ends, numbers

Benches = Callable[[], Bench]

RATE, GROUP = 25, 10


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds with a key picture every 0.4 s, pictures out of order, and sound."""
    folder = tmp_path_factory.mktemp("films")
    return film(folder / "film.mp4", "-g", str(GROUP), "-bf", "2", seconds=3, rate=RATE)


def sound_ends(path: Path) -> float:
    """Seconds of sound that are heard."""
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
    last = frames[-1]
    assert last.time is not None
    return float(last.time + last.samples / last.sample_rate)


def cut(
    source: Path,
    bench: Bench,
    *parts: Part,
    mode: TrimMode = "exact",
) -> tuple[Trimmed, Path]:
    target = bench.scratch / "result.mp4"
    options = trim_options(None, None, parts, mode, "high")
    return trim([source], options, target, bench), target


@pytest.mark.parametrize(
    ("parts", "copied"),
    [
        ([Part(start=0.4, end=1.2)], True),
        ([Part(start=0.5, end=1.31)], False),
        ([Part(start=-0.5)], False),
        ([Part(start=1.2, end=2.0), Part(start=0, end="00:00.400")], True),
        ([Part(start=2.5, end=2.7), Part(start="00:01", end=1.5), Part(start=1, end=1.04)], False),
    ],
)
def test_the_pictures_are_those_of_the_parts(
    source: Path, bench: Benches, parts: list[Part], copied: bool
) -> None:
    made, target = cut(source, bench(), *parts)
    assert made.copied is copied
    original, shown = frames_of(source), frames_of(target)
    wanted = [
        number for part in made.parts for number in range(round(part.start * RATE), round(part.end * RATE))
    ]
    assert len(shown) == len(wanted)
    for number, picture in zip(wanted, shown, strict=True):
        # The clock of the test picture makes neighbours differ by more than encoding does.
        near = {
            other: np.abs(picture.astype(int) - original[other].astype(int)).mean()
            for other in (number - 1, number, number + 1)
            if 0 <= other < len(original)
        }
        assert min(near, key=near.__getitem__) == number
    assert sound_ends(target) == pytest.approx(len(wanted) / RATE, abs=1 / RATE)
    assert read_pictures(target).end == pytest.approx(len(wanted) / RATE, abs=0.001)


def test_fast_widens_to_places_where_packets_can_be_parted(source: Path, bench: Benches) -> None:
    made, target = cut(source, bench(), Part(start=0.5, end=1.3), mode="fast")
    assert made.copied
    assert [(part.start, part.end) for part in made.parts] == [(0.4, 1.6)]
    assert len(frames_of(target)) == 30


def test_what_ends_behind_the_film_ends_with_it(source: Path, bench: Benches) -> None:
    made, target = cut(source, bench(), Part(start=2, end="01:00"))
    assert made.warnings == ("A part was to end at 01:00, but the film is 00:03 long: it ends there.",)
    assert len(frames_of(target)) == RATE
    with pytest.raises(InvalidInputError, match=r"begins at 00:03\.500, but the film is 00:03 long"):
        cut(source, bench(), Part(start=3.5))


@pytest.mark.parametrize(
    ("start", "end", "parts", "says"),
    [
        (None, None, [], "nothing to cut"),
        (1, None, [Part(start=1)], "both parts and a start"),
        (2, 1, [], "cannot end"),
        (-1, -2, [], "cannot end"),
        ("1:75", None, [], "no time"),
    ],
)
def test_what_cannot_be_meant_is_said_before_the_film_is_fetched(
    start: float | str | None, end: float | str | None, parts: list[Part], says: str
) -> None:
    with pytest.raises(InvalidInputError, match=says):
        trim_options(start, end, parts, "exact", "draft")


def test_a_turned_film_stays_turned(tmp_path: Path, bench: Benches) -> None:
    flat = film(tmp_path / "flat.mp4", "-g", "10", seconds=1, rate=RATE)
    with av.open(str(flat)) as container:
        assert container.streams.video[0].width == 160
    turned = tmp_path / "turned.mp4"
    workbench = bench()
    workbench.ffmpeg(["-display_rotation", "90", "-i", f"file:{flat}", "-c", "copy"], turned, 1)
    assert shown_size(turned) == (90, 160)
    for parts, copied in (([Part(start=0.4)], True), ([Part(start=0.2)], False)):
        made, target = cut(turned, bench(), *parts)
        assert made.copied is copied
        assert shown_size(target) == (90, 160)


def test_a_film_without_sound_and_one_of_another_codec(tmp_path: Path, bench: Benches) -> None:
    silent = film(tmp_path / "silent.mkv", "-c:v", "mpeg4", seconds=1, rate=RATE, sound=False)
    made, target = cut(silent, bench(), Part(start=0.2, end=0.6))
    assert not made.copied
    assert probe(target).audio is None
    assert len(frames_of(target)) == 10


def test_a_film_that_is_cut_short_is_used_as_far_as_it_goes(tmp_path: Path, bench: Benches) -> None:
    whole = film(tmp_path / "whole.mp4", "-movflags", "+faststart", "-g", "10", seconds=4, rate=RATE)
    short = tmp_path / "short.mp4"
    short.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    made, target = cut(short, bench(), Part(start=0.4))
    assert not made.copied
    assert made.warnings[0].startswith("The film is cut short: of its 4.0 s ")
    assert 0 < len(frames_of(target)) < 80


STEPS = (0, 0.5, 1.0, 1.04, 1.08, 1.12, 1.16, 1.66, 2.16, 2.66, 3.16)
"""Seconds at which the pictures of a screen recording are shown: some close together, most half a second apart."""


@pytest.fixture(scope="module")
def uneven(tmp_path_factory: pytest.TempPathFactory) -> Path:
    times = "+".join(f"eq(N,{number})*{time}" for number, time in enumerate(STEPS))
    timed = ("-vf", f"settb=1/1000,setpts='({times})/TB'", "-fps_mode", "vfr", "-enc_time_base", "1/1000")
    path = tmp_path_factory.mktemp("films") / "uneven.mp4"
    return counted(path, *timed, "-bf", "0", seconds=0.44, heard=3.6)


@pytest.mark.parametrize(
    ("start", "end", "kept"), [(1.12, None, range(5, 11)), (1.04, 1.16, range(3, 6)), (0, 1.08, range(4))]
)
def test_uneven_pictures_are_told_apart(
    uneven: Path, bench: Benches, start: float, end: float | None, kept: range
) -> None:
    made, target = cut(uneven, bench(), Part(start=start, end=end))
    assert made.parts[0].start == pytest.approx(start, abs=0.001)
    assert numbers(target) == list(kept)
    shown = read_pictures(target).shown
    assert shown == pytest.approx([STEPS[number] - STEPS[kept[0]] for number in kept], abs=0.002)


@pytest.mark.parametrize("name", ["mp4.mp4", "fragments.mp4", "matroska.mkv", "flash.flv", "lead.mp4"])
def test_pictures_and_sound_are_copied_from_key_pictures_on(
    tmp_path: Path, bench: Benches, name: str
) -> None:
    [kind] = [each for each in KINDS if each.name == name]
    source = kind.film(tmp_path)
    for first in (0, 2):
        made, target = cut(source, bench(), Part(start=first, end=first + 1.0))
        assert made.copied
        assert numbers(target) == list(range(first * RATE, first * RATE + RATE))
        # Of the beep at its beginning a decoder hears some milliseconds less.
        assert beeps(target)[-1] == pytest.approx(1 - kind.early, abs=0.006)
        assert ends(target) == pytest.approx((1, 1), abs=0.03)


def test_sound_that_ends_early_is_silent_from_there_on(tmp_path: Path, bench: Benches) -> None:
    source = counted(tmp_path / "short.mp4", seconds=2, heard=1.2)
    made, target = cut(source, bench(), Part(start=0, end=2.0), Part(start=0, end=0.4))
    assert ends(target) == pytest.approx((2.4, 2.4), abs=0.03)
    made, target = cut(source, bench(), Part(start="0", end=None))
    assert made.copied
    assert ends(target) == pytest.approx((2, 2), abs=0.03)


def test_a_clock_that_starts_again_goes_on(tmp_path: Path, bench: Benches) -> None:
    [kind] = [each for each in KINDS if each.name == "transport.ts"]
    twice = tmp_path / "twice.ts"
    twice.write_bytes(kind.film(tmp_path).read_bytes() * 2)
    _, target = cut(twice, bench(), Part(start=3.8, end=4.2), Part(start=6.6, end=7.0))
    assert numbers(target) == [*range(95, 100), *range(5), *range(65, 75)]


def test_a_recording_that_begins_within_a_group_begins_with_its_first_key_picture(
    tmp_path: Path, bench: Benches
) -> None:
    [kind] = [each for each in KINDS if each.name == "transport.ts"]
    late = tmp_path / "late.ts"
    late.write_bytes(kind.film(tmp_path).read_bytes()[188 * 20 :])
    pictures = read_pictures(late)
    made, target = cut(late, bench(), Part(start=0, end=pictures.start + 0.4))
    assert not made.warnings
    assert numbers(target) == list(range(25, 35))


def test_pictures_that_cannot_be_decoded_are_told(tmp_path: Path, bench: Benches) -> None:
    film = counted(tmp_path / "film.mp4", "-c:v", "libx264", "-bf", "0", "-g", "25", seconds=2)
    source = damaged(film, 28, 29, 30, 31)
    made, target = cut(source, bench(), Part(start=0.4))
    missing = 40 - len(numbers(target))
    assert missing > 0
    assert made.warnings == (f"{missing} of the pictures cannot be decoded.",)


def test_it_can_be_cancelled(source: Path, bench: Benches) -> None:
    def stop(fraction: float) -> None:
        if fraction > 0.1:
            raise CancelledError("The job was cancelled.")

    at = bench()
    stopping = Bench(scratch=at.scratch, progress=stop)
    with pytest.raises(CancelledError):
        cut(source, stopping, Part(start=0.5, end=2.5))
    assert not (at.scratch / "result.mp4").exists()


@st.composite
def films(draw: st.DrawFn) -> Pictures:
    """The packets of a film: groups of pictures, some shown out of order, some groups open."""
    count = draw(st.integers(1, 60))
    rate = draw(st.sampled_from([12.0, 24.0, 25.0, 30000 / 1001, 60.0]))
    numbers = list(range(count))
    keys = [number == 0 or draw(st.booleans()) for number in numbers]
    # A picture that later ones are made of comes before them in the file.
    for place in range(1, count):
        if draw(st.booleans()):
            numbers[place - 1], numbers[place] = numbers[place], numbers[place - 1]
            keys[place - 1], keys[place] = keys[place], keys[place - 1]
    return Pictures(
        times=np.asarray(numbers) / rate,
        sizes=np.ones(count, np.int64),
        keys=np.asarray(keys),
        whole=True,
        last=1 / rate,
    )


@given(films(), st.lists(st.tuples(st.floats(-2, 4), st.floats(-2, 4)), min_size=1, max_size=5))
def test_plans_lie_on_pictures_and_within_the_film(
    pictures: Pictures, wanted: list[tuple[float, float]]
) -> None:
    try:
        kept, _ = plan([Part(start=start, end=end) for start, end in wanted], pictures)
    except InvalidInputError:
        return
    changes = np.append(pictures.shown, pictures.end)
    assert len(kept) == len(wanted)
    for part in kept:
        assert 0 <= part.start < part.end <= pictures.end + 1e-6
        assert np.abs(changes - part.start).min() < 1e-5
        assert np.abs(changes - part.end).min() < 1e-5
    total = sum(pictures.count(part.start, part.end) for part in kept)
    assert total == pytest.approx(sum(part.end - part.start for part in kept) / pictures.last, abs=0.01)


@given(films(), st.data())
def test_packets_are_parted_where_nothing_is_torn(pictures: Pictures, data: st.DataObject) -> None:
    cuts = pictures.cuts()
    assert cuts[-1] == pictures.end
    for place in cuts[:-1]:
        position = pictures.position(float(place))
        assert pictures.keys[position]
        assert (pictures.times[:position] < place).all()
        assert (pictures.times[position:] >= place).all()
    for end in pictures.ends():
        position = pictures.position(float(end))
        assert (pictures.times[:position] < end).all()
        assert (pictures.times[position:] >= end).all()
    start = data.draw(st.floats(0, pictures.end * 0.9))
    try:
        kept, _ = plan([Part(start=start, end=data.draw(st.floats(start, pictures.end)))], pictures)
    except InvalidInputError:
        return
    (wide,), (exact,) = widened(kept, pictures), kept
    assert wide.start <= exact.start
    assert wide.end >= exact.end


@pytest.mark.parametrize(
    ("layout", "bits"), [("mono", "192k"), ("stereo", "192k"), ("5.1", "384k"), ("7.1", "384k")]
)
def test_surround_is_encoded_with_as_much_as_elsewhere(layout: str, bits: str) -> None:
    heard = Heard.samples(Path("sound"), SoundForm(layout=layout))
    assert heard.coding == ("-c:a", "aac", "-b:a", bits)
