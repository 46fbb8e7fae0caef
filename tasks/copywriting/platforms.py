"""What each platform takes and what is usual there, as it was at the end of 2025.

Limits of length are those that publishing interfaces check: developers.buffer.com/guides/character-limits and
docs.upload-post.com/resources/character-limits; where two differ, the smaller one. Others:

- hashtags: Instagram takes 5 (since December 2025, help.instagram.com), TikTok 5 (since August 2025), Threads one
  topic (help.instagram.com), YouTube shows the first 3 above the title and ignores all of more than 60
  (support.google.com/youtube/answer/6390658); the others have no limit, and what stands here is what is usual;
- X: emoji count as 2 letters, addresses as 23 (docs.x.com/fundamentals/counting-characters);
- YouTube counts bytes (developers.google.com/youtube/v3/docs/videos, snippet.description);
- WhatsApp: the text under a picture or film (developers.facebook.com/docs/whatsapp, caption), Telegram the same
  (core.telegram.org/bots/api, sendVideo);
- addresses in captions of Instagram and TikTok are text that nobody can tap.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from tasks.copywriting.options import Platform

Unit = Literal["utf-16", "bytes", "x"]
"""How a platform counts the length of a text."""

_ADDRESS = re.compile(r"https?://\S+")
_X_ADDRESS = 23
_X_LIGHT = ((0, 0x10FF), (0x2000, 0x200D), (0x2010, 0x201F), (0x2032, 0x2037))
"""Ranges of code points that X counts as one letter; all others are two."""


@dataclass(frozen=True)
class Rules:
    """What a platform takes."""

    name: str
    """As it is written in a text."""
    most: int
    """Longest text."""
    hashtags: int
    """Most of them in a text."""
    links: bool
    """Whether an address in the text can be tapped."""
    usual: tuple[int, int, int]
    """Features that a short, medium and long text names."""
    unit: Unit = "utf-16"


RULES: Mapping[Platform, Rules] = {
    "instagram": Rules("Instagram", most=2196, hashtags=5, links=False, usual=(2, 4, 8)),
    "tiktok": Rules("TikTok", most=2200, hashtags=5, links=False, usual=(1, 3, 5)),
    "facebook": Rules("Facebook", most=5000, hashtags=2, links=True, usual=(2, 4, 8)),
    "youtube": Rules("YouTube", most=5000, hashtags=3, links=True, usual=(3, 6, 12), unit="bytes"),
    "whatsapp": Rules("WhatsApp", most=1024, hashtags=0, links=True, usual=(2, 3, 6)),
    "x": Rules("X", most=280, hashtags=2, links=True, usual=(0, 1, 2), unit="x"),
    "linkedin": Rules("LinkedIn", most=3000, hashtags=3, links=True, usual=(3, 5, 8)),
    "threads": Rules("Threads", most=500, hashtags=1, links=True, usual=(1, 2, 4)),
    "pinterest": Rules("Pinterest", most=500, hashtags=3, links=False, usual=(1, 3, 5)),
    "telegram": Rules("Telegram", most=1024, hashtags=2, links=True, usual=(2, 4, 8)),
}


def length_on(platform: Platform, text: str) -> int:
    """How long the platform finds the text."""
    match RULES[platform].unit:
        case "bytes":
            return len(text.encode())
        case "utf-16":
            return len(text.encode("utf-16-le")) // 2
        case "x":
            plain = unicodedata.normalize("NFC", _ADDRESS.sub("", text))
            addresses = len(_ADDRESS.findall(text))
            weights = (1 if any(low <= ord(c) <= high for low, high in _X_LIGHT) else 2 for c in plain)
            return sum(weights) + _X_ADDRESS * addresses


def too_long(platform: Platform, text: str) -> int:
    """By how much the text is longer than the platform takes; 0 if it fits."""
    return max(0, length_on(platform, text) - RULES[platform].most)
