"""Which models the jobs of this machine need, and checks of those."""

from collections.abc import Iterator
from importlib.util import find_spec

from blocks.settings import Settings
from deployments.checks.check import Check, judged
from tasks.models.manifest import default_manifest


def default_models(settings: Settings) -> list[str]:
    """The models that jobs with the settings in force use: those that they need, and letters of the world's scripts.

    Without the letters captions are drawn all the same; those that need one fail with the command that fetches it.
    """
    return [*needed_models(settings), *(["fonts", "fonts-cjk"] if find_spec("fontTools") else [])]


def needed_models(settings: Settings) -> list[str]:
    """The models that a job with the settings in force and no parameters of its own needs."""
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


def each_model(settings: Settings) -> Iterator[Check]:
    """Whether each model that jobs need is installed."""
    directory, missing = settings.models_dir, _missing(settings)
    for name in needed_models(settings):
        here = name not in missing
        yield judged(
            f"model {name}",
            well=here,
            remark=f"in {directory}" if here else f"not in {directory}",
            fix="" if here else f"contraponto models get {name}",
        )


def all_models(settings: Settings) -> Check:
    """Whether all models that jobs need are installed, in one check."""
    missing = _missing(settings)
    wanted = ", ".join(needed_models(settings)) or "none wanted"
    return judged(
        "models",
        well=not missing,
        remark=f"missing: {', '.join(missing)}" if missing else wanted,
        fix=f"contraponto models get {' '.join(missing)}" if missing else "",
    )


def _missing(settings: Settings) -> list[str]:
    from tasks.models.install import installed  # noqa: PLC0415 - `models` asks for names more often

    present = {record.name for record in installed(settings.models_dir)}
    return [name for name in needed_models(settings) if name not in present]
