"""Charts as SVG, the same file for the same chart."""

import colorsys
import sys
from collections.abc import Sequence
from functools import cache, partial
from types import ModuleType
from typing import Any
from xml.etree import ElementTree

from tasks.errors import MissingEngineError
from tasks.reports.content import Chart, is_dark
from tasks.reports.texts import width_of

WIDTH = 720
"""Of every chart, in pixels of 1/96 inch."""
FONTS = "Arimo, Arial, Helvetica, sans-serif"
INK, _LINE = "#374151", "#e5e7eb"
BELOW = "below"
"""Class of what is written beside bars that go to the left."""
NARROW = 520
"""Width of charts that are round."""
_LABELS = 18
"""Columns that can all have their names below them."""
_SVG = "{http://www.w3.org/2000/svg}"
_SCRIPTED = (f"{_SVG}script", f"{_SVG}desc", f"{_SVG}title")
"""Parts that programs read: among them the labels, as a script."""
_UNCUT = 200
"""Characters that no label has: each was cut before."""
_FRAME = 4
_GRADES = 6


def require_drawing() -> ModuleType:
    """The library that draws. Raises MissingEngineError if it is not installed."""
    try:
        import pygal  # noqa: PLC0415 - an extra of the installation
    except ImportError as error:
        raise MissingEngineError(
            "Reports need the package pygal, which is not installed.",
            hint="Run: pip install 'contraponto[reports]'",
        ) from error
    # It looks for charts of others whenever anything is imported, in a way that Python warns of.
    sys.meta_path[:] = [each for each in sys.meta_path if type(each).__module__ != pygal.__name__]
    return pygal  # type: ignore[no-any-return]


def chart_svg(chart: Chart, color: str, number: int) -> str:
    """The chart. `number` tells it from the others of the same page."""
    pygal = require_drawing()
    made = {"bars": _bars, "columns": _columns, "share": _share}[chart.sort](pygal, chart, color)
    svg = made.render(disable_xml_declaration=True)
    text: str = svg.decode() if isinstance(svg, bytes) else svg
    # Its own numbers are random.
    root = ElementTree.fromstring(text.replace(str(made.uuid), str(number)))  # noqa: S314 - written by ourselves
    for parent in list(root.iter()):
        for child in [each for each in parent if each.tag in _SCRIPTED]:
            parent.remove(child)
    if chart.sort == "bars":
        written = [each for each in root.iter(f"{_SVG}text") if each.get("class") == "value"]
        for text_of_value, value in zip(written, reversed(chart.values), strict=True):
            if value < 0:
                text_of_value.set("class", f"value {BELOW}")
    style = ElementTree.Element(f"{_SVG}style")
    anchor, shift = ("start", "6px") if chart.sort == "bars" else ("middle", "0")
    style.text = (
        f"#chart-{number} .text-overlay text.value{{text-anchor:{anchor};transform:translate({shift},0)}} "
        f"#chart-{number} .text-overlay text.{BELOW}{{text-anchor:end;transform:translate(-6px,0)}} "
        f"#chart-{number} .axis .line{{stroke:none}} #chart-{number} .axis text{{fill:{INK}}}"
    )
    root.append(style)
    ElementTree.register_namespace("", _SVG[1:-1])
    return ElementTree.tostring(root, encoding="unicode")


def _bars(pygal: ModuleType, chart: Chart, color: str) -> Any:
    highest, lowest = max(0.0, *chart.values), min(0.0, *chart.values)
    if lowest < 0 <= max(chart.values):
        # What is written on one side has to fit there however short the other is.
        highest, lowest = max(highest, -lowest / 4), min(lowest, -highest / 4)
    made = pygal.HorizontalBar(
        _config(pygal, 34 * len(chart.values) + 16, show_x_labels=False),
        style=_style((color,)),
        # Room for what stands behind the longest bar; on either side where some are below nothing.
        range=(1.18 * lowest, 1.18 * highest) if highest > lowest else (0, 1),
        spacing=9,
    )
    # The largest above: it draws from below.
    made.x_labels = _roomy(chart.labels)[::-1]
    made.add("", _values(chart)[::-1])
    return made


def _columns(pygal: ModuleType, chart: Chart, color: str) -> Any:
    made = pygal.Bar(
        _config(pygal, 210, show_y_labels=False),
        style=_style((color,)),
        range=(0, 1.12 * (max(chart.values) or 1)),
        spacing=2,
    )
    step = -(-len(chart.labels) // _LABELS)
    made.x_labels = [label if place % step == 0 else "" for place, label in enumerate(chart.labels)]
    made.add("", _values(chart))
    return made


def _share(pygal: ModuleType, chart: Chart, color: str) -> Any:
    made = pygal.Pie(
        _config(pygal, 190, width=NARROW),
        style=_style(grades(color)),
        inner_radius=0.6,
        show_legend=True,
        legend_box_size=12,
        legend_at_bottom=False,
        truncate_legend=_UNCUT,
        half_pie=False,
    )
    made.config.print_values = False
    named = [f"{label}: {written}" for label, written in zip(chart.labels, chart.written, strict=True)]
    for name, value in zip(_roomy(named, after=True), chart.values, strict=True):
        made.add(name, value)
    return made


def _roomy(names: Sequence[str], *, after: bool = False) -> list[str]:
    """The names, the widest with the spaces that its wide letters need: the library counts all letters alike."""
    made = list(names)
    place = max(range(len(made)), key=lambda each: width_of(made[each]))
    space = "\u00a0" * (width_of(made[place]) - len(made[place]))
    made[place] = f"{made[place]}{space}" if after else f"{space}{made[place]}"
    return made


def _values(chart: Chart) -> list[dict[str, Any]]:
    return [
        {"value": value, "formatter": partial(_as_written, written)}
        for value, written in zip(chart.values, chart.written, strict=True)
    ]


def _as_written(written: str, _value: float) -> str:
    return written


def _config(pygal: ModuleType, height: int, width: int = WIDTH, **others: object) -> Any:
    return pygal.Config(
        width=width,
        height=height,
        explicit_size=True,
        js=(),
        show_legend=False,
        print_values=True,
        print_values_position="top",
        show_x_guides=False,
        show_y_guides=False,
        margin=_FRAME,
        rounded_bars=2,
        truncate_label=_UNCUT,
        **others,
    )


def _style(colors: tuple[str, ...]) -> Any:
    return require_drawing().style.Style(
        background="transparent",
        plot_background="transparent",
        foreground=INK,
        foreground_strong=INK,
        foreground_subtle=_LINE,
        font_family=FONTS,
        label_font_size=13,
        major_label_font_size=13,
        value_font_size=12,
        value_label_font_size=12,
        legend_font_size=14,
        value_colors=(INK,) * _GRADES,
        colors=colors,
        opacity="1",
        stroke_opacity="0",
    )


@cache
def grades(color: str) -> tuple[str, ...]:
    """The colour and lighter ones after it, for parts of a whole; darker ones where it is light itself."""
    red, green, blue = (int(color[place : place + 2], 16) / 255 for place in (1, 3, 5))
    hue, light, saturation = colorsys.rgb_to_hls(red, green, blue)
    last = 0.88 if is_dark(color) else 0.2
    made = []
    for grade in range(_GRADES):
        graded = light + (last - light) * grade / _GRADES
        parts = colorsys.hls_to_rgb(hue, graded, saturation * (1 - 0.08 * grade))
        made.append("#" + "".join(f"{round(255 * part):02x}" for part in parts))
    return tuple(made)
