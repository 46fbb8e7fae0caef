"""Films whose pictures carry their number and whose whole seconds are heard, in every container; and what is left."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from tasks.media.ffmpeg import run_ffmpeg

RATE = 25
SECONDS = 4
_BITS = 8
_SIZE = (128, 32)
_X264 = (
    "-c:v",
    "libx264",
    "-preset",
    "ultrafast",
    "-bf",
    "2",
    "-g",
    "25",
    "-sc_threshold",
    "0",
    "-c:a",
    "aac",
)


def made(path: Path, *arguments: str) -> Path:
    """A file of ffmpeg."""
    run_ffmpeg(arguments, output=path, duration=None, deadline=60)
    return path


def counted(path: Path, *arguments: str, seconds: float = SECONDS, heard: float | None = None) -> Path:
    """A film of numbered pictures with a beep at every whole second; `heard`: seconds of sound."""
    field = _SIZE[0] // _BITS
    shade = f"16+219*mod(floor(N/pow(2,floor(X/{field}))),2)"
    picture = f"color=black:size={_SIZE[0]}x{_SIZE[1]}:rate={RATE}:duration={seconds},format=yuv420p"
    beep = "0.8*sin(2*PI*1000*t)*between(mod(t,1),0,0.1)*gte(t,0.9)"
    return made(
        path,
        *("-f", "lavfi", "-i", f"{picture},geq=lum='{shade}':cb=128:cr=128"),
        *("-f", "lavfi", "-i", f"aevalsrc='{beep}':s=48000:d={heard or seconds}"),
        *(arguments or _X264),
    )


def _mpeg4(path: Path, *arguments: str) -> Path:
    return counted(path, *arguments, "-g", "25", "-q:v", "3", "-sc_threshold", "1000000000")


def _copy(path: Path, *arguments: str) -> Path:
    """The packets of the usual film in another container."""
    whole = counted(path.with_name("whole.mp4"))
    return made(path, "-i", f"file:{whole}", *arguments, "-c", "copy")


def _later(path: Path, *, picture: float = 0.0) -> Path:
    """The usual film whose picture begins so much later."""
    whole = f"file:{counted(path.with_name('whole.mp4'))}"
    tracks = ("-map", "0:v", "-map", "1:a", "-c", "copy")
    return made(path, "-itsoffset", str(picture), "-i", whole, "-i", whole, *tracks)


def _late_sound(path: Path) -> Path:
    whole = counted(path.with_name("whole.mp4"))
    return made(path, "-i", f"file:{whole}", "-c:v", "copy", "-af", "atrim=start=0.5", "-c:a", "aac")


@dataclass(frozen=True)
class Kind:
    """A way to store the usual film."""

    name: str
    make: Callable[[Path], Path]
    early: float = 0.0
    """Seconds by which its sound comes before its picture."""
    near: float = 0.006
    """How exactly its sound is stored, in seconds."""

    def film(self, folder: Path) -> Path:
        """Makes one."""
        return self.make(folder / self.name)


_FRAGMENTS = ("-movflags", "frag_keyframe+empty_moov")
KINDS = (
    Kind("mp4.mp4", counted),
    Kind("fragments.mp4", lambda path: _copy(path, *_FRAGMENTS)),
    Kind("matroska.mkv", _copy),
    Kind("transport.ts", _copy),
    Kind("program.mpg", lambda path: _mpeg4(path, "-c:v", "mpeg2video", "-bf", "2", "-c:a", "mp2")),
    Kind("flash.flv", _copy),
    Kind("ordered.avi", lambda path: _mpeg4(path, "-c:v", "mpeg4", "-c:a", "pcm_s16le")),
    Kind("reordered.avi", lambda path: _mpeg4(path, "-c:v", "mpeg4", "-bf", "2", "-c:a", "pcm_s16le")),
    Kind("windows.wmv", lambda path: _mpeg4(path, "-c:v", "wmv2", "-c:a", "wmav2")),
    Kind(
        "web.webm",
        lambda path: counted(path, "-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-g", "25"),
    ),
    Kind("lead.mp4", lambda path: _later(path, picture=0.08), early=0.08),
    Kind("lead.mkv", lambda path: _later(path, picture=0.08), early=0.08),
    Kind("late.ts", _late_sound),
)


def numbers(path: Path) -> list[int]:
    """The numbers of the pictures, as they are shown."""
    with av.open(str(path)) as container:
        return [number(np.asarray(frame.to_ndarray(format="gray"))) for frame in container.decode(video=0)]


def number(light: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]") -> int:
    """The number that a picture carries; -1 where two lie over each other."""
    fields = light.reshape(light.shape[0], _BITS, -1)[4:-4, :, 4:-4].mean(axis=(0, 2))
    if (np.abs(fields - 128) < 60).any():
        return -1
    return int(sum(1 << bit for bit, level in enumerate(fields) if level > 128))


def beeps(path: Path) -> list[float]:
    """When a beep begins, in seconds."""
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
    sound = np.concatenate([np.abs(frame.to_ndarray()).max(axis=0) for frame in frames])
    rate = frames[0].sample_rate
    loud = np.flatnonzero(sound > 0.2)
    first = loud[np.diff(loud, prepend=-rate) > rate / 4]
    return [float(frames[0].time or 0) + float(at) / rate for at in first]


def ends(path: Path) -> tuple[float, float]:
    """Seconds of picture and of sound."""
    with av.open(str(path)) as container:
        tracks = (container.streams.video[0], container.streams.audio[0])
        return tuple(float((each.duration or 0) * (each.time_base or 0)) for each in tracks)  # type: ignore[return-value]


def damaged(path: Path, *pictures: int) -> Path:
    """The film without what is in the packets of these pictures, counted in the order of the file."""
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        packets = [(packet.pos or 0, packet.size) for packet in container.demux(video=0) if packet.size]
    for place, size in (packets[each] for each in pictures):
        data[place : place + size] = bytes(size)
    path.write_bytes(data)
    return path
