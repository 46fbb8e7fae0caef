"""The files that settings are read from, in a backup and out of it."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from blocks.settings import Settings
from blocks.settings_sources import ENV_FILE, SETTINGS_FILE, SETTINGS_FILE_VARIABLE, variable_name
from deployments.embedded.authentication import credentials_file

_AUTH = "api-auth"
_PIPELINES = "pipelines.yaml"


def collect(settings: Settings, folder: Path) -> None:
    """Copy them, the credentials of the server and the pipelines of one's own, as far as they are there."""
    folder.mkdir(mode=0o700)
    for name, path in {**_of_settings(), **_of_home(settings)}.items():
        if path.is_file():
            _copy(path, folder / name)


def given_by_environment() -> tuple[str, ...]:
    """Names of the settings that the environment gives; they are in no file."""
    names = {variable_name(Settings, name) for name in Settings.model_fields}
    return tuple(sorted(names & set(os.environ)))


def place_settings(folder: Path, put: Callable[[Path], object]) -> list[str]:
    """Put the files that settings are read from where they are read; a sentence for each that is not.

    A file that is there with other contents stays. `put` is told of each that was put.
    """
    sentences = []
    for name, target in _of_settings().items():
        source = folder / name
        if not source.is_file():
            continue
        if not target.exists():
            _copy(source, target)
            put(target)
        elif target.read_bytes() != source.read_bytes():
            sentences.append(f"{target} stays as it is; that of the backup is {source}.")
    return sentences


def place_own(folder: Path, settings: Settings) -> None:
    """Put the credentials and the pipelines where the settings say, unless there are some."""
    for name, target in _of_home(settings).items():
        if (folder / name).is_file() and not target.exists():
            _copy(folder / name, target)


def _of_settings() -> dict[str, Path]:
    file = Path(os.environ.get(SETTINGS_FILE_VARIABLE) or SETTINGS_FILE).expanduser()
    return {ENV_FILE: Path(ENV_FILE).absolute(), SETTINGS_FILE: file.absolute()}


def _of_home(settings: Settings) -> dict[str, Path]:
    return {_AUTH: credentials_file(settings.home), _PIPELINES: settings.pipelines_file}


def _copy(source: Path, target: Path) -> None:
    """Atomically, and for the owner alone."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        shutil.copyfile(source, unfinished)
        unfinished.chmod(0o600)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
