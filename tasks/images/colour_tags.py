"""How an image file says what its colours mean, where it has no ICC profile or one that is overruled."""

import struct
from pathlib import Path

from PIL import Image

from tasks.images.colour import Chromaticities, ColourSpace, coded

_PNG_SIGNATURE = 8
_BOXES = (b"meta", b"iprp", b"ipco")
"""In which AVIF and HEIC have the properties of their pictures (ISO 23008-12)."""
_MOST_BYTES = 1_000_000
_SRGB_GAMMA = 1 / 2.2
_NEAR = 0.01


def tagged_colours(path: Path, image: Image.Image) -> ColourSpace | None:
    """The colour space that the file names; None if an ICC profile, or nothing, says what its colours are.

    In PNG cICP overrules the profile, which overrules gamma and primaries (PNG, 3rd edition, 4.3); in AVIF and HEIC a
    profile overrules the numbers.
    """
    if image.format == "PNG":
        return _of_png(path, image)
    if image.format in ("AVIF", "HEIF") and not image.info.get("icc_profile"):
        with path.open("rb") as file:
            numbers = _nclx(file.read(_MOST_BYTES), 0)
        return coded(*numbers) if numbers else None
    return None


def _of_png(path: Path, image: Image.Image) -> ColourSpace | None:
    with path.open("rb") as file:
        file.seek(_PNG_SIGNATURE)
        while len(head := file.read(8)) == 8 and head[4:] != b"IDAT":
            if head[4:] == b"cICP":
                primaries, transfer = file.read(2)
                return coded(primaries, transfer)
            file.seek(struct.unpack(">I", head[:4])[0] + 4, 1)
    gamma, chromaticity = image.info.get("gamma"), image.info.get("chromaticity")
    if image.info.get("icc_profile") or "srgb" in image.info or not (gamma or chromaticity):
        return None
    usual = coded(1, 13)
    if chromaticity and min(chromaticity) >= 0 and all(chromaticity[place] > 0 for place in (1, 3, 5, 7)):
        # Pillow has white first.
        named: Chromaticities = (*chromaticity[2:], *chromaticity[:2])
    else:
        named = usual.primaries
    if not gamma or abs(gamma - _SRGB_GAMMA) < _NEAR:
        return ColourSpace(named, usual.transfer)
    return ColourSpace(named, 0, 1 / gamma)


def _nclx(data: bytes, start: int) -> tuple[int, int] | None:
    """Primaries and transfer of the first "nclx" in a row of boxes."""
    while start + 8 <= len(data):
        size, kind = int.from_bytes(data[start : start + 4], "big"), data[start + 4 : start + 8]
        if size < 8:
            return None
        inside = data[start + 8 : start + size]
        if kind == b"colr" and inside[:4] == b"nclx" and len(inside) >= 8:
            return int.from_bytes(inside[4:6], "big"), int.from_bytes(inside[6:8], "big")
        if kind in _BOXES:
            # "meta" has four bytes of version and flags before its boxes.
            found = _nclx(inside, 4 if kind == b"meta" else 0)
            if found:
                return found
        start += size
    return None
