"""What platforms want of a film, as their own pages say at the end of 2025; everything can be asked for otherwise."""

from dataclasses import dataclass
from typing import Literal

from tasks.editing.framing import Fit

Preset = Literal[
    "youtube",
    "shorts",
    "reels",
    "tiktok",
    "instagram-feed",
    "instagram-square",
    "whatsapp",
    "whatsapp-64",
    "web",
    "x",
    "linkedin",
]
LOUDNESS = -14.0
"""LUFS to which YouTube, Spotify, TikTok and the others bring what they play."""


@dataclass(frozen=True)
class Wanted:
    """What a platform wants."""

    width: int
    height: int
    fit: Fit | None
    """How other shapes are brought to this one; None: they keep theirs within it, not enlarged."""
    max_fps: int = 60
    max_mb: float | None = None


_TALL = Wanted(1080, 1920, "blur")
PRESETS: dict[Preset, Wanted] = {
    "youtube": Wanted(1920, 1080, "pad"),
    "shorts": _TALL,
    "reels": _TALL,
    "tiktok": _TALL,
    "instagram-feed": Wanted(1080, 1350, "blur"),
    "instagram-square": Wanted(1080, 1080, "blur"),
    # Sent as a video; as a document WhatsApp takes more.
    "whatsapp": Wanted(1280, 1280, None, max_fps=30, max_mb=16),
    "whatsapp-64": Wanted(1280, 1280, None, max_fps=30, max_mb=64),
    "web": Wanted(1280, 720, None),
    "x": Wanted(1280, 720, None),
    "linkedin": Wanted(1920, 1080, None),
}
