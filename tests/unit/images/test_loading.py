"""Every kind of image comes out upright, opaque and in the colours that were meant."""

import io
import random
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from tasks.errors import DamagedMediaError, InvalidInputError, LimitExceededError, NotAnImageError
from tasks.images import loading
from tasks.images.loading import Pixels

pillow_heif.register_heif_opener()


def load_image(path: Path, max_side: int | None = None) -> Pixels:
    return loading.load_image(path, max_side).pixels


LEFT, RIGHT = (200, 40, 30), (20, 60, 190)


def flag(mode: str = "RGB", size: tuple[int, int] = (64, 32)) -> Image.Image:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", size, LEFT)
    image.paste(RIGHT, (size[0] // 2, 0, *size))
    return image.convert(mode)


def written(tmp_path: Path, image: Image.Image, name: str, **options: object) -> Path:
    image.save(tmp_path / name, **options)  # type: ignore[arg-type]
    return tmp_path / name


@pytest.mark.parametrize(
    "name", ["a.jpg", "a.png", "a.webp", "a.bmp", "a.tiff", "a.heic", "a.avif", "a.jp2", "a.gif"]
)
def test_every_format(tmp_path: Path, name: str) -> None:
    # The name does not count.
    path = written(tmp_path, flag(), name).rename(tmp_path / "image.bin")
    pixels = load_image(path)
    assert (pixels.shape, pixels.dtype.name) == ((32, 64, 3), "uint8")
    assert np.abs(pixels[16, 8].astype(int) - LEFT).max() < 12
    assert np.abs(pixels[16, 56].astype(int) - RIGHT).max() < 12


def test_a_turned_photograph_stands_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    pixels = load_image(written(tmp_path, flag(), "a.jpg", exif=exif))
    assert pixels.shape == (64, 32, 3)
    assert np.abs(pixels[8, 16].astype(int) - LEFT).max() < 12


def test_what_stands_upright_is_not_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each copy of a photograph takes a third of the time that decoding it does."""
    exif = Image.Exif()
    exif[0x0112] = 1
    flag().save(tmp_path / "plain.jpg")
    flag().save(tmp_path / "upright.jpg", exif=exif)
    monkeypatch.setattr(Image.Image, "copy", lambda _: pytest.fail("it was copied"))
    for name in ("plain.jpg", "upright.jpg"):
        found = loading.load_image(tmp_path / name)
        small = loading.smaller(found.image, 16, Image.Resampling.BOX)
        assert loading.as_image(found.image) is found.image
        assert (small.size, found.image.size) == ((16, 8), (64, 32))


@pytest.mark.parametrize("size", [(400, 300), (301, 977), (1600, 9), (100, 60)])
def test_smaller_is_what_pillow_makes_of_a_copy(size: tuple[int, int]) -> None:
    whole = clouds(size)
    small = whole.copy()
    small.thumbnail((160, 160), Image.Resampling.BOX)
    found = loading.smaller(whole, 160, Image.Resampling.BOX)
    assert (found.size, found.tobytes(), whole.size) == (small.size, small.tobytes(), size)


def test_a_transparent_colour_of_one_picture_leaves_the_next_as_it_is(tmp_path: Path) -> None:
    """What Pillow draws the next picture of an animation over is the one that was read."""
    pictures = [flag(), Image.new("RGB", (64, 32), RIGHT)]
    pictures[0].save(
        tmp_path / "a.png", save_all=True, append_images=pictures[1:], transparency=LEFT, duration=50
    )
    first, second = (frame.image for frame in loading.load_frames(tmp_path / "a.png", 9))
    assert (first.getpixel((8, 16)), first.getpixel((56, 16))) == ((*LEFT, 0), (*RIGHT, 255))
    assert second.getpixel((8, 16)) == (*RIGHT, 255)


@pytest.mark.parametrize("mode", ["L", "1", "LA", "P", "CMYK", "RGBA", "I;16"])
def test_every_mode(tmp_path: Path, mode: str) -> None:
    if mode == "I;16":
        image = Image.fromarray((np.linspace(0, 1, 64) * np.ones((32, 1)) * 65_535).astype(np.uint16))
    else:
        image = flag(mode) if mode != "1" else Image.new("1", (64, 32), 1)
    pixels = load_image(written(tmp_path, image, "a.tiff"))
    assert pixels.shape == (32, 64, 3)
    if mode in ("L", "LA", "I;16"):
        assert (pixels[..., 0] == pixels[..., 2]).all()
    if mode == "I;16":
        assert pixels[0, -1, 0] > 250 > 5 > pixels[0, 0, 0]
    if mode == "CMYK":
        assert np.abs(pixels[16, 8].astype(int) - LEFT).max() < 12


@pytest.mark.parametrize("name", ["a.png", "a.webp", "a.gif"])
def test_what_is_transparent_is_white(tmp_path: Path, name: str) -> None:
    image = flag("RGBA")
    image.putalpha(Image.fromarray((np.arange(64) < 32).astype(np.uint8)[None, :].repeat(32, 0) * 255))
    pixels = load_image(written(tmp_path, image, name))
    assert (pixels[16, 60] > 245).all()
    assert np.abs(pixels[16, 8].astype(int) - LEFT).max() < 25


def test_colours_of_a_wide_profile_are_converted(tmp_path: Path) -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    same = load_image(written(tmp_path, flag(), "srgb.png", icc_profile=lab))
    broken = load_image(written(tmp_path, flag(), "broken.png", icc_profile=b"not a profile"))
    assert np.abs(same.astype(int) - broken.astype(int)).max() <= 2


def test_only_the_first_picture_of_an_animation(tmp_path: Path) -> None:
    second = Image.new("RGB", (64, 32), "green")
    path = written(tmp_path, flag(), "a.gif", save_all=True, append_images=[second])
    assert np.abs(load_image(path)[16, 8].astype(int) - LEFT).max() < 25


def test_a_bomb_is_refused_before_it_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, Image.new("1", (20_000, 5_001)), "a.png")
    monkeypatch.setattr(Image.Image, "load", lambda _: pytest.fail("it was decoded"))
    with pytest.raises(LimitExceededError, match="20000×5001 pixels"):
        load_image(path)


def test_large_jpegs_are_decoded_at_a_fraction(tmp_path: Path) -> None:
    path = written(tmp_path, flag(size=(1600, 800)), "a.jpg")
    assert load_image(path, 300).shape == (400, 800, 3)
    assert load_image(path).shape == (800, 1600, 3)


@pytest.mark.parametrize(
    ("content", "error", "says"),
    [
        (b"", NotAnImageError, "empty"),
        (b"<!doctype html><title>x</title>", NotAnImageError, "web page"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', NotAnImageError, "SVG"),
        (b"%PDF-1.7 ...", NotAnImageError, "not an image"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", NotAnImageError, "not an image"),
    ],
)
def test_what_is_no_image_is_said(tmp_path: Path, content: bytes, error: type[Exception], says: str) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    with pytest.raises(error, match=says):
        load_image(path)


def clouds(size: tuple[int, int] = (320, 240)) -> Image.Image:
    coarse = np.random.default_rng(1).integers(30, 255, (12, 16, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)


def cut(path: Path, share: float = 1, last_bytes: int = 0) -> Path:
    path.write_bytes(path.read_bytes()[: round(path.stat().st_size * share) - last_bytes])
    return path


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.heic", "a.tiff"])
def test_too_little_of_a_file_is_an_error_and_no_half_picture(tmp_path: Path, name: str) -> None:
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 255, (120, 160, 3), dtype=np.uint8))
    with pytest.raises((DamagedMediaError, NotAnImageError)):
        load_image(cut(written(tmp_path, noise, name), 0.4))


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}, {"exif": Image.Exif()}])
@pytest.mark.parametrize(("share", "last_bytes"), [(1, 1), (1, 2), (1, 40), (0.9, 0), (0.7, 0)])
def test_what_is_there_of_a_jpeg_is_used(
    tmp_path: Path, options: dict[str, object], share: float, last_bytes: int
) -> None:
    path = written(tmp_path, clouds(), "a.jpg", quality=90, **options)
    whole = load_image(path).astype(int)
    found = loading.load_image(cut(path, share, last_bytes))
    rows = len(found.pixels)
    assert whole.shape[1] == found.pixels.shape[1]
    assert rows >= 240 * share - 40
    assert rows == 240 or share < 1
    assert np.abs(found.pixels - whole[:rows]).mean(axis=(1, 2))[:-16].max() < 14, "no grey band"
    (warning,) = found.warnings
    assert "cut short" in warning or "lacks its end" in warning
    assert load_image(path, 100).shape[0] * 2 == pytest.approx(rows, abs=20)


def test_what_is_there_of_a_png_is_used(tmp_path: Path) -> None:
    path = written(tmp_path, clouds(), "a.png")
    whole = load_image(path)
    assert (load_image(cut(path, last_bytes=12)) == whole).all(), "all but its end mark is there"
    found = loading.load_image(cut(path, 0.8))
    assert 150 < len(found.pixels) < 240
    assert (found.pixels[:-1] == whole[: len(found.pixels) - 1]).all()
    assert found.warnings


@pytest.mark.parametrize("name", ["a.gif", "a.png"])
@pytest.mark.parametrize(("share", "whole"), [(0.9, 3), (0.6, 2), (0.3, 1)])
def test_of_an_animation_that_is_cut_short_all_whole_pictures_are_used(
    tmp_path: Path, name: str, share: float, whole: int
) -> None:
    pictures = [clouds().rotate(turn) for turn in (0, 20, 40, 60)]
    pictures[0].save(tmp_path / name, save_all=True, append_images=pictures[1:], duration=50)
    before = [np.asarray(frame.image) for frame in loading.load_frames(tmp_path / name, 9)]
    found = list(loading.load_frames(cut(tmp_path / name, share), 9))
    assert len(found) == whole
    assert all((np.asarray(frame.image) == old).all() for frame, old in zip(found, before, strict=False))
    assert [frame.warnings for frame in found[:-1]] == [()] * (whole - 1)
    assert found[-1].warnings == (f"The animation is cut short: pictures that are whole: {whole}.",)


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.gif", "a.heic", "a.avif", "a.tiff"])
def test_what_follows_an_image_is_not_read(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, clouds(), name)
    whole = load_image(path)
    path.write_bytes(path.read_bytes() + b"junk" * 500)
    found = loading.load_image(path)
    assert (found.pixels == whole).all()
    assert not found.warnings


@pytest.mark.parametrize("kind", ["AVIF", "HEIF"])
def test_a_file_whose_pixels_are_rubbish_is_damaged(tmp_path: Path, kind: str) -> None:
    path = written(tmp_path, flag(), "image", format=kind)
    head, name, pixels = path.read_bytes().partition(b"mdat")
    path.write_bytes(head + name + b"\xff" * len(pixels))
    with pytest.raises(DamagedMediaError):
        load_image(path)


SEEDS = {name: io.BytesIO() for name in ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "HEIF", "AVIF", "BMP")}
for _format, _data in SEEDS.items():
    flag().save(_data, _format)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(SEEDS)), st.randoms(use_true_random=False))
def test_mutated_images_are_read_or_refused(tmp_path: Path, kind: str, numbers: random.Random) -> None:
    data = bytearray(SEEDS[kind].getvalue())
    for _ in range(numbers.randrange(1, 20)):
        place = numbers.randrange(len(data))
        if numbers.random() < 0.7:
            data[place] = numbers.randrange(256)
        else:
            del data[place : place + numbers.randrange(1, 60)]
        if not data:
            break
    path = tmp_path / "mutated"
    path.write_bytes(bytes(data))
    try:
        pixels = load_image(path)
    except InvalidInputError:
        return
    assert pixels.ndim == 3
    assert pixels.shape[0] * pixels.shape[1] <= loading.MAX_PIXELS
