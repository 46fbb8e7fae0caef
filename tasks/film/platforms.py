"""What platforms take, as their help pages and upload interfaces say (read in November 2026)."""

from dataclasses import dataclass

from tasks.film.options import Platform

_MB = 1_000_000


@dataclass(frozen=True)
class Limits:
    """Of a film on a platform."""

    shortest: float
    longest: float
    """Seconds."""
    bytes: int
    source: str
    """Where it stands."""
    fps: tuple[float, float] = (1, 60)
    side: int = 0
    """Least pixels of the shorter side."""


LIMITS: dict[Platform, Limits] = {
    "instagram": Limits(
        3, 900, 300 * _MB, "developers.facebook.com/docs/instagram-platform: reel specifications", (23, 60)
    ),
    "facebook": Limits(
        3, 90, 1000 * _MB, "developers.facebook.com/docs/video-api: reels publishing", (24, 60), side=540
    ),
    "tiktok": Limits(
        3,
        600,
        1000 * _MB,
        "developers.tiktok.com/doc/content-posting-api-media-transfer-guide",
        (23, 60),
        side=360,
    ),
    "youtube": Limits(1, 180, 256_000 * _MB, "support.google.com/youtube: Shorts of up to three minutes"),
    "whatsapp": Limits(
        1, 180, 16 * _MB, "developers.facebook.com/docs/whatsapp/cloud-api: supported media types"
    ),
    "linkedin": Limits(3, 600, 500 * _MB, "linkedin.com/help: video sharing, uploads from a phone"),
    "pinterest": Limits(4, 900, 2000 * _MB, "help.pinterest.com: video specifications"),
    "threads": Limits(
        1, 300, 1000 * _MB, "developers.facebook.com/docs/threads: media specifications", (23, 60)
    ),
    "telegram": Limits(1, 3600, 50 * _MB, "core.telegram.org/bots/api: files that bots send"),
    "x": Limits(0.5, 140, 512 * _MB, "docs.x.com/x-api/media"),
}


def exceeded(platform: Platform, *, seconds: float, size: int, fps: float, side: int) -> tuple[str, ...]:
    """What of a film a platform does not take, a sentence each. `size` in bytes, `side`: the shorter one in pixels."""
    limits, found = LIMITS[platform], []
    if not limits.shortest <= seconds <= limits.longest:
        found.append(
            f"{platform} takes {limits.shortest:g} to {limits.longest:g} s; the film lasts {seconds:.1f} s."
        )
    if size > limits.bytes:
        found.append(
            f"{platform} takes files up to {limits.bytes // _MB} MB; the film has {size / _MB:.1f} MB."
        )
    if not limits.fps[0] <= fps <= limits.fps[1]:
        found.append(
            f"{platform} takes {limits.fps[0]:g} to {limits.fps[1]:g} frames a second; the film has {fps:g}."
        )
    if side < limits.side:
        found.append(f"{platform} takes pictures of {limits.side} pixels and more; the film has {side}.")
    return tuple(found)
