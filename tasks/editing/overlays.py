"""Pictures, films and texts laid over a film: logos, watermarks, a film in the film, titles; its sound is kept."""

from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from tasks.captions.burning import Drawing, kept_sound
from tasks.captions.fonts import Typeface, find_typeface
from tasks.captions.look import Canvas
from tasks.editing.bench import Bench, Made
from tasks.editing.copying import as_long
from tasks.editing.overlay_plan import Box, Layer, OverlayOptions, Time, place, times_of
from tasks.editing.overlay_sources import Shape, ShownPicture, measure_source, prepared, shown_picture
from tasks.editing.overlay_texts import draw_texts
from tasks.editing.reading import in_time, whole_film
from tasks.editing.stretches import Frames, read_frames
from tasks.errors import ContrapontoError
from tasks.media.ffmpeg import media_input
from tasks.media.probe import MediaInfo, end_of_sound, probe
from tasks.video.encoding import encoder_arguments, sound_arguments

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
    heard = end_of_sound(path, info) if info.audio is not None else 0.0
    # Its sound is kept: the last picture stays until that ends.
    frames = read_frames(path, film.stream).staying(heard, film.stream.fps)
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
            warnings += [f"Layer {number}: {sentence}" for sentence in parts.add(layer, source, box, time)]
    fonts = [Path(folder) for folder in options.fonts]
    typefaces = [layer_typeface(layer, fonts) if layer.text is not None else None for layer in options.layers]
    drawing, told = draw_texts(options.layers, times, typefaces, canvas, fonts, bench.scratch)
    tracks = [film.stream.index, *([info.audio.index] if info.audio is not None else [])]
    run = bench.ffmpeg(
        [
            *film.seen.reading,
            *whole_film(path, film.stream.index, *tracks),
            *parts.inputs,
            *("-filter_complex", parts.graph(drawing), "-map", "[out]", *_sound(info, heard, frames)),
            *("-sn", "-dn", "-fps_mode", "vfr", "-enc_time_base", "filter"),
            *encoder_arguments(bench.encoder, options.quality, threads=bench.threads),
            *("-t", f"{frames.end:.6f}", "-map_metadata", "-1"),
        ],
        target,
        frames.end,
    )
    if drawing is not None:
        drawing.check(run.messages)
    return Overlaid(layers=tuple(laid), warnings=(*frames.warnings, *film.seen.warnings, *warnings, *told))


def _sound(info: MediaInfo, heard: float, frames: Frames) -> list[str]:
    """Arguments for the sound of a film, which is copied where it can be and lasts as long as the picture."""
    if info.audio is None or as_long(heard, frames.end, frames.step):
        return kept_sound(info)
    filled = sound_arguments(info.audio, f"apad=whole_dur={frames.end:.6f}")
    return ["-map", f"0:{info.audio.index}", *filled]


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
        self._told: tuple[str, ...] = ()
        even = "crop=trunc(iw/2)*2:trunc(ih/2)*2:0:0"
        # What players take for granted is said, or the renderer takes something else for granted.
        named = f"setparams=colorspace={film.matrix}:range=tv"
        shown = in_time(-frames.lag, frames.held) + ",".join([*film.seen.filters, even])
        self._chains = [f"[0:{film.stream.index}]{shown},format=yuv420p,{named}[v0]"]
        self._colors = f"out_color_matrix={film.matrix}:out_range=tv"

    def add(self, layer: Layer, source: Shape, box: Box, time: Time) -> tuple[str, ...]:
        """Lays a picture over what there is; what is to be said of it."""
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
        return self._told

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
            self._told = shown.seen.warnings
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
        path, self._told = prepared(source, box.width, box.height, layer.opacity / 100, target)
        return path
