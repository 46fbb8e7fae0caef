r"""The lines of ASS and SSA, and what a renderer shows of a text with their codes.

The library that reads the files (pysubs2 1.8) takes every line for one in the order of fields that it writes itself,
and gives texts as they stand.
"""

import re
from collections.abc import Mapping
from itertools import chain
from typing import Literal

import pysubs2

from tasks.captions.styling import Styling
from tasks.captions.tagged_text import in_lines
from tasks.captions.timed_text import count_blocks, seconds

Kind = Literal["ass", "ssa"]
_KINDS: tuple[Kind, ...] = ("ass", "ssa")
_SECTION = re.compile(r"^[ \t]*\[(?:Script Info|Events|V4\+? Styles)\]", re.IGNORECASE | re.MULTILINE)

_LATEST = 100 * 3600 - 0.01
"""Seconds; the last time that the library reads."""
_ESCAPE = r"\\(?:(?P<joined>\u2060)|(?P<brace>[{}])|(?P<space>[Nnh]))"
_TOKEN = re.compile(_ESCAPE + r"|\{(?P<codes>[^}]*)\}")
_TOKEN_AT_END = re.compile(_ESCAPE + "|(?P<codes>(?!))")
"""Where no brace closes any more: to look for one again and again would take hours."""
_READ = frozenset(
    (
        *("name", "bold", "italic", "underline", "strikeout", "alignment"),
        *("start", "end", "style", "marginl", "marginr", "marginv", "text"),
    )
)
"""Fields that are of interest here: a mistake in another one costs no subtitle."""
_SPACES = {"N": "\n", "n": "\n", "h": " "}
_DRAWING = re.compile(r"\\[ \t]*p(\d+)")


def _standard(kind: Kind) -> dict[str, dict[str, str]]:
    """The fields of each kind of line in the order in which the library takes them, with the values that it writes."""
    written = pysubs2.SSAFile()
    written.append(pysubs2.SSAEvent())
    found, fields = {}, [""]
    for line in written.to_string(kind).splitlines():
        what, _, values = line.partition(": ")
        if what == "Format":
            fields = values.casefold().split(", ")
        elif what in ("Style", "Dialogue"):
            found[what] = dict(zip(fields, values.split(","), strict=True))
    return found | {"Comment": found["Dialogue"]}


_STANDARD = {kind: _standard(kind) for kind in _KINDS}


def kind_of(text: str) -> Kind | None:
    """Whether a text is ASS or its older version; None if it is neither, such as SRT whose text looks like it."""
    section = _SECTION.search(text)
    if not section or count_blocks(text[: section.start()]):
        return None
    return "ssa" if "[V4 Styles]" in text and "[V4+ Styles]" not in text else "ass"


def in_standard_order(script: str, kind: Kind) -> str:
    """The script with its fields in the order that the library expects, whatever its lines of "Format" say.

    Lines whose times are none are left out.
    """
    standards = _STANDARD[kind]
    fields: list[str] = []
    lines = []
    for line in script.split("\n"):
        what, _, rest = line.partition(":")
        standard = standards.get(what.strip())
        if what.strip() == "Format":
            fields = [field.strip().casefold() for field in rest.split(",")]
        elif standard is None:
            fields = [] if line.startswith("[") else fields
            lines.append(line)
        elif values := _values(rest, fields or list(standard), standard):
            lines.append(f"{what.strip()}: {','.join(values[field] for field in standard)}")
    return "\n".join(lines)


def _values(rest: str, fields: list[str], standard: Mapping[str, str]) -> dict[str, str] | None:
    """What a line says by its fields, and the standard's where it says nothing; None if it lacks a time."""
    said = dict(zip(fields, rest.strip().split(",", len(fields) - 1), strict=False))
    values = dict(standard)
    for field, value in said.items():
        if field == "text":
            values[field] = value
        elif field in _READ and value.strip():
            values[field] = value.strip().replace(",", " ")
    for field in ("start", "end"):
        if field in standard:
            time = seconds(said.get(field, ""))
            if time is None:
                return None
            values[field] = pysubs2.time.ms_to_str(round(min(time, _LATEST) * 1000), fractions=True)
    return values


def styles_of(style: pysubs2.SSAStyle) -> frozenset[str]:
    """Which styling a style has, by the letters of `Styling`."""
    has = {"i": style.italic, "b": style.bold, "u": style.underline, "s": style.strikeout}
    return frozenset(name for name, there in has.items() if there)


def shown_text(text: str, styling: Styling, *, comments: bool) -> tuple[str, str]:
    """What is shown of a text, with `STYLING` for its styling, and the codes in it.

    Drawings are not shown. What stands between braces is not either if the form of the file has `comments`; else only
    codes are taken out.
    """
    parts, found, drawing, at = [styling.begin()], [], False, 0
    last = text.rfind("}") + 1
    for token in chain(_TOKEN.finditer(text, 0, last), _TOKEN_AT_END.finditer(text, last)):
        parts.append("" if drawing else text[at : token.start()])
        at = token.end()
        codes = token["codes"]
        if codes is None:
            shown = "\\" if token["joined"] else token["brace"] or _SPACES[token["space"]]
            parts.append("" if drawing else shown)
        elif comments or "\\" in codes:
            found.append(codes)
            parts.append(styling.by_codes(codes))
            for scale in _DRAWING.findall(codes):
                drawing = int(scale[:4]) > 0
        else:
            parts.append(token[0])
    parts.append("" if drawing else text[at:])
    return in_lines("".join(parts)), "".join(found)
