"""Pictures, films and texts over a film: looked at."""

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from tasks.captions.look import Canvas
from tasks.editing.bench import Bench
from tasks.editing.overlay_plan import AddedLayer, Layer, OverlayOptions, laid_over, place
from tasks.editing.overlays import Overlaid, overlay
from tasks.errors import InvalidInputError, NotAnImageError
from tasks.media.probe import probe
from tests.material import film
from tests.unit.editing.films import counted, ends, numbers
from tests.unit.editing.films import made as made_by

POSITIONS = [
    f"{row}_{column}" for row in ("top", "middle", "bottom") for column in ("left", "center", "right")
]


def laid(folder: Path, inputs: list[Path], layers: list[dict[str, Any]], **options: Any) -> Overlaid:
    asked = OverlayOptions(layers=tuple(Layer.model_validate(layer) for layer in layers), **options)
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    return overlay(inputs, asked, folder / "out.mp4", Bench(scratch=scratch))


def pictures(path: Path, matrix: str) -> list[NDArray[np.uint8]]:
    with av.open(str(path)) as container:
        return [
            np.asarray(frame.reformat(format="rgb24", src_colorspace=matrix).to_ndarray(), np.uint8)
            for frame in container.decode(video=0)
        ]


def image(path: Path, color: tuple[int, ...], size: tuple[int, int] = (40, 20), **saved: Any) -> Path:
    Image.new("RGBA", size, color).save(path, **saved)
    return path


@pytest.mark.parametrize(("size", "matrix"), [("320x180", "ITU601"), ("1280x720", "ITU709")])
def test_colours_and_place_are_exact(tmp_path: Path, size: str, matrix: str) -> None:
    """Small films have the colours of standard definition, as players take them."""
    picture = film(
        tmp_path / "v.mp4", "-preset", "ultrafast", size=size, picture="color=c=0x808080", seconds=0.2
    )
    width, height = map(int, size.split("x"))
    shown = {"top_left": (230, 20, 30), "middle_center": (20, 60, 220), "bottom_right": (30, 200, 40)}
    inputs = [image(tmp_path / f"{name}.png", (*color, 255)) for name, color in shown.items()]
    layers = [{"position": name, "width": 20, "margin_x": "5%", "margin_y": "10%"} for name in shown]
    made = laid(tmp_path, [picture, *inputs], layers, quality="high")
    assert not made.warnings
    frame = pictures(tmp_path / "out.mp4", matrix)[-1].astype(int)
    for (name, color), layer in zip(shown.items(), made.layers, strict=True):
        assert layer.x is not None
        assert layer.y is not None
        assert layer.width == round(width * 0.2 / 2) * 2
        assert layer.height == round(width * 0.1 / 2) * 2
        middle = frame[layer.y + layer.height // 2, layer.x + layer.width // 2]
        assert np.abs(middle - color).max() <= 5, name
        for x, y in (
            (layer.x - 3, layer.y + 6),
            (layer.x + layer.width + 2, layer.y + 6),
            (layer.x + 6, layer.y - 3),
            (layer.x + 6, layer.y + layer.height + 2),
        ):
            assert np.abs(frame[y, x] - 128).max() <= 12, f"beside {name}"
    left, right = made.layers[0], made.layers[2]
    assert (left.x, left.y) == (round(width * 0.05 / 2) * 2, round(height * 0.1 / 2) * 2)
    assert right.x == width - (left.x or 0) - (right.width or 0)
    with av.open(str(picture)) as one, av.open(str(tmp_path / "out.mp4")) as other:
        sizes = [[packet.size for packet in each.demux(audio=0) if packet.size] for each in (one, other)]
    assert sizes[0] == sizes[1], "the sound is a copy"


def test_opacity_times_and_fades(tmp_path: Path) -> None:
    picture = film(
        tmp_path / "v.mp4", "-preset", "ultrafast", picture="color=c=black", seconds=3, rate=20, sound=False
    )
    white = image(tmp_path / "w.png", (255, 255, 255, 255))
    half = image(tmp_path / "h.png", (255, 255, 255, 128))
    made = laid(
        tmp_path,
        [picture, white, half],
        [
            {"position": "top_left", "start": 1, "end": "-0:01", "margin_x": 0, "margin_y": 0},
            {"position": "bottom_right", "opacity": 50, "fade_in": 1, "fade_out": 1, "width": 20},
        ],
    )
    assert (made.layers[0].start, made.layers[0].end) == (1, 2)
    shown = pictures(tmp_path / "out.mp4", "ITU601")
    assert len(shown) == 60
    first = [bool(frame[4, 4].mean() > 200) for frame in shown]
    assert first == [20 <= number < 40 for number in range(60)]
    second = np.array([frame[-12, -12].mean() for frame in shown])
    assert second[30] == pytest.approx(64, abs=8)
    assert second[10] == pytest.approx(32, abs=8)
    assert second[50] == pytest.approx(32, abs=8)
    assert second[0] < 8
    assert second[59] < 8


@pytest.mark.parametrize("ending", ["gif", "webp"])
def test_animations_keep_their_times(tmp_path: Path, ending: str) -> None:
    picture = film(
        tmp_path / "v.mp4", "-preset", "ultrafast", picture="color=c=black", seconds=1.6, rate=20, sound=False
    )
    frames = [Image.new("RGB", (40, 20), color) for color in ((255, 0, 0), (0, 0, 255))]
    saved: dict[str, Any] = {"lossless": True} if ending == "webp" else {}
    path = tmp_path / f"a.{ending}"
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=[500, 200], loop=0, **saved)
    for loop in (True, False):
        laid(tmp_path, [picture, path], [{"width": 50, "position": "center", "loop": loop}])
        shown = [
            frame[45, 80].argmax() if frame[45, 80].max() > 90 else None
            for frame in pictures(tmp_path / "out.mp4", "ITU601")
        ]
        rounds = [0] * 10 + [2] * 4
        assert shown == ((rounds * 3)[:32] if loop else rounds + [None] * 18)


