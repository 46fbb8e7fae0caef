"""Clips: their length, their sharpness, and that nothing shakes."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tasks.errors import CancelledError, NotAnImageError, StageTimeoutError
from tasks.images.faces import find_faces
from tasks.images.loading import LoadedImage, load_image
from tasks.video import clip
from tasks.video.clip import Clip, ClipOptions, render_clip, thumbnail
from tasks.video.framing import Background, Framing
from tasks.video.motion import MAX_ZOOM, Focus, View, camera_path
from tasks.video.picture import Picture
from tasks.video.subject import WHOLE
from tasks.video.zoom_types import ZoomType
from tests.material import frames_of
from tests.processes import linux_only, running

ASTRONAUT = Path(__file__).parents[1] / "images" / "astronaut.jpg"
SMALL = ClipOptions(width=320, height=180, fps=12, quality="draft")
DOTS = ((0.2, 0.25), (0.5, 0.5), (0.8, 0.25), (0.2, 0.75), (0.8, 0.75))


def written(path: Path, pixels: NDArray[np.uint8]) -> Path:
    Image.fromarray(pixels).save(path)
    return path


def noise(path: Path, width: int, height: int) -> Path:
    return written(path, np.random.default_rng(1).integers(0, 255, (height, width, 3), dtype=np.uint8))


def render(image: Path, target: Path, options: ClipOptions = SMALL, **changes: object) -> Clip:
    asked: dict[str, object] = {"zoom": "zoomin", "seconds": 1.0, "encoder": "libx264", "deadline": 60.0}
    return render_clip(image, target, options=options, **(asked | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(("seconds", "count"), [(0.1, 1), (0.5, 6), (1.04, 12), (1.05, 13)])
def test_the_length_is_right_to_the_frame(tmp_path: Path, seconds: float, count: int) -> None:
    clip = render(noise(tmp_path / "a.png", 80, 60), tmp_path / "a.mp4", seconds=seconds)
    assert (clip.frames, clip.seconds) == (count, count / 12)
    assert len(frames_of(tmp_path / "a.mp4")) == count
    with av.open(str(tmp_path / "a.mp4")) as container:
        stream = container.streams.video[0]
        assert stream.duration is not None
        assert stream.time_base is not None
        assert float(stream.duration * stream.time_base) == pytest.approx(count / 12, abs=0.001)
        assert stream.codec_context.pix_fmt == "yuv420p"
        assert stream.codec_context.colorspace == 1, "BT.709"


@pytest.mark.parametrize(("fps", "rate"), [(23.976, "24000/1001"), (29.97, "30000/1001"), (12.5, "25/2")])
def test_broadcast_rates_are_exact(tmp_path: Path, fps: float, rate: str) -> None:
    options = SMALL.model_copy(update={"fps": fps})
    clip = render(noise(tmp_path / "a.png", 80, 60), tmp_path / "a.mp4", options, seconds=1.0)
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert container.streams.video[0].average_rate == Fraction(rate)
    assert clip.seconds == float(clip.frames / Fraction(rate))
    assert clip.fps == fps


@pytest.mark.parametrize("zoom", ["zoomin", "zoomout", "zoompanright"])
def test_nothing_shakes(tmp_path: Path, zoom: ZoomType) -> None:
    """Dots of known places are in every frame where the path says.

    Within 0.05 px as the frames are cut, and within 0.15 px in the clip, whose encoder adds noise of its own.
    """
    width, height = 960, 540
    rows, columns = np.mgrid[0:height, 0:width]
    light = np.full((height, width), 90.0)
    for x, y in DOTS:
        light += 150 * np.exp(
            -((columns + 0.5 - x * width) ** 2 + (rows + 0.5 - y * height) ** 2) / (2 * 5.0**2)
        )
    image = written(tmp_path / "dots.png", np.clip(light, 0, 255).astype(np.uint8))
    options = ClipOptions(width=800, height=450, fps=24, quality="high")
    render(image, tmp_path / "a.mp4", options, zoom=zoom, seconds=2.0)
    encoded = [frame[..., 1] for frame in frames_of(tmp_path / "a.mp4")]
    path = camera_path(zoom, len(encoded), 2.0)
    picture = Picture(load_image(image).pixels, (800, 450), Framing("fill", WHOLE, 1.0, Focus()))
    cut = [np.frombuffer(picture.frame(view)[0], np.uint8).reshape(450, 800) for view in path]
    for shown, most in ((cut, 0.05), (encoded, 0.15)):
        for dot in DOTS:
            beside = [
                _beside(frame.astype(float), view, dot) for frame, view in zip(shown, path, strict=True)
            ]
            seen = np.array([offset for offset in beside if offset is not None])
            assert len(seen) > 10
            assert np.abs(seen - seen.mean(axis=0)).max() < most


def _beside(light: NDArray[np.float64], view: View, dot: tuple[float, float]) -> tuple[float, float] | None:
    """How far a dot lies from where the view says, in pixels; None near the edge."""
    height, width = light.shape
    x = ((dot[0] - view.x) / view.size + 0.5) * width - 0.5
    y = ((dot[1] - view.y) / view.size + 0.5) * height - 0.5
    reach = 20
    if not (reach + 2 < x < width - reach - 3 and reach + 2 < y < height - reach - 3):
        return None
    column, row = round(x), round(y)
    part = light[row - reach : row + reach + 1, column - reach : column + reach + 1]
    down, right = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    near = np.exp(-((right - (x - column)) ** 2 + (down - (y - row)) ** 2) / (2 * 6.0**2))
    weight = (part - part[0].mean()) * near
    total = weight.sum()
    return column + (weight * right).sum() / total - x, row + (weight * down).sum() / total - y


def test_the_camera_goes_where_its_name_says() -> None:
    closer = camera_path("zoomin", 50, 10)
    assert closer[0].size == pytest.approx(1)
    assert closer[-1].size == pytest.approx(1 / MAX_ZOOM)
    assert [view.size for view in camera_path("zoomout", 50, 10)] == pytest.approx(
        [view.size for view in reversed(closer)]
    )
    pan = camera_path("zoompanright", 50, 10)
    assert pan[0].x - pan[0].size / 2 == pytest.approx(0)
    assert pan[-1].x + pan[-1].size / 2 == pytest.approx(1)
    for view in (*closer, *pan):
        assert view.size / 2 <= view.x <= 1 - view.size / 2 + 1e-9


@pytest.mark.parametrize("size", [(1, 1), (3, 2000), (2000, 3), (17, 11), (1600, 9), (9, 1600)])
@pytest.mark.parametrize("background", ["fill", "blur"])
def test_tiny_and_extreme_images(tmp_path: Path, size: tuple[int, int], background: Background) -> None:
    options = SMALL.model_copy(update={"background": background})
    render(noise(tmp_path / "a.png", *size), tmp_path / "a.mp4", options, seconds=0.2)
    assert frames_of(tmp_path / "a.mp4")[0].shape == (180, 320, 3)


def test_an_upright_image_is_cropped_or_shown_whole(tmp_path: Path) -> None:
    pixels = np.full((400, 200, 3), 128, np.uint8)
    pixels[:20], pixels[-20:] = (255, 0, 0), (0, 0, 255)
    image = written(tmp_path / "a.png", pixels)
    seen = {}
    for background in ("fill", "blur"):
        options = SMALL.model_copy(update={"background": background})
        render(image, tmp_path / "a.mp4", options, seconds=0.1)
        seen[background] = frames_of(tmp_path / "a.mp4")[0].astype(int)
    middle = {name: frame[:, 150:170].mean(axis=1) for name, frame in seen.items()}
    assert not (middle["fill"][:, 0] - middle["fill"][:, 1] > 60).any()
    assert (middle["blur"][:8, 0] - middle["blur"][:8, 1] > 60).any()
    assert (middle["blur"][-8:, 2] - middle["blur"][-8:, 1] > 60).any()
    assert seen["blur"][90, 20].mean() < 128, "what is beside the image is dimmed"


@pytest.mark.parametrize(("size", "background"), [((400, 400), "fill"), ((300, 800), "blur")])
def test_a_person_stays_in_the_picture(tmp_path: Path, size: tuple[int, int], background: Background) -> None:
    """A square portrait is cropped around the face, a person who stands is shown whole; the clip says so."""
    picture = Image.new("RGB", size, (90, 110, 120))
    side = 400 if background == "fill" else 200
    picture.paste(Image.open(ASTRONAUT).resize((side, side)), ((size[0] - side) // 2, 0))
    picture.save(tmp_path / "a.png")
    clip = render(
        tmp_path / "a.png", tmp_path / "a.mp4", SMALL.model_copy(update={"width": 640, "height": 360})
    )
    assert (clip.subject, clip.background) == ("face", background)
    shown = frames_of(tmp_path / "a.mp4")
    # Of somebody who stands, the face is too small to be found again in so small a clip.
    for frame in (shown[0], shown[-1]) if background == "fill" else ():
        (face,) = find_faces(frame)
        assert face.box[1] > 0.02
        assert face.box[3] < 0.8


def test_colours_stay(tmp_path: Path) -> None:
    for colour in ((255, 0, 0), (0, 200, 0), (30, 30, 220), (128, 128, 128), (255, 255, 255)):
        image = written(tmp_path / "a.png", np.full((90, 160, 3), colour, np.uint8))
        render(image, tmp_path / "a.mp4", seconds=0.1)
        with av.open(str(tmp_path / "a.mp4")) as container:
            frame = next(container.decode(video=0))
            shown = frame.reformat(format="rgb24", src_colorspace="ITU709").to_ndarray()
        assert np.abs(shown[90, 160].astype(int) - colour).max() <= 6


def test_fine_detail_is_kept(tmp_path: Path) -> None:
    """Lines two pixels apart at the closest view are still lines."""
    lines = np.zeros((216, 384, 3), np.uint8)
    lines[:, ::4] = lines[:, 1::4] = 255
    render(
        written(tmp_path / "a.png", lines),
        tmp_path / "a.mp4",
        SMALL.model_copy(update={"quality": "high"}),
        seconds=6,
    )
    row = frames_of(tmp_path / "a.mp4")[-1][90, 100:220, 0].astype(int)
    assert row.max() - row.min() > 180


@linux_only
def test_cancelling_leaves_no_process_and_no_file(tmp_path: Path) -> None:
    image = noise(tmp_path / "a.png", 80, 60)

    def stop(fraction: float) -> None:
        if fraction > 0.3:
            raise CancelledError("stop")

    with pytest.raises(CancelledError):
        render(image, tmp_path / "a.mp4", seconds=100, progress=stop)
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]
    assert not running(str(tmp_path))


def test_the_deadline_and_a_bad_image_end_it(tmp_path: Path) -> None:
    image = noise(tmp_path / "a.png", 80, 60)
    with pytest.raises(StageTimeoutError):
        render(image, tmp_path / "a.mp4", ClipOptions(), seconds=1000, deadline=1.0)
    (tmp_path / "b.jpg").write_bytes(b"<html>")
    with pytest.raises(NotAnImageError):
        render(tmp_path / "b.jpg", tmp_path / "b.mp4")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "b.jpg"]


def test_an_image_is_decoded_once_for_its_clip_and_its_thumbnail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[Path] = []

    def load(path: Path, side: int) -> LoadedImage:
        decoded.append(path)
        return load_image(path, side)

    monkeypatch.setattr(clip, "load_image", load)
    render(noise(tmp_path / "a.png", 80, 60), tmp_path / "a.mp4", small=tmp_path / "t.jpg")
    assert decoded == [tmp_path / "a.png"]
    with Image.open(tmp_path / "t.jpg") as small:
        assert small.size == (80, 60)


def test_a_thumbnail_is_small(tmp_path: Path) -> None:
    image = load_image(noise(tmp_path / "a.png", 900, 600)).image
    thumbnail(image, tmp_path / "t.jpg", 300)
    with Image.open(tmp_path / "t.jpg") as small:
        assert small.size == (300, 200)
