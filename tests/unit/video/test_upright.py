"""Films of odd colours, ranges, pixels and fields come out as players show them, from every job."""

from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from tasks.editing.bench import Bench
from tasks.editing.mixing import mix
from tasks.editing.mixing_plan import MixOptions, Placing
from tasks.editing.silences import SilenceOptions, remove_silence
from tasks.errors import InvalidInputError
from tasks.images.colour import HLG, PQ, coded, in_srgb
from tasks.media.probe import shown_size
from tasks.video.fitting import fit_to_audio
from tests.unit.video.counted import captioned, made

ORANGE = (200, 100, 50)
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "1")
SIZE = "160x90"
BEEP = ("-f", "lavfi", "-i", "aevalsrc='0.5*sin(2000*t)*lt(t,0.25)':d=0.4")


def filmed(path: Path, filters: str, *encoder: str, colour: tuple[int, int, int] = ORANGE) -> Path:
    """A film of one colour, with a sound that ends before it."""
    name = "0x" + "".join(f"{part:02x}" for part in colour)
    source = f"color={name}:size={SIZE}:rate=10:duration=0.4,format=gbrp,{filters}"
    return made(path, "-f", "lavfi", "-i", source, *BEEP, *encoder)


def tagged(matrix: str, primaries: str, transfer: str, space: str, picture: str = "yuv444p10") -> str:
    return (
        f"scale=out_color_matrix={matrix}:out_range=limited,format={picture},"
        f"setparams=color_primaries={primaries}:color_trc={transfer}:colorspace={space}:range=tv"
    )


def results(video: Path, folder: Path) -> list[Path]:
    """What captions, addaudio and remove-silence make of it."""
    sound = made(folder / "a.wav", "-f", "lavfi", "-i", "sine=duration=0.4")
    fit_to_audio(video, sound, folder / "fitted.mp4", encoder="libx264", deadline=60, quality="high")
    assert not list(folder.glob(".*")), "nothing is left"
    bench = Bench(scratch=folder)
    cut = SilenceOptions(threshold=-30, min_silence=0.1, padding_before=0, padding_after=0, quality="high")
    assert remove_silence([video], cut, folder / "cut.mp4", bench).cuts == 1
    return [captioned(video, folder)[0], folder / "fitted.mp4", folder / "cut.mp4"]


def seen(path: Path) -> NDArray[np.uint8]:
    """The second picture, as a player shows it."""
    with av.open(str(path)) as container:
        frame = list(container.decode(video=0))[1]
        assert frame.format.name == "yuv420p"
        assert frame.color_range in (0, 1), "limited"
        assert frame.colorspace in (1, 2), "BT.709, or not said"
        return np.asarray(frame.reformat(format="rgb24", src_colorspace="ITU709").to_ndarray(), np.uint8)


def expected(primaries: int, transfer: int) -> NDArray[np.float32]:
    values = np.asarray([[part / 255 for part in ORANGE]], np.float32)
    return np.asarray(in_srgb(values, coded(primaries, transfer))[0] * 255, np.float32)


@pytest.mark.parametrize(
    ("filters", "encoder", "colour"),
    [
        (tagged("bt709", "bt709", "bt709", "bt709", "yuv420p"), H264, ORANGE),
        (tagged("bt709", "bt709", "bt709", "bt709", "yuv422p10"), H264, ORANGE),
        (tagged("bt601", "smpte170m", "smpte170m", "smpte170m", "yuv420p"), H264, (192, 100, 52)),
        ("scale=out_color_matrix=bt709:out_range=full,format=yuv420p,setparams=range=pc", H264, ORANGE),
        ("format=gbrp", ("-c:v", "libx264rgb", "-crf", "1"), ORANGE),
        ("format=rgba,colorchannelmixer=aa=0.5", ("-c:v", "qtrle"), (100, 50, 25)),
        (tagged("bt709", "smpte432", "bt709", "bt709"), H264, (215, 93, 31)),
        (tagged("bt2020", "bt2020", "arib-std-b67", "bt2020nc"), H264, None),
        (tagged("bt2020", "bt2020", "smpte2084", "bt2020nc"), H264, None),
    ],
)
def test_colours_are_those_that_were_meant(
    tmp_path: Path, filters: str, encoder: tuple[str, ...], colour: tuple[int, int, int] | None
) -> None:
    video = filmed(tmp_path / "v.mov", filters, *encoder)
    wanted = colour or expected(9, HLG if "arib" in filters else PQ)
    for result in results(video, tmp_path):
        assert np.abs(seen(result)[20, 80].astype(float) - wanted).max() <= 5, result.name