def test_a_film_in_a_film_with_oblong_pixels(tmp_path: Path) -> None:
    # Twice as wide as it is stored, and turned: 90x160 pixels that are shown as 160x180.
    oblong = film(tmp_path / "v.mp4", "-vf", "setsar=2", size="80x90", picture="color=c=black", seconds=0.5)
    inner = film(tmp_path / "w.mp4", picture="color=c=white", size="64x64", seconds=0.5)
    made = laid(tmp_path, [oblong, inner], [{"width": 50, "position": "center"}])
    [layer] = made.layers
    assert (layer.width, layer.height, layer.x) == (80, 80, 40)
    info = probe(tmp_path / "out.mp4")
    assert info.video is not None
    assert (info.video.width, info.video.height) == (160, 90)
    frame = pictures(tmp_path / "out.mp4", "ITU601")[2]
    bright = frame.mean(axis=2) > 128
    assert bright.any(axis=0).sum() == pytest.approx(80, abs=2)
    assert bright.any(axis=1).sum() == pytest.approx(80, abs=2)


def test_texts_are_drawn_where_they_belong(tmp_path: Path) -> None:
    picture = film(
        tmp_path / "v.mp4", "-preset", "ultrafast", picture="color=c=black", size="640x360", seconds=1
    )
    made = laid(
        tmp_path,
        [picture],
        [
            {"text": "Ação", "position": "top_left", "margin_x": "10%", "margin_y": "10%", "end": 0.5},
            {"text": "Конец", "position": "bottom_right", "colors": {"primary": "#FF0000"}, "start": 0.5},
        ],
    )
    assert not made.warnings
    shown = pictures(tmp_path / "out.mp4", "ITU601")
    bright = shown[2].max(axis=2) > 128
    columns, rows = np.flatnonzero(bright.any(axis=0)), np.flatnonzero(bright.any(axis=1))
    assert (columns[0], rows[0]) == (pytest.approx(64, abs=6), pytest.approx(36, abs=12))
    assert columns[-1] < 320
    red = shown[-2].astype(int)
    assert red[..., 0].max() > 200
    assert red[..., 1].max() < 90
    assert np.flatnonzero((red[..., 0] > 128).any(axis=0))[0] > 320


@pytest.mark.parametrize("heard", [0.4, 1.6])
def test_sound_and_picture_end_together(tmp_path: Path, heard: float) -> None:
    picture = counted(tmp_path / "v.mp4", seconds=1, heard=heard)
    logo = image(tmp_path / "a.png", (255, 0, 0, 255))
    made = laid(tmp_path, [picture, logo], [{"width": 2, "opacity": 1}], quality="draft")
    seconds = max(1, heard)
    assert ends(tmp_path / "out.mp4") == pytest.approx((seconds, seconds), abs=0.04)
    assert numbers(tmp_path / "out.mp4")[:25] == list(range(25))
    assert made.layers[0].end == pytest.approx(seconds, abs=0.03)


