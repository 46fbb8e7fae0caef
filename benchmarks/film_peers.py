"""Other ways to edit films: the ffmpeg commands that a careful user writes, and programs for MoviePy.

The commands are given what ours has: the same encoder settings, the colours left as they are, sound at 192 kb/s. Where
a result has a loudness, it is brought there in two passes, as the manual of `loudnorm` advises.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tasks.media.ffmpeg import ffmpeg_binary
from tasks.video.encoding import encoder_arguments

FADE = 0.5
"""Seconds of a transition."""
WIDTH, HEIGHT, FPS = 1280, 720, 25
SILENT, SHORTEST_SILENCE, PADDING = -40, 0.2, 0.02
"""dBFS below which it is silent, seconds from which a silence is cut, and what stays at both its ends."""
LAST_FRAME = 1 / FPS
"""Seconds of each silence that stay besides, so that a picture shown across its end stays, as it does in ours."""

_PROJECT = Path(__file__).resolve().parents[1]
_LIMIT = 600.0
_PICTURE = tuple(encoder_arguments("libx264", "standard"))
_SOUND = ("-c:a", "aac", "-b:a", "192k", "-ar", "48000")
_COPY = ("-c", "copy", "-movflags", "+faststart")
_LOUDNESS = "loudnorm=I=-14:TP=-1:LRA=11"


def moviepy_python() -> Path | None:
    """A Python that has MoviePy."""
    home = Path(os.environ.get("CONTRAPONTO_HOME") or _PROJECT / ".contraponto") / "bench" / "moviepy"
    python = home / "bin" / "python"
    if not python.is_file():
        subprocess.run([sys.executable, "-m", "venv", home], check=True, timeout=300)
    done = subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "moviepy>=2.2"],
        check=False,
        timeout=600,
        capture_output=True,
    )
    if done.returncode:
        print("MoviePy is left out: it could not be fetched.")
        return None
    return python


def ffmpeg(*arguments: str | Path | float) -> str:
    """Runs a command; what it has said."""
    command = [ffmpeg_binary(), "-hide_banner", "-nostdin", "-nostats", "-y", *map(str, arguments)]
    return subprocess.run(command, check=True, timeout=_LIMIT, capture_output=True, text=True).stderr


def plain_copied_trim(film: Path, start: float, end: float, target: Path) -> None:
    ffmpeg("-ss", start, "-to", end, "-i", film, *_COPY, target)


def plain_exact_trim(film: Path, start: float, end: float, target: Path) -> None:
    ffmpeg("-ss", start, "-to", end, "-i", film, *_PICTURE, *_SOUND, target)


def plain_concatenation(films: Sequence[Path], target: Path) -> None:
    listing = target.with_suffix(".txt")
    listing.write_text("".join(f"file '{film.resolve()}'\n" for film in films), encoding="utf-8")
    ffmpeg("-f", "concat", "-safe", "0", "-i", listing, *_COPY, target)


def plain_fades(films: Sequence[Path], seconds: float, target: Path) -> None:
    """`seconds`: of each film."""
    size = f"{WIDTH}:{HEIGHT}"
    shape = f"scale={size}:force_original_aspect_ratio=decrease,pad={size}:-1:-1,setsar=1,fps={FPS}"
    chains = [f"[{number}:v]{shape},format=yuv420p[v{number}]" for number in range(len(films))]
    picture, sound = "v0", "0:a"
    for number in range(1, len(films)):
        offset = number * (seconds - FADE)
        chains.append(f"[{picture}][v{number}]xfade=fade:duration={FADE}:offset={offset:.6f}[p{number}]")
        chains.append(f"[{sound}][{number}:a]acrossfade=d={FADE}:c1=qsin:c2=qsin[s{number}]")
        picture, sound = f"p{number}", f"s{number}"
    reading = [argument for film in films for argument in ("-i", film)]
    mapped = ("-map", f"[{picture}]", "-map", f"[{sound}]")
    ffmpeg(*reading, "-filter_complex", ";".join(chains), *mapped, *_PICTURE, *_SOUND, target)


def plain_reels(film: Path, target: Path) -> None:
    """Over a blurred enlargement, which is blurred while it is small, as ours is: the cheap way."""
    loudness = _measured(
        ffmpeg("-i", film, "-vn", "-af", f"{_LOUDNESS}:print_format=json", "-f", "null", "-")
    )
    graph = (
        "split[front][back];"
        "[back]scale=1080:1920:force_original_aspect_ratio=increase,crop=1080:1920,scale=134:240,gblur=sigma=4,"
        "scale=1080:1920[soft];"
        "[front]scale=1080:1920:force_original_aspect_ratio=decrease[whole];[soft][whole]overlay=(W-w)/2:(H-h)/2"
    )
    ffmpeg("-i", film, "-vf", graph, "-af", loudness, *_PICTURE, *_SOUND, target)


def plain_mix(film: Path, music: Path, seconds: float, target: Path) -> None:
    graph = (
        f"[0:a]asplit[voice][key];[1:a]volume=-6dB,atrim=end={seconds},afade=t=out:st={seconds - 2}:d=2[music];"
        "[music][key]sidechaincompress=threshold=0.02:ratio=8:attack=20:release=500[lowered];"
        "[voice][lowered]amix=inputs=2:normalize=0:duration=first,"
    )
    reading = ("-i", film, "-i", music, "-filter_complex")
    said = ffmpeg(*reading, f"{graph}{_LOUDNESS}:print_format=json[mix]", "-map", "[mix]", "-f", "null", "-")
    mapped = ("-map", "0:v", "-map", "[mix]", "-c:v", "copy", "-movflags", "+faststart")
    ffmpeg(*reading, f"{graph}{_measured(said)}[mix]", *mapped, *_SOUND, target)


def plain_logo(film: Path, logo: Path, target: Path) -> None:
    graph = f"[1:v]scale={WIDTH * 15 // 100}:-2[logo];[0:v][logo]overlay=W-w-26:26"
    ffmpeg("-i", film, "-i", logo, "-filter_complex", graph, *_PICTURE, "-c:a", "copy", target)


def plain_silences(film: Path, target: Path) -> None:
    """The usual script: `silencedetect`, and what it finds left out by `select` and `aselect`."""
    detected = f"silencedetect=noise={SILENT}dB:duration={SHORTEST_SILENCE}"
    said = ffmpeg("-i", film, "-vn", "-af", detected, "-f", "null", "-")
    starts = [float(time) + PADDING for time in re.findall(r"silence_start: ([\d.]+)", said)]
    ends = [float(time) - PADDING - LAST_FRAME for time in re.findall(r"silence_end: ([\d.]+)", said)]
    silences = zip(starts, [*ends, 1e6][: len(starts)], strict=True)
    silent = "+".join(f"between(t,{start:.3f},{end:.3f})" for start, end in silences)
    filters = ("-vf", f"select='not({silent})',setpts=N/FRAME_RATE/TB")
    ffmpeg(
        "-i", film, *filters, "-af", f"aselect='not({silent})',asetpts=N/SR/TB", *_PICTURE, *_SOUND, target
    )


def plain_thumbnail(film: Path, seconds: float, target: Path) -> None:
    """The most telling picture of the film, of one in a second."""
    ffmpeg("-i", film, "-vf", f"fps=1,thumbnail=n={round(seconds)}", "-frames:v", "1", "-q:v", "2", target)


def _measured(said: str) -> str:
    """The filter of the second pass, by what the first one has said."""
    found = json.loads(said[said.rindex("{") : said.rindex("}") + 1])
    values = ":".join(
        f"measured_{name}={found[f'input_{key}']}"
        for name, key in (("I", "i"), ("TP", "tp"), ("LRA", "lra"), ("thresh", "thresh"))
    )
    return f"{_LOUDNESS}:{values}:offset={found['target_offset']}:linear=true"


_HEAD = """\
import sys
import numpy as np
from moviepy import *

