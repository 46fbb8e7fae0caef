"""Pictures, films and texts laid over a film: logos, watermarks, a film in the film, titles; its sound is kept."""

from collections.abc import Sequence
from pathlib import Path

import pysubs2
from pydantic import BaseModel, ConfigDict

from tasks.captions.burning import Drawing, kept_sound, prepare_drawing
from tasks.captions.fonts import Typeface, find_typeface
from tasks.captions.look import (
    Canvas,
    PlaceChoice,
)
from tasks.captions.reading import Subtitle
from tasks.captions.script import STYLE, alpha_code, codes, new_script
from tasks.captions.segments import SegmentLook, segment_script
from tasks.editing.bench import Bench, Made
from tasks.editing.overlay_plan import Box, Layer, OverlayOptions, Time, pixels, place, times_of
from tasks.editing.overlay_sources import Shape, ShownPicture, measure_source, prepared, shown_picture
from tasks.editing.stretches import Frames, read_frames
from tasks.errors import ContrapontoError
from tasks.media.ffmpeg import media_input
from tasks.media.probe import probe
from tasks.video.encoding import encoder_arguments

_EARLY = 0.001
"""Seconds: rounded, a picture may be said to come a little before its time."""
_MOST_FPS = 60
"""At which fades of still pictures are drawn."""


class LaidLayer(BaseModel):
    """Where and when a layer is seen. Pixels of the result, seconds of the film."""

    model_config = ConfigDict(frozen=True)

    start: float
    end: float
    x: int | None = None
    y: int | None = None
    width: int | None = None
    height: int | None = None


class Overlaid(Made):
    """A film with something over it."""

    layers: tuple[LaidLayer, ...]


def layer_typeface(layer: Layer, fonts: Sequence[Path]) -> Typeface:
    """The font of a text. Raises InvalidInputError, which lists what there is, for an unknown one."""
    return find_typeface(layer.font.name, bold=layer.font.bold, folders=tuple(fonts))


def overlay(inputs: Sequence[Path], options: OverlayOptions, target: Path, bench: Bench) -> Overlaid:
    """Writes an MP4 of the film `inputs[0]` with its layers over it, in their order, the texts above all others.

    Raises NotMediaError, NoVideoError, NotAnImageError, DamagedMediaError, InvalidInputError for times that cannot be,
    and what `run_ffmpeg` raises.
    """
    path, *others = inputs
    info = probe(path)
    film = shown_picture(path, bench.scratch)
    frames = read_frames(path, film.stream)
    canvas = Canvas(
        width=film.seen.width // 2 * 2, height=film.seen.height // 2 * 2, safe_area=options.safe_area
    )
    times, warnings = times_of(options.layers, frames.end)
    pictures = iter(others)
    laid: list[LaidLayer] = []
    parts = _Parts(film, frames, bench)
    for number, (layer, time) in enumerate(zip(options.layers, times, strict=True), 1):
        if layer.text is not None:
            laid.append(LaidLayer(start=round(time.start, 3), end=round(time.end, 3)))
            continue
        source = _measured(next(pictures), number, bench.scratch)
        box, clamped = place(layer, source.width, source.height, canvas)
        warnings += [f"Layer {number} {sentence}" for sentence in clamped]
        laid.append(
            LaidLayer(
                start=round(time.start, 3),
                end=round(time.end, 3),
                x=box.x,
                y=box.y,
                width=box.width,
                height=box.height,
            )
        )
        if time.length > 0:
            parts.add(layer, source, box, time)
    drawing, told = _texts(options, times, canvas, bench)
    run = bench.ffmpeg(
        [
            *film.seen.reading,
            *media_input(path),
            *parts.inputs,
            *("-filter_complex", parts.graph(drawing), "-map", "[out]", *kept_sound(info), "-sn", "-dn"),
            *("-fps_mode", "vfr", "-enc_time_base", "filter"),
            *encoder_arguments(bench.encoder, options.quality, threads=bench.threads),
            *("-map_metadata", "-1"),
        ],
        target,
        frames.end,
    )
    if drawing is not None:
        drawing.check(run.messages)
    return Overlaid(layers=tuple(laid), warnings=(*film.seen.warnings, *warnings, *told))


def _measured(path: Path, number: int, scratch: Path) -> Shape:
    try:
        workplace = scratch / f"measured{number}"
        workplace.mkdir(exist_ok=True)
        return measure_source(path, workplace)
    except ContrapontoError as error:
        error.message = f"Layer {number}: {error.message}"
        raise


