"""What of a film rules the steps before it: its length bounds what is said."""

from tasks.film.options import VideoConfig
from tasks.narration.options import VoiceConfig
from tasks.promotion.planning import Plan

_END_SHARE, _LONGEST_END = 0.15, 2.5
"""Of a film, and the seconds, that its end is shown for after the last word."""


def film_seconds(plan: Plan, name: str) -> float | None:
    """Seconds of the shortest film that waits for a step and says how long it is to be."""
    films = [plan.options[film] for film in plan.behind(name, "film")]
    # With a recording of its own, or none, it takes no narration.
    asked = [
        film.duration
        for film in films
        if isinstance(film, VideoConfig)
        and film.duration is not None
        and film.audio_url is None
        and film.audio_type in (None, "voiceover")
    ]
    return min(asked, default=None)


def script_seconds(plan: Plan, name: str, film: float | None) -> float | None:
    """Seconds that a script may take in a film of that length, if somebody speaks it."""
    if film is None or not plan.behind(name, "narration"):
        return None
    return round(film - min(_LONGEST_END, film * _END_SHARE), 2)


def speed_of(plan: Plan, name: str) -> float:
    """How fast the script of a step is spoken, by the slowest of those who do."""
    voices = [plan.options[voice] for voice in plan.behind(name, "narration")]
    return min((voice.speed for voice in voices if isinstance(voice, VoiceConfig)), default=1.0)