def write(film):
    film.write_videofile(
        target, codec="libx264", preset="veryfast", ffmpeg_params=["-crf", "20"],
        audio_codec="aac", audio_bitrate="192k", audio_fps=48000, logger=None,
    )

"""

MOVIES = {
    "start": "pass",
    "exact trim": """
target, path, start, end = sys.argv[1:]
write(VideoFileClip(path).subclipped(float(start), float(end)))
""",
    "concatenation": """
target, *paths = sys.argv[1:]
write(concatenate_videoclips([VideoFileClip(path) for path in paths]))
""",
    "fades": f"""
target, *paths = sys.argv[1:]
clips = []
for number, path in enumerate(paths):
    clip = VideoFileClip(path)
    clip = clip.resized(min({WIDTH} / clip.w, {HEIGHT} / clip.h))
    clip = clip.with_background_color(size=({WIDTH}, {HEIGHT}), color=(0, 0, 0), opacity=1)
    entering = [vfx.CrossFadeIn({FADE}), afx.AudioFadeIn({FADE})] if number else []
    leaving = [afx.AudioFadeOut({FADE})] if number < len(paths) - 1 else []
    clips.append(clip.with_effects([*entering, *leaving]))
write(concatenate_videoclips(clips, method="compose", padding=-{FADE}))
""",
    "reels": """