@pytest.mark.parametrize("transfer", ["arib-std-b67", "smpte2084"])
def test_hdr_is_toned_down_and_said(tmp_path: Path, transfer: str) -> None:
    # Diffuse white, of 203 nits: 75 % of HLG, 58 % of PQ.
    white = 191 if transfer == "arib-std-b67" else 148
    filters = tagged("bt2020", "bt2020", transfer, "bt2020nc")
    video = filmed(tmp_path / "v.mov", filters, *H264, colour=(white, white, white))
    out, told = captioned(video, tmp_path)
    assert 215 < seen(out)[20, 80].mean() < 240
    assert "HDR" in told.warnings[0]


@pytest.mark.parametrize(
    ("pixel", "size"),
    [("16/11", (232, 90)), ("1/2", (160, 180)), ("1", (160, 90)), ("1/50", (160, 90)), ("100/1", (160, 90))],
)
def test_pixels_become_square(tmp_path: Path, pixel: str, size: tuple[int, int]) -> None:
    video = filmed(tmp_path / "v.mkv", f"format=yuv420p,setsar={pixel}:max=1000", *H264)
    assert np.abs(np.subtract(shown_size(video), size)).max() <= 1
    for result in results(video, tmp_path):
        assert seen(result).shape[:2] == size[::-1]
        with av.open(str(result)) as container:
            assert container.streams.video[0].sample_aspect_ratio in (None, 1)


@pytest.mark.parametrize("size", ["1x1", "64x1", "1x64"])
def test_a_picture_without_a_second_pixel_is_refused(tmp_path: Path, size: str) -> None:
    video = made(
        tmp_path / "v.mkv", "-f", "lavfi", "-i", f"color=size={size}:rate=10:duration=0.2", "-c:v", "rawvideo"
    )
    with pytest.raises(InvalidInputError, match="2×2 is the least"):
        shown_size(video)


def test_fields_become_pictures(tmp_path: Path) -> None:
    """A bar that moves between the fields: no line has what the next has not."""
    source = "color=black:size=160x96:rate=50:duration=0.6,format=yuv420p"
    bar = "geq=lum='if(between(X,10+N*4,30+N*4),235,16)':cb=128:cr=128,interlace=lowpass=off,setfield=tff"
    fields = ("-flags", "+ilme+ildct", "-c:v", "mpeg2video", "-q:v", "2")
    video = made(tmp_path / "v.mpg", "-f", "lavfi", "-i", f"{source},{bar}", *BEEP, *fields)
    with av.open(str(video)) as container:
        combed = list(container.decode(video=0))[3].to_ndarray(format="gray").astype(int)
    assert np.abs(np.diff(combed[:40], axis=0)).mean() > 8
    for result in results(video, tmp_path):
        assert np.abs(np.diff(seen(result)[:40].astype(int), axis=0)).mean() < 4


@pytest.mark.parametrize(("turned", "size"), [("90", (90, 160)), ("180", (160, 90)), ("30", (160, 90))])
def test_only_quarters_are_turned(tmp_path: Path, turned: str, size: tuple[int, int]) -> None:
    lying = filmed(tmp_path / "lying.mp4", "format=yuv420p", *H264)
    video = made(tmp_path / "v.mp4", "-display_rotation", turned, "-i", f"file:{lying}", "-c", "copy")
    for result in results(video, tmp_path):
        assert seen(result).shape[:2] == size[::-1]
        assert seen(result)[2, 2].max() > 150, "no black corners"


@pytest.mark.parametrize("job", ["mix", "remove-silence"])
def test_what_is_not_cut_but_cannot_be_copied_is_the_same(tmp_path: Path, job: str) -> None:
    video = filmed(tmp_path / "v.mov", "format=rgba,colorchannelmixer=aa=0.5", "-c:v", "qtrle")
    bench, target = Bench(scratch=tmp_path), tmp_path / "out.mp4"
    if job == "mix":
        mix([video, video], MixOptions(tracks=(Placing(),), quality="high"), target, bench)
    else:
        remove_silence([video], SilenceOptions(threshold=-30, min_silence=5, quality="high"), target, bench)
    assert np.abs(seen(target)[20, 80].astype(float) - (100, 50, 25)).max() <= 5
