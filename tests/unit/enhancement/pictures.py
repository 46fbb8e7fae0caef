"""Photographs, what a camera can do wrong to them, pictures that are as they should be, and measures."""

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from tasks.images.loading import Pixels

FOLDER = Path(__file__).parent / "photographs"
PHOTOGRAPHS = ("coffee", "chelsea", "astronaut", "rocket")


@cache
def photograph(name: str) -> Pixels:
    folder = FOLDER.parents[1] / "images" if name == "astronaut" else FOLDER
    return np.asarray(Image.open(folder / f"{name}.jpg").convert("RGB"))


def as_levels(values: NDArray[np.floating]) -> Pixels:
    levels: Pixels = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return levels


def noisy(pixels: Pixels, deviation: float) -> Pixels:
    return as_levels(pixels + np.random.default_rng(3).normal(0, deviation, pixels.shape))


def tinted(pixels: Pixels, red: float, green: float, blue: float) -> Pixels:
    """Under light of another colour."""
    light = (pixels / 255.0) ** 2.2 * [red, green, blue]
    return as_levels(np.clip(light, 0, 1) ** (1 / 2.2) * 255)


def hazy(pixels: Pixels, black: float, white: float) -> Pixels:
    return as_levels(255 * (black + pixels / 255 * (white - black)))


def exposed(pixels: Pixels, stops: float) -> Pixels:
    return tinted(pixels, *(2**stops,) * 3)


def blurred(pixels: Pixels, radius: float) -> Pixels:
    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(radius)))


@cache
def product(ground: tuple[int, int, int] = (255, 255, 255)) -> Pixels:
    """A blue bottle with a label on paper, with its soft shadow and a camera's grain."""
    shadow = Image.new("L", (400, 480), 0)
    ImageDraw.Draw(shadow).ellipse((110, 385, 310, 430), fill=110)
    shadow = shadow.filter(ImageFilter.GaussianBlur(10))
    image = Image.new("RGB", (400, 480), ground)
    image.paste((ground[0] // 3, ground[1] // 3, ground[2] // 3), mask=shadow)
    body = Image.linear_gradient("L").rotate(90).resize((130, 250))
    bottle = Image.merge("RGB", [body.point(lambda v, s=scale: 20 + v * s) for scale in (0.25, 0.45, 0.8)])
    image.paste(bottle, (135, 160))
    draw = ImageDraw.Draw(image)
    draw.rectangle((175, 90, 225, 160), fill=(30, 40, 60))
    draw.rectangle((145, 230, 255, 330), fill=(246, 244, 240))
    draw.rectangle((155, 260, 245, 275), fill=(200, 30, 40))
    return noisy(np.asarray(image.filter(ImageFilter.GaussianBlur(0.7))), 1.0)


@cache
def sunset() -> Pixels:
    """Orange above, violet below, a dark shore: its colour is what it is about."""
    rows = np.linspace(0, 1, 320)[:, None, None]
    sky = np.array([70, 60, 120]) * (1 - rows) + np.array([255, 150, 60]) * rows
    picture = np.repeat(sky, 480, axis=1)
    y, x = np.mgrid[0:320, 0:480]
    sun = np.exp(-((x - 300) ** 2 + (y - 215) ** 2) / 900)[..., None]
    picture = picture * (1 - sun) + np.array([255, 245, 200]) * sun
    shore = y > 250 + 8 * np.sin(x / 37.0) + 5 * np.sin(x / 11.0)
    picture[shore] = picture[shore] * 0.08 + 6
    return noisy(picture, 1.2)


def street(light: tuple[float, float, float], shade: tuple[float, float, float]) -> Pixels:
    """Grey stones, plants and a brown door, most of them reached by a light and the others in shade."""
    stones = np.random.default_rng(5).uniform(0.25, 0.95, (24, 24, 1)) * np.ones(3)
    stones[4:11, 3:21:3] *= (0.5, 0.9, 0.4)
    stones[14:22, 4:12] *= (0.8, 0.45, 0.3)
    y, x = np.mgrid[0:384, 0:384]
    reached = 1 / (1 + np.exp((x - 250 - 60 * np.sin(y / 40)) / 4))[..., None]
    lit = reached * np.array(light) + (1 - reached) * 0.3 * np.array(shade)
    return noisy(255 * (np.kron(stones, np.ones((16, 16, 1))) * lit) ** (1 / 2.2), 1.0)


@cache
def low_key() -> Pixels:
    """A lit thing before black."""
    y, x = np.mgrid[0:360, 0:360]
    light = np.exp(-((x - 170) ** 2 + (y - 150) ** 2) / 3000)
    edge = ((x - 180) ** 2 + (y - 180) ** 2 < 95**2)[..., None]
    texture = 1 + 0.15 * np.sin(x / 5.0)[..., None] * np.cos(y / 7.0)[..., None]
    return noisy(8 + edge * (30 + 230 * light[..., None]) * texture * np.array([1.0, 0.85, 0.6]), 1.0)


def logo() -> Image.Image:
    """A gradient in a ring on nothing."""
    image = Image.new("RGBA", (360, 360), (0, 0, 0, 0))
    gradient = np.zeros((360, 360, 4), np.uint8)
    gradient[..., 0] = np.linspace(120, 250, 360)[None]
    gradient[..., 1] = np.linspace(40, 160, 360)[:, None]
    gradient[..., 2:] = (90, 255)
    mask = Image.new("L", (720, 720), 0)
    ImageDraw.Draw(mask).ellipse((40, 40, 680, 680), fill=255)
    ImageDraw.Draw(mask).ellipse((240, 240, 480, 480), fill=0)
    image.paste(Image.fromarray(gradient), mask=mask.resize((360, 360), Image.Resampling.LANCZOS))
    return image


def screenshot() -> Image.Image:
    image = Image.new("RGB", (480, 320), "#f4f5f7")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 480, 40), fill="#2457d6")
    for row in range(9):
        draw.text(
            (20, 60 + row * 26), f"Pedido {1042 + row}    R$ {199 + row * 37},90    pago", fill="#30343b"
        )
    draw.rectangle((360, 270, 460, 300), fill="#1c9c5b")
    return image


