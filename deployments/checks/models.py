"""Which models the jobs of this machine need."""

from blocks.settings import get_settings
from tasks.models.manifest import default_manifest


def default_models() -> list[str]:
    """The models that a job with the settings in force and no parameters of its own needs."""
    settings = get_settings()
    wanted = []
    known = default_manifest().names
    # A folder or another hub's name is the user's own affair.
    if f"whisper-{settings.whisper_model}" in known:
        wanted.append(f"whisper-{settings.whisper_model}")
    if settings.default_remove_noise:
        wanted.append("deepfilternet3")
    if settings.default_isolate_vocals:
        wanted.append("spleeter-2stems")
    return wanted
