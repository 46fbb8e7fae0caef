"""Sounds mixed under films: measured in the result."""

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tasks.audio.loudness import Loudness, measuring_filter, parse_measurement
from tasks.editing.bench import Bench
from tasks.editing.mixing import Mixed, mix
from tasks.editing.mixing_plan import MixOptions, Placing, plan_mix
from tasks.editing.stretches import read_frames
from tasks.errors import InvalidInputError, NoAudioError, NotMediaError
from tasks.media.ffmpeg import media_input, run_ffmpeg
from tasks.media.probe import probe, require_video
from tests.material import film
from tests.unit.editing.films import counted, ends, numbers
from tests.unit.editing.films import made as made_by

SPEECH = "sin(2*PI*1000*t)*between(mod(t,4),1,2.5)"
"""Stands for a voice: a tone that pauses for 2.5 s."""
MUSIC = "0.1*sin(2*PI*440*t)|0.1*sin(2*PI*440*t)"


def sound(path: Path, formula: str, seconds: float, rate: int = 48_000, *arguments: str) -> Path:
    source = f"aevalsrc='{formula}':s={rate}:d={seconds}"
    run_ffmpeg(["-f", "lavfi", "-i", source, *arguments], output=path, duration=seconds, deadline=60)
    return path


def mixed(folder: Path, inputs: list[Path], tracks: list[dict[str, Any]], **options: Any) -> Mixed:
    asked = MixOptions(tracks=tuple(Placing.model_validate(track) for track in tracks), **options)
    (folder / "scratch").mkdir(exist_ok=True)
    return mix(inputs, asked, folder / "out.mp4", Bench(scratch=folder / "scratch"))


def samples(path: Path) -> NDArray[np.float32]:
    """The first channel."""
    with av.open(str(path)) as container:
        return np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])