def ssim(one: Pixels, other: Pixels) -> float:
    """Structural similarity (Wang et al., 2004) of brightness and of each colour, with squares of seven."""
    return float(np.mean([_ssim(one[..., band], other[..., band]) for band in range(3)]))


def _ssim(one: Pixels, other: Pixels) -> float:
    a, b = one.astype(np.float64), other.astype(np.float64)
    mean_a, mean_b = _means(a), _means(b)
    var_a, var_b = _means(a * a) - mean_a**2, _means(b * b) - mean_b**2
    both = _means(a * b) - mean_a * mean_b
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    top = (2 * mean_a * mean_b + c1) * (2 * both + c2)
    return float((top / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))).mean())


def _means(values: NDArray[np.float64], side: int = 7) -> NDArray[np.float64]:
    for _ in range(2):
        total = np.cumsum(np.pad(values, ((1, 0), (0, 0))), axis=0)
        values = ((total[side:] - total[:-side]) / side).T
    return values


def psnr(one: Pixels, other: Pixels) -> float:
    return float(10 * np.log10(255**2 / np.mean((one.astype(float) - other.astype(float)) ** 2)))


def delta_e(one: Pixels, other: Pixels) -> float:
    """Mean distance in CIE Lab (1976) of pixels that are neither black nor burnt out."""
    usable = (one.max(axis=2) > 25) & (one.max(axis=2) < 253)
    return float(np.linalg.norm(lab(one[usable]) - lab(other[usable]), axis=-1).mean())


def lab(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    values = pixels / 255.0
    light = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    matrix = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = light @ matrix.T / [0.9505, 1.0, 1.089]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1)


def spread(pixels: Pixels) -> float:
    """Between the 2nd and the 98th percentile of brightness."""
    return float(np.subtract(*np.percentile(pixels @ [0.299, 0.587, 0.114], (98, 2))))


def edge_energy(pixels: Pixels) -> float:
    grey = pixels @ np.array([0.299, 0.587, 0.114])
    return float(np.hypot(*np.gradient(grey)).mean())
