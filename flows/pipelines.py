"""The pipelines that can be run: those of the product, and the user's own."""

from collections.abc import Collection
from pathlib import Path

from blocks.settings import get_settings
from flows.promotion_steps.types import STEP_TYPES
from tasks.promotion.loading import load_pipelines
from tasks.promotion.pipelines import Pipeline

_OF_PRODUCT = Path(__file__).with_name("pipelines.yaml")


def pipelines_of_product() -> dict[str, Pipeline]:
    """Those that come with the product."""
    return load_pipelines([_OF_PRODUCT], STEP_TYPES)


def known_pipelines(*, taken: Collection[str] = ()) -> dict[str, Pipeline]:
    """Every pipeline by its name; none may have one of those that are taken.

    Raises:
        PipelineFileError: With every fault of the files.
    """
    settings = get_settings()
    # There need be none, unless somebody has named it.
    has_own = settings.pipelines_file.exists() or "pipelines_file" in settings.model_fields_set
    files = [_OF_PRODUCT, settings.pipelines_file] if has_own else [_OF_PRODUCT]
    return load_pipelines(files, STEP_TYPES, taken=taken)