target, path = sys.argv[1:]
clip = VideoFileClip(path)
wide = clip.h * 9 / 16
soft = clip.cropped(x_center=clip.w / 2, width=wide).resized((34, 60)).resized((1080, 1920))
write(CompositeVideoClip([soft, clip.resized(width=1080).with_position("center")], size=(1080, 1920)))
""",
    "mix": """
target, path, music = sys.argv[1:]
clip = VideoFileClip(path)
under = AudioFileClip(music).subclipped(0, clip.duration)
under = under.with_effects([afx.MultiplyVolume(0.13), afx.AudioFadeOut(2)])
write(clip.with_audio(CompositeAudioClip([clip.audio, under])))
""",
    "logo": f"""
target, path, logo = sys.argv[1:]
clip = VideoFileClip(path)
image = ImageClip(logo, duration=clip.duration).resized(width={WIDTH * 15 // 100})
write(CompositeVideoClip([clip, image.with_position((clip.w - image.w - 26, 26))]))
""",
    "silences": f"""
target, path = sys.argv[1:]
clip = VideoFileClip(path)
# At another rate than its own it reads silence (MoviePy 2.2.1).
levels = np.abs(clip.audio.to_soundarray()).max(axis=1)
hundredth = clip.audio.fps // 100
levels = levels[: len(levels) // hundredth * hundredth].reshape(-1, hundredth).max(axis=1)
edges = np.flatnonzero(np.diff(np.r_[True, levels > 10 ** ({SILENT} / 20), True].astype(np.int8))) / 100
silences = [
    (start + {PADDING}, end - {PADDING + LAST_FRAME})
    for start, end in edges.reshape(-1, 2) if end - start >= {SHORTEST_SILENCE}
]
bounds = [0.0, *(edge for silence in silences for edge in silence), clip.duration]
kept = [(start, min(end, clip.duration)) for start, end in zip(bounds[::2], bounds[1::2]) if end - start > 0.01]
write(concatenate_videoclips([clip.subclipped(start, end) for start, end in kept]))
""",
}
"""Programs by the names of what they do; the first argument is the file that they write."""


def movie(python: Path, name: str, target: Path, *arguments: str | Path | float) -> None:
    """Runs a program of MoviePy, with the ffmpeg that the others have."""
    subprocess.run(
        [python, "-W", "ignore", "-c", _HEAD + MOVIES[name], target, *map(str, arguments)],
        check=True,
        timeout=_LIMIT,
        # Where it puts the sound meanwhile.
        cwd=target.parent,
        env={**os.environ, "IMAGEIO_FFMPEG_EXE": ffmpeg_binary()},
    )