CLEAR = {
    "prores.mov": ("-c:v", "prores_ks", "-pix_fmt", "yuva444p10le"),
    "qtrle.mov": ("-c:v", "qtrle", "-pix_fmt", "argb"),
    "vp9.webm": ("-c:v", "libvpx-vp9", "-pix_fmt", "yuva420p", "-deadline", "realtime"),
    "vp8.webm": ("-c:v", "libvpx", "-pix_fmt", "yuva420p", "-auto-alt-ref", "0"),
}


@pytest.mark.parametrize("name", CLEAR)
def test_films_may_be_transparent_in_places(tmp_path: Path, name: str) -> None:
    picture = film(tmp_path / "v.mp4", "-preset", "ultrafast", picture="color=c=0x808080", seconds=0.2)
    source = "color=0x00FF00:size=160x90:rate=12:duration=0.2,format=yuva444p"
    clear = f"{source},geq=lum='lum(X,Y)':cb='cb(X,Y)':cr='cr(X,Y)':a='if(lt(X,80),0,255)'"
    inner = made_by(tmp_path / name, "-f", "lavfi", "-i", clear, *CLEAR[name])
    laid(tmp_path, [picture, inner], [{"width": 100, "position": "center", "opacity": 50}])
    frame = pictures(tmp_path / "out.mp4", "ITU601")[0].astype(int)
    assert np.abs(frame[45, 20] - 128).max() <= 4, "what is under it"
    assert np.abs(frame[45, 140] - (64, 192, 64)).max() <= 12, "half of both"


def bright(path: Path) -> NDArray[np.int64]:
    """The brightest level of each pixel of a film's first picture."""
    return np.asarray(pictures(path, "ITU601")[0].max(axis=2), np.int64)


def test_texts_are_as_opaque_behind_an_emoji_as_before(tmp_path: Path) -> None:
    picture = film(tmp_path / "v.mp4", picture="color=c=black", size="320x180", seconds=0.2, sound=False)
    plain: dict[str, Any] = {"position": "middle_center", "border": {"width": 0}, "opacity": 20}
    laid(tmp_path, [picture], [{"text": "MMM😀MMM", **plain}], quality="high")
    columns = bright(tmp_path / "out.mp4").max(axis=0)
    first, last = np.flatnonzero(columns > 25)[[0, -1]]
    third = (last - first) // 3
    assert columns[first : first + third].max() == pytest.approx(51, abs=6)
    assert columns[last - third : last].max() == pytest.approx(51, abs=6)
    boxed = {**plain, "border": {"style": 3, "width": 5}, "colors": {"outline": "#FFFFFF"}}
    laid(tmp_path, [picture], [{"text": "i😀i", **boxed}], quality="high")
    # The box, of which three quarters are seen, is clearer too.
    assert np.median(bright(tmp_path / "out.mp4")[bright(tmp_path / "out.mp4") > 20]) < 90


@pytest.mark.parametrize("margin", ["30%", 576.0])
@pytest.mark.parametrize("position", ["bottom_left", "top_right"])
def test_texts_keep_large_margins(tmp_path: Path, margin: str | float, position: str) -> None:
    picture = film(tmp_path / "v.mp4", picture="color=c=black", size="180x320", seconds=0.2, sound=False)
    across: str | float = "45%"
    layer = {"text": "Incomprehensibilities", "margin_x": across, "margin_y": margin, "position": position}
    made = laid(tmp_path, [picture], [layer], quality="high")
    assert not made.warnings
    seen = bright(tmp_path / "out.mp4") > 128
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    # A line is higher than its letters.
    if position == "bottom_left":
        assert 320 - 96 - 10 <= rows[-1] <= 320 - 96
        assert 81 <= columns[0] <= 84
        assert columns[-1] <= 180 - 6, "the word is made smaller"
    else:
        assert 96 <= rows[0] <= 96 + 10
        assert 180 - 81 - 4 <= columns[-1] <= 180 - 81
        assert columns[0] >= 6


