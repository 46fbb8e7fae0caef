"""What of a film rules the steps before it: its length bounds what is said."""

from blocks.settings import get_settings
from tasks.copywriting.options import CopyConfig
from tasks.errors import ContrapontoError
from tasks.film.options import VideoConfig
from tasks.narration.length import pace_of
from tasks.narration.options import VoiceConfig
from tasks.promotion.materials import Language
from tasks.promotion.planning import Plan
from tasks.voice.choice import choose_voice

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
    own = plan.options[name]
    language: Language = own.language if isinstance(own, CopyConfig) else "pt-BR"
    return min(
        (
            spoken_speed(voice, voice.language or language)
            for voice in voices
            if isinstance(voice, VoiceConfig)
        ),
        default=1.0,
    )


def spoken_speed(config: VoiceConfig, language: Language) -> float:
    """The speed that is asked for, for the embedded voice that would speak: not all are equally fast."""
    settings = get_settings()
    if config.engine in ("none", "endpoint") or (
        config.engine == "auto" and settings.voice_endpoint_base_url
    ):
        return config.speed
    try:
        chosen = choose_voice(language, settings.models_dir, config.voice)
    except ContrapontoError:  # said by the step that speaks
        return config.speed
    return config.speed * pace_of(chosen.voice)
