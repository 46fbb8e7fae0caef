"""The installation of one model, in the process of a test or in one of its own."""

from pathlib import Path
from typing import Any

from tasks.models.install import ensure_models
from tasks.progress import Progress, ignore_progress


def ensure_model(name: str, models_dir: Path, progress: Progress = ignore_progress, **options: Any) -> Path:
    return ensure_models([name], models_dir, progress, **options)[name]
