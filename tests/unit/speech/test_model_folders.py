"""Which folders callers may take a speech model from."""

from pathlib import Path

import pytest

from blocks.settings import Settings
from tasks.errors import InvalidInputError, MissingEngineError
from tasks.speech.steps import model_directory


def model_in(folder: Path) -> str:
    folder.mkdir(parents=True)
    (folder / "model.bin").touch()
    return str(folder)


def test_a_folder_that_is_open_to_jobs_or_configured(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, whisper_model=model_in(tmp_path / "operators" / "own"))
    for folder in (
        settings.whisper_model,
        model_in(settings.models_dir / "medical"),
        model_in(tmp_path / "inbox" / "legal"),
    ):
        assert model_directory(folder, settings) == Path(folder)
    with pytest.raises(MissingEngineError):
        model_directory(str(settings.models_dir / "nothing"), settings)


def test_no_other_folder_is_looked_into(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    there, link = model_in(tmp_path / "there"), tmp_path / "home" / "inbox" / "link"
    link.parent.mkdir(parents=True)
    link.symlink_to(there)
    for folder in (there, f"{tmp_path}/nothing", "/etc/", f"{settings.models_dir}/../../there", str(link)):
        with pytest.raises(InvalidInputError, match="may be taken from"):
            model_directory(folder, settings)
