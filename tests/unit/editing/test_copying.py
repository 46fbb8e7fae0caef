"""What is copied into an MP4: named so that players know it, and as long as it is to be."""

from pathlib import Path

import av
import pytest

from tasks.editing.bench import Bench
from tasks.editing.copying import copy_of, held
from tasks.editing.facts import hard_to_play
from tasks.editing.joining import JoinOptions, concatenate
from tasks.editing.mixing import mix
from tasks.editing.mixing_plan import MixOptions, Placing
from tasks.editing.packets import read_pictures
from tasks.editing.silences import SilenceOptions, remove_silence
from tasks.editing.trimming import trim, trim_options
from tests.material import film
from tests.unit.editing.films import counted, made, numbers


@pytest.mark.parametrize("job", ["silence", "mix", "trim", "join"])
def test_hevc_is_named_so_that_all_players_know_it(tmp_path: Path, job: str) -> None:
    hevc = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none")
    source = film(tmp_path / "film.mkv", *hevc, "-c:a", "aac", "-g", "6", seconds=1)
    bench, target = Bench(scratch=tmp_path), tmp_path / "out.mp4"
    if job == "silence":
        assert remove_silence([source], SilenceOptions(), target, bench).copied
    elif job == "mix":
        assert mix([source, source], MixOptions(tracks=(Placing(),)), target, bench).copied
    elif job == "trim":
        assert trim([source], trim_options(0.5, None, [], "fast", "draft"), target, bench).copied
    else:
        shape = {"width": None, "height": None, "fps": None, "fit": "pad", "transition": "none"}
        options = JoinOptions.model_validate({**shape, "transition_seconds": 0.5, "quality": "draft"})
        assert concatenate([source, source], options, target, bench).copied
    with av.open(str(target)) as container:
        assert container.streams.video[0].codec_context.codec_tag == "hvc1"


@pytest.mark.parametrize("pictures", [("-bf", "0"), ("-bf", "3")])
def test_the_last_picture_stays_without_being_encoded(tmp_path: Path, pictures: tuple[str, ...]) -> None:
    source = counted(tmp_path / "film.mkv", "-c:v", "libx264", *pictures, seconds=1)
    read = read_pictures(source)
    assert held(read, 1.0) == []
    coding = [*copy_of("h264"), *held(read, 2.5), "-an"]
    target = made(tmp_path / "out.mp4", "-i", f"file:{source}", *coding)
    assert read_pictures(target).end == pytest.approx(2.5, abs=0.001)
    assert read_pictures(target).shown == pytest.approx(read.shown, abs=0.001)
    assert numbers(target) == list(range(25))


@pytest.mark.parametrize(
    ("coding", "said"),
    [
        (("-c:v", "libx264", "-pix_fmt", "yuv420p"), ""),
        (("-c:v", "libx264", "-pix_fmt", "yuvj420p"), ""),
        (("-c:v", "libx264", "-pix_fmt", "yuv422p"), "H.264 in yuv422p,"),
        (("-c:v", "libx264", "-pix_fmt", "yuv420p10le"), "H.264 in yuv420p10le,"),
        (("-c:v", "libx264rgb"), "H.264 in gbrp,"),
        (("-c:v", "libx265", "-pix_fmt", "yuv420p10le", "-x265-params", "log-level=none"), ""),
    ],
)
def test_copies_that_browsers_do_not_play_are_named(
    tmp_path: Path, coding: tuple[str, ...], said: str
) -> None:
    source = film(tmp_path / "film.mov", *coding, "-g", "6", seconds=1)
    target = tmp_path / "out.mp4"
    assert trim(
        [source], trim_options(0.5, None, [], "fast", "draft"), target, Bench(scratch=tmp_path)
    ).copied
    told = hard_to_play(target)
    assert (len(told), said in " ".join(told)) == (bool(said), True)
