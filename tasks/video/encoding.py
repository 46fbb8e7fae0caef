"""How video is encoded: which encoder, and what "draft", "standard" and "high" mean for each."""

from functools import lru_cache
from typing import Literal

from tasks.errors import MissingEngineError
from tasks.media.clock import steady
from tasks.media.ffmpeg import ffmpeg_command, useful_line
from tasks.media.probe import AudioStream
from tasks.media.process import ChildProcess

Quality = Literal["draft", "standard", "high"]
"""draft: fastest, for a look; standard: for publishing; high: for further editing."""
Encoder = Literal["libx264", "h264_nvenc"]
EncoderChoice = Literal["auto", "libx264", "h264_nvenc"]

SAMPLE_RATE = 48_000
"""Hertz, of all sound that is encoded for videos."""
SAMPLE_RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, SAMPLE_RATE)
"""Hertz that both AAC and MP3 have."""
_SURROUND = 6
_PROBE_SECONDS = 30.0

# CRF and CQ are the encoders' own scales of constant quality; smaller is better.
_X264: dict[Quality, tuple[str, ...]] = {
    "draft": ("-preset", "ultrafast", "-crf", "26"),
    "standard": ("-preset", "veryfast", "-crf", "20"),
    "high": ("-preset", "medium", "-crf", "17"),
}
_X264_FASTER: dict[Quality, tuple[str, ...]] = {**_X264, "standard": ("-preset", "superfast", "-crf", "20")}
"""As good to look at in two thirds of the time, in files that are a third larger."""
_NVENC: dict[Quality, tuple[str, ...]] = {
    "draft": ("-preset", "p1", "-rc", "vbr", "-cq", "30", "-b:v", "0"),
    "standard": ("-preset", "p4", "-rc", "vbr", "-cq", "23", "-b:v", "0"),
    "high": ("-preset", "p6", "-rc", "vbr", "-cq", "19", "-b:v", "0"),
}


def choose_encoder(choice: EncoderChoice = "auto") -> Encoder:
    """The encoder to use; `auto` takes the GPU's if a trial encode on it works here.

    Raises MissingEngineError if `h264_nvenc` is asked for and does not work.
    """
    if choice == "libx264":
        return "libx264"
    reason = _nvenc_failure()
    if reason is None:
        return "h264_nvenc"
    if choice == "h264_nvenc":
        raise MissingEngineError(
            f"This machine cannot encode video on a GPU ({reason}).",
            hint="Run the job where there is an NVIDIA GPU, or set CONTRAPONTO_VIDEO_ENCODER to auto.",
        )
    return "libx264"


def sound_rate(hertz: int) -> int:
    """The rate at which sound of another one is encoded: the next that codecs have, at most `SAMPLE_RATE`."""
    return next((rate for rate in SAMPLE_RATES if rate >= hertz), SAMPLE_RATE)


def sound_arguments(sound: AudioStream, *after: str) -> list[str]:
    """Output arguments of ffmpeg for sound that every player and editor takes: AAC, 48 kHz, stereo with 192 kb/s.

    Mono becomes stereo, so that results can be joined; of surround six channels stay, with 384 kb/s. What is missing
    at the beginning or between becomes silence: the sound stays with the picture. `after`: more filters.
    """
    layout, rate = ("5.1", "384k") if sound.channels >= _SURROUND else ("stereo", "192k")
    filters = [
        steady(),
        # As loud as before: ffmpeg's own way from one channel to two takes 3 dB off.
        *(["pan=stereo|c0=c0|c1=c0"] if sound.channels == 1 else []),
        f"aformat=sample_rates={SAMPLE_RATE}:channel_layouts={layout}",
        *after,
    ]
    return ["-af", ",".join(filters), "-c:a", "aac", "-b:a", rate]


def encoder_arguments(
    encoder: Encoder,
    quality: Quality = "standard",
    *,
    threads: int = 0,
    pixels: Literal["yuv420p", "nv12", "cuda"] = "yuv420p",
    faster: bool = False,
) -> list[str]:
    """Output arguments of ffmpeg for H.264 in MP4 that plays everywhere and starts before it is loaded.

    `threads`: how many the encoder may use; 0 leaves it to the encoder. `pixels`: the order in which it is given the
    samples, or `cuda` where they are in the GPU's memory already; what it writes is the same. `faster`:
    in larger files of the same quality, where x264 has to be in time.
    """
    preset = _NVENC[quality] if encoder == "h264_nvenc" else (_X264_FASTER if faster else _X264)[quality]
    limit = ["-threads", str(threads)] if threads and encoder == "libx264" else []
    order = [] if pixels == "cuda" else ["-pix_fmt", pixels]
    return ["-c:v", encoder, *preset, *limit, *order, "-movflags", "+faststart"]


def bitrate_arguments(bits: int, quality: Quality = "standard", *, threads: int = 0) -> list[str]:
    """The same for a mean of so many bits a second, in two passes (`-pass`): x264, which keeps to it best."""
    preset = _X264[quality][:2] if quality != "draft" else ("-preset", "veryfast")
    limit = ["-threads", str(threads)] if threads else []
    rates = ["-b:v", str(bits), "-maxrate", str(2 * bits), "-bufsize", str(4 * bits)]
    return ["-c:v", "libx264", *preset, *rates, *limit, "-pix_fmt", "yuv420p", "-movflags", "+faststart"]


@lru_cache(maxsize=1)
def _nvenc_failure() -> str | None:
    """Why the GPU's encoder does not work here; None if it does. That ffmpeg lists it says nothing."""
    # NVENC refuses pictures smaller than about 150 pixels.
    trial = ["-f", "lavfi", "-i", "color=black:size=320x240:rate=24:duration=0.25"]
    command = ffmpeg_command([*trial, *encoder_arguments("h264_nvenc"), "-f", "null", "-"], None)
    with ChildProcess(command, deadline=_PROBE_SECONDS) as child:
        return useful_line(child.messages) if child.wait() else None
