"""The step writes files that can be published, and its key holds all that decides them."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from blocks.from_settings import media_store
from blocks.settings import get_settings
from tasks.enhancement.options import ImagesConfig
from tasks.enhancement.steps import EnhancedPicture, EnhanceRequest, enhance_image, enhance_requests
from tasks.errors import DamagedMediaError, NotAnImageError
from tasks.fetching.steps import FetchedFile
from tasks.progress import ignore_progress
from tests.unit.enhancement.pictures import logo, photograph


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("CONTRAPONTO_HOME", str(tmp_path))
    get_settings.cache_clear()
    yield tmp_path
    get_settings.cache_clear()


def made_of(data: bytes, config: ImagesConfig | None = None) -> EnhancedPicture:
    store = media_store(get_settings())
    store.put_bytes(data, "uploads/image")
    request = EnhanceRequest(
        image_key="uploads/image", image_sha256="0" * 64, source=2, config=config or ImagesConfig()
    )
    return enhance_image.work(request, ignore_progress)


def read(key: str) -> Image.Image:
    with media_store(get_settings()).open_local(key) as path:
        image = Image.open(io.BytesIO(path.read_bytes()))
    image.load()
    return image


def from_a_phone() -> bytes:
    """Lying on its side, with the place where it was taken."""
    image = Image.fromarray(photograph("coffee")).rotate(90, expand=True)
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "Phone"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    data = io.BytesIO()
    image.save(data, "JPEG", quality=95, exif=exif, comment=b"mine")
    return data.getvalue()


def test_picture_is_upright_srgb_and_tells_nothing_of_its_owner() -> None:
    made = made_of(from_a_phone())
    picture = read(made.picture.file.key)
    assert (made.picture.width, made.picture.height) == picture.size == (480, 320)
    assert picture.format == "JPEG"
    assert picture.mode == "RGB"
    profile = ImageCms.ImageCmsProfile(io.BytesIO(picture.info["icc_profile"]))
    assert "sRGB" in ImageCms.getProfileDescription(profile)
    assert dict(picture.getexif()) == {}
    assert "comment" not in picture.info
    assert made.picture.source == 2


def test_sheet_shows_before_and_after() -> None:
    made = made_of(from_a_phone(), ImagesConfig(style="mono", longest_side=400))
    sheet = np.asarray(read(made.sheet).convert("RGB")).astype(int)
    before, after = sheet[60:, : sheet.shape[1] // 2 - 6], sheet[60:, sheet.shape[1] // 2 + 6 :]
    assert np.ptp(before, axis=2).mean() > 30
    assert np.ptp(after, axis=2).mean() < 6
    assert set(made.store_keys()) == {made.picture.file.key, made.sheet}


def test_transparent_picture_is_png_and_white_where_that_is_asked_for() -> None:
    data = io.BytesIO()
    logo().save(data, "PNG")
    kept = read(made_of(data.getvalue()).picture.file.key)
    assert (kept.format, kept.mode) == ("PNG", "RGBA")
    white = read(made_of(data.getvalue(), ImagesConfig(background="on")).picture.file.key)
    assert white.mode == "RGB"
    assert min(white.getpixel((2, 2))) >= 254  # type: ignore[arg-type]
    wide = read(made_of(data.getvalue(), ImagesConfig(aspect="16:9", longest_side=640)).picture.file.key)
    assert wide.size == (640, 360)
    assert wide.getpixel((5, 180))[3] == 0  # type: ignore[index]


def test_what_is_no_picture_is_refused_in_a_sentence() -> None:
    with pytest.raises(NotAnImageError, match="web page"):
        made_of(b"<!DOCTYPE html><html></html>")
    with pytest.raises(DamagedMediaError):
        made_of(from_a_phone()[:3000])


def test_one_more_picture_leaves_the_others_in_the_cache() -> None:
    image = FetchedFile(key="uploads/a.jpg", sha256="1" * 64, size=1, source="uploads/a.jpg")
    two = enhance_requests(image, 0, ImagesConfig(count=2))
    three = enhance_requests(image, 0, ImagesConfig(count=3))
    keys = [request.cache_key() for request in three]
    assert [request.cache_key() for request in two] == keys[:2]
    assert len(set(keys)) == 3
    elsewhere = image.model_copy(update={"key": "uploads/b.jpg"})
    assert enhance_requests(elsewhere, 0, ImagesConfig(count=3))[1].cache_key() == keys[1]
    assert enhance_requests(image, 0, ImagesConfig(style="warm"))[0].cache_key() != keys[0]
