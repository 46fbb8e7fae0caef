"""What may be asked of copy."""

import pytest
from pydantic import ValidationError

from tasks.copywriting.options import CopyConfig, DescriptionConfig


def test_every_field_is_explained_in_the_form() -> None:
    for model in (CopyConfig, DescriptionConfig):
        assert all(field["description"] for field in model.model_json_schema()["properties"].values())


def test_misspelt_fields_are_refused() -> None:
    with pytest.raises(ValidationError, match="plataform"):
        CopyConfig.model_validate({"plataform": "tiktok"})