@pytest.mark.parametrize("margins", [{"margin_x": "99%"}, {"margin_y": 1900}, {"margin_y": "150%"}])
def test_margins_without_room_for_a_text_are_told(tmp_path: Path, margins: dict[str, Any]) -> None:
    picture = film(tmp_path / "v.mp4", picture="color=c=black", size="90x160", seconds=0.2, sound=False)
    made = laid(tmp_path, [picture], [{"text": "ooo", "position": "bottom_left", **margins}])
    assert made.warnings == ("Layer 1 has a margin as large as the picture, which is left out.",)
    assert (bright(tmp_path / "out.mp4") > 128).any()


def test_what_is_missing_of_a_layer_is_said_by_its_number(tmp_path: Path) -> None:
    picture = film(tmp_path / "v.mp4", "-preset", "ultrafast", size="320x180", seconds=0.5)
    noise = np.random.default_rng(1).integers(0, 255, (2, 90, 160, 3), dtype=np.uint8)
    first, second = (Image.fromarray(each) for each in noise)
    first.save(tmp_path / "whole.png")
    first.save(tmp_path / "still.png")
    first.save(tmp_path / "moving.gif", save_all=True, append_images=[second, first], duration=100)
    for name in ("still.png", "moving.gif"):
        path = tmp_path / name
        path.write_bytes(path.read_bytes()[: path.stat().st_size * 8 // 10])
    layers = [tmp_path / name for name in ("whole.png", "still.png", "moving.gif")]
    made = laid(tmp_path, [picture, *layers], [{"width": 20}] * 3, quality="draft")
    one, other = made.warnings
    assert one.startswith("Layer 2: The image is cut short")
    assert other == "Layer 3: The animation is cut short: pictures that are whole: 2."


def test_what_is_no_picture_is_said_by_its_number(tmp_path: Path) -> None:
    picture = film(tmp_path / "v.mp4", seconds=0.2)
    good = image(tmp_path / "a.png", (255, 0, 0, 255))
    for name, data, said in (
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG drawings cannot be used"),
        ("b.png", b"", "empty"),
        ("c.pdf", b"%PDF-1.7\n", "not an image"),
        ("d.wav", film(tmp_path / "s.mkv").read_bytes()[:40], "not an image"),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(NotAnImageError, match=f"Layer 2: .*{said}") as caught:
            laid(tmp_path, [picture, good, tmp_path / name], [{}, {}])
        assert "PNG" in caught.value.hint
    with pytest.raises(InvalidInputError, match="Layer 1 begins at 00:02 and ends at 00:01"):
        laid(tmp_path, [film(tmp_path / "w.mp4", seconds=3), good], [{"start": 2, "end": 1}])
    for layer in ({}, {"url": "a/b.png", "text": "both"}):
        with pytest.raises(InvalidInputError, match=r"Layer 1 has (neither|both)"):
            laid_over([AddedLayer.model_validate(layer)])
    assert not (tmp_path / "out.mp4").exists()


MARGINS = st.one_of(st.floats(0, 2000), st.integers(0, 100).map(lambda share: f"{share}%"))


@given(
    st.tuples(st.integers(16, 2000), st.integers(16, 2000)),
    st.tuples(st.integers(1, 5000), st.integers(1, 5000)),
    st.sampled_from(POSITIONS),
    st.tuples(MARGINS, MARGINS),
    st.floats(0.1, 100),
    st.sampled_from(["none", "title", "reels"]),
)
def test_nothing_leaves_the_picture(
    film_size: tuple[int, int],
    size: tuple[int, int],
    position: str,
    margins: tuple[float | str, float | str],
    width: float,
    safe_area: Any,
) -> None:
    canvas = Canvas(width=film_size[0] // 2 * 2, height=film_size[1] // 2 * 2, safe_area=safe_area)
    layer = Layer.model_validate(
        {"position": position, "margin_x": margins[0], "margin_y": margins[1], "width": width}
    )
    box, told = place(layer, *size, canvas)
    left, right, top, bottom = canvas.margins(0, 0)
    assert left - 1 <= box.x
    assert box.x + box.width <= canvas.width - right + 1
    assert top - 1 <= box.y
    assert box.y + box.height <= canvas.height - bottom + 1
    assert box.width >= 2
    assert box.height >= 2
    assert told or box.width == pytest.approx(width / 100 * canvas.width, abs=2.001)