def levels(path: Path, frequency: float) -> NDArray[np.float64]:
    """dBFS of a tone in each tenth of a second."""
    heard = samples(path)
    blocks = heard[: len(heard) // 4800 * 4800].reshape(-1, 4800)
    turning = np.exp(-2j * np.pi * frequency * np.arange(4800) / 48_000)
    return np.asarray(20 * np.log10(np.abs((blocks * turning).mean(axis=1)) * 2 + 1e-9), np.float64)


def measured(path: Path) -> Loudness:
    run = run_ffmpeg(
        [*media_input(path), "-af", measuring_filter(), "-f", "null", "-"],
        output=None,
        duration=None,
        deadline=60,
    )
    return parse_measurement(run.messages)


def packets(path: Path) -> list[int]:
    with av.open(str(path)) as container:
        return [packet.size for packet in container.demux(video=0) if packet.size]


@pytest.mark.parametrize("loudness_of_voice", [-6.0, -36.0])
def test_music_makes_way_for_a_voice_by_what_was_asked_for(tmp_path: Path, loudness_of_voice: float) -> None:
    picture = film(tmp_path / "v.mp4", "-preset", "ultrafast", seconds=12, sound=False)
    amplitude = 10 ** (loudness_of_voice / 20)
    voice = sound(tmp_path / "voice.wav", f"{amplitude}*{SPEECH}", 12, 8_000)
    music = sound(tmp_path / "music.flac", MUSIC, 30)
    made = mixed(
        tmp_path,
        [picture, voice, music],
        # Only the music's tone is measured, so the voice can be left to its own level.
        [{"role": "voice"}, {"role": "music", "fade_out": 0}],
        ducking_db=15,
        own_sound="none",
        loudness=None,
    )
    assert (made.ducked, made.copied) == (True, True)
    level = levels(tmp_path / "out.mp4", 440)
    time = np.arange(len(level)) / 10 + 0.05
    under = level[(time % 4 > 1.3) & (time % 4 < 2.3)]
    free = level[(time % 4 < 0.7) | (time % 4 > 3.6)]
    depth = np.median(free) - under
    assert depth == pytest.approx(np.full(len(under), 15), abs=1.5)
    assert free.max() - free.min() < 1.0, "it has come back"
    # The voice itself is not touched.
    assert packets(tmp_path / "out.mp4") == packets(picture)


def test_the_result_has_the_loudness_and_length_that_were_asked_for(tmp_path: Path) -> None:
    own = film(tmp_path / "v.mp4", "-preset", "ultrafast", "-af", "volume=-20dB", seconds=5, rate=25)
    # Clicks over noise: peaks 25 dB above the rest, which must be held back.
    spiky = sound(tmp_path / "spiky.wav", "0.02*(random(0)-0.5)+0.9*between(mod(t,0.5),0,0.0005)", 9, 44_100)
    made = mixed(tmp_path, [own, spiky], [{"role": "effect"}], own_sound="effect")
    again = measured(tmp_path / "out.mp4")
    assert again.integrated == pytest.approx(-14, abs=1)
    assert again.peak is not None
    assert again.peak <= -1
    assert (made.loudness, made.true_peak) == (again.integrated, again.peak)
    assert (made.limited, made.ducked, made.warnings) == (True, False, ())
    info = probe(tmp_path / "out.mp4")
    assert info.audio is not None
    assert (info.audio.codec, info.audio.sample_rate, info.audio.channels) == ("aac", 48_000, 2)
    assert info.audio.duration == pytest.approx(5, abs=0.001)
    assert read_frames(tmp_path / "out.mp4", require_video(info)).end == pytest.approx(5, abs=0.001)


def test_music_is_repeated_without_a_seam_and_ends_softly(tmp_path: Path) -> None:
    noise = "0.2*(random(0)-0.5)"
    music = sound(tmp_path / "music.mp3", f"{noise}|{noise}", 2.2, 44_100)
    own = film(tmp_path / "v.mp4", "-preset", "ultrafast", seconds=11)
    made = mixed(tmp_path, [own, music], [{"loop": True, "start": "0:02"}], own_sound="none", loudness=-20)
    [track] = made.tracks
    assert track.start == 2.0
    assert track.end == pytest.approx(11, abs=0.1)
    assert track.rounds == pytest.approx(9 / 2.2, abs=0.1)
    heard = samples(tmp_path / "out.mp4")
    power = np.square(heard[: len(heard) // 2400 * 2400].reshape(-1, 2400)).mean(axis=1)
    level = 10 * np.log10(power + 1e-12)
    assert level[:38].max() < -60
    steady = level[42:178]
    assert steady.max() - steady.min() < 3, "a hole or a bump where it begins again"
    assert level[-2] < steady.mean() - 15


@pytest.mark.parametrize(
    ("formula", "rate", "channels"),
    [("0", 48_000, 1), ("1.5*sin(900*t)|0|0.2*sin(300*t)|0|0|0", 44_100, 6), ("0.3*sin(500*t)", 8_000, 1)],
)
def test_sounds_of_every_kind(tmp_path: Path, formula: str, rate: int, channels: int) -> None:
    layout = ("-channel_layout", "5.1") if channels == 6 else ()
    track = sound(tmp_path / "a.wav", formula, 1.5, rate, *layout)
    own = film(tmp_path / "v.mkv", "-c:v", "libvpx", "-c:a", "libopus", seconds=1)
    made = mixed(tmp_path, [own, track], [{"role": "voice"}], own_sound="none")
    assert not made.copied, "MP4 holds no VP8"
    if formula == "0":
        assert made.loudness is None
        assert "silent" in made.warnings[0]
    else:
        assert made.loudness == pytest.approx(-14, abs=1)
        assert not made.warnings
    info = probe(tmp_path / "out.mp4")
    assert info.duration == pytest.approx(1, abs=0.1)


def test_as_long_as_the_voice(tmp_path: Path) -> None:
    own = film(tmp_path / "v.mp4", "-preset", "ultrafast", seconds=4)
    voice = sound(tmp_path / "voice.wav", "0.3*sin(1000*t)", 1.5)
    asked: dict[str, Any] = {"own_sound": "none", "length": "sound"}
    mixed(tmp_path, [own, voice], [{"role": "voice", "start": 1}], **asked)
    info = probe(tmp_path / "out.mp4")
    assert info.duration == pytest.approx(2.5, abs=0.1)
    made = mixed(tmp_path, [own, voice], [{"role": "voice", "start": 3.5}], **asked)
    assert probe(tmp_path / "out.mp4").duration == pytest.approx(5, abs=0.1)
    assert made.warnings == ("The sound lasts 1.0 s longer: the last picture stays until then.",)


@pytest.mark.parametrize("spoken", [0.5, 1.3, 2.6])
@pytest.mark.parametrize("codec", ["libx264", "libvpx"])
def test_sound_and_picture_end_together(tmp_path: Path, spoken: float, codec: str) -> None:
    coding = (
        "-c:v",
        codec,
        *(("-bf", "2", "-preset", "ultrafast") if codec == "libx264" else ("-cpu-used", "8")),
    )
    own = counted(tmp_path / "v.mkv", *coding, "-c:a", "pcm_s16le", "-g", "25", seconds=2)
    voice = sound(tmp_path / "voice.wav", "0.3*sin(1000*t)", spoken)
    made = mixed(
        tmp_path, [own, voice], [{"role": "voice"}], own_sound="none", length="sound", quality="draft"
    )
    assert made.copied == (codec == "libx264")
    picture, heard = ends(tmp_path / "out.mp4")
    assert picture == pytest.approx(heard, abs=0.04)
    # A copied picture ends with the next picture that all before it are shown before.
    assert spoken - 0.04 <= picture <= spoken + 0.12
    shown = numbers(tmp_path / "out.mp4")
    assert shown[:50] == list(range(min(50, round(picture * 25))))


@pytest.mark.parametrize("later", [0.0, 0.3])
def test_a_track_of_a_video_lasts_as_long_as_its_sound(tmp_path: Path, later: float) -> None:
    own = film(tmp_path / "v.mp4", "-preset", "ultrafast", seconds=2, sound=False)
    tone = sound(tmp_path / "tone.wav", "0.3*sin(1000*t)", 0.5)
    pictures = ("-f", "lavfi", "-i", "color=black:s=64x48:r=25:d=1.5")
    both = (*pictures, "-itsoffset", str(later), "-i", f"file:{tone}")
    track = made_by(tmp_path / "track.mp4", *both, "-c:a", "aac")
    end = later + 0.5
    asked: dict[str, Any] = {"own_sound": "none", "loudness": None}
    made = mixed(tmp_path, [own, track], [{"role": "voice"}], length="sound", **asked)
    assert made.tracks[0].end == pytest.approx(end, abs=0.03)
    assert ends(tmp_path / "out.mp4") == pytest.approx((end, end), abs=0.09)
    made = mixed(tmp_path, [own, track], [{"role": "effect", "fade_out": 0.3}], **asked)
    level = np.abs(samples(tmp_path / "out.mp4"))
    assert level[round((end - 0.05) * 48_000) : round(end * 48_000)].max() < 0.1
    made = mixed(tmp_path, [own, track], [{"loop": True, "fade_out": 0}], **asked)
    assert made.tracks[0].rounds == pytest.approx(2 / end, abs=0.2)
    assert np.abs(samples(tmp_path / "out.mp4"))[round(1.7 * 48_000) : round(1.9 * 48_000)].max() > 0.1


def test_sound_alone(tmp_path: Path) -> None:
    talk = sound(tmp_path / "talk.mp3", "0.3*sin(1000*t)", 2)
    made = mixed(tmp_path, [talk, sound(tmp_path / "b.wav", MUSIC, 9)], [{}])
    info = probe(tmp_path / "out.mp4")
    assert (info.video, made.copied, made.ducked) == (None, False, True)
    assert info.duration == pytest.approx(2, abs=0.1)


def test_what_cannot_be_mixed_is_said_by_its_number(tmp_path: Path) -> None:
    own = film(tmp_path / "v.mp4")
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7\n%\xe2\xe3\n1 0 obj\n")
    good = sound(tmp_path / "b.wav", MUSIC, 1)
    with pytest.raises(NotMediaError, match="Track 2: "):
        mixed(tmp_path, [own, good, tmp_path / "a.pdf"], [{}, {}])
    with pytest.raises(NoAudioError, match="Track 1: "):
        mixed(tmp_path, [own, film(tmp_path / "w.mp4", sound=False)], [{}])
    with pytest.raises(InvalidInputError, match="Track 1 begins at 00:02 and ends at 00:01"):
        mixed(tmp_path, [own, good], [{"start": 2, "end": 1}])
    with pytest.raises(InvalidInputError, match="nothing to hear"):
        mixed(tmp_path, [own, good], [{"start": 2}], own_sound="none")
    assert not (tmp_path / "out.mp4").exists()


@given(
    st.floats(0.1, 50),
    st.floats(0, 60),
    st.lists(
        st.tuples(
            st.floats(0.01, 40_000),
            st.floats(-20, 60),
            st.booleans(),
            st.sampled_from(["voice", "music", "effect"]),
        ),
        max_size=6,
    ),
    st.sampled_from(["picture", "sound"]),
)
def test_every_track_is_heard_within_the_film(
    end: float, own: float, tracks: list[tuple[float, float, bool, str]], length: str
) -> None:
    placings = tuple(
        Placing.model_validate({"start": start, "loop": loop, "role": role})
        for _, start, loop, role in tracks
    )
    options = MixOptions.model_validate({"tracks": placings, "length": length})
    plan = plan_mix(end, own, [seconds for seconds, *_ in tracks], options)
    assert plan.total > 0
    copied = plan_mix(
        end, own, [seconds for seconds, *_ in tracks], options, np.arange(0.1, end, 0.1).tolist()
    )
    assert plan.total <= copied.total <= plan.total + 0.25
    assert length == "sound" or plan.total == end
    unheard = 0
    for (seconds, _, loop, role), slot in zip(tracks, plan.slots, strict=True):
        assert 0 <= slot.start <= slot.end
        unheard += slot.length == 0
        if slot.length:
            assert slot.end <= plan.total
            assert loop or slot.length <= seconds + 1e-6
            assert slot.cut or slot.length == pytest.approx(seconds, abs=0.1)
            assert role != "voice" or length == "picture" or loop or not slot.cut
    assert sum("not heard" in warning for warning in plan.warnings) == unheard
