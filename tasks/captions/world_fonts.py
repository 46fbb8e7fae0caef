"""Makes the fonts that captions use out of those that are published: one weight a file, one family a way of writing."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTCollection, TTFont
from fontTools.varLib.instancer import instantiateVariableFont

VARIABLE = "variable"
"""Folder of the variable fonts below that of the model: renderers of subtitles do not choose a weight in them."""
_WEIGHTS = {"Regular": 400, "Bold": 700}
_REGIONS = {"JP": "JAN ", "KR": "KOR ", "SC": "ZHS ", "TC": "ZHT "}
"""Ways of writing Han → the language in which OpenType knows them."""
_FAMILY, _STYLE, _UNIQUE, _FULL, _POSTSCRIPT = 1, 2, 3, 4, 6
_NEWER_NAMES = (16, 17, 21, 22, 25)


def make_weight(directory: Path, target: Path) -> None:
    """One weight of a variable font: `NotoSansThai-Bold.ttf` of `variable/NotoSansThai.ttf`."""
    stem, _, style = target.stem.partition("-")
    with TTFont(directory / VARIABLE / f"{stem}.ttf") as source:
        _drop_kerning(source)
        font = instantiateVariableFont(source, {"wght": _WEIGHTS[style]})
        font["OS/2"].usWeightClass = _WEIGHTS[style]
        bold = style == "Bold"
        font["OS/2"].fsSelection = font["OS/2"].fsSelection & ~0b1100001 | (0b100000 if bold else 0b1000000)
        font["head"].macStyle = font["head"].macStyle & ~1 | bold
        _rename(font, re.sub(r"(?<=[a-z])(?=[A-Z])", " ", stem), style)
        font.save(target)


def _drop_kerning(font: TTFont) -> None:
    """Takes out what renderers of subtitles do not use, and what takes most of the time."""
    tags = {
        record.FeatureTag
        for name in ("GSUB", "GPOS")
        if name in font
        for record in font[name].table.FeatureList.FeatureRecord
    }
    keep = Options(
        layout_features=sorted(tags - {"kern"}),
        layout_scripts=["*"],
        name_IDs=["*"],
        notdef_outline=True,
        drop_tables=["STAT"],
    )
    subsetter = Subsetter(keep)
    subsetter.populate(glyphs=font.getGlyphOrder())
    subsetter.subset(font)


def make_regions(directory: Path, target: Path) -> None:
    """A collection of the Japanese, Korean, simplified and traditional face of the font that holds them all.

    The font draws the forms of another language than Japanese where the renderer names it to the font, which
    renderers of subtitles cannot do within a text: each language gets a family of its own. The letters themselves are
    in the file once.
    """
    source = directory / "NotoSansCJKjp-Bold.otf"
    with _numbered(source) as font:
        substitutions = font["GSUB"].table
        forms_of = {region: dict(_localised(substitutions, tag)) for region, tag in _REGIONS.items()}
    # Tables that nobody looks into are copied as they are, and are in the collection once.
    collection = TTCollection()
    for region, forms in forms_of.items():
        font = _numbered(source)
        for table in font["cmap"].tables:
            if table.isUnicode() and table.format != 14:
                table.cmap = {code: forms.get(glyph, glyph) for code, glyph in table.cmap.items()}
        _rename(font, f"Noto Sans CJK {region}", "Bold")
        collection.fonts.append(font)
    collection.save(target, shareTables=True)
    for font in collection.fonts:
        font.close()


def _numbered(path: Path) -> TTFont:
    """A font whose glyphs have numbers for names: their own are in the table of outlines, which would be unpacked."""
    font = TTFont(path, lazy=True)
    font.setGlyphOrder([f"glyph{number}" for number in range(font["maxp"].numGlyphs)])
    return font


def _localised(table: Any, language: str) -> Iterator[tuple[str, str]]:
    """Glyph → its form in the language."""
    lookups = set()
    for script in table.ScriptList.ScriptRecord:
        for record in script.Script.LangSysRecord:
            if record.LangSysTag == language:
                for number in record.LangSys.FeatureIndex:
                    feature = table.FeatureList.FeatureRecord[number]
                    if feature.FeatureTag == "locl":
                        lookups.update(feature.Feature.LookupListIndex)
    for number in sorted(lookups):
        for subtable in table.LookupList.Lookup[number].SubTable:
            single = getattr(subtable, "ExtSubTable", subtable)
            yield from getattr(single, "mapping", {}).items()


def _rename(font: TTFont, family: str, style: str) -> None:
    names = font["name"]
    for number in _NEWER_NAMES:
        names.removeNames(nameID=number)
    values = {
        _FAMILY: family,
        _STYLE: style,
        _UNIQUE: f"{family} {style}",
        _FULL: family if style == "Regular" else f"{family} {style}",
        _POSTSCRIPT: f"{family.replace(' ', '')}-{style}",
    }
    for number, value in values.items():
        names.removeNames(nameID=number)
        names.setName(value, number, 3, 1, 0x409)