class _Parts:
    """The inputs and the filters that lay pictures over a film, one after the other."""

    def __init__(self, film: ShownPicture, frames: Frames, bench: Bench) -> None:
        self.inputs: list[str] = []
        self._film = film
        self._bench = bench
        self._fps = min(max(film.stream.fps or 25.0, 1.0), _MOST_FPS)
        self._count = 0
        even = "crop=trunc(iw/2)*2:trunc(ih/2)*2:0:0"
        # What players take for granted is said, or the renderer takes something else for granted.
        named = f"setparams=colorspace={film.matrix}:range=tv"
        moved = f"setpts=PTS+{frames.delay:.6f}/TB," if frames.delay else ""
        self._chains = [
            f"[0:{film.stream.index}]{moved}{','.join([*film.seen.filters, even])},format=yuv420p,{named}[v0]"
        ]
        self._colors = f"out_color_matrix={film.matrix}:out_range=tv"

    def add(self, layer: Layer, source: Shape, box: Box, time: Time) -> None:
        """Lays a picture over what there is."""
        self._count += 1
        number, name = self._count, f"o{self._count}"
        chain = (
            self._still(layer, source, box, time)
            if source.kind == "still"
            else (self._moving(layer, source, box, time))
        )
        for kind, length, at in (
            ("in", layer.fade_in, 0.0),
            ("out", layer.fade_out, time.length - layer.fade_out),
        ):
            if length:
                seconds = min(length, time.length / 2)
                begin = at if kind == "in" else time.length - seconds
                chain += f",fade=t={kind}:st={begin:.6f}:d={seconds:.6f}:alpha=1"
        self._chains.append(f"{chain},setpts=PTS+{time.start:.6f}/TB[{name}]")
        ends = "repeat" if source.kind == "still" else "pass"
        self._chains.append(
            f"[v{number - 1}][{name}]overlay={box.x}:{box.y}:format=yuv420:eof_action={ends}:"
            f"enable='gte(t,{time.start - _EARLY:.6f})*lt(t,{time.end - _EARLY:.6f})'[v{number}]"
        )

    def graph(self, drawing: Drawing | None) -> str:
        """All filters, ending in [out]."""
        texts = f"{drawing.filter}," if drawing is not None else ""
        return ";".join([*self._chains, f"[v{self._count}]{texts}format=yuv420p[out]"])

    def _still(self, layer: Layer, source: Shape, box: Box, time: Time) -> str:
        path = self._prepared(layer, source, box)
        self.inputs += ["-i", f"file:{path.resolve()}"]
        chain = f"[{self._count}:v]scale={self._colors},format=yuva420p"
        if layer.fade_in or layer.fade_out:
            rate = f"{self._fps:.6f}"
            chain += f",loop=loop=-1:size=1,setpts=N/{rate}/TB,fps={rate},trim=end={time.length:.6f}"
        return chain

    def _moving(self, layer: Layer, source: Shape, box: Box, time: Time) -> str:
        again = ["-stream_loop", "-1"] if layer.loop else []
        if source.shown is None:
            path = self._prepared(layer, source, box)
            self.inputs += [*again, "-i", f"file:{path.resolve()}"]
            chain = f"[{self._count}:v]scale={self._colors},format=yuva420p"
        else:
            shown = source.shown
            self.inputs += [*again, *shown.seen.reading, *media_input(source.path)]
            made = "".join(f"{step}," for step in shown.seen.filters)
            chain = (
                f"[{self._count}:{shown.stream.index}]{made}scale={box.width}:{box.height}:flags=lanczos:"
                f"in_color_matrix={shown.matrix}:in_range=tv:{self._colors},setsar=1,format=yuva420p"
            )
            if layer.opacity < 100:
                chain += f",lut=a=val*{layer.opacity / 100:.4f}"
        # The end of a picture that is shown for long is not known to the filter that lays it: it gets many short ones.
        return f"{chain},setpts=PTS-STARTPTS,fps={self._fps:.6f},trim=end={time.length:.6f}"

    def _prepared(self, layer: Layer, source: Shape, box: Box) -> Path:
        target = self._bench.scratch / f"layer{self._count}"
        return prepared(source, box.width, box.height, layer.opacity / 100, target)


def _texts(
    options: OverlayOptions, times: Sequence[Time], canvas: Canvas, bench: Bench
) -> tuple[Drawing | None, tuple[str, ...]]:
    """The texts of the layers as one script."""
    script = new_script(canvas)
    folders = [Path(folder) for folder in options.fonts]
    typefaces = []
    lost = ""
    for number, (layer, time) in enumerate(zip(options.layers, times, strict=True)):
        if layer.text is None or time.length <= 0:
            continue
        typeface = layer_typeface(layer, folders)
        typefaces.append(typeface)
        text, missing = _text(layer, layer.text, time, canvas, typeface)
        lost += missing
        style = f"layer{number}"
        script.styles[style] = text.styles[STYLE]
        for event in text:
            event.style, event.layer = style, number
            script.append(event)
    if not typefaces:
        return None, ()
    told = f"No font here can draw these characters, which were left out: {''.join(dict.fromkeys(lost))}"
    return prepare_drawing(script, bench.scratch, folders), (told,) if lost else ()


def _text(
    layer: Layer, text: str, time: Time, canvas: Canvas, typeface: Typeface
) -> tuple[pysubs2.SSAFile, str]:
    vertical = min(500, round(pixels(layer.margin_y, canvas.height, canvas) / canvas.scale))
    look = SegmentLook(
        font=layer.font,
        colors=layer.colors,
        border=layer.border,
        position=PlaceChoice(alignment=layer.position, marginVertical=vertical),
        safe_area=canvas.safe_area,
    )
    script, lost = segment_script([Subtitle(time.start, time.end, text)], look, canvas, typeface)
    left, right, _, _ = canvas.margins(pixels(layer.margin_x, canvas.width, canvas), 0)
    style = script.styles[STYLE]
    if left + right < canvas.width / 2:
        style.marginl, style.marginr = left, right
    shown: dict[str, object] = {}
    if layer.opacity < 100:
        shown["alpha"] = alpha_code(layer.opacity / 100)
    if layer.fade_in or layer.fade_out:
        most = time.length / 2
        fades = (round(1000 * min(fade, most)) for fade in (layer.fade_in, layer.fade_out))
        shown["fad"] = f"({','.join(map(str, fades))})"
    for event in script:
        event.text = codes(shown) + event.text if shown else event.text
    return script, lost
