"""Colours that a file names by numbers: Display P3, HDR, gamma; each as usual screens show it."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from tasks.images.colour import HLG, PQ, coded, in_srgb
from tasks.images.loading import load_image
from tasks.media.ffmpeg import run_ffmpeg

ORANGE = (200, 100, 50)
IN_P3 = (215, 93, 31)
"""What that is in sRGB if it is meant in Display P3."""
P3_CHROMATICITIES = (31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)


def with_chunks(path: Path, *chunks: tuple[bytes, bytes], colour: tuple[int, ...] = ORANGE) -> Path:
    Image.new("RGB" if len(colour) == 3 else "RGBA", (40, 30), colour).save(path)
    data = path.read_bytes()
    added = b"".join(
        struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        for name, content in chunks
    )
    path.write_bytes(data[:33] + added + data[33:])
    return path


def shown(path: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in load_image(path).pixels[15, 20])


@pytest.mark.parametrize(
    ("chunks", "colour"),
    [
        ([(b"cICP", bytes((12, 13, 0, 1)))], IN_P3),
        ([(b"cICP", bytes((1, 13, 0, 1)))], ORANGE),
        ([(b"gAMA", struct.pack(">I", 45455))], ORANGE),
        ([(b"gAMA", struct.pack(">I", 100_000))], (228, 168, 122)),
        ([(b"gAMA", struct.pack(">I", 45455)), (b"cHRM", struct.pack(">8I", *P3_CHROMATICITIES))], IN_P3),
        ([(b"sRGB", b"\0"), (b"gAMA", struct.pack(">I", 100_000))], ORANGE),
        ([(b"cICP", bytes((12, 13, 0, 1))), (b"gAMA", struct.pack(">I", 100_000))], IN_P3),
        ([(b"gAMA", struct.pack(">I", 0)), (b"cHRM", struct.pack(">8I", *([0] * 8)))], ORANGE),
    ],
)
def test_png(tmp_path: Path, chunks: list[tuple[bytes, bytes]], colour: tuple[int, ...]) -> None:
    found = shown(with_chunks(tmp_path / "a.png", *chunks))
    assert np.abs(np.subtract(found, colour)).max() <= 2


def test_numbers_overrule_a_profile_and_leave_transparency(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    content = b"x\0\0" + zlib.compress(profile)
    path = with_chunks(
        tmp_path / "a.png", (b"cICP", bytes((12, 13, 0, 1))), (b"iCCP", content), colour=(*ORANGE, 128)
    )
    assert np.abs(np.subtract(shown(path), [(part + 255) / 2 for part in IN_P3])).max() <= 2


@pytest.mark.parametrize("name", ["a.avif", "a.heic"])
def test_avif_and_heic(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "a.heic":
        image = Image.new("RGB", (64, 64), ORANGE)
        image.save(path, quality=95, color_primaries=12, transfer_characteristics=13)
    else:
        source = (
            "color=0xc86432:size=64x64:duration=0.04,format=gbrp,scale=out_color_matrix=bt709,format=yuv444p"
        )
        tags = "setparams=color_primaries=smpte432:color_trc=iec61966-2-1:colorspace=bt709"
        encoder = (
            "-c:v",
            "libaom-av1",
            "-cpu-used",
            "8",
            "-crf",
            "5",
            "-still-picture",
            "1",
            "-frames:v",
            "1",
        )
        run_ffmpeg(
            ["-f", "lavfi", "-i", f"{source},{tags}", *encoder], output=path, duration=None, deadline=60
        )
    assert np.abs(np.subtract(load_image(path).pixels[15, 20].astype(int), IN_P3)).max() <= 9


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_hdr_is_toned_down_and_said(tmp_path: Path, transfer: int) -> None:
    white = {PQ: 148, HLG: 191}[transfer]
    path = with_chunks(tmp_path / "a.png", (b"cICP", bytes((9, transfer, 0, 1))), colour=(white,) * 3)
    assert 215 < shown(path)[1] < 240, "diffuse white, with room above it"
    assert "HDR" in load_image(path).warnings[0]


@given(st.sampled_from([(9, PQ), (9, HLG), (12, 13), (9, 14), (5, 5), (11, 8)]), st.integers(0, 254))
def test_greys_stay_grey_and_in_their_order(space: tuple[int, int], level: int) -> None:
    greys = np.repeat(np.asarray([[level], [level + 1]], np.float32) / np.float32(255), 3, axis=1)
    darker, lighter = in_srgb(greys, coded(*space))
    assert np.ptp(darker) < 0.003 or space[0] == 11, "but for the white of cinemas"
    assert (lighter >= darker - 1e-5).all()
    assert (lighter <= 1).all()
    assert (darker >= 0).all()
